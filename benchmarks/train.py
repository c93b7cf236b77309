"""What `neurobot train` reaches within the budget of its launch file, from an empty start, seed by seed.

Each run is a process of its own, and core-minutes are its CPU time without imports and compiling. The program it keeps
is measured by `neurobot eval` on episodes that training never saw. Every seed is reported, and with ``--record`` goes
into launch/zoo.json. A run that takes hours may be made by `neurobot train`, and is then measured in its folder and
joins the seeds that were recorded before.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.peers import ONE_THREAD
from neurobot.cli.arguments import spelled_out
from neurobot.cli.console import significant
from neurobot.cli.folder import PROGRAM
from neurobot.cli.sweep_table import read_summary
from neurobot.config import RESOLVED, TRAINED, Experiment, changed, load_experiment
from neurobot.errors import ConfigError, near
from neurobot.train.runs.drive import EVENTS
from neurobot.versions import packages
from neurobot.zoo import Record, Trained, rows, write_record

SEED = 1000
"""Of the first episode that a program is measured on."""
FREE = ("train.threads",)
"""Settings that change no number."""
BUDGETS = ("train.steps", "train.generations", "train.iterations", "train.core_minutes")


def main(
    launch: Sequence[str],
    folders_of: Callable[[str], list[Path]],
    episodes: int,
    jobs: int,
    words: Sequence[str],
    note: str | None,
    join: bool = False,
    bar: float | None = None,
) -> None:
    """Measure the runs of launch files and print a table with a row for every seed.

    Args:
        launch: launch files.
        folders_of: makes or finds the runs of one.
        episodes: fresh ones, for each run.
        jobs: how many are measured side by side.
        words: of the command line that made this, after the launch file; they go into the record.
        note: that goes into it too; None records nothing.
        join: whether recorded seeds that are not among these are kept. A budget is no setting then: how far a run went
            is told with its return.
        bar: a return; when training was first there is told too.

    Raises:
        ConfigError: a launch file that does not ship; runs that do not belong to it or to each other.
    """
    if note is not None:
        _require_shipped(launch)
    print("| task | seed | core-minutes | steps | return | spikes / tick | synaptic operations / tick |")
    print("|---|---|---|---|---|---|---|")
    for name in launch:
        folders = folders_of(name)
        record = begun(name, folders, episodes, budgets=not join)
        with ThreadPoolExecutor(jobs) as pool:
            runs = tuple(pool.map(measured, folders, [episodes] * len(folders)))
        record = replace(record, runs=tuple(sorted(runs, key=lambda run: run.seed)))
        _print(record)
        if bar is not None:
            print(first_at(bar, folders), flush=True)
        if note is not None:
            stem = Path(name).stem
            command = shlex.join(["python", "-m", "benchmarks", "train", stem, *words])
            before = write_record(stem, replace(record, command=command, note=note), join)
            if before is not None:
                what = "joins" if join else "replaces"
                print(f"{stem}: {what} what was recorded of {len(before.runs)} seeds", file=sys.stderr)


def trained(launch: str, seeds: int, jobs: int, out: Path, settings: Sequence[str]) -> list[Path]:
    """Train with seeds from 0; the folders of the runs."""
    folders = [out / folder_name(launch, seed, settings) for seed in range(seeds)]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, [launch] * seeds, range(seeds), folders, [settings] * seeds))
    return folders


def one(launch: str, seed: int, folder: Path, settings: Sequence[str]) -> None:
    """Train with a seed."""
    words = ["train", launch, "--seed", str(seed), "--out", str(folder), "--json"]
    _neurobot([*words, *options(settings, hasattr(load_experiment(launch).train, "threads"))])


def measured(folder: Path, episodes: int) -> Trained:
    """What a run that `begun` has accepted reached: its program on fresh episodes."""
    words = ["eval", str(folder / PROGRAM), "--episodes", str(episodes), "--seed", str(SEED), "--json"]
    result, summary = _neurobot(words), read_summary(folder)
    assert summary is not None
    return Trained(
        seed=load_experiment(folder).seed, steps=summary["steps"], core_minutes=summary["core_seconds"] / 60,
        **{key: result[key] for key in ("return_mean", "return_std", "spikes_per_tick", "synops_per_tick")},
    )  # fmt: skip


def first_at(bar: float, folders: Sequence[Path]) -> str:
    """CPU time of training's first evaluation with a return, or share of right answers, of at least `bar`, in words."""
    found = []
    for folder in folders:
        events = [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]
        tested = [e for e in events if e["event"] == "evaluation"]
        there = [e["core_seconds"] for e in tested if e.get("return_mean", e.get("accuracy")) >= bar]
        found.append(f"{there[0]:.1f}" if there else "never")
    return f"core-seconds to an evaluation of {bar:,g} or more: {', '.join(found)}"


