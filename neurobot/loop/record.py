"""The recorder: the control loop's side, which copies a tick into shared memory and never touches a disk.

    loop ──Recorder──▶ ring of ticks ──▶ writer process (writer.py) ──▶ ticks-*.safetensors
                  └──▶ ring of events ─▶                            └─▶ events.jsonl

With a black box there is a third ring, of states (checkpoints.py), and the writer keeps in memory what it would write,
until there is a fault (blackbox.py).

Ctrl-C stops the loop and not the writer, and when the loop's process dies the writer saves what the rings still hold.
Nothing that happens to the disk or to the writer stops the control loop: recording ends, and `close` says why.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, astuple
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, final

import numpy as np

from neurobot.errors import RecordingError
from neurobot.files import plain
from neurobot.loop.checkpoints import BlackBox, Checkpoints, Faults
from neurobot.loop.child import PATIENCE, WriterProcess
from neurobot.loop.cut import cut_back
from neurobot.loop.live import live_json
from neurobot.loop.recording import (
    ALTERED,
    CHUNKS,
    EVENTS,
    TIMING,
    Header,
    Position,
    event_dtype,
    put_event,
    tick_dtype,
)
from neurobot.loop.ring import Records, RingWriter

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.core.base import Tap
    from neurobot.loop.learning import Learning
    from neurobot.loop.robot import Robot

RING_BYTES = 32 << 20  # half of what a container has as shared memory unless told otherwise
MIN_SLOTS, MAX_SLOTS = 16, 4096
CHUNK_BYTES = 64 << 20
EVENT_SLOTS = 64
MAX_SPIKES = 2048


@final
class Recorder:
    """Records what a `Loop` does; close it, or use it in a ``with`` statement.

    Args:
        folder: where the files go; made if it does not exist.
        controller: whose ticks are recorded, made with ``record=True``.
        realtime: True drops ticks that find no room in the ring, and counts them; False waits for the writer.
        chunk_ticks: ticks in a file, at most.
        max_spikes: spikes of a tick that are kept, at most; the others are counted.
        resume: go on with the recording in the folder, of a run that was suspended there (`Suspended.recording`).
        black_box: write no recording, but the last seconds ahead of every fault, each in a folder ``fault-000``, ...;
            None records everything.
        robot: whose names and ranges somebody sees who watches the run; see `neurobot.loop.live`.

    Attributes:
        faults: of a black box that was closed, what became of them.

    Raises:
        RecordingError: the folder cannot be written, or holds a recording, or with resume not that of the run; no room
            in memory or shared memory.
    """

    def __init__(
        self,
        folder: str | Path,
        controller: Controller,
        *,
        realtime: bool,
        chunk_ticks: int = 1000,
        max_spikes: int = MAX_SPIKES,
        resume: Position | None = None,
        black_box: BlackBox | None = None,
        robot: Robot | None = None,
    ):
        dtype = tick_dtype(header := header_of(controller, max_spikes))
        segment = 0 if black_box is None else black_box.segment(header.control_period, dtype.itemsize)
        path, chunks = _folder(Path(folder), header, resume)
        self._size, self._timing = dtype.itemsize, _at(dtype, "timing")
        self._tick, self._episode, self._spikes_dropped = astuple(resume or Position())
        self._slot, self._reward, self._closed, self.faults = -1, 0.0, False, Faults()
        self._error: RecordingError | None = None
        self._states: Checkpoints | None = None
        wait = 0.0 if realtime else PATIENCE
        with ExitStack() as undo:
            self._writer = WriterProcess()
            undo.callback(self._writer.stop)
            self._ticks = RingWriter(dtype, _slots(dtype), wait=wait, reader_alive=self._writer.alive)
            undo.callback(self._ticks.close)
            self._events = RingWriter(event_dtype(), EVENT_SLOTS, wait=wait, reader_alive=self._writer.alive)
            undo.callback(self._events.close)
            job: dict[str, Any] = {"ticks": self._ticks.name, "events": self._events.name}
            job |= {"live": live_json(header, robot, **job), "resume": None if resume is None else asdict(resume)}
            ticks = max(1, min(chunk_ticks, CHUNK_BYTES // dtype.itemsize))
            job |= {"folder": str(path), "header": header.to_json(), "chunk_ticks": ticks, "chunks": chunks}
            if black_box is not None:
                self._states = Checkpoints(controller, segment, wait=wait, reader_alive=self._writer.alive)
                undo.callback(self._states.ring.close)
                job["black_box"] = black_box.job() | self._states.job()
            self._writer.brief(job)
            undo.pop_all()
        self._open(self._ticks.slots, controller.tap, header.max_spikes)

    @property
    def writer_pid(self) -> int:
        """Id of the process that writes."""
        return self._writer.pid

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except RecordingError as failure:
            if error is None:
                raise
            error.add_note(str(failure))  # what went wrong first is what has to be seen

    @property
    def position(self) -> Position:
        """How far it has come."""
        return Position(tick=self._tick, episode=self._episode, spikes_dropped=self._spikes_dropped)

    def start_episode(self, seed: int) -> None:
        """Note the begin of an episode."""
        self._event({"event": "episode_start", "episode": self._episode, "seed": seed, "tick": self._tick})

    def sense(self, reward: float) -> None:
        """Begin a tick.

        Args:
            reward: what is delivered with the observation.
        """
        self._slot, self._reward = -1, reward
        if self._error is None:
            try:
                self._slot = self._ticks.claim()
            except RecordingError as error:
                self._error = error

    def refused(self, observation: Any) -> None:
        """Take the observation of a tick whose action is not the network's own, as long as it is what it was.

        Args:
            observation: what the controller was, or would have been, given.
        """
        if self._slot >= 0:
            row = self._observation[self._slot]
            row[:] = _numbers(observation, row.shape)

    def act(self, held: int) -> None:
        """Take what the controller made of the observation.

        Args:
            held: whose action it was, as `neurobot.loop.recording` says.
        """
        if self._slot >= 0:
            own = not held & ~ALTERED
            self._spikes_dropped += self._copy(self._slot, own, held, self._tick, self._episode, self._reward)

    def done(self, stages: tuple[int, ...]) -> None:
        """End the tick and hand it to the writer.

        Args:
            stages: time of each of `STAGES` [ns].
        """
        if self._slot >= 0:
            TIMING.pack_into(self._bytes, self._slot * self._size + self._timing, *stages)
            self._ticks.publish()
            self._slot = -1
        self._tick += 1

    @property
    def boxed(self) -> bool:
        """Whether there is a black box, and something for `checkpoint` to do."""
        return self._states is not None

    def checkpoint(self, learning: Learning | None, *, ahead: int = 0) -> None:
        """Let a black box copy the state, if it is time to.

        Args:
            learning: the loop's.
            ahead: 1 within a tick, after `act`, for the tick that follows; 0 for an episode that has just begun.
        """
        if self._states is None or self._error is not None:
            return
        try:
            self._states.take(self._tick + ahead, self._episode, learning)
        except RecordingError as error:
            self._error = error

    def note(self, event: dict[str, Any]) -> None:
        """Add a line to the events: plain data for JSON, with its ``event``."""
        self._event(event | {"episode": self._episode, "tick": self._tick})

    def end_episode(self, reward: float, summary: dict[str, Any]) -> None:
        """Note the end of an episode.

        Args:
            reward: of its last action.
            summary: plain data for JSON.
        """
        event = {"event": "episode_end", "episode": self._episode, "tick": self._tick}
        self._event(event | {"reward": plain(reward), "summary": summary})
        self._episode += 1

    def close(self) -> None:
        """Wait until everything is on the disk, and free the shared memory.

        Raises:
            RecordingError: not everything is on the disk, and why; a dump of a black box that could not be written is
                no error, see `faults`.
        """
        if self._closed:
            return
        self._closed = True
        counts = {"ticks": self._tick, "dropped": self._ticks.dropped, "spikes_dropped": self._spikes_dropped}
        self._event({"event": "recording_end"} | counts)
        self._ticks.finish()
        self._events.finish()
        if self._states is not None:
            self._states.ring.finish()
        try:
            failure = self._writer.farewell()
            if self._states is not None and failure.startswith("{"):
                data, failure = json.loads(failure), ""
                self.faults = Faults(**data | {"dumps": tuple(data["dumps"])})
        finally:
            self._free()
        if failure or self._error:
            raise RecordingError(failure or str(self._error))

    def _open(self, slots: Records, tap: Tap, max_spikes: int) -> None:
        """Views of the fields, made once: making one costs more than writing to it."""
        from neurobot.kernels.compiled import bind_record

        memory, dtype = slots.view(np.uint8), slots.dtype
        self._bytes, self._observation = memory.data, slots["observation"]
        views = [memory.view(kind) for kind in ("<i8", "<f8", "<f4", "<i4", "u1")]
        given = (*views, _plan(dtype, max_spikes), *tap._replace(units=tap.units.ravel())[1:])
        self._copy = bind_record(tap.kind, given)

    def _event(self, event: dict[str, Any]) -> None:
        if self._error is not None or self._events.failed:
            return
        try:
            slot = self._events.claim()
        except RecordingError as error:
            self._error = error
            return
        if slot >= 0:
            put_event(self._events.slots, slot, event)
            self._events.publish()

    def _free(self) -> None:
        self._bytes.release()
        del self._bytes, self._observation, self._copy
        self._ticks.close()
        self._events.close()
        if self._states is not None:
            self._states.ring.close()


def header_of(controller: Controller, max_spikes: int) -> Header:
    """What a recording of a controller says about it."""
    populations, first = [], 0
    for name, n in controller.populations:
        populations.append((name, first, n))
        first += n
    return Header(
        populations=tuple(populations),
        dt=controller.dt,
        substeps=controller.substeps,
        control_period=controller.control_period,
        observations=controller.observation_size,
        actions=controller.action_size,
        max_spikes=min(max_spikes, controller.n_neurons * controller.substeps),
    )


def tick_bytes(controller: Controller) -> int:
    """What a tick of a recording takes at most."""
    return tick_dtype(header_of(controller, MAX_SPIKES)).itemsize


def _slots(dtype: np.dtype[np.void]) -> int:
    """How many ticks have room in a ring."""
    return min(max(RING_BYTES // dtype.itemsize, MIN_SLOTS), MAX_SLOTS)


def _plan(dtype: np.dtype[np.void], max_spikes: int) -> np.ndarray:
    """Where the fields of a record are, as `neurobot.kernels.record` wants it."""
    words = [_at(dtype, name) // 8 for name in ("kept", "spike_count", "tick", "episode", "reward")]
    rows = [_at(dtype, name) // 8 for name in ("observation", "wanted", "sent")]
    halves = [_at(dtype, name) // 4 for name in ("membrane", "spikes")]
    return np.array([dtype.itemsize // 8, *words, _at(dtype, "held"), *rows, *halves, max_spikes])


def _at(dtype: np.dtype[np.void], name: str) -> int:
    """Where in a record a field begins [bytes]."""
    assert dtype.fields is not None
    return int(dtype.fields[name][1])


def _folder(folder: Path, header: Header, resume: Position | None) -> tuple[Path, int]:
    """The folder to write to, and how many chunks are there."""
    if resume is None:
        return _new_folder(folder), 0
    try:
        return folder.resolve(), cut_back(folder, header, resume)
    except OSError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{folder}: the recording cannot be gone on with ({error.strerror})") from None


def _new_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = (folder / EVENTS).exists() or any(folder.glob(CHUNKS))
    except OSError as error:
        raise RecordingError(f"{folder}: no folder for a recording ({error.strerror})") from None
    if taken:
        raise RecordingError(f"{folder}: it holds a recording already; give a new folder")
    return folder.resolve()


def _numbers(observation: Any, shape: tuple[int, ...]) -> Any:
    """An observation that is no array of the right shape, as numbers if it can be, else NaN."""
    try:
        row = np.asarray(observation)
    except (TypeError, ValueError):
        return np.nan
    return row if row.shape == shape and row.dtype.kind in "fiub" else np.nan
