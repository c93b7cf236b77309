"""A controller that learns on a board: what it learns is what it learns on the host, once, on any line."""

import numpy as np
import pytest

from neurobot.board.core import BoardCore
from neurobot.core import FixedCore
from neurobot.errors import BoardError
from neurobot.link.protocol import TickFlag, TickRequest
from neurobot.testing.faults import FaultPlan, Faulty
from neurobot.testing.programs import observations
from tests.board.lines import emulated
from tests.unit.test_fixed_learning import NAME, RULES, learnt, quantized, rewards

LONG = {"hold": 0.5, "watchdog": 0.5}


def episode(cores, ticks=40, seed=5):
    xs, r = observations(ticks, seed), rewards(ticks)
    for k in range(ticks):
        for core in cores:
            core.tick(xs[k], r[k - 1] if k else 0.0)
    for core in cores:
        core.end(r[-1])


def on_board(program, **more):
    host, line = emulated(**more)
    return BoardCore(program, host, learn=True, **LONG), line


def same(core, here, line):
    """Whether a board, what runs beside it, and a core of the host learnt the same."""
    assert line.device.board.digest()[1] == here.digest() == core.digest()
    assert np.array_equal(learnt(core), learnt(here))
    return not np.array_equal(learnt(here), here.program.param(f"{NAME}.weights"))


@pytest.mark.parametrize("rule", ["pairs", "centred", "nearest, of one step"])
def test_a_board_learns_what_a_host_does_over_episodes(rule):
    program = quantized(RULES[rule])
    (core, line), here = on_board(program), FixedCore(program, learn=True)
    for seed in (1, None, 2):
        for one in (core, here):
            one.reset(seed)
        episode((core, here))
        assert same(core, here, line)
    core.reset()
    here.reset()
    assert same(core, here, line)


@pytest.mark.parametrize(
    "faults", [{"flip": 1e-3}, {"drop": 1e-3}, {"lose": 0.05}, {"double": 0.2}, {"stall": 0.05, "stall_for": 0.012}]
)
def test_on_a_bad_line_every_reward_counts_once(faults):
    program = quantized()
    core, _ = on_board(program, line=lambda line: Faulty(line, FaultPlan(seed=2, **faults)))
    here = FixedCore(program, learn=True)
    episode((core, here), 200)
    counts = core.host.session.exchange.counts
    assert counts.repeats + counts.damaged > 0 or "double" in faults
    core.verify()
    assert np.array_equal(learnt(core), learnt(here))


def test_learning_is_switched_between_ticks_and_what_was_learnt_is_forgotten():
    program = quantized()
    (core, line), here = on_board(program), FixedCore(program, learn=True)
    episode((core, here))
    for one in (core, here):
        one.learn = False
    before = learnt(core)
    episode((core, here))
    assert same(core, here, line)
    assert np.array_equal(learnt(core), before)
    for one in (core, here):
        one.forget()
    core.verify()  # the board has not heard of it yet
    episode((core, here), 3)
    assert not same(core, here, line)
    assert core.plasticity[NAME].moved == 0


def test_a_board_that_has_the_image_already_begins_with_its_weights():
    program = quantized()
    first, line = on_board(program)
    episode((first,))
    first.rest()
    asked = first.host.session.exchange.counts.asked
    again, here = BoardCore(program, first.host, learn=True, **LONG), FixedCore(program, learn=True)
    assert first.host.session.exchange.counts.asked < asked + 4  # it was not loaded
    episode((again, here))
    assert same(again, here, line)


def test_an_end_of_an_episode_that_was_none_is_nothing():
    program = quantized()
    (core, line), here = on_board(program), FixedCore(program, learn=True)
    before = core.digest()
    for one in (core, here):
        one.end(3.0)
        assert one.digest() == before
    episode((core,), 5)
    line.device.board.network.state[3] ^= 1
    with pytest.raises(BoardError, match="digest"):
        core.verify()


def test_a_board_that_went_to_rest_does_not_take_the_last_reward():
    program = quantized()
    (core, _), here = on_board(program), FixedCore(program, learn=True)
    xs, r = observations(10, 5), rewards(10)
    for k in range(10):
        for one in (core, here):
            one.tick(xs[k], r[k - 1] if k else 0.0)
    core.host.transport.read(2.0)  # so long that its watchdog ends it
    core.end(5.0)
    assert np.array_equal(learnt(core), learnt(here))
    core.reset()


@pytest.fixture
def torn(monkeypatch):
    """A core whose tick was interrupted, and its line."""
    core, line = on_board(quantized())
    episode((core,), 5)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(line, "read", interrupt)
        core.tick(observations(1)[0])
    return core, line


def test_a_tick_that_was_interrupted_has_no_last_reward(torn):
    core, _ = torn
    before = core.digest()
    core.end(1.0)
    assert core.digest() == before


def test_after_a_tick_that_was_interrupted_learning_begins_anew(torn):
    core, line = torn
    core.rest()
    assert line.device.device.state.name == "READY"
    with pytest.raises(BoardError, match=r"may not have learnt what was learnt here: keep that with to_program, then"):
        core.reset()
    core.reconnect()
    here = FixedCore(core.program, learn=True)
    for one in (core, here):
        one.reset(3)
    episode((core, here))
    assert same(core, here, line)


def test_a_tick_that_is_refused_does_not_forget():
    program = quantized()
    core, line = on_board(program)
    episode((core,))
    board = line.device.board
    before = board.digest()
    flags = TickFlag.LEARN | TickFlag.FORGET
    for steps, data in ((0, b"x"), (3, b""), (core.image.substeps, b"x")):
        assert isinstance(board.tick(TickRequest(1, steps, flags, 5, 0, data)), int)
        assert board.digest() == before
    assert not isinstance(board.tick(TickRequest(1, 0, flags, 0, 0, b"")), int)
    assert board.digest() != before
