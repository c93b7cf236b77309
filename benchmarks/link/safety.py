"""What a board does when its host is gone: how late its outputs are at rest, and that they stay there.

Times are the board's own, of what it did to its outputs: from the last tick to rest, less what the watchdog was set to.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.link.boards import BAUD, N_IN, Recorded, host_on, image_of, on_a_pty, start
from benchmarks.link.trips import HIDDEN
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.fixed_ops import ARITHMETIC
from neurobot.link.host import Host
from neurobot.link.protocol import State
from neurobot.link.transport import open_line

WATCHDOGS = (0.02, 0.05, 0.1)  # [s]
TICKS = 20
"""Until the host is gone."""
READY = "armed"
WRAP = 2**32


def measure(rounds: int) -> None:
    """Print a row for every end of a host and every setting of the watchdog."""
    image = image_of(HIDDEN)
    print("\n| the host | watchdog [ms] | times | rest came later by, median [ms] | least – most | then |")
    print("|---|---|---|---|---|---|")
    for name, leave in ENDS.items():
        for watchdog in WATCHDOGS:
            late, stays = zip(*(_gone(leave, image, watchdog) for _ in range(rounds)), strict=True)
            shown = f"{1e3 * statistics.median(late):.2f} | {1e3 * min(late):.2f} – {1e3 * max(late):.2f}"
            verdict = "SAFE, at rest, armed anew by an operator" if all(stays) else "NOT AT REST"
            print(f"| {name} | {1e3 * watchdog:g} | {rounds} | {shown} | {verdict} |", flush=True)


def _gone(leave: Callable[[str, Image, float], None], image: Image, watchdog: float) -> tuple[float, bool]:
    """How late a board's outputs were at rest [s], and whether they stayed there until it was armed anew."""
    with on_a_pty("--show") as (name, told):
        leave(name, image, watchdog)
        time.sleep(3 * watchdog)
        (ticked, _), _, (rested, values) = _outputs(told)[-3:]  # the tick, held, at rest
        with host_on(name) as host:
            latched = host.connect()
            stays = latched.state == State.SAFE and values == image.outputs["rest"].tolist()
            stays &= (latched.trip_count, len(_outputs(told)[-1][1])) == (1, len(values))
            stays &= host.load(image.to_bytes()) == 0  # it is there still
            host.arm(hold=watchdog, watchdog=watchdog)
            host.reset()
        return (rested - ticked) % WRAP / 1e6 - watchdog, stays


def _outputs(told: Path) -> list[tuple[int, list[int]]]:
    """When [us], and to what the board moved its outputs."""
    lines = [line.split() for line in told.read_text().splitlines() if line.startswith("out ")]
    return [(int(line[1]), [int(x) for x in line[2:]]) for line in lines]


def _run(host: Host, image: Image, ticks: int) -> None:
    for k in range(ticks):
        host.tick(image.substeps, fx.HELD_CURRENTS, bytes((k + j) % 256 for j in range(2 * N_IN)))


def _killed(name: str, image: Image, watchdog: float) -> None:
    """A process with a host is killed in the middle of what it does."""
    command = [sys.executable, "-m", "benchmarks.link.safety", name, str(watchdog)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as host:
        assert host.stdin is not None and host.stdout is not None
        host.stdin.write(image.to_bytes())
        host.stdin.close()
        if host.stdout.readline().decode().strip() != READY:
            raise SystemExit("the process with the host did not start")
        os.kill(host.pid, signal.SIGKILL)


def _cut(name: str, image: Image, watchdog: float) -> None:
    """The line is closed."""
    with host_on(name) as host:
        start(host, image, watchdog)
        _run(host, image, TICKS)


def _armed_again(name: str, image: Image, watchdog: float) -> None:
    """Nothing more comes but the ARM of before, every two milliseconds, until the board is long at rest."""
    line = Recorded(open_line(name, BAUD))
    with Host(line, arithmetic=ARITHMETIC) as host:
        start(host, image, watchdog)
        arm = line.last
        _run(host, image, TICKS)
        until = time.monotonic() + 3 * watchdog
        while time.monotonic() < until:
            line.write(arm)
            line.read(0.002)


ENDS = {
    "is killed (kill -9)": _killed,
    "closes the line": _cut,
    "goes on to send its ARM, and no tick": _armed_again,
}


def main(args: Sequence[str]) -> None:
    """A host that runs until it is killed: on a pty, with a watchdog [s], and an image that comes on standard input."""
    image = Image.of(sys.stdin.buffer.read())
    with host_on(args[0]) as host:
        start(host, image, float(args[1]))
        _run(host, image, TICKS)
        print(READY, flush=True)
        _run(host, image, 10**9)


if __name__ == "__main__":
    main(sys.argv[1:])
