"""`neurobot doctor`: what this machine has that a controller needs, measured and tried rather than guessed."""

from __future__ import annotations

import os
import resource
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurobot.cli.arguments import parse
from neurobot.cli.console import messages, print_json, print_rows, seconds
from neurobot.cli.run import KERNELS
from neurobot.versions import versions

SLEEPS = 50
SLEEP = 0.001  # [s]

TICKS = (*KERNELS.values(), "tick_batch", "fixed_tick_at")
"""Kernels that commands load: one tick on each core, that of a batch, and that of a board."""


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Show what this machine has: versions, kernel cache, timers, permissions, rendering, serial ports.

    Args:
        json: print it as one JSON object.
    """

    json: bool = False


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    options = parse(Doctor, args, "doctor")
    with messages().status("looking; rendering is tried for real"):
        found = examine()
    if options.json:
        print_json(found)
    else:
        print_rows("neurobot doctor", _rows(found))
    return 0


def examine() -> dict[str, Any]:
    """Everything there is to know, as plain data."""
    return {
        "versions": versions(),
        "kernel_cache": kernel_cache(),
        "timer": timer(),
        "real_time": real_time(),
        "rendering": rendering(),
        "serial_ports": serial_ports(),
    }


def kernel_cache() -> dict[str, Any]:
    """Where compiled kernels are kept, and whether some are there."""
    from neurobot.kernels import CACHE
    from neurobot.kernels.compiled import is_warm

    return {"folder": str(CACHE), **{name: is_warm(name) for name in TICKS}}


def timer() -> dict[str, float]:
    """How exact the monotonic clock and a sleep are [s]."""
    steps = []
    for _ in range(200):
        before = after = time.perf_counter_ns()
        while after == before:
            after = time.perf_counter_ns()
        steps.append(after - before)
    late = []
    for _ in range(SLEEPS):
        begin = time.perf_counter()
        time.sleep(SLEEP)
        late.append(time.perf_counter() - begin - SLEEP)
    return {
        "resolution": min(steps) / 1e9,
        "sleep_late_median": statistics.median(late),
        "sleep_late_max": max(late),
    }


def real_time() -> dict[str, Any]:
    """What the operating system lets this user do for a loop that must not be late; None where it cannot be asked."""
    priority = getattr(resource, "RLIMIT_RTPRIO", None)
    return {
        "fifo": _may_use_fifo(),
        "priority_limit": None if priority is None else resource.getrlimit(priority)[0],
        "locked_memory_limit": _limit(resource.RLIMIT_MEMLOCK),
        "cores": os.cpu_count(),
    }


def rendering() -> dict[str, str]:
    """For each way of rendering without a screen, what is wrong with it; empty if it works."""
    from neurobot.view.rendering import BACKENDS, problem

    return {backend: problem(backend) for backend in BACKENDS}


def serial_ports() -> list[dict[str, Any]]:
    """Ports, what is on them, and the time [ms] for which an FTDI chip holds data back."""
    from serial.tools import list_ports

    return [
        {"device": port.device, "description": port.description, "latency_timer": _latency(port.device)}
        for port in sorted(list_ports.comports())
    ]


def _may_use_fifo() -> bool | None:
    """Whether SCHED_FIFO is allowed, by trying it in this process for a moment."""
    if not hasattr(os, "sched_setscheduler"):
        return None
    before, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return False
    os.sched_setscheduler(0, before, param)
    return True


def _limit(which: int) -> int | None:
    """A soft limit, None where there is none."""
    soft, _ = resource.getrlimit(which)
    return None if soft == resource.RLIM_INFINITY else soft


def _latency(device: str) -> int | None:
    path = Path("/sys/bus/usb-serial/devices") / Path(device).name / "latency_timer"
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _rows(found: dict[str, Any]) -> dict[str, str]:
    from neurobot.loop.realtime import HINTS
    from neurobot.view.rendering import INSTALL

    cache, clock, allowed, drawn = (found[k] for k in ("kernel_cache", "timer", "real_time", "rendering"))
    memory = allowed["locked_memory_limit"]
    fifo = {True: "allowed", False: f"not allowed; {HINTS['SCHED_FIFO']}"}
    rows = dict(found["versions"])
    warm = [name for name in TICKS if cache[name]]
    state = f"holds {', '.join(warm)}" if warm else "cold: the first run compiles, about 15 s"
    late, latest = seconds(clock["sleep_late_median"]), seconds(clock["sleep_late_max"])
    rows["kernel cache"] = f"{cache['folder']} ({state})"
    rows["clock"] = f"resolution {seconds(clock['resolution'])}"
    rows["sleep"] = f"late by {late} (median), {latest} (longest)"
    rows["SCHED_FIFO"] = fifo.get(allowed["fifo"], "not known on this system")
    rows["locked memory"] = "without limit" if memory is None else f"at most {memory} bytes"
    rows["cores"] = str(allowed["cores"])
    for backend, problem in drawn.items():
        rows[f"render {backend}"] = problem or "works"
    if all(drawn.values()):
        rows["rendering"] = INSTALL
    ports = [_port(port) for port in found["serial_ports"]]
    rows["serial ports"] = "; ".join(ports) or "none"
    return rows


def _port(port: dict[str, Any]) -> str:
    timer = port["latency_timer"]
    slow = f", latency_timer {timer} ms; 1 is better" if timer is not None and timer > 1 else ""
    return f"{port['device']} ({port['description']}{slow})"
