"""A controller on a board: what it does is what it does on the host, and what is not is told."""

import numpy as np
import pytest

from neurobot.board.core import BoardCore
from neurobot.board.emulator import Emulator, FixedBoard
from neurobot.controller import Controller
from neurobot.errors import BoardError, ImageError, LinkError, SpecError
from neurobot.link.board import Board
from neurobot.link.session import Phase
from neurobot.testing.faults import FaultPlan, Faulty
from tests.board.lines import controller_on, emulated
from tests.board.programs import observations, quantized

LONG = {"hold": 0.5, "watchdog": 0.5}


def play(controller, ticks=40, seed=0):
    return np.array([controller.step(x) for x in observations(ticks, seed)])


@pytest.mark.parametrize(
    "program", [quantized(), quantized(True), quantized(slew=0.25)], ids=["spikes", "currents", "slew"]
)
def test_actions_spikes_membranes_and_digest_are_those_of_the_host(program):
    host, line = emulated()
    here, there = Controller(program, "fixed", record=True, seed=5), controller_on(host, program, True, 5, **LONG)
    for x in observations(60):
        assert there.step(x).tolist() == here.step(x).tolist()
        assert there.spikes.tolist() == here.spikes.tolist()
        assert there.spikes_last == here.spikes_last
        assert there.membranes.tolist() == here.membranes.tolist()
        assert there.link_ns > 0
        assert here.link_ns == 0
    assert line.device.board.digest() == (600, here._core.digest())
    assert len(here.spikes) > 0


def test_episodes_begin_as_on_the_host():
    host, _ = emulated()
    program = quantized()
    here, there = Controller(program, "fixed", seed=5), controller_on(host, program, False, 5, **LONG)
    for seed in (1, 2, None, 1):
        here.reset(seed)
        there.reset(seed)
        assert host.phase is Phase.DISARMED
        assert play(there).tolist() == play(here).tolist()


