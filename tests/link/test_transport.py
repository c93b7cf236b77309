"""Real lines: pseudo-terminals, sockets, and what happens when they end."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from neurobot.errors import LinkError
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.protocol import State
from neurobot.link.session import Phase
from neurobot.link.transport import BITS, FileTransport, open_line
from tests.link.lines import IMAGE, drive, local, running
from tests.link.served import Served

PATIENCE = Patience(answer=0.02, longest=0.1, lost=5.0)  # other programs run here too


@pytest.fixture
def pty():
    board, host = os.openpty()
    served = Served(board)
    yield served, os.ttyname(host)
    served.close()
    os.close(host)


@pytest.fixture
def listener():
    server = socket.create_server(("127.0.0.1", 0))
    yield server
    server.close()


def same_as_simulated(host):
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.5, watchdog=0.5)
    assert drive(host, 50) == drive(running()[0], 50)
    host.reset()


def test_over_a_pty_the_trajectory_is_the_simulated_one(pty):
    with Host(open_line(pty[1]), arithmetic=2, patience=PATIENCE) as host:
        same_as_simulated(host)
    assert host.transport.rate == 115200 / BITS


def test_over_a_socket_the_trajectory_is_the_simulated_one_and_a_warning_tells_that_nobody_is_kept_out(listener):
    address = f"socket://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.warns(UserWarning, match="nothing on this line is authenticated or encrypted, whoever reaches"):
        line = open_line(address)
    connection, _ = listener.accept()
    served = Served(connection.detach())
    try:
        with Host(line, arithmetic=2, patience=PATIENCE) as host:
            same_as_simulated(host)
    finally:
        served.close()


def test_a_line_that_hangs_up_is_a_link_error_and_the_host_is_lost(pty):
    served, name = pty
    host = Host(open_line(name), arithmetic=2, patience=PATIENCE)
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.5, watchdog=0.5)
    served.close()
    with pytest.raises(LinkError, match=rf"{name} is gone \(.*\): put the cable back or switch the board on") as caught:
        drive(host, 100)
    assert caught.value.exit_code == 5
    assert host.phase is Phase.LOST
    host.close()
    host.close()


HOST = """
import sys

sys.path.insert(0, {root!r})
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.protocol import State
from neurobot.link.transport import open_line
from tests.link.lines import IMAGE, drive

