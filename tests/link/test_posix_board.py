"""The C code as a process of its own, in real time: killed, left by a killed host, left without ticks."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurobot.errors import BoardError
from neurobot.link import protocol as p
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.session import Phase
from neurobot.link.transport import open_line
from tests.link.lines import IMAGE, drive, running
from tests.link.native import ROOT, WARNINGS

PATIENCE = Patience(answer=0.02, longest=0.1, lost=10.0)  # other programs run here too
REST = "2 -1 -2"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")
    out = tmp_path_factory.mktemp("posix") / "board"
    sources = [*(ROOT / "firmware/link").glob("*.c"), Path(__file__).with_name("toy_board.c")]
    sources.append(Path(__file__).with_name("toy_core.c"))
    command = ["gcc", *WARNINGS, "-Os", f"-I{ROOT / 'firmware/link'}", "-o", str(out), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


class Board:
    """A process, and the file with its outputs."""

    def __init__(self, program, trace):
        self.trace = trace
        self.process = subprocess.Popen([program, trace], stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def outputs(self):
        """Those that were written so far, as (microseconds, text)."""
        lines = self.trace.read_text().splitlines()
        return [(int(time_us), rest) for time_us, _, rest in (line.partition(" ") for line in lines)]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def make_board(program, tmp_path):
    boards = []

    def make():
        boards.append(Board(program, tmp_path / f"trace{len(boards)}"))
        return boards[-1]

    yield make
    for board in boards:
        board.kill()


def wait_for(what, seconds=30):
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.005)
    assert what()


def armed(board, watchdog=0.5, **kw):
    host = Host(open_line(board.port), arithmetic=2, patience=PATIENCE)
    assert host.connect().name == b"posix"
    host.load(IMAGE)
    host.arm(hold=watchdog / 2, watchdog=watchdog, **kw)
    return host


def test_the_trajectory_and_digest_are_the_simulated_ones(make_board):
    board, (simulated, line) = make_board(), running()
    assert board.outputs()[0][1] == "0"
    with armed(board) as host:
        assert drive(host, 100) == drive(simulated, 100)
        assert host.digest() == simulated.digest()
        host.reset()
        moved = [" ".join(map(str, (len(values), *values))) for values in line.device._board.moved]
        assert [text for _, text in board.outputs()][-102:] == [*moved[-101:], REST]


def test_without_ticks_it_holds_and_then_rests_no_sooner_than_it_was_told(make_board):
    board = make_board()
    with armed(board, watchdog=0.4) as host:
        drive(host, 3)
        with pytest.raises(BoardError, match="the board is SAFE"):
            host.listen(30.0)
    (ticked, last), (held, hold), (rested, rest) = board.outputs()[-3:]
    assert (hold, rest) == (last, REST)
    assert (held - ticked) % 2**32 >= 199_000  # the tick's time is taken before it is run
    assert (rested - ticked) % 2**32 >= 399_000


HOST = """
import sys

sys.path.insert(0, {root!r})
from tests.link.lines import drive
from tests.link.test_posix_board import Board, armed

board = type("", (), {{"port": {port!r}}})
host = armed(board, watchdog=0.5)
drive(host, 20)
print("running", flush=True)
drive(host, 10**9, first=20)
"""


def test_a_host_that_is_killed_leaves_outputs_at_rest_and_another_may_go_on(make_board):
    board = make_board()
    with subprocess.Popen(
        [sys.executable, "-c", HOST.format(root=str(ROOT), port=board.port)], stdout=subprocess.PIPE
    ) as host:
        assert host.stdout.readline() == b"running\n"
        host.kill()
        host.wait()
    wait_for(lambda: board.outputs()[-1][1] == REST)
    with Host(open_line(board.port), arithmetic=2, patience=PATIENCE) as after:
        hello = after.connect()
        assert (hello.state, hello.trip_count) == (p.State.SAFE, 1)
        assert after.load(IMAGE) == 0
        after.arm(hold=0.2, watchdog=0.5)
        assert drive(after, 20) == drive(running()[0], 20)


def test_a_board_that_is_killed_is_gone_for_its_host(make_board):
    board = make_board()
    with armed(board) as host:
        drive(host, 3)
        board.process.kill()
        board.process.wait()
        with pytest.raises(OSError, match="is gone"):
            drive(host, 100)
        assert host.phase is Phase.LOST
    again = make_board()
    with armed(again) as host:
        assert drive(host, 20) == drive(running()[0], 20)
