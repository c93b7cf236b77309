"""Where the recording of a black box starts: in the middle of a run, so it has the state that everything was in.

It is the file ``state.safetensors`` beside the ticks: `Controller.snapshot` and `Learning.state`, as they were before
the first tick. A recording of a whole run has none, since it starts with the reset of an episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from neurobot.errors import RecordingError
from neurobot.files import write_atomically

STATE = "state.safetensors"
STATE_FORMAT = "1"
KINDS = ("<f4", "<f8")
"""Numbers that a core's state may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The state ahead of a tick.

    Attributes:
        tick: its number in the run.
        episode: the number in the run of the episode that it belongs to, which has begun.
        state: (words,) of `Controller.snapshot`.
        learning: (m,) float64 of `Learning.state`; empty where nothing learns.
    """

    tick: int
    episode: int
    state: npt.NDArray[np.floating]
    learning: npt.NDArray[np.float64]


def state_dtype(state: npt.NDArray[np.floating], populations: int) -> np.dtype[np.void]:
    """A record of the ring of states.

    Args:
        state: any of the controller.
        populations: how many it has.
    """
    learning = 6 + populations  # counters, and a count for each population that learns
    fields = [("tick", "<i8", ()), ("episode", "<i8", ()), ("learns", "<i8", ()), ("learning", "<f8", (learning,))]
    return np.dtype([*fields, ("state", state.dtype.str, state.shape)], align=True)


def start_of(record: np.void) -> Start:
    """A copy of a record of the ring of states."""
    learning = record["learning"][: record["learns"]].copy()
    return Start(
        tick=int(record["tick"]), episode=int(record["episode"]), state=record["state"].copy(), learning=learning
    )


def save_start(folder: Path, start: Start) -> None:
    """Write it into the folder of a recording. OSError if that fails."""
    metadata = {"neurobot_state": STATE_FORMAT, "tick": str(start.tick), "episode": str(start.episode)}
    write_atomically(folder / STATE, save({"state": start.state, "learning": start.learning}, metadata))


def load_start(folder: Path) -> Start | None:
    """Read it; None for a recording that starts with its run.

    Raises:
        RecordingError: a damaged file, or one of another format.
    """
    path = folder / STATE
    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise RecordingError(f"{path}: not a safetensors file, or a damaged one ({error})") from None
    if metadata.get("neurobot_state") != STATE_FORMAT:
        raise RecordingError(f"{path}: no state of format {STATE_FORMAT}, which this version of neurobot reads")
    try:
        tick, episode = int(metadata["tick"]), int(metadata["episode"])
        state, learning = arrays["state"], arrays["learning"]
        if state.dtype.str not in KINDS or learning.dtype != np.float64 or (state.ndim, learning.ndim) != (1, 1):
            raise ValueError("arrays of another kind")
    except (KeyError, ValueError) as error:
        raise RecordingError(f"{path}: it is damaged ({error})") from None
    return Start(tick=tick, episode=episode, state=state, learning=learning)
