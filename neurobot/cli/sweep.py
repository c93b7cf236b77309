"""`neurobot sweep`: one launch file trained with several seeds and settings, each run in a folder of its own.

A run is a `neurobot train` in a process of its own, on this machine or on a Ray cluster whose nodes share the folder.
What is finished is not done again and what was interrupted goes on, so the same command can be given as often as one
likes, and several machines can each take a shard of it without knowing of each other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import tyro

from neurobot.cli import INTERRUPTED
from neurobot.cli.arguments import Perturb, parse_with_settings
from neurobot.cli.console import print_json, say
from neurobot.cli.folder import ROOT, write_config
from neurobot.cli.sweep_table import collect, print_table, read_summary, write_results
from neurobot.config import RESOLVED, TRAINED, Experiment, changed, load_experiment
from neurobot.errors import ConfigError, RecordingError, TrainingError
from neurobot.spec.check import Problems
from neurobot.train.engines.engine import Engine

FAILED = 1


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Train with several seeds and settings, side by side, and tabulate what came out.

    Settings of the launch file can be given too: --seed, ...; `neurobot sweep LAUNCH --help` shows them all.

    Args:
        launch: a launch file, or the name of a bundled one.
        seeds: how many; the launch file's seed and those after it.
        set: values of a setting, e.g. train.sigma=0.05,0.1; given several times it makes a grid of all combinations.
        out: folder of the runs; default runs/NAME-sweep. What is finished in it is not done again.
        shard: do every n-th run only, beginning with the i-th: 2/4 on the second of four machines.
        collect: do nothing; tabulate what is there.
        engine: where runs are done: local, on this machine, or ray, on a cluster whose nodes share the folder.
        address: of a Ray cluster that is running, e.g. auto; without one --engine ray starts one on this machine.
        workers: runs at once; default as many as there are CPUs. Where there are several, --train.threads 1 keeps them
            from getting into each other's way.
        json: print the results as one JSON object.
        perturb: what goes wrong beside what the file says, e.g. "dead at=5 index=0,2"; may be given several times.
        allow_import: module to import: it registers a neuron of your own.
    """

    launch: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LAUNCH")]
    seeds: int = 1
    set: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="KEY=A,B,...")] = ()
    out: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    shard: Annotated[str, tyro.conf.arg(metavar="I/N")] = "1/1"
    collect: bool = False
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    json: bool = False
    perturb: Perturb = ()
    allow_import: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="MODULE")] = ()

    def __post_init__(self) -> None:
        problems = Problems("sweep")
        problems.count("seeds", self.seeds)
        if parse_shard(self.shard) is None:
            problems.add(f"shard is {self.shard!r}, it must be I/N with I from 1 to N, e.g. 2/4")
        for text in self.set:
            key, _, values = text.partition("=")
            if not key or not all(values.split(",")):
                problems.add(f"set is {text!r}, it must be KEY=A,B,... as in train.sigma=0.05,0.1")
        problems.done()


@dataclass(frozen=True, slots=True)
class Planned:
    """One run.

    Args:
        point: its values in the grid, by key.
        experiment: what is trained.
        folder: where.
    """

    point: dict[str, str]
    experiment: Experiment
    folder: Path


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options, _, experiment = parse_with_settings(Sweep, args, "sweep")
    if experiment.train is None:
        raise ConfigError(f"{options.launch}: it has no [train] part, which says how to train; add one")
    out = options.out or ROOT / f"{experiment.name}-sweep"
    if options.collect and not out.is_dir():
        raise RecordingError(
            f"{out}: there is no such folder to collect from; give --out the folder of a sweep, or begin one without "
            "--collect"
        )
    runs = list(plan(options, args, out))
    _require_same_as_before(runs)
    failures, interrupted = ([], False) if options.collect else _carry_out(options, runs)
    results = collect([(run.point, run.experiment.seed, run.folder) for run in runs])
    if results:
        write_results(out, results)
    if options.json:
        print_json({"folder": str(out), "planned": len(runs), "runs": results})
    else:
        print_table(results, len(runs))
    for failure in failures:
        say(failure)
    if interrupted:
        say("interrupted; the same command goes on")
        return INTERRUPTED
    return FAILED if failures else 0


