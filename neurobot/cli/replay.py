"""`neurobot replay`: a recorded run once more, without its environment, or two recordings side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.blackbox import FAULTS
from neurobot.cli.console import compiling, print_json, say
from neurobot.cli.environment import import_modules
from neurobot.cli.folder import RECORDING, VERSIONS
from neurobot.cli.run import KERNELS
from neurobot.cli.subject import load_program
from neurobot.config import RESOLVED, load_experiment
from neurobot.errors import ConfigError, RecordingError
from neurobot.versions import versions

if TYPE_CHECKING:
    from neurobot.loop import Comparison, Recording

DIFFERENT = 1


@dataclass(frozen=True, kw_only=True)
class Replay:
    """Let a recorded run's controller do it again, spike for spike, and print the first difference.

    The environment is not needed: observations and rewards are in the recording.

    Args:
        run: a run folder, or the recording in it, or what a black box wrote: RUN/fault-000.
        diff: another run folder or recording; compares the two and runs nothing.
        json: print the result as one JSON object.
        allow_import: module to import: it registers neurons or rules of your own.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    diff: Annotated[Path | None, tyro.conf.arg(metavar="OTHER")] = None
    json: bool = False
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Replay, args, "replay")
    recording = _load(options.run)
    if options.diff is None:
        import_modules(options.allow_import)
        names = "the recording", "the replay"
        result = _replay(options.run, recording)
    else:
        from neurobot.loop.replay import compare

        names = str(options.run), str(options.diff)
        result = compare(recording, _load(options.diff))
    if not result.ticks and result.difference is None:
        raise RecordingError(f"{options.run}: nothing to compare; {result.rest or 'there are no ticks'}")
    _report(result, names, options.json)
    return 0 if result.difference is None else DIFFERENT


def _load(path: Path) -> Recording:
    """The recording of a run folder, or in a folder."""
    from neurobot.loop import load_recording

    if (path / RECORDING).is_dir():
        return load_recording(path / RECORDING)
    dumps = sorted(folder.name for folder in path.glob(FAULTS))
    if dumps:
        raise RecordingError(f"{path}: its black box wrote {', '.join(dumps)}; give one of them: {path / dumps[0]}")
    if (path / RESOLVED).is_file():
        raise RecordingError(
            f"{path}: no recording here; give the folder of a `neurobot run`, which records unless it was told "
            "--no-record, or has a --black-box and no fault"
        )
    return load_recording(path)


def _replay(path: Path, recording: Recording) -> Comparison:
    """Make the controller that the run had, and replay it."""
    folder = path if (path / RECORDING).is_dir() else path.resolve().parent
    if not (folder / RESOLVED).is_file():
        raise ConfigError(
            f"{folder}: no {RESOLVED} here, which says what ran; give a whole run folder, or compare two recordings "
            "with --diff OTHER, or use neurobot.loop.replay in Python"
        )
    experiment = load_experiment(folder)
    if experiment.program is None:
        raise ConfigError(f"{folder / RESOLVED}: it names no program, and which weights ran is not known otherwise")
    program = load_program(experiment.program)
    with compiling(KERNELS[experiment.core]):
        from neurobot.controller import Controller

        controller = Controller(program, experiment.core, record=True, seed=experiment.seed)
    from neurobot.loop import Learning
    from neurobot.loop.replay import replay

    _say_how_it_ended(recording)
    learning = Learning(controller, freeze_at=experiment.freeze_at) if experiment.learn else None
    result = replay(recording, controller, learning=learning)
    if result.difference is not None:
        _say_what_is_new(folder / VERSIONS)
    return result


def _report(result: Comparison, names: tuple[str, str], as_json: bool) -> None:
    words = None if result.difference is None else result.difference.words(*names)
    if as_json:
        print_json(result.to_dict() | {"words": words})
    elif words is None:
        print(f"the same, {result.ticks} ticks, {result.spikes} spikes")
    else:
        print(f"different after {result.ticks} ticks: {words}")
    if result.rest:
        say(f"what follows these {result.ticks} ticks was not compared: {result.rest}")


def _say_how_it_ended(recording: Recording) -> None:
    """Whether a run was cut short; what it recorded until then can be replayed all the same."""
    from neurobot.loop.recording import SUSPENDED

    begin = recording.events[0] if recording.events else {}
    if recording.start is not None:
        say(
            f"a black box wrote this; it begins with tick {recording.start.tick} of its run, and ends in a fault: "
            f"{begin.get('fault')}"
        )
        return
    ends = [event.get("summary") for event in recording.events if event.get("event") == "episode_end"]
    names = [event.get("event") for event in recording.events if event.get("event") != "recording_end"]
    last = ends[-1] if ends and isinstance(ends[-1], dict) else {}
    if "error" in last:
        say(f"the run ended in an error: {last['error']}")
    elif last.get("interrupted"):
        say("the run was interrupted with Ctrl-C; what it recorded until then is replayed")
    elif names[-1:] == [SUSPENDED]:
        say("the run is suspended; what it recorded until then is replayed")
    elif not any(event.get("event") == "recording_end" for event in recording.events):
        say("the recording has no end, since the run or its disk gave out; what is there is replayed")


def _say_what_is_new(path: Path) -> None:
    """Versions and platform that are not those of the run: results may differ in their last bits between them."""
    try:
        then = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    if isinstance(then, dict):
        new = [f"{name} {then[name]}, now {now}" for name, now in versions().items() if then.get(name, now) != now]
        if new:
            say(f"the run was made with {'; '.join(new)}; last bits may differ for that")
