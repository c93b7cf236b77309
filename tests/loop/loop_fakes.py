"""A controller and an environment that do what a test says, with the interface of the real ones."""

from types import SimpleNamespace

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from neurobot.core.base import Tap
from neurobot.errors import ObservationError
from neurobot.loop import Feature, Outcome, Reading, Robot

PERIOD = 0.01


class FakeController:
    """Acts by a formula, and has spikes and membranes that follow from the number of the step."""

    observation_size, action_size, discrete = 3, 2, False
    dt, substeps, control_period = 0.002, 5, PERIOD
    slew, linked = np.inf, False
    program = SimpleNamespace(control_period=PERIOD, spec=SimpleNamespace(decoder=SimpleNamespace(size=2)))

    def __init__(self, *, sizes=(3, 4), spikes_a_step=2):
        self.populations = tuple((f"p{i}", n) for i, n in enumerate(sizes))
        self.n_neurons = sum(sizes)
        self.spikes_a_step = spikes_a_step
        self.calls = []
        self.steps = 0
        self.failures = {}  # number of the step -> the error it raises
        self.silent, self.spikes_most = False, sum(sizes) * self.substeps
        self.tap = Tap(
            kind="float64",
            observation=np.zeros(self.observation_size),
            state=np.zeros(self.n_neurons),
            words=np.arange(self.n_neurons),
            units=np.zeros((0, 2)),
            wanted=np.zeros(self.action_size),
            sent=np.zeros(self.action_size),
            events=np.zeros(1 + 2 * spikes_a_step * self.substeps, np.int32),
            spikes=np.zeros(1, np.int64),
        )

    def step(self, observation, reward=0.0, out=None):
        self.calls.append(("step", reward))
        k, self.steps = self.steps, self.steps + 1
        if k in self.failures:
            raise self.failures[k]
        x = np.asarray(observation)
        if x.dtype.kind not in "fi" or x.shape != (self.observation_size,) or not np.isfinite(x).all():
            raise ObservationError("a bad observation")
        self.tap.observation[:] = x
        self.tap.wanted[:] = x[: self.action_size] * 2.0
        self.sent = np.clip(x[: self.action_size] * 2.0, -1.0, 1.0)
        spikes = self.spikes_of(k)
        self.tap.spikes[:] = self.tap.events[0] = len(spikes)
        self.tap.events[1 : 1 + spikes.size] = spikes.ravel()
        self.tap.state[:] = np.arange(self.n_neurons) + k
        return np.int64(k % 2) if self.discrete else self.sent.copy()

    def spikes_of(self, k):
        order = np.arange(self.spikes_a_step * self.substeps, dtype=np.int32)
        return np.column_stack((order // self.spikes_a_step, (order * 5 + k) % self.n_neurons)).astype(np.int32)

    @property
    def sent(self):
        return self.tap.sent

    @sent.setter
    def sent(self, action):
        self.tap.sent[:] = action

    @property
    def spikes_last(self):
        return int(self.tap.spikes[0])

    @property
    def synops_last(self):
        return 10 * self.spikes_last

    def hold(self):
        self.calls.append(("hold",))
        self.sent = np.full(self.action_size, -0.5)
        return np.int64(0) if self.discrete else self.sent.copy()

    def rest(self):
        self.calls.append(("rest",))
        self.sent = np.clip(0.0, self.sent - self.slew, self.sent + self.slew) * np.ones(self.action_size)
        return np.int64(0) if self.discrete else self.sent.copy()

    @property
    def at_rest(self):
        return not self.sent.any()

    def was_sent(self, action):
        self.sent = np.array(action)

    def end(self, reward, *, truncated):
        self.calls.append(("end", reward, truncated))

    def reset(self, seed):
        self.calls.append(("reset", seed))
        self.steps = 0

    def called(self, name):
        """The arguments of all calls of one method."""
        return [call[1:] for call in self.calls if call[0] == name]


class DiscreteController(FakeController):
    action_size, discrete = 1, True


class FakeEnv(gymnasium.Env):
    """An episode of `length` ticks; `script` says what happens in one of them.

    Args:
        script: number of the tick -> a function that gets the environment and may return what `step` returns.
    """

    observation_space = Box(-np.inf, np.inf, (3,), np.float64)
    action_space = Box(-1.0, 1.0, (2,), np.float32)
    dt = PERIOD

    def __init__(self, length=5, script=None):
        self.length = length
        self.script = script or {}
        self.actions, self.seeds = [], []
        self.k = 0

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        self.k = 0
        return self.observation(), {}

    def step(self, action):
        self.actions.append(action)
        k, self.k = self.k, self.k + 1
        if k in self.script:
            result = self.script[k](self)
            if result is not None:
                return result
        return self.observation(), float(k + 1), False, self.k >= self.length, {}

    def observation(self):
        return np.array([0.1 * self.k, -0.2, self.seeds[-1] or 0.0])


class FakeRobot(Robot):
    """A robot with three sensors and two actuators, in no simulation; `script` as `FakeEnv`'s, by number of the tick.

    Args:
        clock: whose time stamps the observations.
        length: ticks until a time limit.
    """

    control_period = PERIOD

    def __init__(self, clock=None, length=5, script=None):
        torque = Feature(unit="N m", low=-1, high=1)
        self.observation_features = {"angle": Feature(unit="rad"), "speed": Feature(unit="rad/s"), "seed": Feature()}
        self.action_features = {"left": torque, "right": torque}
        self.clock, self.length, self.script = clock, length, script or {}
        self.calls, self.actions = [], []
        self.k = 0
        self.values, self.time = np.zeros(3), None

    def connect(self):
        self.calls.append("connect")

    def reset(self, seed):
        self.calls.append("reset")
        self.k = 0

    def get_observation(self):
        if self.k in self.script:
            self.script[self.k](self)
        return Reading(self.values, self.time)

    def send_action(self, action):
        self.actions.append(np.array(action))
        self.k += 1
        return action

    def outcome(self):
        return Outcome(truncated=self.k >= self.length)

    def disconnect(self):
        self.calls.append("disconnect")
