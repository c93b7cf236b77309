"""Events as counts and as spikes."""

import numpy as np
import pytest

from neurobot import build, simulate
from neurobot.envs import (
    EVENT,
    EventCameraModel,
    EventCameras,
    event_columns,
    event_counts,
    events_from_columns,
    spike_counts,
    spike_list,
)
from neurobot.errors import EnvError
from neurobot.simulation import SpikeTrain
from neurobot.spec import Input, NetworkSpec, Population


def events_of(*rows):
    return np.array(list(rows), EVENT)


def test_an_event_is_sixteen_bytes_with_fields_by_name():
    assert EVENT.itemsize == 16 and EVENT.names == ("t", "x", "y", "polarity")


def test_columns_hold_the_same_events():
    events = events_of((0.1, 2, 0, True), (0.25, 65535, 3, False))
    t, x, y, polarity = event_columns(events)
    assert t.tolist() == [0.1, 0.25] and x.tolist() == [2, 65535] and y.tolist() == [0, 3]
    assert polarity.tolist() == [True, False]
    again = events_from_columns((t, x, y, polarity))
    assert again.dtype == EVENT
    np.testing.assert_array_equal(again, events)
    t[0] = 9.0
    assert events["t"][0] == 0.1
    assert events_from_columns(np.zeros((4, 0))).shape == (0,)
    for wrong in ((t, x, y), (t, x, y, polarity[:1]), (0.1, 2, 0, True), np.zeros((2, 4))):
        with pytest.raises(EnvError, match=r"columns have shapes \[.*\]; there must be four of \(m,\)"):
            events_from_columns(wrong)


def test_counts_are_by_polarity_on_first_then_row_then_column():
    events = events_of((0.1, 2, 0, True), (0.2, 2, 0, True), (0.3, 5, 3, False))
    counts = event_counts(events, 4, 6)
    assert counts.shape == (2, 4, 6) and counts.sum() == 3
    assert counts[0, 0, 2] == 2 and counts[1, 3, 5] == 1


def test_pooled_cells_hold_the_events_of_their_pixels():
    rng = np.random.default_rng(0)
    events = np.zeros(500, EVENT)
    events["x"], events["y"], events["polarity"] = (
        rng.integers(6, size=500),
        rng.integers(4, size=500),
        rng.random(500) < 0.3,
    )
    fine = event_counts(events, 4, 6)
    np.testing.assert_array_equal(event_counts(events, 4, 6, pool=2), fine.reshape(2, 2, 2, 3, 2).sum(axis=(2, 4)))


def test_spikes_of_a_step_are_those_up_to_and_including_its_end():
    events = events_of(
        (1.0, 0, 0, True), (1.001, 1, 0, True), (1.01, 0, 0, True), (1.0101, 0, 0, False), (1.02, 1, 0, False)
    )
    counts = spike_counts(events, 1, 2, start=1.0, dt=0.01, steps=2)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 0, 1, 1]]  # the first event belongs to the step before


def test_channels_are_the_cells_flattened():
    events = np.zeros(300, EVENT)
    rng = np.random.default_rng(1)
    events["x"], events["y"], events["polarity"] = (
        rng.integers(6, size=300),
        rng.integers(4, size=300),
        rng.random(300) < 0.5,
    )
    events["t"] = rng.uniform(0, 0.02, 300)
    counts = spike_counts(events, 4, 6, start=0.0, dt=0.005, steps=4, pool=2)
    assert counts.shape == (4, 12)
    np.testing.assert_array_equal(counts.sum(axis=0), event_counts(events, 4, 6, pool=2).ravel())


def test_no_event_is_lost_or_seen_twice_between_control_periods():
    model, chance = EventCameraModel(noise_rate=200.0), np.random.default_rng(3)
    cameras = EventCameras(model, 1, 8, 8)
    cameras.reset(None, chance.random((1, 8, 8)), [0])
    for k in range(30):  # times that binary fractions only come near
        events = cameras.see(chance.random((1, 8, 8)), (k + 1) * 0.1)[0]
        counts = spike_counts(events, 8, 8, start=k * 0.1, dt=0.001, steps=100)
        assert counts.sum() == len(events) > 100
    edges = np.zeros(300, EVENT)
    edges["t"] = np.arange(1, 301) * 0.1
    parts = [spike_counts(edges, 1, 1, start=k * 0.7, dt=0.1, steps=7).sum() for k in range(43)]
    assert parts == [7] * 42 + [6]


def test_a_list_of_spikes_drives_an_input_population():
    chance = np.random.default_rng(4)
    cameras = EventCameras(EventCameraModel(), 1, 4, 4)
    cameras.reset(None, chance.random((1, 4, 4)), [0])
    counts = spike_counts(cameras.see(chance.random((1, 4, 4)), 0.02)[0], 4, 4, start=0.0, dt=0.001, steps=20)
    program = build(NetworkSpec(0.001, (Population("retina", 32, Input()),), ()))
    times, channels = spike_list(counts, 0.001)
    result = simulate(program, {"retina": SpikeTrain(times, channels)}, 0.02)
    got = np.zeros((20, 32), bool)
    spikes = result.spikes["retina"]
    got[np.rint(spikes.times / 0.001).astype(int), spikes.neurons] = True
    assert got.sum() > 20
    np.testing.assert_array_equal(got, counts > 0)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"events": [1]}, r"events are \[1\]; give an array \(m,\) of dtype neurobot.envs.EVENT"),
        ({"events": np.zeros(3)}, r"events are float64 of shape \(3,\); give an array"),
        ({"events": np.zeros((2, 1), EVENT)}, r"of shape \(2, 1\); give an array"),
        ({"height": 0}, "height is 0; it must be a whole number of at least 1"),
        ({"width": 6.0}, "width is 6.0; it must be a whole number of at least 1"),
        ({"pool": 4}, "pool is 4; it must divide height and width, which are 4 and 6"),
        ({"events": events_of((0.0, 6, 1, True))}, "x = 6 or y = 1; the camera has 6 columns and 4 rows"),
        ({"dt": 0.0}, r"start is 0.0 and dt is 0.0; both must be finite \[s\], and dt above 0"),
        ({"start": float("nan")}, "start is nan and dt is 0.001"),
        ({"steps": 0}, "steps is 0; it must be a whole number of at least 1"),
    ],
)
def test_what_makes_no_counts_is_refused(given, problem):
    arguments = {"events": events_of(), "height": 4, "width": 6, "start": 0.0, "dt": 0.001, "steps": 5, **given}
    with pytest.raises(EnvError, match=problem):
        spike_counts(**arguments)
