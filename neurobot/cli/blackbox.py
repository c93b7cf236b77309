"""The option --black-box: what is kept of a run, and what became of its faults, in words and as data."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobot.cli.console import say
from neurobot.cli.folder import PROGRAM, VERSIONS
from neurobot.config import RESOLVED

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop import BlackBox, Faults

FAULTS = "fault-*"
"""Folders of dumps in a run folder."""


def black_box(seconds: float, controller: Controller, folder: Path) -> BlackBox:
    """A black box whose dumps are run folders.

    Args:
        seconds: that it covers [s].
        controller: of the run.
        folder: of the run; it need not exist yet.

    Raises:
        SpecError, RecordingError: it makes no sense, or takes too much memory.
    """
    from neurobot.loop import BlackBox
    from neurobot.loop.record import tick_bytes

    box = BlackBox(seconds=seconds, beside=tuple(folder / name for name in (RESOLVED, PROGRAM, VERSIONS)))
    box.segment(controller.control_period, tick_bytes(controller))
    return box


def named(faults: Faults, folder: Path) -> Faults:
    """The same, with its dumps named as the folder of the run is."""
    return replace(faults, dumps=tuple(str(folder / Path(path).name) for path in faults.dumps))


def tell_faults(faults: Faults) -> None:
    """Say where the dumps are, and why there are no more."""
    for path in faults.dumps[:1]:
        say(f"the last seconds before the fault are in {path}; `neurobot replay {path}` lets them happen again")
    if len(faults.dumps) > 1:
        say(f"there are {len(faults.dumps)} of such folders, up to {faults.dumps[-1]}")
    missing = faults.count - len(faults.dumps)
    if missing:
        why = f": {faults.problem}" if faults.problem else "; so many are kept of a run"
        say(f"{missing} fault{'' if missing == 1 else 's'} left no folder{why}")


def as_data(faults: Faults | None) -> dict[str, Any] | None:
    """For JSON; None for a run without a black box."""
    return None if faults is None else asdict(faults)
