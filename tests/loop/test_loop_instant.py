"""A robot that answers at once."""

import numpy as np
import pytest
from loop_fakes import DiscreteController, FakeController

from neurobot.errors import RobotError
from neurobot.loop import Loop, SimClock
from neurobot.loop.instant import Instant

SEEN = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("controller", [FakeController(), DiscreteController()])
def test_observations_come_over_and_over_until_time_is_up(controller):
    robot = Instant(controller, SEEN, ticks=5)
    given, get_observation = [], robot.get_observation
    robot.get_observation = lambda: given.append(get_observation()) or given[-1]
    loop = Loop(controller, robot, clock=SimClock())
    for _ in range(2):
        given.clear()
        summary = loop.run_episode(0)
        assert (summary.length, summary.truncated, summary.holds) == (5, True, 0)
        np.testing.assert_array_equal([g.values for g in given], SEEN[[0, 1, 0, 1, 0]])


@pytest.mark.parametrize("shape", [(0, 3), (2, 4), (3,)])
def test_observations_that_do_not_fit_are_refused(shape):
    with pytest.raises(RobotError) as error:
        Instant(FakeController(), np.zeros(shape), ticks=5)
    assert str(error.value) == (f"observations have the shape {shape}; give (n, 3) for this controller, n at least 1")
