"""What a controller sends without a step: held, on the way to rest, or what the robot made of it."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.controller import Controller
from neurobot.program import build
from neurobot.spec import Limits, WinnerTakeAll
from tests.unit.controllers import spec, through


@pytest.fixture
def controller():
    return Controller(build(spec(), seed=3))


@pytest.mark.parametrize(("how", "expected"), [("last", [0.8, 0.8]), ("rest", [0.2, 0.2]), ("damp", [0.5, 0.35])])
def test_hold_sends_what_the_limits_say(how, expected):
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, rest=0.2, on_hold=how))), "host64")
    controller.step([0.75])
    assert controller.sent[0] == pytest.approx(0.8)
    ticks = controller.snapshot()[:1].tobytes()
    assert [controller.hold()[0] for _ in range(2)] == pytest.approx(expected, abs=1e-12)
    assert controller.sent[0] == pytest.approx(expected[-1])
    assert controller.snapshot()[:1].tobytes() == ticks


def test_after_a_reset_what_was_sent_is_the_rest_value():
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, rest=0.25))), "host64")
    controller.step(np.ones(controller.observation_size))
    controller.reset(3)
    assert controller.sent.tolist() == [0.25] * controller.action_size


@pytest.mark.parametrize("how", ["rest", "damp"])
def test_hold_obeys_the_slew_rate_and_the_next_step_goes_on_from_there(how):
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, slew=100.0, on_hold=how))), "host64")
    for _ in range(9):
        controller.step([1.0])
    assert controller.sent[0] == pytest.approx(0.9)
    assert controller.hold()[0] == pytest.approx(0.8)
    assert controller.step([1.0])[0] == pytest.approx(0.9)


def test_each_dimension_is_held_in_its_own_way():
    limits = Limits(low=-1.0, high=1.0, rest=-0.2, on_hold=("damp", "last"))
    controller = Controller(build(spec(limits), seed=3), "host64")
    while (controller.sent == -0.2).any():
        controller.step([0.9, -0.5, 0.3])
    first, second = controller.sent
    assert controller.hold().tolist() == [pytest.approx((first - 0.2) / 2), second]


def test_rest_is_gone_to_as_fast_as_slew_allows():
    limits = Limits(low=-1.0, high=1.0, rest=0.25, slew=400.0)
    controller = Controller(build(through(limits=limits)), "host64")
    assert controller.at_rest
    for _ in range(4):
        controller.step([1.0])
    assert not controller.at_rest
    assert [controller.rest()[0] for _ in range(3)] == pytest.approx([0.6, 0.25, 0.25])
    assert controller.at_rest


def test_rest_of_a_discrete_controller_is_its_choice_at_rest():
    controller = Controller(build(spec(decoder=WinnerTakeAll(population="in", size=6, rest=2))))
    assert controller.at_rest
    controller.step([-1.0, 0.0, 0.0])
    assert not controller.at_rest
    assert (controller.rest(), controller.at_rest) == (2, True)


def test_slew_counts_from_what_the_robot_really_did():
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, slew=100.0))), "host64")
    controller.step([1.0])
    controller.was_sent([-0.5])
    assert controller.sent[0] == -0.5
    assert controller.step([1.0])[0] == pytest.approx(-0.4)


def test_on_the_way_to_rest_slew_counts_from_what_was_given_so_that_it_ends():
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, rest=0.1, slew=100.0))), "host64")
    for _ in range(9):
        controller.step([1.0])
    controller.was_sent([0.95])
    given = []
    for _ in range(9):  # of a robot that is stuck
        given.append(controller.rest()[0])
        controller.was_sent([0.95])
    assert given[:3] == pytest.approx([0.85, 0.75, 0.65])
    assert given[-1] == pytest.approx(0.1)
    assert controller.at_rest
    assert controller.sent[0] == 0.95


def test_a_robot_that_rounds_is_at_rest_when_it_was_told_to_be():
    controller = Controller(build(through(limits=Limits(low=-1.0, high=1.0, rest=0.1))))
    controller.step([0.5])
    assert not controller.at_rest
    controller.rest()
    controller.was_sent([0.0996])
    assert controller.at_rest
    controller.restore(controller.snapshot())
    assert not controller.at_rest  # nobody knows what was given
    controller.reset()
    assert controller.at_rest


def test_a_controller_knows_whether_what_is_decoded_was_silent(controller):
    controller.step([0.0, 0.0, 0.0])
    assert controller.silent
    while controller.silent:
        controller.step([1.0, -1.0, 1.0])
    assert controller.spikes_last > 0
    read_out = Controller(build(through()))
    read_out.step([1.0])
    assert read_out.silent


def test_a_tick_can_have_a_spike_of_each_neuron_in_each_step_but_for_refractory_ones():
    assert Controller(build(spec())).spikes_most == 10 * (6 + 9 + 12)
    assert Controller(build(through())).spikes_most == 1
    slow = spec()
    inputs, hidden, out = slow.network.populations
    rests = replace(hidden, model=replace(hidden.model, t_ref=3e-3))
    network = replace(slow.network, populations=(inputs, rests, out))
    assert Controller(build(replace(slow, network=network))).spikes_most == 10 * 18 + 3 * 9


@pytest.mark.parametrize(("how", "expected"), [("last", 1), ("rest", 2)])
def test_hold_of_a_discrete_controller(how, expected):
    decoder = WinnerTakeAll(population="in", size=6, rest=2, on_hold=how)
    controller = Controller(build(spec(decoder=decoder)))
    assert controller.hold() == 2  # nothing was sent yet
    assert controller.step([-1.0, 0.0, 0.0]) == 1
    held = controller.hold()
    assert held == expected
    assert isinstance(held, np.int64)
