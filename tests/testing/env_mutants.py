"""An environment that keeps its contract, and environments that break it in one thing each."""

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete


class Good(gymnasium.Env):
    """A point that is pushed and shaken; an episode is 30 steps, or until it has gone too far."""

    observation_space = Box(-8.0, 8.0, (2,), np.float32)
    action_space = Box(-1.0, 1.0, (1,), np.float32)
    dt = 0.05
    k = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x = self.np_random.uniform(-1, 1, 2)
        self.k = 0
        return self.observation(), {}

    def step(self, action):
        if self.k is None:
            raise RuntimeError("call reset first")
        self.check(action)
        self.k += 1
        self.x[1] += self.dt * float(action[0]) + self.np_random.normal(0.0, 0.01)
        self.x[0] += self.dt * self.x[1]
        terminated, truncated = bool(abs(self.x[0]) > 2), self.k == 30
        result = self.observation(), self.reward(), terminated, truncated, {}
        if terminated or truncated:
            self.k = None
        return result

    def check(self, action):
        if not np.isfinite(action).all():
            raise ValueError("the action is not finite")

    def observation(self):
        return self.x.astype(np.float32)

    def reward(self):
        return -float(abs(self.x[0]))


class Choice(Good):
    """Three actions: left, nothing, right."""

    action_space = Discrete(3)

    def step(self, action):
        return super().step(np.array([action - 1.0]))

    def check(self, action):
        if abs(action[0]) > 1:
            raise ValueError("there is no such choice")


class TakesAnyChoice(Choice):
    def check(self, action):
        pass


class NestedObservations(Good):
    observation_space = Dict({"x": Good.observation_space})


class CountsFromOne(Choice):
    action_space = Discrete(3, start=1)


class TwoRowsOfActions(Good):
    action_space = Box(-1.0, 1.0, (1, 1), np.float32)


class UnseededReset(Good):
    """Its generator is not gymnasium's."""

    def reset(self, *, seed=None, options=None):
        result = super().reset(seed=seed)
        self._np_random = np.random.default_rng(1)
        return result


class NoOptions(Good):
    def reset(self, *, seed=None):
        return super().reset(seed=seed)


class Late(Good):
    """What is wrong begins in the fifth step, where gymnasium's checker no longer looks."""

    @property
    def late(self):
        return self.k is not None and self.k > 4


class NaNObservation(Late):
    def observation(self):
        return super().observation() * np.float32(np.nan if self.late else 1)


class FarObservation(Late):
    def observation(self):
        return super().observation() + np.float32(20 * self.late)


class WideObservation(Late):
    def observation(self):
        return self.x.copy() if self.late else super().observation()


class LongObservation(Late):
    def observation(self):
        return np.zeros(3, np.float32) if self.late else super().observation()


class ListObservation(Late):
    def observation(self):
        return super().observation().tolist() if self.late else super().observation()


class NaNReward(Late):
    def reward(self):
        return np.nan if self.late else super().reward()


class ArrayReward(Late):
    def reward(self):
        return np.zeros(1) if self.late else super().reward()


class NoReward(Late):
    def reward(self):
        return None if self.late else super().reward()


class Flag(Late):
    """A flag is 0 or 1 from the fifth step on."""

    which = 2

    def step(self, action):
        result = list(super().step(action))
        if self.late:
            result[self.which] = int(result[self.which])
        return tuple(result)


class OtherFlag(Flag):
    which = 3


class WarmStart(Late):
    """Something of the last episode is left after a reset."""

    rest = 0.0

    def reward(self):
        self.rest += 1e-9 * self.late
        return super().reward() + self.rest * self.late


class Unrepeatable(Late):
    """It draws from a generator that nobody seeds."""

    def reward(self):
        return super().reward() + (np.random.default_rng().normal() if self.late else 0.0)


class SharedBuffer(Good):
    """The state of all instances is one array."""

    everyones = np.zeros(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.everyones[:] = self.x
        self.x = self.everyones
        return self.observation(), {}


class NegativePeriod(Good):
    @property
    def dt(self):
        return -0.05


class PeriodInWords(Good):
    tau, dt = "50 ms", None

    def step(self, action):
        self.dt = 0.05
        result = super().step(action)
        self.dt = None
        return result


class NoPeriod(PeriodInWords):
    """Right: it says that it has none."""

    tau = None


class GoesOn(Good):
    def step(self, action):
        self.k = 30 if self.k is None else self.k
        return super().step(action)


class SilentNaN(Good):
    def check(self, action):
        pass

    def observation(self):
        return np.nan_to_num(super().observation())


class RemembersNaN(Good):
    """It refuses the action, and is no more what it was."""

    broken = 0.0

    def check(self, action):
        self.broken = 1.0 if not np.isfinite(action).all() else self.broken
        super().check(action)

    def reward(self):
        return super().reward() + self.broken


class EndsByNaN(Good):
    """Right: the simulation breaks down, and says so."""

    def step(self, action):
        if not np.isfinite(action).all():
            self.k = None
            return self.observation(), 0.0, True, False, {"physics_error": "the control is not finite"}
        return super().step(action)


class GoesOnAfterNaN(EndsByNaN):
    def step(self, action):
        observation, reward, _, truncated, info = super().step(np.asarray(action))
        return observation, reward, False, truncated, info


class ClosesOnce(Good):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
