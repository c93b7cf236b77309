"""A rover that learns from bumps alone which way to turn, and again after its motors were swapped.

From random weights, which are others for every seed. Three are compared: one whose weights are plastic all the time,
one whose weights were plastic until the motors were swapped, and one whose weights never change. An episode is a
minute in an arena of its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmarks.recover import wire
from neurobot.core import BatchCore
from neurobot.envs import Perturbation, make_vec

TICKS = 1200
CELL = 0.5  # [m]
SWAPPED = (Perturbation(kind="swapped", index=(0, 1)),)
SHOWN = (1, 2, 5, 10)
"""Minutes of the table."""


@dataclass(frozen=True)
class Result:
    """What one of the three did.

    Attributes:
        name: of it.
        bumps: (minutes, seeds), with the motors as they were, and then swapped.
        cells: (minutes, seeds), how many squares of `CELL` the rover has been to.
    """

    name: str
    bumps: np.ndarray
    cells: np.ndarray


class Cores(Protocol):
    """What a `BatchCore` and others have."""

    n: int

    def reset(self) -> None:
        """Begin an episode."""

    def tick(self, observations: np.ndarray, rewards: np.ndarray) -> np.ndarray:
        """Actions on observations, with the rewards of the actions before."""

    def end(self, rewards: np.ndarray) -> None:
        """Deliver the last rewards."""


def measure(seeds: int, minutes: int) -> list[Result]:
    """Run all minutes.

    Args:
        seeds: number of instances, each with random weights of its own.
        minutes: before the motors are swapped, and from then on.
    """
    plastic, frozen = _core(seeds, True), _core(seeds, False)
    first = drive(plastic, range(minutes), ())
    learnt = plastic.snapshot()
    swapped = range(minutes, 2 * minutes)
    results = [Result("plastic", *_joined(first, drive(plastic, swapped, SWAPPED)))]
    plastic.restore(learnt)
    plastic.learn = False
    results.append(Result("frozen at the swap", *_joined(first, drive(plastic, swapped, SWAPPED))))
    usual = drive(frozen, range(minutes), ())
    return [*results, Result("frozen", *_joined(usual, drive(frozen, swapped, SWAPPED)))]


def drive(core: Cores, minutes: range, perturb: Sequence[Perturbation]) -> tuple[np.ndarray, np.ndarray]:
    """Bumps and cells (minutes, seeds) of minutes in arenas that follow from the number of the minute."""
    envs = make_vec("neurobot/Rover-v0", core.n, autoreset_mode="Disabled", goal="avoid", perturb=perturb)
    bumps, cells = np.zeros((2, len(minutes), core.n))
    for k, minute in enumerate(minutes):
        observations, info = envs.reset(seed=[10_000 * i + minute for i in range(core.n)])
        core.reset()
        rewards = np.zeros(core.n)
        been: list[set[tuple[int, ...]]] = [set() for _ in range(core.n)]
        for _ in range(TICKS):
            actions = core.tick(observations, rewards=rewards)
            observations, rewards, _, _, info = envs.step(actions)
            at = np.floor(np.stack((info["x_position"], info["y_position"]), axis=1) / CELL).astype(int)
            for visited, cell in zip(been, at.tolist(), strict=True):
                visited.add(tuple(cell))
        core.end(rewards)
        bumps[k], cells[k] = info["collisions"], [len(visited) for visited in been]
    envs.close()
    return bumps, cells


def table(results: Sequence[Result]) -> str:
    """Bumps in some minutes, mean over seeds, and those of every seed in the last one; cells of the last minute."""
    minutes = len(results[0].bumps) // 2
    shown = [m for m in SHOWN if m <= minutes]
    both = [m - 1 for m in shown] + [minutes + m - 1 for m in shown]
    named = [f"minute {m}" for m in shown] + [f"swapped, {m}" for m in shown]
    ends = [f"every seed, {named[len(shown) - 1]}", f"every seed, {named[-1]}"]
    titles = ["weights", *named, *ends, "squares a minute"]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for r in results:
        means = [f"{r.bumps[m].mean():.1f}" for m in both]
        each = [", ".join(f"{b:.0f}" for b in r.bumps[m]) for m in (both[len(shown) - 1], both[-1])]
        cells = f"{r.cells[both[len(shown) - 1]].mean():.0f}, {r.cells[both[-1]].mean():.0f}"
        lines.append("| " + " | ".join([r.name, *means, *each, cells]) + " |")
    return "\n".join(lines)


def plot(results: Sequence[Result], path: Path) -> None:
    """Bumps a minute over minutes; thin lines are seeds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    for r, colour in zip(results, ("#0b6e4f", "#c0562f", "#5b6b7a"), strict=True):
        x = np.arange(len(r.bumps)) + 1
        axes.plot(x, r.bumps, color=colour, linewidth=0.5, alpha=0.5)
        axes.plot(x, r.bumps.mean(axis=1), color=colour, linewidth=2, label=r.name)
    axes.axvline(len(results[0].bumps) / 2 + 0.5, color="#bbbbbb", linewidth=1)
    axes.set(xlabel="minute (line: the motors are swapped)", ylabel="bumps a minute")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def main(seeds: int, minutes: int, out: Path) -> None:
    """Measure, print the table and draw the figure."""
    begin = time.process_time()
    results = measure(seeds, minutes)
    print(table(results))
    path = out / "recover_rover.png"
    plot(results, path)
    print(f"\n{time.process_time() - begin:.0f} CPU seconds; figure: {path}")


def _core(seeds: int, learn: bool) -> BatchCore:
    """Instances with random weights of their own."""
    core = BatchCore(wire.rover(), seeds, own_params=True, learn=learn)
    for i in range(seeds):
        core.params[i] = wire.rover(seed=i).params
    core.forget()
    return core


def _joined(first: tuple[np.ndarray, ...], second: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    return [np.concatenate(pair) for pair in zip(first, second, strict=True)]
