"""What is recorded from Brian2; see `tests.golden.make` for the format of the files."""

from __future__ import annotations

from dataclasses import replace

import brian2
import numpy as np

from tests.golden.make.brian2_run import DEFAULT, MODELS, RESETS_FIRST, run
from tests.golden.make.save import save
from tests.golden.networks import NETWORKS, Network, tutorial, uncoupled

SEED = 2
TRACED, TRACE_STEPS = 2, 1000
MADE_BY = f"Brian2 {brian2.__version__} exact"
VARIABLES = {
    "current": ("v", "ge"), "adaptive_current": ("v", "a"), "adaptive_threshold": ("v", "theta"),
    "adaptive_both": ("v", "a", "theta"),
}  # fmt: skip


def without_refractoriness(network: Network) -> Network:
    """The same network with refractory times of 0."""
    return replace(network, cell=network.cell | {"refractory": np.zeros(network.n, np.int64)})


def record_schedules() -> None:
    """Jumps of v, with refractory times and without, with resets before synapses and in the default order."""
    network = NETWORKS["psc_delta"](SEED)
    free = without_refractoriness(network)
    out = {
        "spikes": run("jump", network)["spikes"],
        "default_schedule": run("jump", network, DEFAULT)["spikes"],
        "free": run("jump", free)["spikes"],
        "free_default_schedule": run("jump", free, DEFAULT)["spikes"],
        "v": run("jump", uncoupled(network, TRACED), RESETS_FIRST, ("v",), TRACE_STEPS)["v"],
    }
    save("brian2_jump", MADE_BY, network.digest, out)


def record_network(model: str, name: str) -> None:
    """A recurrent network's spikes, and two neurons' traces without recurrence."""
    network = NETWORKS[name](SEED)
    out = {"spikes": run(model, network)["spikes"]}
    traced = run(model, uncoupled(network, TRACED), record=VARIABLES[model], steps=TRACE_STEPS)
    save(f"brian2_{model}", MADE_BY, network.digest, out | {v: traced[v] for v in VARIABLES[model]})


def record_tutorial() -> None:
    """Ten neurons for 1 s with a drive and a strong or a weak jump, 0.05 s without drive; v of 0.05 s."""
    driven, weak, silent = tutorial(), tutorial(w=0.2e-3), tutorial(drive=False)
    out = {"spikes": run("jump", driven, DEFAULT)["spikes"], "v": run("jump", driven, RESETS_FIRST, ("v",), 500)["v"]}
    out["spikes_weak"] = run("jump", weak, DEFAULT)["spikes"]
    out |= {f"{key}_silent": values for key, values in run("jump", silent, record=("v",), steps=500).items()}
    save("brian2_tutorial", MADE_BY, driven.digest, out)


def main() -> None:
    """Record everything."""
    record_schedules()
    record_network("current", "current")
    for model in MODELS:
        if model.startswith("adaptive"):
            record_network(model, "adaptive")
    record_tutorial()
