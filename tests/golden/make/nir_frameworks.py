"""Networks in snnTorch, Norse, Sinabs and SpikingJelly: their exported graphs, an input, and the spikes they give.

    python -m venv v && v/bin/pip install -r nir_frameworks.txt && v/bin/python nir_frameworks.py nir_frameworks.zip

writes, for every network, NAME.nir by the framework's own exporter, and NAME.npz with ``input`` (steps, n) and one
(steps, n) bool array per spiking layer, in order: ``layer0``, ``layer1``, ... Needs nothing of this project.
"""

import sys
import tempfile
import zipfile
from pathlib import Path

import nir
import numpy as np
import torch

STEPS = 200


def spike_input(n, rate=0.3):
    return (torch.rand(STEPS, n) < rate).float()


def linear(n_in, n_out, scale, bias=False):
    layer = torch.nn.Linear(n_in, n_out, bias=bias)
    layer.weight.data = torch.randn(n_out, n_in) * scale + scale / 2
    if bias:
        layer.bias.data = torch.rand(n_out) * scale / 2
    return layer


def save(folder, name, graph, inputs, layers):
    nir.write(folder / f"{name}.nir", graph)
    arrays = {f"layer{k}": torch.stack(s).bool().numpy() for k, s in enumerate(layers)}
    given = inputs.numpy()
    given = given.astype(bool) if ((given == 0) | (given == 1)).all() else given
    np.savez_compressed(folder / f"{name}.npz", input=given, **arrays)
    print(name, *(f"{k}: {v.sum()} spikes of {v.shape[1]} neurons" for k, v in arrays.items()), sep="  ")


def run_layers(modules, inputs, step):
    """Every module in turn, each step; what spiking ones give."""
    seen = [[] for m in modules if not isinstance(m, torch.nn.Linear)]
    with torch.no_grad():
        for x in inputs:
            k = 0
            for m in modules:
                x = m(x[None])[0] if isinstance(m, torch.nn.Linear) else step(k, m, x)
                if not isinstance(m, torch.nn.Linear):
                    seen[k].append(x)
                    k += 1
    return seen


def snntorch(folder):
    from snntorch import RLeaky, RSynaptic
    from snntorch.export_nir import export_to_nir

    def keep():
        state = {}

        def step(k, m, x):
            recurrent = isinstance(m, RLeaky | RSynaptic)
            out = m(x[None], *state[k]) if k in state else m(x[None], *([torch.zeros(1, len(x))] if recurrent else []))
            state[k] = out if recurrent else out[1:]
            return out[0][0]

        return step

    for name, modules in snntorch_cases().items():
        inputs = torch.randn(STEPS, 6) if "analog" in name else spike_input(6)
        for m in modules:
            m.init_hidden = not isinstance(m, torch.nn.Linear)  # the exporter follows modules with one output only
            m.output = False
        graph = export_to_nir(torch.nn.Sequential(*modules), inputs[:1], ignore_dims=[0])
        for m in modules:
            m.init_hidden = False
            for state in ("mem", "syn", "spk"):
                if hasattr(m, state):
                    setattr(m, state, torch.zeros(0))
        save(folder, f"snntorch_{name}", graph, inputs, run_layers(modules, inputs, keep()))


def snntorch_cases():
    import snntorch as snn

    def full(n, x):  # the exporter's type check refuses one number for a layer
        return torch.full((n,), x)

    per_neuron = {"beta": torch.linspace(0.7, 0.97, 8), "threshold": torch.linspace(0.6, 1.4, 8)}
    cases = {}
    for reset in ("subtract", "zero"):
        cases[f"leaky_{reset}"] = [
            linear(6, 8, 0.3), snn.Leaky(**per_neuron, reset_mechanism=reset),
            linear(8, 4, 0.4, True), snn.Leaky(beta=full(4, 0.85), threshold=full(4, 1.0), reset_mechanism=reset),
        ]  # fmt: skip
        cases[f"synaptic_{reset}"] = [
            linear(6, 8, 0.1), snn.Synaptic(alpha=torch.linspace(0.5, 0.9, 8), **per_neuron, reset_mechanism=reset),
            linear(8, 4, 0.2, True),
            snn.Synaptic(alpha=full(4, 0.6), beta=full(4, 0.9), threshold=full(4, 1.0), reset_mechanism=reset),
        ]  # fmt: skip
        for kind, extra in ((snn.RLeaky, {}), (snn.RSynaptic, {"alpha": 0.7})):
            cell = kind(beta=0.9, **extra, linear_features=8, reset_mechanism=reset)
            cell.recurrent.weight.data = torch.randn(8, 8) * 0.25
            cell.recurrent.bias.data = torch.rand(8) * 0.05
            head = snn.Leaky(beta=full(4, 0.8), threshold=full(4, 1.0), reset_mechanism=reset)
            cases[f"{kind.__name__.lower()}_{reset}"] = [linear(6, 8, 0.2), cell, linear(8, 4, 0.4), head]
    cases["leaky_at_once"] = [
        linear(6, 8, 0.3),
        snn.Leaky(beta=full(8, 0.9), threshold=full(8, 1.0), reset_mechanism="zero", reset_delay=False),
    ]
    cases["leaky_analog"] = [linear(6, 8, 0.3), snn.Leaky(beta=full(8, 0.9), threshold=full(8, 1.0))]
    cases["synaptic_analog"] = [
        linear(6, 8, 0.2),
        snn.Synaptic(alpha=full(8, 0.8), beta=full(8, 0.9), threshold=full(8, 1.0)),
    ]
    return cases


