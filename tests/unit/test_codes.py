"""Encoders and decoders against what they promise in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.controller import Controller
from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import (
    LI,
    Bounds,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    Gaussian,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normalizer,
    OneToOne,
    Poisson,
    Population,
    Projection,
    Rate,
    Regular,
    WinnerTakeAll,
)
from tests.unit.strategies import examples

DT = 1e-3
WIDE = Limits(low=-1.0, high=1.0)


def straight(code, size=1, field=None, decoder=None, substeps=10, carry=1.0):
    """A controller whose decoder reads its encoder's spikes."""
    field = field or Direct(range=Bounds(low=-1.0, high=1.0))
    n = field.channels(size)
    network = NetworkSpec(DT, (Population("in", n, Input()),))
    decoder = decoder or Rate(population="in", size=size, limits=WIDE)
    encoder = Encoder(population="in", field=field, code=code, size=size)
    return ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=substeps, carry=carry)


def read_out(gain=1.0, limits=WIDE, **given):
    """Current into a membrane that forgets within a step, so the action is the observation."""
    field = Direct(range=Bounds(low=-1.0, high=1.0), push_pull=False)
    network = NetworkSpec(
        DT,
        (Population("in", 1, Input()), Population("out", 1, LI(tau_mem=1e-6, v_leak=given.pop("leak", 0.0)))),
        (Projection("in", "out", OneToOne()),),
    )
    return ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Current(), size=1),
        network=network,
        decoder=Membrane(population="out", size=1, gain=gain, limits=limits, **given),
        substeps=1,
    )


# --- encoders -----------------------------------------------------------------------------------------------------


@given(x=st.floats(-1, 1), substeps=st.integers(1, 12), ticks=st.integers(1, 40))
@examples(40)
def test_regular_is_within_half_a_spike_of_the_truth_in_any_window_from_the_start(x, substeps, ticks):
    core = HostCore(build(straight(Regular(), substeps=substeps)), "float64", log_spikes=50)
    total = np.zeros(2)
    for tick in range(1, ticks + 1):
        core.tick(np.array([x]))
        total += np.bincount(core.spikes[:, 1], minlength=2)
        truth = np.array([max(x, 0), max(-x, 0)]) * tick * substeps
        assert np.all(np.abs(total - truth) <= 0.5 + 1e-9)


def test_regular_starts_over_with_carry_0():
    core = HostCore(build(straight(Regular(), carry=0.0)), "float64", log_spikes=50)
    logs = []
    for _ in range(3):
        core.tick(np.array([0.33]))
        logs.append(core.spikes.tolist())
    assert logs[0] == logs[1] == logs[2] != []


