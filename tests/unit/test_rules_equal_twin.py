"""Rules in a compiled tick do what their equations say: random rules, networks and trains against the twin."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import (
    IF,
    LI,
    STDP,
    Dense,
    Dopamine,
    FixedProbability,
    Homeostasis,
    InhibitorySTDP,
    Input,
    NetworkSpec,
    Population,
    Projection,
    Reward,
    RewardSTDP,
    Sparse,
    TDError,
    TripletSTDP,
    Uniform,
)
from neurobot.spec.serialize import from_data, to_data
from tests.twins.learning import Twin
from tests.unit.learning_networks import controller
from tests.unit.strategies import DT, examples

STEPS = 60
NAME = "in->out"


@dataclass(frozen=True)
class Case:
    """A network that learns, its trains, and what is delivered."""

    program: object
    rule: object
    delay: int
    given: np.ndarray
    rewards: np.ndarray


def numbers(draw, rng, rule, sign, critic):
    """A rule of some kind with random numbers."""
    u = rng.uniform
    common = {"pairing": draw(st.sampled_from(["all", "nearest"]))}
    taus = {"tau_plus": u(2e-3, 3e-2), "tau_minus": u(2e-3, 3e-2)}
    if rule is STDP:
        common |= taus | {"A_plus": u(0, 0.3), "A_minus": u(0, 0.3)}
    elif rule is TripletSTDP:
        common |= taus | {"tau_x": u(5e-3, 5e-2), "tau_y": u(5e-3, 5e-2)}
        common |= {name: u(0, 0.2) for name in ("A2_plus", "A2_minus", "A3_plus", "A3_minus")}
    elif rule is InhibitorySTDP:
        common |= {"target": u(2, 30), "tau": u(5e-3, 3e-2), "rate": 0.1}
    elif rule is Homeostasis:
        common = {"target": u(20, 200), "tau": u(0.01, 0.1), "rate": u(0.5, 10)}
    else:
        common |= taus | {"A_plus": u(0.2, 1), "A_minus": u(0, 1), "A_pre": draw(st.sampled_from([0.0, 0.3]))}
        common |= {"tau_e": draw(st.sampled_from([0.0, 1e-3, 2e-2])), "rate": u(0.01, 0.2)}
        common |= {"tau_mean": draw(st.sampled_from([None, 1e-2]))}
        kind = draw(st.sampled_from([Reward, Dopamine, TDError]))
        if kind is Dopamine:
            common |= {"modulator": Dopamine(tau_d=u(5e-3, 0.1), baseline=u(-0.1, 0.1)), "tau_e": 2e-2, "rate": 3.0}
        else:
            baseline = Reward(baseline_tau=draw(st.sampled_from([None, 2e-2])))
            common["modulator"] = baseline if kind is Reward else TDError(critic=critic, discount=0.9)
    soft = rule is not Homeostasis and draw(st.booleans())
    if soft:
        common |= {"bounds": "soft", "mu_plus": draw(st.sampled_from([0.0, 1.0, 0.4])), "mu_minus": u(0, 1)}
    if draw(st.integers(0, 3)) == 0:
        common["row_sum"] = u(0.5, 2)
    modulated = rule is RewardSTDP and not isinstance(common["modulator"], Dopamine)
    if not modulated and draw(st.booleans()):
        common["interval"] = 3 * DT
    w_min, w_max = sorted([sign * draw(st.sampled_from([0.0, 0.05])), sign * u(0.8, 1.5)])
    return rule(w_min=w_min, w_max=w_max, **common)


@st.composite
def rules(draw, critic="value"):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from([STDP, TripletSTDP, InhibitorySTDP, Homeostasis, RewardSTDP]))
    return numbers(draw, rng, kind, draw(st.sampled_from([1, 1, -1])), critic)


def sorted_weights(rule):
    """A range of weights within the bounds of a rule of `rules`."""
    return (0.1, 0.7) if rule.w_max > 0 else (-0.7, -0.1)


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rule = draw(rules())
    n_pre, n_post = draw(st.sampled_from([(1, 1), (5, 3), (9, 17), (20, 2), (4, 70)]))
    low, high = sorted_weights(rule)
    kind = draw(st.sampled_from(["dense", "sparse", "drawn"]))
    if kind == "dense":
        w = Dense(rng.uniform(low, high, (n_post, n_pre)))
    elif kind == "drawn":
        w = FixedProbability(p=0.4, weight=Uniform(low=low, high=high))
    else:
        pairs = np.flatnonzero(rng.random(n_pre * n_post) < 0.5)
        w = Sparse(pairs % n_post, pairs // n_post, rng.uniform(low, high, pairs.size))
    delay = draw(st.integers(0, 3))
    populations = (
        Population("in", n_pre, Input()),
        Population("force", n_post, Input()),
        Population("out", n_post, IF(v_threshold=1.0, input="jump")),
        Population("value", 2, LI(tau_mem=0.01)),
    )
    projections = (
        Projection("in", "out", w, delay=delay * DT, rule=rule),
        Projection("force", "out", np.eye(n_post) * 30.0),
        Projection("out", "value", rng.normal(0, 1, (2, n_post))),
    )
    network = NetworkSpec(DT, populations, projections)
    assert from_data(to_data(build(network).spec), NetworkSpec) == build(network).spec
    busy = draw(st.sampled_from([0.03, 0.2, 0.6]))
    given = rng.random((STEPS, n_pre + n_post)) < busy
    rewards = np.where(rng.random(STEPS) < 0.4, rng.normal(0, 1, STEPS), 0.0)
    return Case(build(network, seed=draw(st.integers(0, 99))), rule, delay, given, rewards)


def as_matrix(program, w):
    """Stored weights as (n_pre, n_post), and which exist; of pairs with one synapse at most."""
    s = program.synapses_of(NAME)
    if s.indptr is None:
        return w.copy(), np.ones(w.shape, bool)
    n_pre, n_post = s.indptr.size - 1, program.network.population("out").n
    out, exists = np.zeros((n_pre, n_post)), np.zeros((n_pre, n_post), bool)
    pre = np.repeat(np.arange(n_pre), np.diff(s.indptr))
    out[pre, s.indices], exists[pre, s.indices] = w, True
    return out, exists


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(case=cases())
@examples(120)
def test_weights_are_those_of_the_twin_in_every_step(dtype, case):
    close = {"rtol": 1e-9, "atol": 1e-11} if dtype == "float64" else {"rtol": 2e-3, "atol": 2e-4}
    program, n_pre = case.program, case.program.network.population("in").n
    core = HostCore(program, dtype, learn=True, log_spikes=10_000)
    twin = Twin(case.rule, *as_matrix(program, core.block(f"{NAME}.w").astype(float)), DT)
    first = case.given.shape[1]
    for k in range(STEPS):
        learn = core.learn = k % 20 < 15
        twin.ahead(k, case.rewards[k], core.block("value.v").mean(), learn)
        assert core.tick(case.given[k], case.rewards[k]) == 0
        post = np.zeros(program.network.population("out").n, bool)
        fired = core.spikes[:, 1]
        post[fired[(fired >= first) & (fired < first + post.size)] - first] = True
        arriving = case.given[k - case.delay, :n_pre] if k >= case.delay else np.zeros(n_pre, bool)
        twin.behind(k, arriving, post, learn)
        np.testing.assert_allclose(as_matrix(program, core.block(f"{NAME}.w"))[0], twin.w, **close)
    core.learn = True
    twin.ahead(STEPS, 0.7, core.block("value.v").mean(), ending=True)
    if isinstance(case.rule, RewardSTDP):
        core.end(0.7)
        np.testing.assert_allclose(as_matrix(program, core.block(f"{NAME}.w"))[0], twin.w, **close)


@given(
    rule=rules(critic="out"), seed=st.integers(0, 99), substeps=st.integers(1, 6), delay=st.integers(0, 3),
    ending=st.sampled_from(["terminated", "truncated"]),
)  # fmt: skip
@examples(80)
def test_in_a_controller_rewards_count_once_a_tick(rule, seed, substeps, delay, ending):
    program = controller(rule, substeps=substeps, seed=seed, weights=sorted_weights(rule), delay=delay * DT)
    core = HostCore(program, "float64", seed=seed, learn=True, log_spikes=10_000)
    twin = Twin(rule, *as_matrix(program, core.block(f"{NAME}.w")), DT, substeps)
    rng, came = np.random.default_rng(seed), []
    for tick in range(12):
        reward, value = rng.normal(), core.block("out.v").mean()
        assert core.tick(rng.uniform(-1, 1, 4), reward) == 0
        fired = np.zeros((substeps, 14), bool)
        fired[core.spikes[:, 0], core.spikes[:, 1]] = True
        for substep, row in enumerate(fired):
            k = tick * substeps + substep
            twin.ahead(k, reward, value)
            came.append(row[:8])
            twin.behind(k, came[k - delay] if k >= delay else np.zeros(8, bool), row[8:])
        np.testing.assert_allclose(core.block(f"{NAME}.w"), twin.w, rtol=1e-9, atol=1e-11)
    if isinstance(rule, RewardSTDP):
        twin.ahead(12 * substeps, -0.4, core.block("out.v").mean(), ending=ending)
        core.end(-0.4, truncated=ending == "truncated")
        np.testing.assert_allclose(core.block(f"{NAME}.w"), twin.w, rtol=1e-9, atol=1e-11)
