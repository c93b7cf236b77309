"""Event cameras (dynamic vision sensors), many at once, fed with frames from anywhere.

A pixel remembers a log intensity. When the present one differs from it by a threshold, the pixel sends an event, ON for
brighter and OFF for darker, remembers the present one, and is blind for its refractory time (Lichtsteiner, Posch,
Delbruck, "A 128 x 128 120 dB 15 us latency asynchronous temporal contrast vision sensor", 2008). Between two frames log
intensity goes in a straight line (Rebecq, Gehrig, Scaramuzza, "ESIM: an open event camera simulator", 2018), so what
moves far between frames sends several events, each at its own time. Thresholds differ from pixel to pixel, what a pixel
remembers leaks towards darkness, and some events have no cause (Hu, Liu, Delbruck, "v2e: from video frames to realistic
DVS events", 2021). Unlike there, an event makes a pixel remember what it sees when it is released again, and noise is
an event like any other: it is what the circuit does, and a steady change then sends one event every
threshold / |change per second| + refractory time.

Cost: a few passes over all pixels in float32; then only pixels with events are looked at, in float64.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import final

import numpy as np

from neurobot.envs.checks import checked_count
from neurobot.envs.event_checks import checked_frames, checked_generators, checked_ids, checked_times
from neurobot.envs.event_noise import EventNoise, one_a_pixel
from neurobot.envs.event_pixels import EventPixels
from neurobot.envs.events import EVENT
from neurobot.envs.task import Array
from neurobot.envs.values import is_number
from neurobot.errors import EnvError

LONGEST_GAP = 1e5
"""Between two frames [s]: every event of noise in it is drawn."""
LEAST_THRESHOLD = 0.01
"""A threshold that mismatch would put lower is this, as in v2e."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCameraModel:
    """What kind of camera. Defaults of thresholds, mismatch, leak and noise are v2e's.

    Attributes:
        on_threshold: rise of log intensity (natural logarithm) that makes an ON event.
        off_threshold: fall that makes an OFF event.
        mismatch: standard deviation of each pixel's two thresholds.
        refractory: how long a pixel is blind after an event [s].
        noise_rate: events without a cause [Hz per pixel], half of them ON.
        leak_rate: ON events of a pixel whose light does not change [Hz].
        dark_level: what a black pixel sees, as a share of full intensity: log intensity is log(intensity +
            dark_level). The default keeps the darkest step of 8-bit frames below a threshold of 0.2.

    Raises:
        EnvError: a number that makes no camera.
    """

    on_threshold: float = 0.2
    off_threshold: float = 0.2
    mismatch: float = 0.03
    refractory: float = 0.0005
    noise_rate: float = 0.001
    leak_rate: float = 0.01
    dark_level: float = 0.02

    def __post_init__(self) -> None:
        least = {"on_threshold": LEAST_THRESHOLD, "off_threshold": LEAST_THRESHOLD, "dark_level": 1e-6}
        for field in fields(self):
            value, low = getattr(self, field.name), least.get(field.name, 0.0)
            if not is_number(value) or value < low:
                raise EnvError(f"{field.name} is {value!r}; it must be a finite number of at least {low:g}")
            object.__setattr__(self, field.name, float(value))


