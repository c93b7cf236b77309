"""Rules against numbers that follow from their equations, and against others' forms of them."""

import math

import numpy as np
import pytest

import neurobot as nb
from neurobot.core import HostCore
from neurobot.program import build
from neurobot.simulation import PoissonSpikes
from neurobot.spec import (
    LI,
    LIF,
    STDP,
    AllToAll,
    Dopamine,
    Homeostasis,
    InhibitorySTDP,
    Input,
    NetworkSpec,
    Population,
    Projection,
    Reward,
    RewardSTDP,
    TDError,
    TripletSTDP,
)
from tests.unit.learning_networks import DT, NAME, forced, weight_after

WIDE = {"w_min": -10.0, "w_max": 10.0}
WINDOW = {
    5: 0.00778801, 10: 0.00606531, 20: 0.00367879, 40: 0.00135335,
    -5: -0.00817741, -10: -0.00636857, -20: -0.00386273, -40: -0.00142102,
}  # fmt: skip
"""Song, Miller & Abbott's window for A_plus = .01, A_minus = .0105 and 20 ms, by the time from arrival to spike."""


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("apart", WINDOW)
def test_the_window_of_pairs_is_that_of_song_miller_and_abbott(apart, sparse):
    w = weight_after(forced(STDP(**WIDE), [[0.0]], sparse), {100}, {100 + apart}, 200)
    assert w == pytest.approx(WINDOW[apart], abs=1e-8)


def test_a_spike_in_the_step_of_an_arrival_is_the_later_of_the_two():
    assert weight_after(forced(STDP(**WIDE), [[0.0]]), {5}, {5}, 9) == pytest.approx(0.01, abs=1e-15)


def test_a_delay_is_axonal():
    w = weight_after(forced(STDP(**WIDE), [[0.0]], delay=7 * DT), {100}, {112}, 200)
    assert w == pytest.approx(WINDOW[5], abs=1e-8)


def test_nearest_pairs_leave_out_what_is_further_away():
    every, nearest = (
        weight_after(forced(STDP(pairing=p, **WIDE), [[0.0]]), {10, 20, 30}, {40}, 50) for p in ("all", "nearest")
    )
    assert nearest == pytest.approx(0.01 * math.exp(-10 / 20), rel=1e-12)
    assert every == pytest.approx(0.01 * sum(math.exp(-t / 20) for t in (10, 20, 30)), rel=1e-12)


@pytest.mark.parametrize(("pre", "post", "expected"), [
    ({2, 6}, {5}, 4.893263428904107),
    ({2, 6, 8}, {5}, 4.625885515882967),
])  # fmt: skip
def test_triplets_give_the_numbers_of_nests_own_test(pre, post, expected):
    """test_stdp_triplet_synapse.py: a dendritic delay of 1 ms, so that the spike at 4 ms is at the synapse at 5 ms."""
    a = dict.fromkeys(("A2_plus", "A3_plus", "A2_minus", "A3_minus"), 0.1)
    rule = TripletSTDP(w_max=100.0, **a)
    assert weight_after(forced(rule, [[5.0]]), pre, post, 12) == pytest.approx(expected, rel=1e-14)


def test_soft_bounds_are_approached_and_not_reached():
    """w -> w + A (1 - w) at every pair: 1 - w falls by 1 - A each."""
    rule = STDP(A_plus=0.1, A_minus=0.0, bounds="soft", mu_plus=1.0, pairing="nearest")
    spikes = set(range(0, 40, 2))
    assert weight_after(forced(rule, [[0.3]]), spikes, spikes, 40) == pytest.approx(1 - 0.7 * 0.9**20, rel=1e-12)


def test_weights_below_0_get_stronger_towards_their_least():
    spikes, rule = {5}, STDP(A_plus=0.1, w_min=-1.0, w_max=0.0)
    assert weight_after(forced(rule, [[-0.5]]), spikes, spikes, 9) == pytest.approx(-0.6)
    soft = STDP(A_plus=0.1, w_min=-1.0, w_max=0.0, bounds="soft", mu_plus=2.0)
    assert weight_after(forced(soft, [[-0.8]]), spikes, spikes, 9) == pytest.approx(-0.8 - 0.1 * 0.2**2)


