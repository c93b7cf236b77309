"""BindsNET: a Network with LIFNodes, run for ten steps a tick. Every connection of its takes a step."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from bindsnet.network import Network, monitors, nodes, topology

from benchmarks.timing import per_call

VERSIONS = {"BindsNET": f"{version('bindsnet')} (torch {torch.__version__})"}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    network, watched = _network(data)
    inputs = list(torch.from_numpy(data["spikes"].astype(np.float32)).unsqueeze(2))
    steps = inputs[0].shape[0]

    def tick(rows: Any) -> np.ndarray:
        network.run({"in": rows}, time=steps)
        return watched["out"].get("s").sum(0).numpy()  # type: ignore[no-any-return]

    def count() -> dict[str, int]:
        network.reset_state_variables()
        found = dict.fromkeys(watched, 0)
        for rows in inputs:
            tick(rows)
            for name, monitor in watched.items():
                found[name] += int(monitor.get("s").sum())
        return found

    spikes = count()
    return lambda: {"seconds": per_call(network.reset_state_variables, tick, inputs), "spikes": spikes}


def _network(data: dict[str, np.ndarray]) -> tuple[Any, dict[str, Any]]:
    steps = data["spikes"].shape[1]
    network = Network(dt=1.0, learning=False)
    lif = {
        "thresh": float(data["theta"]),
        "rest": 0.0,
        "reset": 0.0,
        "refrac": 0,
        "tc_decay": -1 / np.log(data["alpha"]),
    }
    network.add_layer(nodes.Input(n=len(data["w_in"])), "in")
    network.add_layer(nodes.LIFNodes(n=len(data["w_rec"]), **lif), "hidden")
    network.add_layer(nodes.LIFNodes(n=data["w_out"].shape[1], **lif), "out")
    for pre, post, name in (("in", "hidden", "w_in"), ("hidden", "hidden", "w_rec"), ("hidden", "out", "w_out")):
        weights = torch.from_numpy(data[name])
        network.add_connection(topology.Connection(network.layers[pre], network.layers[post], w=weights), pre, post)
    watched = {name: monitors.Monitor(network.layers[name], ["s"], time=steps) for name in ("hidden", "out")}
    for name, monitor in watched.items():
        network.add_monitor(monitor, name)
    return network, watched
