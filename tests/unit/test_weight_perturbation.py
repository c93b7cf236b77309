"""Weights that are perturbed: their twin, what they transmit, and the gradient that they climb."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurobot as nb
from neurobot.core import BatchCore, HostCore
from neurobot.program import build
from neurobot.program.lower_perturbation import STREAM
from neurobot.spec import (
    LI,
    Bounds,
    ControllerSpec,
    Dense,
    Direct,
    Encoder,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Poisson,
    Population,
    Projection,
    Reward,
    Sparse,
    TDError,
    WeightPerturbation,
)
from tests.twins.perturbation import PerturbedTwin
from tests.unit.learning_networks import DT
from tests.unit.strategies import examples

NAME = "in->out"
EVER = 1e9
"""A time constant of a membrane that forgets nothing."""


def linear(rule, weights, n_pre, n_post, substeps=1):
    """Two inputs a number, of which one spikes in every step where it is 1, and one where it is -1; a read-out that
    adds up one tick."""
    spec = ControllerSpec(
        encoder=Encoder(
            population="in",
            field=Direct(range=Bounds(low=-1, high=1)),
            code=Poisson(max_rate=1 / DT),
            size=n_pre // 2,
        ),
        network=NetworkSpec(
            DT,
            (Population("in", n_pre, Input()), Population("out", n_post, LI(tau_mem=EVER, input="jump"), carry=0.0)),
            (Projection("in", "out", weights, rule=rule),),
        ),
        decoder=Membrane(population="out", size=n_post, push_pull=False, limits=Limits(low=-50, high=50)),
        substeps=substeps,
    )
    return build(spec, seed=3)


@st.composite
def cases(draw):
    """A rule, weights, substeps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_pre, n_post = draw(st.sampled_from([(2, 1), (6, 3), (4, 70)]))
    modulator = draw(st.sampled_from([Reward(), Reward(baseline_tau=0.02), TDError(critic="out", discount=0.9)]))
    rule = WeightPerturbation(
        std=rng.uniform(0.05, 0.5), tau=draw(st.sampled_from([0.0, 0.01])), tau_e=draw(st.sampled_from([0.0, 0.02])),
        rate=rng.uniform(0.05, 0.5), w_min=0.0, modulator=modulator, bounds=draw(st.sampled_from(["hard", "soft"])),
        row_sum=draw(st.sampled_from([None, 0.8])), usual=draw(st.sampled_from([None, 0.7])), tau_mean=0.01,
    )  # fmt: skip
    weights = Dense(rng.uniform(0.1, 0.9, (n_post, n_pre)))
    if draw(st.booleans()):
        pairs = np.flatnonzero(rng.random(n_pre * n_post) < 0.5)
        weights = Sparse(pairs % n_post, pairs // n_post, rng.uniform(0.1, 0.9, pairs.size))
    return linear(rule, weights, n_pre, n_post, draw(st.integers(1, 4))), rule, rng


def matrix(program, w):
    """Stored numbers as (n_pre, n_post), and which exist."""
    s = program.synapses_of(NAME)
    if s.indptr is None:
        return w.astype(float), np.ones(w.shape, bool)
    n_pre, n_post = (program.network.population(name).n for name in ("in", "out"))
    out, exists = np.zeros((n_pre, n_post)), np.zeros((n_pre, n_post), bool)
    pre = np.repeat(np.arange(n_pre), np.diff(s.indptr))
    out[pre, s.indices], exists[pre, s.indices] = w, True
    return out, exists


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(case=cases())
@examples(40)
def test_weights_noise_and_eligibility_are_those_of_the_twin(dtype, case):
    program, rule, rng = case
    close = {"rtol": 1e-9, "atol": 1e-11} if dtype == "float64" else {"rtol": 2e-3, "atol": 2e-4}
    core, substeps = HostCore(program, dtype, seed=9, learn=True), program.spec.substeps
    twin = PerturbedTwin(rule, *matrix(program, core.block(f"{NAME}.w")), DT, substeps, (9, STREAM))
    for tick in range(15):
        learn = core.learn = tick % 7 < 5
        reward, value, k = rng.normal(), core.block("out.v").mean(), tick * substeps
        seen = rng.choice([-1.0, 1.0], twin.w.shape[0] // 2)
        arriving = np.stack((seen > 0, seen < 0), axis=1).reshape(-1, 1)
        core.tick(seen, reward)
        twin.ahead(k, reward, value if tick == 0 else 0.0, learn)  # carry = 0 has cleared the read-out
        twin.perturb(k, reward, learn)
        for part, expected in (("w", twin.w), ("xi", twin.xi), ("e", twin.e), ("transmitted", twin.transmitted)):
            np.testing.assert_allclose(matrix(program, core.block(f"{NAME}.{part}"))[0], expected, **close)
        sent = substeps * (arriving * twin.transmitted).sum(axis=0)
        np.testing.assert_allclose(core.block("out.v"), sent, rtol=1e-3, atol=1e-4)
    core.learn = True
    twin.ahead(15 * substeps, 0.7, core.block("out.v").mean(), ending=True)
    core.end(0.7)
    np.testing.assert_allclose(matrix(program, core.block(f"{NAME}.w"))[0], twin.w, **close)


def test_without_learning_nothing_is_perturbed():
    weights = np.random.default_rng(0).uniform(-1, 1, (3, 8))
    rule = WeightPerturbation(std=0.5, w_min=-2, w_max=2)
    plain, learner = (HostCore(linear(r, Dense(weights), 8, 3), "float32") for r in (None, rule))
    learner.learn = True
    learner.tick(np.ones(4), 0.0)
    assert not np.allclose(learner.block("out.v"), weights[:, ::2].sum(axis=1), atol=0.1)
    learner.learn = False
    learner.forget()
    for core in (plain, learner):
        core.reset()
        core.tick(np.ones(4))
    np.testing.assert_array_equal(plain.block("out.v"), learner.block("out.v"))


def test_noise_is_the_share_of_its_strength_by_which_reward_is_lacking():
    rule = WeightPerturbation(std=0.5, rate=0.0, usual=2.0, tau_mean=5 * DT, w_min=-2, w_max=2)
    core = HostCore(linear(rule, Dense(np.zeros((300, 8))), 8, 300), "float64", learn=True)

    def noise(reward, ticks=150):
        for _ in range(ticks):
            core.tick(np.ones(4), reward)
        return core.block(f"{NAME}.xi").std()

    assert noise(2.0) == 0.0  # as usual, and so it begins
    for reward, share in ((1.5, 0.25), (0.0, 1.0), (-7.0, 1.0), (2.5, 0.0), (1.0, 0.5)):
        assert noise(reward) == pytest.approx(share * 0.5, rel=0.05)
    core.reset()
    core.tick(np.ones(4), 9.0)  # the first reward of an episode pays for nothing
    assert core.block(f"{NAME}.xi").std() == pytest.approx(0.25, rel=0.05)
    core.forget()
    core.reset()
    assert noise(0.0, ticks=1) == 0.0


def test_on_average_weights_climb_the_gradient_of_the_reward():
    """r = a (w + xi): the mean of rate r xi is rate std^2 a (Williams, Mach. Learn. 8, 1992)."""
    rate, std, a, n = 1e-3, 0.3, np.array([1.0, -2.0, 0.0]), 400
    rule = WeightPerturbation(std=std, rate=rate, w_min=-50, w_max=50)
    core = BatchCore(linear(rule, Dense(np.eye(3, 6)), 6, 3), n, "float64", learn=True)
    rewards, ticks = np.zeros(n), 50
    for _ in range(ticks):
        core.tick(np.tile([1.0, 1.0, -1.0], (n, 1)), rewards=rewards)  # inputs 0, 2 and 5 spike
        rewards = np.stack([core.program.blocks["state"]["out.v"].of(state) for state in core.state]) @ a
    core.end(rewards)
    w = np.stack([core.program.blocks["state"][f"{NAME}.w"].of(state) for state in core.state])
    moved = (w - np.eye(6, 3)) / (rate * std**2 * ticks)  # (n, 6, 3)
    error = moved.std(axis=0) / np.sqrt(n)
    expected = np.outer([1, 0, 1, 0, 0, 1], a)
    assert (np.abs(moved.mean(axis=0) - expected) < 4.5 * error).all()
    assert (error < 0.4).all()


def test_what_was_learnt_is_saved_without_the_noise(tmp_path):
    rule = WeightPerturbation(std=0.5, rate=0.1, w_min=-2, w_max=2, tau_e=0.01)
    core = HostCore(linear(rule, Dense(np.eye(2)), 2, 2), "float64", learn=True)
    for reward in (0.0, 1.0, -0.5):
        core.tick(np.ones(1), reward)
    learnt = core.to_program()
    np.testing.assert_allclose(learnt.weights(NAME).T, core.block(f"{NAME}.w"))
    assert not np.allclose(core.block(f"{NAME}.w"), core.block(f"{NAME}.transmitted"), atol=0.01)
    learnt.save(tmp_path / "learnt.safetensors")
    assert nb.Program.load(tmp_path / "learnt.safetensors").spec == learnt.spec
