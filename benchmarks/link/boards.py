"""Boards that are processes on a pty, and the images that they are given."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np

from neurobot.board.firmware import build as build_firmware
from neurobot.board.quantize import quantize
from neurobot.core.image import Image
from neurobot.errors import LinkError
from neurobot.kernels.fixed_ops import ARITHMETIC
from neurobot.link.host import Host
from neurobot.link.transport import Transport, open_line
from neurobot.program import build
from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normal,
    Population,
    Projection,
)

N_IN, N_OUT = 16, 8
BAUD = 2_000_000
"""A pty has none; but a host waits as long for an answer as the line takes."""
LONGEST = 0.5
"""The longest that a board waits for a tick [s]."""
STARTS_WITHIN = 30.0


def image_of(hidden: tuple[int, ...], seed: int = 0) -> Image:
    """16 currents in, layers of LIF, 8 membranes out; 4 steps a tick."""
    names = ["in", *(f"h{k}" for k in range(len(hidden))), "out"]
    layers = [Population(name, n, LIF(tau_mem=5e-3, input="jump")) for name, n in zip(names[1:], hidden, strict=False)]
    weights = AllToAll(weight=Normal(mean=0.1, std=0.3))
    network = NetworkSpec(
        1e-3,
        (Population("in", N_IN, Input()), *layers, Population("out", N_OUT, LI(tau_mem=5e-3))),
        tuple(Projection(pre, post, weights) for pre, post in pairwise(names)),
    )
    field = Direct(range=Bounds(low=-1, high=1), push_pull=False)
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Current(), size=N_IN),
        network=network,
        decoder=Membrane(population="out", size=N_OUT, gain=1.0, limits=Limits(low=-1.0, high=1.0)),
        substeps=4,
    )
    seen = np.random.default_rng(seed).uniform(-1, 1, (50, N_IN))
    return quantize(build(spec, seed=seed), [seen]).image


@contextmanager
def on_a_pty(*options: str) -> Iterator[tuple[str, Path]]:
    """The firmware as a process: the name of its pty, and the file that it prints to."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        with told.open("w") as out:
            process = subprocess.Popen([str(build_firmware("posix")), *options], stdout=out)
        try:
            yield _name(told), told
        finally:
            process.kill()
            process.wait()


def _name(told: Path) -> str:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        for line in told.read_text().splitlines(keepends=True):
            if line.startswith("pty ") and line.endswith("\n"):
                return line.split()[1]
        time.sleep(0.001)
    raise LinkError(f"the board's process has not started within {STARTS_WITHIN:g} s")


def host_on(name: str) -> Host:
    """A host on a pty."""
    return Host(open_line(name, BAUD), arithmetic=ARITHMETIC)


def start(host: Host, image: Image, longest: float = LONGEST) -> None:
    """Connect, load and arm; the board holds after half of the time, or with the longest after all of it."""
    host.connect()
    host.load(image.to_bytes())
    host.arm(hold=longest if longest == LONGEST else longest / 2, watchdog=longest)


class Recorded(Transport):
    """A line that keeps what was written last.

    Args:
        line: it.
    """

    def __init__(self, line: Transport):
        self.rate, self._line, self.last = line.rate, line, b""

    def read(self, timeout: float) -> bytes:
        """See `Transport.read`."""
        return self._line.read(timeout)

    def write(self, data: bytes) -> None:
        """See `Transport.write`."""
        self.last = data
        self._line.write(data)

    def close(self) -> None:
        """See `Transport.close`."""
        self._line.close()
