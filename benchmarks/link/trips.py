"""How long a tick takes there and back, and how long a board that lost its image is out of service."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.link.boards import N_IN, host_on, image_of, on_a_pty, start
from benchmarks.link.naive import Naive
from neurobot.board.firmware import ARM
from neurobot.board.ports import open_board
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx

TICKS = 250
"""Of a round."""
HIDDEN = (128,)
LARGE = (128, 230)
"""Layers of an image of 64 KB."""


def measure(rounds: int) -> None:
    """Print the table of round trips; rounds of both hosts alternate, each on a board of its own, then QEMU's."""
    image = image_of(HIDDEN)
    times: dict[str, list[list[float]]] = {"neurobot, pty": [], "pyserial read_until, pty": []}
    with ExitStack() as stack:
        ports = [stack.enter_context(on_a_pty())[0] for _ in times]
        ours = stack.enter_context(host_on(ports[0]))
        naive = Naive(ports[1])
        stack.callback(naive.port.close)
        for k in range(rounds + 1):
            start(ours, image)
            trips = [_trips(ours.tick, image)]
            ours.reset()
            naive.start(image)
            trips.append(_trips(naive.tick, image))
            for name, each in zip(times if k else (), trips, strict=False):  # the first round warms up
                times[name].append(each)
    if has_qemu():
        times["neurobot, qemu:m3"] = list(_under_qemu(image, max(rounds // 4, 1)))
    else:
        print(f"without qemu:m3: there is no qemu-system-arm, or no {ARM}\n")
    _print(times)


def has_qemu() -> bool:
    """Whether this machine can build the firmware for a Cortex-M3 and emulate one."""
    return bool(shutil.which("qemu-system-arm") and shutil.which(ARM))


def _under_qemu(image: Image, rounds: int) -> Iterator[list[float]]:
    with open_board("qemu:m3") as host:
        start(host, image)
        for k in range(rounds + 1):
            trips = _trips(host.tick, image)
            if k:
                yield trips


def _trips(tick: Callable[..., Any], image: Image) -> list[float]:
    """Round trips of a round [s]."""
    inputs = [bytes((k + j) % 256 for j in range(2 * N_IN)) for k in range(TICKS)]
    trips = []
    for data in inputs:
        begin = time.perf_counter()
        tick(image.substeps, fx.HELD_CURRENTS, data)
        trips.append(time.perf_counter() - begin)
    return trips


def _print(times: dict[str, list[list[float]]]) -> None:
    ours, theirs = (list(map(statistics.median, rounds)) for rounds in list(times.values())[:2])
    ratio = statistics.median(b / a for a, b in zip(ours, theirs, strict=True))
    print("| round trip of a tick | p50 [us] | p90 | p99 | p50 of rounds, least – most | times ours |")
    print("|---|---|---|---|---|---|")
    for k, (name, rounds) in enumerate(times.items()):
        middle = list(map(statistics.median, rounds))
        ranked = sorted(trip for trips in rounds for trip in trips)
        cells = " | ".join(f"{1e6 * ranked[int(share * len(ranked))]:.1f}" for share in (0.5, 0.9, 0.99))
        shown = f"{ratio:.1f}" if k == 1 else ""
        print(f"| {name} | {cells} | {1e6 * min(middle):.1f} – {1e6 * max(middle):.1f} | {shown} |")


def measure_load(rounds: int) -> None:
    """Print how long it takes to open a line, find the board, load an image of 64 KB, arm, and have the first tick."""
    images = [image_of(LARGE, seed) for seed in range(2)]  # the one that is there would not be sent
    times = []
    with on_a_pty() as (name, _):
        for k in range(rounds + 1):
            times.append(_reconnected(name, images[k % 2]))
    size = len(images[0].to_bytes())
    print(f"\n| open, load {size:,} bytes, arm, first tick | median [ms] | least – most |")
    print("|---|---|---|")
    print(f"| pty | {1e3 * statistics.median(times):.1f} | {1e3 * min(times):.1f} – {1e3 * max(times):.1f} |")


def _reconnected(name: str, image: Image) -> float:
    begin = time.perf_counter()
    with host_on(name) as host:
        start(host, image)
        host.tick(image.substeps, fx.HELD_CURRENTS, bytes(2 * N_IN))
        seconds = time.perf_counter() - begin
        host.reset()
    return seconds
