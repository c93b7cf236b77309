"""Loop and guard around a board: what a dead board makes of them."""

import gymnasium
import numpy as np
import pytest

from neurobot.board.emulator import Emulator
from neurobot.controller import Controller
from neurobot.errors import BoardError, GuardError, LinkError
from neurobot.loop import Loop, SimClock
from neurobot.loop.guard import Mode
from tests.board.lines import controller_on, emulated
from tests.board.programs import quantized

LONG = {"hold": 0.5, "watchdog": 0.5}


class Env(gymnasium.Env):
    """Sixty ticks that hand out what was done; at tick `at` something happens."""

    metadata = {"render_modes": []}  # noqa: RUF012
    observation_space = gymnasium.spaces.Box(-1, 1, (3,))
    action_space = gymnasium.spaces.Box(-1, 1, (2,))

    def __init__(self, at=-1, happens=lambda: None):
        self.at, self.happens, self.actions = at, happens, []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        return self._observation(), {}

    def _observation(self):
        return self.np_random.uniform(-1, 1, 3).astype(np.float32)

    def step(self, action):
        self.n += 1
        self.actions.append(np.array(action).tolist())
        if self.n == self.at:
            self.happens()
        return self._observation(), 1.0, False, self.n == 60, {}


def test_a_loop_through_a_board_is_the_loop_on_the_host():
    here, there = Env(), Env()
    host, _ = emulated()
    Loop(Controller(quantized(), "fixed", seed=0), here, clock=SimClock()).run(3, seed=4)
    loop = Loop(controller_on(host, quantized(), seed=0, **LONG), there, clock=SimClock())
    summary = loop.run(3, seed=4)
    assert there.actions == here.actions
    assert len(here.actions) == 180
    assert 0 < summary.timing["link"].p50 <= summary.timing["tick"].p50


@pytest.mark.parametrize(("dies", "error"), [(True, LinkError), (False, BoardError)])
def test_a_board_that_fails_ends_the_loop_safe_until_an_operator_has_seen_to_it(dies, error):
    host, line = emulated()
    controller = controller_on(host, quantized(), seed=0, **LONG)
    env = Env(20, lambda: line.power(None if dies else Emulator(boot_id=99)))
    loop = Loop(controller, env, clock=SimClock())
    with pytest.raises(error):
        loop.run(1, seed=1)
    assert len(env.actions) == 20
    assert loop.guard.mode is Mode.SAFE
    with pytest.raises(GuardError, match="the guard is SAFE"):
        loop.run(1, seed=1)
    loop.guard.disarm()
    env.at = -1
    line.power(Emulator(boot_id=100))
    with pytest.raises(LinkError, match="call disarm and connect once the robot is safe"):
        loop.run(1, seed=1)
    loop.guard.disarm()
    controller._core.reconnect()
    assert loop.run(1, seed=1).ticks == 60
