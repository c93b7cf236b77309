"""What integers keep: returns of programs that ship in floating point and in fixed point, on the same fresh episodes.

Each is quantized and measured by `neurobot quantize` in a process of its own; scales come from episodes that are not
among those it is measured on. Ticks are those of both cores on the same observations.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("balancer", "halfcheetah_td3")
ROUNDS = 5
TICKS = 400


def main(names: Sequence[str], episodes: int) -> None:
    """Print a table with a row for every program."""
    print("| program | return | in integers | kept | image | RAM | tick, float32 | in integers |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "program.safetensors"
            result = one(name, path, episodes)
            times = {core: median_tick(path, core) for core in ("host", "fixed")}
        before, after = (np.array(result[f"returns_{when}"]) for when in ("before", "after"))
        ram = result["state_bytes"] + result["scratch_bytes"]
        print(
            f"| {name} | {mean_and_std(before)} | {mean_and_std(after)} | {100 * result['kept']:.1f} % | "
            f"{result['image_bytes']:,} B | {ram:,} B | {1e6 * times['host']:.1f} us | {1e6 * times['fixed']:.1f} us |",
            flush=True,
        )


def one(name: str, out: Path, episodes: int) -> dict[str, Any]:
    """Quantize and measure one program; what `neurobot quantize --json` says."""
    command = [sys.executable, "-m", "neurobot", "quantize", name, "--json", "--episodes", str(episodes)]
    done = subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def median_tick(path: Path, core: str) -> float:
    """Time of a `Controller.step` [s]: the median over ticks, in the best of some rounds."""
    from neurobot.controller import Controller

    controller = Controller(path, core)
    seen = np.random.default_rng(0).normal(0, 1, (TICKS, controller.observation_size))
    return min(_round(controller, seen) for _ in range(ROUNDS))


def _round(controller: Any, seen: np.ndarray) -> float:
    times = []
    for observation in seen:
        begin = time.perf_counter()
        controller.step(observation)
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def mean_and_std(returns: np.ndarray) -> str:
    """Of returns, in words."""
    return f"{returns.mean():,.0f} ± {returns.std():,.0f}"
