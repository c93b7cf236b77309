"""Runs a network of `tests.golden.networks` in Brian2, its NumPy target, steps of 0.1 ms, method="exact".

Brian2's step k is: update the state from k dt to (k + 1) dt, test thresholds, deliver spikes, reset; with a
schedule that has resets before synapses the last two change places. A spike found in step k is stamped k dt, as
ours is in step k. A spike with delay d is added to v after the update of step k + d, so that it meets its first
decay in step k + d + 1: our delay is theirs + dt.

`not_refractory` is false from the test that finds a spike, and is computed anew at the start of each step as (steps
since the spike) >= t_ref / dt. So `unless refractory` skips t_ref / dt - 1 updates. It also protects v from synapses:
input of the t_ref / dt steps from the spike's own on is dropped.
"""

from __future__ import annotations

import brian2 as b2
import numpy as np

from tests.golden.networks import DT, STEPS, Network, Synapses

b2.prefs.codegen.target = "numpy"
b2.prefs.logging.console_log_level = "ERROR"

JUMP = """
dv/dt = (v_leak + drive - v) / tau_mem : volt (unless refractory)
"""
CURRENT = """
dv/dt = (v_leak + drive + ge + gi - v) / tau_mem : volt (unless refractory)
dge/dt = -ge / tau_syn : volt
dgi/dt = -gi / tau_syn_in : volt
tau_syn : second (constant)
tau_syn_in : second (constant)
"""
ADAPTIVE_CURRENT = """
dv/dt = (v_leak + drive - a - v) / tau_mem : volt (unless refractory)
da/dt = -a / tau_w : volt
b : volt (constant)
tau_w : second (constant)
"""
ADAPTIVE_THRESHOLD = """
dv/dt = (v_leak + drive - v) / tau_mem : volt (unless refractory)
dtheta/dt = -theta / tau_theta : volt
beta : volt (constant)
tau_theta : second (constant)
"""
ADAPTIVE_BOTH = """
dv/dt = (v_leak + drive - a - v) / tau_mem : volt (unless refractory)
da/dt = -a / tau_w : volt
dtheta/dt = -theta / tau_theta : volt
b : volt (constant)
tau_w : second (constant)
beta : volt (constant)
tau_theta : second (constant)
"""
COMMON = """
v_leak : volt (constant)
drive : volt (constant)
tau_mem : second (constant)
v_threshold : volt (constant)
v_reset : volt (constant)
t_ref : second (constant)
"""
RESETS_FIRST = ["start", "groups", "thresholds", "resets", "synapses", "end"]
DEFAULT = ["start", "groups", "thresholds", "synapses", "resets", "end"]

MODELS = {
    "jump": (JUMP, "v > v_threshold", "v = v_reset"),
    "current": (CURRENT, "v > v_threshold", "v = v_reset"),
    "adaptive_current": (ADAPTIVE_CURRENT, "v > v_threshold", "v = v_reset; a += b"),
    "adaptive_threshold": (ADAPTIVE_THRESHOLD, "v > v_threshold + theta", "v = v_reset; theta += beta"),
    "adaptive_both": (ADAPTIVE_BOTH, "v > v_threshold + theta", "v = v_reset; a += b; theta += beta"),
}
"""By name: equations, threshold, reset."""


def cells(model: str, network: Network) -> b2.NeuronGroup:
    """The neurons of a network; without refractoriness where a network's refractory steps are all 0."""
    equations, threshold, reset = MODELS[model]
    refractory = network.cell["refractory"]
    equations = equations if refractory.any() else equations.replace("(unless refractory)", "")
    group = b2.NeuronGroup(
        network.n, equations + COMMON, threshold=threshold, reset=reset, method="exact",
        refractory="t_ref" if refractory.any() else False,
    )  # fmt: skip
    group.v_ = network.cell["v_init"]
    group.t_ref_ = refractory * DT
    for name, values in network.cell.items():
        if name in group.variables and name not in ("v", "t_ref"):
            setattr(group, f"{name}_", values)
    return group


def connect(pre: b2.Group, post: b2.Group, synapses: Synapses, on_pre: str) -> b2.Synapses:
    """Synapses by their indices; Brian2's delay is ours - dt."""
    out = b2.Synapses(pre, post, "w : volt", on_pre=on_pre)
    out.connect(i=synapses.pre, j=synapses.post)
    out.w_ = synapses.weight
    out.delay_ = (synapses.delay - 1) * DT
    return out


def sources(network: Network) -> b2.SpikeGeneratorGroup:
    """The spike trains from outside, a spike of step k at k dt."""
    return b2.SpikeGeneratorGroup(network.sources, network.train[:, 1], network.train[:, 0] * DT * b2.second)


def run(
    model: str,
    network: Network,
    schedule: list[str] = RESETS_FIRST,
    record: tuple[str, ...] = (),
    steps: int = STEPS,
) -> dict[str, np.ndarray]:
    """Spikes as (m, 2) int32 (step, neuron), sorted, and what is recorded as (steps, n) in SI units.

    Traces are taken after the reset of a step and before its spikes are delivered.
    """
    b2.start_scope()
    b2.defaultclock.dt = DT * b2.second
    group = cells(model, network)
    parts: list[object] = [group]
    outside = [(sources(network), network.external)] if network.sources else []
    for pre, synapses in [(group, network.recurrent), *outside]:
        for name, sign in (("ge", 1), ("gi", -1)) if model == "current" else (("v", 0),):
            some = synapses.where(np.sign(synapses.weight) == sign) if sign else synapses
            if some.pre.size:
                parts.append(connect(pre, group, some, f"{name}_post += w"))
        parts += [] if pre is group else [pre]
    spikes = b2.SpikeMonitor(group)
    parts.append(spikes)
    trace = b2.StateMonitor(group, list(record), record=True, when="resets", order=1) if record else None
    simulation = b2.Network(*parts, *([] if trace is None else [trace]))
    simulation.schedule = schedule
    simulation.run(steps * DT * b2.second)
    found = np.stack([np.rint(np.asarray(spikes.t) / DT), np.asarray(spikes.i)], 1).astype(np.int32)
    out = {"spikes": found[np.lexsort((found[:, 1], found[:, 0]))]}
    return out | {name: getattr(trace, f"{name}_").T.copy() for name in record}
