"""The ring: nothing is lost or doubled that was not counted as dropped."""

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.errors import RecordingError
from neurobot.loop.ring import RingReader, RingWriter

DTYPE = np.dtype([("number", "<i8"), ("data", "<i8", (3,))])


@pytest.fixture
def ring():
    writer = RingWriter(DTYPE, 4)
    reader = RingReader(writer.name, DTYPE)
    yield writer, reader
    reader.close()
    writer.close()


def put(writer, number):
    slot = writer.claim()
    if slot >= 0:
        writer.slots["number"][slot] = number
        writer.slots["data"][slot] = number * np.array([1, 10, 100])
        writer.publish()
    return slot >= 0


def take(reader, limit=100):
    records = reader.ready(limit)
    numbers = records["number"].tolist()
    np.testing.assert_array_equal(records["data"], np.outer(numbers, [1, 10, 100]))
    reader.release(len(numbers))
    return numbers


def test_records_come_out_in_order_and_once(ring):
    writer, reader = ring
    assert take(reader) == []
    for number in (1, 2, 3):
        put(writer, number)
    assert take(reader, limit=2) == [1, 2]
    assert take(reader) == [3]
    assert take(reader) == []


def test_a_record_is_not_seen_before_it_is_published(ring):
    writer, reader = ring
    writer.slots["number"][writer.claim()] = 5
    assert take(reader) == []


def test_a_full_ring_drops_and_counts_without_waiting(ring):
    writer, reader = ring
    assert [put(writer, number) for number in range(6)] == [True] * 4 + [False] * 2
    assert writer.dropped == 2
    assert take(reader) == [0, 1, 2, 3]
    assert put(writer, 6)
    assert take(reader) == [6]


def test_a_record_stays_until_it_is_released(ring):
    writer, reader = ring
    for number in range(4):
        put(writer, number)
    held = reader.ready(4)["number"]
    assert not put(writer, 99)
    assert held.tolist() == [0, 1, 2, 3]
    del held


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=60))
def test_any_order_of_writing_and_reading_keeps_the_stream(moves):
    writer = RingWriter(DTYPE, 3)
    reader = RingReader(writer.name, DTYPE)
    try:
        accepted, read, number = [], [], 0
        for write, count in moves:
            if write:
                for _ in range(count):
                    accepted += [number] if put(writer, number) else []
                    number += 1
            else:
                read += take(reader, count)
        read += take(reader) + take(reader)  # twice: it may go over the end of the block
        assert read == accepted
        assert len(accepted) + writer.dropped == number
    finally:
        reader.close()
        writer.close()


def test_finished_means_that_everything_was_released(ring):
    writer, reader = ring
    put(writer, 1)
    assert not reader.finished
    writer.finish()
    assert not reader.finished
    take(reader)
    assert reader.finished


def test_a_reader_that_gives_up_is_seen(ring):
    writer, reader = ring
    assert not writer.failed
    reader.fail()
    assert writer.failed


def test_another_process_reads_everything_when_the_writer_waits():
    code = f"""
    import sys
    import numpy as np
    from neurobot.loop.ring import RingReader
    reader = RingReader(sys.argv[1], np.dtype({DTYPE.descr!r}))
    expected = 0
    while not reader.finished:
        records = reader.ready(1000)
        count = len(records)
        numbers = np.arange(expected, expected + count)
        assert (records["number"] == numbers).all()
        assert (records["data"] == np.outer(numbers, [1, 10, 100])).all()
        del records
        reader.release(count)
        expected += count
    print(expected)
    reader.close()
    """
    writer = RingWriter(DTYPE, 8, wait=30.0, reader_alive=lambda: process.poll() is None)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), writer.name],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for number in range(2000):
            assert put(writer, number)
        writer.finish()
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        writer.close()
    assert (out, err) == ("2000\n", "")
    assert writer.dropped == 0


def test_waiting_for_a_reader_that_makes_no_room_ends_in_an_error():
    writer = RingWriter(DTYPE, 1, wait=0.01, reader_alive=lambda: True)
    try:
        put(writer, 0)
        with pytest.raises(RecordingError, match=r"made no room for 0.01 s; is the disk stuck\?"):
            writer.claim()
    finally:
        writer.close()


@pytest.mark.parametrize("how", ["dead", "failed"])
def test_waiting_for_a_reader_that_is_gone_ends_at_once(how):
    writer = RingWriter(DTYPE, 1, wait=3600.0, reader_alive=lambda: how != "dead")
    try:
        put(writer, 0)
        if how == "failed":
            reader = RingReader(writer.name, DTYPE)
            reader.fail()
            reader.close()
        with pytest.raises(RecordingError, match="the process that writes the recording ended early"):
            writer.claim()
    finally:
        writer.close()


def test_a_closed_ring_is_gone(ring):
    writer = RingWriter(DTYPE, 4)
    writer.close()
    with pytest.raises(FileNotFoundError):
        RingReader(writer.name, DTYPE)


def test_a_reader_may_outlive_the_ring():
    writer = RingWriter(DTYPE, 4)
    reader = RingReader(writer.name, DTYPE)
    put(writer, 3)
    writer.close()
    assert take(reader) == [3]
    reader.close()


@pytest.mark.skipif(not Path("/dev/shm").exists(), reason="shared memory has no size here that could be exceeded")
def test_too_little_shared_memory_is_an_error_and_leaves_nothing():
    began = time.time()
    with pytest.raises(RecordingError, match=r"needs 16777216.0 MiB of shared memory: .*; free some \(Docker"):
        RingWriter(DTYPE, 2**44 // DTYPE.itemsize)
    mine = [p for p in Path("/dev/shm").glob("neurobot-*") if p.stat().st_size >= 2**43 and p.stat().st_mtime >= began]
    assert mine == []
