"""Domain randomisation: robots that differ from episode to episode, as real ones differ from their model.

A controller that is to work on hardware must not depend on numbers nobody knows exactly. `Randomize` says, as data,
what varies and how far; every episode draws anew. (Tobin et al., "Domain randomization for transferring deep neural
networks from simulation to the real world", 2017; Peng et al., "Sim-to-real transfer of robotic control with dynamics
randomization", 2018, for dynamics, latency and noise.)

Chance comes from generators spawned from the instance's own, one for each quantity: the same seed gives the same
episodes in any batch, varying one quantity more changes none of the others, and the initial states stay those of the
task without randomisation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.task import Array, Info, Simulation, StepResult, Task, rest_of
from neurobot.envs.values import is_number, is_whole
from neurobot.errors import EnvError, near

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomize:
    """Ranges (low, high), both included, from which each episode draws evenly. None leaves a quantity alone.

    Attributes:
        mass: factor of each body's mass and inertia, a different one for each body.
        friction: factor of all friction coefficients, one for the whole model.
        gain: factor of each actuator's force, a different one for each actuator.
        damping: factor of the damping of each degree of freedom, a different one for each.
        noise: standard deviation of the normal noise on every number that is observed, in that number's unit. What is
            seen stays in the bounds of the observation space.
        latency: whole control periods that an action comes late. Until the first arrives the actuators are at rest.

    Raises:
        EnvError: a range that is none.
    """

    mass: Range | None = None
    friction: Range | None = None
    gain: Range | None = None
    damping: Range | None = None
    noise: Range | None = None
    latency: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in NAMES:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _checked(name, value))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Randomize:
        """The ranges that a table of a file gives; EnvError for unknown names and what is no range."""
        for name in data:
            if name not in NAMES:
                raise EnvError(f"randomize: nothing is called {name!r}; {near(str(name), NAMES)}")
        return cls(**data)


NAMES = tuple(field.name for field in fields(Randomize))


def _checked(name: str, value: object) -> tuple[float, float] | tuple[int, int]:
    """A range as a tuple, or EnvError."""
    good, what = (is_whole, "whole numbers") if name == "latency" else (is_number, "finite numbers")
    least = "0 < low" if name == "mass" else "0 <= low"
    message = f"randomize.{name} is {value!r}; it must be a pair (low, high) of {what} with {least} <= high"
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise EnvError(message)
    low, high = value
    if not good(low) or not good(high) or not 0 <= low <= high or (name == "mass" and low == 0):
        raise EnvError(message)
    return (int(low), int(high)) if name == "latency" else (float(low), float(high))


@final
class RandomizedSimulation(Simulation):
    """A simulation whose episodes differ.

    Attributes:
        inner: the simulation that is varied.
        drawn: what each instance's present episode drew, (num_envs, ...) by the quantity.
    """

    CHANGES = ("inner", "drawn", "_noise", "_noise_streams", "_sent")

    def __init__(self, inner: Simulation, randomize: Randomize, task: Task, num_envs: int):
        """Raises EnvError if the task has no such quantity."""
        self.inner = inner
        self.pictures, self.scaling = inner.pictures, inner.scaling
        self._ranges: dict[str, Range] = {n: getattr(randomize, n) for n in NAMES if getattr(randomize, n) is not None}
        self._space = task.observation_space
        sizes = ({} if inner.scaling is None else inner.scaling.sizes) | {"noise": 1}
        self._sent = np.zeros(0)
        if isinstance(task.action_space, Box):
            sizes["latency"] = 1
            longest = (randomize.latency or (0, 0))[1]
            self._rest = rest_of(task.action_space)
            self._sent = np.zeros((longest + 1, num_envs, *self._rest.shape))
        for name in self._ranges:
            if name not in sizes:
                can = ", ".join(sizes)
                raise EnvError(f"{task.id} has no {name} that could be randomised; it has: {can}. Leave {name} out")
        self.drawn = {name: np.zeros((num_envs, sizes[name])) for name in self._ranges}
        self._noise = np.zeros((num_envs, *(task.observation_space.shape or ())))
        self._noise_streams: dict[int, np.random.Generator] = {}

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Draw what differs, then start the episodes."""
        for i, generator in zip(ids.tolist(), generators, strict=True):
            for name, stream in zip(NAMES, generator.spawn(len(NAMES)), strict=True):
                if name in self._ranges:
                    self._draw(name, i, stream)
        if self.inner.scaling is not None:
            factors = {n: values[ids] for n, values in self.drawn.items() if n in self.inner.scaling.sizes}
            self.inner.scaling.apply(ids, factors)
        if "latency" in self.drawn:
            self._sent[:, ids] = self._rest
        self.inner.reset(ids, generators)
        self._draw_noise(ids)

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one control period; see `Simulation.step`."""
        chosen = np.arange(len(self._noise)) if ids is None else ids
        if "latency" in self.drawn:
            actions = self._late(actions, chosen)
        result = self.inner.step(actions, ids)
        self._draw_noise(chosen)
        return result

    def observe(self) -> Array:
        """What the sensors say, a new array."""
        obs = self.inner.observe()
        if "noise" not in self.drawn:
            return obs
        assert isinstance(self._space, Box)
        seen: Array = np.clip(obs + self._noise, self._space.low, self._space.high).astype(obs.dtype)
        return seen

    def reset_info(self) -> Info:
        """The info of the simulation inside."""
        return self.inner.reset_info()

    def _draw(self, name: str, i: int, stream: np.random.Generator) -> None:
        low, high = self._ranges[name]
        drawn = self.drawn[name][i]
        if name == "latency":
            drawn[:] = stream.integers(int(low), int(high), endpoint=True)
        else:
            drawn[:] = stream.uniform(low, high, drawn.size)
        if name == "noise":
            self._noise_streams[i] = stream

    def _draw_noise(self, ids: Array) -> None:
        """New noise for instances that have moved; what the others see stays."""
        if "noise" in self.drawn:
            for i in ids.tolist():
                draws = self._noise_streams[i].standard_normal(self._noise.shape[1:])
                self._noise[i] = self.drawn["noise"][i] * draws

    def _late(self, actions: Array, ids: Array) -> Array:
        """Put actions of instances `ids` into their queues; return those that arrive now, for all instances."""
        self._sent[1:, ids] = self._sent[:-1, ids]
        self._sent[0, ids] = actions[ids]
        delays = self.drawn["latency"][:, 0].astype(np.int64)
        return self._sent[delays, np.arange(len(delays))].astype(actions.dtype)
