"""What the frameworks mean by the nodes they write, as conventions that an import can follow.

NIR's equations leave the step, the integrator and the shape of a spike open, and the exporters fill the fields in ways
of their own. Each profile was read from the framework's exporter and neuron, in the version named beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["exact", "euler"]
SpikeAs = Literal["box", "dirac", "jump"]


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How the numbers of a graph become the update of a step.

    Args:
        method: ``exact`` propagators, or forward ``euler`` (with the current updated before the membrane).
        file_dt: the step [s] that the writer put into time constants; None where it is the dt of the import.
        tau_scale: time constants in the file are this often too small by a factor of file_dt (Norse writes dt tau).
        gain: of an input into v in a step: NIR's ``r`` (1 - alpha), or ``one``, or ``alpha`` (input before decay).
        cuba: gain of the current into v in a step: NIR's ``r``, or ``one``, or ``beta``.
        spike_as: a spike into CubaLIF is a ``box`` of one step, a ``dirac`` pulse of area 1, or makes the current
            ``jump`` by w_in.
        strict: a spike needs v > v_threshold; otherwise v >= v_threshold.
        reset: to v_reset, or by subtraction of the threshold.
        late_reset: the reset acts one step after the spike: a subtraction is scaled by the decay between, and with a
            reset to a value that step's input is lost.
        leaky_keeps_input: no input is lost in LIF that does not project to itself, so its reset to a value is as if
            it acted at once (snnTorch's Leaky, not its RLeaky).
        late_cuba_reset: as late_reset, for CubaLIF.
        latency: steps that a layer's spikes take to leave it, besides those of the graph.
        rewire: the input of a recurrent sub-graph leads to its neurons, also where it is written otherwise.
        if_starts_at_reset: IF starts at v_reset, not at 0.
        about: what else is to be known about this framework's files.
    """

    method: Method = "exact"
    file_dt: float | None = None
    tau_scale: int = 0
    gain: Literal["r", "one", "alpha"] = "r"
    cuba: Literal["r", "one", "beta"] = "r"
    spike_as: SpikeAs = "box"
    strict: bool = True
    reset: Literal["value", "subtract"] = "value"
    late_reset: bool = False
    leaky_keeps_input: bool = False
    late_cuba_reset: bool = False
    latency: int = 0
    rewire: bool = False
    if_starts_at_reset: bool = False
    about: tuple[str, ...] = ()


PLAIN = Convention()
"""NIR as it is written, exactly integrated, spikes held over a step."""

PROFILES = {
    "snntorch": Convention(
        method="euler", file_dt=1e-4, reset="subtract", late_reset=True, late_cuba_reset=True,
        leaky_keeps_input=True,
        about=(
            "snnTorch (1.0.0) writes every file as if its step were 1e-4 s; a step is a step of dt here",
            "snnTorch's files do not say its reset_mechanism or reset_delay; its defaults, subtract and True, are "
            "assumed: give reset= and late_reset= if the model was made otherwise",
        ),
    ),
    "norse": Convention(
        method="euler", tau_scale=1, spike_as="jump", gain="r",
        about=("Norse (1.1.0) writes time constants multiplied by the dt of to_nir; dt here must be the same",),
    ),
    "sinabs": Convention(
        file_dt=1.0, strict=False, reset="subtract",
        about=(
            "Sinabs (3.1.3) writes time constants in steps; a step is a step of dt here",
            "Sinabs' files do not say reset_fn, norm_input or min_v_mem; MembraneSubtract, True and None are assumed",
            "Sinabs' default spike_fn, MultiSpike, can give several spikes in a step, here there is one; the same "
            "spikes are to be expected of SingleSpike only",
        ),
    ),
    "spikingjelly": Convention(
        method="euler", strict=False, if_starts_at_reset=True,
        about=("SpikingJelly (2.0.0) writes the dt of export_to_nir into its fields; dt here must be the same",),
    ),
    "rockpool": Convention(
        gain="one", cuba="beta", spike_as="jump", strict=False, reset="subtract",
        about=(
            "Rockpool (3.1.0) does not export a neuron's bias; 0 is assumed",
            "Rockpool's neurons can give several spikes in a step, here there is one",
        ),
    ),
    "spyx": Convention(
        method="euler", file_dt=1.0, gain="one", cuba="one", spike_as="jump", reset="subtract", late_reset=True,
        latency=1, rewire=True,
        about=(
            "Spyx (1.0.0) writes the dt of to_nir into time constants; its default, 1, is assumed: give file_dt= "
            "for another",
            "a layer of Spyx emits a spike one step after its v crossed the threshold: projections get one step more, "
            "and the spikes of a population here are one step earlier than Spyx returns them",
        ),
    ),
}  # fmt: skip
"""Conventions by the name of the framework."""
