"""What a turning pinhole camera sees of things far away: a disc before a pattern, by their closed form.

A camera that turns about its own centre sees directions only, so a picture needs no renderer: each pixel is a ray, the
ray's direction in the world says how bright the background is there, and whether it meets the disc.
"""

from __future__ import annotations

import math
from typing import final

import numpy as np

from neurobot.envs.task import Array

WAVES = np.array(
    [[5.0, 11.0, 4.0], [-3.0, 8.0, 14.0], [2.0, -17.0, 9.0], [6.0, 5.0, -19.0], [-8.0, 23.0, 12.0]], np.float32
)
"""Of the background, as vectors [1/rad]: plane waves over the unit sphere."""
DIM, BRIGHT = 0.3, 0.95
"""Light of a blank background and of the disc, where white is 1."""


def direction(angles: Array) -> Array:
    """Where a camera looks at angles (n, 2) of pan (left is +) and tilt (up is +) [rad].

    Returns:
        Unit vectors (n, 3): x ahead, y left, z up.
    """
    pan, tilt = angles[:, 0], angles[:, 1]
    return np.stack((np.cos(tilt) * np.cos(pan), np.cos(tilt) * np.sin(pan), np.sin(tilt)), axis=1)


@final
class DistantView:
    """A square camera, and what is before it.

    Args:
        pixels: rows, and columns.
        view: angle of view, from edge to edge through the middle [rad].
        radius: angle between the disc's middle and its edge [rad].
        contrast: of the background, 0 to 1; 0 is blank.
    """

    def __init__(self, pixels: int, view: float, radius: float, contrast: float):
        across = math.tan(view / 2) * ((np.arange(pixels) + 0.5) / pixels * 2 - 1)
        right, down = np.meshgrid(across, across)
        rays = np.stack((np.ones_like(right), -right, -down), axis=-1).reshape(-1, 3)
        self._rays = (rays / np.linalg.norm(rays, axis=1, keepdims=True)).astype(np.float32)
        self._pixels, self._radius = pixels, radius
        self._edge = view / pixels  # the disc's edge is as wide as a pixel, so that it moves smoothly
        self._contrast = contrast / len(WAVES)

    def picture(self, angles: Array, target: Array, phases: Array) -> Array:
        """Pictures of n cameras.

        Args:
            angles: (n, 2) of pan and tilt [rad].
            target: (n, 3) unit vectors to the middle of the disc.
            phases: (n, len(WAVES)) of the background's waves [rad].

        Returns:
            (n, pixels, pixels) float32 in (0, 1), the upper left corner first.
        """
        rays = self._rays @ _turn(angles).astype(np.float32).transpose(0, 2, 1)
        light = np.full(rays.shape[:2], DIM, np.float32)
        if self._contrast > 0:
            waves = np.sin(rays @ WAVES.T + phases.astype(np.float32)[:, None])
            light *= 1 + self._contrast * waves.sum(axis=2)
        cosine = (rays @ target.astype(np.float32)[:, :, None])[:, :, 0]
        angle = np.sqrt(np.maximum(2 - 2 * cosine, 0))  # the chord, which is the angle where it matters
        covered = np.clip(0.5 + (self._radius - angle) / self._edge, 0, 1)
        light += covered * (BRIGHT - light)
        return light.reshape(-1, self._pixels, self._pixels)


def _turn(angles: Array) -> Array:
    """Rotations (n, 3, 3) from the camera's frame (ahead, left, up) into the world's."""
    pan, tilt = angles[:, 0], angles[:, 1]
    left = np.stack((-np.sin(pan), np.cos(pan), np.zeros_like(pan)), axis=1)
    up = np.stack((-np.sin(tilt) * np.cos(pan), -np.sin(tilt) * np.sin(pan), np.cos(tilt)), axis=1)
    return np.stack((direction(angles), left, up), axis=2)
