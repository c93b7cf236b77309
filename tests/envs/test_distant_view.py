"""Pictures of what is far away, against MuJoCo's own cameras and the geometry of a pinhole."""

import math

import mujoco
import numpy as np
import pytest

from neurobot.envs.distant_view import BRIGHT, DIM, WAVES, DistantView, direction
from neurobot.envs.mujoco_simulation import load_model
from neurobot.envs.pursuit import Pursuit, scene

PHASES = np.zeros((1, len(WAVES)))
VIEW = math.pi / 3  # of the camera in the MJCF


def middle(picture):
    """Row and column of the middle of what is brighter than the background [pixels]."""
    weight = picture - DIM
    rows, columns = np.indices(picture.shape)
    return (weight * rows).sum() / weight.sum(), (weight * columns).sum() / weight.sum()


def test_a_direction_is_where_the_head_of_the_model_looks():
    model = load_model(scene(Pursuit()))
    data = mujoco.MjData(model)
    for angles in np.random.default_rng(0).uniform([-1.6, -1.0], [1.6, 1.0], (10, 2)):
        data.qpos[:] = angles
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(-data.camera("eye").xmat.reshape(3, 3)[:, 2], direction(angles[None])[0], atol=1e-12)


def test_the_disc_is_where_mujocos_camera_projects_it():
    model = load_model(scene(Pursuit()))
    data = mujoco.MjData(model)
    assert model.camera("eye").fovy[0] == pytest.approx(math.degrees(VIEW))
    view, size = DistantView(128, VIEW, 0.05, 0.0), 128
    rng = np.random.default_rng(1)
    for _ in range(10):
        angles = rng.uniform([-1.4, -0.8], [1.4, 0.8])
        target = direction((angles + rng.uniform(-0.3, 0.3, 2))[None])[0]
        data.qpos[:] = angles
        mujoco.mj_forward(model, data)
        x, y, z = data.camera("eye").xmat.reshape(3, 3).T @ target  # right, up, back
        pixels_per_slope = size / 2 / math.tan(VIEW / 2)
        expected = (size / 2 - 0.5 + pixels_per_slope * y / z, size / 2 - 0.5 - pixels_per_slope * x / z)
        found = middle(view.picture(angles[None], target[None], PHASES)[0])
        np.testing.assert_allclose(found, expected, atol=0.2)


def test_the_disc_has_the_area_of_its_angle():
    size, radius = 200, 0.1
    picture = DistantView(size, VIEW, radius, 0.0).picture(np.zeros((1, 2)), np.array([[1.0, 0, 0]]), PHASES)[0]
    area = ((picture - DIM) / (BRIGHT - DIM)).sum()
    expected = math.pi * (size / 2 * math.tan(radius) / math.tan(VIEW / 2)) ** 2
    assert abs(area / expected - 1) < 0.02


def test_the_background_is_fixed_in_the_world():
    """A ray that two cameras share shows them the same light."""
    view, phases = DistantView(65, VIEW, 0.01, 1.0), np.random.default_rng(2).uniform(0, 6, (1, len(WAVES)))
    behind = np.array([[-1.0, 0, 0]])
    straight = view.picture(np.array([[0.0, 0.0]]), behind, phases)[0]
    angle = math.atan(math.tan(VIEW / 2) * (52 - 32) / 32.5)  # of the column 52, to the right
    turned = view.picture(np.array([[-angle, 0.0]]), behind, phases)[0]
    assert abs(turned[32, 32] - straight[32, 52]) < 1e-4
    assert straight.std() > 0.02 and straight.min() > 0 and straight.max() < 1


def test_pictures_of_many_are_those_of_each():
    view, rng = DistantView(16, VIEW, 0.1, 0.5), np.random.default_rng(3)
    angles, phases = rng.uniform(-1, 1, (5, 2)), rng.uniform(0, 6, (5, len(WAVES)))
    target = direction(angles + 0.1)
    together = view.picture(angles, target, phases)
    for i in range(5):
        alone = view.picture(angles[i : i + 1], target[i : i + 1], phases[i : i + 1])[0]
        np.testing.assert_array_equal(together[i], alone)
