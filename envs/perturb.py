"""What perturbations do to actions and observations, for the instances of a batch; perturbation.py says them as data.

A `Perturber` knows nothing of any physics: actions go in and come out as they arrive, observations likewise. So it
serves the simulations of this project and, one instance at a time, any Gymnasium environment (perturbed.py).

Chance comes from seed sequences derived from the instance's own, by number of the episode and of the perturbation. It
takes nothing from the instance's generator: initial states, and what `Randomize` draws, stay those of the same seed
without perturbations, and one perturbation more changes none of the others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from gymnasium.spaces import Box, Discrete, Space

from neurobot.envs.perturbation import ACTUATORS, LINK, SENSORS, Perturbation
from neurobot.envs.task import Array, rest_of
from neurobot.errors import EnvError

_NEVER = np.iinfo(np.int64).max
_OURS = 0x70657274
"""First word of our part of a spawn key: no generator has so many children that one of them would have this number."""


class Ends(NamedTuple):
    """Ends of the range of some numbers, and their values at rest, (n,) each."""

    low: Array
    high: Array
    rest: Array


def ends_of(space: Space[Any], what: str) -> Ends:
    """The ends of a flat space.

    Raises:
        EnvError: it is neither a flat Box nor Discrete.
    """
    if isinstance(space, Discrete):  # rest is a value that no choice has
        low = np.array([space.start])
        return Ends(low, low + space.n - 1, low - 1)
    if not isinstance(space, Box) or len(space.shape) != 1:
        raise EnvError(
            f"{what} is {space}, which cannot be perturbed; a flat Box can, and a Discrete choice of actions"
        )
    return Ends(space.low, space.high, rest_of(space))


class Moment(NamedTuple):
    """Which instances a perturbation is to change, and when that is.

    Attributes:
        moved: (k,) instances that are being stepped.
        rows: (m,) those among them in which the perturbation is in force.
        clock: (num_envs,) control periods since the start of each episode.
        begin: (num_envs,) clock at which the perturbation begins.
    """

    moved: Array
    rows: Array
    clock: Array
    begin: Array


class _Effect(ABC):
    """What one perturbation does to numbers x (num_envs, n), in place."""

    CHANGES: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def apply(self, x: Array, at: Moment) -> None:
        """Change the rows in which it is in force."""

    def restart(self, i: int, stream: np.random.Generator) -> None:  # noqa: B027 (most have no memory)
        """Forget instance i's episode; draw from `stream` in the next one. Only where there is chance."""


@final
class _Mapped(_Effect):
    """Numbers become others, by a formula without memory."""

    def __init__(self, p: Perturbation, ends: Ends):
        self._p, self._columns = p, _columns(p, ends)
        self._ends = Ends(*(values[self._columns] for values in ends))
        self._limits = self._ends if p.kind in SENSORS else None  # actuators see to their limits themselves

    def apply(self, x: Array, at: Moment) -> None:
        """See the table of `Perturbation`."""
        cells = np.ix_(at.rows, self._columns)
        values = _formula(self._p, x[cells], self._ends)
        if self._limits is not None:
            values = np.clip(values, self._limits.low, self._limits.high)
        x[cells] = np.rint(values) if x.dtype.kind in "iu" else values


def _formula(p: Perturbation, x: Array, ends: Ends) -> Array:
    """The new values of numbers x (m, n)."""
    if p.kind == "reversed":
        bounded = np.isfinite(ends.low) & np.isfinite(ends.high)
        return np.where(bounded, ends.low, 0) + np.where(bounded, ends.high, 0) - x
    if p.kind == "weakened":
        return ends.rest + p.factor * (x - ends.rest)
    if p.kind == "dead":
        return np.broadcast_to(ends.rest, x.shape)
    if p.kind == "swapped":
        return x[:, ::-1]
    if p.kind == "biased":
        return x + p.value
    assert p.kind == "rotated" and p.angle is not None
    cos, sin = np.cos(p.angle), np.sin(p.angle)
    return np.stack([cos * x[:, 0] - sin * x[:, 1], sin * x[:, 0] + cos * x[:, 1]], axis=1)


@final
class _Frozen(_Effect):
    """Numbers stay what they were when it began."""

    CHANGES = ("_held",)

    def __init__(self, p: Perturbation, ends: Ends, num_envs: int):
        self._columns = _columns(p, ends)
        self._held = np.zeros((num_envs, len(ends.low)))

    def apply(self, x: Array, at: Moment) -> None:
        """Note the numbers at the beginning, and show them from then on."""
        new = at.rows[at.clock[at.rows] == at.begin[at.rows]]
        self._held[new] = x[new]
        cells = np.ix_(at.rows, self._columns)
        x[cells] = self._held[cells]