def test_inhibition_brings_neurons_to_their_target_rate():
    """Vogels et al. (2011): the fixed point of the rule is a postsynaptic rate of rho_0."""
    rule = InhibitorySTDP(rate=0.02, target=10.0, w_min=-3.0, w_max=0.0)
    populations = (
        Population("up", 200, Input()),
        Population("down", 50, Input()),
        Population("cells", 8, LIF(tau_mem=20e-3, v_threshold=1.0, input="jump")),
    )
    between = (
        Projection("up", "cells", AllToAll(weight=0.03)),
        Projection("down", "cells", AllToAll(weight=-0.01), rule=rule),
    )
    program, rates = build(NetworkSpec(DT, populations, between)), {"up": 20.0, "down": 20.0}
    inputs = {name: PoissonSpikes(rate=rate) for name, rate in rates.items()}
    before = nb.simulate(program, inputs, 5.0, learn=False).rates("cells").mean()
    learnt = nb.simulate(program, inputs, 40.0).program
    after = nb.simulate(learnt, inputs, 20.0, seed=5).rates("cells")
    assert before > 30
    np.testing.assert_allclose(after, 10.0, rtol=0.12)


def test_scaling_brings_neurons_to_their_target_rate_and_keeps_proportions():
    rule = Homeostasis(target=15.0, rate=0.5, tau=1.0, w_max=5.0)
    populations = Population("in", 100, Input()), Population("cells", 4, LIF(tau_mem=20e-3, input="jump"))
    start = np.random.default_rng(0).uniform(0.02, 0.1, (4, 100))
    program = build(NetworkSpec(DT, populations, (Projection("in", "cells", start, rule=rule),)))
    inputs = {"in": PoissonSpikes(rate=20.0)}
    learnt = nb.simulate(program, inputs, 40.0).program
    after = nb.simulate(learnt, inputs, 30.0, seed=3, learn=False).rates("cells")
    assert np.all(nb.simulate(program, inputs, 5.0, learn=False).rates("cells") > 40)
    np.testing.assert_allclose(after, 15.0, rtol=0.2)
    w = learnt.weights("in->cells")
    np.testing.assert_allclose(w / w.sum(axis=1, keepdims=True), start / start.sum(axis=1, keepdims=True), rtol=1e-9)


def trains(steps, rng):
    """Trains of five neurons on each side, never in the same step on both."""
    pre = rng.random((steps, 5)) < 0.15
    return pre, (rng.random((steps, 5)) < 0.15) & ~pre.any(axis=1, keepdims=True)


@pytest.mark.parametrize("tau_z", [None, 25.0])
def test_rewarded_pairs_are_florians_equations_as_bindsnet_has_them(tau_z):
    """Eq. 3.9, or 2.7 and 2.8 with an eligibility; the reward of a step meets what was eligible before it."""
    rng, steps, gamma = np.random.default_rng(4), 200, 0.01
    (pre, post), reward = trains(steps, rng), rng.normal(0, 1, steps)
    w, p_plus, p_minus, z = np.full((5, 5), 0.5), np.zeros(5), np.zeros(5), np.zeros((5, 5))
    for k in range(steps):
        w += gamma * (reward[k] if k else 0.0) * z
        p_plus = p_plus * np.exp(-1 / 20) + pre[k]
        p_minus = p_minus * np.exp(-1 / 20) - post[k]
        zeta = np.outer(p_plus, post[k]) + np.outer(pre[k], p_minus)
        z = zeta if tau_z is None else z * np.exp(-1 / tau_z) + zeta / tau_z
    rule = RewardSTDP(rate=gamma / (tau_z or 1.0), tau_e=(tau_z or 0.0) * 1e-3, **WIDE)
    core = HostCore(forced(rule, np.full((5, 5), 0.5)), "float64", learn=True)
    for k in range(steps):
        core.tick(np.concatenate([pre[k], post[k]]), reward[k])
    np.testing.assert_allclose(core.block(f"{NAME}.w"), w, rtol=1e-11)


def test_dopamine_after_the_last_tick_does_all_that_it_would_have_done():
    """The integral of e phi from the reward on: e phi tau_e tau_d / (tau_e + tau_d)."""
    tau_e, tau_d, apart, wait = 0.5, 0.2, 3, 100
    rule = RewardSTDP(tau_e=tau_e, rate=2.0, modulator=Dopamine(tau_d=tau_d), **WIDE)
    core = HostCore(forced(rule, [[0.0]]), "float64", learn=True)
    for k in range(wait):
        core.tick(np.array([k == 0, k == apart]))
    before = core.snapshot()
    core.end(0.3)
    e = math.exp(-apart / 20) * math.exp(-(wait - apart - 1) * DT / tau_e)
    expected = 2.0 * e * 0.3 * tau_e * tau_d / (tau_e + tau_d)
    assert core.block(f"{NAME}.w")[0, 0] == pytest.approx(expected, rel=1e-12)
    core.restore(before)
    core.tick(np.zeros(2), 0.3)
    for _ in range(5_000):
        core.tick(np.zeros(2))
    assert core.block(f"{NAME}.w")[0, 0] == pytest.approx(expected, rel=1e-9)


