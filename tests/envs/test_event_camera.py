"""Event cameras: closed forms of what a pixel does, a slow twin, chance of each camera's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.envs import EventCameraModel, EventCameras
from neurobot.envs.event_noise import BLOCK, EventNoise
from tests.twins.event_camera import pixel_events

CLEAN = {"mismatch": 0.0, "noise_rate": 0.0, "leak_rate": 0.0}
DARK = EventCameraModel().dark_level


def frames_of(logs):
    """Frames (steps, height, width) with these log intensities."""
    return np.exp(np.asarray(logs, np.float64)) - DARK


def watch(model, frames, times, seed=0):
    """All events of one camera that sees frames."""
    camera = EventCameras(model, 1, *frames.shape[1:])
    camera.reset(None, frames[:1], [seed], times[0])
    return np.concatenate([camera.see(frames[k : k + 1], times[k])[0] for k in range(1, len(frames))])


def ramp(rate, seconds, steps=50, size=1, start=-1.5):
    """Intensity that grows by a factor of e in 1 / rate, at every pixel; and times."""
    times = np.linspace(0, seconds, steps + 1)
    return frames_of(np.tile((start + rate * times)[:, None, None], (1, size, size))), times


@pytest.mark.parametrize("refractory", [0.0, 0.003, 0.05])
def test_exponential_light_gives_an_event_each_time_it_has_grown_by_the_threshold(refractory):
    model = EventCameraModel(on_threshold=0.13, refractory=refractory, **CLEAN)
    frames, times = ramp(rate=2.0, seconds=0.7)
    events = watch(model, frames, times)
    expected = np.arange(0.13 / 2, 0.7, 0.13 / 2 + refractory)
    np.testing.assert_allclose(events["t"], expected, atol=2e-6)
    assert events["polarity"].all()


def test_fading_light_gives_off_events_at_the_threshold_of_their_own():
    model = EventCameraModel(on_threshold=0.13, off_threshold=0.31, refractory=0.0, **CLEAN)
    frames, times = ramp(rate=-2.0, seconds=0.7, start=0.0)
    events = watch(model, frames, times)
    np.testing.assert_allclose(events["t"], np.arange(0.155, 0.7, 0.155), atol=2e-6)
    assert not events["polarity"].any()


def test_one_large_change_gives_events_on_the_straight_line_between_the_frames():
    model = EventCameraModel(on_threshold=0.25, refractory=0.0, **CLEAN)
    events = watch(model, frames_of([[[-3.0, -3.0]], [[-1.95, -2.55]]]), [5.0, 5.1])
    np.testing.assert_allclose(events["t"] - 5, [0.25 / 10.5, 0.5 / 10.5, 0.25 / 4.5, 0.75 / 10.5, 1 / 10.5], atol=2e-7)
    assert events["x"].tolist() == [0, 0, 1, 0, 0] and events["y"].tolist() == [0] * 5


def test_the_refractory_time_limits_the_rate_of_a_pixel():
    frames = frames_of(np.random.default_rng(1).uniform(-3, 0, (400, 4, 4)))
    events = watch(
        EventCameraModel(on_threshold=0.02, off_threshold=0.02, refractory=0.004, **CLEAN),
        frames,
        np.arange(400) * 0.001,
    )
    for pixel in range(16):
        own = events["t"][events["y"] * 4 + events["x"] == pixel]
        assert np.diff(own).min() >= 0.004 * (1 - 1e-9)
        assert 0.8 * 0.399 / 0.004 < len(own) <= 0.399 / 0.004 + 1


@pytest.mark.parametrize(("amplitude", "threshold"), [(0.9, 0.2), (0.55, 0.17), (0.1, 0.15)])
def test_a_sinusoid_gives_twice_its_amplitude_in_thresholds_of_either_polarity_a_period(amplitude, threshold):
    """Levels are multiples of the threshold from the first one on: floor(amplitude / threshold) on either side."""
    model = EventCameraModel(on_threshold=threshold, off_threshold=threshold, refractory=0.0, **CLEAN)
    times = np.arange(0, 4.0001, 0.0025)
    events = watch(model, frames_of((-1.5 + amplitude * np.sin(2 * np.pi * times))[:, None, None]), times)
    periods = events[(events["t"] > 1) & (events["t"] <= 3)]  # the very first one is not whole
    assert periods["polarity"].sum() == (~periods["polarity"]).sum() == 2 * 2 * int(amplitude / threshold)


def test_a_drifting_grating_gives_every_pixel_the_levels_between_its_first_light_and_the_extremes():
    amplitude, threshold, size = 0.83, 0.21, 24
    x = np.arange(size)
    times = np.arange(0, 2.00001, 0.002)
    phase = 2 * np.pi * (x / 12.7 - times[:, None])
    logs = np.broadcast_to(-1.5 + amplitude * np.sin(phase)[:, None, :], (len(times), 3, size))
    model = EventCameraModel(on_threshold=threshold, off_threshold=threshold, refractory=0.0, **CLEAN)
    events = watch(model, frames_of(logs), times)
    start = amplitude * np.sin(phase[0])
    levels = np.floor((amplitude - start) / threshold) + np.floor((amplitude + start) / threshold)
    for polarity in (False, True):
        now = events[(events["t"] > 1) & (events["polarity"] == polarity)]
        assert (np.bincount(now["x"], minlength=size) == 3 * levels).all()


def test_thresholds_are_normal_about_the_models_and_differ_between_cameras():
    model = EventCameraModel(on_threshold=0.25, off_threshold=0.15, mismatch=0.02)
    cameras = EventCameras(model, 2, 64, 64)
    cameras.reset(None, np.full((2, 64, 64), 0.5), [3, 4])
    error = 0.02 / 64
    for nominal, drawn in zip((0.25, 0.15), cameras.thresholds, strict=True):
        assert np.abs(drawn.mean(axis=1) - nominal).max() < 4 * error
        assert np.abs(drawn.std(axis=1) - 0.02).max() < 4 * error / np.sqrt(2)
    flat = cameras.thresholds.reshape(4, -1)
    assert np.abs(np.corrcoef(flat) - np.eye(4)).max() < 4 / 64


def test_each_pixel_fires_at_its_own_threshold():
    model = EventCameraModel(mismatch=0.05, noise_rate=0.0, leak_rate=0.0, refractory=10.0)
    frames, times = ramp(rate=1.0, seconds=0.6, size=16)
    events = watch(model, frames, times, seed=7)
    cameras = EventCameras(model, 1, 16, 16)
    cameras.reset(None, frames[:1], [7])
    first = np.zeros(256)
    first[events["y"] * 16 + events["x"]] = events["t"]
    np.testing.assert_allclose(first, cameras.thresholds[0, 0], atol=2e-6)


def test_a_wide_mismatch_leaves_no_threshold_below_the_least():
    cameras = EventCameras(EventCameraModel(mismatch=0.5), 1, 32, 32)
    cameras.reset(None, np.ones((1, 32, 32)), [0])
    assert cameras.thresholds.min() == np.float32(0.01)


def test_noise_has_the_mean_and_the_variance_of_poissons_counts():
    rate, n, seconds = 2.5, 600, 0.8
    model = EventCameraModel(mismatch=0.0, leak_rate=0.0, noise_rate=rate, refractory=0.0)
    cameras = EventCameras(model, n, 8, 8)
    still = np.full((n, 8, 8), 0.5, np.float32)
    cameras.reset(None, still, list(range(n)))
    seen = [np.concatenate(parts) for parts in zip(*(cameras.see(still, t) for t in (0.3, 0.8)), strict=True)]
    counts, mean = np.array([len(e) for e in seen]), rate * 64 * seconds
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
    assert abs(counts.var() / mean - 1) < 4 * np.sqrt(2 / n)
    events = np.concatenate(seen)
    assert abs(events["polarity"].mean() - 0.5) < 2 / np.sqrt(len(events))
    pixels = np.bincount(events["y"] * 8 + events["x"], minlength=64)
    assert np.sum((pixels - pixels.mean()) ** 2 / pixels.mean()) < 63 + 4 * np.sqrt(2 * 63)
    assert abs(events["t"].mean() - 0.4) < 4 * 0.8 / np.sqrt(12 * len(events))


def test_noise_does_not_depend_on_the_rate_of_the_frames():
    model = EventCameraModel(mismatch=0.0, leak_rate=0.0, noise_rate=300.0, refractory=0.002)
    still = np.full((1, 6, 6), 0.5)
    one, many = (EventCameras(model, 1, 6, 6) for _ in range(2))
    for camera in (one, many):
        camera.reset(None, still, [5])
    events = np.concatenate([many.see(still, k / 100)[0] for k in range(1, 101)])
    at_once = one.see(still, 1.0)[0]
    assert len(events) > 2 * BLOCK
    np.testing.assert_array_equal(np.sort(events), np.sort(at_once))
    assert 300 / 1.6 * 0.9 < len(events) / 36 < 300 / 1.6 * 1.1  # a dead time of 2 ms


def test_a_pixel_without_change_sends_nothing_but_noise():
    """Also where it is further from what it remembers than the threshold of the other polarity is wide."""
    model = EventCameraModel(on_threshold=0.4, off_threshold=0.1, mismatch=0.0, leak_rate=0.0, noise_rate=60.0)
    cameras = EventCameras(model, 1, 16, 16)
    bright = frames_of(np.full((1, 16, 16), -1.0))
    cameras.reset(None, frames_of(np.full((1, 16, 16), -1.3)), [2])
    cameras.see(bright, 0.0001)
    noise = EventNoise(1, 256, 60.0)
    noise.reset(0, 0.0, np.random.default_rng(2).spawn(2)[1])
    noise.take(np.array([0]), np.array([0.0001]))
    _, pixels, times, _ = noise.take(np.array([0]), np.array([0.005]))
    events = cameras.see(bright, 0.005)[0]
    assert len(np.unique(pixels)) > 40
    np.testing.assert_array_equal(np.unique(events["y"] * 16 + events["x"]), np.unique(pixels))
    assert np.isin(events["t"], times).all()


def test_events_of_the_same_time_come_in_the_order_of_pixels():
    frames, times = ramp(rate=2.0, seconds=0.5, steps=1, size=32)
    events = watch(EventCameraModel(**CLEAN), frames, times)
    assert len(events) == 4 * 1024
    np.testing.assert_array_equal(events["y"] * 32 + events["x"], np.tile(np.arange(1024), 4))


def test_leak_gives_on_events_at_its_rate_and_pixels_out_of_step():
    model = EventCameraModel(mismatch=0.05, noise_rate=0.0, leak_rate=4.0, refractory=0.0)
    still = np.full((401, 16, 16), 0.3, np.float32)
    events = watch(model, still, np.arange(401) * 0.005)
    assert events["polarity"].all()
    own = np.argsort(events["y"] * 16.0 + events["x"], kind="stable")
    assert np.bincount(events["y"] * 16 + events["x"], minlength=256).tolist() == [8] * 256
    np.testing.assert_allclose(np.diff(events["t"][own].reshape(256, 8)), 0.25, atol=1e-5)
    first = events["t"][own].reshape(256, 8)[:, 0]
    assert abs(first.mean() - 0.125) < 4 * 0.25 / np.sqrt(12 * 256)


def test_frames_of_bytes_and_of_numbers_are_the_same_light():
    bytes_ = np.random.default_rng(2).integers(0, 256, (20, 9, 7), dtype=np.uint8)
    a, b, c = (
        watch(EventCameraModel(leak_rate=0.0), frames, np.arange(20) * 0.01)
        for frames in (bytes_, bytes_ / 255, (bytes_ / 255).astype(np.float32))
    )
    for other in (b, c):
        np.testing.assert_allclose(a["t"], other["t"], atol=1e-7)
        for field in ("x", "y", "polarity"):
            np.testing.assert_array_equal(a[field], other[field])


@st.composite
def films(draw):
    seed = draw(st.integers(0, 2**32))
    chance = np.random.default_rng(seed)
    steps, height, width = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    frames = chance.integers(0, 256, (steps + 1, height, width), dtype=np.uint8)
    still = chance.random(frames.shape) < draw(st.sampled_from([0.0, 0.5, 0.9]))
    for k in range(1, steps + 1):
        frames[k][still[k]] = frames[k - 1][still[k]]
    model = EventCameraModel(
        on_threshold=draw(st.sampled_from([0.05, 0.2, 0.9])),
        off_threshold=draw(st.sampled_from([0.07, 0.3])),
        mismatch=0.02,
        refractory=draw(st.sampled_from([0.0, 0.0005, 0.004, 0.027])),
        noise_rate=draw(st.sampled_from([0.0, 20.0, 400.0])),
        leak_rate=draw(st.sampled_from([0.0, 5.0, 80.0])),
    )
    times = np.cumsum(chance.choice([0.002, 0.01, 0.013], steps + 1))
    return model, frames, times, seed


@given(films())
@settings(max_examples=100, deadline=None)
def test_equals_the_twin_pixel_by_pixel(film):
    model, frames, times, seed = film
    events = watch(model, frames, times, seed)
    assert (np.diff(events["t"]) >= 0).all()
    size, width = frames[0].size, frames.shape[2]
    pixels, noise_stream = np.random.default_rng(seed).spawn(2)
    nominal = np.array([[model.on_threshold], [model.off_threshold]])
    drawn = nominal + model.mismatch * pixels.standard_normal((2, size))
    on, off = np.maximum(drawn, 0.01).astype(np.float32)
    diff = pixels.random(size, np.float32) * on if model.leak_rate else np.zeros(size)
    noise = EventNoise(1, size, model.noise_rate)
    noise.reset(0, times[0], noise_stream)
    _, where, when, polarity = noise.take(np.array([0]), times[-1:])
    light = frames.reshape(-1, size) * np.float32(1 / 255) + np.float32(model.dark_level)
    logs = np.log(light).astype(np.float64)
    unsure = 0
    for p in range(size):
        expected, near = pixel_events(
            times, logs[:, p], float(on[p]), float(off[p]), refractory=model.refractory, leak_rate=model.leak_rate,
            diff=float(diff[p]), noise=list(zip(when[where == p], polarity[where == p], strict=True)),
        )  # fmt: skip
        own = events[events["y"].astype(int) * width + events["x"] == p]
        if near < 5e-7:
            unsure += 1  # rounding in float32 may decide either way
            continue
        assert own["polarity"].tolist() == [bool(on) for _, on in expected]
        np.testing.assert_allclose(own["t"], [t for t, _ in expected], atol=1e-6)
    assert unsure <= 1 + size // 4


def moving(n, steps, seed=9):
    return np.random.default_rng(seed).random((steps, n, 11, 13), dtype=np.float32)


def test_a_camera_sends_the_same_alone_and_among_others():
    model = EventCameraModel(noise_rate=50.0, leak_rate=3.0, mismatch=0.0)  # without mismatch events come together
    film = moving(5, 6)
    film[:, 3, ::2] = film[:, 3, :1]
    together = EventCameras(model, 5, 11, 13)
    together.reset(None, film[0], [10, 11, 12, 13, 14])
    alone = EventCameras(model, 1, 11, 13)
    alone.reset([0], film[0, 3:4], [np.random.default_rng(13)])
    for k in range(1, 6):
        among = together.see(film[k], 0.01 * k)
        own = alone.see(film[k, 3:4], [0.01 * k])[0]
        assert len(own) > 100
        np.testing.assert_array_equal(own, among[3])


def test_some_cameras_go_on_in_any_order_while_the_others_stay():
    film = moving(4, 5)
    model = EventCameraModel(noise_rate=50.0)
    all_at_once, in_turn = (EventCameras(model, 4, 11, 13) for _ in range(2))
    all_at_once.reset(None, film[0], range(4))
    in_turn.reset([2, 0], film[0][[2, 0]], [2, 0])
    in_turn.reset([3, 1], film[0][[3, 1]], [3, 1])
    for k in range(1, 5):
        expected = all_at_once.see(film[k], k * 0.01)
        for ids in ([1], [3, 0, 2]) if k < 3 else ([3, 2, 1, 0],):
            for i, events in zip(ids, in_turn.see(film[k][ids], k * 0.01, ids), strict=True):
                np.testing.assert_array_equal(events, expected[i])


def test_cameras_have_clocks_of_their_own():
    film, model = moving(2, 2), EventCameraModel()
    cameras = EventCameras(model, 2, 11, 13)
    cameras.reset(None, film[0], [0, 0], [0.0, 7.0])
    early, late = cameras.see(np.stack([film[1][0], film[1][0]]), [0.5, 7.25])
    for events, first, last in ((early, 0.0, 0.5), (late, 7.0, 7.25)):
        assert len(events) > 100 and ((events["t"] > first) & (events["t"] <= last)).all()


def test_a_reset_without_generators_keeps_the_pixels_and_forgets_the_past():
    film = moving(1, 3)
    cameras = EventCameras(EventCameraModel(noise_rate=0.0, leak_rate=0.0), 1, 11, 13)
    cameras.reset(None, film[0], [1])
    before = cameras.thresholds.copy()
    first = cameras.see(film[1], 0.01)[0]
    cameras.see(film[2], 0.02)
    cameras.reset(None, film[0])
    np.testing.assert_array_equal(cameras.thresholds, before)
    np.testing.assert_array_equal(cameras.see(film[1], 0.01)[0], first)


def test_a_generator_gives_its_camera_chance_without_being_used_up():
    generator, same = np.random.default_rng(4), np.random.default_rng(4)
    EventCameras(EventCameraModel(), 1, 4, 4).reset(None, np.ones((1, 4, 4)), [generator])
    assert generator.random() == same.random()


def test_what_was_returned_belongs_to_the_caller():
    film = moving(1, 3)
    cameras, others = (EventCameras(EventCameraModel(), 1, 11, 13) for _ in range(2))
    for c in (cameras, others):
        c.reset(None, film[0], [1])
    others.see(film[1], 0.01)
    events = cameras.see(film[1], 0.01)[0]
    kept = events.copy()
    np.testing.assert_array_equal(cameras.see(film[2], 0.02)[0], others.see(film[2], 0.02)[0])
    np.testing.assert_array_equal(events, kept)
