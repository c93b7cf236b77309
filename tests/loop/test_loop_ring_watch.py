"""Watching a ring: whole records only, those that were not seen are counted, and the writer never waits."""

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.loop.ring import RingReader, RingWatcher, RingWriter

WORDS = 64
DTYPE = np.dtype([("number", "<i8"), ("data", "<i8", (WORDS,))])
PATTERN = np.arange(1, WORDS + 1) * 2654435761


def put(writer, number):
    slot = writer.claim()
    writer.slots["number"][slot] = number
    writer.slots["data"][slot] = number * PATTERN
    writer.publish()


def whole(records):
    """Checks that no record is a mix of two; returns their numbers."""
    numbers = records["number"]
    np.testing.assert_array_equal(records["data"], numbers[:, None] * PATTERN)
    return numbers.tolist()


FAST = """
    import select
    import sys
    import numpy as np
    from test_loop_ring_watch import DTYPE, put
    from neurobot.loop.ring import RingReader, RingWriter
    writer = RingWriter(DTYPE, 8)
    reader = RingReader(writer.name, DTYPE)  # takes everything out, so that the ring goes round as fast as it can
    print(writer.name, flush=True)
    sys.stdin.readline()
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(200):
            put(writer, number)
            reader.release(1)
            number += 1
    writer.finish()
    print(number, flush=True)
    sys.stdin.readline()
    reader.close()
    writer.close()
"""


@pytest.fixture
def fast():
    """A process that writes as fast as it can: its ring, what starts it, what stops it and counts."""
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(FAST)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip

    def start():
        process.stdin.write("\n")

    def stop():
        process.stdin.write("\n")
        return int(process.stdout.readline())

    try:
        yield process.stdout.readline().strip(), start, stop
    finally:
        process.kill()
        process.communicate()


def test_a_record_is_never_a_mix_of_two_however_fast_the_writer_is(fast):
    name, start, stop = fast
    watchers = [RingWatcher(name, DTYPE) for _ in range(3)]
    seen = [[] for _ in watchers]
    start()
    begin = time.monotonic()
    while time.monotonic() < begin + 1.0 or (min(map(len, seen)) < 50 and time.monotonic() < begin + 60):
        for k, watcher in enumerate(watchers):
            seen[k] += whole(watcher.latest(8 >> k))
    count = stop()
    for k, watcher in enumerate(watchers):
        seen[k] += whole(watcher.latest(8 >> k))
        assert watcher.finished
        assert seen[k] == sorted(set(seen[k]))
        assert seen[k][-1] == count - 1
        assert len(seen[k]) >= 50
        assert len(seen[k]) + watcher.missed == count
        watcher.close()


@pytest.fixture
def ring():
    writer = RingWriter(DTYPE, 6)
    reader = RingReader(writer.name, DTYPE)
    yield writer, reader
    reader.close()
    writer.close()


@pytest.mark.parametrize("more", range(7))
@pytest.mark.parametrize("moment", ["before the copy", "after the copy"])
def test_a_record_that_may_be_written_over_while_it_is_copied_is_thrown_away(ring, monkeypatch, more, moment):
    writer, reader = ring
    watcher = RingWatcher(writer.name, DTYPE)
    for number in range(6):
        put(writer, number)
        reader.release(1)
    moments = iter(["before the copy", "after the copy"])

    def meanwhile():
        monkeypatch.setattr("neurobot.loop.ring._fence", lambda: None)
        if next(moments) == moment:
            for number in range(6, 6 + more):
                put(writer, number)
                reader.release(1)
        monkeypatch.setattr("neurobot.loop.ring._fence", meanwhile)

    monkeypatch.setattr("neurobot.loop.ring._fence", meanwhile)
    assert whole(watcher.latest(10)) == list(range(2 + more, 6))
    assert watcher.missed == min(2 + more, 6)
    watcher.close()


def test_the_newest_come_once_and_the_first_look_shows_what_was_there_before(ring):
    writer, reader = ring
    for number in range(9):
        put(writer, number)
        reader.release(1)
    watcher, other = RingWatcher(writer.name, DTYPE), RingWatcher(writer.name, DTYPE)
    assert watcher.capacity == 4
    assert whole(watcher.latest(10)) == [5, 6, 7, 8]
    assert whole(other.latest(2)) == [7, 8]
    assert whole(watcher.latest(10)) == []
    put(writer, 9)
    assert whole(watcher.latest(10)) == [9]
    assert (watcher.missed, other.missed) == (0, 0)
    watcher.close(), other.close()


def test_what_a_stalled_watcher_did_not_see_is_counted_and_the_writer_never_waited(ring):
    writer, reader = ring
    watcher = RingWatcher(writer.name, DTYPE)
    for number in range(1000):
        put(writer, number)
        reader.release(1)
    assert writer.dropped == 0
    assert whole(watcher.latest(3)) == [997, 998, 999]
    assert watcher.missed == 997
    watcher.close()


def test_a_record_in_a_slot_that_is_being_filled_is_not_given(ring):
    writer, reader = ring
    watcher = RingWatcher(writer.name, DTYPE)
    for number in range(6):
        put(writer, number)
        reader.release(1)
    writer.slots["data"][writer.claim()] = -1  # torn: record 0 is half overwritten by record 6
    assert whole(watcher.latest(10)) == [2, 3, 4, 5]
    watcher.close()


def test_a_ring_too_small_to_be_watched_gives_nothing():
    writer = RingWriter(DTYPE, 1)
    watcher = RingWatcher(writer.name, DTYPE)
    put(writer, 0)
    assert (whole(watcher.latest(5)), watcher.capacity) == ([], 0)
    watcher.close()
    writer.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 8)), max_size=30), st.integers(3, 8))
def test_seen_and_missed_are_all(moves, capacity):
    writer = RingWriter(DTYPE, capacity)
    reader, watcher = RingReader(writer.name, DTYPE), RingWatcher(writer.name, DTYPE)
    try:
        seen, number = [], 0
        for count, limit in moves:
            for _ in range(count):
                put(writer, number)
                reader.release(1)
                number += 1
            got = whole(watcher.latest(limit))
            assert got == list(range(number - len(got), number))
            assert len(got) == min(count, limit, capacity - 2)
            seen += got
        assert len(seen) + watcher.missed == number
    finally:
        reader.close()
        watcher.close()
        writer.close()
