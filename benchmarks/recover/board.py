"""A rover that learns from bumps alone on a board: what floats learn, integers learn.

From random weights, which are others for every seed. The same programs run in floating point, in fixed point, which is
what a board does bit for bit, and in fixed point without learning. An episode is a minute in an arena of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gymnasium
import numpy as np

from benchmarks.recover import rover, wire
from neurobot.board import calibrate, quantize
from neurobot.core import FixedCore, HostCore
from neurobot.program import Program

CALIBRATION = 300
"""Ticks."""


@dataclass(frozen=True)
class Result:
    """What one of the three did.

    Attributes:
        name: of it.
        bumps: (minutes, seeds).
        cells: (minutes, seeds), see `benchmarks.recover.rover`.
    """

    name: str
    bumps: np.ndarray
    cells: np.ndarray


class Rovers:
    """Cores side by side, with the face of a `BatchCore`.

    Args:
        make: makes a core of a program and a seed.
        programs: one for each.
    """

    def __init__(self, make: Callable[[Program, int], HostCore | FixedCore], programs: Sequence[Program]):
        self.cores = [make(program, seed) for seed, program in enumerate(programs)]
        self.n = len(self.cores)

    def tick(self, observations: np.ndarray, rewards: np.ndarray) -> np.ndarray:
        """Run a tick of all; actions (n, n_act)."""
        for core, observation, reward in zip(self.cores, observations, rewards, strict=True):
            core.tick(observation, float(reward))
        return np.array([core.action for core in self.cores])

    def end(self, rewards: np.ndarray) -> None:
        """Deliver last rewards."""
        for core, reward in zip(self.cores, rewards, strict=True):
            core.end(float(reward))

    def reset(self) -> None:
        """Begin the next episode of all."""
        for core in self.cores:
            core.reset()


def measure(seeds: int, minutes: int) -> list[Result]:
    """Run all minutes of all three."""
    programs = [_quantized(wire.rover_board(seed)) for seed in range(seeds)]
    ways: dict[str, Callable[[Program, int], HostCore | FixedCore]] = {
        "floating point": lambda program, seed: HostCore(program, seed=seed, learn=True),
        "fixed point": lambda program, seed: FixedCore(program, seed=seed, learn=True),
        "fixed point, frozen": lambda program, seed: FixedCore(program, seed=seed),
    }
    return [Result(name, *rover.drive(Rovers(make, programs), range(minutes), ())) for name, make in ways.items()]


def _quantized(program: Program) -> Program:
    env = gymnasium.make("neurobot.envs:neurobot/Rover-v0", goal="avoid")
    seen = calibrate(program, env, episodes=1, most_ticks=CALIBRATION)
    env.close()
    return quantize(program, seen.episodes, reward=seen.reward).program


def table(results: Sequence[Result]) -> str:
    """Bumps in some minutes, means over seeds, and of every seed in the second half; cells of the last minute."""
    minutes = len(results[0].bumps)
    shown = [m for m in rover.SHOWN if m <= minutes]
    half = minutes // 2
    titles = ["arithmetic", *(f"minute {m}" for m in shown), f"every seed, minutes {half + 1} to {minutes}", "squares"]
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    for r in results:
        each = ", ".join(f"{b:.1f}" for b in r.bumps[half:].mean(axis=0))
        means = [f"{r.bumps[m - 1].mean():.1f}" for m in shown]
        lines.append("| " + " | ".join([r.name, *means, each, f"{r.cells[-1].mean():.0f}"]) + " |")
    return "\n".join(lines)


def main(seeds: int, minutes: int) -> None:
    """Measure, and print the table."""
    begin = time.process_time()
    print(table(measure(seeds, minutes)))
    print(f"\n{time.process_time() - begin:.0f} CPU seconds")
