"""FilteredRate, PopulationVector, FirstSpike, Highest, and a population's own carry, against what they promise."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.controller import Controller
from neurobot.core import HostCore
from neurobot.kernels.status import BAD_ACTION
from neurobot.program import build
from neurobot.spec import (
    LI,
    Bounds,
    ControllerSpec,
    Current,
    Dense,
    Direct,
    Encoder,
    FilteredRate,
    FirstSpike,
    Gaussian,
    Highest,
    Input,
    Latency,
    Limits,
    NetworkSpec,
    OneHot,
    Phase,
    Poisson,
    Population,
    PopulationVector,
    Projection,
    Rate,
    Regular,
)
from tests.unit.strategies import examples
from tests.unit.test_codes import DT, WIDE, straight

UNIT = Bounds(low=-1.0, high=1.0)


def filtered(code, tau=5e-3, limits=WIDE, **given):
    return straight(code, decoder=FilteredRate(population="in", size=1, tau=tau, limits=limits), **given)


def vector(per_dim=5, field=OneHot, code=None, size=1, limits=WIDE, preferred=None, gain=1.0, **given):
    decoder = PopulationVector(population="in", size=size, limits=limits, preferred=preferred, gain=gain)
    return straight(code or Regular(), size, field(range=UNIT, per_dim=per_dim), decoder, **given)


# --- filtered rates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("core", "tolerance"), [("host", 1e-5), ("host64", 1e-12)])
@pytest.mark.parametrize("tau", [1e-3, 8e-3, 0.1])
def test_a_filtered_rate_answers_a_step_as_a_low_pass_does(core, tolerance, tau):
    controller = Controller(build(filtered(Regular(), tau, substeps=4)), core)
    for tick in range(1, 30):
        wanted = 1 - math.exp(-tick * 4 * DT / tau)  # a spike in every step
        assert controller.step([1.0])[0] == pytest.approx(wanted, abs=tolerance)


def test_a_filtered_rate_is_the_convolution_of_the_spikes_with_an_exponential():
    core = HostCore(build(filtered(Poisson(), 6e-3, substeps=3)), "float64", log_spikes=50)
    signed, rng = [], np.random.default_rng(2)
    for x in rng.uniform(-1, 1, 30):
        core.tick(np.array([x]))
        steps = np.zeros(3)
        for step, channel in core.spikes:
            steps[step] += -1 if channel else 1
        signed += steps.tolist()
        kernel = np.exp(-np.arange(len(signed)) * DT / 6e-3)
        kernel /= np.exp(-np.arange(10_000) * DT / 6e-3).sum()
        assert core.action[0] == pytest.approx(np.convolve(signed, kernel)[len(signed) - 1], abs=1e-12)


@pytest.mark.parametrize("x", [0.25, -0.7, 1.0])
def test_a_steady_rate_is_read_as_rate_reads_it(x):
    wanted = Controller(build(straight(Regular(), substeps=20)), "host64").step([x])[0]
    controller = Controller(build(filtered(Regular(), 0.2, substeps=20)), "host64")
    for _ in range(150):
        action = controller.step([x])[0]
    assert action == pytest.approx(wanted, abs=0.02)


def test_traces_do_not_care_where_ticks_end():
    many, one = (Controller(build(filtered(Regular(), substeps=n)), "host64") for n in (5, 40))
    for _ in range(8):
        last = many.step([0.37])
    assert one.step([0.37])[0] == pytest.approx(last[0], abs=1e-14)


def test_carry_0_clears_the_traces_and_other_carries_keep_them():
    first = Controller(build(filtered(Regular(), 0.02))).step([1.0])[0]
    for carry, again in ((1.0, False), (0.3, False), (0.0, True)):
        controller = Controller(build(filtered(Regular(), 0.02, carry=carry)))
        controller.step([1.0])
        assert (controller.step([1.0])[0] == first) == again


def test_reset_clears_the_traces():
    controller = Controller(build(filtered(Regular(), 0.02)))
    actions = []
    for _ in range(2):
        actions.append([controller.step([1.0])[0] for _ in range(3)])
        controller.reset()
    assert actions[0] == actions[1]


# --- population vectors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_dim", [2, 3, 8])
def test_a_single_active_neuron_gives_its_preferred_value(per_dim):
    controller = Controller(build(vector(per_dim)), "host64")
    for k, wanted in enumerate(np.linspace(-1, 1, per_dim)):
        middle = -1 + (2 * k + 1) / per_dim
        assert controller.step([middle])[0] == pytest.approx(wanted, abs=1e-15)


def test_preferred_values_can_be_given_and_gain_stretches_them():
    controller = Controller(build(vector(3, preferred=(0.4, -0.8, 0.1), gain=0.5)), "host64")
    assert [controller.step([x])[0] for x in (-0.9, 0.0, 0.9)] == pytest.approx([0.2, -0.4, 0.05], abs=1e-15)


@given(x=st.lists(st.floats(-1, 1), min_size=2, max_size=2), seed=st.integers(0, 99))
@examples(40)
def test_the_vector_is_the_mean_preferred_value_over_the_spikes(x, seed):
    spec = vector(7, Gaussian, Poisson(max_rate=300.0), size=2)
    core = HostCore(build(spec, seed=seed), "float64", log_spikes=500)
    core.tick(np.array(x))
    for dimension in range(2):
        own = [j - 7 * dimension for _, j in core.spikes if j // 7 == dimension]
        wanted = np.mean(np.linspace(-1, 1, 7)[own]) if own else 0.0
        assert core.action[dimension] == pytest.approx(wanted, abs=1e-12)


def test_the_vector_of_gaussian_fields_is_the_observation_away_from_the_ends():
    controller = Controller(build(vector(16, Gaussian, substeps=200)), "host64")
    for x in (0.0, 0.31, -0.47):
        assert controller.step([x])[0] == pytest.approx(x, abs=0.01)


# --- limits of both -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("core", ["host", "host64"])
@pytest.mark.parametrize("make", [filtered, lambda code, **given: vector(2, Gaussian, code, **given)])
def test_silence_gives_the_rest_action_exactly(core, make):
    limits = Limits(low=-0.5, high=2.0, rest=0.7)
    controller = Controller(build(make(Poisson(max_rate=1e-9), limits=limits)), core)
    rest = controller.sent[0]
    assert rest == pytest.approx(0.7, rel=1e-7)
    assert controller.step([0.3])[0] == rest


@pytest.mark.parametrize("make", [filtered, lambda code, **given: vector(6, Gaussian, code, **given)])
@given(low=st.floats(-5, -0.1), high=st.floats(0.1, 4), slew=st.sampled_from([None, 5.0, 300.0]))
@examples(20)
def test_limits_and_slew_hold_as_they_do_for_rate(make, low, high, slew):
    limits = Limits(low=low, high=high, rest=0.0, slew=slew)
    spec = make(Poisson(), limits=limits, substeps=5)
    spec = replace(spec, decoder=replace(spec.decoder, gain=4.0))
    controller, last = Controller(build(spec), "host64"), 0.0
    for x in np.random.default_rng(3).uniform(-1, 1, 20):
        action = controller.step([x])[0]
        u = controller.wanted[0]
        assert low <= action <= high
        reach = math.inf if slew is None else slew * 5 * DT
        assert action == pytest.approx(np.clip(np.clip(u, low, high), last - reach, last + reach), abs=1e-12)
        last = action


@pytest.mark.parametrize("kind", [Rate, FilteredRate])
def test_a_unit_of_u_is_scaled_to_the_limit_on_its_side(kind):
    limits = Limits(low=-2.0, high=6.0, rest=1.0)
    given = {"tau": 1e-6} if kind is FilteredRate else {}
    controller = Controller(build(straight(Regular(), decoder=kind(population="in", limits=limits, size=1, **given))))
    assert [controller.step([x])[0] for x in (1.0, -1.0)] == [6.0, -2.0]


# --- first spikes -------------------------------------------------------------------------------------------------


def first(code, size=4, rest=3, **given):
    field = OneHot if given.pop("bins", False) else Gaussian
    return straight(
        code, 1, field(range=UNIT, per_dim=size), FirstSpike(population="in", size=size, rest=rest), **given
    )


def test_the_first_spike_of_a_latency_code_is_the_strongest_channel():
    core = HostCore(build(first(Latency(), substeps=1000)), "float64")
    for x in np.random.default_rng(0).uniform(-1, 1, 40):
        core.tick(np.array([x]))
        act = core.block("encoder.act")
        assert core.action[0] == np.argmax(act)
        assert core.block("decoder.decided")[0] == 1 + math.floor(1000 * (1 - act.max()) / 0.99)


def test_silence_is_the_rest_action_and_no_decision():
    core = HostCore(build(first(Latency(threshold=0.999), rest=2)), "float64")
    for x, action, decided in ((1.0, 3, 1), (0.9, 2, 0), (-1.0, 0, 1)):
        core.tick(np.array([x]))
        assert (core.action[0], core.block("decoder.decided")[0]) == (action, decided)


def test_later_spikes_change_nothing():
    """The activations 1/4 and 3/16 of groups 0 and 1: 1/4 begins with bit 1, the other has more spikes later on."""
    spec = straight(Phase(bits=4), 2, decoder=FirstSpike(population="in", size=2))
    controller = Controller(build(spec))
    assert controller.step([0.25, 0.1875]) == 0
    assert controller.step([0.1875, 0.25]) == 1


def test_of_equals_the_one_with_more_spikes_in_that_step_wins_then_the_first():
    spec = straight(Latency(threshold=0.0), 4, decoder=FirstSpike(population="in", size=2))
    controller = Controller(build(spec))
    assert controller.step([0.5, 0.1, 0.5, 0.5]) == 1
    assert controller.step([0.5, 0.5, 0.5, 0.1]) == 0
    assert controller.step([0.5, 0.5, 0.5, 0.5]) == 0
    assert controller.step([0.5, 0.1, 0.8, 0.1]) == 1
    assert isinstance(controller.step([0.5, 0.1, 0.8, 0.1]), np.int64)


@pytest.mark.parametrize("how", ["last", "rest"])
def test_a_hold_sends_the_last_choice_or_the_rest(how):
    field = OneHot(range=UNIT, per_dim=4)
    decoder = FirstSpike(population="in", size=4, rest=3, on_hold=how)
    controller = Controller(build(straight(Regular(), 1, field, decoder)))
    assert controller.hold() == 3
    assert controller.step([-0.9]) == 0
    assert controller.hold() == (0 if how == "last" else 3)


def summed(n, size, dtype="float64", v_init=0.0, **given):
    """n integrators, one for each dimension of the observation, read by Highest."""
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=Direct(range=UNIT, push_pull=False), code=Current(), size=n),
        network=NetworkSpec(
            dt=DT,
            populations=(
                Population("in", n, Input()),
                Population("out", n, LI(tau_mem=1.0, input="jump"), v_init=v_init, carry=given.pop("own", None)),
            ),
            projections=(Projection("in", "out", Dense(np.eye(n))),),
        ),
        decoder=Highest(population="out", size=size, **{k: given.pop(k) for k in ("rest", "on_hold") if k in given}),
        substeps=4,
        carry=given.pop("carry", 0.0),
    )
    return HostCore(build(spec), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_highest_membranes_win_on_average_over_a_group(dtype):
    core = summed(6, 3, dtype)
    for x in np.random.default_rng(0).uniform(-1, 1, (40, 6)):
        assert core.tick(x) == 0
        assert core.action[0] == np.argmax(x.reshape(3, 2).mean(1))


def test_of_equally_high_groups_the_first_one_wins_even_below_zero():
    core = summed(3, 3)
    for x, best in (([0.0, 0.0, 0.0], 0), ([-0.5, -0.2, -0.2], 1), ([-0.5, -0.5, -0.5], 0)):
        core.tick(np.array(x))
        assert core.action[0] == best


def test_membranes_that_are_not_finite_are_no_choice():
    core = summed(2, 2)
    core.tick(np.array([0.0, 1.0]))
    core.params[core.program.blocks["params"]["in->out.weights"].at] = np.inf
    assert core.tick(np.array([0.5, 0.5])) == BAD_ACTION
    assert core.action[0] == 1


@pytest.mark.parametrize("how", ["last", "rest"])
def test_a_hold_sends_the_last_highest_or_the_rest(how):
    controller = Controller(summed(3, 3, rest=2, on_hold=how).program)
    assert controller.hold() == 2
    assert controller.step([0.1, 0.9, 0.2]) == 1
    assert controller.hold() == (1 if how == "last" else 2)


@pytest.mark.parametrize(
    ("carry", "own", "kept"), [(0.0, 0.5, 0.5), (1.0, 0.25, 0.25), (0.5, None, 0.5), (0.3, 0.0, 0.0)]
)
def test_a_population_keeps_its_membranes_by_its_own_carry(carry, own, kept):
    core = summed(2, 2, carry=carry, own=own, v_init=0.3)
    core.tick(np.array([0.4, -0.2]))
    before = core.block("out.v").copy()
    core.tick(np.zeros(2))
    decay = math.exp(-4 * DT / 1.0)
    np.testing.assert_allclose(core.block("out.v"), decay * (0.3 + kept * (before - 0.3)), rtol=1e-12)
