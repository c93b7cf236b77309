"""What is recorded of NEST's synapses that learn; see `tests.golden.make` for the format of the file."""

from __future__ import annotations

from typing import Any

import nest
import numpy as np

from tests.golden.learning import DENDRITE, NEST_RULES, NEST_STEPS, nest_trains
from tests.golden.make.nest_run import MS, begin
from tests.golden.make.save import save


def parrot(steps: np.ndarray, **own: Any) -> Any:
    """A neuron that spikes in some steps: one step after its generator."""
    generator = nest.Create("spike_generator", params={"spike_times": np.round(steps * MS, 1).tolist()})
    node = nest.Create("parrot_neuron", params=own)
    nest.Connect(generator, node, syn_spec={"delay": MS})
    return node


def run(name: str, seed: int) -> dict[str, np.ndarray]:
    """Steps of the presynaptic spikes, and the weight at each of them."""
    synapse, parameters, weight = NEST_RULES[name]
    begin()
    pre, post, dopamine = nest_trains(seed)
    own = {"tau_minus": parameters.get("tau", 33.7)} | ({"tau_minus_triplet": 125.0} if name == "triplet" else {})
    source, target = parrot(pre), parrot(post - DENDRITE, **own)
    recorder = nest.Create("weight_recorder")
    parameters = parameters | {"weight_recorder": recorder}
    if name == "dopamine":
        transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1})
        nest.Connect(parrot(dopamine), transmitter, syn_spec={"delay": MS})
        parameters |= {"volume_transmitter": transmitter}
    nest.CopyModel(synapse, "learning", parameters)
    nest.Connect(
        source,
        target,
        syn_spec={"synapse_model": "learning", "weight": weight, "delay": DENDRITE * MS, "receptor_type": 1},
    )
    nest.Simulate(NEST_STEPS * MS)
    events = recorder.events
    steps = np.rint(np.asarray(events["times"]) / MS).astype(np.int32)
    return {f"{name}_steps": steps, f"{name}_weights": np.asarray(events["weights"])}


def main() -> None:
    """Record everything."""
    out: dict[str, np.ndarray] = {}
    for seed, name in enumerate(NEST_RULES):
        out |= run(name, seed)
    save(
        "nest_learning", f"NEST {nest.__version__} {', '.join(sorted({s for s, _, _ in NEST_RULES.values()}))}", "", out
    )
