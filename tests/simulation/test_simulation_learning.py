"""Simulations of networks that learn: rewards step by step, traces of weights, what is left at the end."""

import numpy as np
import pytest

import neurobot as nb
from neurobot.errors import SpecError
from neurobot.spec import STDP, Dopamine, Reward, RewardSTDP, TripletSTDP
from tests.unit.learning_networks import DT, NAME, forced

STEPS = 50


def given(seed=0, n=2, m=3):
    spikes = np.random.default_rng(seed).random((STEPS, n + m)) < 0.2
    return {"in": spikes[:, :n], "force": spikes[:, n:]}


@pytest.mark.parametrize("modulator", [Reward(), Reward(baseline_tau=0.01), Dopamine()])
def test_rewards_of_an_array_are_those_of_a_function_and_of_ticks_one_by_one(modulator):
    program = forced(RewardSTDP(rate=0.5, modulator=modulator), np.full((3, 2), 0.5))
    rng = np.random.default_rng(1)
    reward = np.where(rng.random(STEPS) < 0.2, rng.normal(0, 1, STEPS), 0.0)
    array = nb.simulate(program, given(), STEPS * DT, reward=reward, record=[f"{NAME}.w"])
    function = nb.simulate(program, given(), STEPS * DT, reward=lambda k, spikes: reward[k], record=[f"{NAME}.w"])
    core = nb.HostCore(program, "float64", learn=True)
    for k, row in enumerate(np.concatenate(list(given().values()), axis=1)):
        core.tick(row, reward[k])
        np.testing.assert_array_equal(array.traces[f"{NAME}.w"][k], core.block(f"{NAME}.w").reshape(-1))
    np.testing.assert_array_equal(array.traces[f"{NAME}.w"], function.traces[f"{NAME}.w"])
    np.testing.assert_array_equal(array.program.weights(NAME), core.to_program().weights(NAME))
    assert np.abs(array.program.weights(NAME) - 0.5).max() > 1e-4


def test_a_function_of_rewards_is_told_the_spikes_of_the_step_before():
    program, inputs, told = forced(RewardSTDP(), np.full((3, 2), 0.5)), given(), []

    def reward(step, spikes):
        told.append((step, {name: found.tolist() for name, found in spikes.items()}))
        return 0.0

    nb.simulate(program, inputs, STEPS * DT, reward=reward)
    assert [step for step, _ in told] == list(range(STEPS))
    assert not any(told[0][1].values())
    for step, spikes in told[1:]:
        assert spikes["in"] == np.flatnonzero(inputs["in"][step - 1]).tolist()
        assert spikes["out"] == np.flatnonzero(inputs["force"][step - 1]).tolist()


@pytest.mark.parametrize("n", [3, 70])
def test_weights_are_traced_in_the_order_of_the_presynaptic_neuron(n):
    """70 neurons: rows of the state are then further apart than they are long."""
    program = forced(STDP(A_plus=0.2), np.linspace(0.1, 0.6, 2 * n).reshape(n, 2))
    result = nb.simulate(
        program, given(m=n), STEPS * DT, record={f"{NAME}.w": None, f"{NAME}.x": None, f"{NAME}.y": [0]}, every=7
    )
    trace = result.traces[f"{NAME}.w"]
    assert trace.shape == (8, 2 * n)
    assert result.traces[f"{NAME}.x"].shape == (8, 2)
    np.testing.assert_array_equal(trace[-1].reshape(2, n).T, result.program.weights(NAME))
    assert not np.array_equal(result.program.weights(NAME), program.weights(NAME))


@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_traces_are_sums_of_exponentials_over_as_long_as_one_likes(pairing):
    """900 steps, over which the factors that traces are kept as multiples of begin anew many times."""
    rule = TripletSTDP(tau_plus=7e-3, tau_x=9e-3, tau_minus=20e-3, tau_y=3e-3, pairing=pairing)
    steps, spikes = 900, {"in": np.zeros((900, 1), bool), "force": np.zeros((900, 1), bool)}
    spikes["in"][[3, 10, 400, 401]] = spikes["force"][[5, 300, 880]] = True
    names = {"x": "in", "x_slow": "in", "y": "force", "y_slow": "force"}
    result = nb.simulate(forced(rule, [[0.5]]), spikes, steps * DT, record=[f"{NAME}.{name}" for name in names])
    for (name, side), tau in zip(names.items(), (7e-3, 9e-3, 20e-3, 3e-3), strict=True):
        ages = np.arange(steps)[:, None] - np.flatnonzero(spikes[side])
        pulses = np.where(ages >= 0, np.exp(-np.maximum(ages, 0) * DT / tau), 0.0)
        expected = pulses.sum(axis=1) if pairing == "all" else pulses.max(axis=1)
        np.testing.assert_allclose(result.traces[f"{NAME}.{name}"][:, 0], expected, rtol=1e-11, atol=1e-200)


def test_a_simulation_that_does_not_learn_leaves_the_program_as_it_is():
    program = forced(STDP(A_plus=0.2), np.full((3, 2), 0.5))
    result = nb.simulate(program, given(), STEPS * DT, learn=False)
    np.testing.assert_array_equal(result.program.weights(NAME), program.weights(NAME))
    plain = forced(None, np.full((3, 2), 0.5))
    assert nb.simulate(plain, given(), STEPS * DT).program is plain


def test_what_cannot_be_traced_is_said_with_what_can():
    with pytest.raises(SpecError, match=r"there is no variable 'in->out.ww'; did you mean 'in->out.w'"):
        nb.simulate(forced(STDP(), [[0.5]]), duration=5 * DT, record=[f"{NAME}.ww"])
