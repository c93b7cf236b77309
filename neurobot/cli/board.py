"""`neurobot board`: look at a board, load it, compare it with what was recorded, measure it, or be one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from neurobot.cli.arguments import parse
from neurobot.cli.console import compiling, print_json, print_rows, say, seconds
from neurobot.cli.fixed import load_image
from neurobot.errors import near
from neurobot.spec.check import Problems

VERBS = {
    "ports": "list the addresses that boards may have here",
    "info": "say what a board is, and what it has counted",
    "load": "load the image of a quantized program",
    "emulate": "be a board: an emulated one, on a pty",
    "conform": "compare a board with recorded images and ticks, and print the first difference",
    "bench": "measure the round trip of a tick",
}
USAGE = 2
HELP = """\
usage: neurobot board COMMAND [OPTIONS]

Look at a board, load it, compare it with what was recorded, measure it, or be one.

commands:
{commands}
"""
Port = Annotated[str, tyro.conf.arg(metavar="BOARD")]


@dataclass(frozen=True, kw_only=True)
class Ports:
    """List the addresses that boards may have here.

    Args:
        json: print them as one JSON object.
    """

    json: bool = False


@dataclass(frozen=True, kw_only=True)
class Info:
    """Say what a board is, and what it has counted.

    Args:
        port: emulator, posix, qemu:m3, a serial port such as /dev/ttyACM0, or socket://HOST:PORT.
        baud: of a serial port [bit/s].
        json: print it as one JSON object.
    """

    port: Port
    baud: int = 115200
    json: bool = False


@dataclass(frozen=True, kw_only=True)
class Load:
    """Load the image of a quantized program.

    Args:
        program: of `neurobot quantize` (.safetensors).
        port: emulator, posix, qemu:m3, a serial port such as /dev/ttyACM0, or socket://HOST:PORT.
        baud: of a serial port [bit/s].
    """

    program: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PROGRAM")]
    port: Port
    baud: int = 115200


@dataclass(frozen=True, kw_only=True)
class Emulate:
    """Be a board: an emulated one, on a pty whose name is printed, until Ctrl-C.

    Args:
        busy: how long a tick takes [s].
        buffer: bytes that may wait while it computes; more are lost.
        arena: the largest image [bytes].
        ram: for an image's state and scratch [bytes].
        fd: take this file descriptor instead of a pty.
    """

    busy: float = 0.0
    buffer: int = 1024
    arena: int = 1 << 20
    ram: int = 1 << 20
    fd: Annotated[int | None, tyro.conf.arg(metavar="NUMBER")] = None

    def __post_init__(self) -> None:
        problems = Problems("board emulate")
        problems.number("busy", self.busy, low=0.0, high=1.0)
        for name in ("buffer", "arena", "ram"):
            problems.count(name, getattr(self, name))
        problems.done()


@dataclass(frozen=True, kw_only=True)
class Conform:
    """Compare a board with recorded images and ticks, and print the first difference.

    The images are those in firmware/vectors; they came from arithmetic in Python's own integers.

    Args:
        port: emulator, posix, qemu:m3, a serial port such as /dev/ttyACM0, or socket://HOST:PORT.
        baud: of a serial port [bit/s].
        log: write every comparison to this file, a JSON object a line.
        json: print the result as one JSON object.
    """

    port: Port
    baud: int = 115200
    log: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    json: bool = False


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Measure the round trip of a tick.

    Half of the ticks are silent, half bring spikes of every channel.

    Args:
        port: emulator, posix, qemu:m3, a serial port such as /dev/ttyACM0, or socket://HOST:PORT.
        program: of `neurobot quantize`; without one, a recorded image.
        baud: of a serial port [bit/s].
        ticks: how many to measure.
        json: print it as one JSON object.
    """

    port: Port
    program: Annotated[Path | None, tyro.conf.arg(metavar="PROGRAM")] = None
    baud: int = 115200
    ticks: int = 1000
    json: bool = False

    def __post_init__(self) -> None:
        problems = Problems("board bench")
        problems.count("ticks", self.ticks)
        problems.done()


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    if not args or args[0] in ("-h", "--help"):
        width = max(map(len, VERBS))
        print(HELP.format(commands="\n".join(f"  {name:{width}}   {what}" for name, what in VERBS.items())), end="")
        return 0 if args else USAGE
    if args[0] not in RUN:
        say(f"error: no board command is called {args[0]!r}; {near(args[0], VERBS)}")
        return USAGE
    options, run = RUN[args[0]]
    return run(parse(options, args[1:], f"board {args[0]}"))


