"""Lines that damage, lose, double and delay: in lockstep time the trajectory is that of a good line."""

import pytest

from neurobot.errors import BoardError, LinkError, SpecError
from neurobot.link import protocol as p
from neurobot.link.device import Device
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.local import LocalLine
from neurobot.link.session import Phase
from neurobot.testing.faults import FaultPlan, Faulty
from tests.link.lines import IMAGE, drive
from tests.link.native import NativeDevice, build
from tests.link.toy import ToyBoard

PLANS = {
    "flips": {"flip": 1e-3},
    "drops": {"drop": 1e-3},
    "inserts": {"insert": 1e-3},
    "bursts": {"burst": 1e-3},
    "lost pieces": {"lose": 0.05},
    "doubled pieces": {"double": 0.2},
    "stalls": {"stall": 0.05, "stall_for": 0.012},
    "flips and drops": {"flip": 1e-3, "drop": 1e-3},
    "bursts and lost pieces": {"burst": 5e-4, "lose": 0.05},
    "doubles and stalls": {"double": 0.1, "stall": 0.1, "stall_for": 0.007},
    "all": {
        "flip": 5e-4, "drop": 5e-4, "insert": 5e-4, "burst": 5e-4, "lose": 0.03, "double": 0.05, "stall": 0.03,
        "stall_for": 0.009,
    },
}  # fmt: skip
TICKS = 300
PATIENCE = Patience(answer=0.005, longest=0.02, lost=2.0)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(tmp_path_factory.mktemp("native"))


@pytest.fixture(params=["twin", "C"])
def make_device(request):
    if request.param == "twin":
        return Device
    library = request.getfixturevalue("library")
    return lambda board, boot_id: NativeDevice(library, board, boot_id)


def faulty(plan, device):
    line = LocalLine(device)
    line = Faulty(line, plan)
    return Host(line, arithmetic=2, patience=PATIENCE), line


def trajectory(host, ticks=TICKS):
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.05, watchdog=0.5)
    return drive(host, ticks), host.digest()


@pytest.fixture(scope="module")
def without_faults():
    host, _ = faulty(FaultPlan(), Device(ToyBoard(), 77))
    result = trajectory(host)
    assert host.session.exchange.counts.repeats == 0
    return result


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("seed", range(3))
def test_faults_change_no_action_and_no_state(make_device, without_faults, name, seed):
    host, line = faulty(FaultPlan(seed=seed, **PLANS[name]), make_device(ToyBoard(), 77))
    assert trajectory(host) == without_faults
    assert set(line.made) == {kind for kind in PLANS[name] if kind != "stall_for"}
    counts = host.session.exchange.counts
    assert counts.repeats + counts.late > 10


def test_without_repeats_faults_would_have_been_noticed():
    host, _ = faulty(FaultPlan(seed=0, lose=0.05), Device(ToyBoard(), 77))
    host.session.exchange._repeat = lambda entry, now: setattr(entry, "again", now + 1)
    with pytest.raises(LinkError, match="no answer to"):
        trajectory(host)


def test_a_tick_whose_answer_was_lost_is_no_second_step():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    trajectory(host, 5)
    line.use(FaultPlan(), back=FaultPlan(lose=1.0))
    session = host.session
    session.start(session.tick(4, 0, b"abc"), line.now())
    line.write(session.outgoing())
    assert line.read(0.006) == b""
    assert (device._board.steps, device.last_tick) == (24, 6)
    line.use(FaultPlan())
    session.poll(line.now())
    line.write(session.outgoing())
    session.receive(line.read(0.003), line.now())
    assert session.result.tick == 6
    assert (device._board.steps, device.dup_tick) == (24, 1)


def test_damaged_frames_are_recovered_from_before_the_time_out():
    times = {}
    for fast in (False, True):
        host, line = faulty(FaultPlan(seed=1, flip=1e-3), Device(ToyBoard(), 77))
        host.connect()
        host.load(IMAGE)
        host.arm(hold=0.05, watchdog=0.5, fast=fast)
        if not fast:
            host.session.exchange._repeat_at_once = lambda now: None
        before = line.now()
        drive(host, TICKS)
        times[fast] = line.now() - before - TICKS * 1e-4
    assert times[True] < times[False] / 3


def test_a_line_that_stays_silent_too_long_ends_in_safe_and_nothing_is_armed_by_itself():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.05, watchdog=0.2)
    drive(host, 10)
    line.use(FaultPlan(lose=1.0))
    with pytest.raises(LinkError, match="no answer to TICK"):
        drive(host, 1)
    assert (device.state, device._board.moved[-1]) == (p.State.SAFE, (-1, -2))
    line.use(FaultPlan())
    for call in (host.connect, lambda: host.tick(1, 0, b""), lambda: host.arm(hold=0.05, watchdog=0.2)):
        with pytest.raises(LinkError, match="LOST"):
            call()
    assert device.state is p.State.SAFE
    host.disarm()
    assert trajectory(host, 20) == trajectory(faulty(FaultPlan(), Device(ToyBoard(), 1))[0], 20)


