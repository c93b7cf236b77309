"""The recording: what its files hold, and how they are read back.

    ticks-000000.safetensors, ticks-000001.safetensors, ...   the ticks, in chunks
    events.jsonl                                              one JSON object a line: start, episodes, end
    state.safetensors                                         of a black box only, see `neurobot.loop.start`

A run that was suspended and went on has one recording: its chunks and its events go on, and an event says where.

Arrays of a chunk of T ticks, in which M spikes were kept:

| array       | shape, dtype          | meaning                                                            |
|-------------|-----------------------|--------------------------------------------------------------------|
| tick        | (T,) int64            | number of the tick in the run, from 0; a gap is a tick that was dropped |
| episode     | (T,) int64            | number of the episode in the run, from 0                           |
| observation | (T, n_obs) float64    | what the controller was given; NaN where it was no array of numbers |
| reward      | (T,) float64          | delivered with it: what the previous action earned                 |
| wanted      | (T, n_act) float64    | decoded, before the limits; NaN where the action was held          |
| sent        | (T, n_act) float64    | after the limits                                                   |
| held        | (T,) uint8            | whose action it was, see `OWN` and what follows                    |
| membrane    | (T, n) float32        | v of all neurons at the end of the tick, 0 for inputs              |
| spike_count | (T,) int64            | spikes of the tick, those that were not kept too                   |
| spikes      | (M, 3) int32          | (row of this chunk, step of the tick, neuron)                      |
| timing      | (T, 7) int64          | time of each stage [ns], see `neurobot.loop.timing.STAGES`         |

A file names nothing that would be run or imported. Every chunk carries the whole `Header`.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from neurobot.errors import RecordingError
from neurobot.loop.start import Start, load_start
from neurobot.loop.timing import STAGES

FORMAT = 2
EVENTS = "events.jsonl"
CHUNKS = "ticks-*.safetensors"
OWN, HELD, REST = range(3)
"""Values of held: the network's own action, `Controller.hold`'s, or `Controller.rest`'s."""
RAN, ALTERED = 4, 8
"""Added to them: the network ran and gave no action; the robot sent another one than it was given."""
SUSPENDED, RESUMED = "suspended", "recording_resumed"
"""Events of a run that was suspended, and of one that went on."""
EVENT_BYTES = 8192
MAX_SENTENCE = 300  # characters; a summary has three of them at most, and about 1,500 bytes beside

Array = npt.NDArray[Any]
Arrays = dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the numbers of a recording mean.

    Attributes:
        populations: name, first neuron and number of neurons, in declared order.
        dt: network step [s].
        substeps: network steps a tick.
        control_period: time of a tick [s].
        observations: length of an observation.
        actions: length of an action.
        max_spikes: spikes that are kept of a tick, at most.
    """

    populations: tuple[tuple[str, int, int], ...]
    dt: float
    substeps: int
    control_period: float
    observations: int
    actions: int
    max_spikes: int

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return sum(n for _, _, n in self.populations)

    def columns(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Dtype and shape per tick of every array but `spikes`."""
        return {
            "tick": ("<i8", ()),
            "episode": ("<i8", ()),
            "spike_count": ("<i8", ()),
            "timing": ("<i8", (len(STAGES),)),
            "reward": ("<f8", ()),
            "held": ("|u1", ()),
            "observation": ("<f8", (self.observations,)),
            "wanted": ("<f8", (self.actions,)),
            "sent": ("<f8", (self.actions,)),
            "membrane": ("<f4", (self.neurons,)),
        }

    def to_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Header:
        """From text; ValueError, KeyError or TypeError if it is none."""
        data = json.loads(text)
        populations = tuple((str(name), first, n) for name, first, n in data.pop("populations"))
        header = Header(populations=populations, **data)
        counts = (header.substeps, header.observations, header.actions, header.max_spikes, *(p[2] for p in populations))
        if not all(type(n) is int and n >= 0 for n in counts):
            raise ValueError("a size that is no whole number")
        if not all(type(t) in (int, float) and t > 0 for t in (header.dt, header.control_period)):
            raise ValueError("a time that is no positive number")
        return header


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a recording has come, at the end of a tick.

    Attributes:
        tick: ticks so far.
        episode: number of the episode, from 0, that the next tick belongs to.
        spikes_dropped: spikes of those ticks that were not kept.
    """

    tick: int = 0
    episode: int = 0
    spikes_dropped: int = 0

    def __post_init__(self) -> None:
        if min(self.tick, self.episode, self.spikes_dropped) < 0:
            raise ValueError(f"{self} is no place in a recording; counts begin at 0")


TIMING = struct.Struct(f"<{len(STAGES)}q")
"""`timing` of a record of the ring of ticks; one call writes it, where an assignment costs as much as all the rest."""


def tick_dtype(header: Header) -> np.dtype[np.void]:
    """A record of the ring of ticks: number of kept spikes, the columns, the kept spikes as (step, neuron)."""
    columns = [(name, kind, shape) for name, (kind, shape) in header.columns().items()]
    return np.dtype([("kept", "<i8", ()), *columns, ("spikes", "<i4", (header.max_spikes, 2))], align=True)


def event_dtype() -> np.dtype[np.void]:
    """A record of the ring of events: a JSON object as UTF-8."""
    return np.dtype([("length", "<i8"), ("text", "u1", (EVENT_BYTES,))], align=True)


def put_event(slots: Array, slot: int, event: dict[str, Any]) -> None:
    """Store an event in a record; long sentences in it are cut, so that it fits."""
    text = json.dumps(_shorten(event), ensure_ascii=False).encode()
    slots["text"][slot, : len(text)] = np.frombuffer(text, np.uint8)
    slots["length"][slot] = len(text)


def get_event(slots: Array, slot: int) -> dict[str, Any]:
    """Read an event out of a record."""
    data = json.loads(slots["text"][slot, : slots["length"][slot]].tobytes())
    return dict(data)


def _shorten(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorten(item) for key, item in value.items()}
    return value[:MAX_SENTENCE] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, read back: the arrays of the table above over all chunks.

    Attributes:
        header: what the numbers mean.
        events: the lines of the event file.
        spikes: (M, 3) int64 of (tick, step, neuron), in order of time.
        start: of a black box, the state ahead of tick 0, from which its run went on; ticks and episodes count from
            there.
    """

    header: Header
    events: tuple[dict[str, Any], ...]
    tick: Array
    episode: Array
    observation: Array
    reward: Array
    wanted: Array
    sent: Array
    held: Array
    membrane: Array
    spike_count: Array
    spikes: Array
    timing: Array
    start: Start | None = None


