"""Robots that lose part of their return to a fault, and what of it is regained, for robots that differ in data only.

The share that a seed regains is (plastic - frozen) / (healthy - frozen): its return in the last episodes under the
fault while it learns, noise and all, what the frozen program gets in the same episodes under the fault, and what the
frozen program gets without it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.recover.reach import Result
from neurobot.core import BatchCore
from neurobot.envs import Perturbation, make_vec
from neurobot.program import Program

LAST = 10
"""Episodes by which a seed is judged, at the end."""
HEALTHY = "as before"
UNSEEN = 5000
"""Number of the first of the episodes, and seed of the noise, with which no setting was chosen."""


@dataclass(frozen=True)
class Robot:
    """What goes wrong with which robot.

    Attributes:
        program: path.
        env: id.
        faults: by name, from the start of an episode.
        middle: of an episode, when a fault comes in the first one [s].
    """

    program: Path
    env: str
    faults: Mapping[str, Perturbation]
    middle: float


def measure(
    robot: Robot, seeds: int, before: int, after: int, worlds: Sequence[str] | None = None, unseen: bool = False
) -> list[Result]:
    """Returns without a fault and under each one, plastic and frozen.

    Args:
        robot: that learns.
        seeds: number of instances.
        before: episodes before the fault.
        after: episodes from the one on in the middle of which the fault comes; frozen ones are run for the last only.
        worlds: `HEALTHY` and names of faults, default all.
        unseen: whether episodes begin with number `UNSEEN`, with noise of that seed, else with 0 and the program's own.
    """
    program, results = Program.load(robot.program), []
    begin = UNSEEN if unseen else 0
    change, end = begin + before, begin + before + after
    worlds = [HEALTHY, *robot.faults] if worlds is None else worlds
    last = range(max(change, end - LAST), end)
    for plastic in (True, False):
        core = BatchCore(program, seeds, learn=plastic, seed=UNSEEN if unseen else None)
        usual = episodes(core, robot, range(begin, change), ())
        here = core.snapshot()
        for world in worlds:
            core.restore(here)
            fault = () if world == HEALTHY else (robot.faults[world],)
            if plastic:
                first = episodes(
                    core, robot, range(change, change + 1), tuple(replace(f, at=robot.middle) for f in fault)
                )
                rest = episodes(core, robot, range(change + 1, end), fault)
                changed = np.concatenate((first, rest))
            else:
                changed = episodes(core, robot, last, fault)
            results.append(Result(world, plastic, usual, changed))
    return results


def episodes(core: BatchCore, robot: Robot, numbers: range, fault: Sequence[Perturbation]) -> np.ndarray:
    """Returns (episodes, seeds); instance i has initial states of its own."""
    envs = make_vec(robot.env, core.n, autoreset_mode="Disabled", perturb=fault)
    returns = np.zeros((len(numbers), core.n))
    for row, number in zip(returns, numbers, strict=True):
        observations, _ = envs.reset(seed=[10_000 * i + number for i in range(core.n)])
        core.reset()
        rewards, running = np.zeros(core.n), np.arange(core.n)
        while running.size:
            actions = core.tick(observations, running, rewards)
            observations, rewards, terminated, truncated, _ = envs.step(actions)
            row[running] += rewards[running]
            over = terminated | truncated
            core.end(rewards, running[over[running]], truncated=truncated)
            running = running[~over[running]]
    envs.close()
    return returns


def regained(results: Sequence[Result], world: str) -> np.ndarray:
    """Share of the lost return that each seed has regained at the end, (seeds,)."""
    plastic, frozen = (one(results, world, learns).after[-LAST:].mean(axis=0) for learns in (True, False))
    healthy = one(results, HEALTHY, False).after.mean(axis=0)
    return np.asarray((plastic - frozen) / (healthy - frozen))


def one(results: Sequence[Result], world: str, plastic: bool) -> Result:
    """The result of a world."""
    return next(r for r in results if (r.world, r.plastic) == (world, plastic))


def idle(results: Sequence[Result]) -> str:
    """What learning gets while nothing is wrong, over all episodes, in words."""
    learning, frozen = (one(results, HEALTHY, learns).after for learns in (True, False))
    share = learning.mean(axis=0) / frozen.mean(axis=0)
    return f"nothing wrong, all {len(learning)} episodes: learning gets {_spread(share, '{:.3f}')} of the frozen return"


def table(results: Sequence[Result]) -> str:
    """Returns, mean ± standard deviation over seeds, and the share regained, of every seed too."""
    after = len(one(results, results[0].world, True).after)
    marks = [m for m in (10, 20, 50) if m < after]
    titles = ["world", "frozen", "learning, before", *(f"episodes to {m}" for m in marks), f"last {LAST} of {after}"]
    lines = ["| " + " | ".join([*titles, "regained", "every seed"]) + " |", "|" + "---|" * (len(titles) + 2)]
    for world in dict.fromkeys(r.world for r in results):
        r = one(results, world, True)
        parts = [one(results, world, False).after, r.before, *(r.after[max(0, m - LAST) : m] for m in marks)]
        cells = [_spread(part.mean(axis=0), "{:,.0f}") for part in [*parts, r.after[-LAST:]]]
        shares = None if world == HEALTHY else regained(results, world)
        cells.append("–" if shares is None else _spread(shares, "{:.2f}"))
        cells.append("–" if shares is None else ", ".join(f"{share:.2f}" for share in shares))
        lines.append("| " + " | ".join([world, *cells]) + " |")
    return "\n".join(lines)


def plot(results: Sequence[Result], path: Path) -> None:
    """Return over episodes, a panel a world; thin lines are seeds, dashed the frozen program."""
    from matplotlib.figure import Figure

    worlds = list(dict.fromkeys(r.world for r in results))
    columns = min(4, len(worlds))
    rows = -(-len(worlds) // columns)
    figure = Figure(figsize=(3.2 * columns, 2.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, sharex=True, squeeze=False).ravel()
    for axes, world in zip(panels, worlds, strict=False):
        r, frozen = one(results, world, True), one(results, world, False)
        returns = np.concatenate((r.before, r.after))
        x = np.arange(len(returns)) - len(r.before) + 1
        axes.plot(x, returns, color="#0b6e4f", linewidth=0.5, alpha=0.4)
        axes.plot(x, returns.mean(axis=1), color="#0b6e4f", linewidth=2, label="learning")
        axes.axhline(frozen.after.mean(), color="#5b6b7a", linestyle="--", label="frozen")
        axes.axhline(frozen.before.mean(), color="#bbbbbb", linestyle=":", label="frozen, no fault")
        axes.axvline(0.5, color="#bbbbbb", linewidth=1)
        axes.set(title=world, xlabel="episode")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(worlds) :]:
        axes.set_visible(False)
    figure.axes[0].set_ylabel("return")
    figure.axes[0].legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def main(robot: Robot, name: str, seeds: int, before: int, after: int, unseen: bool, out: Path) -> None:
    """Measure, print the table and draw the figure `recover_NAME.png`."""
    begin = time.process_time()
    results = measure(robot, seeds, before, after, unseen=unseen)
    print(f"{table(results)}\n\n{idle(results)}")
    path = out / f"recover_{name}.png"
    plot(results, path)
    print(f"\n{time.process_time() - begin:.0f} CPU seconds; figure: {path}")


def _spread(values: np.ndarray, form: str) -> str:
    return " ± ".join(form.format(number) for number in (values.mean(), values.std()))