def test_a_stall_longer_than_the_watchdog_ends_in_safe_and_the_late_tick_is_not_run():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.02, watchdog=0.1)
    drive(host, 3)
    line.use(FaultPlan(stall=1.0, stall_for=0.15))
    with pytest.raises(BoardError, match="the board is SAFE"):
        drive(host, 1)
    assert device._board.steps == 12
    assert device.state is p.State.SAFE


def test_an_arm_that_was_kept_on_the_way_arms_nothing():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    arms, write = [], line.write

    def listen(data):
        arms.append(data)
        write(data)

    line.write = listen
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.02, watchdog=0.1)
    arm = arms[-1]
    with pytest.raises(BoardError, match="SAFE"):
        host.listen(0.3)
    for _ in range(3):
        write(arm)
        line.read(0.01)
        assert device.state is p.State.SAFE
    host.disarm()
    host.connect()
    host.arm(hold=0.02, watchdog=0.1)
    host.reset()
    write(arm)
    line.read(0.01)
    assert device.state is p.State.READY


def test_an_arm_that_is_repeated_after_the_board_went_safe_is_refused():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    host.connect()
    host.load(IMAGE)
    session = host.session
    session.start(session.arm(hold=0.01, watchdog=0.02), line.now())
    line.write(session.outgoing())
    session.receive(line.read(0.01), line.now())  # HELLO; ARM is to be sent
    line.use(FaultPlan(), back=FaultPlan(lose=1.0))
    line.write(session.outgoing())
    assert line.read(0.05) == b""
    assert (device.state, device.trip_count) == (p.State.SAFE, 1)
    line.use(FaultPlan())
    session.poll(line.now())
    line.write(session.outgoing())
    with pytest.raises(BoardError, match=r"refuses ARM: it has left RUNNING since it was asked \(1 times by now\)"):
        session.receive(line.read(0.01), line.now())
    assert (device.state, host.phase) == (p.State.SAFE, Phase.DISARMED)
    host.arm(hold=0.01, watchdog=0.02)
    assert device.state is p.State.RUNNING


def test_an_arm_whose_answers_are_lost_arms_once():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(seed=3, lose=0.5), device)
    host.connect()
    host.load(IMAGE[:100])
    host.arm(hold=0.2, watchdog=0.5)
    assert (device.state, device.trip_count) == (p.State.RUNNING, 0)
    assert host.tick(4, 0, b"a").tick == 1
    assert line.made["lose"] > 5


def test_a_host_that_dies_leaves_a_board_that_holds_and_then_rests():
    device = Device(ToyBoard(), 77)
    host, line = faulty(FaultPlan(), device)
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.02, watchdog=0.1)
    drive(host, 3)
    last = device._board.last
    del host
    line.read(0.0)
    while line.now() < 10 and device.state is not p.State.SAFE:
        states = device.state, device._board.moved[-1]
        assert states in ((p.State.RUNNING, last), (p.State.HOLD, last))
        line.read(0.004)
    assert device._board.moved[-1] == (-1, -2)
    after = Host(line, arithmetic=2, patience=PATIENCE)
    hello = after.connect()
    assert (hello.state, hello.trip_count) == (p.State.SAFE, 1)
    assert trajectory(after, 10) == trajectory(faulty(FaultPlan(), Device(ToyBoard(), 1))[0], 10)


def test_a_board_that_dies_and_comes_back_is_not_armed_by_itself(make_device):
    host, line = faulty(FaultPlan(seed=5, **PLANS["all"]), make_device(ToyBoard(), 77))
    host.connect()
    host.load(IMAGE)
    host.arm(hold=0.05, watchdog=0.5)
    drive(host, 20)
    line._line.power(None)
    line.read(0.05)
    fresh = make_device(ToyBoard(), 78)
    line._line.power(fresh)
    with pytest.raises(BoardError, match="the board has started anew"):
        drive(host, 20)
    assert host.phase is Phase.LOST
    assert fresh.state == p.State.BOOT
    host.disarm()
    assert trajectory(host, 20) == trajectory(faulty(FaultPlan(), Device(ToyBoard(), 1))[0], 20)
    assert host.session.restarts >= 1


def test_a_plan_makes_the_same_faults_again_and_another_seed_others():
    runs = []
    for seed in (4, 4, 5):
        host, line = faulty(FaultPlan(seed=seed, **PLANS["all"]), Device(ToyBoard(), 77))
        trajectory(host, 50)
        runs.append((line.made, host.session.exchange.report(), line.now()))
    assert runs[0] == runs[1] != runs[2]


def test_a_plan_that_cannot_be_is_refused_with_all_problems():
    with pytest.raises(SpecError) as caught:
        FaultPlan(seed="x", flip=1.5, lose=float("nan"), stall_for=-1.0)
    told = " ".join(caught.value.problems)
    assert all(name in told for name in ("seed is 'x'", "flip is 1.5", "lose is nan", "stall_for is -1"))
