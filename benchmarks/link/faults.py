"""What faults on the line cost in real time, and that they change nothing: a closed loop on a pty, both ways spoilt."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np

from benchmarks.link.boards import BAUD, N_IN, image_of, on_a_pty, start
from benchmarks.link.trips import HIDDEN
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.fixed_ops import ARITHMETIC
from neurobot.link.host import Host
from neurobot.link.protocol import DigestReply
from neurobot.link.transport import open_line
from neurobot.testing.faults import FaultPlan, Faulty

PLANS = {
    "none": {},
    "bits flipped, 1e-3 a byte": {"flip": 1e-3},
    "bytes dropped, 1e-3 a byte": {"drop": 1e-3},
    "bytes inserted, 1e-3 a byte": {"insert": 1e-3},
    "bursts of noise, 1e-3 a byte": {"burst": 1e-3},
    "frames lost, 5 %": {"lose": 0.05},
    "frames doubled, 5 %": {"double": 0.05},
    "stalls of 12 ms, 5 %": {"stall": 0.05, "stall_for": 0.012},
    "all of them": {
        "flip": 1e-3, "drop": 1e-3, "insert": 1e-3, "burst": 1e-3, "lose": 0.05, "double": 0.05, "stall": 0.05,
        "stall_for": 0.012,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A closed loop on a line.

    Args:
        answers: of all ticks, spikes and actions.
        digest: of the board's state behind the last one.
        trips: of ticks that were asked once [s].
        quick, slow: of ticks that were asked again: at once only, or also after a time-out [s].
        made: faults.
    """

    answers: list[tuple[int, bytes]]
    digest: DigestReply
    trips: list[float]
    quick: list[float]
    slow: list[float]
    made: Counter[str]


def measure(ticks: int, seed: int) -> None:
    """Print a row for every kind of fault.

    Args:
        ticks: of each.
        seed: of the faults.
    """
    image = image_of(HIDDEN)
    titles = "made | ticks asked again at once | after a time-out | took longer by, median [ms] | p90"
    print(f"\n| faults, {ticks:,} ticks | {titles} | trajectory and digest |")
    print("|---|---|---|---|---|---|---|")
    good: Run | None = None
    for name, plan in PLANS.items():
        run = _run(image, FaultPlan(seed=seed, **plan), ticks)
        good = good or run
        same = (run.answers, run.digest) == (good.answers, good.digest)
        longer = _longer([*run.quick, *run.slow], statistics.median(good.trips))
        verdict = "equal" if same else "DIFFERENT"
        cells = f"{run.made.total()} | {len(run.quick)} | {len(run.slow)} | {longer} | {verdict}"
        print(f"| {name} | {cells} |", flush=True)


def _longer(trips: list[float], usual: float) -> str:
    if not trips:
        return "– | –"
    return " | ".join(f"{1e3 * x:.2f}" for x in np.quantile(np.array(trips) - usual, (0.5, 0.9)))


def _run(image: Image, plan: FaultPlan, ticks: int) -> Run:
    with on_a_pty() as (name, _):
        line = Faulty(open_line(name, BAUD), FaultPlan())
        with Host(line, arithmetic=ARITHMETIC) as host:
            start(host, image)
            line.use(plan)
            return _loop(host, line, image, ticks)


def _loop(host: Host, line: Faulty, image: Image, ticks: int) -> Run:
    """What a tick brings follows from the answer before, as in a closed loop."""
    counts, answers, seen = host.session.exchange.counts, [], b""
    trips: list[float] = []
    quick: list[float] = []
    slow: list[float] = []
    for k in range(ticks):
        data = bytes((x + k) % 256 for x in seen.ljust(2 * N_IN, b"\1"))
        repeats, fast = counts.repeats, counts.fast
        begin = time.perf_counter()
        reply = host.tick(image.substeps, fx.HELD_CURRENTS, data)
        seconds = time.perf_counter() - begin
        repeats, fast = counts.repeats - repeats, counts.fast - fast
        (slow if repeats > fast else quick if fast else trips).append(seconds)
        seen = reply.data
        answers.append((reply.spikes, seen))
    line.use(FaultPlan())
    return Run(
        answers=answers, digest=host.digest(), trips=trips, quick=quick, slow=slow, made=Counter(line.made)
    )  # fmt: skip
