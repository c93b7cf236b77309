"""Learning on `FixedCore`: weights go where those of a float core go, and what is learnt survives what it should."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.board.quantize import quantize
from neurobot.controller import Controller
from neurobot.core import FixedCore, HostCore
from neurobot.core.image import Image
from neurobot.errors import ImageError, SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import Program, build
from neurobot.spec import IF, LIF, Population, Projection, Reward, RewardSTDP, Sparse
from neurobot.testing.programs import DT, NEURONS, controller, observations
from tests.unit.fixed_programs import CASES
from tests.unit.fixed_programs import quantized as plain_quantized

NAME = "in->out"
MOST = 0.005
BASELINE = Reward(baseline_tau=0.1)
RULES = {
    "pairs": RewardSTDP(rate=2e-5, w_max=MOST, modulator=BASELINE),
    "no baseline": RewardSTDP(rate=2e-6, w_max=MOST),
    "centred": RewardSTDP(rate=2e-6, w_max=MOST, tau_e=0.1, tau_mean=0.05, A_minus=0.0, modulator=BASELINE),
    "slow": RewardSTDP(rate=1e-8, w_max=MOST, tau_e=1.0, tau_plus=0.05, tau_mean=1.0, modulator=BASELINE),
    "nearest, of one step": RewardSTDP(rate=2e-4, w_max=MOST, tau_e=0.0, pairing="nearest", modulator=BASELINE),
    "inhibition": RewardSTDP(rate=1e-5, w_min=-MOST, w_max=0.0, A_pre=0.3, modulator=BASELINE),
    "both signs": RewardSTDP(rate=5e-5, w_min=-MOST, w_max=MOST, tau_minus=5e-3, modulator=BASELINE),
    "to the bounds": RewardSTDP(rate=5e-5, w_max=MOST, modulator=BASELINE),
}  # fmt: skip
TOLERANCE = 5e-4
"""Of a weight, as a share of its range, after 300 ticks in which it goes to and fro, with the same spikes."""


def learner(rule, sparse=False, delay=0.0) -> Program:
    """A controller whose spikes are those of strong weights, which do not learn; those that do are too weak for it."""
    rng = np.random.default_rng(3)
    w = rng.uniform(0.3, 0.7, (NEURONS, 6)) * (rule.w_max - rule.w_min) + rule.w_min
    strong = np.where(rng.random((NEURONS, 6)) < 0.4, 2.0, 0.0)
    post, pre = np.nonzero(rng.random(w.shape) < 0.6)
    between = (
        Projection("in", "relay", np.eye(6)),
        Projection("relay", "out", strong),
        Projection("in", "out", Sparse(post, pre, w[post, pre]) if sparse else w, delay=delay, rule=rule),
    )
    relay = Population("relay", 6, IF(r=1 / DT, v_threshold=0.5, input="jump"))
    return build(controller((relay, Population("out", NEURONS, LIF(tau_mem=5e-3, input="jump"))), between), seed=1)


def rewards(ticks):
    return np.random.default_rng(1).normal(0.3, 1.0, ticks)


def quantized(rule=RULES["pairs"], **more) -> Program:
    program = learner(rule, **more)
    return quantize(program, [observations(60)], reward=float(np.abs(rewards(300)).max())).program


def play(cores, ticks, first=0):
    xs, r = observations(first + ticks, 5), rewards(first + ticks)
    for k in range(first, first + ticks):
        for core in cores:
            core.tick(xs[k], r[k - 1] if k else 0.0)
        if len(cores) > 1:
            assert cores[0].spikes.tolist() == cores[1].spikes.tolist()


def learnt(core):
    return core.to_program().param(f"{NAME}.weights")


@pytest.mark.parametrize("how", [{}, {"sparse": True}, {"delay": 2 * DT}], ids=["dense", "sparse", "delayed"])
@pytest.mark.parametrize("name", RULES)
def test_weights_go_where_those_of_floats_go(name, how):
    rule = RULES[name]
    program = quantized(rule, **how)
    fixed, host = (
        FixedCore(program, learn=True, log_spikes=999),
        HostCore(program, "float64", learn=True, log_spikes=999),
    )
    cores, span = (fixed, host), rule.w_max - rule.w_min
    for k in range(3):
        play(cores, 100, 100 * k)
        for core in cores:
            core.end(0.7)
            core.reset()
        assert np.abs(learnt(fixed) - learnt(host)).max() < TOLERANCE * span
    moved = np.abs(learnt(host) - program.param(f"{NAME}.weights")).max()
    assert moved > 0.02 * span
    mine, theirs = (core.plasticity[NAME] for core in cores)
    assert (mine.at_low, mine.at_high, mine.changes) == (theirs.at_low, theirs.at_high, theirs.changes)
    assert mine.moved == pytest.approx(theirs.moved, abs=TOLERANCE * span)
    assert mine.at_high > 0 or name != "to the bounds"


def test_while_it_is_off_no_weight_changes_and_traces_go_on():
    program = quantized()
    on, off = FixedCore(program, learn=True), FixedCore(program)
    play((off,), 50)
    assert np.array_equal(learnt(off), program.param(f"{NAME}.weights"))
    play((on,), 50)
    traces = slice(
        -((on.image.header(fx.W_TRACES) + on.image.header(fx.W_KEPT)) // 4), -on.image.header(fx.W_KEPT) // 4
    )
    assert np.array_equal(on.network.state[traces], off.network.state[traces])
    off.learn = True
    play((off,), 10, 50)
    assert not np.array_equal(learnt(off), program.param(f"{NAME}.weights"))


def test_what_was_learnt_survives_a_reset_and_is_forgotten_on_demand():
    core = FixedCore(quantized(), learn=True)
    start = core.snapshot()
    play((core,), 60)
    before, changes = learnt(core), core.plasticity[NAME].changes
    for seed in (None, 3):
        core.reset(seed)
        assert np.array_equal(learnt(core), before)
        assert core.learn and core.plasticity[NAME].changes == changes > 0
    core.forget()
    assert np.array_equal(learnt(core), learnt(FixedCore(core.program)))
    assert core.plasticity[NAME].changes == 0
    core.restore(start)
    play((core,), 60)
    assert np.array_equal(learnt(core), before)


def test_a_snapshot_holds_what_was_learnt():
    core = FixedCore(quantized(), learn=True)
    play((core,), 40)
    snapshot = core.snapshot()
    play((core,), 20, 40)
    after, changes = core.snapshot(), core.plasticity[NAME].changes
    core.restore(snapshot)
    play((core,), 20, 40)
    assert core.snapshot().tobytes() == after.tobytes()
    assert core.plasticity[NAME].changes == changes


def test_what_was_learnt_is_a_program_with_its_image():
    core = FixedCore(quantized(), learn=True)
    play((core,), 60)
    program = core.to_program()
    again = FixedCore(program)
    (q,) = again.image.learns()
    assert np.array_equal(q.start(again.image) >> 16, core.network.state[q.at : q.at + q.size] >> 16)
    assert np.array_equal(learnt(again), program.param(f"{NAME}.weights"))
    span = np.ptp(program.param(f"{NAME}.limits")[:2])
    assert np.abs(HostCore(program).to_program().param(f"{NAME}.weights") - learnt(core)).max() < 1e-6 * span
    assert Image.of(program.image).reward_unit == core.image.reward_unit


def test_a_controller_learns_in_fixed_point():
    program = quantized()
    c, core = Controller(program, "fixed", learn=True), FixedCore(program, learn=True)
    xs, r = observations(30, 5), rewards(30)
    for k, x in enumerate(xs):
        assert (
            c.step(x, r[k - 1] if k else 0.0).tolist()
            == (core.tick(x, r[k - 1] if k else 0.0), core.action)[1].tolist()
        )
    c.end(2.0)
    core.end(2.0)
    assert np.array_equal(c.to_program().params, core.to_program().params)
    assert c.plasticity == core.plasticity
    c.forget()
    assert c.plasticity[NAME].moved == 0


def test_a_reward_beyond_what_fits_is_cut_off():
    core = FixedCore(quantized())
    unit = core.image.reward_unit
    assert core.reward(1e300) == -core.reward(-1e300) == 2**29
    assert core.reward(3 * unit) == 3
    assert 2**29 * unit >= 100 * np.abs(rewards(300)).max()


def test_an_image_of_a_program_that_learns_elsewhere_is_refused():
    program = quantized()
    with pytest.raises(ImageError, match=r"projections of \[24\] synapses learn, in the program of \[\d+\]; quantize"):
        FixedCore(replace(quantized(sparse=True), image=program.image))
    with pytest.raises(SpecError, match="no projection has a rule"):
        FixedCore(plain_quantized(CASES["poisson"].spec).program, learn=True)
