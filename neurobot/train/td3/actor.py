"""The spiking actor: a controller, as its own run-time core runs it and as surrogate gradients see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neurobot.core import BatchCore
from neurobot.core.base import cast_params
from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Membrane, Rate
from neurobot.spec.neurons import LI, Input
from neurobot.train.normalizer import RunningNormalizer, running_clip
from neurobot.train.surrogate import Adam, Readout, Stack, Trace, rate_penalty
from neurobot.train.surrogate_names import named_surrogate
from neurobot.train.td3.settings import TD3


class Actor:
    """A controller that is trained to act. Actions here are in half ranges from the middle, -1 to 1.

    Args:
        program: of a controller without memory from tick to tick.
        settings: see `TD3`.

    Attributes:
        stack: what learns, and explores.
        slow: the target actor that follows it; the same where there is none.

    Raises:
        SpecError: it has something without a gradient.
        TrainingError: it cannot be an actor, with the reason.
    """

    def __init__(self, program: Program, settings: TD3) -> None:
        require_actor(program, settings)
        self.program, self._settings = program, settings
        stacks = [
            Stack(program, named_surrogate(settings.surrogate, settings.slope), train=settings.train)
            for _ in range(1 + settings.target_actor)
        ]
        self.stack, self.slow = stacks[0], stacks[-1]
        self.adam = Adam(self.stack.values, settings.actor_rate)
        self.core = BatchCore(program, settings.num_envs)
        self.updates = 0
        self._readout = Readout(program)
        low, high = program.param("decoder.low"), program.param("decoder.high")
        self._middle, self._half = (low + high) / 2, (high - low) / 2
        self._traces: dict[tuple[Stack, int], Trace] = {}
        populations = program.network.populations
        self._spiking = [p.name for p in populations if not isinstance(p.model, Input | LI)]

    def params(self, normalizer: RunningNormalizer, stack: Stack | None = None) -> np.ndarray:
        """Params of the program as it is now: of the target actor, or of another stack."""
        params = (stack or self.slow).to_program().params.copy()
        normalizer.write(self.program, params)
        return params

    def take_range(self, normalizer: RunningNormalizer) -> None:
        """Encode from now on as the normaliser says, where the program leaves it to the trainer."""
        if running_clip(self.program) is None:
            return
        params, blocks = self.program.params.copy(), self.program.blocks["params"]
        normalizer.write(self.program, params)
        for stack in {self.stack, self.slow}:
            assert stack.encoding is not None
            stack.encoding.set_range(blocks["encoder.center"].of(params), blocks["encoder.scale"].of(params))

    def act(self, observations: np.ndarray, normalizer: RunningNormalizer) -> np.ndarray:
        """Actions of what learns on its run-time core, (num_envs, n_act)."""
        program = self.program.with_params(self.params(normalizer, self.stack))
        self.core.set_params(cast_params(program, self.core.params.dtype))
        return self.inward(self.core.tick(observations))

    def forward(self, observations: np.ndarray) -> np.ndarray:
        """Actions of the target actor of a batch, (B, n_act) float32 within -1 and 1."""
        trace = self._run(self.slow, observations)
        actions = self.inward(self._readout.forward(trace).actions[0])
        return actions.astype(np.float32)

    def climb(self, observations: np.ndarray, value: Callable[[np.ndarray], tuple[float, np.ndarray]]) -> float:
        """An update towards actions that are worth more.

        Args:
            observations: (B, n).
            value: from actions (B, n_act) to their mean value and its gradient (B, n_act).

        Returns:
            The mean value before the update.
        """
        trace = self._run(self.stack, observations)
        decoded = self._readout.forward(trace)
        wanted = self.inward(decoded.wanted[0])
        worth, gradient = value(np.clip(wanted, -1.0, 1.0).astype(np.float32))
        beyond = (np.abs(wanted) > 1) & (gradient * wanted > 0)  # further out is not worth more
        loss = -np.where(beyond, 0.0, gradient) / self._half
        seeds = self._readout.backward(trace, decoded, loss[None])
        if self._settings.rate_cost > 0:
            cost = self._settings.rate_cost * abs(worth)
            seeds = seeds + rate_penalty(trace, self._spiking, cost, high=self._settings.rate_target)[1]
        self.adam.step(self.stack.backward(trace, seeds).values)
        self.updates += 1
        return worth

    def follow(self, share: float) -> None:
        """The target actor goes a share of the way to what learns."""
        if self.slow is self.stack:
            return
        for name, value in self.slow.values.items():
            value += value.dtype.type(share) * (self.stack.values[name] - value)

    def inward(self, actions: np.ndarray) -> np.ndarray:
        """From the actuator's units to half ranges."""
        scaled: np.ndarray = (actions - self._middle) / self._half
        return scaled

    def outward(self, actions: np.ndarray) -> np.ndarray:
        """From half ranges to the actuator's units."""
        scaled: np.ndarray = self._middle + self._half * actions
        return scaled

    def _run(self, stack: Stack, observations: np.ndarray) -> Trace:
        """Forward, in memory that is used again."""
        key = stack, len(observations)
        self._traces[key] = stack.forward(observations, episode=self.updates, into=self._traces.get(key))
        return self._traces[key]


def require_actor(program: Program, settings: TD3) -> None:
    """TrainingError, with the reason, for a program that cannot be trained by TD3."""
    spec: Any = program.spec
    if not isinstance(spec, ControllerSpec):
        raise TrainingError("td3 trains controllers; this is a network alone, without encoder and decoder")
    if program.discrete:
        raise TrainingError("td3 needs actions that are numbers; these are choices, for which there is method 'evolve'")
    if not isinstance(spec.decoder, Rate | Membrane):
        raise TrainingError(
            f"td3 needs a decoder with a gradient, Rate or Membrane; it is {type(spec.decoder).__name__}"
        )
    if spec.carry != 0.0:
        raise TrainingError(
            f"td3 learns from single steps in any order, so nothing may last from tick to tick; carry is "
            f"{spec.carry:g}, set carry = 0.0"
        )
    if spec.decoder.limits.slew is not None:
        raise TrainingError(
            "td3 learns from single steps in any order, but with a slew limit an action depends on the one before; "
            "leave limits.slew out"
        )
    ranges = sorted({"center", "scale"} & set(settings.train))
    if ranges and running_clip(program) is not None:
        raise TrainingError(
            f"train names {' and '.join(ranges)}, but the encoder's Normalizer has no mean and std of its own, so they "
            "follow the observations; give it some, or train something else"
        )
