"""Hosts that call anything at any time, over lines that get better and worse, to boards that lose their power."""

import random

import pytest

from neurobot.errors import BoardError, LinkError
from neurobot.link.device import Device
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.local import LocalLine
from neurobot.link.protocol import State
from neurobot.link.session import Phase
from neurobot.testing.faults import FaultPlan, Faulty
from tests.link.lines import IMAGE
from tests.link.toy import ToyBoard

REST = (-1, -2)
LINES = [
    FaultPlan(), FaultPlan(), FaultPlan(lose=1.0), FaultPlan(flip=2e-3, lose=0.05), FaultPlan(burst=2e-3, double=0.2),
    FaultPlan(stall=0.2, stall_for=0.03), FaultPlan(insert=0.02),
]  # fmt: skip


class Watched(ToyBoard):
    """A board that looks after its device: which ticks it runs, and what its outputs get in which state."""

    def __init__(self):
        super().__init__()
        self.ran, self.device, self.broken = [], None, []

    def tick(self, request):
        if self.device.state not in (State.RUNNING, State.HOLD):
            self.broken.append("a step while not armed")
        if request.tick != self.device.last_tick + 1:
            self.broken.append("a step that is not the next")
        self.ran.append(request.data)
        return super().tick(request)

    def actuate(self, values):
        super().actuate(values)
        if self.device and self.device.state not in (State.RUNNING, State.HOLD) and values not in ((), REST):
            self.broken.append("outputs that are not at rest")


class World:
    """A host, its line and its boards."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.boards = [self.board()]
        self.local = LocalLine(self.boards[0].device)
        self.line = Faulty(self.local, FaultPlan())
        self.host = Host(self.line, arithmetic=2, patience=Patience(answer=0.004, longest=0.02, lost=0.3))
        self.asked, self.answered, self.arms = [], [], 0

    def board(self):
        board = Watched()
        board.device = Device(board, self.random.getrandbits(32))
        return board

    def tick(self):
        data = b"t%d" % len(self.asked)
        if self.host.phase is Phase.ARMED:
            self.asked.append(data)
        self.host.tick(2, 0, data)
        self.answered.append(data)

    def arm(self):
        self.arms += self.host.phase is Phase.DISARMED
        self.host.arm(hold=0.02, watchdog=self.random.choice([0.05, 0.2]), last_tick=self.random.choice([0, 50]))

    def power(self):
        if self.random.random() < 0.3:
            self.boards.append(self.board())
            self.local.power(self.boards[-1].device)

    def noise(self):
        self.line.use(self.random.choice(LINES), self.random.choice(LINES))

    def recover(self):
        self.line.use(FaultPlan())
        self.host.disarm()
        self.host.connect()
        self.host.load(IMAGE)
        self.arm()

    def act(self):
        host = self.host
        calls = [self.tick] * 30 + [self.recover] * 3 + [self.noise] * 3
        calls += [host.connect, lambda: host.load(IMAGE), self.arm, host.reset, host.disarm, host.digest, host.stats]
        calls += [self.power, lambda: host.listen(self.random.choice([0.001, 0.03, 0.3])), lambda: host.synchronise(2)]
        try:
            self.random.choice(calls)()
        except (LinkError, BoardError) as error:
            return type(error)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_breaks_the_rules_of_the_board(seed):
    world = World(seed)
    errors = [world.act() for _ in range(400)]
    assert [broken for board in world.boards for broken in board.broken] == []
    ran = [data for board in world.boards for data in board.ran]
    assert len(set(ran)) == len(ran)  # each at most once
    assert [data for data in ran if data in set(world.answered)] == world.answered  # and what was answered, in order
    assert set(ran) <= set(world.asked)
    assert len(world.answered) > 50
    assert {LinkError, BoardError} <= set(errors)
    assert world.local.device is world.boards[-1].device


@pytest.mark.parametrize("seed", range(4))
def test_after_anything_an_operator_and_a_good_line_are_enough(seed):
    world = World(100 + seed)
    for _ in range(10):
        for _ in range(40):
            world.act()
        world.recover()
        world.tick()
        assert world.host.phase is Phase.ARMED
