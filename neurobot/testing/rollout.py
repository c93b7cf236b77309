"""Roll-outs of environments for checks: seeded actions, what was returned, in bytes that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

SEED = 17


class Step(NamedTuple):
    """What an environment returned.

    Attributes:
        where: in messages.
        observation, reward, terminated, truncated, info: as returned; the reward of a reset is None.
    """

    where: str
    observation: Any
    reward: Any
    terminated: Any
    truncated: Any
    info: Any

    @property
    def over(self) -> bool:
        """Whether the episode has ended, also by a broken simulation as `neurobot.loop.Loop` sees it."""
        return bool(self.terminated or self.truncated or self.info.get("physics_error"))

    def bits(self) -> tuple[bytes, str, bool, bool]:
        """All but the info, for comparisons bit for bit."""
        return np.asarray(self.observation).tobytes(), repr(self.reward), bool(self.terminated), bool(self.truncated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The environments that are checked.

    Attributes:
        make: makes one.
        steps: of every roll-out.
    """

    make: Callable[[], Any]
    steps: int

    @contextmanager
    def env(self) -> Iterator[Any]:
        """One of them, closed afterwards."""
        env = self.make()
        try:
            yield env
        finally:
            env.close()

    def actions(self, seed: int = SEED) -> list[Any]:
        """Seeded actions, one for each step."""
        with self.env() as env:
            env.action_space.seed(seed)
            return [env.action_space.sample() for _ in range(self.steps)]


def roll_out(env: Any, actions: Sequence[Any], seed: int = SEED) -> Iterator[Step]:
    """Reset and act; where an episode ends, reset without a seed and go on.

    Args:
        env: a Gymnasium environment.
        actions: of the steps.
        seed: of the first reset.
    """
    yield Step(f"reset(seed={seed})", *_reset(env, seed))
    for k, action in enumerate(actions):
        step = Step(f"step {k} after reset(seed={seed})", *env.step(action))
        yield step
        if step.over:
            yield Step(f"reset() after step {k}", *_reset(env, None))


def record(steps: Iterable[Step]) -> list[Step]:
    """A roll-out whose observations are copies: an environment that writes over one that it returned is found out."""
    return [step._replace(observation=deepcopy(step.observation)) for step in steps]


def difference(first: Sequence[Step], second: Sequence[Step]) -> Iterator[str]:
    """Where two roll-outs are not the same."""
    for one, other in zip(first, second, strict=False):
        if one.bits() != other.bits():
            yield f"{one.where} gave {_words(one)}, and once more {_words(other)}"
    if len(first) != len(second):
        yield f"the roll-out gave {len(first)} results, and once more {len(second)}"


def _words(step: Step) -> str:
    return f"observation {np.asarray(step.observation).tolist()!s:.200}, reward {step.reward!r}"


def _reset(env: Any, seed: int | None) -> tuple[Any, None, bool, bool, Any]:
    observation, info = env.reset(seed=seed)
    return observation, None, False, False, info