def test_a_reward_that_is_as_usual_changes_nothing():
    rule = RewardSTDP(modulator=Reward(baseline_tau=0.05), rate=0.1, **WIDE)
    spikes, usual = set(range(0, 200, 5)), dict.fromkeys(range(1, 200), 3.0)
    assert weight_after(forced(rule, [[0.2]]), spikes, spikes, 200, usual) == pytest.approx(0.2, abs=1e-11)
    assert weight_after(forced(rule, [[0.2]]), spikes, spikes, 200, usual | {150: 4.0}) > 0.25


def test_a_critic_learns_the_discounted_sum_of_rewards():
    """With a reward of 1 in every tick the TD error is 0 where V = 1 / (1 - discount)."""
    rule = RewardSTDP(
        A_plus=0.0, A_minus=0.0, A_pre=1.0, tau_e=3e-3, rate=2e-3, w_min=-50.0, w_max=50.0,
        modulator=TDError(critic="value", discount=0.8),
    )  # fmt: skip
    populations = Population("in", 10, Input()), Population("value", 3, LI(tau_mem=5e-3, input="jump"))
    program = build(NetworkSpec(DT, populations, (Projection("in", "value", np.zeros((3, 10)), rule=rule),)))
    core = HostCore(program, "float64", learn=True)
    for _ in range(4_000):
        core.tick(np.ones(10), 1.0)
    np.testing.assert_allclose(core.block("value.v"), 5.0, rtol=1e-3)
    before = core.block("in->value.w").copy()
    core.end(1.0, truncated=True)  # it would have gone on as before: 1 + .8 5 - 5 = 0
    np.testing.assert_allclose(core.block("in->value.w"), before, rtol=1e-4)
    before = core.block("in->value.w").copy()
    core.end(1.0)  # nothing comes after: 1 + 0 - 5 < 0
    assert np.all(core.block("in->value.w") < before)


def test_sums_of_weights_are_kept():
    rng = np.random.default_rng(2)
    rule = STDP(A_plus=0.2, A_minus=0.1, w_max=2.0, row_sum=2.0, interval=10 * DT)
    core = HostCore(forced(rule, rng.uniform(0.1, 0.9, (6, 5))), "float64", learn=True)
    for _ in range(100):
        core.tick(rng.random(11) < 0.1)
    assert np.abs(core.block(f"{NAME}.w").sum(axis=0) - 2.0).min() > 1e-3
    core.tick(np.zeros(11))
    np.testing.assert_allclose(core.block(f"{NAME}.w").sum(axis=0), 2.0, rtol=1e-12)


def test_a_td_error_belongs_to_the_reward_between_two_values():
    """A critic whose value jumps from 0 to 1 at a spike, and falls back: M = r + discount V' - V of each transition."""
    watched = RewardSTDP(
        A_plus=0.0, A_minus=0.0, A_pre=1.0, tau_e=1e6, rate=1.0, modulator=TDError(critic="value", discount=0.5), **WIDE
    )
    populations = (
        Population("tag", 1, Input()),
        Population("cue", 1, Input()),
        Population("value", 1, LI(tau_mem=1e-5, input="jump")),
    )
    between = Projection("tag", "value", [[0.0]], rule=watched), Projection("cue", "value", [[1.0]])
    core = HostCore(build(NetworkSpec(DT, populations, between)), "float64", learn=True)
    cues, rewards = [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 10, 0]
    w = []
    for k in range(6):
        core.tick(np.array([k == 0, cues[k]]), rewards[k])
        w.append(core.block("tag->value.w")[0, 0])
    # w moves v only by the spike at 0; errors of transitions 0->1, 1->2, 2->3, 3->4 act at ticks 2, 3, 4, 5
    np.testing.assert_allclose(np.diff(w), [0, 0, 0.5, -1.0, 10.0], rtol=1e-7, atol=1e-12)
    core.end(-3.0)  # what is left: 4->5 with no reward, and the end with -3
    assert core.block("tag->value.w")[0, 0] - w[-1] == pytest.approx(-3.0, rel=1e-6)
