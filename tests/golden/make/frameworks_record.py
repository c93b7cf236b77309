"""What snnTorch, Norse and SpikingJelly make of one layer, in float64; see `tests.golden.make`.

Each is called step by step with weights times spikes, as their own tutorials do. The arrays are (m, 2) (step, neuron).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import norse.torch as norse
import numpy as np
import snntorch
import torch
from norse.torch.module.lif_box import LIFBoxParameters
from spikingjelly.activation_based import neuron

from tests.golden.layers import DT, layer
from tests.golden.make.save import save

Step = Callable[[torch.Tensor], torch.Tensor]


def of_snntorch(cell: torch.nn.Module) -> Step:
    """A cell that keeps its state itself."""
    return lambda x: cell(x)


def of_norse(cell: torch.nn.Module) -> Step:
    """A cell whose state is passed on."""
    state = None

    def step(x: torch.Tensor) -> torch.Tensor:
        nonlocal state
        spikes, state = cell(x, state)
        return spikes

    return step


def run(step: Step) -> np.ndarray:
    """Spikes of the layer under the weighted input."""
    given = layer()
    rows = []
    with torch.no_grad():
        for spikes in given.spikes:
            rows.append(step(torch.from_numpy(given.weights @ spikes)[None])[0].numpy())
    return np.argwhere(np.stack(rows) > 0).astype(np.int32)


def run_recurrent() -> np.ndarray:
    """Norse's recurrent cell, whose spikes return in the next step."""
    given = layer()
    n, n_in = given.weights.shape
    cell = norse.LIFRecurrentCell(n_in, n, p=norse.LIFParameters(v_th=torch.tensor(1.0)), dt=DT)
    cell.input_weights.data, cell.recurrent_weights.data = map(torch.from_numpy, (given.weights, given.recurrent))
    state, rows = None, []
    with torch.no_grad():
        for spikes in given.spikes:
            out, state = cell(torch.from_numpy(spikes)[None], state)
            rows.append(out[0].numpy())
    return np.argwhere(np.stack(rows) > 0).astype(np.int32)


def main() -> None:
    """Record everything."""
    torch.set_default_dtype(torch.float64)
    hidden = {"beta": 0.9, "threshold": 2.0, "init_hidden": True}
    strong = hidden | {"alpha": 0.8, "threshold": 8.0}
    low = {"v_th": torch.tensor(0.5), "v_leak": torch.tensor(0.1), "v_reset": torch.tensor(-0.1)}
    cells = {
        "snntorch_leaky_subtract": of_snntorch(snntorch.Leaky(**hidden)),
        "snntorch_leaky_zero": of_snntorch(snntorch.Leaky(**hidden, reset_mechanism="zero")),
        "snntorch_synaptic_subtract": of_snntorch(snntorch.Synaptic(**strong)),
        "snntorch_synaptic_zero": of_snntorch(snntorch.Synaptic(**strong, reset_mechanism="zero")),
        "norse_lif": of_norse(norse.LIFCell(p=norse.LIFParameters(**low | {"v_th": torch.tensor(1.0)}), dt=DT)),
        "norse_lif_box": of_norse(norse.LIFBoxCell(p=LIFBoxParameters(**low), dt=DT)),
        "spikingjelly_lif": of_snntorch(neuron.LIFNode(tau=5.0, v_threshold=0.5, v_reset=-0.1)),
        "spikingjelly_lif_free": of_snntorch(neuron.LIFNode(tau=5.0, decay_input=False, v_threshold=2.0, v_reset=-0.1)),
        "spikingjelly_lif_soft": of_snntorch(neuron.LIFNode(tau=5.0, v_threshold=0.5, v_reset=None)),
        "spikingjelly_if": of_snntorch(neuron.IFNode(v_threshold=3.0, v_reset=0.0)),
    }
    out = {name: run(step) for name, step in cells.items()} | {"norse_lif_recurrent": run_recurrent()}
    versions = ", ".join(f"{name} {version(name)}" for name in ("snntorch", "norse", "spikingjelly", "torch"))
    save("frameworks", versions, "", out)


if __name__ == "__main__":
    main()
