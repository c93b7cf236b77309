"""`neurobot stream`: run a controller through a board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from neurobot.cli.arguments import parse_with_settings
from neurobot.cli.console import say, seconds
from neurobot.cli.run import Run, execute
from neurobot.errors import BoardError, ConfigError

if TYPE_CHECKING:
    from neurobot.board.core import BoardCore
    from neurobot.controller import MakeCore
    from neurobot.link.host import Host
    from neurobot.program import Program


@dataclass(frozen=True, kw_only=True)
class Stream(Run):
    """Run a controller through a board, record it and print a summary.

    The observation is encoded here; network and decoder run on the board, in integers. The same image runs beside it
    here, and every answer is compared: `neurobot run --core fixed` gives the same, bit for bit. A program that was not
    quantized is quantized first. With --learn weights change on the board, and here alike: what was learnt is written
    as `neurobot run` writes it.

    Settings of the launch file can be given too: --episodes, ...; `neurobot stream LAUNCH --help` shows them all.

    Args:
        port: the board: emulator; posix (the firmware as a process of this machine); qemu:m0, qemu:m3, qemu:m4,
            qemu:m7; a serial port such as /dev/ttyACM0; or socket://HOST:PORT.
        baud: of a serial port [bit/s].
        hold: without a tick for so long the board holds its outputs [s]; default three control periods, or 0.5 s
            without --realtime.
        watchdog: without one for so long it goes to rest and stays there [s], at most 0.5; default ten, or 0.5 s.
    """

    resume: tyro.conf.Suppress[bool] = False
    port: Annotated[str, tyro.conf.arg(metavar="BOARD")] = "emulator"
    baud: int = 115200
    hold: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None
    watchdog: Annotated[float | None, tyro.conf.arg(metavar="SECONDS")] = None


def main(args: Sequence[str]) -> int:
    """The command; returns the exit code."""
    if "--resume" in args:
        raise ConfigError(
            "--resume: a run on a board is not suspended, for its board goes on without it; begin anew with the same "
            "`neurobot stream` without --resume"
        )
    options, loaded, experiment = parse_with_settings(Stream, args, "stream")
    _check_times(options.hold, options.watchdog)
    fixed = replace(loaded, core="fixed")
    return execute(options, fixed, replace(experiment, core="fixed"), partial(_on_board, options))


def _check_times(hold: float | None, watchdog: float | None) -> None:
    """Raise ConfigError for times that no board can be set to; those that are not given are not the reason."""
    from neurobot.link.session import LONGEST, in_force

    longest = LONGEST if watchdog is None else watchdog
    try:
        in_force(min(longest, 0.001) if hold is None else hold, longest)
    except BoardError as error:
        raise ConfigError(f"--hold, --watchdog: {error}") from None


@contextmanager
def _on_board(options: Stream) -> Iterator[MakeCore]:
    """What makes cores on the board; at the end of it the board is brought to rest, and told about."""
    from neurobot.board.core import BoardCore
    from neurobot.board.ports import open_board
    from neurobot.link.session import LONGEST

    realtime = options.realtime or options.rt
    hold, watchdog = options.hold, options.watchdog
    if not realtime:
        hold, watchdog = hold or watchdog or LONGEST, watchdog or LONGEST
    made: list[BoardCore] = []

    def make(program: Program, **how: Any) -> BoardCore:
        made.append(BoardCore(program, host, hold=hold, watchdog=watchdog, **how))
        _greet(host, made[-1])
        return made[-1]

    with open_board(options.port, baud=options.baud, realtime=realtime, first=options.rt) as host:
        yield make
        for core in made:
            core.rest()
            _report(host)


def _greet(host: Host, core: BoardCore) -> None:
    hello = host.session.hello
    assert hello is not None
    image = 4 * core.image.words.size
    say(
        f"board {hello.name.decode(errors='replace')}: an image of {image} bytes in {hello.arena}; it holds after "
        f"{seconds(core.hold)} without a tick, and goes to rest after {seconds(core.watchdog)}"
    )


def _report(host: Host) -> None:
    counts, session = host.session.exchange.counts, host.session
    say(
        "every answer was that of the same image here, bit for bit; "
        f"{counts.asked} requests, {counts.repeats} repeated, {counts.damaged} damaged, {session.holds} holds"
    )