@final
class _Late(_Effect):
    """Actions arrive some control periods after they were sent."""

    CHANGES = ("_sent",)

    def __init__(self, p: Perturbation, ends: Ends, num_envs: int):
        assert p.periods is not None
        self._periods, self._rest = p.periods, ends.rest
        self._sent = np.zeros((p.periods + 1, num_envs, len(ends.rest)))  # a ring, by clock

    def apply(self, x: Array, at: Moment) -> None:
        """Note what is sent; let arrive what is due, which is never older than what has arrived before."""
        size, rows = self._periods + 1, at.rows
        self._sent[at.clock[at.moved] % size, at.moved] = x[at.moved]
        due = np.maximum(at.clock[rows] - self._periods, at.begin[rows] - 1)
        x[rows] = np.where(due[:, None] < 0, self._rest, self._sent[due % size, rows])


@final
class _Jittery(_Effect):
    """Actions arrive some control periods late, as many as chance will have, and never after a newer one."""

    CHANGES = ("_sent", "_due", "_streams")

    def __init__(self, p: Perturbation, ends: Ends, num_envs: int):
        assert p.periods is not None
        self._size, self._rest = p.periods + 1, ends.rest
        self._sent = np.zeros((self._size, num_envs, len(ends.rest)))  # rings, by clock
        self._due = np.zeros((self._size, num_envs), np.int64)
        self._streams: dict[int, np.random.Generator] = {}

    def restart(self, i: int, stream: np.random.Generator) -> None:
        """Draw from another stream."""
        self._streams[i] = stream

    def apply(self, x: Array, at: Moment) -> None:
        """Note what is sent and draw when it is due; let the newest stay that has arrived."""
        slot, rows = at.clock[at.moved] % self._size, at.rows
        self._sent[slot, at.moved], self._due[slot, at.moved] = x[at.moved], at.clock[at.moved]
        late = [int(self._streams[int(i)].integers(self._size)) for i in rows]
        self._due[at.clock[rows] % self._size, rows] += np.array(late, np.int64)
        newest = at.clock[rows] - (self._size - 1)  # what was sent then has arrived, whatever chance said
        for sent in range(self._size - 1):
            when = at.clock[rows] - (self._size - 2 - sent)
            arrived = self._due[when % self._size, rows] <= at.clock[rows]
            newest = np.where(arrived, when, newest)
        newest = np.maximum(newest, at.begin[rows] - 1)
        x[rows] = np.where(newest[:, None] < 0, self._rest, self._sent[newest % self._size, rows])


@final
class _Lossy(_Effect):
    """Some actions never arrive."""

    CHANGES = ("_last", "_streams")

    def __init__(self, p: Perturbation, ends: Ends, num_envs: int, choice: bool):
        assert p.probability is not None
        self._probability, self._rest, self._choice = p.probability, ends.rest, choice
        self._last = np.tile(ends.rest.astype(np.float64), (num_envs, 1))
        self._streams: dict[int, np.random.Generator] = {}

    def restart(self, i: int, stream: np.random.Generator) -> None:
        """Nothing has arrived yet."""
        self._last[i], self._streams[i] = self._rest, stream

    def apply(self, x: Array, at: Moment) -> None:
        """Draw who loses the action, and give them the last that arrived."""
        lost = np.array([self._streams[int(i)].random() < self._probability for i in at.rows], np.bool_)
        if self._choice:  # there is no choice at rest, so the first one always arrives
            lost &= at.clock[at.rows] > 0
        rows = at.rows[lost]
        x[rows] = self._last[rows]
        self._last[at.moved] = x[at.moved]


def _columns(p: Perturbation, ends: Ends) -> Array:
    return np.array(p.indices or range(len(ends.low)), np.intp)