FAULTS = {
    "flips": {"flip": 1e-3}, "drops": {"drop": 1e-3}, "lost pieces": {"lose": 0.05}, "doubled pieces": {"double": 0.2},
    "stalls": {"stall": 0.05, "stall_for": 0.012},
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_line_changes_nothing(name):
    host, _ = emulated(line=lambda line: Faulty(line, FaultPlan(seed=2, **FAULTS[name])))
    controller = controller_on(host, quantized(), **LONG)
    wanted = play(Controller(quantized(), "fixed"), 200)
    assert play(controller, 200).tolist() == wanted.tolist()
    counts = host.session.exchange.counts
    assert counts.repeats + counts.late > 0
    controller.reset()


def test_a_board_that_dies_is_lost_and_comes_back_only_by_reconnect():
    host, line = emulated()
    controller = controller_on(host, quantized(), **LONG)
    play(controller, 5)
    line.power(None)
    with pytest.raises(LinkError, match="no answer to TICK"):
        play(controller, 1)
    line.power(Emulator())
    for call in (lambda: play(controller, 1), controller.reset):
        with pytest.raises(LinkError, match="LOST: call disarm and connect once the robot is safe"):
            call()
    controller._core.reconnect()
    controller.reset(8)
    assert play(controller).tolist() == play(Controller(quantized(), "fixed", seed=8)).tolist()


def test_a_board_that_starts_anew_in_an_episode_is_told():
    host, line = emulated()
    controller = controller_on(host, quantized(), **LONG)
    play(controller, 5)
    line.power(Emulator(boot_id=9))
    with pytest.raises(BoardError, match="the board has started anew"):
        play(controller, 1)


def test_a_host_that_is_late_finds_the_board_safe():
    host, line = emulated()
    controller = controller_on(host, quantized(), hold=0.05, watchdog=0.2)
    play(controller, 5)
    host.transport.read(0.1)
    assert line.device.device.state.name == "HOLD"
    host.transport.read(0.2)
    assert line.device.board.outputs == (0, 0)
    with pytest.raises(BoardError, match="the board is SAFE"):
        play(controller, 1)


def test_a_board_that_held_meanwhile_slews_from_what_it_held():
    host, line = emulated()
    program = quantized(slew=0.25, on_hold="rest")
    controller = controller_on(host, program, hold=0.05, watchdog=0.5)
    before = play(controller, 9)[-1]
    host.transport.read(0.1)
    held = line.device.board.outputs
    after = play(controller, 1, seed=4)[0]
    assert line.device.board.outputs == tuple(controller._core.network.last.tolist())
    unit = 1 / 32767
    assert (np.abs(after - np.array(held) * unit) <= 0.25 + unit).all()
    assert np.abs(before).max() > 0
    play(controller, 20)
    controller.reset()  # the digests are the same again


@pytest.mark.parametrize("asked", [0.0304, 0.0296], ids=["rounded down", "rounded up"])
def test_a_hold_that_is_no_whole_number_of_milliseconds_is_the_one_of_the_board(asked):
    host, line = emulated()
    controller = controller_on(host, quantized(slew=0.01, on_hold="rest"), hold=asked, watchdog=0.5004)
    play(controller, 9)
    assert line.device.device._hold_us == round(1e6 * controller._core.hold) == 30_000
    assert line.device.device._watchdog_ms == round(1e3 * controller._core.watchdog) == 500
    host.transport.read(0.0301)
    play(controller, 1, seed=4)
    assert host.session.holds == 1
    play(controller, 20)
    controller.reset()


@pytest.mark.parametrize(("asked", "has"), [(0.002, 0.005), (0.0054, 0.005), (0.0056, 0.006), (0.5, 0.5)])
def test_the_watchdog_is_as_the_board_has_it(asked, has):
    host, line = emulated()
    controller = controller_on(host, quantized(), hold=0.001, watchdog=asked)
    play(controller, 1)
    assert line.device.device._watchdog_ms == 1000 * has
    assert controller._core.watchdog == has


def test_times_that_cannot_be_are_refused_ahead_of_the_line():
    host, _ = emulated()
    with pytest.raises(BoardError, match=r"hold is 0\.3 s and watchdog 0\.2 s: it must be 0\.001 <= hold <= watchdog"):
        BoardCore(quantized(), host, hold=0.3, watchdog=0.2)
    assert host.phase is Phase.DISCONNECTED


def test_a_pause_between_episodes_is_no_fault():
    host, _ = emulated()
    controller = controller_on(host, quantized(), hold=0.05, watchdog=0.1)
    play(controller, 5)
    host.transport.read(5.0)
    controller.reset(0)
    assert play(controller, 5).tolist() == play(Controller(quantized(), "fixed", seed=0), 5).tolist()


class Wrong(Board):
    """A board with a mistake: from some tick on an action is one unit off, or the state forgets something."""

    def __init__(self, what):
        self.inner, self.what, self.ticks = FixedBoard(), what, 0
        self.name, self.arithmetic, self.arena = b"wrong", 2, self.inner.arena

    def load(self, image):
        return self.inner.load(image)

    def reset(self):
        self.inner.reset()

    def tick(self, request):
        self.ticks += 1
        step = self.inner.tick(request)
        if self.what == "action" and self.ticks == 4:
            return step._replace(actions=(step.actions[0], step.actions[1] + 1, *step.actions[2:]))
        if self.what == "short":
            return step._replace(actions=step.actions[:-1])
        return step._replace(spikes=step.spikes + 1) if self.what == "spikes" and self.ticks == 4 else step

    def digest(self):
        step, crc = self.inner.digest()
        return step, crc ^ (self.what == "digest")

    def state(self):
        return self.inner.state()

    def idle(self, hold):
        return self.inner.idle(hold)

    def actuate(self, values):
        self.inner.actuate(values)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("action", "tick 4 of the episode: on the board action 1 is"),
        ("spikes", "tick 4 of the episode: on the board .* spikes, by the same image here"),
        ("short", "the board answered with 2 bytes, the image has 2 actions of 2"),
        ("digest", "after 60 steps the digest of the board's state is 0x"),
    ],
)
def test_a_board_that_computes_something_else_is_told(what, words):
    host, _ = emulated(Emulator(Wrong(what)))
    controller = controller_on(host, quantized(), **LONG)
    with pytest.raises(BoardError, match=f"{words}.*see `neurobot board conform`"):
        play(controller, 6)
        controller.reset()


