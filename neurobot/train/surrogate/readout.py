"""From a run to actions, by the controller's own decoder, and gradients back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.core.base import cast_params
from neurobot.errors import SpecError
from neurobot.kernels.bptt_compiled import codec_kernel, short
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec, group_size
from neurobot.spec.decoders import Membrane, Rate
from neurobot.train.surrogate.trace import Seeds, Trace


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder makes of a run.

    Args:
        actions: (ticks, B, n_act) float64, the cores' actions of episodes from their start, in limits and slew.
        wanted: (ticks, B, n_act) what they would be without limits.
    """

    actions: np.ndarray
    wanted: np.ndarray


class Readout:
    """The decoder of a controller, Rate or Membrane.

    Args:
        program: of a controller; its decoder is not trained.
        dtype: ``float32`` or ``float64``, that of the `Stack`.

    Raises:
        SpecError: a network alone, or another decoder.
    """

    def __init__(self, program: Program, dtype: str = "float32") -> None:
        spec = program.spec
        if not isinstance(spec, ControllerSpec) or not isinstance(spec.decoder, Rate | Membrane):
            given = "a network alone" if not isinstance(spec, ControllerSpec) else type(spec.decoder).__name__
            raise SpecError("Readout", [f"the decoder is {given}; Rate and Membrane have a gradient"])
        self._decoder, self._substeps, self._real = spec.decoder, program.substeps, np.dtype(dtype)
        self._name = self._real.name
        cast = program.with_params(cast_params(program, self._real))
        names = ("offset", "gain", "low", "high", "rest", "slew")
        self._params = {name: cast.param(f"decoder.{name}").astype(self._real) for name in names}
        self._size = program.action_size
        self._per = spec.network.population(spec.decoder.population).n // (self._size * group_size(spec.decoder, 1))
        self._tanh = isinstance(spec.decoder, Membrane) and spec.decoder.squash == "tanh"

    def forward(self, trace: Trace) -> Decoded:
        """Actions of a run of whole ticks.

        Raises:
            SpecError: a run that ends within a tick, or actions that are not finite.
        """
        if trace.steps != trace.ticks * self._substeps:
            raise SpecError("Readout", [f"{trace.steps} steps are not whole ticks of {self._substeps}"])
        values = self._values(trace)
        wanted = np.empty((trace.ticks, trace.batch, self._size), self._real)
        actions, p = np.empty(wanted.shape), self._params
        kind = "i8" if values.dtype == np.int64 else short(self._name)
        settings = np.array([self._per, self._decoder.push_pull, self._tanh], np.int64)
        bad = codec_kernel("decode_batch", self._name, kind)(
            values, p["offset"], p["gain"], p["low"], p["high"], p["rest"], p["slew"],
            np.tile(p["rest"], (trace.batch, 1)), wanted, actions, settings,
        )  # fmt: skip
        if bad:
            raise SpecError("Readout", [f"{bad} actions are not finite"])
        return Decoded(actions, wanted)

    def backward(self, trace: Trace, decoded: Decoded, gradient: np.ndarray, *, limits: bool = False) -> Seeds:
        """Seeds of a gradient of the wanted actions, or, with limits, of the actions.

        Through limits there is no gradient where an action is held by them: a network that wants too much would never
        learn to want less. So a loss of what is wanted is the better one to learn from.

        Args:
            trace: of a run.
            decoded: of `forward`.
            gradient: (ticks, B, n_act).
            limits: whether it is that of the actions.
        """
        p, wanted = self._params, decoded.wanted
        up = wanted >= p["rest"]
        scale = np.where(up, p["high"] - p["rest"], p["rest"] - p["low"])
        du = gradient * scale
        if limits:
            du = np.where(decoded.actions == wanted, du, 0.0)
        if self._tanh:
            du = du * (1 - ((wanted - p["rest"]) / scale) ** 2)
        share = (du * p["gain"][0] / self._per)[..., None]
        sides = [share, -share] if self._decoder.push_pull else [share]
        each = np.concatenate([np.repeat(side, self._per, axis=-1) for side in sides], axis=-1)
        flat = each.reshape(trace.ticks, trace.batch, -1)
        name = self._decoder.population
        if isinstance(self._decoder, Rate):
            return Seeds({name: np.repeat(flat, self._substeps, axis=0)})
        v = np.zeros((trace.steps, trace.batch, flat.shape[-1]), self._real)
        v[self._substeps - 1 :: self._substeps] = flat
        return Seeds({}, {name: v})

    def _values(self, trace: Trace) -> np.ndarray:
        """Counts, or membranes at the end of each tick, (ticks, B, n)."""
        name = self._decoder.population
        if isinstance(self._decoder, Membrane):
            return np.ascontiguousarray(trace.v(name)[self._substeps - 1 :: self._substeps])
        z = trace.spikes(name)
        kind = np.int64 if z.dtype == np.uint8 else z.dtype
        counts: np.ndarray = z.reshape(trace.ticks, self._substeps, trace.batch, -1).sum(axis=1, dtype=kind)
        return counts