@final
class EventCameras:
    """n cameras of one model, each with pixels, chance and a clock of its own.

    What a camera sends depends on its own frames, times and generator, whichever cameras are beside it.

    Attributes:
        model: what kind they are.
        height: rows [pixels].
        width: columns [pixels].
        thresholds: (2, n, height * width) float32, of ON and of OFF events, above 0 both.
    """

    CHANGES = ("_noise", "_times", "_log", "_diff", "_release", "thresholds", "_chance")

    def __init__(self, model: EventCameraModel, n: int, height: int, width: int):
        """Raises EnvError for sizes that are none, or that EVENT cannot number."""
        self.model, self._n = model, checked_count("n", n)
        self.height, self.width = checked_count("height", height), checked_count("width", width)
        if max(self.height, self.width) > 1 << 16:
            raise EnvError(f"a camera of {height} x {width} pixels is too large; height and width are at most 65536")
        self._size = self.height * self.width
        self._noise = EventNoise(n, self._size, model.noise_rate)
        self._times = np.full(n, np.nan)  # of the last frames; NaN until the first reset
        self._log, self._diff = np.zeros((2, n, self._size), np.float32)  # log intensity, and minus the remembered one
        self._release = np.zeros((n, self._size))
        self.thresholds = np.zeros((2, n, self._size), np.float32)
        self._chance: dict[int, np.random.Generator] = {}
        self._light, self._change = np.empty((2, n, self._size), np.float32)
        self._mask, self._more = np.empty((2, n, self._size), np.bool_)
        self._y, self._x = (a.ravel().astype(np.uint16) for a in np.indices((self.height, self.width)))

    def reset(
        self,
        ids: Array | Sequence[int] | None,
        frames: Array,
        generators: Sequence[np.random.Generator | int] | None = None,
        times: Array | float = 0.0,
    ) -> None:
        """Give cameras their first frames, which they remember.

        Args:
            ids: (k,) which cameras; None for all.
            frames: (k, height, width), as in `see`.
            generators: k generators or seeds, from each of which one camera draws its thresholds and noise. A generator
                is not used up: the camera spawns its own from it. None keeps pixels and goes on with the noise.
            times: of the frames [s], one or k.

        Raises:
            EnvError: what does not fit; nothing has changed then.
        """
        ids = checked_ids(ids, self._n)
        frames, times = checked_frames(frames, (len(ids), self.height, self.width)), checked_times(times, len(ids))
        streams: Sequence[np.random.Generator | None] = [None] * len(ids)
        if generators is None:
            self._require_reset(ids, "give generators or seeds the first time")
        else:
            streams = checked_generators(generators, len(ids))
        for i, time, stream in zip(ids.tolist(), times.tolist(), streams, strict=True):
            self._start(i, time, stream)
        self._log[ids], self._times[ids] = self._log_intensity(frames), times

    def see(self, frames: Array, times: Array | float, ids: Array | Sequence[int] | None = None) -> list[Array]:
        """Go on to the next frames.

        Args:
            frames: (k, height, width), intensity in proportion to light: float32 or float64 from 0 (black) to about 1,
                or uint8 from 0 to 255.
            times: of the frames [s], one or k, after those of the frames before.
            ids: (k,) which cameras; None for all. The others do not change.

        Returns:
            The events of each camera after its last frame, up to and including this one, as (m,) arrays of dtype
            EVENT, sorted by time.

        Raises:
            EnvError: what does not fit, or cameras without a first frame; nothing has changed then.
        """
        ids = checked_ids(ids, self._n)
        frames = checked_frames(frames, (len(ids), self.height, self.width))
        until, before = checked_times(times, len(ids)), self._times[ids]
        self._require_reset(ids, "call reset first")
        wrong = np.flatnonzero((until <= before) | (until - before > LONGEST_GAP))
        if wrong.size:
            j = wrong[0]
            raise EnvError(
                f"the frame of camera {ids[j]} is of time {until[j]:g} s, the one before of {before[j]:g} s; time must"
                f" go on, by {LONGEST_GAP:g} s at most; call reset to start again"
            )
        return self._advance(frames, before, until, ids)

    def _advance(self, frames: Array, before: Array, until: Array, ids: Array) -> list[Array]:
        # a slice gives views of the state, an index copies, which have to be written back
        rows: Array | slice = ids if len(ids) < self._n or (ids[1:] < ids[:-1]).any() else slice(None)
        period = until - before
        on, off = self.thresholds[0][rows], self.thresholds[1][rows]
        diff, release = self._diff[rows], self._release[rows]
        change = self._integrate(frames, rows, period, on, diff)
        row, pixel, noise_times, noise_on = self._noise.take(ids, until)
        noisy = row * self._size + pixel
        active = self._active(diff, on, off, release, before, noisy)
        camera = active // self._size
        rise = change.reshape(-1)[active].astype(np.float64)
        direction = np.copysign(1.0, rise)
        rising = direction > 0
        shift = (ids - np.arange(len(ids))) * self._size
        own = active + shift[camera] + ~rising * self._diff.size  # among all thresholds of all cameras
        pixels = EventPixels(
            time=before[camera],
            progress=(diff.reshape(-1)[active] - rise) * direction,
            speed=np.abs(rise) / period[camera],
            threshold=self.thresholds.reshape(-1)[own].astype(np.float64),
            rising=rising,
            release=release.reshape(-1)[active],
            refractory=self.model.refractory,
        )
        for which, times, polarity in one_a_pixel(np.searchsorted(active, noisy), noise_times, noise_on):
            pixels.advance(times, which)
            pixels.fire(which, polarity)
        pixels.advance(until[camera])
        diff.reshape(-1)[active] = pixels.progress * direction
        release.reshape(-1)[active] = pixels.release
        if not isinstance(rows, slice):
            self._diff[rows], self._release[rows] = diff, release
        self._times[ids] = until
        return self._split(active, *pixels.events(), len(ids))

    def _start(self, i: int, time: float, stream: np.random.Generator | None) -> None:
        """Let camera i remember what it sees; with a stream it is another camera."""
        model, noise = self.model, None
        if stream is not None:
            self._chance[i], noise = stream.spawn(2)
            nominal = np.array([[model.on_threshold], [model.off_threshold]])
            drawn = nominal + model.mismatch * self._chance[i].standard_normal((2, self._size))
            self.thresholds[:, i] = np.maximum(drawn, LEAST_THRESHOLD)
        self._noise.reset(i, time, noise)
        self._release[i] = time
        self._diff[i] = 0.0
        if model.leak_rate > 0:  # the camera has been on for a while, so its pixels do not leak in step
            self._diff[i] = self._chance[i].random(self._size, np.float32) * self.thresholds[0, i]

    def _log_intensity(self, frames: Array) -> Array:
        """(k, size) float32, in a buffer that the next call uses again."""
        light: Array = self._light[: len(frames)]
        scale = np.float32(1 / 255 if frames.dtype == np.uint8 else 1)
        np.multiply(frames.reshape(light.shape), scale, out=light, casting="same_kind")
        light += np.float32(self.model.dark_level)
        return np.log(light, out=light)

    def _integrate(self, frames: Array, rows: Array | slice, period: Array, on: Array, diff: Array) -> Array:
        """Add the change since the last frames to diff, also where it means nothing; return it."""
        light = self._log_intensity(frames)
        change: Array = np.subtract(light, self._log[rows], out=self._change[: len(frames)])
        self._log[rows] = light
        if self.model.leak_rate > 0:
            change += np.multiply(on, (self.model.leak_rate * period[:, None]).astype(np.float32), out=light)
        diff += change
        return change

    def _active(self, diff: Array, on: Array, off: Array, release: Array, before: Array, noisy: Array) -> Array:
        """Pixels to look at: at a threshold, refractory when the interval begins, or with noise. Sorted."""
        k = len(diff)
        mask, more = self._mask[:k], self._more[:k]
        np.greater_equal(diff, on, out=mask)
        mask |= np.less_equal(diff, np.negative(off, out=self._light[:k]), out=more)
        if self.model.refractory > 0:
            mask |= np.greater(release, before[:, None], out=more)
        mask.reshape(-1)[noisy] = True
        return np.flatnonzero(mask)

    def _split(self, active: Array, which: Array, times: Array, on: Array, k: int) -> list[Array]:
        """Events of each of k cameras, sorted by time, those of the same time by pixel."""
        order = np.argsort(times)
        ordered = times[order]
        if (ordered[1:] == ordered[:-1]).any():  # seldom with mismatch, and a stable sort takes three times as long
            order = np.argsort(times, kind="stable")
            ordered = times[order]
        place = active[which[order]]
        camera = place // self._size
        if k > 1:
            by_camera = np.argsort(camera, kind="stable")
            order, ordered, place, camera = (a[by_camera] for a in (order, ordered, place, camera))
        pixel = place - camera * self._size
        events = np.empty(len(order), EVENT)
        events["t"], events["polarity"] = ordered, on[order]
        events["x"], events["y"] = self._x[pixel], self._y[pixel]
        ends = np.searchsorted(camera, np.arange(k + 1)).tolist()
        return [events[a:b] for a, b in itertools.pairwise(ends)]

    def _require_reset(self, ids: Array, todo: str) -> None:
        new = ids[np.isnan(self._times[ids])]
        if new.size:
            raise EnvError(f"camera {new[0]} has had no first frame; {todo}")
