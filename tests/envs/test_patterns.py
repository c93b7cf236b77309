"""Digits-v0 and Shapes-v0: pictures of a set, and shapes that move as they are said to."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from neurobot.envs import EventCameraModel, make, make_vec
from neurobot.envs.digits import SPLITS, pictures
from neurobot.envs.shapes import Shapes, ShapesSimulation
from neurobot.errors import EnvError

QUIET = EventCameraModel(mismatch=0.0, noise_rate=0.0, leak_rate=0.0)


def test_the_digits_are_those_of_scikit_learn():
    given = load_digits()
    for split, kept in SPLITS.items():
        images, labels = pictures(split)
        chosen = np.isin(np.arange(1797) % 5, kept)
        np.testing.assert_array_equal(images * 16, given.data[chosen])
        np.testing.assert_array_equal(labels, given.target[chosen])


def test_a_right_digit_earns_one_and_ends_the_episode():
    for answer_right in (True, False):
        env = make("neurobot/Digits-v0")
        _, info = env.reset(seed=3)
        answer = info["label"] if answer_right else (info["label"] + 1) % 10
        _, reward, terminated, truncated, _ = env.step(answer)
        assert (reward, terminated, truncated) == (float(answer_right), True, False)


def test_splits_share_no_picture():
    sets = [{image.tobytes() for image in pictures(split)[0]} for split in SPLITS]
    assert [len(pictures(split)[1]) for split in SPLITS] == [360, 360, 1077]
    assert not sets[0] & sets[1] and not sets[0] & sets[2] and not sets[1] & sets[2]


def test_events_lead_a_bright_shape_and_its_tail_is_dark():
    """ON events lie further along the direction than OFF events, whatever the shape."""
    vec = make_vec("neurobot/Shapes-v0", 40, camera=QUIET)
    observations, info = vec.reset(seed=0)
    cells = (np.arange(8) + 0.5) / 8 * 2 - 1
    x, y = np.meshgrid(cells, -cells)
    ahead = np.zeros(40)
    for _ in range(12):
        observations, *_ = vec.step(np.zeros(40, int))
        on, off = observations[:, :64], observations[:, 64:]
        way = info["label"] * np.pi / 4
        along = np.cos(way)[:, None] * x.ravel() + np.sin(way)[:, None] * y.ravel()
        ahead += (on * along).sum(1) - (off * along).sum(1)
    assert (ahead > 0).all()


def test_shapes_have_the_size_that_is_drawn_and_look_like_themselves():
    settings = Shapes(pixels=64, pool=2, size=(10.0, 10.0), speed=(0.0, 0.0))
    simulation = ShapesSimulation(settings, 3)
    simulation.reset(np.arange(3), [np.random.default_rng(k) for k in range(3)])
    simulation._shape[:], simulation._aside[:] = (0, 1, 2), 0.0
    area = ((simulation._picture(np.arange(3)) - 0.2) / 0.75).sum(axis=(1, 2))
    side = 2 * np.sqrt(3) * 10  # of a triangle whose inscribed circle has a radius of 10
    np.testing.assert_allclose(area, [np.pi * 100, 400, np.sqrt(3) / 4 * side**2], rtol=0.01)


def test_asked_for_the_shape_the_label_is_the_shape():
    vec = make_vec("neurobot/Shapes-v0", 200, ask="shape")
    _, info = vec.reset(seed=0)
    assert set(info["label"]) == {0, 1, 2} and vec.single_action_space.n == 3
    total = np.zeros(200)
    for _ in range(20):
        _, reward, terminated, truncated, _ = vec.step(info["label"])
        total += reward
    assert truncated.all() and not terminated.any()
    np.testing.assert_allclose(total, 1.0)


def test_cells_that_do_not_cover_the_camera_are_refused():
    with pytest.raises(EnvError, match=r"Shapes\.pool is 3; it must divide the 16 pixels of a row"):
        make("neurobot/Shapes-v0", pool=3)