def test_what_no_board_can_do_is_refused():
    host, _ = emulated()
    core = BoardCore(quantized(), host)
    with pytest.raises(SpecError, match="the state of a board cannot be set"):
        core.restore(core.snapshot())
    with pytest.raises(SpecError, match="no projection has a rule"):
        core.learn = True
    assert (core.hold, core.watchdog) == (pytest.approx(0.03), pytest.approx(0.1))


def test_a_program_that_was_not_quantized_is_refused_ahead_of_the_line():
    from neurobot.program import build
    from tests.unit.controllers import spec

    host, _ = emulated()
    with pytest.raises(ImageError, match="neurobot quantize"):
        BoardCore(build(spec(), seed=1), host)
    assert host.phase is Phase.DISCONNECTED


def test_ticks_that_do_not_fit_are_refused_ahead_of_the_line(monkeypatch):
    from neurobot.board import core

    host, _ = emulated()
    monkeypatch.setattr(core, "PAYLOAD", 19)
    with pytest.raises(BoardError, match="a tick takes 21 bytes on the line, 19 are possible: encode on fewer"):
        BoardCore(quantized(), host)
    monkeypatch.setattr(core, "MOST_STEPS", 9)
    with pytest.raises(BoardError, match="a tick has 10 steps, a board takes 9 at most: take a longer dt"):
        BoardCore(quantized(), host)
    assert host.phase is Phase.DISCONNECTED


def test_a_board_with_too_little_memory_says_so():
    host, _ = emulated(Emulator(FixedBoard(arena=500)))
    with pytest.raises(BoardError, match="has room for 500"):
        BoardCore(quantized(), host)
    host, _ = emulated(Emulator(FixedBoard(ram=100)))
    with pytest.raises(BoardError, match="cannot run the image"):
        BoardCore(quantized(), host)


def test_what_is_sent_without_a_tick_goes_its_way_here_and_the_next_tick_is_still_the_boards():
    host, _ = emulated()
    program = quantized(slew=0.25)
    here, there = Controller(program, "fixed"), controller_on(host, program, **LONG)
    for x in observations(9):
        here.step(x)
        there.step(x)
    before = there.sent.copy()
    way = [here.rest().tolist() for _ in range(3)]
    assert [there.rest().tolist() for _ in range(3)] == way != [before.tolist()] * 3
    there.step(observations(1)[0])  # which compares it with what the board gives


def test_at_the_end_the_board_is_brought_to_rest():
    host, line = emulated()
    core = BoardCore(quantized(), host, **LONG)
    core.tick(observations(1)[0])
    assert line.device.device.state.name == "RUNNING"
    core.rest()
    assert line.device.device.state.name == "READY"
    core.rest()


@pytest.mark.parametrize("answered", [False, True], ids=["before it is sent", "after it was answered"])
@pytest.mark.parametrize("ticks", [0, 5], ids=["when it is armed", "in a tick"])
def test_after_an_interrupt_the_board_is_brought_to_rest_and_another_episode_is_possible(monkeypatch, ticks, answered):
    host, line = emulated()
    controller = controller_on(host, quantized(), **LONG)
    play(controller, ticks)
    name = "read" if answered else "write"
    call = getattr(line, name)

    def interrupted(*args):
        if not answered:
            raise KeyboardInterrupt
        data = call(*args)
        if line.device.device.state.name == "RUNNING":
            raise KeyboardInterrupt
        return data

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(line, name, interrupted)
        play(controller, 1)
    assert line.device.device.last_tick == ticks + (answered and ticks > 0)
    controller.end(0.0)
    controller._core.rest()
    assert line.device.device.state.name == "READY"
    controller.reset(8)
    assert play(controller).tolist() == play(Controller(quantized(), "fixed", seed=8)).tolist()
    controller.reset()
