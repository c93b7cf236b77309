"""E-prop against its twin, which keeps every variable of every synapse, and against exact gradients."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

import neurobot as nb
from neurobot.core import HostCore
from neurobot.program import Program, build
from neurobot.spec import LI, LIF, EProp, Input, NetworkSpec, Population, Projection
from neurobot.spec.eprop_check import INPUTS
from neurobot.train.surrogate import Seeds, Stack, Triangular
from tests.unit.eprop_networks import DT, EXACT, Driven, case, follow
from tests.unit.strategies import examples

ONLINE = EProp(readout="out", target="target", rate=0.05, gamma=0.4)
CASES = {
    "LIF": (ONLINE, {}),
    "dense": (ONLINE, {"dense": True}),
    "ALIF": (ONLINE, {"adaptive": True}),
    "dense ALIF": (ONLINE, {"adaptive": True, "dense": True}),
    "refractory": (ONLINE, {"t_ref": 3e-3}),
    "refractory ALIF": (ONLINE, {"t_ref": 2e-3, "adaptive": True}),
    "jumps": (ONLINE, {"jump": "jump"}),
    "random feedback": (replace(ONLINE, feedback="random", feedback_std=0.7, feedback_seed=5), {}),
    "regulariser": (replace(ONLINE, rate_reg=3.0, target_rate=40.0, tau_rate=0.02), {}),
    "cross entropy": (replace(ONLINE, loss="cross_entropy"), {}),
    "gate": (ONLINE, {"gate": True}),
    "Adam": (replace(ONLINE, descent="adam", rate=1e-3, epsilon=1e-5, beta_1=0.8), {}),
    "interval": (replace(ONLINE, interval=5e-3), {}),
}


@st.composite
def rules(draw):
    """Rules of `case` that change weights online."""
    adam = draw(st.booleans())
    return EProp(
        readout="out", target="target", rate=1e-3 if adam else 0.03, descent="adam" if adam else "plain", epsilon=1e-4,
        loss=draw(st.sampled_from(["squared", "cross_entropy"])),
        feedback=draw(st.sampled_from(["symmetric", "random"])),
        gamma=draw(st.sampled_from([0.3, 1.0])), rate_reg=draw(st.sampled_from([0.0, 1.0])), tau_rate=0.05,
        interval=draw(st.sampled_from([None, DT, 7 * DT])), feedback_seed=draw(st.integers(0, 9)),
    )  # fmt: skip


@drawn(
    rule=rules(), adaptive=st.booleans(), t_ref=st.sampled_from([0.0, DT, 4e-3]), jump=st.sampled_from(INPUTS),
    dense=st.booleans(), seed=st.integers(0, 999), gate=st.booleans(),
)  # fmt: skip
@examples(40)
def test_any_network_learns_as_its_twin(rule, adaptive, t_ref, jump, dense, seed, gate):
    follow(case(rule, adaptive, t_ref, jump, dense, seed, 30, gate), "float64", rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_online_weights_are_those_of_the_twin_in_every_step(name, dtype):
    rule, options = CASES[name]
    given = case(rule, **options)
    close = {"rtol": 1e-10, "atol": 1e-12} if dtype == "float64" else {"rtol": 1e-3, "atol": 1e-3}
    start = given.twin.w["in"].copy()
    assert follow(given, dtype, **close) > 20
    assert np.abs(given.twin.w["in"] - start).max() > 1e-3


@pytest.mark.parametrize("descent", ["plain", "adam"])
@pytest.mark.parametrize("adaptive", [False, True])
def test_batch_weights_change_at_the_end_of_episodes_by_the_mean_of_their_gradients(descent, adaptive):
    given = case(EProp(readout="out", target="target", episodes=2, rate=0.02, descent=descent), adaptive=adaptive)
    driven, twin, adam = Driven(given), given.twin, (0.9, 0.999, 1e-8) if descent == "adam" else None
    for episode in range(5):
        before = driven.weights()
        driven.core.reset()
        twin.reset()
        for k in range(len(given.x)):
            driven.step(k)
            twin.step(given.x[k].astype(float), given.target[k])
        assert all(np.array_equal(w, before[key]) for key, w in driven.weights().items())
        driven.core.end(0.0, truncated=episode > 2)  # an episode that was cut off counts as any other
        if episode % 2:
            twin.descend(0.02, 0.5, adam)
        for key, w in driven.weights().items():
            assert np.array_equal(w, before[key]) == (episode % 2 == 0)
            np.testing.assert_allclose(w, twin.w[key], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("gamma", [1.0, 0.3])
def test_the_gradient_of_one_layer_is_the_exact_adjoint(gamma):
    rng, steps = np.random.default_rng(4), 80
    rule = EProp(readout="out", target="target", episodes=1, gamma=gamma)
    model = LIF(tau_mem=20e-3, v_threshold=0.7, reset="subtract")
    populations = (
        Population("in", 6, Input()), Population("a", 5, model), Population("out", 2, LI(tau_mem=15e-3)),
        Population("target", 2, EXACT),
    )  # fmt: skip
    projections = (
        Projection("in", "a", rng.normal(6, 8, (5, 6)), rule=rule),
        Projection("a", "out", rng.normal(0, 1, (2, 5)), rule=rule),
    )
    x, target = rng.random((steps, 6)) < 0.2, rng.normal(0, 1, (steps, 2))
    program = build(NetworkSpec(DT, populations, projections))
    core = HostCore(program, "float64", learn=True)
    for k in range(steps):
        core.param("target.b")[...] = target[k]
        core.tick(x[k].astype(float))
    plain = build(NetworkSpec(DT, populations[:3], tuple(replace(q, rule=None) for q in projections)))
    stack = Stack(plain, Triangular(slope=1 / 0.7), "detached", ["weights"], dtype="float64")
    trace = stack.forward({"in": x[:, None]}, exact=True)
    assert trace.spikes("a").sum() > 50
    exact = stack.backward(trace, Seeds(v={"out": trace.v("out") - target[:, None]})).values
    for name, scale in (("in->a", gamma), ("a->out", 1.0)):
        theirs = exact[f"{name}.weights"]
        ours = core.block(f"{name}.g")
        assert np.abs(ours).max() > 0.1
        np.testing.assert_allclose(ours, scale * theirs.reshape(ours.shape), rtol=1e-10, atol=1e-12)


def test_a_readout_learns_to_follow_a_target_online():
    rng = np.random.default_rng(2)
    rule = EProp(readout="out", target="target", rate=0.05)
    populations = (
        Population("in", 20, Input()), Population("a", 30, LIF(tau_mem=20e-3, v_threshold=0.5, reset="subtract")),
        Population("out", 1, LI(tau_mem=10e-3)), Population("target", 1, EXACT),
    )  # fmt: skip
    projections = (
        Projection("in", "a", rng.normal(3, 3, (30, 20)), rule=replace(rule, feedback="random")),
        Projection("a", "out", np.zeros((1, 30)), rule=rule),
    )
    period = 200
    x = np.tile(rng.random((period, 20)) < 0.05, (30, 1))
    wave = np.sin(2 * np.pi * np.arange(period) / period)
    given = {"in": x, "target": np.tile(wave, 30)[:, None]}
    program = build(NetworkSpec(DT, populations, projections))
    errors = {}
    for learn in (True, False):
        found = nb.simulate(program, given, 6.0, record=["out.v"], learn=learn)
        last = found.traces["out.v"][-period:, 0] - wave
        errors[learn] = float((last**2).mean())
    assert errors[False] == pytest.approx(0.5)
    assert errors[True] < 0.3 * errors[False]


def test_random_feedback_is_the_same_for_all_projections_that_end_at_a_neuron():
    given = case(replace(ONLINE, feedback="random", feedback_seed=3, feedback_std=2.0))
    ours = given.program.param("in->rec.feedback")
    np.testing.assert_array_equal(ours, given.program.param("rec->rec.feedback"))
    others = case(replace(ONLINE, feedback="random", feedback_seed=4)).program.param("in->rec.feedback")
    assert not np.array_equal(ours, others)


def test_a_rule_and_its_feedback_survive_the_file(tmp_path):
    rule = replace(ONLINE, feedback="random", feedback_seed=7, gate="gate", episodes=3, slope=2.0)
    program = case(rule, gate=True).program
    program.save(tmp_path / "kept.safetensors")
    loaded = Program.load(tmp_path / "kept.safetensors")
    assert loaded.spec == program.spec
    np.testing.assert_array_equal(loaded.params, program.params)
    np.testing.assert_array_equal(loaded.layout, program.layout)
