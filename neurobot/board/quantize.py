"""From a Program to a Program with an image: a network in integers that does the same (docs/fixed.md, section 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurobot.board.activity import Activity, activity
from neurobot.board.assemble import assemble
from neurobot.board.decoding import decoding_of
from neurobot.board.parts import Network, Part, Source
from neurobot.board.scales import Arrival, arrival, cells_of, coefficients_of, scale_of
from neurobot.board.supported import require_supported
from neurobot.core.image import Image
from neurobot.errors import ImageError, SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import FirstSpike, Highest, Membrane
from neurobot.spec.network import Population
from neurobot.spec.neurons import Input


@dataclass(frozen=True, eq=False)
class Quantized:
    """What came of it.

    Args:
        program: the program, with its image.
        image: that image.
        network: the parts that it was made of.
        seen: what the program did in the calibration run.
    """

    program: Program
    image: Image
    network: Network
    seen: Activity


def quantize(program: Program, episodes: Sequence[np.ndarray] = ()) -> Quantized:
    """Make the image of a program.

    Args:
        program: of a controller.
        episodes: observations of a calibration run, (ticks, n_obs) each, see `neurobot.board.calibrate`; scales leave
            membranes and currents 8 times the room that they take on them.

    Raises:
        SpecError: something that fixed point does not have, or numbers that do not fit, all with the numbers.
    """
    spec = require_supported(program)
    seen = activity(program, episodes) if episodes else Activity()
    network = _network(program, spec, seen)
    try:
        image = assemble(network)
    except ImageError as error:
        raise SpecError("fixed point", [str(error)]) from None
    about = {"quantized": {"ticks": len(seen.actions), "arithmetic": fx.ARITHMETIC}}
    return Quantized(program.with_image(image.to_bytes(), **about), image, network, seen)


def _network(program: Program, spec: ControllerSpec, seen: Activity) -> Network:
    currents = isinstance(spec.encoder.code, Current)
    parts: list[Part] = []
    scales: dict[str, float] = {}
    for p in spec.network.populations:
        if isinstance(p.model, Input):
            parts.append(Source(n=p.n, fed=p.name == spec.encoder.population and not currents))
            continue
        c = coefficients_of(program, p)
        arrivals = _arrivals(program, spec, p, c.factor)
        scales[p.name] = scale_of(p, c, arrivals, seen)
        carry = spec.carry if p.carry is None else p.carry
        parts.append(cells_of(program, p, c, arrivals, scales[p.name], carry, _count(spec, p)))
    read = spec.decoder.population
    if read not in scales:
        raise SpecError(
            "fixed point", [f"decoder: {read!r} is an Input population, whose spikes no board has to count"]
        )
    return Network(
        parts=tuple(parts), decoding=decoding_of(program, spec, scales[read]), substeps=spec.substeps,
        n_in=spec.network.population(spec.encoder.population).n, currents=currents, fresh=spec.carry == 0.0,
        period=round(1e6 * spec.control_period),
    )  # fmt: skip


def _arrivals(program: Program, spec: ControllerSpec, p: Population, factor: np.ndarray) -> list[Arrival]:
    out = []
    for q in spec.network.projections:
        if q.post != p.name:
            continue
        held = isinstance(spec.encoder.code, Current) and q.pre == spec.encoder.population
        gain = float(program.param("encoder.gain")[0]) if held else None
        delay = round(q.delay / spec.network.dt)
        out += arrival(spec.network.index(q.pre), program.synapses_of(q.name), factor, delay, gain)
    return out


def _count(spec: ControllerSpec, p: Population) -> int:
    d = spec.decoder
    if d.population != p.name or isinstance(d, Membrane | Highest):
        return 0
    return 2 if isinstance(d, FirstSpike) else 1
