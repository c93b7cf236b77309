"""Running a core that is checked beside the reference, and telling the first tick in which they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from neurobot.core import HostCore
from neurobot.core.base import Core
from neurobot.program import Program
from neurobot.testing.programs import observations


class MakeCore(Protocol):
    """Makes a core. It is called with the program alone, or with some of the options, by name."""

    def __call__(self, program: Program, *, seed: int = ..., learn: bool = ...) -> Core:
        """A core of the program, before its first tick."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The cores that are checked, and what they are compared with.

    Attributes:
        make: makes one.
        tolerance: largest difference of an action or a weight from the reference's.
        exact: actions and weights are the reference's bit for bit.
        reference: dtype of the `HostCore` that they are compared with.
        instance: which instance of a batch they are.
    """

    make: MakeCore
    tolerance: float
    exact: bool
    reference: Literal["float32", "float64"]
    instance: int

    def host(self, program: Program, *, seed: int | None = None, learn: bool = False) -> HostCore:
        """The reference."""
        return HostCore(program, self.reference, seed=seed, instance=self.instance, learn=learn)

    def same(self, mine: np.ndarray, reference: np.ndarray) -> bool:
        """Whether arrays are the same as far as that is asked for; not finite is never the same as finite."""
        if mine.shape != reference.shape:
            return False
        if self.exact:
            return mine.tobytes() == reference.tobytes()
        return bool((np.abs(mine - reference) <= self.tolerance).all())


class Trace(NamedTuple):
    """What a core did.

    Attributes:
        status: (ticks,) of every tick.
        actions: (ticks, action_size) after every tick.
    """

    status: np.ndarray
    actions: np.ndarray

    def bits(self) -> bytes:
        """All of it, for comparisons bit for bit."""
        return self.status.tobytes() + self.actions.tobytes()


def play(core: Core, xs: np.ndarray | None = None, rewards: np.ndarray | None = None) -> Trace:
    """Run a core.

    Args:
        core: as it is.
        xs: (ticks, observation_size); None is those of all programs here.
        rewards: (ticks,), each of the tick before; None is 0.
    """
    xs = observations() if xs is None else xs
    rewards = np.zeros(len(xs)) if rewards is None else rewards
    status, actions = np.zeros(len(xs), np.int64), np.zeros((len(xs), core.action.size))
    for k, (x, reward) in enumerate(zip(xs, rewards, strict=True)):
        status[k] = core.tick(x, float(reward))
        actions[k] = core.action
    return Trace(status, actions)


def differences(subject: Subject, mine: Trace, reference: Trace, where: str) -> Iterator[str]:
    """In which ticks a core did not do what the reference did."""
    for k, (status, wanted) in enumerate(zip(mine.status, reference.status, strict=True)):
        if status != wanted:
            yield f"tick {k} returns the status {status}, HostCore's {wanted} ({where})"
        if not subject.same(mine.actions[k], reference.actions[k]):
            yield apart(subject, "the action", mine.actions[k], reference.actions[k], f"{where}, tick {k}")


def apart(subject: Subject, what: str, mine: np.ndarray, reference: np.ndarray, where: str) -> str:
    """How far an array is from the reference's, in words."""
    if mine.shape != reference.shape:
        return f"{what} has shape {mine.shape}, HostCore's {reference.shape} ({where})"
    far = mine != reference if subject.exact else ~(np.abs(mine - reference) <= subject.tolerance)
    at = tuple(int(k) for k in np.argwhere(far)[0]) if far.any() else (0,) * mine.ndim  # bits may differ in -0.0 alone
    allowed = "it must be the same bit for bit" if subject.exact else f"{subject.tolerance:g} is allowed"
    entry = at[0] if len(at) == 1 else at
    return (
        f"entry {entry} of {what} is {mine[at]:.9g}, HostCore's ({subject.reference}) is {reference[at]:.9g}; {allowed}"
        f" ({where})"
    )
