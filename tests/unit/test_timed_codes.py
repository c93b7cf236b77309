"""OneHot, Latency, Delta, Phase and Burst against what they promise in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import BatchCore, HostCore
from neurobot.program import build
from neurobot.spec import Bounds, Burst, Delta, Latency, OneHot, Phase, Regular, WinnerTakeAll
from tests.unit.strategies import examples
from tests.unit.test_codes import DT, straight

TIMED = [Latency(), Latency(curve="logarithmic"), Delta(), Phase(bits=4), Burst()]


def ticks(spec, observations, dtype="float64"):
    """The spikes of every tick, each as a set of (substep, channel)."""
    core = HostCore(build(spec), dtype, log_spikes=5000)
    logs = []
    for x in observations:
        core.tick(np.atleast_1d(np.asarray(x, float)))
        assert core.spikes_missed == 0
        logs.append({(int(step), int(channel)) for step, channel in core.spikes})
    return logs


def steps_of(log, channel=0):
    return sorted(step for step, j in log if j == channel)


# --- latency ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(x=st.floats(-1.5, 1.5), substeps=st.integers(1, 30), threshold=st.sampled_from([0.0, 0.01, 0.4]))
@examples(60)
def test_linear_latency_sends_one_spike_whose_step_tells_the_activation(dtype, x, substeps, threshold):
    log = ticks(straight(Latency(threshold=threshold), substeps=substeps), [x], dtype)[0]
    a = min(abs(x), 1.0)
    if a <= threshold + 1e-7:
        assert log == set() or (a > threshold * (1 - 1e-7) and len(log) == 1)
        return
    ((step, channel),) = log
    assert channel == (0 if x > 0 else 1)
    wide = (1 - threshold) / substeps
    assert 1 - (step + 1) * wide - 1e-6 <= a <= 1 - step * wide + 1e-6


@given(a=st.floats(1e-3, 1.0), substeps=st.integers(1, 30))
@examples(60)
def test_logarithmic_latency_tells_the_activation_to_a_factor(a, substeps):
    log = ticks(straight(Latency(threshold=0.01, curve="logarithmic"), substeps=substeps), [a])[0]
    if a <= 0.01:
        assert log == set()
        return
    ((step, _),) = log
    factor = 0.01 ** (1 / substeps)
    assert factor ** (step + 1) * (1 - 1e-9) <= a <= factor**step * (1 + 1e-9)


@pytest.mark.parametrize("curve", ["linear", "logarithmic"])
def test_stronger_activations_are_never_later_and_all_steps_are_used(curve):
    substeps = 12
    code = Latency(threshold=0.1, curve=curve)
    logs = ticks(straight(code, substeps=substeps), np.linspace(0.101, 1, 200))
    steps = [steps_of(log)[0] for log in logs]
    assert np.all(np.diff(steps) <= 0)
    assert set(steps) == set(range(substeps))


# --- send on delta ------------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 999), substeps=st.integers(1, 12), delta=st.sampled_from([0.03, 0.1, 0.25, 1.0]))
@examples(40)
def test_on_minus_off_spikes_follow_the_observation_to_less_than_delta(seed, substeps, delta):
    path = np.random.default_rng(seed).uniform(-1.2, 1.2, 8).repeat(3)
    level, done = 0, True
    for x, log in zip(path, ticks(straight(Delta(delta=delta), substeps=substeps), path), strict=True):
        u = np.clip(x, -1, 1)
        before, done = level, abs(u - level * delta) < delta * (1 - 1e-9)
        level += len(steps_of(log, 0)) - len(steps_of(log, 1))
        assert abs(level - before) == len(log)  # only towards u
        caught_up = abs(u - level * delta) <= delta * (1 + 1e-9)
        assert caught_up or (len(log) == substeps and np.sign(level - before) == np.sign(u - before * delta))
        assert not done or log == set()


def test_a_large_change_takes_a_step_for_every_delta_and_goes_on_in_the_next_tick():
    logs = ticks(straight(Delta(delta=0.125), substeps=5), [1.0, 1.0, 1.0, 0.5])
    assert logs == [{(k, 0) for k in range(5)}, {(k, 0) for k in range(3)}, set(), {(k, 1) for k in range(4)}]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [3, 10, 20, 100])
def test_the_ends_of_the_range_are_reached_in_any_precision(dtype, n):
    up, down = ticks(straight(Delta(delta=1 / n), substeps=200), [5.0, -5.0], dtype)
    assert [len(steps_of(log, j)) for log in (up, down) for j in (0, 1)] == [n, 0, 0, 2 * n]


def test_the_reference_does_not_drift_however_long_it_goes_up_and_down():
    core = HostCore(build(straight(Delta(delta=0.1), substeps=20)), "float32", log_spikes=50)
    for x in [0.95, -0.95] * 500:
        core.tick(np.array([x]))
        assert core.block("encoder.level")[0] == round(x * 0.9 / 0.95 * 10)


def test_carry_0_puts_the_reference_back_and_other_carries_keep_it():
    whole = {(0, 0), (1, 0)}
    for carry, second in ((1.0, set()), (0.3, set()), (0.0, whole)):
        assert ticks(straight(Delta(delta=0.25), carry=carry), [0.6, 0.6]) == [whole, second]


def test_reset_puts_the_reference_back():
    core = HostCore(build(straight(Delta(delta=0.25))), "float64", log_spikes=50)
    core.tick(np.array([0.6]))
    core.reset()
    core.tick(np.array([0.6]))
    assert len(core.spikes) == 2


# --- phase --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("m", [0, 1, 77, 128, 200, 255])
def test_a_period_is_the_binary_form_of_the_activation(dtype, m):
    log = ticks(straight(Phase(bits=8), substeps=16), [m / 256], dtype)[0]
    sent = np.isin(np.arange(16), steps_of(log))
    np.testing.assert_array_equal(sent, np.tile(np.unpackbits(np.uint8(m)).astype(bool), 2))


@given(a=st.floats(0, 1), bits=st.integers(1, 24))
@examples(50)
def test_spikes_weighted_by_their_phase_add_up_to_the_activation(a, bits):
    total = sum(2.0 ** -(k + 1) for k in steps_of(ticks(straight(Phase(bits=bits), substeps=bits), [a])[0]))
    assert 0 <= a - total <= 2.0**-bits


def test_a_short_tick_sends_the_first_bits():
    logs = ticks(straight(Phase(bits=8), substeps=3), [0b101_00110 / 256, 0b011_11111 / 256])
    assert [steps_of(log) for log in logs] == [[0, 2], [1, 2]]


# --- burst --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "steps"),
    [
        (1.0, [0, 2, 4, 6, 8]),  # five spikes, t_min apart
        (0.5, [0, 6, 12]),  # ceil(2.5) spikes, the middle of 2 and 10 apart
        (0.3, [0, 8]),  # 10 - 8 x 0.3 = 7.6
        (0.2, [0]),
        (0.05, [0]),
        (0.01, []),
    ],
)
def test_bursts_have_the_number_and_interval_of_guo(a, steps):
    code = Burst(max_spikes=5, t_min=2 * DT, t_max=10 * DT)
    assert steps_of(ticks(straight(code, substeps=30), [a])[0]) == steps


@given(substeps=st.integers(1, 40), most=st.integers(1, 8))
@examples(40)
def test_without_a_given_interval_every_burst_fits_into_the_tick_if_it_can(substeps, most):
    strengths = np.linspace(0.02, 1, 25)
    logs = ticks(straight(Burst(max_spikes=most), substeps=substeps), strengths)
    for a, log in zip(strengths, logs, strict=True):
        steps = steps_of(log)
        assert len(steps) == min(math.ceil(most * a), substeps) or most > substeps
        assert steps[0] == 0
        assert len(set(np.diff(steps))) <= 1


def test_spikes_that_the_tick_has_no_room_for_are_not_sent():
    log = ticks(straight(Burst(max_spikes=5, t_min=4 * DT, t_max=4 * DT), substeps=10), [1.0])[0]
    assert steps_of(log) == [0, 4, 8]


# --- bins ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(x=st.lists(st.floats(-4, 6), min_size=2, max_size=2), per_dim=st.integers(2, 9))
@examples(60)
def test_exactly_one_bin_of_a_dimension_is_active(dtype, x, per_dim):
    field = OneHot(range=Bounds(low=(-2.0, 1.0), high=(2.0, 5.0)), per_dim=per_dim)
    core = HostCore(build(straight(Regular(), 2, field, WinnerTakeAll(population="in", size=2))), dtype)
    core.tick(np.array(x))
    act = core.block("encoder.act").reshape(2, per_dim)
    np.testing.assert_array_equal(np.sort(act, axis=1)[:, :-1], 0)
    for j, (low, high) in enumerate([(-2, 2), (1, 5)]):
        edges = np.linspace(low, high, per_dim + 1)
        if np.abs(edges - x[j]).min() > 1e-5:
            expected, _ = np.histogram(np.clip(x[j], low, high), edges)
            np.testing.assert_array_equal(act[j], expected)


@pytest.mark.parametrize(
    ("x", "bin"), [(-9, 0), (-1, 0), (-0.51, 0), (-0.5, 1), (0, 2), (0.4999, 2), (0.5, 3), (1, 3), (9, 3)]
)
def test_a_bin_holds_its_lower_end_and_the_last_one_its_upper_too(x, bin):
    spec = straight(
        Regular(), 1, OneHot(range=Bounds(low=-1, high=1), per_dim=4), WinnerTakeAll(population="in", size=4)
    )
    assert ticks(spec, [x])[0] == {(k, bin) for k in range(10)}


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TIMED, ids=lambda code: type(code).__name__)
def test_every_tick_begins_anew_but_for_the_reference_of_delta(code):
    first, second = ticks(straight(code, substeps=7), [0.63, 0.63])
    assert first
    assert second == (first if not isinstance(code, Delta) else set())


@pytest.mark.parametrize("code", TIMED, ids=lambda code: type(code).__name__)
@pytest.mark.parametrize("carry", [1.0, 0.0])
def test_a_batch_equals_its_hosts_and_a_bad_observation_changes_nothing(code, carry):
    program = build(straight(code, 3, substeps=6, carry=carry))
    hosts, batch = [HostCore(program, instance=k) for k in range(3)], BatchCore(program, 3)
    for rows in np.random.default_rng(5).uniform(-1.3, 1.3, (4, 3, 3)):
        batch.tick(rows)
        for k, host in enumerate(hosts):
            host.tick(rows[k])
            assert host.state.tobytes() == batch.state[k].tobytes()
    before = hosts[0].snapshot()
    hosts[0].tick(np.array([0.1, np.nan, 0.2]))
    assert hosts[0].state.tobytes() == before.tobytes()


@pytest.mark.parametrize("code", TIMED, ids=lambda code: type(code).__name__)
def test_a_snapshot_repeats_the_tick(code):
    core = HostCore(build(straight(code, 2, substeps=6)), log_spikes=100)
    core.tick(np.array([0.9, -0.4]))
    kept, logs = core.snapshot(), []
    for _ in range(2):
        core.restore(kept)
        core.tick(np.array([-0.7, 0.2]))
        logs.append(core.spikes.tolist())
    assert logs[0] == logs[1] != []


def test_a_decoder_reads_the_spikes_as_any_others():
    core = HostCore(build(straight(Latency(), 2)))
    core.tick(np.array([1.0, 0.0]))
    assert core.action.tolist() == pytest.approx([0.1, 0.0])  # one of ten steps, read as a rate