def test_regular_reaches_its_rate_and_not_more():
    core = HostCore(build(straight(Regular(max_rate=200.0), substeps=1000)), "float64", log_spikes=5000)
    core.tick(np.array([7.0]))
    assert len(core.spikes) == 200
    assert np.ptp(np.diff(core.spikes[:, 0])) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(x=st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@examples(40)
def test_push_minus_pull_is_the_observation_clipped(dtype, x):
    core = HostCore(build(straight(Regular(), size=3)), dtype)
    core.tick(np.array(x))
    act = core.block("encoder.act").reshape(3, 2)
    np.testing.assert_array_equal(act[:, 0] - act[:, 1], np.clip(x, -1, 1).astype(dtype))
    assert not (act.min(axis=1)).any()


def test_a_range_maps_its_ends_to_full_activation():
    field = Direct(range=Bounds(low=(2.0, -3.0), high=(4.0, 1.0)))
    core = HostCore(build(straight(Regular(), 2, field)), "float64")
    for x, act in (
        ([4, 1], [1, 0, 1, 0]),
        ([2, -3], [0, 1, 0, 1]),
        ([3, -1], [0, 0, 0, 0]),
        ([3.5, -99], [0.5, 0, 0, 1]),
    ):
        core.tick(np.array(x, float))
        np.testing.assert_allclose(core.block("encoder.act"), act, atol=1e-15)


def test_a_normalizer_maps_clip_deviations_to_full_activation():
    field = Direct(range=Normalizer(clip=2.0, mean=1.0, std=0.5))
    core = HostCore(build(straight(Regular(), 1, field)), "float64")
    for x, u in ((1.0, 0.0), (2.0, 1.0), (1.5, 0.5), (-9.0, -1.0)):
        core.tick(np.array([x]))
        assert core.block("encoder.act")[0] - core.block("encoder.act")[1] == pytest.approx(u, abs=1e-15)


def test_gaussian_fields_mirror_each_other_and_add_up_evenly():
    field = Gaussian(range=Bounds(low=-1.0, high=1.0), per_dim=9, width=1.0)
    core = HostCore(build(straight(Regular(), 1, field, WinnerTakeAll(population="in", size=9))), "float64")

    def act(x):
        core.tick(np.array([x]))
        return core.block("encoder.act").copy()

    for x in (0.0, 0.1, 0.37, 0.99):
        np.testing.assert_allclose(act(x), act(-x)[::-1], atol=1e-15)
    assert [int(np.argmax(act(c))) for c in np.linspace(-1, 1, 9)] == list(range(9))
    assert act(np.linspace(-1, 1, 9)[3])[3] == pytest.approx(1.0)
    sums = [act(x).sum() for x in np.linspace(-0.25, 0.25, 21)]  # far from the ends, a Riemann sum of a Gaussian
    np.testing.assert_allclose(sums, math.sqrt(2 * math.pi), rtol=5e-3)


@pytest.mark.parametrize(("x", "rate"), [(0.5, None), (0.2, 300.0), (-0.9, 1000.0)])
def test_poisson_counts_have_the_mean_and_variance_of_the_binomial(x, rate):
    size, ticks, substeps = 50, 40, 50
    core = HostCore(build(straight(Poisson(max_rate=rate), size, substeps=substeps)), seed=5, log_spikes=10_000)
    counts = []
    for _ in range(ticks):
        core.tick(np.full(size, x))
        counts.append(np.bincount(core.spikes[:, 1], minlength=2 * size)[(0 if x > 0 else 1) :: 2])
        assert len(core.spikes) == counts[-1].sum()  # the other half of each pair is silent
    p = abs(x) * (1.0 if rate is None else rate * DT)
    n, total = substeps, size * ticks
    variance = n * p * (1 - p)
    assert np.mean(counts) == pytest.approx(n * p, abs=5 * math.sqrt(variance / total))
    assert np.var(counts) == pytest.approx(variance, abs=5 * variance * math.sqrt(2 / total))


def test_poisson_saturates_at_the_ends_of_the_range():
    core = HostCore(build(straight(Poisson(), substeps=1000)), log_spikes=5000)
    core.tick(np.array([5.0]))
    assert len(core.spikes) == 1000
    core.tick(np.array([0.0]))
    assert len(core.spikes) == 0


def test_current_is_the_activation_itself():
    controller = Controller(build(read_out()), "host64")
    for x in (0.3, -0.7, 0.0, 4.0, -4.0):
        assert controller.step([x])[0] == pytest.approx(np.clip(x, -1, 1), abs=1e-12)


# --- decoders and limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 0.3, -0.3, 1.0, -1.0])
def test_rate_is_the_share_of_steps_with_spikes(x):
    limits = Limits(low=-2.0, high=6.0, rest=1.0)
    decoder = Rate(population="in", size=1, limits=limits)
    action = Controller(build(straight(Regular(), decoder=decoder)), "host64").step([x])
    assert action[0] == pytest.approx(1.0 + x * (5.0 if x > 0 else 3.0), abs=1e-12)


@pytest.mark.parametrize(("squash", "f"), [("clip", lambda u: np.clip(u, -1, 1)), ("tanh", np.tanh)])
@pytest.mark.parametrize("x", [0.2, -0.4, 1.0])
def test_membrane_scales_squashes_and_starts_at_its_leak(squash, f, x):
    controller = Controller(build(read_out(gain=3.0, squash=squash, leak=0.7)), "host64")
    assert controller.step([x])[0] == pytest.approx(f(3.0 * x), abs=1e-9)


@pytest.mark.parametrize("core", ["host", "host64"])
@pytest.mark.parametrize(
    ("low", "high", "rest"), [(-1.0, 1.0, 0.7), (0.7, 1.0, 0.7), (0.7, 1.9, None), (-3.0, 0.1, 0.1)]
)
def test_silence_gives_the_rest_action_exactly(core, low, high, rest):
    limits = Limits(low=low, high=high, rest=rest, on_hold="rest")
    given = np.clip(0.0, low, high) if rest is None else rest
    for spec in (straight(Regular(), decoder=Rate(population="in", size=1, limits=limits)), read_out(limits=limits)):
        controller = Controller(build(spec), core)
        held, stepped = controller.hold()[0], controller.step([0.0])[0]
        assert held == stepped == pytest.approx(given, rel=0 if core == "host64" else 1e-6)
        assert low <= held <= high


@pytest.mark.parametrize("core", ["host", "host64"])
@given(
    low=st.floats(-5, 0.3), width=st.floats(0.01, 4), rest=st.floats(0, 1), slew=st.none() | st.floats(0.1, 900),
    gain=st.sampled_from([1.0, -4.0, 1e20]), seed=st.integers(0, 99),
)  # fmt: skip
@examples(60)
def test_actions_never_leave_their_limits_nor_exceed_the_slew_rate(core, low, width, rest, slew, gain, seed):
    high = low + width
    limits = Limits(low=low, high=high, rest=min(max(low + rest * width, low), high), slew=slew, on_hold="damp")
    controller = Controller(build(read_out(gain=gain, limits=limits)), core)
    last, rng = None, np.random.default_rng(seed)
    ulp = np.spacing(np.float32(max(abs(low), abs(high))) if core == "host" else max(abs(low), abs(high)))
    for x in rng.normal(0, 1, 30):
        action = controller.hold()[0] if rng.random() < 0.2 else controller.step([x])[0]
        assert low <= action <= high
        if last is not None and slew is not None:
            assert abs(action - last) <= slew * DT + ulp
        last = action


@pytest.mark.parametrize("end", [0.1, 0.4, 0.7, 1 / 3])
def test_limits_that_float32_cannot_hold_are_rounded_inwards_and_reached_in_one_tick(end):
    controller = Controller(build(read_out(limits=Limits(low=-end, high=end))))
    inside = (
        float(np.float32(end)) if float(np.float32(end)) <= end else float(np.nextafter(np.float32(end), np.float32(0)))
    )
    for x in (1.0, -1.0, 1.0, 1.0, -1.0):
        assert controller.step([x])[0] == x * inside


def winner_of(observation, size=3, rest=2):
    field = Direct(range=Bounds(low=-1.0, high=1.0))
    spec = straight(Regular(), size, field, WinnerTakeAll(population="in", size=2 * size, rest=rest))
    return Controller(build(spec)).step(observation)


def test_winner_takes_the_group_with_most_spikes_the_first_of_equals_or_rest():
    assert winner_of([0.1, 0.9, -0.5]) == 2
    assert winner_of([0.1, 0.2, -0.5]) == 5
    assert winner_of([-0.5, 0.5, 0.5]) == 1
    assert winner_of([0.0, 0.0, 0.0], rest=4) == 4
    assert winner_of([0.0, 0.0, 0.0], rest=0) == 0
    assert isinstance(winner_of([0.1, 0.9, -0.5]), np.int64)
