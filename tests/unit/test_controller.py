"""What a control loop relies on: errors before any change, holds, rows, and ticks that leave no garbage."""

import gc
import tracemalloc

import numpy as np
import pytest
from numba.core.runtime import rtsys
from numba.core.runtime._nrt_python import memsys_enable_stats

from neurobot.controller import Controller
from neurobot.errors import ActionError, NeurobotError, ObservationError, SpecError
from neurobot.program import build
from neurobot.spec import (
    Limits,
    Poisson,
    Rate,
    WinnerTakeAll,
)
from tests.unit.controllers import spec, through


@pytest.fixture
def controller():
    return Controller(build(spec(), seed=3))


class Odd:
    """An object that is no array at all."""


BAD = {
    "NaN": (np.array([0.0, np.nan, 0.0]), r"entry 1 of the observation is nan; it must be finite"),
    "infinite": (np.array([0.0, 0.0, -np.inf]), r"entry 2 of the observation is -inf; it must be finite"),
    "NaN in a list": ([float("nan"), 0.0, 0.0], r"entry 0 of the observation is nan"),
    "too long": (np.zeros(4), r"shape \(4,\); this controller takes \(3,\)"),
    "too short": ([0.0, 0.0], r"shape \(2,\); this controller takes \(3,\)"),
    "one number": (np.float64(1.0), r"shape \(\); this controller takes \(3,\)"),
    "a row too many": (np.zeros((1, 3)), r"shape \(1, 3\); this controller takes \(3,\)"),
    "complex": (np.zeros(3, complex), r"dtype complex128; it must be real numbers"),
    "texts": (np.array(["1", "2", "3"]), r"dtype <U1; it must be real numbers"),
    "a list of texts": (["1", "2", "3"], r"dtype <U1; it must be real numbers"),
    "objects": (np.array([1.0, 2.0, 3.0], object), r"dtype object; it must be real numbers"),
    "None": (None, r"dtype object; it must be real numbers"),
    "a dict": ({"a": 1}, r"dtype object; it must be real numbers"),
    "an odd object": (Odd(), r"dtype object; it must be real numbers"),
    "dates": (np.zeros(3, "datetime64[s]"), r"dtype datetime64\[s\]; it must be real numbers"),
    "rows of different lengths": ([[1.0], [2.0, 3.0], []], r"no array of numbers, but a list"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_observation_is_refused_before_anything_changes(controller, name):
    observation, message = BAD[name]
    controller.step(np.full(3, 0.5))
    before, sent = controller.snapshot(), controller.sent.copy()
    with pytest.raises(ObservationError, match=message):
        controller.step(observation)
    assert controller.snapshot().tobytes() == before.tobytes()
    assert controller.sent.tobytes() == sent.tobytes()
    if name != "a row too many":  # which is one row for predict
        with pytest.raises(ObservationError):
            controller.predict(observation)
    assert controller.snapshot().tobytes() == before.tobytes()


def test_predict_names_the_row_that_is_not_finite(controller):
    with pytest.raises(ObservationError, match=r"observation row 1: entry 2 is inf; it must be finite"):
        controller.predict(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, np.inf]]))


@pytest.mark.parametrize(
    "observation",
    [
        [0.5, -0.5, 1.0],
        (0.5, -0.5, 1.0),
        np.array([0.5, -0.5, 1.0], np.float32),
        np.array([0.5, -0.5, 1.0], np.float16),
    ],
)
def test_lists_tuples_and_other_floats_are_taken(observation):
    a, b = (Controller(build(spec(), seed=3)) for _ in range(2))
    assert a.step(observation).tobytes() == b.step(np.array([0.5, -0.5, 1.0])).tobytes()


@pytest.mark.parametrize("observation", [np.array([1, 0, -1]), np.array([1, 0, -1], np.int8), [1, 0, -1]])
def test_whole_numbers_are_taken(observation):
    a, b = (Controller(build(spec(), seed=3)) for _ in range(2))
    assert a.step(observation).tobytes() == b.step(np.array([1.0, 0.0, -1.0])).tobytes()


def test_step_returns_a_fresh_array_or_writes_to_out(controller):
    a = controller.step(np.ones(3))
    kept = a.copy()
    b = controller.step(-np.ones(3))
    assert a.tobytes() == kept.tobytes()
    out = np.zeros(2)
    assert controller.step(np.ones(3), out=out) is out
    assert out.tobytes() == controller.sent.tobytes()
    assert b.dtype == np.float64


def test_weights_that_overflow_raise_and_nothing_is_sent():
    controller = Controller(build(through(weight=1e38, gain=1e30)))
    before = controller.sent.copy()
    with pytest.raises(ActionError, match="the read-out is not finite; nothing was sent"):
        controller.step([1.0])
    assert controller.sent.tobytes() == before.tobytes()
    with pytest.raises(ActionError, match="the read-out of row 1 is not finite; nothing was sent"):
        controller.predict([[0.0], [1.0]])
    controller.reset()
    assert controller.step([0.0])[0] == 0.0


def test_an_out_of_another_shape_is_refused_before_the_tick(controller):
    before = controller.snapshot()
    with pytest.raises(ValueError, match=r"out is \(9,\) float64, an action is"):
        controller.step(np.zeros(controller.observation_size), out=np.zeros(9))
    assert np.array_equal(controller.snapshot(), before)


def test_predict_returns_the_leading_shape_it_was_given(controller):
    one, state = controller.predict(np.zeros(3))
    assert one.shape == (2,)
    assert state is None
    for n in (1, 4):
        actions, _ = controller.predict(
            np.zeros((n, 3)), state=None, episode_start=np.ones(n, bool), deterministic=True
        )
        assert actions.shape == (n, 2)


