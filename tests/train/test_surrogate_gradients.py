"""The adjoint against differences of the smooth network, and of its twin where the reset is taken as given."""

import numpy as np
import pytest

from neurobot.program import build
from neurobot.spec import Input, NetworkSpec, Population, Projection
from neurobot.train.surrogate import Stack
from tests.train.surrogate_cases import DT, SURROGATES, difference, looped, models, random_seeds
from tests.twins import surrogate as twin

STEPS, BATCH = 9, 3
NAMES = ["IF", "LIF", "current", "CubaLIF", "held", "ALIF"]
RESETS = [{"reset": "value", "v_reset": -0.1}, {"reset": "subtract"}, {"reset": "subtract", "v_subtract": 0.5}]


def variables(name):
    """All kinds that a model has."""
    taus = {"IF": [], "CubaLIF": ["tau_mem", "tau_syn"], "held": ["tau_mem", "tau_syn"]}
    taus["ALIF"] = ["tau_mem", "tau_w", "tau_theta", "jump", "rise"]
    return ["weights", "b", "v_threshold", *taus.get(name, ["tau_mem"])]


def id_of(x):
    return type(x).__name__ if hasattr(x, "slope") else None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("surrogate", SURROGATES, ids=id_of)
@pytest.mark.parametrize("reset", RESETS, ids=["value", "subtract", "subtract other"])
def test_gradients_of_a_smooth_network_are_its_differences(name, surrogate, reset):
    rng = np.random.default_rng(7)
    program = looped(models(rng, 5, **reset)[name], rng)
    stack = Stack(program, surrogate, "attached", variables(name), dtype="float64", smooth=True)
    inputs = {"in": rng.uniform(0, 1, (STEPS, BATCH, 4))}
    seeds = random_seeds(rng, STEPS, BATCH, {"a": 5, "b": 3}, {"a": 5, "out": 2})
    gradients = stack.backward(stack.forward(inputs), seeds, inputs=True)
    assert set(gradients.values) == set(stack.values)
    for key, g in gradients.values.items():
        direction = rng.normal(size=g.shape)
        assert (g * direction).sum() == pytest.approx(difference(stack, inputs, seeds, key, direction), rel=2e-6), key


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("surrogate", SURROGATES, ids=id_of)
@pytest.mark.parametrize("reset", RESETS, ids=["value", "subtract", "subtract other"])
def test_a_detached_reset_is_taken_as_given(name, surrogate, reset):
    rng = np.random.default_rng(3)
    model = models(rng, 5, **reset)[name]
    populations = (Population("in", 5, Input()), Population("a", 5, model, bias=0.1))
    program = build(NetworkSpec(DT, populations, (Projection("in", "a", np.eye(5)),)))
    stack = Stack(program, surrogate, "detached", variables(name), dtype="float64", smooth=True)
    s = rng.normal(0.3, 0.5, (STEPS, BATCH, 5))
    trace = stack.forward({"in": s})
    seeds = random_seeds(rng, STEPS, BATCH, {"a": 5}, {"a": 5})
    g = stack.backward(trace, seeds, inputs=True).inputs["in"]

    def run(arriving, resets):
        c = stack.parameters.coefficients("a")
        step = lambda u: twin.INTEGRALS[type(surrogate).__name__](surrogate.slope, u)  # noqa: E731
        return twin.run(c, arriving, program.param("a.init"), step, reset["reset"] == "subtract", resets)

    v, z = run(s, None)
    np.testing.assert_allclose(trace.v("a"), v, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trace.spikes("a"), z, rtol=1e-12, atol=1e-14)
    direction = rng.normal(size=s.shape)
    ends = [run(s + sign * 1e-6 * direction, z) for sign in (1, -1)]
    slopes = [(up - down) / 2e-6 for up, down in zip(*ends, strict=True)]
    expected = (slopes[0] * seeds.v["a"]).sum() + (slopes[1] * seeds.spikes["a"]).sum()
    assert (g * direction).sum() == pytest.approx(expected, rel=2e-6)
