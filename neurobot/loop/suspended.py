"""A suspended run: all that it needs to go on in another process, as if it had never stopped.

`Loop.run(..., suspend=True)` makes one when Ctrl-C meets it between two ticks, and `Loop.resume` goes on from it, with
a controller, a robot, a clock and a recorder that were made in the same way. Its file holds arrays and JSON with a
checksum over both; see `neurobot.program.hashed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

from neurobot.errors import ProgramFileError
from neurobot.loop.packed import Arrays, pack, unpack
from neurobot.loop.recording import Position
from neurobot.loop.summary import EpisodeSummary
from neurobot.spec.serialize import Invalid, from_data

FORMAT = 1
KEY = "neurobot_suspended"
NAME = "suspended.safetensors"
"""What it is called in a run folder."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """A run between two ticks, or between two episodes.

    Attributes:
        episodes: of the whole run.
        seed: of the first one.
        done: what the episodes were like that are over.
        ticks: how many have run in the episode that is not; None between two episodes.
        ran_with: what has to be the same when it goes on: the program by its fingerprint, the core, the guard, and
            whether it learns.
        recording: how far its recording had come; None if it was not recorded.
        state: of controller, robot, clock, guard and all that is counted; of `neurobot.loop.changes.collect`.
        about: whatever else is to be known when it goes on, as plain data.
    """

    episodes: int
    seed: int
    done: tuple[EpisodeSummary, ...]
    ticks: int | None
    ran_with: Mapping[str, Any]
    recording: Position | None
    state: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: str | Path) -> None:
        """Write it, atomically.

        Raises:
            ProgramFileError: the folder cannot be written, or the disk is full; what was there before is unchanged.
        """
        from neurobot.program.hashed import save_hashed  # not above: who writes recordings needs no programs

        arrays: Arrays = {}
        meta = {
            "format": FORMAT, "episodes": self.episodes, "seed": self.seed, "done": [asdict(e) for e in self.done],
            "ticks": self.ticks, "ran_with": dict(self.ran_with), "about": dict(self.about),
            "recording": None if self.recording is None else asdict(self.recording),
            "state": pack(dict(self.state), arrays),
        }  # fmt: skip
        save_hashed(Path(path), KEY, meta, arrays)

    @staticmethod
    def load(path: str | Path) -> Suspended:
        """Read one; nothing in it is executed.

        Raises:
            ProgramFileError: there is no such file; it is damaged, too large, of another kind or of another format.
        """
        from neurobot.program.hashed import load_hashed

        meta, arrays = load_hashed(Path(path), KEY, FORMAT, "suspended run")
        try:
            done = tuple(from_data(e, EpisodeSummary) for e in meta["done"])
            recording = None if meta["recording"] is None else from_data(meta["recording"], Position)
            counts = {name: meta[name] for name in ("episodes", "seed")}
            ticks, ran_with, about = meta["ticks"], meta["ran_with"], meta["about"]
            if not all(type(n) is int and n >= 0 for n in (*counts.values(), ticks or 0)) or counts["episodes"] < 1:
                raise ValueError("a count that is no whole number")
            if not isinstance(ran_with, dict) or not isinstance(about, dict) or len(done) >= counts["episodes"]:
                raise ValueError("it does not say what ran")
            state = unpack(meta["state"], arrays)
        except (Invalid, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ProgramFileError(f"{path}: the suspended run is damaged ({error})") from None
        return Suspended(
            done=done, ticks=ticks, ran_with=ran_with, recording=recording, state=state, about=about, **counts
        )

    def words(self) -> str:
        """Where it is, as part of a sentence."""
        where = f"episode {len(self.done) + 1} of {self.episodes}"
        return f"before {where}" if self.ticks is None else f"after {self.ticks} ticks of {where}"
