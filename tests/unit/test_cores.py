"""Every core gives the same bits: batches, instances, threads, snapshots, episodes, files."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import BatchCore, HostCore
from neurobot.errors import SpecError
from neurobot.program import Program, build
from neurobot.spec import (
    LIF,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    Input,
    Limits,
    NetworkSpec,
    Poisson,
    Population,
    Rate,
)
from tests.unit.strategies import cases, examples, observations

TICKS = 5


def run(core, xs):
    """Actions, spikes and final state of a HostCore over some observations."""
    actions, spikes = [], []
    for x in xs:
        assert core.tick(x) == 0
        actions.append(core.action.copy())
        spikes.append(core.spikes.copy())
    return np.array(actions), np.concatenate(spikes), core.snapshot()


def same(a, b):
    """Equal to the last bit; bytes, because integers in a float state may look like NaN."""
    return all(x.tobytes() == y.tobytes() for x, y in zip(a, b, strict=True))


def poisson_spec(n=40, substeps=50, rest=0.0):
    """Poisson spikes counted at once, n channels of one observation each."""
    return ControllerSpec(
        encoder=Encoder(
            population="in", field=Direct(range=Bounds(low=-1, high=1)), code=Poisson(max_rate=500.0), size=n
        ),
        network=NetworkSpec(1e-3, (Population("in", 2 * n, Input()),)),
        decoder=Rate(population="in", size=n, limits=Limits(low=-1, high=1, rest=rest)),
        substeps=substeps,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_a_host_core_works_on_begins_on_a_cache_line(dtype):
    cores = [HostCore(build(poisson_spec(n)), dtype) for n in (1, 40, 4000)]
    for core in cores:
        core.reset(seed=1)
        core.restore(core.snapshot())
        assert [array.ctypes.data % 64 for array in (core.state, core.ints, core.params)] == [0, 0, 0]


@given(case=cases(), n=st.integers(1, 5), threads=st.integers(1, 3), dtype=st.sampled_from(["float32", "float64"]))
@examples(40)
def test_batch_equals_host_for_any_size_instance_and_thread_count(case, n, threads, dtype):
    xs = observations(3, TICKS * n, case.spec.encoder.size).reshape(TICKS, n, -1)
    batch = BatchCore(case.program, n, dtype, threads=threads)
    hosts = [HostCore(case.program, dtype, instance=i) for i in range(n)]
    for x in xs:
        batch.tick(x)
        for host, row in zip(hosts, x, strict=True):
            host.tick(row)
    batch.close()
    for i, host in enumerate(hosts):
        assert batch.state[i].tobytes() == host.state.tobytes()
        assert batch.action[i].tobytes() == host.action.tobytes()


def test_a_batch_ticks_only_the_instances_it_is_asked_to():
    program = build(poisson_spec())
    batch = BatchCore(program, 4)
    xs = observations(0, 4, 40)
    before = batch.snapshot()
    batch.tick(xs, np.array([2, 0]))
    moved = [before[i].tobytes() != batch.state[i].tobytes() for i in range(4)]
    assert moved == [True, False, True, False]


def test_an_instance_with_params_of_its_own_equals_a_program_with_them():
    program = build(poisson_spec())
    batch = BatchCore(program, 3, own_params=True)
    gain = program.blocks["params"]["encoder.gain"]
    gain.of(batch.params)[:] = [[0.1], [0.3], [0.5]]
    xs = np.repeat(observations(0, 1, 40), 3, axis=0)
    batch.tick(xs)
    for i in range(3):
        host = HostCore(batch.to_program(i), instance=i)
        host.tick(xs[i])
        assert host.action.tobytes() == batch.action[i].tobytes()


@given(case=cases(), dtype=st.sampled_from(["float32", "float64"]), at=st.integers(0, TICKS))
@examples(30)
def test_a_restored_snapshot_repeats_bit_for_bit(case, dtype, at):
    xs = observations(5, TICKS, case.spec.encoder.size)
    core = HostCore(case.program, dtype, log_spikes=50_000)
    run(core, xs[:at]) if at else None
    snapshot = core.snapshot()
    rest = xs[at:] if at < TICKS else xs[:1]
    first = run(core, rest)
    core.restore(snapshot)
    assert same(run(core, rest), first)
    other = HostCore(case.program, dtype, seed=999, instance=7, log_spikes=50_000)
    run(other, xs)
    other.restore(snapshot)
    assert same(run(other, rest), first)


def test_a_batch_restores_its_snapshot():
    program = build(poisson_spec())
    batch = BatchCore(program, 3)
    xs = observations(0, 3, 40)
    batch.tick(xs)
    snapshot = batch.snapshot()
    first = batch.tick(xs).copy()
    batch.restore(snapshot)
    assert batch.tick(xs).tobytes() == first.tobytes()


@given(case=cases())
@examples(30)
def test_a_program_runs_the_same_after_save_and_load(case, tmp_path_factory):
    path = tmp_path_factory.mktemp("programs") / "p.safetensors"
    case.program.save(path)
    loaded = Program.load(path)
    assert loaded.spec == case.program.spec
    assert loaded.params.tobytes() == case.program.params.tobytes()
    assert loaded.layout.tobytes() == case.program.layout.tobytes()
    xs = observations(6, TICKS, case.spec.encoder.size)
    a, b = (run(HostCore(p, log_spikes=50_000), xs) for p in (case.program, loaded))
    assert same(a, b)


@given(case=cases())
@examples(20)
def test_to_program_holds_the_params_of_the_core_as_they_are(case):
    core = HostCore(case.program)
    core.params *= np.float32(0.5)
    half = core.to_program()
    assert np.array_equal(half.params, core.params.astype(np.float64))
    xs = observations(6, 3, case.spec.encoder.size)
    again = HostCore(half)
    again.state[:] = core.state
    assert same(run(again, xs), run(core, xs))


def test_same_seed_same_spikes_and_another_seed_others():
    program = build(poisson_spec())
    x = observations(0, 3, 40)
    a, b, c, d = (
        run(HostCore(program, seed=s, instance=i, log_spikes=50_000), x)[1].tobytes()
        for s, i in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert a == b
    assert len({a, c, d}) == 3


def test_the_upper_half_of_a_seed_counts():
    program = build(poisson_spec())
    x = observations(0, 2, 40)
    a, b = (run(HostCore(program, seed=s, log_spikes=50_000), x)[1].tobytes() for s in (7, 7 + 2**32))
    assert a != b


@pytest.mark.parametrize("seed", [0, 3, 2**40 + 1])
def test_reset_none_is_the_next_episode_and_reset_with_the_seed_repeats(seed):
    program = build(poisson_spec())
    xs = observations(0, 3, 40)
    core = HostCore(program, seed=seed, log_spikes=50_000)
    first = run(core, xs)
    core.reset()
    second = run(core, xs)
    assert second[1].tobytes() != first[1].tobytes()
    core.reset(seed)
    assert same(run(core, xs), first)
    core.reset()
    assert same(run(core, xs), second)


def test_a_batch_resets_single_instances_to_their_next_episode():
    program = build(poisson_spec())
    xs = observations(0, 2, 40)
    batch, host = BatchCore(program, 2), HostCore(program, instance=1)
    batch.tick(xs)
    batch.reset(ids=np.array([1]))
    host.reset()
    batch.tick(xs)
    host.tick(xs[1])
    assert batch.state[1].tobytes() == host.state.tobytes()
    batch.reset(11)
    host.reset(11)
    batch.tick(xs)
    host.tick(xs[1])
    assert batch.state[1].tobytes() == host.state.tobytes()


def test_spikes_of_a_tick_are_counted_and_logged_up_to_the_room():
    program = build(poisson_spec())
    full, short = HostCore(program, log_spikes=10_000), HostCore(program, log_spikes=5)
    x = observations(0, 1, 40)[0]
    full.tick(x)
    short.tick(x)
    assert len(short.spikes) == 5
    assert short.spikes_missed == len(full.spikes) - 5 > 0
    assert np.array_equal(short.spikes, full.spikes[:5])
    assert full.spikes_missed == 0


@pytest.mark.parametrize("core", [HostCore, lambda p, dtype="float32": BatchCore(p, 2, dtype)])
def test_a_snapshot_of_another_core_is_refused(core):
    program, other = build(poisson_spec()), build(poisson_spec(n=3))
    with pytest.raises(SpecError, match="this core's state is"):
        core(program).restore(core(other).snapshot())
    with pytest.raises(SpecError, match="float64"):
        core(program).restore(core(program, "float64").snapshot())


def test_cores_refuse_what_they_cannot_be():
    program = build(poisson_spec(n=2))
    with pytest.raises(SpecError, match=r"HostCore: dtype is 'float16', it must be float32 or float64"):
        HostCore(program, "float16")
    with pytest.raises(SpecError, match=r"BatchCore: dtype is 'int8'"):
        BatchCore(program, 2, "int8")
    with pytest.raises(SpecError, match=r"n is 0 and threads 1, both must be at least 1"):
        BatchCore(program, 0)
    with pytest.raises(SpecError, match=r"n is 2 and threads 0"):
        BatchCore(program, 2, threads=0)


def test_with_params_refuses_another_shape():
    program = build(poisson_spec(n=2))
    with pytest.raises(SpecError, match="params have shape"):
        program.with_params(program.params[:-1])


def test_a_batch_refuses_observations_of_another_shape():
    batch = BatchCore(build(poisson_spec(n=4)), 2)
    for shape in ((2, 3), (3, 4), (2, 5)):
        with pytest.raises(SpecError, match=r"observations have shape"):
            batch.tick(np.zeros(shape))


def test_a_batch_refuses_instances_it_does_not_have():
    batch = BatchCore(build(poisson_spec(n=4)), 2)
    for ids in ([2], [-1]):
        with pytest.raises(SpecError, match=r"instances"):
            batch.tick(np.zeros((2, 4)), np.array(ids))


def test_weights_too_large_for_float32_are_refused_by_name():
    spec = poisson_spec(n=2)
    big = build(replace(spec, decoder=replace(spec.decoder, gain=1e60)))
    with pytest.raises(SpecError, match=r"decoder.gain.*float32"):
        HostCore(big)
    assert HostCore(big, "float64").tick(np.zeros(2)) == 0


def test_a_batch_refuses_a_mask_where_it_takes_numbers():
    core = BatchCore(build(poisson_spec(2)), 2)
    mask = np.array([True, False])
    for call in (lambda: core.reset(ids=mask), lambda: core.tick(np.zeros((2, 2)), mask)):
        with pytest.raises(SpecError, match="instances have dtype bool; give their numbers, not a mask"):
            call()
    for wrong in ([-1], [2]):
        with pytest.raises(SpecError, match=r"there are 0\.\.1"):
            core.reset(ids=np.array(wrong))


def test_a_batch_takes_any_array_of_numbers_as_observations():
    program = build(poisson_spec(2))
    a, b = BatchCore(program, 3), BatchCore(program, 3)
    x = np.array([[0.5, -0.25], [1.0, 0.0], [-1.0, 0.75]])
    assert same([a.tick(x.astype(np.float32).copy(order="F"))], [b.tick(x)])
    assert same([a.tick(x.tolist())], [b.tick(x)])


@pytest.mark.parametrize("make", [HostCore, lambda program: BatchCore(program, 1)])
def test_the_action_follows_the_state_from_the_start_through_reset_and_restore(make):
    core = make(build(poisson_spec(2, rest=0.25)))
    rest = core.action.copy()
    assert set(rest.ravel()) == {0.25}
    one = np.ones((1, 2)) if core.action.ndim == 2 else np.ones(2)
    core.tick(one)
    moved, snapshot = core.action.copy(), core.snapshot()
    assert not np.array_equal(moved, rest)
    core.tick(-one)
    core.restore(snapshot)
    assert np.array_equal(core.action, moved)
    core.reset()
    assert np.array_equal(core.action, rest)


@pytest.mark.parametrize("steps", [-1, 0, 4, 100])
def test_no_more_steps_run_than_there_is_room_for(steps):
    core = HostCore(build(NetworkSpec(1e-3, (Population("in", 2, Input()),))), max_steps=3)
    with pytest.raises(SpecError, match=f"tick_in_place: steps is {steps}, allowed are 1 to max_steps = 3"):
        core.tick_in_place(steps)
    assert core.tick_in_place(3) == 0


def test_a_controller_runs_its_own_number_of_steps():
    program = build(poisson_spec())
    core, other = HostCore(program), HostCore(program)
    with pytest.raises(SpecError, match="steps is 1, allowed are none, for a controller"):
        core.tick_in_place(1)
    assert core.tick_in_place() == other.tick_in_place() == 0
    assert same([core.state], [other.state])


def test_params_that_change_count_from_the_next_reset_on():
    """The initial membrane is a parameter; host and batch read it when an episode begins."""
    spec = NetworkSpec(1e-3, (Population("a", 2, LIF(tau_mem=0.01), v_init=0.1),))
    host, batch = HostCore(build(spec)), BatchCore(build(spec), 1)
    for core in (host, batch):
        core.program.blocks["params"]["a.init"].of(core.params)[...] = 0.5
        core.reset(3)
    assert same([host.state], [batch.state[0]])
    assert host.block("a.v").tolist() == [0.5, 0.5]
