"""The zoo: what ships in ``launch/``, how trainings of it came out, and what others have published.

NAME.toml, NAME.safetensors   a launch file, and the program that was trained with it; a recipe has none yet
zoo.json                      trainings from an empty start, seed by seed; `write_record` writes it
published.toml                returns from papers and benchmark pages, with their sources
"""

from __future__ import annotations

import json
import statistics
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from neurobot import config
from neurobot.errors import ConfigError, NeurobotError
from neurobot.files import write_atomically
from neurobot.spec.check import Values
from neurobot.spec.serialize import Invalid, from_data, to_data
from neurobot.versions import versions

if TYPE_CHECKING:
    from neurobot.program import Program

RECORDS = "zoo.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A program on fresh episodes.

    Args:
        return_mean: over episodes.
        return_std: standard deviation over episodes.
        episodes: how many.
        seed: of the first; episode k has seed + k.
        spikes_per_tick: of all neurons, inputs too.
        synops_per_tick: synaptic operations, one for every weight that was added.
    """

    return_mean: float
    return_std: float
    episodes: int
    seed: int
    spikes_per_tick: float
    synops_per_tick: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A training with one seed; None is what was not written down.

    Args:
        seed: of the training.
        return_mean: of its program over fresh episodes.
        return_std: standard deviation over episodes.
        steps: environment steps of the training.
        core_minutes: its process CPU time without imports and compiling [min].
        spikes_per_tick: as in `Measured`.
        synops_per_tick: as in `Measured`.
    """

    seed: int
    return_mean: float
    return_std: float | None = None
    steps: int | None = None
    core_minutes: float | None = None
    spikes_per_tick: float | None = None
    synops_per_tick: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Trainings of a launch file, every seed that was tried.

    Args:
        env: id of the environment.
        method: of the training.
        settings: those that were not the launch file's, by key path: ``{"train.steps": 100000}``.
        episodes: fresh episodes that each program was measured over.
        command: that made the record.
        versions: of packages.
        note: what else there is to say.
        runs: one a seed.
    """

    env: str
    method: str
    settings: dict[str, Any]
    episodes: int
    command: str
    versions: dict[str, str]
    note: str = ""
    runs: tuple[Trained, ...]

    @property
    def return_mean(self) -> float:
        """Mean over seeds."""
        return statistics.fmean(run.return_mean for run in self.runs)

    @property
    def return_std(self) -> float:
        """Standard deviation over seeds (divided by their number)."""
        return statistics.pstdev(run.return_mean for run in self.runs)

    def mean(self, name: str) -> float | None:
        """Mean over seeds of a number of `Trained`; None where it is not known of all."""
        values = [getattr(run, name) for run in self.runs]
        return None if None in values else statistics.fmean(values)

    def joined(self, earlier: Record) -> Record:
        """With the seeds of an earlier record that this one does not have.

        Raises:
            ConfigError: its programs were measured over another number of episodes.
        """
        if earlier.episodes != self.episodes:
            raise ConfigError(
                f"{self.episodes} episodes, but what was recorded before was measured over {earlier.episodes}; measure "
                "over as many, or all seeds anew"
            )
        ours = {run.seed for run in self.runs}
        kept = [run for run in earlier.runs if run.seed not in ours]
        if not kept:
            return self
        versions = {
            name: ", ".join(sorted(_parts(", ", earlier.versions.get(name, "unknown"), version)))
            for name, version in self.versions.items()
        }
        return replace(
            self, command="; ".join(_parts("; ", earlier.command, self.command)), versions=versions,
            note="; ".join(_parts("; ", earlier.note, self.note)),
            runs=tuple(sorted((*kept, *self.runs), key=lambda run: run.seed)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a published table.

    Args:
        method: its name there.
        version: of the tasks, e.g. ``v3``.
        source: paper or page.
        returns: by task, without version: a mean, or a mean and a standard deviation.
        seeds: how many; None where it was not read.
        steps: of the environment; None where it was not read.
    """

    method: str
    version: str
    source: str
    returns: dict[str, Values]
    seeds: int | None = None
    steps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best that was published for a task; its fields are those of an `Entry`."""

    return_mean: float
    return_std: float | None
    method: str
    version: str
    source: str
    seeds: int | None
    steps: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What others have published: by spiking actors, and by ANNs."""

    spiking: tuple[Entry, ...]
    ann: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A launch file of the zoo.

    Args:
        experiment: what it says.
        program: what ships with it, or None.
        measured: how that did on fresh episodes, if it was measured.
        problem: why it could not be, or what ended its episodes before their time.
        exit_code: of that problem.
        records: of its trainings.
        spiking: the best that was published for its task with spikes.
        ann: and without.
    """

    experiment: config.Experiment
    program: Program | None = None
    measured: Measured | None = None
    problem: str = ""
    exit_code: int = 0
    records: tuple[Record, ...] = field(default=())
    spiking: Best | None = None
    ann: Best | None = None

    @property
    def recorded(self) -> Record | None:
        """The record of trainings with the launch file's own settings, or None."""
        return next((record for record in self.records if not record.settings), None)

    @property
    def steps(self) -> float | None:
        """Environment steps of the training of the program, or the mean of the recorded ones; None: none or unknown."""
        if self.program is not None:
            return self.program.provenance.get("steps") or None
        return None if self.recorded is None else self.recorded.mean("steps")

    @property
    def core_minutes(self) -> float | None:
        """The same for CPU time [min]."""
        if self.program is not None:
            seconds = self.program.provenance.get("core_seconds")
            return None if seconds is None else seconds / 60
        return None if self.recorded is None else self.recorded.mean("core_minutes")

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        program, train = self.program, self.experiment.train
        about = {} if program is None else program.provenance
        training = {key: about.get(key) for key in ("seed", "steps", "versions")}
        return {
            "name": self.experiment.name,
            "env": self.experiment.env.id,
            "method": None if train is None else train.method,
            "program": None if self.experiment.program is None else Path(self.experiment.program).name,
            "footprint_bytes": None if program is None else program.footprint_bytes,
            "problem": self.problem or None,
            "measured": None if self.measured is None else to_data(self.measured),
            "training": None if program is None else training | {"core_minutes": self.core_minutes},
            "recorded": to_data(self.records),
            "published": {"spiking": to_data(self.spiking), "ann": to_data(self.ann)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoo:
    """All of them.

    Args:
        rows: by name.
        episodes: that programs were to be measured over.
        seed: of the first.
        interrupted: Ctrl-C came before all were measured.
    """

    rows: tuple[Row, ...]
    episodes: int
    seed: int
    interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON."""
        programs = [row.to_dict() for row in self.rows]
        return {
            "episodes": self.episodes, "seed": self.seed, "interrupted": self.interrupted,
            "versions": versions(), "programs": programs,
        }  # fmt: skip


def rows() -> list[Row]:
    """A row for every launch file, by name; one that runs another's program, as quickstart does, has none.

    Raises:
        ConfigError: no launch files came along, or a file of the zoo that cannot be used.
    """
    records, published = read_records(), read_published()
    found = []
    for path in config.bundled_launches().values():
        experiment = config.load_experiment(path)
        if experiment.program is None or Path(experiment.program).stem == path.stem:
            found.append(_row(experiment, records.get(path.stem, ()), published))
    return found


def _row(experiment: config.Experiment, records: tuple[Record, ...], published: Published) -> Row:
    from neurobot.program import Program

    program, problem, code = None, "", 0
    try:
        program = None if experiment.program is None else Program.load(experiment.program)
    except NeurobotError as error:
        problem, code = str(error), error.exit_code
    task = task_of(experiment.env.id)
    return Row(
        experiment=experiment, program=program, problem=problem, exit_code=code, records=records,
        spiking=_best(published.spiking, task), ann=_best(published.ann, task),
    )  # fmt: skip


def _parts(separator: str, *texts: str) -> list[str]:
    """What texts have between separators, each part once: an earlier record may be one that was joined."""
    return list(dict.fromkeys(part for text in texts for part in text.split(separator) if part))


def task_of(env_id: str) -> str:
    """A task without its version, as `Entry` names it."""
    return env_id.rpartition("-v")[0]


def _best(entries: Iterable[Entry], task: str) -> Best | None:
    """The highest mean for a task, whatever its version."""
    found = [(entry, entry.returns[task]) for entry in entries if task in entry.returns]
    values = [(entry, x if isinstance(x, tuple) else (x,)) for entry, x in found]
    if not values:
        return None
    entry, (mean, *std) = max(values, key=lambda pair: pair[1][0])
    return Best(
        return_mean=mean, return_std=std[0] if std else None, method=entry.method, version=entry.version,
        source=entry.source, seeds=entry.seeds, steps=entry.steps,
    )  # fmt: skip


def read_records() -> dict[str, tuple[Record, ...]]:
    """All records, by the name of the launch file.

    Raises:
        ConfigError: the file cannot be used.
    """
    return _read(_place(RECORDS), json.loads, dict[str, tuple[Record, ...]])


def write_record(name: str, record: Record, join: bool = False) -> Record | None:
    """Put a record into the file, in the place of the one with the same settings.

    Args:
        name: of the launch file.
        record: its trainings.
        join: whether seeds that only the old one has are kept, see `Record.joined`.

    Returns:
        The record that it replaces, or None.

    Raises:
        ConfigError: the two cannot be joined; nothing is written.
    """
    known = read_records()
    before = next((r for r in known.get(name, ()) if r.settings == record.settings), None)
    if join and before is not None:
        record = record.joined(before)
    kept = [r for r in known.get(name, ()) if r is not before]
    known[name] = tuple(sorted((*kept, record), key=lambda r: (bool(r.settings), json.dumps(r.settings))))
    write_atomically(_place(RECORDS), (json.dumps(to_data(dict(sorted(known.items()))), indent=2) + "\n").encode())
    return before


def read_published() -> Published:
    """What others have published; ConfigError if the file cannot be used."""
    return _read(_place(config.PUBLISHED), tomllib.loads, Published)


def _place(name: str) -> Path:
    folder = config.launch_folder()
    if folder is None:
        raise ConfigError("this installation has no launch files, so there is no zoo; install neurobot again")
    return folder / name


def _read(path: Path, parse: Callable[[str], Mapping[str, Any]], cls: type[T]) -> T:
    try:
        return from_data(parse(path.read_text()), cls)
    except (OSError, ValueError) as error:
        problems = "; ".join(error.problems) if isinstance(error, Invalid) else str(error)
        raise ConfigError(f"{path}: {problems}") from None
