"""What two accounts of a run have in common, and where they part: data, and a sentence for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from neurobot.files import plain
from neurobot.loop.recording import ALTERED, HELD, OWN, RAN, REST

Value = bool | int | float | str

WORLD = ("episode", "observation", "reward", "last reward", "last terminated")
"""Differences that come from outside the controller, where the episode began with the same seed."""
_SUBJECTS = {
    "seed": "the seed of the episode",
    "episode": "the number of the episode",
    "observation": "entry {index} of the observation",
    "reward": "the reward that is delivered",
    "last reward": "the reward of the episode's last action",
    "last terminated": "whether the task ended the episode",
    "held": "the action",
    "spike_count": "the number of spikes",
    "membrane": "the membrane of neuron {index} of {population!r}",
    "wanted": "entry {index} of the action that was wanted",
    "sent": "entry {index} of the action that was sent",
}
_OWNERS = {OWN: "the controller's own", HELD: "held", REST: "rest"}
_BESIDE = {RAN: "the network ran and gave none", ALTERED: "the robot altered it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two accounts differ: a recording and its replay, or two recordings.

    Attributes:
        what: a field of a tick (see `neurobot.loop.ticks.FIELDS`); ``seed``, ``last reward`` or ``last terminated`` of
            an episode; ``ticks``, which is the length; or a field of the `Header`.
        first: the value in the first account; of a spike, whether it has it.
        second: the value in the second.
        episode: number of the episode, None where it is no matter of one; so are all others.
        tick: number of the tick in the run, from 0.
        time: since the episode's begin [s].
        step: network step of the tick, of a spike.
        population: name, of a spike or membrane.
        index: of the neuron in its population; else of the entry in an observation or action.
    """

    what: str
    first: Value
    second: Value
    episode: int | None = None
    tick: int | None = None
    time: float | None = None
    step: int | None = None
    population: str | None = None
    index: int | None = None

    def words(self, first: str = "the recording", second: str = "the replay") -> str:
        """A sentence.

        Args:
            first: what to call the first account.
            second: what to call the second.
        """
        place = "" if self.tick is None else f"episode {self.episode}, {self.time:.9g} s into it (tick {self.tick}): "
        return place + self._said(first, second)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; a value that is not finite becomes None."""
        return {name: plain(value) for name, value in asdict(self).items()}

    def _said(self, first: str, second: str) -> str:
        if self.what == "spike":
            has, lacks = (first, second) if self.first else (second, first)
            return f"neuron {self.index} of {self.population!r} spikes in step {self.step} in {has}, not in {lacks}"
        if self.what == "ticks":
            return f"{first} ends after {self.first} ticks, {second} after {self.second}"
        subject = _SUBJECTS.get(self.what, self.what).format(index=self.index, population=self.population)
        world = "; the world differed, not the controller" if self.what in WORLD else ""
        return f"{subject} is {self._shown(self.first)} in {first}, {self._shown(self.second)} in {second}{world}"

    def _shown(self, value: Value) -> str:
        if self.what == "held":
            return _whose(int(value))
        return f"{value:.9g}" if self.what == "membrane" else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of comparing two accounts, tick by tick.

    Attributes:
        ticks: how many are the same, from the first on.
        spikes: how many there are in those, of the ones that both accounts kept.
        difference: the first one, None if there is none.
        rest: why the ticks that follow could not be compared; empty if all were.
    """

    ticks: int
    spikes: int
    difference: Difference | None = None
    rest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        difference = None if self.difference is None else self.difference.to_dict()
        return {
            "same": difference is None,
            "ticks": self.ticks,
            "spikes": self.spikes,
            "difference": difference,
            "rest": self.rest,
        }


def _whose(held: int) -> str:
    """Whose action it was, and what came of it."""
    owner = _OWNERS.get(held & ~(RAN | ALTERED), f"unknown: {held}")
    beside = "; ".join(words for bit, words in _BESIDE.items() if held & bit)
    return f"{owner} ({beside})" if beside else owner
