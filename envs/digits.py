"""neurobot/Digits-v0: handwritten digits, one look each: say which it is.

A picture of 8 x 8 pixels, and one action, which is the answer. So a classifier is a controller like any other: what it
earns on average is its accuracy. Pictures are those of "Optical recognition of handwritten digits" (E. Alpaydin and C.
Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0; the 1,797 of its test set, as in scikit-learn's
`load_digits`), written by 13 people. Of every five, one is for tests and one to choose by. One control period is 10 ms.

**Action**: the digit, Discrete(10). (No MJCF.)

| index | meaning                | min | max | unit |
|-------|------------------------|-----|-----|------|
| 0     | the digit              | 0   | 9   | 1    |

**Observation**: ink of each pixel, row by row from the upper left corner, Box(0, 1, (64,), float32).

| index | meaning                | min | max | unit |
|-------|------------------------|-----|-----|------|
| 0-63  | ink, in 17 steps       | 0   | 1   | 1    |

**Settings**

| name       | meaning                                                         | default               | unit  |
|------------|-----------------------------------------------------------------|-----------------------|-------|
| split      | which pictures: "test" (360), "validation" (360) or "train"     | "test"                |       |

**Reward**: 1 if the answer is right, else 0.
**Start**: any of the pictures, as likely as any other.
**End**: terminated after the answer.
**Info**: `label`, the digit, also at reset.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import final

import numpy as np
from gymnasium.spaces import Box, Discrete

from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Simulation, StepResult, Task

ID = "neurobot/Digits-v0"
PERIOD = 0.01  # [s]
INK = 16  # of a black pixel, in the file
SPLITS = {"test": (0,), "validation": (1,), "train": (2, 3, 4)}
"""Numbers of a split's pictures, modulo 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits(Settings):
    """Settings of Digits-v0; the module's docstring says what they mean."""

    split: str = setting("test", words=tuple(SPLITS))

    def task(self) -> Task:
        """The task with these settings."""
        return Task(
            id=ID,
            control_period=PERIOD,
            max_episode_steps=2,  # never reached: the answer ends it
            observation_space=Box(0.0, 1.0, (64,), np.float32),
            action_space=Discrete(10),
            simulate=lambda num_envs, threads: DigitsSimulation(self.split, num_envs),
            doc="handwritten digits, to be told at a look (pictures)",
            settings=self,
        )


@cache
def pictures(split: str) -> tuple[Array, Array]:
    """Ink (n, 64) float32 in [0, 1] and digits (n,) int64 of a part of the set."""
    asset = importlib.resources.files("neurobot.envs").joinpath("assets", "digits.npz")
    with importlib.resources.as_file(asset) as path, np.load(path, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]
    chosen = np.isin(np.arange(len(labels)) % 5, SPLITS[split])
    return (images[chosen] / np.float32(INK)).astype(np.float32), labels[chosen].astype(np.int64)


@final
class DigitsSimulation(Simulation):
    """n pictures.

    Args:
        split: which part of the set.
        num_envs: n.
    """

    CHANGES = ("_shown",)

    def __init__(self, split: str, num_envs: int):
        self._images, self._labels = pictures(split)
        self._shown = np.zeros(num_envs, np.int64)

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Draw other pictures."""
        for i, generator in zip(ids, generators, strict=True):
            self._shown[i] = generator.integers(len(self._labels))

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Compare the answers; see `Simulation.step`."""
        labels = self._labels[self._shown]
        right = np.asarray(actions) == labels
        return StepResult(right.astype(np.float64), np.ones(len(labels), np.bool_), {"label": labels}, {})

    def observe(self) -> Array:
        """The pictures, a new array."""
        return self._images[self._shown]

    def reset_info(self) -> Info:
        """The digits."""
        return {"label": self._labels[self._shown]}


TASK = Digits().task()