@final
class Perturber:
    """Perturbations of `num_envs` instances, as far as they concern actions and observations.

    Attributes:
        in_force: (num_envs, n) bool, the j-th perturbation of each instance, now.
        clock: (num_envs,) control periods since the start of each episode.
    """

    CHANGES = ("clock", "in_force", "_begin", "_end", "_episodes", "_actuators", "_sensors")

    def __init__(
        self,
        perturbations: Sequence[Perturbation],
        name: str,
        spaces: tuple[Space[Any], Space[Any]],
        control_period: float,
        num_envs: int,
    ):
        """Take perturbations on.

        Args:
            perturbations: in the order in which they apply.
            name: of the environment, for messages.
            spaces: of one observation and of one action.
            control_period: [s].
            num_envs: how many instances.

        Raises:
            EnvError: something that the spaces do not have.
        """
        self._perturbations, self._period = tuple(perturbations), control_period
        self._actuators: list[tuple[int, _Effect]] = []
        self._sensors: list[tuple[int, _Effect]] = []
        for j, p in enumerate(self._perturbations):
            if p.kind in SENSORS:
                self._sensors.append((j, _sensor(p, name, spaces[0], num_envs)))
            elif p.kind in ACTUATORS + LINK:
                self._actuators.append((j, _actuator(p, name, spaces[1], num_envs)))
        shape = (num_envs, len(self._perturbations))
        self.clock = np.zeros(num_envs, np.int64)
        self.in_force = np.zeros(shape, np.bool_)
        self._begin, self._end = np.full(shape, _NEVER), np.full(shape, _NEVER)
        self._roots: list[Any] = [None] * num_envs  # each instance's seed sequence
        self._episodes = np.zeros(num_envs, np.int64)
        self._everyone = np.arange(num_envs)

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Start episodes of instances `ids` (k,), whose generators (k) are not drawn from."""
        effects = dict(self._actuators + self._sensors)
        for i, generator in zip(ids.tolist(), generators, strict=True):
            root = generator.bit_generator.seed_seq
            self._episodes[i] = self._episodes[i] + 1 if root is self._roots[i] else 0
            self._roots[i] = root
            for j, p in enumerate(self._perturbations):
                low, high = p.begins
                chance = p.kind in ("jitter", "loss") or low < high
                stream = self._stream(i, j) if chance else None  # to make one takes a while
                self._begin[i, j] = begin = self._tick(low if stream is None else stream.uniform(low, high))
                self._end[i, j] = _NEVER if p.until is None else max(self._tick(p.until), begin + 1)
                if stream is not None and j in effects:
                    effects[j].restart(i, stream)
        self.clock[ids] = 0
        self._look(ids)

    @property
    def acts(self) -> bool:
        """Whether any perturbation is one of actions."""
        return bool(self._actuators)

    @property
    def senses(self) -> bool:
        """Whether any perturbation is one of observations."""
        return bool(self._sensors)

    def act(self, actions: Array, ids: Array) -> Array:
        """What the actuators of instances `ids` (k,) get where `actions` (num_envs, ...) are sent, in their dtype."""
        if not self._actuators:
            return actions
        arriving = actions.copy()
        self._apply(self._actuators, arriving.reshape(len(actions), -1), ids)
        return arriving

    def advance(self, ids: Array) -> None:
        """A control period of instances `ids` (k,) is over."""
        self.clock[ids] += 1
        self._look(ids)

    def sense(self, observations: Array) -> Array:
        """What the sensors say where observations (num_envs, n) would be right, in their dtype.

        To be called once after every `reset` and `advance`; again makes no difference.
        """
        if not self._sensors:
            return observations
        seen = observations.copy()
        self._apply(self._sensors, seen, self._everyone)
        return seen

    def _apply(self, effects: list[tuple[int, _Effect]], x: Array, ids: Array) -> None:
        for j, effect in effects:
            rows = ids[self.in_force[ids, j]]
            effect.apply(x, Moment(ids, rows, self.clock, self._begin[:, j]))

    def _stream(self, i: int, j: int) -> np.random.Generator:
        """Chance of perturbation j in the present episode of instance i."""
        root = self._roots[i]
        key = (*root.spawn_key, _OURS, int(self._episodes[i]), j)
        return np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key))

    def _tick(self, time: float) -> int:
        """The control period nearest to a time [s]; one that never comes where the time is beyond counting."""
        return round(min(time / self._period, 2.0**62))

    def _look(self, ids: Array) -> None:
        now = self.clock[ids, None]
        self.in_force[ids] = (self._begin[ids] <= now) & (now < self._end[ids])


def _sensor(p: Perturbation, name: str, space: Space[Any], num_envs: int) -> _Effect:
    if isinstance(space, Discrete):
        raise EnvError(f"{name}: {p.kind} changes numbers of an observation, and the observation space is {space}")
    ends = ends_of(space, f"{name}: the observation space")
    _check_index(p, name, "numbers of the observation", len(ends.low))
    return _Frozen(p, ends, num_envs) if p.kind == "frozen" else _Mapped(p, ends)


def _actuator(p: Perturbation, name: str, space: Space[Any], num_envs: int) -> _Effect:
    choice = isinstance(space, Discrete)
    if choice and p.kind not in ("reversed", "loss"):
        raise EnvError(f"{name}: an action is a choice, {space}, which can be reversed or lost (loss), not {p.kind}")
    ends = ends_of(space, f"{name}: the action space")
    _check_index(p, name, "actuators", len(ends.low))
    if p.kind in ("latency", "jitter"):
        return (_Late if p.kind == "latency" else _Jittery)(p, ends, num_envs)
    return _Lossy(p, ends, num_envs, choice) if p.kind == "loss" else _Mapped(p, ends)


def _check_index(p: Perturbation, name: str, what: str, size: int) -> None:
    wrong = [i for i in p.indices if i >= size]
    if wrong:
        raise EnvError(f"{name} has {size} {what}, from 0 to {size - 1}; {p.kind} names index {wrong[0]}")