def parse_shard(text: str) -> tuple[int, int] | None:
    """The first run, counted from 0, and the step from one to the next; None where the text is no shard."""
    first, _, of = text.partition("/")
    if not (first.isdecimal() and of.isdecimal() and 1 <= int(first) <= int(of)):
        return None
    return int(first) - 1, int(of)


def plan(options: Sweep, args: Sequence[str], out: Path) -> Iterator[Planned]:
    """The runs of a sweep: every combination of values, with every seed.

    Args:
        options: of the command.
        args: its command line, which every combination is added to, so that values are read as strictly.
        out: folder of the sweep.

    Raises:
        ConfigError: a setting that is given twice.
        SystemExit: a setting that does not exist, or a value that it cannot have.
    """
    keys = [text.partition("=")[0] for text in options.set]
    twice = [key for key in keys if keys.count(key) > 1]
    if twice:
        raise ConfigError(f"--set {twice[0]} is given twice; give all of its values at once: {twice[0]}=A,B")
    values = [text.partition("=")[2].split(",") for text in options.set]
    for combination in product(*values):
        point = dict(zip(keys, combination, strict=True))
        given = [word for key, value in point.items() for word in (f"--{key}", value)]
        _, _, experiment = parse_with_settings(Sweep, [*args, *given], "sweep")
        for k in range(options.seeds):
            seed = experiment.seed + k
            name = "-".join([*(f"{key.rpartition('.')[2]}={value}" for key, value in point.items()), f"seed={seed}"])
            yield Planned(point, replace(experiment, seed=seed, program=None), out / name.replace(os.sep, "_"))


def _require_same_as_before(runs: Sequence[Planned]) -> None:
    """Raise ConfigError where a folder holds a run with other settings, before anything is done."""
    for run in runs:
        if (run.folder / RESOLVED).is_file():
            before = load_experiment(run.folder)
            differ = changed(before, run.experiment, *TRAINED, "seed")
            if differ:
                raise ConfigError(
                    f"{run.folder}: it holds a run with other settings ({', '.join(differ)}); give another --out"
                )


def _carry_out(options: Sweep, runs: Sequence[Planned]) -> tuple[list[str], bool]:
    """Do what is to be done; returns what failed, and whether Ctrl-C ended it."""
    first, step = parse_shard(options.shard) or (0, 1)
    mine = [run for run in runs[first::step] if read_summary(run.folder) is None]
    if not mine:
        return [], False
    workers = options.workers if options.engine == "ray" else options.workers or os.cpu_count() or 1
    engine = Engine(name=options.engine, address=options.address, workers=workers)
    for run in mine:
        if not (run.folder / RESOLVED).is_file():
            run.folder.mkdir(parents=True, exist_ok=True)
            write_config(run.folder, run.experiment)
    failures: list[str] = []
    count = 0

    def done(number: int, result: bytes) -> None:
        nonlocal count
        count += 1
        code, _, text = result.decode(errors="replace").partition("\n")
        said = "done" if code == "0" else f"failed with exit code {code}"
        say(f"{count}/{len(mine)}  {mine[number].folder}: {said}")
        if code not in ("0", str(INTERRUPTED)):
            failures.append(f"{mine[number].folder}: {text.strip().splitlines()[-1] if text.strip() else said}")

    pool = engine.open("commands", b"")
    try:
        pool.run([_command(run, options.allow_import) for run in mine], done)
    except KeyboardInterrupt:
        return failures, True
    except TrainingError as error:
        return [*failures, str(error)], False
    finally:
        pool.close()
    return failures, False


def _command(run: Planned, imports: Sequence[str]) -> bytes:
    folder = str(run.folder.resolve())
    words = ["train", folder, "--resume", folder, "--json", *(w for name in imports for w in ("--allow-import", name))]
    return "\n".join(words).encode()
