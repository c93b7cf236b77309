"""Perturbations as data: what goes wrong with a robot in the middle of an episode, and when.

A controller that has learnt one robot meets another one: a motor is wired the wrong way round, a sensor drifts, the
link drops packets. `Perturbation` says so as plain data, in Python, in a launch file (``[[env.perturb]]``) or on the
command line (``--perturb "dead at=5 index=0,2"``); perturb.py carries it out. (Rotated feedback is the visuomotor
rotation of Krakauer et al., "Learning of visuomotor transformations for vectorial planning of reaching trajectories",
2000; dead legs are those of Cully et al., "Robots that can adapt like animals", 2015.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from neurobot.envs.values import is_number, is_whole
from neurobot.errors import EnvError, near

_REQUIRED: dict[str, tuple[str, ...]] = {
    "reversed": (),
    "weakened": ("factor",),
    "dead": (),
    "swapped": ("index",),
    "rotated": ("index", "angle"),
    "biased": ("value",),
    "frozen": (),
    "mass": ("body", "mass"),
    "latency": ("periods",),
    "jitter": ("periods",),
    "loss": ("probability",),
}
MAX_PERIODS = 1000
"""Longest latency [control periods]."""
KINDS = tuple(_REQUIRED)
"""Every kind there is."""
ACTUATORS = ("reversed", "weakened", "dead", "swapped")
"""Kinds that change numbers of the action."""
SENSORS = ("rotated", "biased", "frozen")
"""Kinds that change numbers of the observation."""
LINK = ("latency", "jitter", "loss")
"""Kinds that change when an action arrives, and whether."""
_COMMON = ("kind", "at", "until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One thing that goes wrong, from `at` to `until`.

    | kind       | its own fields         | what happens                                                              |
    |------------|------------------------|---------------------------------------------------------------------------|
    | `reversed` | [index]                | actuators turn the other way: mirrored in their range, -a without one     |
    | `weakened` | [index], factor        | of what an actuator does beyond rest, this share is left                  |
    | `dead`     | [index]                | actuators are at rest                                                     |
    | `swapped`  | index (a pair)         | each of two actuators gets the other's command                            |
    | `rotated`  | index (a pair), angle  | the plane of two observed numbers turns, from the first to the second     |
    | `biased`   | [index], value         | this is added to observed numbers                                         |
    | `frozen`   | [index]                | observed numbers stay what they were at `at`                              |
    | `mass`     | body, mass             | a body carries a point mass at its centre of mass (MuJoCo tasks)          |
    | `latency`  | periods                | actions come later; until then the last that arrived before stays         |
    | `jitter`   | periods                | each action comes late by chance, 0 to so many periods; one that a newer  |
    |            |                        | one has overtaken never arrives                                           |
    | `loss`     | probability            | an action is lost, and the last that arrived stays                        |

    Rest is 0, or the end of the actuator's range that is nearest to it. Observed numbers stay in the bounds of the
    observation space. A choice among a few actions can be `reversed` (the first becomes the last) and lost.

    Attributes:
        kind: one of the above.
        at: when it begins, from the start of the episode [s]; or a range (low, high) from which each episode draws.
        until: when it ends [s]; None is the end of the episode.
        index: which actuators, or which numbers of the observation, from 0; one or several, empty for all.
        factor: from 0 to 1.
        angle: [rad].
        value: in the observed number's unit.
        body: name of a body of the MuJoCo model, or its index; 0 is the world and carries nothing.
        mass: greater than 0 [kg].
        periods: whole control periods, at least 1, on top of any latency that is randomised; of jitter the most.
        probability: of a loss, anew in each control period; from 0 to 1, where 1 means that the link is gone.

    Times are rounded to whole control periods, to the nearest; whatever begins lasts for one at least. In force from
    the k-th control period on means: on the action that begins it (the first is the 0th), and on the observation that
    this action is chosen by.

    Raises:
        EnvError: with everything that is wrong.
    """

    kind: str
    at: float | tuple[float, float] = 0.0
    until: float | None = None
    index: int | tuple[int, ...] = ()
    factor: float | None = None
    angle: float | None = None
    value: float | None = None
    body: str | int | None = None
    mass: float | None = None
    periods: int | None = None
    probability: float | None = None

    def __post_init__(self) -> None:
        for name in ("at", "index"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if is_whole(self.index):
            object.__setattr__(self, "index", (self.index,))
        if self.kind not in KINDS:
            raise EnvError(f"perturbation: kind is {self.kind!r}; {near(str(self.kind), KINDS)}")
        found = [*self._strangers(), *self._time_problems(), *self._problems()]
        if found:
            raise EnvError(f"perturbation {self.kind!r}: {'; '.join(found)}")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Perturbation:
        """The perturbation that a table of a file describes.

        Raises:
            EnvError: no kind, unknown keys, or values that cannot be used.
        """
        if "kind" not in data:
            raise EnvError(f"perturbation: it has no kind; known: {', '.join(KINDS)}")
        known = [field.name for field in fields(cls)]
        unknown = [f"unknown key {key!r}, {near(str(key), known)}" for key in data if key not in known]
        if unknown:
            raise EnvError(f"perturbation {data['kind']!r}: {'; '.join(unknown)}")
        return cls(**data)

    @property
    def indices(self) -> tuple[int, ...]:
        """`index` as a tuple."""
        return self.index if isinstance(self.index, tuple) else (self.index,)

    @property
    def begins(self) -> tuple[float, float]:
        """`at` as a range [s]."""
        return self.at if isinstance(self.at, tuple) else (self.at, self.at)

    def to_data(self) -> dict[str, Any]:
        """Fields that are given, as plain data; `from_data` reads it."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in given.items() if _given(v)}

    def _strangers(self) -> list[str]:
        """Fields that are given and belong to other kinds, and own ones that are not given."""
        required = _REQUIRED[self.kind]
        takes = {*required, "index"} if self.kind in ACTUATORS + SENSORS else {*required}
        given = [field.name for field in fields(self) if _given(getattr(self, field.name))]
        strange = [name for name in given if name not in takes and name not in _COMMON]
        own = ", ".join(sorted(takes)) or "no fields of its own"
        found = [f"it has no {name}; it takes {own}, and at and until" for name in strange]
        return found + [f"it needs {name}" for name in required if name not in given]

    def _time_problems(self) -> list[str]:
        times = self.at if isinstance(self.at, tuple) else (self.at, self.at)
        if len(times) != 2 or not all(map(is_number, times)) or not 0 <= times[0] <= times[1]:
            return [f"at is {self.at!r}; it must be a time [s] from 0 on, or a pair (low, high) of such times"]
        if self.until is not None and (not is_number(self.until) or self.until <= times[1]):
            return [f"until is {self.until!r}; it must be a time [s] after at, which is up to {times[1]:g}"]
        return []

    def _problems(self) -> list[str]:
        """What is wrong with the kind's own fields, of those that are given."""
        found = self._index_problems()
        for name, share in (("factor", True), ("probability", True), ("angle", False), ("value", False)):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and (not share or 0 <= value <= 1)):
                found.append(f"{name} is {value!r}; it must be a finite number{' from 0 to 1' if share else ''}")
        if self.mass is not None and not (is_number(self.mass) and self.mass > 0):
            found.append(f"mass is {self.mass!r}; it must be a finite number above 0 [kg]")
        if self.periods is not None and not (is_whole(self.periods) and 1 <= self.periods <= MAX_PERIODS):
            found.append(f"periods is {self.periods!r}; it must be a whole number from 1 to {MAX_PERIODS}")
        if self.body is not None and not isinstance(self.body, str) and not (is_whole(self.body) and self.body >= 1):
            found.append(f"body is {self.body!r}; it must be a name, or an index of at least 1")
        return found

    def _index_problems(self) -> list[str]:
        index: Any = self.index
        if not isinstance(index, tuple) or not all(is_whole(i) and i >= 0 for i in index):
            return [f"index is {index!r}; it must be one or several whole numbers from 0 on"]
        if len(set(index)) < len(index):
            return [f"index is {index!r}; it names a number twice"]
        if self.kind in ("swapped", "rotated") and index and len(index) != 2:
            return [f"index is {index!r}; it must be a pair"]
        return []


def checked_perturbations(perturb: object) -> tuple[Perturbation, ...]:
    """Several perturbations as a tuple, or EnvError."""
    if isinstance(perturb, Perturbation):
        raise EnvError("perturb is one Perturbation; give a tuple of them: perturb=(Perturbation(...),)")
    if not isinstance(perturb, Sequence) or not all(isinstance(p, Perturbation) for p in perturb):
        raise EnvError(f"perturb is {perturb!r}; it must be a tuple of Perturbation(kind=..., at=...)")
    return tuple(perturb)


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, tuple) and not value)
