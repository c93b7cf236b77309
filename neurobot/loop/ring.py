"""A ring of fixed-size records in shared memory: one process writes, another reads, and neither has a lock.

    head  records published so far, written by the writer only
    tail  records released so far, written by the reader only
    slot  of record k is k mod capacity; the writer may fill it when k - tail < capacity

In real time the writer never waits: a record that finds no room is dropped and counted. In simulated time it may wait
for the reader, so that nothing is lost. head and tail are aligned 8-byte words in cache lines of their own, written
by one store each. See `_fence` for the order in which processors show them to one another.

Any number of watchers may look at the newest records as well. The writer knows nothing of them and waits for none: a
watcher copies, looks at head again, and throws away what may have been written over meanwhile.

A block of shared memory lives until the writer closes it. (Should the writer be killed, Python's resource tracker
removes it.)
"""

from __future__ import annotations

import os
import platform
import secrets
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import cast, final

import numpy as np
import numpy.typing as npt

from neurobot.errors import RecordingError

Records = npt.NDArray[np.void]

_HEAD, _TAIL, _FINISHED, _FAILED = 0, 8, 16, 17  # words; a cache line is 8
_HEADER = 256  # bytes
_PAUSE = 0.0005  # [s] between two looks at the reader


@final
class RingWriter:
    """The side that makes the ring, fills it, and removes it.

    Fill a record by ``ring.slots["field"][slot] = ...``, between `claim` and `publish`.

    Args:
        dtype: of a record.
        capacity: how many records have room.
        wait: how long `claim` may wait for the reader [s]; 0 drops records instead.
        reader_alive: asked while waiting; False ends the wait.

    Attributes:
        name: of the block of shared memory.
        slots: (capacity,) records.
        dropped: records that found no room.

    Raises:
        RecordingError: no room in shared memory.
    """

    def __init__(
        self, dtype: np.dtype[np.void], capacity: int, *, wait: float = 0.0, reader_alive: Callable[[], bool] = bool
    ):
        self._memory = _create(_HEADER + dtype.itemsize * capacity)
        self.name = self._memory.name
        self._words = cast(memoryview, self._memory.buf)[:_HEADER].cast("q")
        self.slots: Records = np.ndarray((capacity,), dtype, buffer=self._memory.buf, offset=_HEADER)
        self.slots.view(np.uint8)[:] = 0  # touches every page now, so that no tick has to
        self.dropped = 0
        self._capacity = capacity
        self._head = 0
        self._tail = 0  # as it was last seen: it only grows, and looking at it costs a way to the other processor
        self._wait = wait
        self._alive = reader_alive

    @property
    def failed(self) -> bool:
        """Whether the reader gave up."""
        return bool(self._words[_FAILED])

    def claim(self) -> int:
        """The slot of the next record, or -1 if there is no room and the record is dropped.

        Raises:
            RecordingError: waiting was allowed, and the reader died or made no room in time.
        """
        if self._head - self._tail >= self._capacity and not self._room() and not self._wait_for_room():
            self.dropped += 1
            return -1
        return self._head % self._capacity

    def publish(self) -> None:
        """Show the record in the claimed slot to the reader."""
        self._head += 1
        if not _ORDERED:
            _fence()
        self._words[_HEAD] = self._head

    def finish(self) -> None:
        """Say that no record follows."""
        _fence()
        self._words[_FINISHED] = 1

    def close(self) -> None:
        """Remove the ring. Views of `slots` must be gone by now; a reader keeps what it has mapped."""
        del self.slots
        self._words.release()
        self._memory.close()
        self._memory.unlink()

    def _room(self) -> bool:
        self._tail = self._words[_TAIL]
        return self._head - self._tail < self._capacity

    def _wait_for_room(self) -> bool:
        if not self._wait:
            return False
        end = time.monotonic() + self._wait
        while not self._room():
            if self.failed or not self._alive():
                raise RecordingError("the process that writes the recording ended early")
            if time.monotonic() > end:
                raise RecordingError(
                    f"the process that writes the recording made no room for {self._wait:g} s; is the disk stuck?"
                )
            time.sleep(_PAUSE)
        return True


