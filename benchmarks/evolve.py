"""What `neurobot train` reaches within the budget of its launch file, from an empty start, seed by seed.

Each run is a process of its own, and core-minutes are its CPU time without imports and compiling. The program it keeps
is measured by `neurobot eval` on episodes that training never saw. Every seed is reported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np


def main(launch: list[str], seeds: int, episodes: int, jobs: int, out: Path) -> None:
    """Train and evaluate, print a table with a row for every seed, and leave the runs in a folder."""
    print("| task | seed | core-minutes | steps | return | spikes / tick | synaptic operations / tick |")
    print("|---|---|---|---|---|---|---|")
    for name in launch:
        with ThreadPoolExecutor(jobs) as pool:
            futures = [pool.submit(one, name, seed, episodes, out / f"{name}-{seed}") for seed in range(seeds)]
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


def one(launch: str, seed: int, episodes: int, folder: Path) -> dict[str, Any]:
    """Train with a seed and evaluate on fresh episodes."""
    command = [sys.executable, "-m", "neurobot"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    train = [*command, "train", launch, "--seed", str(seed), "--train.threads", "1", "--out", str(folder), "--json"]
    subprocess.run(train, check=True, env=environment, capture_output=True)
    program = folder / "program.safetensors"
    evaluate = [*command, "eval", str(program), "--episodes", str(episodes), "--seed", "1000", "--json"]
    result = json.loads(subprocess.run(evaluate, check=True, env=environment, capture_output=True).stdout)
    last = json.loads((folder / "events.jsonl").read_text().splitlines()[-1])
    return {**result, "core_minutes": last["core_seconds"] / 60, "steps": last["steps"]}