def begun(launch: str, folders: Sequence[Path], episodes: int, budgets: bool) -> Record:
    """The record of finished runs, as far as it is known before they are measured; budgets count as settings or not.

    Raises:
        ConfigError: a folder without a finished training; one of another environment, method or settings than the
            others; a seed that comes twice.
    """
    wanted = load_experiment(launch)
    found = [_finished(folder) for folder in folders]
    settings = [_settings(wanted, run, () if budgets else BUDGETS) for run in found]
    for folder, run, other in zip(folders, found, settings, strict=True):
        ours, theirs = ((e.env.id, None if e.train is None else e.train.method) for e in (wanted, run))
        if ours != theirs:
            raise ConfigError(f"{folder}: a training of {theirs}, but {launch} is one of {ours}; give its launch file")
        if other != settings[0]:
            raise ConfigError(
                f"{folder}: settings {other}, but {folders[0]} has {settings[0]}; give runs that differ in their seed"
            )
    seeds = [run.seed for run in found]
    if twice := sorted({seed for seed in seeds if seeds.count(seed) > 1}):
        raise ConfigError(f"seed {twice[0]} comes more than once in {', '.join(map(str, folders))}; give each once")
    assert wanted.train is not None
    return Record(
        env=wanted.env.id, method=wanted.train.method, settings=settings[0], episodes=episodes,
        command="", versions=_versions(folders), runs=(),
    )  # fmt: skip


def options(settings: Sequence[str], threads: bool) -> list[str]:
    """Options of `neurobot train` for settings such as ``train.steps=1000``, on one thread where there may be more."""
    found = ["--train.threads", "1"] if threads else []
    for setting in settings:
        name, _, value = setting.partition("=")
        above, dot, last = name.rpartition(".")
        flags = {"true": [f"--{name}"], "false": [f"--{above}{dot}no-{last}"]}
        found += flags.get(value, [f"--{name}", value])
    return found


def folder_name(launch: str, seed: int, settings: Sequence[str]) -> str:
    """Of a run; runs with other settings do not share one."""
    return "-".join([Path(launch).stem, *(s.replace("=", "-") for s in settings), str(seed)])


def _neurobot(words: Sequence[str]) -> dict[str, Any]:
    """What a command of `neurobot` answers with ``--json``."""
    command = [sys.executable, "-m", "neurobot", *words]
    done = subprocess.run(command, check=True, env={**os.environ, **ONE_THREAD}, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _require_shipped(launch: Sequence[str]) -> None:
    known = [row.experiment.name for row in rows()]
    for name in launch:
        if Path(name).stem not in known:
            raise ConfigError(f"{name}: the zoo has no launch file of this name; {near(Path(name).stem, known)}")


def _finished(folder: Path) -> Experiment:
    """What a finished training was to do."""
    if read_summary(folder) is None or not all((folder / name).is_file() for name in (RESOLVED, PROGRAM, EVENTS)):
        raise ConfigError(f"{folder}: no training that is finished; give the folder of one, or resume it first")
    return load_experiment(folder)


def _settings(launch: Experiment, run: Experiment, free: Sequence[str]) -> dict[str, Any]:
    """Settings of a run that are not the launch file's, as JSON gives them back."""
    before, after = (replace(e, env=spelled_out(e.env)) for e in (launch, run))
    differ = changed(before, after, *TRAINED).items()
    plain: dict[str, Any] = json.loads(json.dumps({k: v for k, v in differ if k not in (*FREE, *free)}))
    return plain


def _versions(folders: Sequence[Path]) -> dict[str, str]:
    """Versions that runs were made with; several of a package, where runs differ."""
    found = [json.loads((folder / "versions.json").read_bytes()) for folder in folders]
    return {name: ", ".join(sorted({each.get(name, "unknown") for each in found})) for name in packages()}


def _print(record: Record) -> None:
    for run in record.runs:
        reached = _pair(run.return_mean, run.return_std)
        firing = f"{run.spikes_per_tick:.0f} | {run.synops_per_tick:.0f}"
        print(f"| {record.env} | {run.seed} | {run.core_minutes:.2f} | {run.steps:,} | {reached} | {firing} |")
    reached = _pair(record.return_mean, record.return_std)
    print(f"| {record.env} | {len(record.runs)} seeds | | | **{reached}** | | |", flush=True)


def _pair(mean: float, std: float) -> str:
    return f"{significant(mean)} ± {significant(std)}"