@final
class RingReader:
    """The side that takes records out, usually in another process.

    Args:
        name: of the writer's block.
        dtype: of a record, the writer's.

    Raises:
        FileNotFoundError: there is no such block, or no longer.
    """

    def __init__(self, name: str, dtype: np.dtype[np.void]):
        self._memory = _attach(name)
        self._words = cast(memoryview, self._memory.buf)[:_HEADER].cast("q")
        self._capacity = (self._memory.size - _HEADER) // dtype.itemsize
        self._slots: Records = np.ndarray((self._capacity,), dtype, buffer=self._memory.buf, offset=_HEADER)
        self._tail = 0

    def ready(self, limit: int) -> Records:
        """The oldest records, up to a limit, without copying; they stay valid until `release`."""
        head = self._words[_HEAD]
        _fence()
        first = self._tail % self._capacity
        count = min(head - self._tail, self._capacity - first, limit)
        return self._slots[first : first + count]

    def release(self, count: int) -> None:
        """Give the oldest records' room back."""
        self._tail += count
        _fence()
        self._words[_TAIL] = self._tail

    @property
    def finished(self) -> bool:
        """Whether the writer has finished and everything was released."""
        if not self._words[_FINISHED]:
            return False
        _fence()
        return bool(self._words[_HEAD] == self._tail)

    def fail(self) -> None:
        """Tell the writer that nobody reads any more."""
        self._words[_FAILED] = 1

    def close(self) -> None:
        """Let go of the ring. Views from `ready` must be gone by now."""
        del self._slots
        self._words.release()
        self._memory.close()


@final
class RingWatcher:
    """Looks at the newest records from outside: the writer does not know of it, and never waits for it.

    Args:
        name: of the writer's block.
        dtype: of a record, the writer's.

    Attributes:
        missed: records written since it came that `latest` did not give: they were left out, or written over.

    Raises:
        FileNotFoundError: there is no such block, or no longer.
    """

    def __init__(self, name: str, dtype: np.dtype[np.void]):
        self._memory = _attach(name)
        self._words = cast(memoryview, self._memory.buf)[:_HEADER].cast("q")
        self._capacity = (self._memory.size - _HEADER) // dtype.itemsize
        self._slots: Records = np.ndarray((self._capacity,), dtype, buffer=self._memory.buf, offset=_HEADER)
        self._began = self._words[_HEAD]
        self._seen = self._oldest(self._began)
        self.missed = 0

    @property
    def capacity(self) -> int:
        """Records that `latest` can give at most."""
        return max(self._capacity - 2, 0)

    @property
    def finished(self) -> bool:
        """Whether the writer has finished; what it wrote before can still be looked at."""
        return bool(self._words[_FINISHED])

    def latest(self, count: int) -> Records:
        """What is new since the last call.

        Args:
            count: how many records at most, the newest ones.

        Returns:
            A copy of whole records, the oldest first; at the first call those from before the watcher came, too.
        """
        head = self._words[_HEAD]
        _fence()
        first = max(self._seen, self._oldest(head), head - count)
        copied = self._slots.take(np.arange(first, head), mode="wrap")
        _fence()
        whole = min(max(self._oldest(self._words[_HEAD]), first), head)
        self.missed += max(whole - max(self._seen, self._began), 0)
        self._seen = head
        return copied[whole - first :]

    def close(self) -> None:
        """Let go of the ring."""
        del self._slots
        self._words.release()
        self._memory.close()

    def _oldest(self, head: int) -> int:
        """The oldest record that cannot have been touched before head was seen.

        The writer may be filling the slot of record head - capacity. On a processor that shows stores out of order it
        may be one further: its data can be seen before the head that it publishes ahead of them, but not before the
        fence between the two heads.
        """
        return max(head - self._capacity + 2, 0)


_lock = threading.Lock()
_ORDERED = platform.machine() in ("x86_64", "AMD64")


def _fence() -> None:
    """Keep what was stored or loaded before from moving after what follows, on processors that reorder (ARM).

    Python has no fence of its own. Taking a lock acquires and giving it back releases: nothing moves up over the
    second take, nothing down over the first release, and those two keep their order. Nobody ever waits for this lock.
    Processors of the x86 kind move neither a store over a store nor anything over a load, which is all that is needed.
    """
    if not _ORDERED:
        with _lock:
            pass
        with _lock:
            pass


def _create(size: int) -> SharedMemory:
    """Shared memory that is there: without reserving it, a full /dev/shm kills the process at the first write."""
    try:
        memory = SharedMemory(name=f"neurobot-{secrets.token_hex(6)}", create=True, size=size)
    except OSError as error:
        raise RecordingError(_no_room(size, error)) from None
    file = Path("/dev/shm") / memory.name
    if file.exists():
        descriptor = os.open(file, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, size)
        except OSError as error:
            memory.close()
            memory.unlink()
            raise RecordingError(_no_room(size, error)) from None
        finally:
            os.close(descriptor)
    return memory


def _no_room(size: int, error: OSError) -> str:
    return (
        f"a recording needs {size / 2**20:.1f} MiB of shared memory: {error.strerror};"
        " free some (Docker: --shm-size) or record less"
    )


def _attach(name: str) -> SharedMemory:
    """Map a block of another process.

    Before Python 3.13 this registers the block with this process's resource tracker, which would remove it when this
    process ends, although it belongs to another (bpo-38119).
    """
    if sys.version_info >= (3, 13):
        return SharedMemory(name=name, track=False)
    register = resource_tracker.register
    resource_tracker.register = lambda name, rtype: None
    try:
        return SharedMemory(name=name)
    finally:
        resource_tracker.register = register
