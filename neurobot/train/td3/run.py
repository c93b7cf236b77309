"""TD3 with a spiking actor: two critics, a delayed actor, and the memory of every step.

Fujimoto, van Hoof & Meger, "Addressing function approximation error in actor-critic methods", ICML 2018
(arXiv:1802.09477), with these differences: the actor is a spiking controller, trained by surrogate gradients and run,
while it explores and when it is evaluated, by its own run-time core; there need not be a target actor, the actor itself
says what is done next; and as many updates as there are environments follow each of their steps.

A round begins with new episodes, and all of its chance follows from the seed and its number, so that between two
rounds nothing is left in environments or generators: one that is resumed equals one that was not, bit for bit, with
the same BLAS and number of its threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from neurobot.core.base import cast_params
from neurobot.kernels.bptt_compiled import critic_kernel
from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.train.budget import share_used
from neurobot.train.environments import TRAINING_SEEDS, VALIDATION_SEEDS, make_envs
from neurobot.train.method import Job, Report, Run, State
from neurobot.train.normalizer import MIN_STD, RunningNormalizer
from neurobot.train.rollout import Rollout
from neurobot.train.surrogate import Adam
from neurobot.train.td3.actor import Actor
from neurobot.train.td3.critics import Critics
from neurobot.train.td3.replay import Batch, Replay
from neurobot.train.td3.settings import TD3
from neurobot.train.td3.targets import miss, truncated


@dataclass(slots=True)
class _Tally:
    """What happens in a round."""

    returns: list[float]
    running: np.ndarray
    loss: float = 0.0
    worth: float = 0.0
    updates: int = 0
    climbs: int = 0
    spikes: int = 0
    synops: int = 0
    ticks: int = 0


@final
class TD3Run(Run):
    """A TD3 run.

    Args:
        job: what to train; its environment is a batched task of `neurobot.envs`.
        settings: see `TD3`.

    Raises:
        EnvError: an unknown task, or one that does not fit the program.
        SpecError: the program has something without a gradient.
        TrainingError: the program cannot be an actor of TD3.
    """

    unit: ClassVar[str] = "round"
    score: ClassVar[str] = "return"

    def __init__(self, job: Job, settings: TD3) -> None:
        self._job, self._settings = job, settings
        self._actor = Actor(job.program, settings)
        self._envs = make_envs(job.env, settings.num_envs)
        check_period(job.program, self._envs.control_period)
        self._validation = Rollout(job.program, make_envs(job.env, settings.episodes))
        n, n_act = job.program.observation_size, job.program.action_size
        self._n, self._n_act = n, n_act
        rng = np.random.Generator(np.random.Philox(key=[job.seed, 0]))
        self._critics, self._targets = (
            Critics(n + n_act, settings.hidden, 2, rng, settings.layer_norm, settings.quantiles) for _ in range(2)
        )
        self._targets.values[:] = self._critics.values
        self._adam = Adam({"critics": self._critics.values}, settings.critic_rate)
        self._follow = critic_kernel("follow")
        self._replay = Replay(settings.replay, n, n_act)
        self._batch = Batch.empty(settings.policy_delay * settings.batch, n, n_act)
        self._normalizer = RunningNormalizer.empty(n)
        self._mean, self._share = np.zeros(n, np.float32), np.ones(n, np.float32)
        self._rounds = self._steps = 0
        self.best = float("nan")
        self._best_params = job.program.params

    def share(self) -> float:
        """How much of the budget is used."""
        s = self._settings
        return share_used(self._steps, s.steps, self._job.clock.seconds, s.core_minutes)

    def step(self) -> Report:
        """A round: new episodes; a step of every environment and as many updates, again and again."""
        s = self._settings
        rng = np.random.Generator(np.random.Philox(key=[self._job.seed, self._rounds + 1]))
        ticks = s.round_ticks
        if s.steps is not None:
            ticks = min(ticks, -(-(s.steps - self._steps) // s.num_envs))
        self._actor.core.reset(seed=int(rng.integers(1 << 31)))
        now, _ = self._envs.reset(seed=self._seeds(rng))
        tally = _Tally([], np.zeros(s.num_envs))
        for _ in range(ticks):
            now = self._experience(now, rng, tally)
            if self._steps > s.start_steps:
                for _ in range(s.num_envs // s.policy_delay):
                    self._learn(rng, tally)
        self._rounds += 1
        evaluation = self._evaluate() if self._rounds % s.evaluate_every == 0 else None
        return Report(steps=self._steps, numbers=_numbers(tally), evaluation=evaluation)

    def finish(self) -> Report | None:
        """Evaluate what the last round gave, if that has not been done."""
        if self._rounds % self._settings.evaluate_every == 0:
            return None
        return Report(steps=self._steps, numbers={}, evaluation=self._evaluate())

    def state(self) -> State:
        """Everything that changes."""
        norm, best = self._normalizer, None if np.isnan(self.best) else self.best
        arrays = {"mean": norm.mean, "m2": norm.m2, "best_params": self._best_params}
        arrays |= self._arrays() | {"replay": self._replay.table[: len(self._replay)]}
        data: dict[str, Any] = {
            "rounds": self._rounds, "steps": self._steps, "best": best, "count": norm.count,
            "updates": self._actor.updates, "actor_adam": self._actor.adam.steps, "critic_adam": self._adam.steps,
            "experienced": self._replay.count,
        }  # fmt: skip
        return State(arrays, data)

    def restore(self, state: State) -> None:
        """Go back to a state."""
        arrays, data = state.arrays, state.data
        for name, array in self._arrays().items():
            array[...] = arrays[name]
        self._replay.count = data["experienced"]
        self._replay.table[: len(self._replay)] = arrays["replay"]
        self._actor.updates, self._actor.adam.steps = data["updates"], data["actor_adam"]
        self._adam.steps = data["critic_adam"]
        self._normalizer = RunningNormalizer(data["count"], arrays["mean"], arrays["m2"])
        self._take_range()
        self._rounds, self._steps = data["rounds"], data["steps"]
        self.best = float("nan") if data["best"] is None else data["best"]
        self._best_params = arrays["best_params"]

    def program(self) -> Program:
        """The program with the best evaluation."""
        params = self._actor.params(self._normalizer) if np.isnan(self.best) else self._best_params
        return self._job.program.with_params(params)

    def close(self) -> None:
        """Close the environments."""
        self._envs.close()
        self._validation.env.close()

    def _arrays(self) -> dict[str, np.ndarray]:
        """Arrays that are changed in place, by name."""
        adam = self._actor.adam
        out = {f"actor.{name}": value for name, value in self._actor.stack.values.items()}
        out |= {f"actor_mean.{name}": value for name, value in adam.mean.items()}
        out |= {f"actor_square.{name}": value for name, value in adam.square.items()}
        if self._actor.slow is not self._actor.stack:
            out |= {f"actor_slow.{name}": value for name, value in self._actor.slow.values.items()}
        critic = {"critics": self._critics.values, "targets": self._targets.values}
        return out | critic | {"critic_mean": self._adam.mean["critics"], "critic_square": self._adam.square["critics"]}

    def _seeds(self, rng: np.random.Generator) -> list[int]:
        seeds: list[int] = (TRAINING_SEEDS + rng.integers(0, 1 << 31, self._settings.num_envs)).tolist()
        return seeds

    def _experience(self, now: np.ndarray, rng: np.random.Generator, tally: _Tally) -> np.ndarray:
        """A step of every environment; returns the observations that follow it."""
        s = self._settings
        self._normalise(now)
        if self._steps < s.start_steps:
            actions = rng.uniform(-1, 1, (s.num_envs, self._n_act))
        else:
            actions = self._actor.act(now, self._normalizer) + s.noise * rng.standard_normal((s.num_envs, self._n_act))
            tally.spikes += int(self._actor.core.spikes.sum())
            tally.synops += int(self._actor.core.synops.sum())
            tally.ticks += s.num_envs
        actions = np.clip(actions, -1.0, 1.0).astype(np.float32)
        later, rewards, terminated, truncated, _ = self._envs.step(self._actor.outward(actions))
        self._replay.add(now, later, actions, rewards, terminated)
        self._steps += s.num_envs
        tally.running += rewards
        over = terminated | truncated
        if over.any():
            tally.returns += tally.running[over].tolist()
            tally.running[over] = 0.0
            later, _ = self._envs.reset(seed=self._seeds(rng), options={"reset_mask": over})
        return np.asarray(later, np.float64)

    def _normalise(self, observations: np.ndarray) -> None:
        until = self._settings.normalize_until
        if until is not None and self._steps >= until:
            return
        shifted = observations - self._normalizer.mean
        self._normalizer.merge(len(observations), shifted.sum(0), (shifted**2).sum(0))
        self._take_range()

    def _take_range(self) -> None:
        norm = self._normalizer
        if norm.count < 2:
            return
        self._mean[:] = norm.mean
        self._share[:] = 1 / np.maximum(np.sqrt(norm.m2 / norm.count), MIN_STD)
        self._actor.take_range(norm)

    def _learn(self, rng: np.random.Generator, tally: _Tally) -> None:
        """As many updates of the critics as the actor waits for, and one of the actor.

        Between two updates of the actor neither it nor the targets change, so that what is next worth can be worked
        out for all of them at once.
        """
        s, size = self._settings, self._settings.batch
        rows = rng.integers(0, len(self._replay), s.policy_delay * size)
        batch = self._replay.draw(rows, self._mean, self._share, s.observation_clip, self._batch)
        wanted = self._wanted(batch, rng)
        for k in range(0, len(rows), size):
            x = batch.now[k : k + size]
            slope, loss = miss(self._critics.forward(x), wanted[k : k + size])
            self._critics.backward(x, slope)
            self._adam.step({"critics": self._critics.gradients})
            tally.loss += loss
        x = batch.now[-size:]
        tally.worth += self._actor.climb(batch.raw_now[-size:], lambda actions: self._worth(x, actions))
        share = 1 - (1 - s.tau) ** s.policy_delay
        self._follow(self._targets.values, self._critics.values, np.float32(share))
        self._actor.follow(share)
        tally.updates, tally.climbs = tally.updates + s.policy_delay, tally.climbs + 1

    def _wanted(self, batch: Batch, rng: np.random.Generator) -> np.ndarray:
        """What the critics should say, (B, K): the reward, and what the less hopeful targets say of the next step."""
        s = self._settings
        noise = s.smoothing * rng.standard_normal((len(batch.later), self._n_act), np.float32)
        actions = self._actor.forward(batch.raw_later) + np.clip(noise, -s.smoothing_clip, s.smoothing_clip)
        batch.later[:, self._n :] = np.clip(actions, -1.0, 1.0)
        next_worth = truncated(self._targets.forward(batch.later), s.dropped)
        wanted: np.ndarray = batch.reward[:, None] + np.float32(s.discount) * batch.alive[:, None] * next_worth
        return wanted

    def _worth(self, x: np.ndarray, actions: np.ndarray) -> tuple[float, np.ndarray]:
        """Mean of what critics say of actions, the first of two that say means, and its gradient."""
        only = 0 if self._settings.quantiles == 1 else None
        x[:, self._n :] = actions
        worth = self._critics.forward(x, only)
        share = np.full(worth.shape, 1 / worth.size, np.float32)
        return float(worth.mean()), self._critics.slope(x, share, self._n, only)

    def _evaluate(self) -> dict[str, float]:
        """Run the program without noise on validation episodes, and keep it if it is the best."""
        params, rollout = self._actor.params(self._normalizer), self._validation
        seeds = [VALIDATION_SEEDS + k for k in range(self._settings.episodes)]
        program = self._job.program.with_params(params)
        rollout.core.set_params(cast_params(program, rollout.core.params.dtype))
        episodes = rollout.run(seeds, self._normalizer.mean, self._job.seed)
        mean, std = float(episodes.returns.mean()), float(episodes.returns.std())
        if np.isnan(self.best) or mean > self.best:
            self.best, self._best_params = mean, params
        return {
            "return_mean": mean, "return_std": std, "spikes_per_tick": episodes.spikes_per_tick,
            "synops_per_tick": episodes.synops_per_tick,
        }  # fmt: skip


def _numbers(t: _Tally) -> dict[str, float]:
    nan = float("nan")
    return {
        "return_mean": float(np.mean(t.returns)) if t.returns else nan,
        "loss": t.loss / t.updates if t.updates else nan,
        "worth": t.worth / t.climbs if t.climbs else nan,
        "spikes_per_tick": t.spikes / t.ticks if t.ticks else nan,
        "synops_per_tick": t.synops / t.ticks if t.ticks else nan,
    }
