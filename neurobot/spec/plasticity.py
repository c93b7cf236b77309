"""Short-term plasticity."""

from __future__ import annotations

from dataclasses import dataclass

from neurobot.spec.check import Problems, normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class TsodyksMarkram:
    """Synapses that tire and recover, and those that are facilitated (Tsodyks, Uziel & Markram, J. Neurosci. 20, 2000).

    Of the resources of a presynaptic neuron the share x is ready, and a spike uses the share u of those: it arrives
    with weight w u x. In the form of Maass & Markram (Neural Networks 15, 2002, eq. 4 and 5), as NEST's
    tsodyks2_synapse, with h the time since the neuron's spike before,

        u <- U + u (1 - U) exp(-h / tau_facil);    x <- 1 + (x - u x - 1) exp(-h / tau_rec),

    where the right sides hold u and x of that spike before, so that nothing is to be done between spikes. The first
    spike has u = U and x = 1. x and u are those of when a spike leaves; the delay comes after. `ControllerSpec.carry`
    brings both back towards the start.

    Args:
        u: U, the share that a spike uses at rest, above 0 and up to 1.
        tau_rec: time constant of recovery [s]; 0 is at once.
        tau_facil: time constant of the decay of u [s]; 0 is no facilitation.
    """

    u: float
    tau_rec: float
    tau_facil: float = 0.0

    def __post_init__(self) -> None:
        normalise(self, "u", "tau_rec", "tau_facil")
        problems = Problems("TsodyksMarkram")
        problems.number("u", self.u, above=0.0, high=1.0)
        problems.number("tau_rec", self.tau_rec, low=0.0)
        problems.number("tau_facil", self.tau_facil, low=0.0)
        problems.done()
