"""Reaching under a view that suddenly turns: success over trials, plastic against frozen.

The shipped program reaches for some trials in the world it was wired for, then the cursor is rotated about the middle
of the work space, or mirrored (Krakauer et al., J. Neurosci. 20, 2000). A trial is an episode of neurobot/Reach-v0 of
75 ticks at most; it is a success if the cursor came to the goal and stayed for 0.1 s. Seeds are instances of a batch:
they differ in chance (noise currents of the network, goals, starts, noise of sensors); each learns weights of its own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neurobot.core import BatchCore
from neurobot.envs import make_vec
from neurobot.program import Program

PROGRAM = Path(__file__).parents[2] / "launch" / "reach_plastic.safetensors"
WORLDS: Mapping[str, dict[str, Any]] = {
    "as before": {},
    "rotated by 90°": {"rotation": math.pi / 2},
    "rotated by 135°": {"rotation": 3 * math.pi / 4},
    "mirrored": {"mirror": True},
}
SMOOTH = 20
"""Trials in the running mean of the figure."""


@dataclass(frozen=True)
class Result:
    """Success of one world, plastic or frozen.

    Attributes:
        world: one of `WORLDS`.
        plastic: whether weights could change.
        before: (trials, seeds) of 0 and 1, before the change.
        after: (trials, seeds), from the change on.
    """

    world: str
    plastic: bool
    before: np.ndarray
    after: np.ndarray


def measure(seeds: int, before: int, after: int, worlds: Sequence[str] | None = None) -> list[Result]:
    """Run all trials.

    Args:
        seeds: number of instances.
        before: trials before the change.
        after: trials from the change on.
        worlds: which of `WORLDS`, default all.
    """
    program = Program.load(PROGRAM)
    results = []
    for plastic in (True, False):
        core = BatchCore(program, seeds, learn=plastic)
        usual = trials(core, range(before))
        changed = core.snapshot()
        for world in worlds or WORLDS:
            core.restore(changed)
            after_it = trials(core, range(before, before + after), **WORLDS[world])
            results.append(Result(world, plastic, usual, after_it))
    return results


def trials(core: BatchCore, numbers: range, **settings: Any) -> np.ndarray:
    """Success (trials, seeds) of trials in a world of these settings; instance i has its own goals.

    Args:
        core: whose instances act and, if they may, learn.
        numbers: of the trials, which goals follow from.
        settings: of Reach-v0.
    """
    envs = make_vec("neurobot/Reach-v0", core.n, autoreset_mode="Disabled", bonus=0.0, **settings)
    success = np.zeros((len(numbers), core.n))
    for row, number in zip(success, numbers, strict=True):
        observations, _ = envs.reset(seed=[10_000 * i + number for i in range(core.n)])
        core.reset()
        rewards, running = np.zeros(core.n), np.arange(core.n)
        while running.size:
            actions = core.tick(observations, running, rewards)
            observations, rewards, terminated, truncated, _ = envs.step(actions)
            row[running] = terminated[running]
            over = terminated | truncated
            core.end(rewards, running[over[running]])
            running = running[~over[running]]
    envs.close()
    return success


def table(results: Sequence[Result]) -> str:
    """Success in parts of the trials, mean ± standard deviation over seeds, and that of every seed in the last part."""
    after = len(results[0].after)
    edges = sorted({*(e for e in (0, 50, 100, 200, 300) if e < after), after})
    parts = list(pairwise(edges))
    titles = ["world", "", "before", *(f"{a}–{b}" for a, b in parts), "every seed, {}–{}".format(*parts[-1])]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for r in sorted(results, key=lambda r: list(WORLDS).index(r.world)):
        cells = [_spread(r.before), *(_spread(r.after[a:b]) for a, b in parts)]
        each = ", ".join(f"{share:.2f}" for share in r.after[slice(*parts[-1])].mean(axis=0))
        lines.append("| " + " | ".join([r.world, "plastic" if r.plastic else "frozen", *cells, each]) + " |")
    return "\n".join(lines)


def plot(results: Sequence[Result], path: Path) -> None:
    """Running mean of success over trials, a panel a world; thin lines are seeds."""
    from matplotlib.figure import Figure

    worlds = list(dict.fromkeys(r.world for r in results))
    figure = Figure(figsize=(3.4 * len(worlds), 3), layout="constrained")
    for axes, world in zip(figure.subplots(1, len(worlds), sharey=True, squeeze=False)[0], worlds, strict=True):
        for r in (r for r in results if r.world == world):
            colour, name = ("#0b6e4f", "plastic") if r.plastic else ("#5b6b7a", "frozen")
            success = np.concatenate((r.before, r.after))
            width = min(SMOOTH, len(success))
            window = np.full(width, 1 / width)
            means = np.array([np.convolve(each, window, "valid") for each in success.T])
            x = np.arange(width, len(success) + 1) - len(r.before)
            axes.plot(x, means.T, color=colour, linewidth=0.5, alpha=0.5)
            axes.plot(x, means.mean(axis=0), color=colour, linewidth=2, label=name)
        axes.axvline(0, color="#bbbbbb", linewidth=1)
        axes.set(title=world, xlabel="trial", ylim=(-0.03, 1.03))
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel(f"success, mean of {SMOOTH} trials")
    figure.axes[-1].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def main(seeds: int, before: int, after: int, out: Path) -> None:
    """Measure, print the table and draw the figure."""
    begin = time.process_time()
    results = measure(seeds, before, after)
    print(table(results))
    path = out / "recover_reach.png"
    plot(results, path)
    print(f"\n{time.process_time() - begin:.0f} CPU seconds; figure: {path}")


def _spread(success: np.ndarray) -> str:
    shares = success.mean(axis=0)
    return f"{shares.mean():.2f} ± {shares.std():.2f}"
