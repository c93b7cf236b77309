"""Networks in Spyx: their exported graphs, an input, and the spikes that every layer gives.

    python -m venv v && v/bin/pip install -r nir_spyx.txt && v/bin/python nir_spyx.py nir_spyx.zip

The files are those of nir_frameworks.py, in an environment of its own because Spyx needs JAX.
"""

import io
import sys
import tempfile
import zipfile
from pathlib import Path

import jax.numpy as jnp
import nir
import numpy as np
import spyx
from flax import nnx

STEPS = 200


def network(kind):
    first = nnx.Linear(6, 8, use_bias=False, rngs=nnx.Rngs(0))
    second = nnx.Linear(8, 4, rngs=nnx.Rngs(1))
    rng = np.random.default_rng(1)
    for layer in (first, second):
        layer.kernel[...] = jnp.asarray(rng.normal(0.2, 0.4, layer.kernel.shape), jnp.float32)
    second.bias[...] = jnp.asarray(rng.uniform(0, 0.1, 4), jnp.float32)
    given = {"rngs": nnx.Rngs(2)}
    cells = {
        "lif": lambda n: spyx.nn.LIF((n,), beta=0.85, **given),
        "if": lambda n: spyx.nn.IF((n,), threshold=1.25, **given),
        "cubalif": lambda n: spyx.nn.CuBaLIF((n,), alpha=0.6, beta=0.8, **given),
        "rlif": lambda n: spyx.nn.RLIF((n,), beta=0.85, **given),
    }
    last = cells["lif" if kind == "rlif" else kind]
    return spyx.nn.Sequential(first, cells[kind](8), second, last(4))


def record(model, inputs):
    """What every spiking layer gives in each step."""
    state = model.initial_state(1)
    seen = {}
    for x in inputs:
        signal = jnp.asarray(x[None])
        for k, layer in enumerate(model.layers):
            if state[k] is None:
                signal = layer(signal)
            else:
                signal, state[k] = layer(signal, state[k])
                seen.setdefault(k, []).append(np.asarray(signal[0]) > 0)
    return [np.array(layer) for layer in seen.values()]


if __name__ == "__main__":
    inputs = (np.random.default_rng(0).random((STEPS, 6)) < 0.3).astype(np.float32)
    shapes = {"input": np.array([6])}, {"output": np.array([4])}
    with zipfile.ZipFile(sys.argv[1], "w") as archive, tempfile.TemporaryDirectory() as made:
        for kind in ("lif", "if", "cubalif", "rlif"):
            model = network(kind)
            nir.write(Path(made) / "a.nir", spyx.nir.to_nir(model, *shapes, dt=1))
            layers = record(model, inputs)
            arrays = io.BytesIO()
            np.savez_compressed(arrays, input=inputs > 0, **{f"layer{k}": s for k, s in enumerate(layers)})
            for end, data in ((".nir", (Path(made) / "a.nir").read_bytes()), (".npz", arrays.getvalue())):
                archive.writestr(zipfile.ZipInfo(f"spyx_{kind}{end}"), data, zipfile.ZIP_DEFLATED)
            print(kind, *(s.sum() for s in layers))
