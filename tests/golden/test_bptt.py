"""Spikes and gradients against torch's autograd: recorded, and anew where torch is installed."""

import importlib.util

import numpy as np
import pytest

from neurobot.program import build
from neurobot.spec import ALIF, LIF, CubaLIF, Input, NetworkSpec, Population, Projection
from neurobot.train.surrogate import Atan, FastSigmoid, Seeds, Stack
from tests.golden.bptt_cases import (
    CASES,
    DT,
    RISE,
    SIZES,
    TAU_MEM,
    TAU_SYN,
    TAU_THETA,
    THRESHOLD,
    arrays,
)
from tests.golden.ours import recorded

KEYS = {"w_in": "in->a.weights", "w_rec": "a->a.weights", "w_out": "a->out.weights"}


def ours(case, dtype="float64"):
    """As `tests.golden.bptt_torch.gradients`."""
    given, (n_in, n, n_out) = arrays(), SIZES
    cell = {"tau_mem": TAU_MEM, "v_threshold": THRESHOLD, "reset": "subtract" if case.subtract else "value"}
    models = {
        "lif": lambda: LIF(input="jump", **cell),
        "cuba": lambda: CubaLIF(tau_syn=(TAU_SYN,) * n, input="unscaled", **cell),
        "alif": lambda: ALIF(input="jump", beta=RISE, tau_theta=TAU_THETA, **cell),
    }
    last = LIF(input="jump", tau_mem=TAU_MEM, v_threshold=THRESHOLD)
    populations = (
        Population("in", n_in, Input()),
        Population("a", n, models[case.model]()),
        Population("out", n_out, last),
    )
    between = (
        Projection("in", "a", given["w_in"]),
        Projection("a", "a", given["w_rec"], delay=DT),
        Projection("a", "out", given["w_out"]),
    )
    extra = {"cuba": ["tau_syn"], "alif": ["tau_theta"]}.get(case.model, [])
    surrogate = (FastSigmoid if case.surrogate == "fast_sigmoid" else Atan)(slope=case.slope)
    reset = "attached" if case.attached else "detached"
    train = ["weights", "b", "tau_mem", "v_threshold", *extra]
    stack = Stack(build(NetworkSpec(DT, populations, between)), surrogate, reset, train, dtype=dtype)
    stack.values["a.b"][...] = given["b"]
    trace = stack.forward({"in": given["spikes"] > 0})
    seeds = Seeds({"a": given["seed_a"], "out": given["seed_out"]}, {"a": given["seed_v"]})
    g = stack.backward(trace, seeds).values
    found = {name: g[key].T for name, key in KEYS.items()}
    found |= {name: g[f"a.{name}"] for name in train if name != "weights"}
    return found | {"a": trace.spikes("a"), "out": trace.spikes("out")}


def assert_equal(found, theirs, tolerance):
    assert set(found) == set(theirs)
    assert 0.05 < theirs["a"].mean() < 0.7 and theirs["out"].any()
    for name, array in theirs.items():
        if name in ("a", "out"):
            np.testing.assert_array_equal(found[name], array)
        else:
            assert np.abs(found[name] - array).max() <= tolerance * np.abs(array).max(), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradients_are_those_that_autograd_recorded(case):
    file = recorded("bptt")
    theirs = {key.partition(".")[2]: array for key, array in file.items() if key.startswith(f"{case.name}.")}
    assert_equal(ours(case), theirs, 1e-9)
    assert_equal(ours(case, "float32"), theirs, 1e-5)


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_gradients_are_those_of_autograd(case):
    from tests.golden.bptt_torch import gradients

    assert_equal(ours(case), gradients(case), 1e-9)
