"""The linked neuron models against their twins, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import AlphaLIF, Input, Izhikevich, NetworkSpec, Population, Projection
from neurobot.spec.neurons import receptors
from tests.kernels.arrays import REALS, SEEDS, examples, same
from tests.twins import kernels, neuron_models

DT, STEPS, INPUTS = 1e-3, 40, 3


def reset(draw, rng, n):
    """A reset of either kind and a refractory time."""
    out = {"reset": draw(st.sampled_from(["value", "subtract"])), "t_ref": tuple(DT * rng.integers(0, 4, n))}
    return out | ({"v_reset": tuple(rng.uniform(-0.2, 0.2, n))} if out["reset"] == "value" else {})


def alpha(draw, rng, n):
    def taus():
        return tuple(rng.uniform(2e-3, 2e-2, n))

    return AlphaLIF(
        tau_mem=taus(), tau_syn=taus(), tau_syn_in=draw(st.sampled_from([None, taus()])), r=1.5, v_threshold=0.4,
        input=draw(st.sampled_from(["start", "end"])), **reset(draw, rng, n),
    )  # fmt: skip


def izhikevich(draw, rng, n):
    return Izhikevich(
        a=tuple(rng.uniform(0.02, 0.1, n)), b=0.2, c=tuple(rng.uniform(-65, -50, n)), d=tuple(rng.uniform(2, 8, n)),
        v_min=draw(st.sampled_from([-70.0, -1000.0])), scheme=draw(st.sampled_from(["euler", "half_steps"])),
    )  # fmt: skip


MODELS = {
    "alpha": (alpha, neuron_models.alpha, (0.3, 0.5), (0.0, 0.5)),
    "izhikevich": (izhikevich, neuron_models.izhikevich, (10.0, 5.0), (-10.0, 15.0)),
}
"""By name: what draws one, its twin, mean and deviation of a weight, least and most bias."""


@st.composite
def cells(draw, name):
    """A population that some inputs reach."""
    make, _, (mean, std), bias = MODELS[name]
    n, seed = draw(st.integers(1, 21)), draw(SEEDS)
    rng = np.random.default_rng(seed)
    p = Population("cells", n, make(draw, rng, n), bias=tuple(rng.uniform(*bias, n)))
    between = [
        Projection("in", "cells", np.abs(rng.normal(mean, std, (n, INPUTS))), receptor=r) for r in receptors(p.model)
    ]
    return build(NetworkSpec(DT, (Population("in", INPUTS, Input()), p), tuple(between))), rng


@pytest.mark.small
@pytest.mark.parametrize("name", MODELS)
@given(data=st.data(), real=REALS)
@examples(25)
def test_a_population_equals_its_twin(name, data, real):
    program, rng = data.draw(cells(name))
    model = program.network.population("cells").model
    core = HostCore(program, real)
    p = {k.removeprefix("cells."): program.param(k).astype(real) for k in program.blocks["params"] if "->" not in k}
    blocks = {k.removeprefix("cells."): b for k, b in program.blocks["state"].items() if k.startswith("cells.")}
    x = {k: core.block(f"cells.{k}").copy() for k, b in blocks.items() if not b.integer}
    wait = steps = None
    if "wait" in blocks:
        wait, steps = core.block("cells.wait").copy(), program.blocks["layout"]["cells.refractory"].of(program.layout)
    for _ in range(STEPS):
        row = rng.random(INPUTS) < 0.2
        core.tick(row.astype(float))
        for q in program.network.projections:
            s = "s_in" if q.receptor == "inhibitory" else "s"
            w = program.param(f"{q.name}.weights").astype(real)
            x[s] = kernels.dense(w, np.flatnonzero(row), x[s])
        fired = MODELS[name][1](p, x, wait, steps, model)
        listed = core.block("cells.spikes")[0]
        assert listed[1 : 1 + listed[0]].tolist() == fired
        for k in x:
            x[k] = np.zeros_like(x[k]) if k in ("s", "s_in") else x[k]
            same(core.block(f"cells.{k}"), x[k])
    assert np.isfinite(x["v"]).all()