def test_predict_of_a_discrete_controller_gives_integers():
    controller = Controller(build(spec(decoder=WinnerTakeAll(population="in", size=6))))
    actions, _ = controller.predict(np.eye(3))
    assert actions.tolist() == [0, 2, 4]
    assert actions.dtype == np.int64
    assert controller.predict(np.eye(3)[2])[0] == 4


def test_predict_equals_step_row_by_row():
    program = build(spec(), seed=3)
    rows, one = Controller(program), Controller(program)
    xs = np.random.default_rng(0).normal(0, 1, (6, 3))
    for x in xs:
        a, _ = rows.predict(np.stack([x, -x]))
        assert a[0].tobytes() == one.step(x).tobytes()


def test_episode_start_begins_only_the_rows_it_names():
    program = build(spec(), seed=3)
    rows, one = Controller(program), Controller(program)
    x = np.array([0.4, -0.3, 0.9])
    first = [rows.predict(np.stack([x, x]))[0] for _ in range(3)]
    assert [one.step(x).tobytes() for _ in range(3)] == [a[0].tobytes() for a in first]
    a, _ = rows.predict(np.stack([x, x]), episode_start=np.array([True, False]))
    going_on = Controller(program)
    for _ in range(3):
        going_on.predict(np.stack([x, x]))
    b, _ = going_on.predict(np.stack([x, x]))
    assert a[1].tobytes() == b[1].tobytes()
    one.reset()
    assert a[0].tobytes() == one.step(x).tobytes()


def test_predict_leaves_the_state_of_step_alone(controller):
    controller.step(np.ones(3))
    before = controller.snapshot()
    controller.predict(np.ones((2, 3)))
    assert controller.snapshot().tobytes() == before.tobytes()


def test_evaluate_policy_of_stable_baselines3_finds_what_it_calls(controller):
    """Its loop, with a vector environment of two rows: (n, obs) in, (n, act) out, dones as episode_start."""
    observations, states, starts = np.zeros((2, 3), np.float32), None, np.ones(2, bool)
    for k in range(4):
        actions, states = controller.predict(observations, state=states, episode_start=starts, deterministic=True)
        assert actions.shape == (2, 2)
        assert np.abs(actions).max() <= 1
        observations, starts = np.full((2, 3), 0.1 * k, np.float32), np.array([k == 1, False])


def test_reset_and_seeds_as_a_core_does():
    program, x = build(spec(), seed=3), np.array([0.4, -0.3, 0.9])
    controller, other = Controller(program), Controller(program, seed=4)

    def episode(c):
        return b"".join(c.step(x).tobytes() for _ in range(5))

    first = episode(controller)
    assert episode(other) != first
    controller.reset()
    assert episode(controller) != first
    controller.reset(3)
    assert episode(controller) == first
    controller.restore(Controller(program).snapshot())
    assert episode(controller) == first


def test_a_recording_controller_tells_spikes_and_membranes():
    controller = Controller(build(spec(), seed=3), record=True)
    controller.step(np.ones(3))
    assert len(controller.spikes) == controller.spikes_last > 0
    assert controller.synops_last > 0
    assert controller.membranes.shape == (27,) == (controller.n_neurons,)
    assert not controller.membranes[:6].any()
    assert controller.populations == (("in", 6), ("h", 9), ("out", 12))
    assert (controller.dt, controller.substeps, controller.control_period) == (1e-3, 10, pytest.approx(1e-2))
    assert controller.wanted.shape == controller.sent.shape == (2,)


def test_a_controller_needs_an_encoder_a_decoder_and_a_known_core():
    program = build(spec())
    with pytest.raises(SpecError, match="the program has no encoder and decoder; build it from a ControllerSpec"):
        Controller(build(program.network, weights={}))
    with pytest.raises(SpecError, match=r"core is 'hots'; did you mean 'host'"):
        Controller(program, "hots")
    with pytest.raises(NeurobotError, match="cannot be read"):
        Controller("no/such/program.safetensors")


def test_a_tick_allocates_nothing_in_numba(controller):
    x, out = np.full(3, 0.7), np.zeros(2)
    controller.step(x, out=out)
    memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    for _ in range(1000):
        controller.step(x, out=out)
    assert rtsys.get_allocation_stats() == before


def test_the_heap_does_not_grow_over_10_000_ticks(controller):
    x = np.full(3, 0.7)

    def ticks(n):
        for _ in range(n):
            controller.step(x)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        ticks(100)
        before = ticks(100)
        assert ticks(10_000) - before < 2000
    finally:
        tracemalloc.stop()


def test_limits_apply_to_every_dimension_on_its_own():
    limits = Limits(low=(-1.0, -0.1), high=(0.3, 2.0), rest=(0.0, 1.5))
    decoder = Rate(population="in", size=2, push_pull=False, limits=limits, gain=9.0)
    controller = Controller(build(spec(decoder=decoder)), "host64")
    assert controller.step(np.ones(3)).tolist() == [0.3, 2.0]
    assert controller.step(np.zeros(3)).tolist() == [0.0, 1.5]


def test_a_seed_given_to_reset_reaches_the_rows_of_predict():
    program = build(spec(code=Poisson()))
    a, b = Controller(program, "host64", seed=1), Controller(program, "host64", seed=7)
    x = np.full((2, program.observation_size), 0.5)
    a.predict(x)
    a.reset(7)
    for _ in range(5):
        assert a.predict(x)[0].tobytes() == b.predict(x)[0].tobytes()
