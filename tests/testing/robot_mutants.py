"""A robot that keeps its contract, and robots that break it in one thing each."""

import time

import numpy as np

from neurobot.errors import RobotError
from neurobot.loop import Feature, Outcome, Reading, Robot

N, M = 2, 2


class Good(Robot):
    """Two sensors that creep, and two actuators; every command is kept for the test to look at."""

    control_period = 0.002
    sent = None  # of all instances, set by a test

    def __init__(self):
        self.observation_features = {"angle": Feature(unit="rad", low=-3, high=3), "speed": Feature(unit="rad/s")}
        torque = Feature(unit="N m", low=-1, high=1)
        self.action_features = {"left": torque, "right": torque}
        self.open, self.k = False, 0

    def connect(self):
        self.open = True

    def check(self):
        if not self.open:
            raise RobotError("it is not connected")

    def get_observation(self):
        self.check()
        self.k += 1
        return Reading(self.values(), self.times())

    def values(self):
        return np.array([1e-3 * self.k, 0.0])

    def times(self):
        return np.full(N, time.monotonic())

    def send_action(self, action):
        self.check()
        if self.sent is not None:
            self.sent.append(np.array(action))
        return action

    def disconnect(self):
        self.open = False


class OneTime(Good):
    """Right: one time for all."""

    def times(self):
        return time.monotonic()


class NoTimes(Good):
    """Right: it says that the values are of now."""

    def times(self):
        return None


class Careful(Good):
    """Right: it sends something else, and says so."""

    def send_action(self, action):
        return super().send_action(action) / 2


class StaleSensor(Good):
    """Right: one sensor has nothing new, and is known to be stale."""

    def times(self):
        return np.array([time.monotonic(), 0.0])


class Simulated(Good):
    """Right: an episode is 5 ticks, and nothing needs to be connected."""

    simulated, control_period = True, None
    ticks = None

    def check(self):
        if self.ticks is None or self.ticks > 5:
            raise RuntimeError("call reset first")

    def reset(self, seed):
        self.ticks = 0

    def send_action(self, action):
        self.ticks += 1
        return super().send_action(action)

    def outcome(self):
        return Outcome(reward=-1.0, truncated=self.ticks == 5)


class PlainFeature(Good):
    def __init__(self):
        super().__init__()
        self.observation_features["speed"] = "rad/s"


class NoActuators(Good):
    def __init__(self):
        super().__init__()
        self.action_features = {}


class ListOfNames(Good):
    def __init__(self):
        super().__init__()
        self.action_features = ["left", "right"]


class NumberedFeature(Good):
    def __init__(self):
        super().__init__()
        self.action_features = dict(enumerate(self.action_features.values()))


class SameName(Good):
    """A mapping of its own, that has a name twice."""

    class Twice(dict):
        def __iter__(self):
            return iter(["angle", "angle"])

    def __init__(self):
        super().__init__()
        self.observation_features = self.Twice(self.observation_features)


class NoPort(Good):
    def connect(self):
        raise RobotError("there is no such port")


class LearnsItsFeatures(Good):
    """The range is known only once it is connected."""

    def connect(self):
        super().connect()
        self.observation_features = self.observation_features | {"speed": Feature(low=-5, high=5)}


class PeriodInWords(Good):
    control_period = "20 ms"


class NegativePeriod(Good):
    control_period = -0.02


class SimulatedPerhaps(Good):
    simulated = 0


class NoReading(Good):
    """A tuple with the right names, that is no Reading."""

    class Pair(tuple):
        values, time = property(lambda self: self[0]), property(lambda self: self[1])

    def get_observation(self):
        return self.Pair(super().get_observation())


class NaNValue(Good):
    def values(self):
        return np.array([np.nan, 0.0]) if self.k == 5 else super().values()


class FarValue(Good):
    def values(self):
        return super().values() + np.array([4.0 * (self.k > 4), 0.0])


class LongValues(Good):
    def values(self):
        return np.zeros(3)


class FutureTime(Good):
    def times(self):
        return super().times() + np.array([0.0, 5.0])


class WallTime(Good):
    def times(self):
        return time.time()


class TimeSinceStart(Good):
    """The microcontroller's own clock."""

    def times(self):
        return 1e-3 * self.k


class TimeGoesBack(Good):
    def times(self):
        return super().times() - np.array([0.0, 1.0 * (self.k > 4)])


class NaNTime(Good):
    def times(self):
        return np.array([time.monotonic(), np.nan])


class ThreeTimes(Good):
    def times(self):
        return np.full(3, time.monotonic())


class Waits(Good):
    def get_observation(self):
        time.sleep(1.5 * self.control_period)
        return super().get_observation()


class OneBuffer(Good):
    """Every reading is the same array."""

    def __init__(self):
        super().__init__()
        self.buffer = np.zeros(N)

    def values(self):
        self.buffer[:] = super().values()
        return self.buffer


class OneBufferOfTimes(OneBuffer):
    def values(self):
        return Good.values(self)

    def times(self):
        self.buffer[:] = super().times()
        return self.buffer


class WritesOver(Good):
    def send_action(self, action):
        super().send_action(action)
        action += 0.5
        return action


class Mute(Good):
    def send_action(self, action):
        super().send_action(action)


class SaysTooMuch(Good):
    def send_action(self, action):
        return np.append(super().send_action(action), 0.0)


class SentTooMuch(Good):
    def send_action(self, action):
        return super().send_action(action) + 2


class SentNaN(Good):
    def send_action(self, action):
        return super().send_action(action) * np.nan


class NoOutcome(Good):
    """It has the right names, and is no Outcome."""

    def outcome(self):
        return type("Result", (), {"reward": 0.0, "terminated": False, "truncated": False, "fault": ""})()


class NaNReward(Good):
    def outcome(self):
        return Outcome(reward=np.nan)


class FlagOfNumPy(Good):
    def outcome(self):
        return Outcome(truncated=np.bool_(False))


class FaultAsNumber(Good):
    def outcome(self):
        return Outcome(fault=0)


class DisconnectsOnce(Good):
    def disconnect(self):
        if not self.open:
            raise OSError("closed already")
        super().disconnect()


class ConnectsOnce(Good):
    was = False

    def connect(self):
        if self.was:
            raise RuntimeError("threads can only be started once")
        self.was = True
        super().connect()


class BlindTheSecondTime(ConnectsOnce):
    times_connected = 0

    def connect(self):
        self.times_connected += 1
        Good.connect(self)

    def values(self):
        return super().values() * (np.nan if self.times_connected > 1 else 1)


class WorksUnconnected(Good):
    def check(self):
        pass


class AnotherError(Good):
    def check(self):
        if not self.open:
            raise AttributeError("'NoneType' object has no attribute 'read'")


class WritesUnconnected(Good):
    def send_action(self, action):
        return action
