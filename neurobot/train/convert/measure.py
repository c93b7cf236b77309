"""What a conversion costs: return, action error, spikes and operations of a Program beside those of its ANN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.interop.ann import ANN
from neurobot.program import Program
from neurobot.train.convert.conversion import actor, check_ann
from neurobot.train.convert.play import Played, play


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a policy did over some episodes.

    Args:
        substeps: steps of a tick, which is the latency of an action; 0 for an ANN.
        carry: share of the hidden potentials that survives a tick.
        returns: of every episode.
        action_error: of a Program, on the observations it met: root of the mean squared difference to the ANN's
            action, as a share of the action's range; of a discrete action how often it is another one.
        spikes: a tick.
        operations: a tick: multiply-accumulates of an ANN; synaptic operations of a Program, those of its first layer,
            which are multiply-accumulates once a tick, included.
    """

    substeps: int
    carry: float = 0.0
    returns: tuple[float, ...]
    action_error: float
    spikes: float
    operations: float

    @property
    def return_mean(self) -> float:
        """Mean over episodes."""
        return float(np.mean(self.returns))

    @property
    def return_std(self) -> float:
        """Standard deviation over episodes."""
        return float(np.std(self.returns))

    def kept(self, ann: Score) -> float:
        """The share of an ANN's mean return; where that is negative, 1 less the loss in units of its size; 1 of 0."""
        size = abs(ann.return_mean)
        return 1 + (self.return_mean - ann.return_mean) / size if size else 1.0

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "substeps": self.substeps, "carry": self.carry,
            "return_mean": self.return_mean, "return_std": self.return_std,
            "returns": list(self.returns), "action_error": self.action_error,
            "spikes_per_tick": self.spikes, "operations_per_tick": self.operations,
        }  # fmt: skip


def score_ann(ann: ANN, env: Any, seeds: Sequence[int]) -> Score:
    """Play with the ANN itself; EnvError where it does not fit."""
    check_ann(ann, env)
    returns = play(env, actor(ann, env), seeds).returns
    return Score(substeps=0, returns=tuple(returns.tolist()), action_error=0.0, spikes=0.0, operations=ann.macs)


def score(program: Program, ann: ANN, env: Any, seeds: Sequence[int]) -> Score:
    """Play with a Program that was made of an ANN."""
    from neurobot.controller import Controller

    controller = Controller(program)
    spikes = synops = 0

    def act(observation: np.ndarray) -> Any:
        nonlocal spikes, synops
        action = controller.step(observation)
        spikes += controller.spikes_last
        synops += controller.synops_last
        return action

    played = play(env, act, seeds, controller.reset)
    ticks = len(played.actions)
    return Score(
        substeps=program.substeps,
        carry=max(p.carry or 0.0 for p in program.network.populations), returns=tuple(played.returns.tolist()),
        action_error=_action_error(played, ann, env),
        spikes=spikes / ticks, operations=synops / ticks,
    )  # fmt: skip


def _action_error(played: Played, ann: ANN, env: Any) -> float:
    wanted = actor(ann, env)(played.observations)
    if ann.squash == "argmax":
        return float((wanted != played.actions).mean())
    span = np.asarray(env.action_space.high, np.float64) - np.asarray(env.action_space.low, np.float64)
    return float(np.sqrt((((wanted - played.actions) / span) ** 2).mean()))
