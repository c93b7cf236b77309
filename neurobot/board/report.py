"""What quantising costs: rates of layers, actions, saturation, bytes, and time on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurobot.board.activity import activity, fixed_activity
from neurobot.board.boards import BOARDS
from neurobot.board.cost import instructions
from neurobot.board.parts import Cells
from neurobot.board.quantize import Quantized
from neurobot.board.wire import BAUD_RATES, Wire, wire_of
from neurobot.kernels import fixed_ops as fx


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A population.

    Args:
        name: of it.
        neurons: how many.
        rate: spikes of a neuron in a step in floating point, on average.
        rate_fixed: in integers, on the same observations.
        unit: what 1 of v is in the program's unit.
        weight: the largest weight that arrives, of 32767.
    """

    name: str
    neurons: int
    rate: float
    rate_fixed: float
    unit: float
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it.

    Args:
        layers: populations but Input.
        ticks: of the calibration run.
        action_error: root of the mean squared difference of the actions, as a share of their range; of choices, how
            often another one is made. Both see the same observations.
        saturated: membranes and currents that met their bound.
        image_bytes: of the image.
        state_bytes, scratch_bytes: of RAM.
        learning_bytes: of the state, what learning takes: traces, eligibilities and weights; 0 where nothing learns.
        instructions: of a tick, by processor, see `neurobot.board.cost`; empty where something learns.
        wire: of a tick.
        period: control period [s].
        fits: by board: ``RAM``, ``flash`` or ``no``.
    """

    layers: tuple[Layer, ...]
    ticks: int
    action_error: float
    saturated: int
    image_bytes: int
    state_bytes: int
    learning_bytes: int
    scratch_bytes: int
    instructions: dict[str, float]
    wire: Wire
    period: float
    fits: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        layers = [
            {
                "population": x.name, "neurons": x.neurons, "spikes_per_step": x.rate, "spikes_per_step_fixed":
                x.rate_fixed, "unit": x.unit, "largest_weight": x.weight,
            }
            for x in self.layers
        ]  # fmt: skip
        times = {str(baud): self.wire.seconds(baud) for baud in BAUD_RATES}
        return {
            "layers": layers, "calibration_ticks": self.ticks, "action_error": self.action_error,
            "saturated": self.saturated, "image_bytes": self.image_bytes, "state_bytes": self.state_bytes,
            "learning_bytes": self.learning_bytes, "scratch_bytes": self.scratch_bytes, "control_period": self.period,
            "instructions": {name: round(count) for name, count in self.instructions.items()},
            "wire": {"request_bytes": self.wire.request, "answer_bytes": self.wire.answer,
                     "payload_bytes": self.wire.payload, "seconds_at": times},
            "boards": dict(self.fits),
        }  # fmt: skip


def report(quantized: Quantized, episodes: Sequence[np.ndarray]) -> Report:
    """Compare a program with its image on observations, (ticks, n_obs) an episode."""
    program, image = quantized.program, quantized.image
    seen, fixed = activity(program, episodes), fixed_activity(program, episodes)
    layers = tuple(
        Layer(
            name=p.name, neurons=p.n, rate=seen.rates.get(p.name, 0.0), rate_fixed=fixed.rates[p.name], unit=part.unit,
            weight=max((int(np.abs(a.weights.astype(np.int32)).max(initial=0)) for a in part.arrivals), default=0),
        )
        for p, part in zip(program.network.populations, quantized.network.parts, strict=True)
        if isinstance(part, Cells)
    )  # fmt: skip
    size = 4 * image.words.size
    outputs = image.outputs
    error = 0.0
    if len(fixed.actions) and image.discrete:
        error = float((seen.actions != fixed.actions).mean())
    elif len(fixed.actions):
        span = (outputs["high"].astype(float) - outputs["low"]) * outputs["unit"]
        error = float(np.sqrt((((seen.actions - fixed.actions) / span) ** 2).mean()))
    ram = image.ram_bytes
    state, learning = image.header(fx.W_STATE), image.header(fx.W_TRACES) + image.header(fx.W_KEPT)
    spikes = [p.n * program.substeps * fixed.rates[p.name] for p in program.network.populations]
    return Report(
        layers=layers, ticks=len(fixed.actions), action_error=error, saturated=fixed.saturated, image_bytes=size,
        state_bytes=state, learning_bytes=learning, scratch_bytes=ram - state,
        instructions=instructions(image, spikes, fixed.synops), wire=wire_of(image),
        period=program.control_period,
        fits={board.name: board.fits(image) for board in BOARDS},
    )  # fmt: skip
