"""`neurobot plot`: a recorded run as one picture, or as `neurobot plot stdp` the window of a learning rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.folder import RECORDING
from neurobot.errors import ConfigError
from neurobot.loop.recording import load_recording
from neurobot.view.plot import SHOWN_TICKS, figure_of, save


@dataclass(frozen=True, kw_only=True)
class Plot:
    """Draw a run's spikes, membranes, actions and timing as one picture.

    `neurobot plot stdp` draws the window of a learning rule instead; a run folder of that name is ./stdp.

    Args:
        run: a run folder.
        out: the picture; default RUN/plot.png.
        start: first tick that the panels over time show.
        ticks: how many ticks those show.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    start: int = 0
    ticks: int = SHOWN_TICKS

    def __post_init__(self) -> None:
        if self.start < 0 or self.ticks < 1:
            raise ValueError(f"start is {self.start} and ticks {self.ticks}; they must be at least 0 and 1")


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    if args[:1] == ["stdp"]:
        from neurobot.cli import window

        return window.main(args[1:])
    options = parse(Plot, args, "plot")
    folder = options.run / RECORDING
    recording = load_recording(folder if folder.is_dir() else options.run)
    if options.start >= len(recording.tick):
        raise ConfigError(f"--start {options.start}: the recording has {len(recording.tick)} ticks")
    out = options.out or options.run / "plot.png"
    save(figure_of(recording, start=options.start, ticks=options.ticks), out)
    print(out)
    return 0
