"""check_robot finds nothing in robots that keep the contract, and in each broken one the sentence that it breaks."""

from functools import partial

import numpy as np
import pytest
from gymnasium.spaces import Discrete

from neurobot.envs import make, vector_ids
from neurobot.errors import ConformanceError
from neurobot.loop import EnvRobot
from neurobot.testing import check_robot
from neurobot.testing.robot import ROBOT
from tests.testing import robot_mutants as mutants

REST = np.zeros(mutants.M)
SENTENCES = [sentence.text for sentence in ROBOT]
ALONE = {
    "It is a Robot": (
        mutants.PlainFeature,
        mutants.NoActuators,
        mutants.ListOfNames,
        mutants.NumberedFeature,
        mutants.SameName,
    ),
    "connect and disconnect raise": (mutants.NoPort,),
    "known before connect": (mutants.LearnsItsFeatures,),
    "control_period is": (mutants.PeriodInWords, mutants.NegativePeriod, mutants.SimulatedPerhaps),
    "A reading has": (mutants.NoReading, mutants.NaNValue, mutants.FarValue),
    "Times are": (
        mutants.FutureTime,
        mutants.WallTime,
        mutants.TimeSinceStart,
        mutants.TimeGoesBack,
        mutants.ThreeTimes,
    ),
    "does not wait": (mutants.Waits,),
    "does not change": (mutants.OneBuffer, mutants.OneBufferOfTimes),
    "send_action does not": (
        mutants.WritesOver,
        mutants.Mute,
        mutants.SaysTooMuch,
        mutants.SentTooMuch,
        mutants.SentNaN,
    ),
    "An outcome": (mutants.NoOutcome, mutants.NaNReward, mutants.FlagOfNumPy, mutants.FaultAsNumber),
    "called twice": (mutants.DisconnectsOnce,),
    "connected again": (mutants.ConnectsOnce, mutants.BlindTheSecondTime),
    "Without a connection": (mutants.WorksUnconnected, mutants.AnotherError, mutants.WritesUnconnected),
}
"""By words of a sentence: robots that break it and no other."""
AMONG_OTHERS = {"A reading has": (mutants.LongValues,), "Times are": (mutants.NaNTime,)}
"""By words of a sentence: robots that break it, and with it others that follow from it."""


def sentence_of(words):
    (sentence,) = (s for s in SENTENCES if words in s)
    return sentence


def broken(make_robot, rest=REST, ticks=8):
    with pytest.raises(ConformanceError) as caught:
        check_robot(make_robot, rest=rest, ticks=ticks)
    return caught.value.broken


def pairs(table):
    return [pytest.param(words, make, id=make.__name__) for words, makes in table.items() for make in makes]


@pytest.mark.parametrize(
    "make_robot",
    [mutants.Good, mutants.OneTime, mutants.NoTimes, mutants.Careful, mutants.StaleSensor, mutants.Simulated],
)
def test_robots_that_keep_the_contract_conform(make_robot):
    check_robot(make_robot, rest=REST)


@pytest.mark.parametrize("env_id", vector_ids())
def test_this_projects_tasks_conform_as_robots(env_id):
    robot = EnvRobot(make(env_id))
    rest = 0 if isinstance(robot.action_space, Discrete) else np.zeros(len(robot.action_features))
    check_robot(lambda: robot, rest=rest)
    robot.env.close()


@pytest.mark.parametrize(("words", "make_robot"), pairs(ALONE))
def test_a_robot_that_breaks_one_sentence_is_told_so(words, make_robot):
    assert list(broken(make_robot)) == [sentence_of(words)]


@pytest.mark.parametrize(("words", "make_robot"), pairs(AMONG_OTHERS))
def test_a_robot_that_breaks_a_sentence_is_told_so(words, make_robot):
    assert sentence_of(words) in broken(make_robot)


def test_what_is_no_robot_is_told_so():
    assert broken(object)[sentence_of("It is a Robot")] == "it is a object; subclass neurobot.loop.Robot"


def test_every_sentence_has_a_robot_that_breaks_it():
    assert {sentence_of(words) for words in (*ALONE, *AMONG_OTHERS, "rest, as given")} == set(SENTENCES)


def test_nothing_but_rest_is_ever_sent(monkeypatch):
    sent = []
    monkeypatch.setattr(mutants.Good, "sent", sent)
    rest = np.array([0.25, -0.5])
    check_robot(mutants.Good, rest=rest)
    assert len(sent) > 50
    np.testing.assert_array_equal(sent, np.tile(rest, (len(sent), 1)))


@pytest.mark.parametrize("rest", [0, np.zeros(3), [0.0, np.nan], [0.0, 1.5], "rest"])
def test_with_a_rest_that_is_no_action_nothing_is_sent_or_connected(rest, monkeypatch):
    monkeypatch.setattr(mutants.Good, "connect", lambda self: pytest.fail("it was connected"))
    assert list(broken(mutants.Good, rest)) == [sentence_of("rest, as given")]


def test_a_robot_in_the_world_is_not_reset(monkeypatch):
    monkeypatch.setattr(mutants.Good, "reset", lambda self, seed: pytest.fail("it was reset"))
    check_robot(mutants.Good, rest=REST)


@pytest.mark.parametrize(
    ("make_robot", "words", "seen"),
    [
        (mutants.PlainFeature, "It is a Robot", "observation_features['speed'] is 'rad/s', no Feature"),
        (mutants.SameName, "It is a Robot", "observation_features has the name 'angle' 2 times"),
        (mutants.NoPort, "connect and", "it raised RobotError: there is no such port"),
        (mutants.PeriodInWords, "control_period is", "control_period is '20 ms'"),
        (mutants.NaNValue, "A reading has", "values: 'angle' is nan, it must be finite and from -3 to 3 (reading 4)"),
        (mutants.LongValues, "A reading has", "values: array([0., 0., 0.]); it must be (2,) numbers (reading 0)"),
        (mutants.TimeGoesBack, "Times are", "(reading 4)"),
        (mutants.TimeSinceStart, "Times are", "s before connect, of 8 readings"),
        (mutants.Waits, "does not wait", "the median of 8 calls; the control period is 0.002 s"),
        (mutants.OneBuffer, "does not change", "values of reading 0 became [0.002 0.   ], and was [0.001 0.   ], by"),
        (mutants.WritesOver, "send_action does", "the action was [0. 0.], and is [0.5 0.5] after send_action (tick 0)"),
        (mutants.Mute, "send_action does", "what send_action returned: None; it must be (2,) numbers (tick 0)"),
        (mutants.SentTooMuch, "send_action does", "what send_action returned: 'left' is 2, it must be finite and"),
        (mutants.AnotherError, "Without a", "get_observation raised AttributeError: 'NoneType' object has no"),
        (mutants.WritesUnconnected, "Without a", "send_action raised nothing (before connect)"),
    ],
)
def test_the_error_says_what_was_seen_and_where(make_robot, words, seen):
    assert seen in broken(make_robot)[sentence_of(words)]


@pytest.mark.parametrize(
    ("options", "said"),
    [({"period": 0}, "period is 0, it must be a finite number above 0"), ({"ticks": 1}, "ticks is 1, it must be at")],
)
def test_settings_that_cannot_be_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        check_robot(partial(pytest.fail, "it was made"), rest=REST, **options)
