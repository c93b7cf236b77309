"""Learning in cores and controllers: the same bits everywhere, what a reset keeps, what is frozen and forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.controller import Controller
from neurobot.core import BatchCore, HostCore
from neurobot.errors import ObservationError, SpecError
from neurobot.kernels import ops
from neurobot.loop import Learning
from neurobot.program import Program, build
from neurobot.spec import (
    STDP,
    Dopamine,
    EProp,
    Homeostasis,
    InhibitorySTDP,
    NetworkSpec,
    Projection,
    Reward,
    RewardSTDP,
    TDError,
    TripletSTDP,
    WeightPerturbation,
)
from tests.unit.learning_networks import NAME, controller, forced
from tests.unit.strategies import examples

RULES = {
    "pairs": STDP(rate=3.0, bounds="soft", mu_plus=0.3),
    "triplets": TripletSTDP(rate=5.0, pairing="nearest"),
    "inhibition": InhibitorySTDP(target=20.0, rate=0.01),
    "scaling": Homeostasis(target=30.0, rate=3.0),
    "reward": RewardSTDP(rate=0.05, tau_mean=0.02, modulator=Reward(baseline_tau=0.1), row_sum=2.0),
    "perturbation": WeightPerturbation(std=0.1, tau=0.01, tau_e=0.01, rate=0.1, modulator=Reward(baseline_tau=0.1)),
    "perturbation where reward is lacking": WeightPerturbation(
        std=0.1, tau_e=0.01, rate=0.1, usual=1.0, tau_mean=0.05, modulator=Reward(baseline_tau=0.1)
    ),
    "dopamine": RewardSTDP(rate=2.0, modulator=Dopamine(baseline=0.01), interval=2e-3),
    "critic": RewardSTDP(rate=0.05, tau_mean=0.02, modulator=TDError(critic="out", discount=0.8)),
    "e-prop": EProp(readout="readout", target="target", rate=0.02, rate_reg=0.1),
    "e-prop of episodes": EProp(readout="readout", target="target", episodes=1, descent="adam", feedback="random"),
}
NOTHING_KEPT = (("dopamine", "baseline"), ("dopamine", "mean"), ("perturbation", "lack"))
TICKS = 12


def inputs(seed, ticks=TICKS, n=1):
    rng = np.random.default_rng(seed)
    return rng.uniform(-1, 1, (ticks, n, 4)), rng.normal(0, 1, (ticks, n))


def learn(core, xs, rewards):
    for x, r in zip(xs[:, 0], rewards[:, 0], strict=True):
        assert core.tick(x, r) == 0


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_instances_of_a_batch_learn_as_cores_do_for_any_number_of_threads(name, dtype):
    program, (xs, rewards) = controller(RULES[name]), inputs(1, n=3)
    hosts = [HostCore(program, dtype, instance=i, learn=True) for i in range(3)]
    batches = [BatchCore(program, 3, dtype, threads=threads, learn=True) for threads in (1, 2)]
    for x, r in zip(xs, rewards, strict=True):
        for batch in batches:
            batch.tick(x, rewards=r)
        for i, host in enumerate(hosts):
            host.tick(x[i], r[i])
    for batch in batches:
        batch.end(rewards[0], np.array([0, 2]), truncated=np.array([True, False, False]))
        batch.close()
    hosts[0].end(rewards[0, 0], truncated=True)
    hosts[2].end(rewards[0, 2])
    for i, host in enumerate(hosts):
        assert all(batch.state[i].tobytes() == host.state.tobytes() for batch in batches)
        assert batches[0].plasticity(i) == host.plasticity
        changed = not np.array_equal(host.block(f"{NAME}.w"), program.param(f"{NAME}.weights").astype(dtype))
        assert changed == (i != 1 or name != "e-prop of episodes")  # the episode of instance 1 goes on


@pytest.mark.parametrize("name", RULES)
def test_a_restored_snapshot_learns_the_same_bit_for_bit(name):
    program, (xs, rewards) = controller(RULES[name]), inputs(2)
    core = HostCore(program, learn=True)
    learn(core, xs, rewards)
    snapshot = core.snapshot()
    learn(core, xs, rewards)
    core.end(0.5)
    first = core.snapshot()
    other = HostCore(program, seed=99, instance=5)
    other.restore(snapshot)
    assert other.learn
    learn(other, xs, rewards)
    other.end(0.5)
    assert other.state.tobytes() == first.tobytes()


@given(name=st.sampled_from(list(RULES)), seed=st.integers(0, 99), dtype=st.sampled_from(["host", "host64"]))
@examples(12)
def test_a_frozen_program_acts_as_one_without_a_rule(name, seed, dtype):
    program, (xs, rewards) = controller(RULES[name], seed=seed), inputs(seed)
    without = tuple(Projection(q.pre, q.post, program.weights(q.name)) for q in program.network.projections)
    network = NetworkSpec(program.network.dt, program.network.populations, without)
    other = build(type(program.spec)(
        encoder=program.spec.encoder, network=network, decoder=program.spec.decoder, substeps=program.substeps
    ), seed=program.seed)  # fmt: skip
    frozen, without = (Controller(p, dtype, record=True) for p in (program, other))
    for x, r in zip(xs[:, 0], rewards[:, 0], strict=True):
        assert frozen.step(x, r).tobytes() == without.step(x, r).tobytes()
        assert frozen.spikes.tolist() == without.spikes.tolist()
        assert frozen.synops_last == without.synops_last
    frozen.end(1.0)
    np.testing.assert_array_equal(frozen.to_program().weights(NAME), frozen.program.weights(NAME).astype(
        np.float32 if dtype == "host" else np.float64))  # fmt: skip


def test_learning_is_switched_between_ticks_and_traces_go_on_without():
    program, (xs, _) = controller(RULES["pairs"]), inputs(3)
    a = Controller(program, learn=True)
    b = Controller(program)
    assert (a.learn, b.learn) == (True, False)
    for x in xs[:6, 0]:
        a.step(x)
        b.step(x)
    a.learn, b.learn = False, True
    core_a, core_b = a._core, b._core
    kept = core_a.block(f"{NAME}.w").copy()
    np.testing.assert_array_equal(core_a.block(f"{NAME}.x"), core_b.block(f"{NAME}.x"))
    for x in xs[6:, 0]:
        a.step(x)
        b.step(x)
    np.testing.assert_array_equal(core_a.block(f"{NAME}.w"), kept)
    assert not np.array_equal(core_b.block(f"{NAME}.w"), program.param(f"{NAME}.weights").astype(np.float32))


@pytest.mark.parametrize("name", RULES)
def test_a_reset_keeps_what_was_learnt_and_nothing_else(name):
    program, (xs, rewards) = controller(RULES[name]), inputs(4)
    core = HostCore(program, learn=True)
    learn(core, xs, rewards)
    w = core.block(f"{NAME}.w").copy()
    core.reset(seed=8)
    assert core.learn
    np.testing.assert_array_equal(core.block(f"{NAME}.w"), w)
    for part in ("x", "y", "e", "level"):
        if f"{NAME}.{part}" in program.blocks["state"]:
            assert not core.block(f"{NAME}.{part}").any()
    for part in ("mean", "baseline", "rate", "lack"):
        if f"{NAME}.{part}" in program.blocks["state"] and (name, part) not in NOTHING_KEPT:
            assert core.block(f"{NAME}.{part}").any()
    fresh = HostCore(core.to_program(), seed=8, learn=True)
    np.testing.assert_array_equal(fresh.block(f"{NAME}.w"), w)


@pytest.mark.parametrize("name", RULES)
def test_to_forget_is_to_begin_as_a_new_core_does(name):
    program, (xs, rewards) = controller(RULES[name]), inputs(5)
    core, new = HostCore(program, learn=True), HostCore(program, learn=True)
    learn(core, xs, rewards)
    core.forget()
    core.reset(seed=program.seed)
    assert core.state.tobytes() == new.state.tobytes()


def test_some_instances_of_a_batch_forget():
    program, (xs, rewards) = controller(RULES["reward"]), inputs(6, n=3)
    batch = BatchCore(program, 3, learn=True)
    start = batch.state[0].copy()
    for x, r in zip(xs, rewards, strict=True):
        batch.tick(x, rewards=r)
    learnt = [program.blocks["state"][f"{NAME}.w"].of(batch.state[i]).copy() for i in range(3)]
    batch.forget(np.array([1]))
    batch.reset()
    now = [program.blocks["state"][f"{NAME}.w"].of(batch.state[i]) for i in range(3)]
    assert [np.array_equal(a, b) for a, b in zip(now, learnt, strict=True)] == [True, False, True]
    np.testing.assert_array_equal(now[1], program.blocks["state"][f"{NAME}.w"].of(start))


def test_params_that_a_batch_is_given_are_in_force_at_once():
    program = controller(RULES["pairs"])
    batch = BatchCore(program, 2, own_params=True)
    params = batch.params.copy()
    weights = program.blocks["params"][f"{NAME}.weights"].of(params)
    weights[1] *= 0.5
    batch.set_params(params)
    w = program.blocks["state"][f"{NAME}.w"].of(batch.state)
    np.testing.assert_array_equal(w, weights)


def test_what_was_learnt_is_saved_with_the_program(tmp_path):
    program, (xs, rewards) = controller(RULES["reward"]), inputs(7)
    one = Controller(program, learn=True)
    for x, r in zip(xs[:, 0], rewards[:, 0], strict=True):
        one.step(x, r)
    one.to_program().save(tmp_path / "learnt.safetensors")
    loaded = Program.load(tmp_path / "learnt.safetensors")
    assert not np.array_equal(loaded.weights(NAME), program.weights(NAME))
    np.testing.assert_array_equal(loaded.weights(NAME), one.to_program().weights(NAME))
    assert loaded.spec == program.spec
    assert any("learns by RewardSTDP" in line for line in loaded.summary().splitlines())


def test_indexed_synapses_survive_the_file(tmp_path):
    program = forced(RULES["pairs"], np.full((3, 4), 0.5), sparse=True)
    program.save(tmp_path / "sparse.safetensors")
    loaded = Program.load(tmp_path / "sparse.safetensors")
    np.testing.assert_array_equal(loaded.layout, program.layout)


def test_the_last_reward_changes_weights_and_lets_no_time_pass():
    program, (xs, rewards) = controller(RULES["reward"]), inputs(8)
    one = Controller(program, learn=True)
    for x, r in zip(xs[:, 0], rewards[:, 0], strict=True):
        one.step(x, r)
    core, spikes, synops = one._core, one.spikes_last, one.synops_last
    w, step, v = core.block(f"{NAME}.w").copy(), int(core.ints[ops.STEP_LO]), core.block("out.v").copy()
    one.end(5.0, truncated=True)
    assert not np.array_equal(core.block(f"{NAME}.w"), w)
    assert (one.spikes_last, one.synops_last, int(core.ints[ops.STEP_LO])) == (spikes, synops, step)
    np.testing.assert_array_equal(core.block("out.v"), v)
    assert core.ints[ops.ENDING] == 0


@pytest.mark.parametrize("through", [lambda one: one, Learning], ids=["controller", "learning"])
@pytest.mark.parametrize("name", ["critic", "e-prop of episodes"])
def test_how_an_episode_ended_reaches_a_critic_and_is_the_same_to_e_prop(name, through):
    program, (xs, rewards) = controller(RULES[name]), inputs(9)
    found = []
    for truncated in (False, True):
        one = Controller(program, learn=True, record=True)
        for x, r in zip(xs[:, 0], rewards[:, 0], strict=True):
            one.step(x, r)
        before = one.to_program().weights(NAME)
        through(one).end(1.0, truncated=truncated)
        found.append(one.to_program().weights(NAME))
        assert not np.array_equal(found[-1], before)
    assert np.array_equal(*found) == (name == "e-prop of episodes")


@pytest.mark.parametrize("reward", [np.nan, np.inf])
def test_a_reward_that_is_not_finite_is_refused_before_anything_changes(reward):
    one = Controller(controller(RULES["reward"]), learn=True)
    one.step(np.zeros(4), 1.0)
    before = one.snapshot()
    with pytest.raises(ObservationError, match=r"the reward is (nan|inf); it must be finite"):
        one.step(np.zeros(4), reward)
    with pytest.raises(ObservationError, match="it must be finite"):
        one.end(reward)
    assert one.snapshot().tobytes() == before.tobytes()


def test_a_reward_that_no_rule_takes_is_not_looked_at():
    one = Controller(controller(RULES["pairs"]), learn=True)
    one.step(np.zeros(4), np.nan)
    one.end(np.nan)


def test_a_program_without_a_rule_cannot_learn():
    program = controller(None)
    for make in (lambda: Controller(program, learn=True), lambda: HostCore(program, learn=True),
                 lambda: BatchCore(program, 2, learn=True)):  # fmt: skip
        with pytest.raises(SpecError, match=r"no projection has a rule; give one: Projection\(..., rule=STDP\(\)\)"):
            make()
    one = Controller(program)
    with pytest.raises(SpecError, match="no projection has a rule"):
        one.learn = True
    one.learn = False
    one.forget()
    assert not one.plasticity


def test_weights_at_their_bounds_are_counted():
    rule = STDP(A_plus=0.4, A_minus=0.0)
    core = HostCore(forced(rule, [[0.5, 0.5, 0.0, 1.0]]), learn=True)
    seen = core.plasticity[NAME]
    assert (seen.at_low, seen.at_high, seen.mean, seen.moved, seen.changes) == (0.25, 0.25, 0.5, 0.0, 0)
    for _ in range(3):
        core.tick(np.array([1, 0, 0, 0, 1]))
    seen = core.plasticity[NAME]
    assert (seen.at_low, seen.at_high, seen.mean, seen.moved) == (0.25, 0.5, 0.625, 0.125)
    assert seen.changes == 3 * (1 + 4)


def test_predict_does_not_learn():
    program = controller(RULES["pairs"])
    one = Controller(program, learn=True)
    before = one.snapshot()
    for x in inputs(1, n=3)[0]:
        one.predict(x)
    assert one.snapshot().tobytes() == before.tobytes()
    np.testing.assert_array_equal(one.to_program().weights(NAME), program.weights(NAME).astype(np.float32))


def test_what_a_tick_carries_over_does_not_touch_traces():
    program, (xs, _) = controller(RULES["pairs"]), inputs(9)
    traces = []
    for carry in (1.0, 0.0):
        core = HostCore(build(replace(program.spec, carry=carry), weights={NAME: program.weights(NAME)}, seed=7))
        for x in xs[:, 0]:
            core.tick(x)
        traces.append(core.block(f"{NAME}.x").copy())
    assert traces[0].any()
    np.testing.assert_array_equal(*traces)
