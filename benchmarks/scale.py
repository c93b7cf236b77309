"""Memory and speed of batches from one simulation to thousands, each in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TASKS = (
    "HalfCheetah-v5", "Ant-v5", "neurobot/Reach-v0", "neurobot/Rover-v0", "neurobot/Balancer-v0",
    "neurobot/Quadrotor-v0", "neurobot/Pursuit-v0",
)  # fmt: skip
SIZES = (1, 16, 256, 4096)
LENGTH = 1.0
"""Least time that is measured [s]."""


def main(tasks: Sequence[str], sizes: Sequence[int], threads: int) -> None:
    """Measure and print a table: peak memory of the process, what a simulation adds to it, steps a second."""
    print(f"| task | simulations, {threads} threads | memory [MiB] | more for each [KiB] | thousand steps/s |")
    print("|---|---|---|---|---|")
    for task in tasks:
        least = None
        for size in sizes:
            command = [sys.executable, "-m", "benchmarks.scale", task, str(size), str(threads)]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            least = least or (size, found["memory"])
            more = (found["memory"] - least[1]) / max(size - least[0], 1) / 1024
            print(
                f"| {task} | {size:,} | {found['memory'] / 2**20:.0f} | {f'{more:.0f}' if size > least[0] else ''} | "
                f"{found['steps'] / 1000:.1f} |",
                flush=True,
            )


def measured(task: str, size: int, threads: int) -> dict[str, float]:
    """Peak memory of this process [bytes] and environment steps a second, with random actions and autoreset."""
    from neurobot.envs import make_vec

    vec = make_vec(task, size, threads=threads)
    vec.reset(seed=0)
    vec.action_space.seed(0)
    actions = [vec.action_space.sample() for _ in range(8)]
    for action in actions:
        vec.step(action)
    steps, begin = 0, time.perf_counter()
    while steps < 8 or time.perf_counter() - begin < LENGTH:
        vec.step(actions[steps % 8])
        steps += 1
    seconds = time.perf_counter() - begin
    return {"memory": peak(), "steps": steps * size / seconds}


def peak() -> int:
    """Peak memory of this process [bytes]; not by getrusage, which counts what was there before the program began."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # type: ignore[index]  # Linux always has it


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