def load_recording(folder: str | Path) -> Recording:
    """Read a recording.

    Args:
        folder: where its files are.

    Returns:
        All ticks and events.

    Raises:
        RecordingError: no recording there, or one of another format, or a damaged one.
    """
    folder = Path(folder)
    if not folder.exists():
        raise RecordingError(f"{folder}: there is no such folder; give the folder of a run, or of its recording")
    paths = sorted(folder.glob(CHUNKS))
    if not paths:
        raise RecordingError(f"{folder}: no recording here; give the folder that holds its {CHUNKS}")
    chunks = [_load_chunk(path) for path in paths]
    header = chunks[0][0]
    for path, (other, _) in zip(paths, chunks, strict=True):
        if other != header:
            raise RecordingError(f"{path}: it belongs to another recording than {paths[0].name}")
    arrays = {name: np.concatenate([c[name] for _, c in chunks]) for name in chunks[0][1]}
    return Recording(header=header, events=_load_events(folder / EVENTS), start=load_start(folder), **arrays)


def _load_chunk(path: Path) -> tuple[Header, Arrays]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = read_header(path, file.metadata() or {})
            names = file.keys()
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{path}: not a safetensors file, or a damaged one ({error})") from None
    _check_arrays(path, header, arrays)
    return header, _with_ticks(arrays)


def read_header(path: Path, metadata: dict[str, str]) -> Header:
    """What a chunk's file says of itself; RecordingError where it is none, or one of another format."""
    version = metadata.get("neurobot_recording")
    if version != str(FORMAT):
        given = "no recording" if version is None else f"a recording of format {version}"
        raise RecordingError(f"{path}: this is {given}; this version of neurobot reads format {FORMAT}")
    try:
        return Header.from_json(metadata["header"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordingError(f"{path}: its header is damaged ({error})") from None


def _check_arrays(path: Path, header: Header, arrays: Arrays) -> None:
    """Compare dtypes and shapes with what the header says; an array's row of spikes must exist."""
    columns = header.columns()
    if set(arrays) != {*columns, "spikes"}:
        found, wanted = ", ".join(sorted(arrays)), ", ".join((*columns, "spikes"))
        raise RecordingError(f"{path}: it holds {found}; a recording holds {wanted}")
    ticks = len(arrays["tick"]) if arrays["tick"].ndim else 0
    expected = {name: (np.dtype(kind), (ticks, *shape)) for name, (kind, shape) in columns.items()}
    spikes = arrays["spikes"]
    expected["spikes"] = (np.dtype("<i4"), (len(spikes) if spikes.ndim else 0, 3))
    for name, (kind, shape) in expected.items():
        given = arrays[name]
        if given.dtype != kind or given.shape != shape:
            raise RecordingError(
                f"{path}: {name} is {given.dtype} of shape {given.shape}, it should be {kind} of shape {shape}"
            )
    if spikes.size and (spikes.min() < 0 or (spikes.max(axis=0) >= (ticks, header.substeps, header.neurons)).any()):
        raise RecordingError(f"{path}: a spike names a tick, a step or a neuron that does not exist")
    if (np.diff(spikes[:, 0]) < 0).any():
        raise RecordingError(f"{path}: its spikes are not in the order of their ticks")


def _with_ticks(arrays: Arrays) -> Arrays:
    """The same with numbers of ticks instead of rows of the chunk in `spikes`."""
    spikes = arrays["spikes"].astype(np.int64)
    spikes[:, 0] = arrays["tick"][spikes[:, 0]]
    return arrays | {"spikes": spikes}


def _load_events(path: Path) -> tuple[dict[str, Any], ...]:
    try:
        text = path.read_text(encoding="utf-8")
        # what follows the last line break is the line that a crash of the machine cut short
        events = [json.loads(line) for line in text.split("\n")[:-1]]
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: it cannot be read ({error})") from None
    if not all(isinstance(event, dict) for event in events):
        raise RecordingError(f"{path}: every line must be a JSON object")
    return tuple(events)
