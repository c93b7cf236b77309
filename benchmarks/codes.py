"""What codes and read-outs carry and cost: the tables of ``docs/codes.md``, which says how each number is measured."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurobot import HostCore, build
from neurobot.kernels import ops
from neurobot.spec import (
    LI,
    Bounds,
    Burst,
    ControllerSpec,
    Delta,
    Direct,
    Encoder,
    FilteredRate,
    FirstSpike,
    Gaussian,
    Input,
    Latency,
    Limits,
    Membrane,
    NetworkSpec,
    OneHot,
    OneToOne,
    Phase,
    Poisson,
    Population,
    PopulationVector,
    Projection,
    Rate,
    Regular,
    WinnerTakeAll,
)
from neurobot.spec.codes import Code
from neurobot.spec.decoders import Choice, Decoder, Readout
from neurobot.spec.encoders import Field

DOCUMENT = Path(__file__).parents[1] / "docs" / "codes.md"
DT = 1e-3
SUBSTEPS = (1, 5, 10, 20, 50)
TRAINED, FRESH = 4000, 2000
"""Observations that a linear read-out is fitted on, and those it is judged by."""
CLOSE = 10.0
"""Error within which an observation counts as known [% of the range]."""
MOVES, STEPS = 300, 200
"""Targets that read-outs follow, and network steps for each of two of them."""
CHOICES, TRIALS = 8, 1000
RATE = 200.0
"""Highest rate of the Poisson channels that read-outs are compared on [Hz]."""

UNIT = Bounds(low=-1.0, high=1.0)
FIELDS: tuple[Field, ...] = (Direct(range=UNIT), Gaussian(range=UNIT), OneHot(range=UNIT))
CODES: tuple[Code, ...] = (
    Regular(), Poisson(), Latency(), Latency(curve="logarithmic"), Delta(), Phase(), Burst(),
)  # fmt: skip


# --- codes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Carried:
    """What a code says of an observation in a tick.

    Args:
        spikes: of a dimension, mean.
        error: of a linear read-out that knows the step of every spike, RMS [% of the range].
        by_counts: of one that knows the number of spikes of every channel only.
        steps: after which the first of them has come CLOSE; None where it does not.
    """

    spikes: float
    error: float
    by_counts: float
    steps: int | None


def carried(field: Field, code: Code, substeps: int) -> Carried:
    """Measure one code: a dimension for each observation, so that one tick sends them all."""
    n = TRAINED + FRESH
    u = np.random.default_rng(0).uniform(-1, 1, n)
    channels = field.channels(1)
    network = NetworkSpec(DT, (Population("input", n * channels, Input()),))
    spec = ControllerSpec(
        encoder=Encoder(field=field, code=code, size=n),
        network=network,
        decoder=WinnerTakeAll(population="input", size=1),
        substeps=substeps,
    )
    core = HostCore(build(spec), "float64", log_spikes=n * channels * substeps)
    core.tick(u)
    sent = np.zeros((n, substeps, channels))
    step, channel = core.spikes.T
    sent[channel // channels, step, channel % channels] = 1
    by_step = Fit(sent.reshape(n, -1), u)
    firsts = (k for k in range(1, substeps + 1) if by_step.error(k * channels) <= CLOSE)
    by_counts = Fit(sent.sum(axis=1), u)
    return Carried(sent.sum() / n, by_step.error(), by_counts.error(), next(firsts, None))


class Fit:
    """Linear read-outs of u from features, fitted on the first TRAINED of them by least squares.

    Args:
        features: (n, m).
        u: (n,).
    """

    def __init__(self, features: np.ndarray, u: np.ndarray):
        x = np.column_stack([np.ones(len(u)), features])
        self._trained = (x[:TRAINED].T @ x[:TRAINED], x[:TRAINED].T @ u[:TRAINED])
        self._fresh, self._u = x[TRAINED:], u[TRAINED:]

    def error(self, m: int | None = None) -> float:
        """RMS error on the others [% of the range], with the first m features only."""
        size = self._fresh.shape[1] if m is None else 1 + m
        gram, product = self._trained
        ridge = 1e-6 * TRAINED * np.eye(size)  # features that never differ leave it without a single answer
        weights = np.linalg.solve(gram[:size, :size] + ridge, product[:size])
        wrong = self._fresh[:, :size] @ weights - self._u
        return 50 * float(np.sqrt(np.mean(wrong**2)))


def code_rows(substeps: int) -> Iterator[str]:
    """A row for every code and field that go together."""
    for code in CODES:
        for field in FIELDS[:1] if isinstance(code, Delta) else FIELDS:
            found = carried(field, code, substeps)
            steps = "–" if found.steps is None else found.steps
            yield (
                f"| {_name(code)} | {type(field).__name__} | {field.channels(1)} | {found.spikes:.1f} | "
                f"{found.error:.1f} | {found.by_counts:.1f} | {steps} |"
            )


# --- read-outs ----------------------------------------------------------------------------------------------------


def followed(readout: Readout, field: Field, substeps: int) -> tuple[float, float, int | None]:
    """Spikes of a dimension in a tick, error of the settled action [% of the range], steps to go 90 % of the way."""
    spec = _following(readout, field, substeps)
    core = HostCore(build(spec), "float64")
    first, second = np.random.default_rng(1).uniform(-1, 1, (2, MOVES))
    ticks = math.ceil(STEPS / substeps)
    before, after = (np.array([_act(core, u) for _ in range(ticks)]) for u in (first, second))
    settled = np.concatenate([before[ticks // 2 :] - first, after[ticks // 2 :] - second])
    way = (after - first) @ (second - first) / np.sum((second - first) ** 2)
    arrived = np.flatnonzero(way >= 0.9)
    spikes = int(core.ints[ops.SPIKES]) / MOVES
    return spikes, 50 * float(np.sqrt(np.mean(settled**2))), (int(arrived[0]) + 1) * substeps if arrived.size else None


def _act(core: HostCore, u: np.ndarray) -> np.ndarray:
    core.tick(u)
    return core.action.copy()


def _following(readout: Readout, field: Field, substeps: int) -> ControllerSpec:
    n = MOVES * field.channels(1)
    populations = [Population("input", n, Input())]
    projections: tuple[Projection, ...] = ()
    if isinstance(readout, Membrane):
        populations.append(Population("output", n, LI(tau_mem=20e-3)))
        projections = (Projection("input", "output", OneToOne()),)
    network = NetworkSpec(DT, tuple(populations), projections)
    encoder = Encoder(field=field, code=Poisson(max_rate=RATE), size=MOVES)
    return ControllerSpec(encoder=encoder, network=network, decoder=readout, substeps=substeps)


def followers() -> Iterator[tuple[Readout, Field]]:
    """Read-outs, each with the field that suits it, scaled so that the highest rate is u = 1."""
    given: dict[str, Any] = {"population": "input", "size": MOVES, "limits": Limits(low=-1.0, high=1.0)}
    gain = 1 / (RATE * DT)
    yield Rate(**given, gain=gain), FIELDS[0]
    yield FilteredRate(**given, gain=gain, tau=20e-3), FIELDS[0]
    yield Membrane(**{**given, "population": "output"}, gain=gain, push_pull=True), FIELDS[0]
    yield PopulationVector(**given), FIELDS[1]


def readout_rows(substeps: int) -> Iterator[str]:
    """A row for every read-out that gives numbers."""
    for readout, field in followers():
        spikes, error, steps = followed(readout, field, substeps)
        yield (
            f"| {_name(readout)} | {type(field).__name__} | {field.channels(1)} | {spikes:.1f} | {error:.1f} | "
            f"{'–' if steps is None else steps} |"
        )


# --- choices ------------------------------------------------------------------------------------------------------


def chosen(kind: type[Choice], code: Code, substeps: int) -> tuple[float, float, float]:
    """Spikes a tick, share of right choices [%] and mean steps until the choice is known."""
    field = Gaussian(range=UNIT, per_dim=CHOICES)
    spec = ControllerSpec(
        encoder=Encoder(field=field, code=code, size=1),
        network=NetworkSpec(DT, (Population("input", CHOICES, Input()),)),
        decoder=kind(population="input", size=CHOICES),
        substeps=substeps,
    )
    core = HostCore(build(spec), "float64", log_spikes=CHOICES * substeps)
    right = spikes = steps = 0
    for u in np.random.default_rng(2).uniform(-1, 1, TRIALS):
        core.tick(np.array([u]))
        nearest = np.argmin(np.abs(np.linspace(-1, 1, CHOICES) - u))
        decided = int(core.block("decoder.decided")[0]) if kind is FirstSpike else 0
        right += bool(len(core.spikes)) and core.action[0] == nearest
        spikes += len(core.spikes)
        steps += decided or substeps
    return spikes / TRIALS, 100 * right / TRIALS, steps / TRIALS


def choice_rows(substeps: int) -> Iterator[str]:
    """A row for every decoder that chooses, with the codes that suit it."""
    pairs: tuple[tuple[type[Choice], Code], ...] = (
        (WinnerTakeAll, Poisson()), (FirstSpike, Poisson()), (WinnerTakeAll, Regular()), (FirstSpike, Latency()),
    )  # fmt: skip
    for kind, code in pairs:
        spikes, right, steps = chosen(kind, code, substeps)
        yield f"| {kind.__name__} | {_name(code)} | {CHOICES} | {spikes:.1f} | {right:.0f} | {steps:.1f} |"


# --- the document -------------------------------------------------------------------------------------------------


def _name(what: Code | Decoder) -> str:
    log = isinstance(what, Latency) and what.curve == "logarithmic"
    return type(what).__name__ + (", logarithmic" if log else "")


TABLES: dict[str, tuple[str, Callable[[int], Iterator[str]]]] = {
    "codes": ("| code | field | channels | spikes | error [%] | by counts [%] | latency [steps] |", code_rows),
    "readouts": ("| read-out | field | channels | spikes | error [%] | latency [steps] |", readout_rows),
    "choices": ("| decoder | code | channels | spikes | right [%] | latency [steps] |", choice_rows),
}


def table(name: str) -> str:
    """A table for every number of steps, in Markdown."""
    head, rows = TABLES[name]
    rule = "|" + "---|" * (head.count("|") - 1)
    parts = []
    for substeps in SUBSTEPS:
        title = f"{substeps} step{'s' if substeps > 1 else ''} a tick:"
        parts.append("\n".join([title, "", head, rule, *rows(substeps)]))
    return "\n\n".join(parts)


def filled(document: str) -> str:
    """The document with its tables, which stand between markers, made anew."""

    def write(found: re.Match[str]) -> str:
        return f"<!-- {found[1]} -->\n\n{table(found[1])}\n\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", write, document, flags=re.DOTALL)


def main() -> None:
    """Write the tables into docs/codes.md, and print them."""
    document = filled(DOCUMENT.read_text())
    DOCUMENT.write_text(document)
    print(document)
