"""What event cameras refuse, with what would have been right."""

import numpy as np
import pytest

from neurobot.envs import EventCameraModel, EventCameras
from neurobot.errors import EnvError

FRAMES = np.full((2, 3, 4), 0.5, np.float32)


def started():
    cameras = EventCameras(EventCameraModel(), 2, 3, 4)
    cameras.reset(None, FRAMES, [0, 1])
    cameras.see(FRAMES, 1.0)
    return cameras


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("on_threshold", 0.0, "0.01"),
        ("off_threshold", "0.2", "0.01"),
        ("mismatch", -0.1, "0"),
        ("refractory", float("nan"), "0"),
        ("noise_rate", float("inf"), "0"),
        ("leak_rate", True, "0"),
        ("dark_level", 0.0, "1e-06"),
    ],
)
def test_numbers_that_make_no_camera_are_refused(name, value, least):
    with pytest.raises(EnvError, match=f"{name} is {value!r}; it must be a finite number of at least {least}"):
        EventCameraModel(**{name: value})


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ((0, 3, 4), "n is 0; it must be a whole number of at least 1"),
        ((1, 3.0, 4), "height is 3.0; it must be a whole number"),
        ((1, 3, -4), "width is -4; it must be a whole number"),
        ((1, 70000, 4), "a camera of 70000 x 4 pixels is too large; height and width are at most 65536"),
    ],
)
def test_sizes_that_make_no_camera_are_refused(sizes, problem):
    with pytest.raises(EnvError, match=problem):
        EventCameras(EventCameraModel(), *sizes)


BAD_FRAMES = [
    ({"frames": FRAMES[:1]}, r"frames have shape \(1, 3, 4\); 2 cameras need an array of shape \(2, 3, 4\)"),
    ({"frames": FRAMES.tolist()}, r"frames are a list; 2 cameras need an array of shape \(2, 3, 4\)"),
    ({"frames": FRAMES.astype(np.int64)}, "frames have dtype int64; give uint8 from 0 to 255, or float32 or float64"),
    ({"frames": FRAMES - 1}, "frames have numbers from -0.5 to -0.5; intensity is from 0"),
    ({"frames": FRAMES * np.float32("nan")}, "frames have numbers from nan to nan"),
    ({"frames": FRAMES * np.float32("inf")}, "at most 1e[+]30"),
    ({"times": [2.0]}, r"times is \[2.0\]; give one finite time \[s\], or one for each of 2 cameras"),
    ({"times": float("nan")}, "times is nan; give one finite time"),
    ({"ids": [0, 0]}, r"ids is \[0, 0\]; it must be different whole numbers from 0 to 1, or None for all"),
    ({"ids": [0, 2]}, r"ids is \[0, 2\]"),
    ({"ids": [0.0, 1.0]}, r"ids is \[0.0, 1.0\]"),
    ({"ids": []}, r"ids is \[\]"),
]


@pytest.mark.parametrize(("wrong", "problem"), BAD_FRAMES)
def test_what_does_not_fit_is_refused_and_changes_nothing(wrong, problem):
    cameras, same = started(), started()
    with pytest.raises(EnvError, match=problem):
        cameras.see(**{"frames": FRAMES, "times": 2.0, **wrong})
    with pytest.raises(EnvError, match=problem):
        cameras.reset(**{"ids": None, "frames": FRAMES, "generators": [2, 3], **wrong})
    for ours, theirs in zip(cameras.see(FRAMES / 4, 2.0), same.see(FRAMES / 4, 2.0), strict=True):
        assert len(ours) > 12
        np.testing.assert_array_equal(ours, theirs)


def test_time_that_does_not_go_on_is_refused():
    with pytest.raises(EnvError, match="camera 1 is of time 1 s, the one before of 1 s; time must go on, by 1"):
        started().see(FRAMES, [1.5, 1.0])
    with pytest.raises(EnvError, match=r"camera 0 is of time 1e\+12 s, .* by 100000 s at most; call reset"):
        started().see(FRAMES, 1e12)


@pytest.mark.parametrize(
    ("generators", "problem"),
    [
        ([1], "1 generators are given for 2 cameras; give one each"),
        ([1, -1], "a generator is -1; give a numpy.random.Generator, or a seed of at least 0"),
        ([1, True], "a generator is True"),
        ([1, "one"], "a generator is 'one'"),
    ],
)
def test_generators_that_are_none_are_refused(generators, problem):
    with pytest.raises(EnvError, match=problem):
        started().reset(None, FRAMES, generators)


def test_a_camera_without_a_first_frame_is_refused():
    cameras = EventCameras(EventCameraModel(), 2, 3, 4)
    with pytest.raises(EnvError, match="camera 0 has had no first frame; give generators or seeds the first time"):
        cameras.reset(None, FRAMES)
    cameras.reset([0], FRAMES[:1], [0])
    with pytest.raises(EnvError, match="camera 1 has had no first frame; call reset first"):
        cameras.see(FRAMES, 1.0)


def test_what_is_no_list_of_generators_and_no_time_is_refused():
    with pytest.raises(EnvError, match=r"generators is 5; give a list of 2"):
        started().reset(None, FRAMES, 5)
    with pytest.raises(EnvError, match=r"times is 'a'; give one finite time"):
        started().see(FRAMES, "a")