def norse(folder):
    import norse.torch as nt
    from norse.torch.module.iaf import IAFCell

    dt = 1e-3
    box = nt.LIFBoxParameters(tau_mem_inv=torch.linspace(60, 200, 8), v_th=torch.linspace(0.3, 0.7, 8),
                              v_leak=torch.full((8,), 0.1))  # fmt: skip
    cuba = nt.LIFParameters(tau_mem_inv=torch.full((6,), 100.0), tau_syn_inv=torch.linspace(100, 300, 6),
                            v_th=torch.full((6,), 0.4), v_leak=torch.zeros(6))  # fmt: skip
    iaf = nt.IAFParameters(v_th=torch.linspace(1, 2, 4))
    cases = {
        "lif_box": [linear(6, 8, 1.2), nt.LIFBoxCell(box, dt=dt), linear(8, 4, 0.6, True), IAFCell(iaf, dt=dt)],
        "lif": [linear(6, 8, 1.2), nt.LIFBoxCell(box, dt=dt), linear(8, 6, 0.5, True), nt.LIFCell(cuba, dt=dt)],
    }
    for name, modules in cases.items():
        inputs = spike_input(6)
        graph = nt.to_nir(nt.SequentialState(*modules), inputs[:1], dt=dt)
        state = {}

        def step(k, m, x, state=state):
            out, state[k] = m(x[None], state.get(k))
            return out[0]

        save(folder, f"norse_{name}", graph, inputs, run_layers(modules, inputs, step))


def sinabs(folder):
    import sinabs.layers as sl
    from sinabs.activation import SingleSpike
    from sinabs.nir import to_nir

    def quarter(n_in, n_out, top):
        layer = linear(n_in, n_out, 1.0)
        layer.weight.data = torch.randint(-2, top, (n_out, n_in)) / 4.0  # so that v often meets the threshold exactly
        return layer

    def lif(tau):  # vectors, since a file cannot hold the exporter's 0-dimensional arrays
        threshold = torch.full_like(tau, 0.5)
        return sl.LIFSqueeze(tau_mem=tau, spike_fn=SingleSpike, spike_threshold=threshold, batch_size=1)

    def iaf():
        return sl.IAFSqueeze(spike_fn=SingleSpike, batch_size=1)

    cases = {
        "iaf": [quarter(6, 8, 4), iaf(), quarter(8, 4, 5), iaf()],
        "lif": [linear(6, 8, 1.0), lif(torch.full((8,), 12.0)), linear(8, 4, 1.0, True), lif(torch.full((4,), 7.5))],
        "lif_many": [linear(6, 8, 1.0), lif(torch.linspace(5, 30, 8)), linear(8, 4, 0.3), iaf()],
    }
    for name, modules in cases.items():
        inputs = spike_input(6)
        model = torch.nn.Sequential(*modules)
        with torch.no_grad():
            model(inputs[:1])
        graph = to_nir(model, inputs[:1])
        seen = []
        with torch.no_grad():
            x = inputs
            for m in modules:
                if hasattr(m, "reset_states"):
                    m.reset_states()
                x = m(x)
                if not isinstance(m, torch.nn.Linear):
                    seen.append(list(x))
        save(folder, f"sinabs_{name}", graph, inputs, seen)


def spikingjelly(folder):
    from spikingjelly.activation_based import functional, neuron
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    cases = {
        "if": [linear(6, 8, 0.4), neuron.IFNode(v_threshold=1.2), linear(8, 4, 0.4, True), neuron.IFNode(v_reset=-0.3)],
        "lif": [linear(6, 8, 1.2), neuron.LIFNode(tau=5.0, v_reset=0.1), linear(8, 4, 0.4, True),
                neuron.LIFNode(tau=9.0, decay_input=False)],
        "cubalif": [linear(6, 8, 0.2), neuron.CUBALIFNode(c_decay=0.6, v_decay=0.8), linear(8, 4, 0.2, True),
                    neuron.CUBALIFNode()],
    }  # fmt: skip
    for name, modules in cases.items():
        inputs = spike_input(6)
        model = torch.nn.Sequential(*modules)
        graph = export_to_nir(model, inputs[:1], dt=1e-3)
        functional.reset_net(model)
        save(folder, f"spikingjelly_{name}", graph, inputs, run_layers(modules, inputs, lambda k, m, x: m(x[None])[0]))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for framework in (snntorch, norse, sinabs, spikingjelly):
            torch.manual_seed(1)
            framework(Path(made))
        with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(made).iterdir()):
                archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes(), zipfile.ZIP_DEFLATED)
