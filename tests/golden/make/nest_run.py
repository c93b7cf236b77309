"""Runs a network of `tests.golden.networks` in NEST, one thread, steps of 0.1 ms.

NEST counts in ms, mV, pF, pA and nS. A spike that the update of step k finds is stamped with its end, (k + 1) dt;
in our count it is in step k. So a source that is to spike in our step k has the stamp (k + 1) dt, and with a
delay of d steps its spike is part of the update of step k + d, as ours. A multimeter's value at (k + 1) dt is
the state after step k.
"""

from __future__ import annotations

from typing import Any

import nest
import numpy as np

from tests.golden.networks import STEPS, Network, Synapses

MS = 0.1
"""Length of a step [ms]."""

LINEAR = {
    "tau_m": ("tau_mem", 1e3), "E_L": ("v_leak", 1e3), "V_th": ("v_threshold", 1e3), "V_reset": ("v_reset", 1e3),
    "V_m": ("v_init", 1e3),
}  # fmt: skip
CURRENT = {**LINEAR, "C_m": ("c_mem", 1e12), "tau_syn_ex": ("tau_syn", 1e3), "tau_syn_in": ("tau_syn_in", 1e3)}
CONDUCTANCE = {name: CURRENT[name] for name in CURRENT if name != "tau_m"} | {
    "g_L": ("g_leak", 1e9), "E_ex": ("e_ex", 1e3), "E_in": ("e_in", 1e3),
}  # fmt: skip
AEIF = CONDUCTANCE | {
    "Delta_T": ("delta", 1e3), "V_peak": ("v_peak", 1e3), "a": ("a", 1e9), "b": ("b", 1e12), "tau_w": ("tau_w", 1e3),
}  # fmt: skip
AEIF_CURRENT = {name: AEIF[name] for name in AEIF if name not in ("E_ex", "E_in")}
IZHIKEVICH = {
    "a": ("a", 1), "b": ("b", 1), "c": ("c", 1), "d": ("d", 1), "V_m": ("v_init", 1), "U_m": ("u_init", 1),
    "I_e": ("drive", 1),
}  # fmt: skip

MODELS: dict[str, tuple[str, dict[str, tuple[str, float]], float]] = {
    "psc_delta": ("iaf_psc_delta", LINEAR, 1e3),
    "psc_exp": ("iaf_psc_exp", CURRENT, 1e12),
    "psc_exp_equal": ("iaf_psc_exp", CURRENT, 1e12),
    "psc_exp_alike": ("iaf_psc_exp", CURRENT, 1e12),
    "psc_alpha": ("iaf_psc_alpha", CURRENT, 1e12),
    "cond_exp": ("iaf_cond_exp", CONDUCTANCE, 1e9),
    "aeif_cond_exp": ("aeif_cond_exp", AEIF, 1e9),
    "aeif_psc_exp": ("aeif_psc_exp", AEIF_CURRENT, 1e12),
    "izhikevich": ("izhikevich", IZHIKEVICH, 1.0),
}
"""By network: NEST's model, its parameters with our name and factor, and the factor of a weight."""


def begin() -> None:
    """An empty NEST."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=MS, local_num_threads=1)


def cells(name: str, network: Network, **extra: Any) -> Any:
    """The neurons of a network; `extra` are NEST's own parameters."""
    model, parameters, _ = MODELS[name]
    values = {theirs: network.cell[ours] * factor for theirs, (ours, factor) in parameters.items()}
    if "refractory" in network.cell:
        values["t_ref"] = network.cell["refractory"] * MS
    if name == "psc_delta":
        values["C_m"] = np.full(network.n, 250.0)
    if "drive" in network.cell and "I_e" not in values:  # a current times r = tau_mem / c_mem is our drive
        c_mem = values["C_m"]
        values["I_e"] = network.cell["drive"] * 1e3 * c_mem / (network.cell["tau_mem"] * 1e3)
    nodes = nest.Create(model, network.n, params=extra)
    nodes.set({theirs: v.tolist() for theirs, v in values.items()})
    return nodes


def connect(pre: Any, post: Any, synapses: Synapses, factor: float) -> None:
    """Synapses by their indices, delays in whole steps."""
    if synapses.pre.size:
        ids = np.array(pre.tolist())[synapses.pre], np.array(post.tolist())[synapses.post]
        spec = {"weight": synapses.weight * factor, "delay": synapses.delay * MS}
        nest.Connect(*ids, "one_to_one", spec)


def sources(network: Network) -> Any:
    """A spike generator per source."""
    nodes = nest.Create("spike_generator", network.sources)
    for j, node in enumerate(nodes):
        times = (np.sort(network.train[network.train[:, 1] == j, 0]) + 1) * MS
        node.set(spike_times=np.round(times, 1).tolist())
    return nodes


def run(name: str, network: Network, record: tuple[str, ...] = (), steps: int = STEPS, **extra: Any) -> dict:
    """Spikes as (m, 2) int32 (step, neuron), sorted, and what is recorded as (steps, n) in NEST's units."""
    begin()
    nodes, factor = cells(name, network, **extra), MODELS[name][2]
    connect(nodes, nodes, network.recurrent, factor)
    if network.sources:
        connect(sources(network), nodes, network.external, factor)
    recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
    nest.Connect(nodes, recorder)
    out: dict[str, np.ndarray] = {}
    if record:
        meter = nest.Create("multimeter", params={"record_from": list(record), "interval": MS})
        nest.Connect(meter, nodes)
    nest.Simulate((steps + 2 * max(10, 60)) * MS)  # the recorder gets a spike a delay later
    events = recorder.events
    out["spikes"] = in_order(events["times"] - 1, events["senders"] - nodes[0].global_id, steps)
    if record:
        out |= traces(meter.events, record, nodes[0].global_id, network.n, steps)
    return out


def in_order(step: np.ndarray, neuron: np.ndarray, steps: int) -> np.ndarray:
    """(m, 2) int32 (step, neuron) of the first steps, sorted."""
    spikes = np.stack([step, neuron], 1).astype(np.int32)
    spikes = spikes[spikes[:, 0] < steps]
    return spikes[np.lexsort((spikes[:, 1], spikes[:, 0]))]


def traces(events: dict, record: tuple[str, ...], first: int, n: int, steps: int) -> dict[str, np.ndarray]:
    """What a multimeter recorded, (steps, n) each."""
    at = np.rint(events["times"] / MS).astype(int) - 1, events["senders"] - first
    out = {}
    for name in record:
        full = np.full((at[0].max() + 1, n), np.nan)
        full[at] = events[name]
        out[name] = full[:steps]
    return out
