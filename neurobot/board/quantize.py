"""From a Program to a Program with an image: a network in integers that does the same (docs/fixed.md, section 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from neurobot.board.activity import Activity, activity
from neurobot.board.assemble import assemble
from neurobot.board.decoding import decoding_of
from neurobot.board.learning import reward_unit, rule_of, same_factor
from neurobot.board.parts import Cells, Delivery, Network, Part, Source
from neurobot.board.scales import Arrival, arrival, cells_of, coefficients_of, scale_of
from neurobot.board.supported import require_supported
from neurobot.core.image import Image
from neurobot.errors import ImageError, SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import FirstSpike, Highest, Membrane
from neurobot.spec.network import Population, Projection
from neurobot.spec.neurons import Input


@dataclass(frozen=True, eq=False)
class Quantized:
    """What came of it.

    Args:
        program: the program, with its image.
        image: that image.
        network: the parts that it was made of.
    """

    program: Program
    image: Image
    network: Network


def quantize(program: Program, episodes: Sequence[np.ndarray] = (), *, reward: float = 1.0) -> Quantized:
    """Make the image of a program.

    Args:
        program: of a controller.
        episodes: observations of a calibration run, (ticks, n_obs) each, see `neurobot.board.calibrate`; scales leave
            membranes and currents 8 times the room that they take on them.
        reward: the largest size of a reward, of a program that learns; room is left for 128 times as much.

    Raises:
        SpecError: something that fixed point does not have, or numbers that do not fit, all with the numbers.
    """
    spec = require_supported(program)
    seen = activity(program, episodes) if episodes else Activity()
    network = _network(program, spec, _with_bounds(program, episodes, seen), reward_unit(reward))
    try:
        image = assemble(network)
    except ImageError as error:
        raise SpecError("fixed point", [str(error)]) from None
    about = {"quantized": {"ticks": len(seen.actions), "arithmetic": fx.ARITHMETIC}}
    return Quantized(program.with_image(image.to_bytes(), **about), image, network)


def _with_bounds(program: Program, episodes: Sequence[np.ndarray], seen: Activity) -> Activity:
    """The room that is taken where weights that are learnt have come to a bound, either of them, too."""
    if not episodes or not program.plastic:
        return seen
    v, i = dict(seen.v), dict(seen.i)
    for bound in (0, 1):
        params = program.params.copy()
        for q in program.plastic:
            limits = program.blocks["params"][f"{q.name}.limits"].of(params)
            program.blocks["params"][f"{q.name}.weights"].of(params)[...] = limits[bound]
        there = activity(program.with_params(params), episodes)
        v = {name: max(x, there.v[name]) for name, x in v.items()}
        i = {name: max(x, there.i[name]) for name, x in i.items()}
    return replace(seen, v=v, i=i)


def _network(program: Program, spec: ControllerSpec, seen: Activity, unit: float) -> Network:
    currents = isinstance(spec.encoder.code, Current)
    parts: list[Part] = []
    scales: dict[str, float] = {}
    for p in spec.network.populations:
        if isinstance(p.model, Input):
            parts.append(Source(n=p.n, fed=p.name == spec.encoder.population and not currents))
            continue
        c = coefficients_of(program, p)
        arrivals = _arrivals(program, spec, p, c.factor)
        scales[p.name] = scale_of(p, c, [a for _, a in arrivals], seen)
        carry = spec.carry if p.carry is None else p.carry
        cells = cells_of(program, p, c, [a for _, a in arrivals], scales[p.name], carry, _count(spec, p))
        parts.append(_learning(program, cells, [q for q, _ in arrivals], c.factor, scales[p.name], unit))
    read = spec.decoder.population
    if read not in scales:
        raise SpecError(
            "fixed point", [f"decoder: {read!r} is an Input population, whose spikes no board has to count"]
        )
    return Network(
        parts=tuple(parts), decoding=decoding_of(program, spec, scales[read]), substeps=spec.substeps,
        n_in=spec.network.population(spec.encoder.population).n, currents=currents, fresh=spec.carry == 0.0,
        period=round(1e6 * spec.control_period), reward_unit=unit,
    )  # fmt: skip


def _learning(
    program: Program, cells: Cells, projections: list[Projection], factor: np.ndarray, scale: float, unit: float
) -> Cells:
    """The population with the rules of what arrives, by these projections."""
    arrivals = [
        replace(d, rule=rule_of(program, q, d, same_factor(q, factor), scale, unit))
        if q.rule is not None and isinstance(d, Delivery)
        else d
        for q, d in zip(projections, cells.arrivals, strict=True)
    ]
    return replace(cells, arrivals=tuple(arrivals))


def _arrivals(
    program: Program, spec: ControllerSpec, p: Population, factor: np.ndarray
) -> list[tuple[Projection, Arrival]]:
    out: list[tuple[Projection, Arrival]] = []
    for q in spec.network.projections:
        if q.post != p.name:
            continue
        held = isinstance(spec.encoder.code, Current) and q.pre == spec.encoder.population
        gain = float(program.param("encoder.gain")[0]) if held else None
        delay = round(q.delay / spec.network.dt)
        limits = (0.0, 0.0) if q.rule is None else (q.rule.w_min, q.rule.w_max)
        bound = float(max(map(abs, limits)) * np.abs(factor).max())
        synapses = program.synapses_of(q.name)
        out += [(q, a) for a in arrival(spec.network.index(q.pre), synapses, factor, delay, gain, bound)]
    return out


def _count(spec: ControllerSpec, p: Population) -> int:
    d = spec.decoder
    if d.population != p.name or isinstance(d, Membrane | Highest):
        return 0
    return 2 if isinstance(d, FirstSpike) else 1