def _ports(options: Ports) -> int:
    from serial.tools import list_ports

    from neurobot.board.ports import EMULATOR, MACHINES, POSIX, QEMU

    rows = {EMULATOR: "emulated in this process", POSIX: "the firmware as a process of this machine"}
    rows |= {QEMU + name: f"the firmware under QEMU, {machine}" for name, machine in MACHINES.items()}
    rows |= {port.device: port.description for port in list_ports.comports()}
    print_json(rows) if options.json else print_rows("neurobot board ports", rows)
    return 0


def _info(options: Info) -> int:
    from neurobot.board.ports import open_board

    with open_board(options.port, baud=options.baud) as host:
        hello, stats = host.connect(), host.stats()
    data: dict[str, Any] = hello._asdict() | {"name": hello.name.decode(errors="replace")} | stats._asdict()
    print_json(data) if options.json else print_rows(f"board {data['name']}", {k: str(v) for k, v in data.items()})
    return 0


def _load(options: Load) -> int:
    from neurobot.board.ports import open_board

    image = load_image(options.program)
    with open_board(options.port, baud=options.baud) as host:
        host.connect()
        sent = host.load(image.to_bytes())
    size = 4 * image.words.size
    print(f"loaded {size} bytes" if sent else f"these {size} bytes were there already")
    return 0


def _emulate(options: Emulate) -> int:
    with compiling("fixed_tick_at"):
        from neurobot.board.emulator import Emulator, FixedBoard, open_pty, serve
        from neurobot.kernels.fixed_compiled import warm

        warm()
    board = FixedBoard(arena=options.arena, ram=options.ram)
    emulator = Emulator(board, boot_id=_boot_id(), busy=options.busy, buffer=options.buffer)
    if options.fd is not None:
        serve(emulator, options.fd)
        return 0
    ours, _, name = open_pty()
    print(f"pty {name}", flush=True)
    try:
        serve(emulator, ours)
    except KeyboardInterrupt:
        say("switched off")
    return 0


def _boot_id() -> int:
    import os

    return int.from_bytes(os.urandom(4), "little")


def _conform(options: Conform) -> int:
    from neurobot.board.conform import conform, recorded
    from neurobot.board.ports import open_board

    lines: list[str] = []
    try:
        with open_board(options.port, baud=options.baud) as host:
            result = conform(host, recorded(), lambda entry: lines.append(json.dumps(entry)))
    finally:
        if options.log is not None:
            options.log.write_text("".join(line + "\n" for line in lines))
    if options.json:
        print_json(asdict(result))
    elif result.difference is not None:
        print(f"different: {result.difference}")
    else:
        print(
            f"the same, bit for bit: {result.vectors} images, {result.ticks} ticks, {result.neuron_steps} updates of "
            f"neurons; 0 differences"
        )
    for name in result.skipped:
        say(f"{name} was left out: its image does not fit into the board")
    return int(result.difference is not None)


def _bench(options: Measure) -> int:
    from neurobot.board.bench import bench
    from neurobot.board.conform import recorded
    from neurobot.board.ports import open_board
    from neurobot.board.wire import BAUD_RATES
    from neurobot.core.image import Image

    image = (
        load_image(options.program) if options.program else Image.of(max(recorded(), key=lambda v: len(v.image)).image)
    )
    with open_board(options.port, baud=options.baud, realtime=True) as host:
        result = bench(host, image, options.ticks)
    trips = {name: result.quantile(q) for name, q in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))}
    if options.json:
        data = {
            "board": result.board,
            "ticks": len(result.trips),
            "request": result.wire.request,
            "answer": result.wire.answer,
            "cycles": result.cycles,
            "period": result.period,
            "used": result.used,
            "repeats": result.repeats,
        }
        print_json(data | trips)
        return 0
    wire = ", ".join(f"{seconds(result.wire.seconds(baud))} at {baud}" for baud in BAUD_RATES)
    print_rows(
        f"board {result.board}: {len(result.trips)} ticks",
        {
            "round trip": ", ".join(f"{seconds(time)} {name}" for name, time in trips.items()),
            "bytes": f"{result.wire.request} there, {result.wire.answer} back; on a serial line {wire} baud",
            "board": f"{result.cycles:g} of its own units a tick"
            if result.cycles
            else "does not tell how long it takes",
            "budget": f"p99 is {result.used:.1%} of the control period of {seconds(result.period)}",
            "repeated": f"{result.repeats} requests",
        },
    )
    return 0


RUN: dict[str, tuple[Any, Callable[[Any], int]]] = {
    "ports": (Ports, _ports),
    "info": (Info, _info),
    "load": (Load, _load),
    "emulate": (Emulate, _emulate),
    "conform": (Conform, _conform),
    "bench": (Measure, _bench),
}
"""Options and function of each of `VERBS`."""
