"""A run that goes on now: how it is found, and a way to look at it from any other process.

While a `Recorder` is open, its folder holds a file ``live.json``: the id of the loop's process, the names of the rings,
what their numbers mean, and names and ranges of the robot's. The writer process writes and removes it, since it
outlives the loop; what is left of a machine that went down is recognised by its rings, which are gone.

A `Watcher` only looks. Any number of them may, and none can slow or stop the loop: see `ring.RingWatcher`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import RecordingError
from neurobot.files import RECORDING, plain, write_atomically
from neurobot.loop.recording import Header, event_dtype, get_event, tick_dtype
from neurobot.loop.ring import Records, RingWatcher

if TYPE_CHECKING:
    from neurobot.loop.robot import Feature, Robot

LIVE = "live.json"
LIVE_FORMAT = 1
INSIDE = (".", RECORDING)
"""Where in a run folder the file may be."""
MAX_LIVE = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """An entry of an observation or an action.

    Attributes:
        name: of the robot's feature, or its number.
        unit: in SI; empty for none.
        low: its least value; None where it has none, or none is known.
        high: its largest.
    """

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What ``live.json`` says.

    Attributes:
        pid: of the loop's process.
        ticks: name of the ring of ticks.
        events: name of the ring of events.
        header: what a tick's numbers mean.
        observations: what an observation holds, in order.
        actions: what an action holds.
    """

    pid: int
    ticks: str
    events: str
    header: Header
    observations: tuple[Channel, ...]
    actions: tuple[Channel, ...]


def live_json(header: Header, robot: Robot | None, *, ticks: str, events: str) -> str:
    """The text of ``live.json`` for this process."""
    observations = _channels({} if robot is None else robot.observation_features, header.observations)
    actions = _channels({} if robot is None else robot.action_features, header.actions)
    data = {"format": LIVE_FORMAT, "pid": os.getpid(), "ticks": ticks, "events": events}
    data |= {"header": json.loads(header.to_json()), "observations": observations, "actions": actions}
    return json.dumps(data, allow_nan=False) + "\n"


@contextmanager
def announced(folder: Path, text: str) -> Iterator[None]:
    """Around what serves a run: it can be found meanwhile. OSError if the folder cannot be written."""
    path = folder / LIVE
    write_atomically(path, text.encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find_live(root: Path) -> Path | None:
    """The run folder, among those in a folder, whose run began last and goes on; None if none does."""
    paths = [path for inside in INSIDE for path in root.glob(f"*/{inside}/{LIVE}")]
    for path in sorted(paths, key=_time, reverse=True):
        try:
            if _alive(read_live(path).pid):
                return path.parent.parent if path.parent.name == INSIDE[1] else path.parent
        except RecordingError:
            continue
    return None


@final
class Watcher:
    """Looks at a run while it goes on; close it, or use it in a ``with`` statement.

    Args:
        folder: of the run, or of its recording.

    Attributes:
        live: what its numbers mean.

    Raises:
        RecordingError: no run goes on there.
    """

    def __init__(self, folder: str | Path):
        paths = [Path(folder, inside, LIVE) for inside in INSIDE]
        self._path = next((path for path in paths if path.is_file()), paths[0])
        if not Path(folder).is_dir():
            raise RecordingError(f"{folder}: no such folder; give the folder of a run that goes on")
        if not self._path.is_file():
            raise RecordingError(
                f"{folder}: no run goes on here, since there is no {LIVE}; start one with `neurobot run`, or look at "
                "one that has ended with `neurobot plot` or `neurobot check`"
            )
        self.live = read_live(self._path)
        try:
            self._ticks = RingWatcher(self.live.ticks, tick_dtype(self.live.header))
        except (FileNotFoundError, ValueError):
            raise self._ended() from None
        try:
            self._events = RingWatcher(self.live.events, event_dtype())
        except (FileNotFoundError, ValueError):
            self._ticks.close()
            raise self._ended() from None

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def missed(self) -> int:
        """Ticks since it came that `latest` did not give."""
        return self._ticks.missed

    @property
    def capacity(self) -> int:
        """Ticks that `latest` can give at most."""
        return self._ticks.capacity

    @property
    def alive(self) -> bool:
        """Whether the run goes on."""
        return not self._ticks.finished and self._path.exists() and _alive(self.live.pid)

    def latest(self, count: int) -> Records:
        """Ticks that are new since the last call, the newest ones.

        Args:
            count: how many at most.

        Returns:
            (m,) whole records, the oldest first, with the fields of `neurobot.loop.recording` and ``kept``, the number
            of its ``spikes`` that count: pairs of (step, neuron). The first call gives what was there before, too.
        """
        return self._ticks.latest(count)

    def events(self) -> list[dict[str, Any]]:
        """Events that are new since the last call, as in ``events.jsonl``."""
        records = self._events.latest(self._events.capacity)
        return [get_event(records, k) for k in range(len(records))]

    def close(self) -> None:
        """Let go of the run."""
        self._ticks.close()
        self._events.close()

    def _ended(self) -> RecordingError:
        return RecordingError(
            f"{self._path}: the run of process {self.live.pid} is over, and had no time to say so; remove this file"
        )


def read_live(path: Path) -> Live:
    """What the file of a run that goes on says. RecordingError without it, or where it is damaged."""
    try:
        if path.stat().st_size > MAX_LIVE:
            raise ValueError("it is too large")
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != LIVE_FORMAT:
            raise ValueError(f"it has format {data['format']}, this version of neurobot reads {LIVE_FORMAT}")
        pid, names = data["pid"], [data["ticks"], data["events"]]
        if type(pid) is not int or pid < 1 or not all(isinstance(n, str) and n and "/" not in n for n in names):
            raise ValueError("no process or no ring is named")
        channels = [tuple(Channel(**entry) for entry in data[what]) for what in ("observations", "actions")]
        header = Header.from_json(json.dumps(data["header"]))
    except FileNotFoundError:
        raise RecordingError(f"{path}: the run ended just now") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{path}: it cannot be read ({error})") from None
    return Live(pid=pid, ticks=names[0], events=names[1], header=header, observations=channels[0], actions=channels[1])


def _channels(features: Mapping[str, Feature], size: int) -> list[dict[str, Any]]:
    """As plain data, one for each of size entries."""
    if len(features) != size:
        return [asdict(Channel(name=str(k))) for k in range(size)]
    channels = [
        Channel(name=name, unit=f.unit, low=plain(float(f.low)), high=plain(float(f.high)))
        for name, f in features.items()
    ]
    return [asdict(channel) for channel in channels]


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
