"""The zoo as tables: what ships, and every recorded training, in a terminal or as Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence

from neurobot.cli.console import print_table, significant
from neurobot.zoo import Best, Record, Row, Zoo, task_of

PROGRAMS = (
    "launch file", "task", "method", "return", "recorded seeds", "steps", "core-minutes", "spikes / tick",
    "synops / tick", "bytes", "published, spiking", "published, ANN",
)  # fmt: skip
TRAININGS = ("training", "seeds", "return of each", "mean ± std", "steps", "core-minutes")
NONE = "–"


def programs(zoo: Zoo) -> list[list[str]]:
    """A row for every launch file, under `PROGRAMS`."""
    return [_program(row, zoo.episodes) for row in zoo.rows]


def trainings(zoo: Zoo) -> list[list[str]]:
    """A row for every record, under `TRAININGS`."""
    return [_training(row.experiment.name, record) for row in zoo.rows for record in row.records]


def notes(zoo: Zoo) -> list[str]:
    """What the columns mean, and what records have to say."""
    told = [
        f"return: mean ± standard deviation over {zoo.episodes} episodes from seed {zoo.seed}",
        "recorded seeds: mean ± standard deviation over trainings from an empty start, each listed below",
        "steps, core-minutes: of the training of this program; without one, the mean of the recorded trainings; "
        "core-minutes are process CPU time without imports and compiling",
        "published: the best in any version of the task; what was reached in v1 to v4 of MuJoCo's tasks compares only "
        "roughly with v5; launch/published.toml has more",
    ]
    told += _sources("published, spiking", [(row.experiment.env.id, row.spiking) for row in zoo.rows])
    told += _sources("published, ANN", [(row.experiment.env.id, row.ann) for row in zoo.rows])
    for row in zoo.rows:
        told += [f"{_called(row.experiment.name, r)}: {r.note}" for r in row.records if r.note]
    return told


def _sources(what: str, pairs: Sequence[tuple[str, Best | None]]) -> list[str]:
    """A sentence on where the best come from, with the tasks of each."""
    tasks: dict[str, list[str]] = {}
    for env_id, best in pairs:
        if best is not None:
            names = tasks.setdefault(f"{best.method} [{best.source}]", [])
            names += [task for task in [task_of(env_id)] if task not in names]
    return [f"{what}: " + "; ".join(f"{', '.join(names)}: {by}" for by, names in tasks.items())] if tasks else []


def markdown_of(zoo: Zoo) -> str:
    """Both tables and the notes as Markdown."""
    blocks = [_markdown(PROGRAMS, programs(zoo))]
    if listed := trainings(zoo):
        blocks.append(_markdown(TRAININGS, listed))
    return "\n\n".join([*blocks, _listed(notes(zoo))])


def print_zoo(zoo: Zoo) -> None:
    """Print the same in columns, for a terminal."""
    print_table("what ships", PROGRAMS, programs(zoo))
    if listed := trainings(zoo):
        print_table("\ntrainings from an empty start, every seed", TRAININGS, listed)
    print("\n" + _listed(notes(zoo)))


def _program(row: Row, episodes: int) -> list[str]:
    train, program, measured = row.experiment.train, row.program, row.measured
    return [
        row.experiment.name, row.experiment.env.id, NONE if train is None else train.method,
        _return(row, episodes), _seeds(row.recorded), _whole(row.steps), _short(row.core_minutes),
        _whole(None if measured is None else measured.spikes_per_tick),
        _whole(None if measured is None else measured.synops_per_tick),
        _whole(None if program is None else program.footprint_bytes), _published(row.spiking), _published(row.ann),
    ]  # fmt: skip


def _return(row: Row, episodes: int) -> str:
    if row.problem:
        return " ".join(row.problem.split())
    if row.program is None:
        return f"no program; train it: neurobot train {row.experiment.name}"
    if row.measured is None:
        return "not measured"
    fewer = "" if row.measured.episodes == episodes else f" ({row.measured.episodes} episodes)"
    return f"{significant(row.measured.return_mean)} ± {_short(row.measured.return_std)}{fewer}"


def _seeds(record: Record | None) -> str:
    if record is None:
        return NONE
    count = len(record.runs)
    return f"1 seed: {significant(record.return_mean)}" if count == 1 else f"{count} seeds: {_mean(record)}"


def _mean(record: Record) -> str:
    return f"{significant(record.return_mean)} ± {_short(record.return_std)}"


def _training(name: str, record: Record) -> list[str]:
    return [
        _called(name, record),
        ", ".join(str(run.seed) for run in record.runs),
        "; ".join(significant(run.return_mean) for run in record.runs),
        _mean(record),
        _whole(record.mean("steps")),
        _short(record.mean("core_minutes")),
    ]


def _called(name: str, record: Record) -> str:
    """A launch file and the settings that were other ones."""
    values = {key: x if isinstance(x, str) else json.dumps(x) for key, x in record.settings.items()}
    return ", ".join([name, *(f"{key}={value}" for key, value in values.items())])


def _published(best: Best | None) -> str:
    return NONE if best is None else f"{significant(best.return_mean)} ({best.version})"


def _whole(x: float | None) -> str:
    return NONE if x is None else f"{x:,.0f}"


def _short(x: float | None) -> str:
    """Two digits, and all of those before the point."""
    return NONE if x is None else f"{x:,.0f}" if x >= 10 else f"{x:.2g}"


def _listed(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in line] for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
