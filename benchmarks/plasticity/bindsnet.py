"""BindsNET: LIFNodes behind a Connection with PostPre; a spike arrives a step later, traces add up."""

from __future__ import annotations

from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
import torch
from bindsnet.learning import PostPre
from bindsnet.network import Network, monitors, nodes, topology

from benchmarks.plasticity.moved import moved

VERSIONS = {"BindsNET": f"{version('bindsnet')} (torch {torch.__version__})"}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, connection, watched = _network(data)
    steps, n_pre = round(1e3 * float(data["seconds"]) / float(data["dt"])), len(data["w"])
    chance = torch.full((steps, 1, n_pre), 1e-3 * float(data["rate"]) * float(data["dt"]))

    def run() -> dict[str, Any]:
        network.reset_state_variables()
        connection.w.copy_(torch.from_numpy(data["w"]))
        start = perf_counter()
        network.run({"inputs": torch.bernoulli(chance).byte()}, time=steps)
        seconds = perf_counter() - start
        spikes = int(watched.get("s").sum())
        return {
            "seconds": seconds,
            "spikes": {"cells": spikes},
            "measures": moved(data, connection.w.numpy(), data["w"]),
        }

    return run


def _network(data: dict[str, np.ndarray]) -> tuple[Any, Any, Any]:
    n_pre, n_post = data["w"].shape
    steps, dt = round(1e3 * float(data["seconds"]) / float(data["dt"])), float(data["dt"])
    trace = {"traces": True, "traces_additive": True}
    inputs = nodes.Input(n=n_pre, tc_trace=float(data["tau_plus"]), **trace)
    cells = nodes.LIFNodes(
        n=n_post, thresh=1.0, rest=0.0, reset=0.0, refrac=0, tc_decay=float(data["tau"]),
        tc_trace=float(data["tau_minus"]), **trace,
    )  # fmt: skip
    connection = topology.Connection(
        inputs, cells, w=torch.from_numpy(data["w"]).clone(), update_rule=PostPre, wmin=0.0, wmax=float(data["w_max"]),
        nu=(float(data["A_minus"]), float(data["A_plus"])),
    )  # fmt: skip
    network = Network(dt=dt, learning=True)
    network.add_layer(inputs, "inputs")
    network.add_layer(cells, "cells")
    network.add_connection(connection, "inputs", "cells")
    watched = monitors.Monitor(cells, ["s"], time=steps)
    network.add_monitor(watched, "cells")
    return network, connection, watched
