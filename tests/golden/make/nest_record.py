"""What is recorded from NEST; see `tests.golden.make` for the format of the files."""

from __future__ import annotations

from typing import Any

import nest
import numpy as np

from tests.golden.make.nest_run import MODELS, MS, begin, connect, run, traces
from tests.golden.make.save import save
from tests.golden.networks import NETWORKS, STP, Synapses, stp_train, uncoupled

VERSION = nest.__version__
SEED = 1
TRACED, TRACE_STEPS = 2, 1000
VARIABLES: dict[str, tuple[str, ...]] = {
    "psc_delta": ("V_m",),
    "psc_exp": ("V_m", "I_syn_ex"),
    "psc_alpha": ("V_m", "I_syn_ex"),
    "cond_exp": ("V_m", "g_ex"),
    "aeif_cond_exp": ("V_m", "w"),
    "aeif_psc_exp": ("V_m", "w"),
    "izhikevich": ("V_m", "U_m"),
}


def record_network(name: str, file: str = "", **extra: Any) -> None:
    """A recurrent network's spikes, the same neurons' without recurrence, and two neurons' traces."""
    network = NETWORKS[name](SEED)
    out = {"spikes": run(name, network, **extra)["spikes"]}
    if name in VARIABLES:
        out["uncoupled"] = run(name, uncoupled(network, network.n), **extra)["spikes"]
        traced = run(name, uncoupled(network, TRACED), VARIABLES[name], TRACE_STEPS, **extra)
        out |= {variable: traced[variable] for variable in VARIABLES[name]}
        if name.startswith("aeif"):  # the default tolerance leaves 0.01 mV in the upswing
            tight = run(name, uncoupled(network, TRACED), VARIABLES[name], TRACE_STEPS, gsl_error_tol=1e-12)
            out |= {f"{variable}_tight": tight[variable] for variable in VARIABLES[name]}
    save(f"nest_{file or name}", f"NEST {VERSION} {MODELS[name][0]}", network.digest, out)


def record_stp() -> None:
    """V_m of a neuron per set of parameters that a train of spikes reaches through a synapse of Tsodyks and Markram."""
    out = {}
    for synapse, model in (
        ("tsodyks2_synapse", "iaf_psc_delta"), ("tsodyks2_synapse", "iaf_psc_exp"), ("tsodyks_synapse", "iaf_psc_exp"),
    ):  # fmt: skip
        begin()
        # a generator takes static synapses only, so a parrot repeats its spikes 1 ms later
        generator = nest.Create("spike_generator", params={"spike_times": np.round((stp_train() - 9) * MS, 1).tolist()})
        source = nest.Create("parrot_neuron")
        nest.Connect(generator, source, syn_spec={"delay": 1.0})
        high = {"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1e6, "tau_m": 10.0, "C_m": 250.0}
        nodes = nest.Create(model, len(STP), params=high if model == "iaf_psc_delta" else high | {"tau_syn_ex": 3.0})
        meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": MS})
        nest.Connect(meter, nodes)
        for node, (big_u, tau_rec, tau_facil) in zip(nodes, STP, strict=True):
            spec = {"synapse_model": synapse, "weight": 100.0, "delay": 0.3, "U": big_u, "u": big_u}
            spec |= {"tau_rec": tau_rec * 1e3, "tau_fac": tau_facil * 1e3, "x": 1.0}
            if synapse == "tsodyks_synapse":  # u decays to 0 between spikes there, and rises by U (1 - u) before one
                spec |= {"u": 0.0, "tau_psc": 3.0}
            nest.Connect(source, node, syn_spec=spec)
        nest.Simulate(400.0)
        short = f"{synapse.removesuffix('_synapse')}_{model.removeprefix('iaf_')}"
        out[short] = traces(meter.events, ("V_m",), nodes[0].global_id, len(STP), 2000)["V_m"]
    save("nest_stp", f"NEST {VERSION} tsodyks_synapse, tsodyks2_synapse", "", out)


def record_noise() -> None:
    """Mean and variance of V_m over 4,000 neurons and 20 instants under a Gaussian current held for 0.1 or 1 ms."""
    out = {}
    for held in (0.1, 1.0):
        begin()
        nest.set(rng_seed=7)
        cell = {"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 1e6, "tau_m": 10.0, "C_m": 250.0, "I_e": 0.0}
        nodes = nest.Create("iaf_psc_delta", 4000, params=cell)
        noise = nest.Create("noise_generator", params={"mean": 100.0, "std": 200.0, "dt": held})
        nest.Connect(noise, nodes)
        meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 50.0, "start": 100.0})
        nest.Connect(meter, nodes)
        nest.Simulate(1100.0)
        v = meter.events["V_m"].reshape(-1, 4000)
        out[f"mean_{held}ms"] = np.array([v.mean(), v.std() / np.sqrt(v.size)])
        out[f"variance_{held}ms"] = np.array([v.var(), v.var() * np.sqrt(2 / v.size)])
        out[f"instants_{held}ms"] = np.array(len(v))
    save("nest_noise", f"NEST {VERSION} noise_generator, iaf_psc_delta", "", out)


def record_conventions() -> None:
    """One neuron, one spike: the step at which each convention shows."""
    out: dict[str, Any] = {}
    begin()
    source = nest.Create("spike_generator", params={"spike_times": [1.0]})
    cell = {"E_L": 0.0, "V_m": 0.0, "V_reset": 0.0, "V_th": 10.0, "tau_m": 10.0, "C_m": 250.0, "I_e": 0.0}
    for name, weight in (("tie", 10.0), ("below", np.nextafter(10.0, 0.0))):
        node = nest.Create("iaf_psc_delta", params=cell | {"t_ref": 0.5})
        recorder = nest.Create("spike_recorder", params={"time_in_steps": True})
        nest.Connect(node, recorder)
        connect(source, node, Synapses(np.zeros(1, int), np.zeros(1, int), np.array([weight]), np.array([3])), 1.0)
        out[name] = recorder
    nest.Simulate(5.0)
    events = {name: np.asarray(r.events["times"]) for name, r in out.items()}
    save("nest_conventions", f"NEST {VERSION} iaf_psc_delta", "", events)


def main() -> None:
    """Record everything."""
    for name in MODELS:
        record_network(name)
    record_network("izhikevich", "izhikevich_2003", consistent_integration=False)
    record_stp()
    record_noise()
    record_conventions()
