"""Learning in a loop: when weights may change, what is watched meanwhile, and what ends it.

Weights change only in ticks whose action is the controller's own. After a held tick the reward that comes next was
earned by somebody else's action, so the tick that takes it does not learn either.

A runaway ends learning for the rest of the run, while the robot goes on with the weights as they are. It is looked for
once every `WINDOW`:

- a population that learns fires more than `SATURATED` of what its spec allows, one spike in t_ref + dt, on average over
  its neurons and the window;
- all weights of a projection have come to the same bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurobot.errors import SpecError

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.core.learning import Plasticity

WINDOW = 1.0
"""Time over which rates are averaged [s]."""
SATURATED = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningSummary:
    """What a run's learning was like.

    Attributes:
        duration: time in which weights could change [s].
        frozen: whether it ended as was asked for, at `freeze_at`.
        runaway: why it ended early; empty if it did not.
        runaway_windows: how many windows a population fired more than it may, those after the end of learning too.
        projections: by name, where the weights are in the end.
    """

    duration: float
    frozen: bool
    runaway: str
    runaway_windows: int
    projections: Mapping[str, Plasticity]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@final
class Learning:
    """Switches the learning of a controller on and off, tick by tick, and watches it.

    Args:
        controller: with a rule; made with ``record=True``, because its spikes are counted.
        freeze_at: when weights stop to change, in time of the run's ticks [s], to the nearest tick; None is never.

    Attributes:
        freeze_at: as given.

    Raises:
        SpecError: no projection has a rule, or the controller does not record.
    """

    CHANGES = ("_counts", "_ticks", "_learnt", "_excesses", "_on", "_own", "_runaway")

    def __init__(self, controller: Controller, *, freeze_at: float | None = None):
        if not controller.record:
            raise SpecError("Learning", ["the controller keeps no spikes to count; make it with record=True"])
        controller.learn = True
        self._controller = controller
        period = controller.control_period
        self.freeze_at = freeze_at
        self._last = math.inf if freeze_at is None else round(freeze_at / period)
        self._window = max(1, round(WINDOW / period))
        self._watched = _watched(controller)
        self._counts = [0.0] * len(self._watched)
        self._ticks = self._learnt = self._excesses = 0
        self._on, self._own = True, True
        self._runaway = ""

    def start_episode(self) -> None:
        """Begin an episode, whose first reward pays for nothing."""
        self._own = True

    def ahead(self) -> None:
        """Before the controller takes a reward: switch learning on or off."""
        self._switch(self._ticks < self._last)

    def after(self, held: bool) -> None:
        """After a tick.

        Args:
            held: its action came from `Controller.hold`; the network did not run.
        """
        self._own = not held
        self._ticks += 1
        if not held:
            self._learnt += self._on
            self._count()
        if self._ticks % self._window == 0:
            self._look()

    def end(self, reward: float, *, truncated: bool = False) -> None:
        """Deliver the reward of an episode's last action; ``truncated`` as for `Controller.end`."""
        self._switch(self._ticks <= self._last)  # the reward of a tick that learnt
        self._controller.end(reward, truncated=truncated)

    def summary(self) -> LearningSummary:
        """What learning was like until now."""
        return LearningSummary(
            duration=self._learnt * self._controller.control_period,
            frozen=not self._runaway and self._ticks >= self._last,
            runaway=self._runaway,
            runaway_windows=self._excesses,
            projections=self._controller.plasticity,
        )

    @property
    def state(self) -> tuple[float, ...]:
        """Everything that changes here, between two ticks; what the controller learnt is in its `snapshot`."""
        return (self._ticks, self._learnt, self._excesses, self._on, self._own, bool(self._runaway), *self._counts)

    @state.setter
    def state(self, state: Sequence[float]) -> None:
        """Go on from a state, after the controller was restored.

        Raises:
            ValueError: it is another controller's.
        """
        ticks, learnt, excesses, on, own, runaway, *counts = map(float, state)
        if len(counts) != len(self._counts):
            raise ValueError(
                f"{len(counts)} populations learn in this state, and {len(self._counts)} in the controller"
            )
        self._ticks, self._learnt, self._excesses = int(ticks), int(learnt), int(excesses)
        self._on, self._own, self._counts = bool(on), bool(own), counts
        self._runaway = "before this state was taken" if runaway else ""

    def _switch(self, early: bool) -> None:
        on = early and self._own and not self._runaway
        if on != self._on:
            self._controller.learn = self._on = on

    def _count(self) -> None:
        controller = self._controller
        neurons = controller.spikes[:, 1]
        if neurons.size:
            share = controller.spikes_last / neurons.size  # more than 1 where the log had no room for all
            for k, (_, first, n, _) in enumerate(self._watched):
                self._counts[k] += share * np.count_nonzero((neurons >= first) & (neurons < first + n))

    def _look(self) -> None:
        """Whether something ran away in the window that ends now."""
        time = self._window * self._controller.control_period
        rates = [count / n / time for count, (_, _, n, _) in zip(self._counts, self._watched, strict=True)]
        self._counts = [0.0] * len(self._watched)
        words = [
            f"population {name!r} fired {rate:.4g} Hz on average, more than {SATURATED:g} of the {most:.4g} Hz that "
            "its spec allows"
            for rate, (name, _, _, most) in zip(rates, self._watched, strict=True)
            if rate > SATURATED * most
        ]
        self._excesses += bool(words)
        if self._on and not words:
            words = [
                f"all weights of {name!r} came to their {'lower' if p.at_low == 1 else 'upper'} bound"
                for name, p in self._controller.plasticity.items()
                if p.moved and 1 in (p.at_low, p.at_high)
            ]
        if words and self._on:
            self._runaway = f"at {self._ticks * self._controller.control_period:g} s {words[0]}"


def _watched(controller: Controller) -> list[tuple[str, int, int, float]]:
    """Of populations in which projections that learn end: name, first neuron, size, and the highest mean rate [Hz]."""
    network = controller.program.network
    learning = {q.post for q in controller.program.plastic}
    out, first = [], 0
    for p in network.populations:
        if p.name in learning:
            t_ref = np.asarray(getattr(p.model, "t_ref", 0.0), np.float64)
            steps = 1 + np.round(t_ref / network.dt)
            out.append((p.name, first, p.n, float(np.mean(1 / (steps * network.dt)))))
        first += p.n
    return out
