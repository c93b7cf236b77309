"""The linked neuron models against their twins: bit for bit, or where the kernel approximates to a tolerance."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import ALIF, AdEx, AlphaLIF, CobaLIF, Input, Izhikevich, NetworkSpec, Population, Projection
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


def alif(draw, rng, n):
    def number(low, high):
        return tuple(rng.uniform(low, high, n))

    code = draw(st.sampled_from(["current", "jump", "jump_then_decay"]))
    return ALIF(
        tau_mem=number(2e-3, 2e-2), tau_w=number(2e-3, 2e-1), tau_theta=number(2e-3, 2e-1), b=number(0, 0.2),
        beta=number(0, 0.2), r=1.5, v_threshold=0.4, input=code,
        **reset(draw, rng, n),
    )  # fmt: skip


MODELS = {
    "alif": (alif, neuron_models.alif, (0.3, 0.5), (0.0, 0.5)),
    "alpha": (alpha, neuron_models.alpha, (0.3, 0.5), (0.0, 0.5)),
    "izhikevich": (izhikevich, neuron_models.izhikevich, (10.0, 5.0), (-10.0, 15.0)),
}
"""By name: what draws one, its twin, mean and deviation of a weight, least and most bias."""


def adex(draw, rng, n, conductance):
    def number(low, high):
        return tuple(rng.uniform(low, high, n))

    ends = {"e_ex": number(-5e-3, 5e-3), "e_in": number(-85e-3, -75e-3)} if conductance else {}
    return AdEx(
        c_m=number(2e-10, 4e-10), g_leak=number(2e-8, 4e-8), delta_t=number(1e-3, 3e-3), a=number(-1e-8, 2e-8),
        b=number(0, 1e-10), tau_w=number(2e-2, 2e-1), v_t=-52e-3, v_reset=number(-65e-3, -55e-3), v_peak=0.0,
        tau_syn=number(1e-3, 5e-3), tau_syn_in=number(3e-3, 9e-3), t_ref=tuple(FINE * rng.integers(1, 4, n)),
        input=draw(st.sampled_from(["start", "end"])), **ends,
    )  # fmt: skip


def coba(draw, rng, n):
    def number(low, high):
        return tuple(rng.uniform(low, high, n))

    return CobaLIF(
        c_m=number(2e-10, 4e-10), g_leak=number(1e-8, 3e-8), v_leak=-70e-3, v_threshold=number(-55e-3, -50e-3),
        v_reset=number(-65e-3, -60e-3), e_ex=number(-5e-3, 5e-3), e_in=number(-85e-3, -75e-3),
        tau_syn=number(1e-3, 5e-3), tau_syn_in=number(3e-3, 9e-3), t_ref=tuple(FINE * rng.integers(0, 4, n)),
        input=draw(st.sampled_from(["start", "end"])),
    )  # fmt: skip


FINE = 1e-4
APPROXIMATED = {
    "adex": (lambda *given: adex(*given, False), neuron_models.adex, (3e-10, 2e-10), (5e-10, 2e-9)),
    "coba": (coba, neuron_models.coba, (2e-8, 1e-8), (0.0, 1e-9)),
    "adex conductance": (lambda *given: adex(*given, True), neuron_models.adex, (1e-8, 5e-9), (5e-10, 2e-9)),
}
LEVEL = dict.fromkeys(APPROXIMATED, lambda p: p["v_t"] + 6 / p["per_delta"]) | {"coba": lambda p: np.inf}
"""Where v is compared: beyond, that of AdEx passes all values in a thousandth of a step."""


@st.composite
def cells(draw, case, dt=DT):
    """A population that some inputs reach."""
    make, _, (mean, std), bias = case
    n, seed = draw(st.integers(1, 21)), draw(SEEDS)
    rng = np.random.default_rng(seed)
    p = Population("cells", n, make(draw, rng, n), bias=tuple(rng.uniform(*bias, n)))
    between = [
        Projection("in", "cells", np.abs(rng.normal(mean, std, (n, INPUTS))), receptor=r) for r in receptors(p.model)
    ]
    return build(NetworkSpec(dt, (Population("in", INPUTS, Input()), p), tuple(between))), rng


@pytest.mark.small
@pytest.mark.parametrize("name", MODELS)
@given(data=st.data(), real=REALS)
@examples(25)
def test_a_population_equals_its_twin(name, data, real):
    program, rng = data.draw(cells(MODELS[name]))
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


@pytest.mark.small
@pytest.mark.parametrize("name", APPROXIMATED)
@given(data=st.data(), real=REALS)
@settings(examples(4), phases=(Phase.generate,))
def test_a_step_of_an_approximated_population_is_that_of_its_twin(name, data, real):
    """From the core's own state at each step: v within 1e-3 mV, 1e-2 mV in float32, and w within 0.1 pA."""
    program, rng = data.draw(cells(APPROXIMATED[name], FINE))
    model = program.network.population("cells").model
    core = HostCore(program, real)
    p = {k.removeprefix("cells."): program.param(k) for k in program.blocks["params"] if "->" not in k}
    blocks = {k.removeprefix("cells."): b for k, b in program.blocks["state"].items() if k.startswith("cells.")}
    steps = program.blocks["layout"]["cells.refractory"].of(program.layout)
    spikes, others = 0, 0
    for _ in range(30):
        row = rng.random(INPUTS) < 0.1
        x = {k: core.block(f"cells.{k}").astype(float) for k, b in blocks.items() if not b.integer}
        wait = core.block("cells.wait").copy()
        for q in program.network.projections:
            x["s_in" if q.receptor == "inhibitory" else "s"] += row.astype(float) @ program.param(f"{q.name}.weights")
        core.tick(row.astype(float))
        fired = APPROXIMATED[name][1](p, x, wait, steps, model)
        listed = core.block("cells.spikes")[0]
        ours = listed[1 : 1 + listed[0]].tolist()
        spikes, others = spikes + len(ours), others + len(set(fired) ^ set(ours))
        clear = np.isin(np.arange(len(x["v"])), sorted(set(fired) ^ set(ours)), invert=True)
        clear &= x["v"] < LEVEL[name](p)
        fine = real == "float64"
        for k, scale in (("v", 1e-6 if fine else 1e-5), ("w", 1e-13)):
            if k in x:
                np.testing.assert_allclose(core.block(f"cells.{k}")[clear], x[k][clear], rtol=0, atol=scale)
        for k in set(x) & {"g", "g_in", "i", "i_in"}:
            np.testing.assert_allclose(core.block(f"cells.{k}"), x[k], rtol=1e-12 if fine else 1e-5, atol=1e-20)
    assert others <= (0 if real == "float64" else 0.02 * spikes + 1)
