"""A minute in real time at 500 Hz: nothing is lost from the count, the phase is kept, and memory stays as it is."""

import os
import sys
import time

import numpy as np
import pytest
from loop_fakes import FakeController

from neurobot.loop import Loop, RealClock, load_recording
from neurobot.loop.instant import Instant
from neurobot.loop.record import Recorder
from neurobot.loop.timing import STAGES
from neurobot.spec import GuardSpec

PERIOD, TICKS, WARM = 0.002, 30_000, 200  # [s]
SLACK = STAGES.index("slack")
STALL = {400: 0.0071, 900: 0.0031}
"""Ticks that take so long at least [s], and so miss their deadlines whatever the machine does."""


class Fast(FakeController):
    control_period = PERIOD

    def step(self, observation, reward=0.0, out=None):
        time.sleep(STALL.get(self.steps, 0.0))
        self.calls.clear()  # or they would grow
        return super().step(observation, reward)


def resident():
    """Memory of this process that is in place [bytes]."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_every_slot_is_a_tick_or_skipped_every_miss_is_counted_and_memory_is_flat(tmp_path):
    controller, guard = Fast(), GuardSpec(max_misses=None)
    seen = np.random.default_rng(0).normal(0, 1, (64, 3))
    with Recorder(tmp_path, controller, realtime=True) as recorder:
        Loop(controller, Instant(controller, seen, WARM), clock=RealClock(), guard=guard, recorder=recorder).run(1, 0)
        loop = Loop(controller, Instant(controller, seen, TICKS), clock=RealClock(), guard=guard, recorder=recorder)
        before = resident()
        summary = loop.run(1, 1)
        grown = resident() - before
    episode, deadlines = summary.episodes[0], summary.deadlines
    assert deadlines.ticks == episode.length == TICKS
    assert deadlines.misses >= len(STALL) and deadlines.skipped >= 3 + 1
    assert sum(summary.late_stages.values()) == deadlines.misses
    late = episode.duration / PERIOD - (deadlines.ticks + deadlines.skipped)
    assert 0 <= late < 0.25 / PERIOD  # the end is on the grid, or after it by the time to wake up
    assert grown < 4 << 20

    recording = load_recording(tmp_path)
    timing = recording.timing[recording.episode == 1]
    slack = timing[:, SLACK]
    assert len(timing) == TICKS
    assert np.count_nonzero(slack < 0) == deadlines.misses
    assert -slack.min() == round(1e9 * deadlines.worst_lateness)
    assert np.ceil(np.maximum(-slack, 0) / (1e9 * PERIOD)).sum() == deadlines.skipped
    # every tick's deadline is a period after the point that it began at, whatever was skipped before
    assert np.median(np.abs(1e9 * PERIOD - timing[:, :SLACK].sum(axis=1) - slack)) < 1e5
