"""The closed loop: sense, tick, act, in step with a clock.

    observation ──controller.step──▶ action ──env.step──▶ reward, next observation ──clock.wait──▶ next tick

A tick is the same in simulated and in real time; only the clock differs. Limits on the action (finite, clamped, within
the slew rate) are in the controller's compiled tick, so what is sent here is what `Controller.sent` reports. Whatever
goes wrong within a tick ends in one of three ways: an action from `Controller.hold`, the end of the episode, or an
error that passes through after `Controller.end` was called.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, final

from neurobot.errors import ActionError, ObservationError
from neurobot.loop.clock import Clock
from neurobot.loop.fit import action_cast, check_fit
from neurobot.loop.quiet import Interrupts, no_garbage_collection
from neurobot.loop.summary import EpisodeSummary, RunSummary
from neurobot.loop.timing import StageTimes

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning
    from neurobot.loop.record import Recorder


@final
class Loop:
    """Runs a controller in an environment.

    Args:
        controller: see `neurobot.Controller`.
        env: a `gymnasium.Env` with a flat `Box` of observations, and a flat `Box` or `Discrete` space of actions.
        clock: `SimClock` runs as fast as it can, `RealClock` keeps to the control period.
        recorder: takes every tick, if given; the caller closes it.
        learning: of the same controller, lets it learn while it runs; without, `controller.learn` stays as it is.

    Raises:
        EnvError: spaces, sizes or control period that do not fit the controller.
    """

    def __init__(
        self,
        controller: Controller,
        env: Any,
        *,
        clock: Clock,
        recorder: Recorder | None = None,
        learning: Learning | None = None,
    ):
        check_fit(controller, env)
        self._controller = controller
        self._env = env
        self._clock = clock
        self._recorder = recorder
        self._learning = learning
        self._cast = action_cast(env.action_space)

    def run_episode(self, seed: int) -> EpisodeSummary:
        """Run one episode.

        Args:
            seed: of the environment and of the controller's chance.

        Returns:
            What it was like; after Ctrl-C, of the ticks that ran.

        Raises:
            KeyboardInterrupt: a second Ctrl-C while the environment was being reset.
        """
        with Interrupts() as interrupts:
            return self._episode(seed, interrupts, StageTimes())

    def run(self, episodes: int, seed: int) -> RunSummary:
        """Run episodes one after the other.

        Episode k starts environment and controller with seed + k, so that each can be repeated alone by
        ``run_episode(seed + k)``.

        Args:
            episodes: how many, at least 1.
            seed: of the first.

        Returns:
            What they were like; after Ctrl-C, of those that ran.

        Raises:
            ValueError: no episodes.
        """
        if episodes < 1:
            raise ValueError(f"episodes is {episodes}, it must be at least 1")
        done: list[EpisodeSummary] = []
        total = StageTimes()
        interrupted = False
        with Interrupts() as interrupts:
            while len(done) < episodes and not interrupted:
                times = StageTimes()
                try:
                    done.append(self._episode(seed + len(done), interrupts, times))
                except KeyboardInterrupt:  # before the episode had begun
                    interrupted = True
                else:
                    total.update(times)
                    interrupted = interrupts.requested or done[-1].interrupted
        learnt = None if self._learning is None else self._learning.summary()
        return RunSummary(
            episodes=tuple(done), seed=seed, interrupted=interrupted, timing=total.timing(), learning=learnt
        )

    def _episode(self, seed: int, interrupts: Interrupts, times: StageTimes) -> EpisodeSummary:
        tally = _Tally()
        observation, _ = self._env.reset(seed=seed)
        self._controller.reset(seed)
        if self._learning is not None:
            self._learning.start_episode()
        if self._recorder is not None:
            self._recorder.start_episode(seed)
        try:
            with no_garbage_collection():
                self._clock.start(self._controller.control_period)
                self._ticks(observation, tally, interrupts, times)
        except KeyboardInterrupt:  # the second Ctrl-C, or one that somebody else's handler raised
            tally.interrupted = True
        except BaseException as error:
            self._end(tally, {"error": f"{type(error).__name__}: {error}"})
            raise
        summary = self._summary(seed, tally, times)
        self._end(tally, summary.to_dict())
        return summary

    def _ticks(self, observation: Any, tally: _Tally, interrupts: Interrupts, times: StageTimes) -> None:
        """Tick until something ends the episode."""
        env_step, cast, wait = self._env.step, self._cast, self._clock.wait
        recorder, learning, now = self._recorder, self._learning, time.perf_counter_ns
        begin = now()
        while True:
            if recorder is not None:
                recorder.sense(observation, tally.reward)
            sensed = now()
            if learning is not None:
                learning.ahead()
            action, held = self._decide(observation, tally)
            if learning is not None:
                learning.after(held)
            decided = now()
            observation, reward, terminated, truncated, info = env_step(cast(action))
            acted = now()
            tally.add(float(reward), terminated, truncated, info.get("physics_error"))
            if recorder is not None:
                recorder.act(held)
            stages = (sensed - begin, decided - sensed, acted - decided, 0, wait())
            begin = now()
            times.add(stages)
            if recorder is not None:
                recorder.done(stages)
            if tally.over:
                return
            if interrupts.requested:
                tally.interrupted = True
                return

    def _decide(self, observation: Any, tally: _Tally) -> tuple[Any, bool]:
        """The action of this tick, and whether it had to be held."""
        controller = self._controller
        try:
            action = controller.step(observation, tally.take_reward())
        except (ObservationError, ActionError) as error:
            tally.holds += 1
            tally.hold_reason = tally.hold_reason or str(error)
            return controller.hold(), True
        tally.spikes += controller.spikes_last
        tally.synops += controller.synops_last
        return action, False

    def _end(self, tally: _Tally, summary: dict[str, Any]) -> None:
        last = tally.take_reward()
        try:
            ends = self._controller if self._learning is None else self._learning
            ends.end(last, truncated=not tally.terminated)
        finally:
            if self._recorder is not None:
                self._recorder.end_episode(last, summary)

    def _summary(self, seed: int, tally: _Tally, times: StageTimes) -> EpisodeSummary:
        return EpisodeSummary(
            seed=seed,
            total_reward=tally.total_reward,
            length=tally.length,
            duration=self._clock.now(),
            terminated=tally.terminated,
            truncated=tally.truncated,
            interrupted=tally.interrupted,
            physics_error=tally.physics_error,
            holds=tally.holds,
            hold_reason=tally.hold_reason,
            spikes=tally.spikes,
            synops=tally.synops,
            deadlines=self._clock.deadlines(),
            timing=times.timing(),
        )


@final
class _Tally:
    """What an episode adds up to so far.

    Attributes:
        reward: of the last action, as long as the controller has not had it.
    """

    __slots__ = (
        "hold_reason", "holds", "interrupted", "length", "over", "physics_error", "reward", "spikes", "synops",
        "terminated", "total_reward", "truncated",
    )  # fmt: skip

    def __init__(self) -> None:
        self.reward = self.total_reward = 0.0
        self.length = self.holds = self.spikes = self.synops = 0
        self.over = self.terminated = self.truncated = self.interrupted = False
        self.physics_error = self.hold_reason = ""

    def add(self, reward: float, terminated: bool, truncated: bool, fault: object) -> None:
        """Count what `env.step` gave."""
        if fault and not math.isfinite(reward):
            reward = 0.0  # a simulation that broke down may earn NaN, which must not reach a learning rule
        self.reward = reward
        self.total_reward += reward
        self.length += 1
        if terminated or truncated or fault:
            self.over = True
            self.terminated, self.truncated = bool(terminated), bool(truncated)
            self.physics_error = fault if isinstance(fault, str) else "the simulation broke down" if fault else ""

    def take_reward(self) -> float:
        """The reward of the last action, once: every reward is delivered one time at most."""
        reward, self.reward = self.reward, 0.0
        return reward
