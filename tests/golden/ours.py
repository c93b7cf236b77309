"""Our side of the networks of `tests.golden.networks`, and the recorded files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import neurobot as nb
from neurobot.simulation import SpikeTrain
from neurobot.spec import LIF, CubaLIF, Input, NetworkSpec, Population, Projection, Sparse
from neurobot.spec.network import Model
from tests.golden.networks import DT, STEPS, Network, Synapses

PEERS = Path(__file__).parent / "peers"


def recorded(name: str, network: Network | None = None) -> dict[str, np.ndarray]:
    """A recorded file; with a network, one that was recorded with it."""
    with np.load(PEERS / f"{name}.npz", allow_pickle=False) as file:
        arrays = {key: file[key] for key in file.files}
    assert network is None or str(arrays["digest"]) == network.digest, "the network is not the one that was recorded"
    return arrays


def membranes(network: Network) -> dict[str, object]:
    """The arguments that all our models share, but for t_ref."""
    return {name: network.cell[name] for name in ("tau_mem", "v_leak", "v_threshold", "v_reset")}


def jump_model(network: Network, **kind: object) -> LIF:
    """LIF with a jump at every spike."""
    return LIF(t_ref=network.cell["refractory"] * DT, **membranes(network), **kind)


def current_model(network: Network, **kind: object) -> CubaLIF:
    """CubaLIF; weights in ampere where a capacitance is given, else in volts."""
    cell = network.cell
    gain = {"r": cell["tau_mem"] / cell["c_mem"]} if "c_mem" in cell else {}
    taus = {"tau_syn": cell["tau_syn"], "tau_syn_in": cell["tau_syn_in"]}
    arguments = {"t_ref": cell["refractory"] * DT, **membranes(network), **taus, **gain, **kind}
    return CubaLIF(**{name: _shared(values) for name, values in arguments.items()})


def _shared(values: object) -> object:
    """One number where all neurons have the same."""
    same = isinstance(values, np.ndarray) and values.size and (values == values[0]).all()
    return float(values[0]) if same else values


def projections(
    pre: str, synapses: Synapses, later: int, receptors: bool, post: str = "cells"
) -> tuple[Projection, ...]:
    """Synapses as projections; with two receptors the negative ones end at the inhibitory one."""
    sides = ("excitatory", "inhibitory") if receptors else ("excitatory",)
    out = []
    for side in sides:
        some = synapses.where((synapses.weight < 0) == (side == "inhibitory")) if receptors else synapses
        if some.pre.size:
            delays = (some.delay + later) * DT
            one = float(delays[0]) if (delays == delays[0]).all() else None
            weights = Sparse(some.post, some.pre, some.weight, delays if one is None else None)
            out.append(Projection(pre, post, weights, one or 0.0, receptor=side))
    return tuple(out)


def spec_of(network: Network, model: Model, later: int = 0, receptors: bool = False, **cells: object) -> NetworkSpec:
    """The network with a model of ours, `later` steps added to every delay; `cells` are arguments of Population."""
    populations = [Population("cells", network.n, model, v_init=network.cell["v_init"], **cells)]
    between = projections("cells", network.recurrent, later, receptors)
    if network.sources:
        populations.insert(0, Population("in", network.sources, Input()))
        between += projections("in", network.external, later, receptors)
    return NetworkSpec(DT, tuple(populations), between)


def nest_bias(network: Network) -> np.ndarray:
    """NEST's I_e [A], (n,)."""
    return network.cell["drive"] * network.cell["c_mem"] / network.cell["tau_mem"]


def nest_psc_delta(network: Network) -> NetworkSpec:
    """NEST's iaf_psc_delta: delay and t_ref are NEST's."""
    return spec_of(network, jump_model(network, input="jump"), bias=network.cell["drive"])


def nest_psc_exp(network: Network) -> NetworkSpec:
    """NEST's iaf_psc_exp: delay and t_ref are NEST's."""
    return spec_of(network, current_model(network, input="end"), receptors=True, bias=nest_bias(network))


def brian2_jump(network: Network) -> NetworkSpec:
    """Brian2's `v += w`: delays are Brian2's + dt, which is what a `Network` holds; t_ref is Brian2's."""
    return spec_of(network, jump_model(network, input="jump_then_decay"), bias=network.cell["drive"])


def brian2_current(network: Network) -> NetworkSpec:
    """Brian2's `ge += w`, `gi += w`: delays as for `brian2_jump`; t_ref is Brian2's - dt."""
    model = current_model(network, input="start", t_ref=np.maximum(network.cell["refractory"] - 1, 0) * DT)
    return spec_of(network, model, receptors=True, bias=network.cell["drive"])


OURS: dict[str, Callable[[Network], NetworkSpec]] = {
    "nest_psc_delta": nest_psc_delta,
    "nest_psc_exp": nest_psc_exp,
    "nest_psc_exp_equal": nest_psc_exp,
    "nest_psc_exp_alike": nest_psc_exp,
    "brian2_jump": brian2_jump,
    "brian2_current": brian2_current,
}
"""Our network by the name of a recorded file."""


def run(network: Network, spec: NetworkSpec, record: tuple[str, ...] = (), steps: int = STEPS) -> nb.Simulation:
    """Simulate it in float64 with the network's spikes from outside."""
    inputs = {}
    if network.sources:
        train = network.train[network.train[:, 0] < steps]
        inputs["in"] = SpikeTrain(times=train[:, 0] * DT, neurons=train[:, 1])
    return nb.simulate(nb.build(spec), inputs, steps * DT, record=record, dtype="float64")


def spikes_of(result: nb.Simulation) -> np.ndarray:
    """(m, 2) (step, neuron) of the population `cells`."""
    spikes = result.spikes["cells"]
    return np.stack([spikes.steps, spikes.neurons], 1)


def assert_same_spikes(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal, or tell the first difference."""
    m = min(len(ours), len(theirs))
    other = np.flatnonzero((ours[:m] != theirs[:m]).any(1))
    first = f"; the first that differs is {ours[other[0]]} against {theirs[other[0]]}" if other.size else ""
    assert len(ours) == len(theirs) and not other.size, f"{len(ours)} spikes against {len(theirs)}{first}"
