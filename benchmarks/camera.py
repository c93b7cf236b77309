"""Event cameras: frames a second by how much moves. The frames are made beforehand.

One camera of 128 x 128 pixels, of the default model, sees 1,000 frames a second; and 256 cameras of 32 x 32, as a batch
of environments has them. A mega-event a second is as much as a DVS128 can send.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np

from neurobot.envs import EventCameraModel, EventCameras

PERIOD = 0.001  # [s], between frames
FRAMES, SIZE = 1000, 128
BATCH, SMALL, FEW = 256, 32, 40


def still(count: int, size: int) -> np.ndarray:
    """Nothing moves: what remains is the work on all pixels, leak and noise."""
    return np.broadcast_to(_texture(size), (count, size, size)).copy()


def disc(count: int, size: int) -> np.ndarray:
    """A bright disc circles over a texture, once in half a second."""
    y, x = np.mgrid[:size, :size]
    frames = still(count, size)
    for k, frame in enumerate(frames):
        angle = 4 * np.pi * k * PERIOD
        distance = np.hypot(x - size * (0.5 + 0.3 * np.cos(angle)), y - size * (0.5 + 0.3 * np.sin(angle)))
        cover = np.clip(size / 12 + 0.5 - distance, 0, 1)  # smooth at the edge, as a lens is
        frame[...] = frame * (1 - cover) + 245 * cover
    return frames


def grating(count: int, size: int) -> np.ndarray:
    """A grating of 32 pixels a period drifts over the whole picture at 160 pixels a second."""
    y, x = np.mgrid[:size, :size]
    return np.stack(
        [127 + 80 * np.sin((0.8 * x + 0.6 * y - 160 * PERIOD * k) * 2 * np.pi / 32) for k in range(count)]
    ).astype(np.uint8)


def flicker(count: int, size: int) -> np.ndarray:
    """Every pixel changes at random from frame to frame: more than any camera could send."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size), dtype=np.uint8)


def main(rounds: int) -> None:
    """Print a table; every number is of the fastest of some rounds, because anything else on the machine adds to it."""
    print("| scene | frames | frames/s | ns a pixel | events a frame | million events/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    scenes: tuple[Callable[[int, int], np.ndarray], ...] = (still, disc, grating, flicker)
    for scene in scenes:
        row(scene.__name__, scene(FRAMES + 1, SIZE)[:, None], rounds)
    few = grating(FEW + 1, SMALL)[:, None]
    row(f"grating, {BATCH} cameras", np.tile(few, (1, BATCH, 1, 1)), rounds)


def row(name: str, film: np.ndarray, rounds: int) -> None:
    """Measure a film (steps + 1, cameras, height, width)."""
    best, events = np.inf, 0
    for _ in range(rounds):
        cameras = EventCameras(EventCameraModel(), *film.shape[1:])
        cameras.reset(None, film[0], range(film.shape[1]))
        start = perf_counter()
        events = sum(len(sent) for k in range(1, len(film)) for sent in cameras.see(film[k], k * PERIOD))
        best = min(best, perf_counter() - start)
    count = (len(film) - 1) * film.shape[1]
    cells = f"{count / best:.0f}", f"{1e9 * best / film[1:].size:.1f}", f"{events / count:.0f}"
    size = f"{count} of {film.shape[3]} x {film.shape[2]}"
    print("| " + " | ".join((name, size, *cells, f"{events / best / 1e6:.1f}")) + " |")


def _texture(size: int) -> np.ndarray:
    """Smooth blobs of light and shade, uint8."""
    y, x = np.mgrid[:size, :size] / size
    light = np.full((size, size), 120.0)
    for a, b, c in np.random.default_rng(1).uniform(-5, 5, (12, 3)):
        light += 20 * np.sin(2 * np.pi * (x * a + y * b + c))
    return light.clip(20, 235).astype(np.uint8)
