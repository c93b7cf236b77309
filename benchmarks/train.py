"""What `neurobot train` reaches within the budget of its launch file, from an empty start, seed by seed.

Each run is a process of its own, and core-minutes are its CPU time without imports and compiling. The program it keeps
is measured by `neurobot eval` on episodes that training never saw. Every seed is reported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import ONE_THREAD
from neurobot.config import load_experiment


def main(launch: list[str], seeds: int, episodes: int, jobs: int, out: Path, settings: Sequence[str]) -> None:
    """Train and evaluate, print a table with a row for every seed, and leave the runs in a folder."""
    print("| task | seed | core-minutes | steps | return | spikes / tick | synaptic operations / tick |")
    print("|---|---|---|---|---|---|---|")
    for name in launch:
        with ThreadPoolExecutor(jobs) as pool:
            folders = [out / folder_name(name, seed, settings) for seed in range(seeds)]
            futures = [pool.submit(one, name, seed, episodes, folders[seed], settings) for seed in range(seeds)]
            runs = [future.result() for future in futures]
        for seed, run in enumerate(runs):
            print(
                f"| {run['env']} | {seed} | {run['core_minutes']:.2f} | {run['steps']:,} | "
                f"{run['return_mean']:.0f} ± {run['return_std']:.0f} | {run['spikes_per_tick']:.0f} | "
                f"{run['synops_per_tick']:.0f} |",
                flush=True,
            )
        means = np.array([run["return_mean"] for run in runs])
        print(f"| {runs[0]['env']} | {seeds} seeds | | | **{means.mean():.0f} ± {means.std():.0f}** | | |", flush=True)


def one(launch: str, seed: int, episodes: int, folder: Path, settings: Sequence[str]) -> dict[str, Any]:
    """Train with a seed and evaluate on fresh episodes."""
    command = [sys.executable, "-m", "neurobot"]
    environment = {**os.environ, **ONE_THREAD}
    train = [*command, "train", launch, "--seed", str(seed), "--out", str(folder), "--json"]
    train += options(settings, hasattr(load_experiment(launch).train, "threads"))
    subprocess.run(train, check=True, env=environment, capture_output=True)
    program = folder / "program.safetensors"
    evaluate = [*command, "eval", str(program), "--episodes", str(episodes), "--seed", "1000", "--json"]
    result = json.loads(subprocess.run(evaluate, check=True, env=environment, capture_output=True).stdout)
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    return {**result, "core_minutes": last["core_seconds"] / 60, "steps": last["steps"]}


def options(settings: Sequence[str], threads: bool) -> list[str]:
    """Options of `neurobot train` for settings such as ``train.steps=1000``, on one thread where there may be more."""
    found = ["--train.threads", "1"] if threads else []
    for setting in settings:
        name, _, value = setting.partition("=")
        found += [f"--{name}", value]
    return found


def folder_name(launch: str, seed: int, settings: Sequence[str]) -> str:
    """Of a run; runs with other settings do not share one."""
    return "-".join([Path(launch).stem, *(s.replace("=", "-") for s in settings), str(seed)])