host = Host(open_line({name!r}), arithmetic=2, patience=Patience(answer=0.02, longest=0.1, lost=5.0))
host.connect()
host.load(IMAGE)
host.arm(hold=0.02, watchdog=0.1)
drive(host, 50)
print("running", flush=True)
drive(host, 10**9, first=50)
"""


def test_a_host_that_is_killed_leaves_a_board_that_goes_to_rest(pty):
    served, name = pty
    script = HOST.format(root=str(Path(__file__).parents[2]), name=name)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as host:
        assert host.stdout.readline() == b"running\n"
        host.kill()
        host.wait()
    until = time.monotonic() + 30
    while served.device.state is not State.SAFE and time.monotonic() < until:
        time.sleep(0.01)
    assert served.device.state is State.SAFE
    assert served.device.last_tick >= 50
    assert served.device._board.moved[-1] == (-1, -2)
    with Host(open_line(name), arithmetic=2, patience=PATIENCE) as after:
        assert after.connect().state == State.SAFE


def test_a_socket_whose_other_end_closes_is_a_link_error():
    ours, theirs = socket.socketpair()
    line = FileTransport(ours.fileno(), "the line", owner=ours)
    theirs.sendall(b"last words")
    theirs.close()
    assert line.read(1.0) == b"last words"
    with pytest.raises(LinkError, match=r"the line is gone \(it hung up\)"):
        line.read(1.0)
    with pytest.raises(LinkError, match="the line is gone"):
        for _ in range(3):
            line.write(b"hello?")
    line.close()


def test_a_line_that_was_closed_is_a_link_error():
    ours, theirs = socket.socketpair()
    line = FileTransport(ours.detach(), "the line")
    line.close()
    for call in (lambda: line.read(0.0), lambda: line.write(b"a")):
        with pytest.raises(LinkError, match="the line is gone"):
            call()
    line.close()
    theirs.close()


def test_a_line_that_nobody_reads_does_not_block_for_ever(monkeypatch):
    monkeypatch.setattr("neurobot.link.transport.WRITE_WITHIN", 0.05)
    board, host = os.openpty()
    line = FileTransport(host, "the line")
    before = time.monotonic()
    with pytest.raises(LinkError, match=r"the line has taken no bytes for 0\.05 s: does the other side read"):
        for _ in range(100):
            line.write(bytes(range(1, 255)) * 100)
    assert time.monotonic() - before < 30
    line.close()
    os.close(board)


def test_a_write_goes_on_where_a_full_line_stopped():
    ours, theirs = socket.socketpair()
    line = FileTransport(ours.detach(), "the line")
    data, got = os.urandom(1 << 20), bytearray()

    def reader():
        while len(got) < len(data):
            got.extend(theirs.recv(1 << 16))

    thread = threading.Thread(target=reader)
    thread.start()
    line.write(data)
    thread.join()
    assert bytes(got) == data
    line.close()
    theirs.close()


def test_reading_waits_no_longer_than_it_is_told():
    ours, theirs = socket.socketpair()
    line = FileTransport(ours.detach(), "the line")
    before = time.monotonic()
    assert line.read(0.02) == b""
    assert 0.015 < time.monotonic() - before < 5
    line.close()
    theirs.close()


def test_a_port_that_is_not_there_is_refused_with_those_that_are(monkeypatch):
    monkeypatch.setattr("neurobot.link.transport._ports", lambda: ["/dev/ttyACM0", "/dev/ttyUSB3"])
    with pytest.raises(LinkError, match=r"there is no port /dev/ttyACM1: did you mean '/dev/ttyACM0'.* known: "):
        open_line("/dev/ttyACM1")


def test_the_ports_of_this_machine_can_be_listed():
    with pytest.raises(LinkError, match="there is no port /dev/no-such-port: "):
        open_line("/dev/no-such-port")


def test_a_port_that_is_busy_is_refused(pty):
    with (
        Host(open_line(pty[1]), arithmetic=2),
        pytest.raises(LinkError, match=r"is busy: another program .*`fuser /dev"),
    ):
        open_line(pty[1])


def test_a_port_that_one_may_not_open_is_refused_with_what_to_do(monkeypatch):
    import serial

    def refuse(*args, **kw):
        raise serial.SerialException(13, "Permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(LinkError, match=r"/dev/ttyACM0: permission denied\. Add yourself to its group \(sudo usermod"):
        open_line("/dev/ttyACM0")


def test_a_rate_that_cannot_be_is_refused(pty):
    with pytest.raises(LinkError, match=r"cannot be opened at -5 baud \(.*\): choose a rate"):
        open_line(pty[1], baud=-5)


def test_a_file_is_no_port(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LinkError, match="file cannot be opened: "):
        open_line(str(tmp_path / "file"))


@pytest.mark.parametrize(
    "address", ["socket://", "socket://host", "socket://:5", "socket://host:0", "socket://h:70000"]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(LinkError, match="is no address of a socket: it must be socket://HOST:PORT"):
        open_line(address)


def test_a_socket_that_nobody_listens_on_is_refused(listener):
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(LinkError, match=r"cannot be reached \(.*\): does the board or emulator listen there"):
        open_line(f"socket://127.0.0.1:{port}")


def test_a_simulated_line_takes_the_time_of_its_rate_and_delay():
    host, line = local(rate=1000.0, delay=0.01)
    assert line.read(1.0)  # the board says that it started
    before = line.now()
    line.write(bytes(100))
    line.write(bytes(50))  # behind the first
    assert line.read(0.14) == b""
    assert line.device.decoder.received == 100
    assert line.read(0.36) == b""
    assert line.now() == pytest.approx(before + 0.5)
    assert line.device.decoder.received == 150
    assert host.connect().name == b"toy"
    assert line.now() > before + 0.5 + 0.02 + 0.06


def test_the_power_of_a_simulated_board_can_be_taken():
    _, line = local()
    device = line.device
    line.read(0.1)
    line.power(None)
    line.write(b"\0\0")
    assert line.read(0.1) == b""
    assert device.decoder.received == 0
