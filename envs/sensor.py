"""Sensors as they are: what a task knows exactly, read with noise, bias, drift, delay, drop-outs and a resolution.

A `Sensor` is data, one for each device of a robot. A `SensorSuite` is all devices of a robot side by side: it turns a
row of true numbers into a row of readings, for many instances at once. What it has to remember lives in `View.memory`,
and its chance is that of `View.streams`.

    reading = dropped out ? the reading before : saturate(round(true + offset + noise))  of `delay` control periods ago

The offset starts at a bias that each episode draws, and then walks at random. (IEEE Std 952 calls these bias,
random-walk noise and quantisation; rate noise is given here as the deviation of one sample, not as a density.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from neurobot.envs.scene import View
from neurobot.envs.settings import check_fields, setting
from neurobot.envs.task import Array

MAX_DELAY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One device. "Unit" is the unit of what it reads.

    Attributes:
        noise: standard deviation of normal noise, new in every reading [unit].
        bias: standard deviation of the offset that an episode starts with, one for each number [unit].
        drift: how fast the offset walks: standard deviation of its change in one second [unit].
        delay: whole control periods that a reading comes late.
        dropout: probability that a reading is lost; the one before stands. One draw for the whole device.
        resolution: readings are whole multiples of it [unit]; 0 for no rounding.

    Raises:
        EnvError: a number that is not finite or out of bounds.
    """

    noise: float = setting(0.0, low=0.0)
    bias: float = setting(0.0, low=0.0)
    drift: float = setting(0.0, low=0.0)
    delay: int = setting(0, low=0, high=MAX_DELAY)
    dropout: float = setting(0.0, low=0.0, high=1.0)
    resolution: float = setting(0.0, low=0.0)

    def __post_init__(self) -> None:
        check_fields(self)


@final
class SensorSuite:
    """Devices side by side, for `Scene.memory`, `Scene.begin` and `Scene.sense`.

    Args:
        sensors: pairs of a device and how many numbers it reads; k numbers in all.
        low: (k,) least reading [unit]; what is below saturates.
        high: (k,) largest reading [unit].
        period: control period [s].

    Attributes:
        memory: shapes for `Scene.memory`; `View.memory["readings"]` (num_envs, k) are the present readings.
    """

    def __init__(self, sensors: Sequence[tuple[Sensor, int]], low: Array, high: Array, period: float):
        widths = [width for _, width in sensors]

        def of_each(name: str) -> Array:
            return np.repeat([getattr(sensor, name) for sensor, _ in sensors], widths)

        self._noise, self._bias, self._resolution = of_each("noise"), of_each("bias"), of_each("resolution")
        self._drift = of_each("drift") * np.sqrt(period)
        self._delay = of_each("delay")
        self._dropout = np.array([sensor.dropout for sensor, _ in sensors])
        self._widths, self._size = widths, sum(widths)
        self._low, self._high = low, high
        self.memory = {
            "readings": (self._size,),
            "offset": (self._size,),
            "late": (int(self._delay.max()) + 1, self._size),
            "begun": (),
        }

    def begin(self, view: View, i: int) -> None:
        """Draw the offsets of instance i's fresh episode."""
        if self._bias.any():
            view.memory["offset"][i] = self._bias * view.streams.normal(np.array([i]), self._size)[0]

    def read(self, view: View, true: Array, ids: Array) -> None:
        """Take a new reading of what is truly so.

        Args:
            view: of all instances.
            true: (k instances, numbers) [unit], of those in `ids`.
            ids: sorted indices of the instances.
        """
        memory = view.memory
        seen = true + self._error(view, ids)
        if self._resolution.any():
            step = np.where(self._resolution > 0, self._resolution, 1.0)
            seen = np.where(self._resolution > 0, np.round(seen / step) * step, seen)
        seen = np.minimum(np.maximum(seen, self._low), self._high)
        first = memory["begun"][ids] == 0
        if self._delay.any():
            seen = self._late(memory["late"], seen, ids, first)
        if self._dropout.any():
            lost = view.streams.uniform(ids, len(self._dropout)) < self._dropout
            lost &= ~first[:, None]
            seen = np.where(np.repeat(lost, self._widths, axis=1), memory["readings"][ids], seen)
        memory["readings"][ids] = seen
        memory["begun"][ids] = 1.0

    def _error(self, view: View, ids: Array) -> Array:
        """Noise and offset (k, numbers) [unit] after the offset has walked on."""
        offset = view.memory["offset"]
        if self._drift.any():
            offset[ids] += self._drift * view.streams.normal(ids, self._size)
        if not self._noise.any():
            return offset[ids]
        noisy: Array = offset[ids] + self._noise * view.streams.normal(ids, self._size)
        return noisy

    def _late(self, queue: Array, seen: Array, ids: Array, first: Array) -> Array:
        """Put readings into their queues, which a fresh episode's first reading fills; return those that are due."""
        queue[ids, 1:] = queue[ids, :-1]
        queue[ids, 0] = seen
        queue[ids[first]] = seen[first, None]
        due: Array = queue[ids[:, None], self._delay, np.arange(self._size)]
        return due
