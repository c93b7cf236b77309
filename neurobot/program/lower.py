"""From a spec to an op table: which ops run in which order, and where everything lies.

Lowering looks at sizes and kinds only, never at weights: the layout of a Program follows from its spec and from
the shapes of its synapses. So a program file need not hold offsets, and a hostile one cannot forge them.
"""

from __future__ import annotations

from neurobot.program import lower_codec as codec
from neurobot.program.lower_population import blocks, population
from neurobot.program.lower_rule import ahead, behind, rule_blocks
from neurobot.program.lowered import Lowered, Shape
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.network import NetworkSpec


def lower(spec: ControllerSpec | NetworkSpec, shapes: dict[str, Shape]) -> Lowered:
    """Lay a spec out.

    Index arrays lie behind the rows, whose number is known after a first pass.

    Args:
        spec: resolved.
        shapes: of every projection's synapses, by name.

    Raises:
        SpecError: an arena grows too large.
    """
    return _lay_out(Lowered(spec, shapes, _lay_out(Lowered(spec, shapes)).rows))


def _lay_out(low: Lowered) -> Lowered:
    """One pass over a spec. Blocks first, because ops hold their offsets."""
    for p in low.network.populations:
        blocks(low, p)
    for q in low.network.projections:
        if q.rule is not None:
            rule_blocks(low, q)
    ahead(low)
    if isinstance(low.spec, ControllerSpec):
        codec.encoder(low, low.spec)
    for p in low.network.populations:
        population(low, p)
    behind(low)
    if isinstance(low.spec, ControllerSpec):
        codec.decoder(low, low.spec)
        codec.carry(low, low.spec)
    return low
