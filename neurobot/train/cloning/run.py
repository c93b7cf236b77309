"""Behaviour cloning and DAgger: a program learns to do as an expert does; see `neurobot.train.cloning.settings`.

An iteration depends on the seed, its own number and what was seen before it, so where the budget is a number of
iterations a run can be repeated, and one that was resumed equals one that was not, bit for bit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from neurobot.core.base import cast_params
from neurobot.errors import TrainingError
from neurobot.files import RECORDING
from neurobot.loop.recording import load_recording
from neurobot.program import Program
from neurobot.train.budget import share_used
from neurobot.train.cloning.settings import Clone
from neurobot.train.cloning.stage import Stage
from neurobot.train.environments import TRAINING_SEEDS, VALIDATION_SEEDS, make_envs
from neurobot.train.experts import Expert, find_expert, names
from neurobot.train.method import Job, Report, Run, State
from neurobot.train.normalizer import RunningNormalizer
from neurobot.train.rollout import Rollout
from neurobot.train.supervised.examples import Examples
from neurobot.train.supervised.learner import Learner


@final
class Cloning(Run):
    """A run; a step is an iteration, or, with an expert who has to learn first, one of its rounds.

    Args:
        job: what to train; its environment is a batched task of `neurobot.envs`.
        settings: see `Clone`.

    Raises:
        EnvError: an unknown task, or one that does not fit the program.
        SpecError: a program without gradients.
        TrainingError: no such expert, one that does not fit, or a program without gradients.
    """

    unit: ClassVar[str] = "iteration"
    score: ClassVar[str] = "return"

    def __init__(self, job: Job, settings: Clone) -> None:
        self._job, self._settings = job, settings
        self.best = float("nan")
        self._learner = Learner(job.program, settings.learning)
        self._threads = settings.threads or os.cpu_count() or 1
        self._stages: dict[int, Stage] = {}
        self._validation = Rollout(job.program, make_envs(job.env, settings.evaluation_episodes, self._threads))
        self._normalizer = RunningNormalizer.empty(job.program.observation_size)
        self._best_params = job.program.params
        self._iteration = self._taught = self._steps = 0
        self._examples: Examples | None = None
        self._expert: Expert | None = None
        if settings.expert not in names() and Path(settings.expert).is_dir():
            self._recorded = _recorded(Path(settings.expert), job.program)
        else:
            self._expert = find_expert(settings.expert, job.env, job.seed, self._threads)

    def share(self) -> float:
        """How much of the budget is used."""
        s, rounds = self._settings, self._expert.rounds if self._expert else 0
        most = None if s.iterations is None else rounds + s.iterations
        return share_used(self._taught + self._iteration, most, self._job.clock.seconds, s.core_minutes)

    def step(self) -> Report:
        """Watch or drive, learn, and, every so often, evaluate."""
        if self._expert is not None and self._taught < self._expert.rounds:
            numbers = self._expert.learn(self._taught)
            self._taught += 1
            self._steps += int(numbers.pop("steps"))
            return Report(steps=self._steps, numbers=numbers)
        rate = self._settings.learning.rate_at(self._done())
        rng = np.random.Generator(np.random.Philox(key=[self._job.seed, self._iteration]))
        numbers = self._look(rng)
        assert self._examples is not None
        numbers |= self._learner.learn(self._examples, rng, rate)
        self._iteration += 1
        evaluation = self._evaluate() if self._iteration % self._settings.evaluate_every == 0 else None
        return Report(steps=self._steps, numbers=numbers, evaluation=evaluation)

    def finish(self) -> Report | None:
        """Evaluate what the last iteration gave, if that has not been done."""
        if self._iteration % self._settings.evaluate_every == 0:
            return None
        return Report(steps=self._steps, numbers={}, evaluation=self._evaluate())

    def state(self) -> State:
        """Everything that changes."""
        arrays = {f"learner.{name}": array for name, array in self._learner.arrays().items()}
        arrays |= {f"expert.{name}": array for name, array in (self._expert.arrays() if self._expert else {}).items()}
        arrays |= {f"examples.{k}": v for k, v in (self._examples.arrays() if self._examples else {}).items()}
        arrays |= {"mean": self._normalizer.mean, "m2": self._normalizer.m2, "best_params": self._best_params}
        data = {
            "iteration": self._iteration, "taught": self._taught, "steps": self._steps,
            "best": None if np.isnan(self.best) else self.best, "count": self._normalizer.count,
        }  # fmt: skip
        return State(arrays, data)

    def restore(self, state: State) -> None:
        """Go back to a state."""

        def part(of: str) -> dict[str, np.ndarray]:
            return {k.removeprefix(of): v for k, v in state.arrays.items() if k.startswith(of)}

        data = state.data
        self._learner.restore(part("learner."))
        if self._expert is not None:
            self._expert.restore(part("expert."))
        examples = part("examples.")
        self._examples = Examples.from_arrays(examples) if examples else None
        self._normalizer = RunningNormalizer(data["count"], state.arrays["mean"], state.arrays["m2"])
        self._best_params = state.arrays["best_params"]
        self._iteration, self._taught, self._steps = data["iteration"], data["taught"], data["steps"]
        self.best = float("nan") if data["best"] is None else data["best"]

    def program(self) -> Program:
        """The program with the best evaluation."""
        params = self._learner.params if np.isnan(self.best) else self._best_params
        return self._job.program.with_params(params, expert=self._settings.expert, iteration=self._iteration)

    def _done(self) -> float:
        """The share of the budget that the expert's own learning leaves."""
        s = self._settings
        return self.share() if s.iterations is None else self._iteration / s.iterations

    def _look(self, rng: np.random.Generator) -> dict[str, float]:
        """See more, and let the normaliser know."""
        if self._expert is None:
            return {} if self._examples is not None else self._take(self._recorded)
        s, watch = self._settings, self._examples is None
        n = s.watched if watch else s.episodes
        if not n:
            return {}
        seeds = (TRAINING_SEEDS + rng.integers(0, 1 << 31, n)).tolist()
        watched = self._stage(n).play(
            self._learner.program(), self._expert, seeds, self._job.seed, watch=watch, horizon=s.horizon
        )
        self._steps += len(watched.examples)
        self._take(watched.examples)
        return {"expert_return_mean" if watch else "return_mean": float(watched.returns.mean())}

    def _take(self, more: Examples) -> dict[str, float]:
        away = more.observations.astype(np.float64) - self._normalizer.mean
        self._normalizer.merge(len(more), away.sum(0), (away**2).sum(0))
        self._examples = self._examples.with_more(more) if self._examples else more
        params = self._learner.params.copy()
        self._normalizer.write(self._job.program, params)
        self._learner.params = params
        return {}

    def _evaluate(self) -> dict[str, float]:
        """Run the program on validation episodes, and keep it if it is the best."""
        rollout, program = self._validation, self._learner.program()
        seeds = [VALIDATION_SEEDS + k for k in range(self._settings.evaluation_episodes)]
        rollout.core.set_params(cast_params(program, rollout.core.params.dtype))
        episodes = rollout.run(seeds, self._normalizer.mean, self._job.seed)
        mean, std = float(episodes.returns.mean()), float(episodes.returns.std())
        if np.isnan(self.best) or mean >= self.best:  # of equals the last one, which has seen more
            self.best, self._best_params = mean, self._learner.params
        return {
            "return_mean": mean, "return_std": std, "spikes_per_tick": episodes.spikes_per_tick,
            "synops_per_tick": episodes.synops_per_tick,
        }  # fmt: skip

    def _stage(self, n: int) -> Stage:
        if n not in self._stages:
            self._stages[n] = Stage(self._job.program, self._job.env, n, self._threads)
        return self._stages[n]


def _recorded(folder: Path, program: Program) -> Examples:
    """What a recording holds: observations, and the actions that were sent."""
    if (folder / RECORDING).is_dir():
        folder = folder / RECORDING
    recording = load_recording(folder)
    found, wanted = (
        (recording.header.observations, recording.header.actions), (program.observation_size, program.action_size),
    )  # fmt: skip
    if found != wanted:
        raise TrainingError(
            f"{folder}: its observations and actions have {found[0]} and {found[1]} numbers, those of the program have "
            f"{wanted[0]} and {wanted[1]}"
        )
    good = (recording.held == 0) & np.isfinite(recording.observation).all(axis=1)
    if not good.any():
        raise TrainingError(f"{folder}: the recording has no tick with a valid observation and action")
    # a gap begins an episode, because what follows it does not follow from what was before
    tick, episode = recording.tick[good], recording.episode[good]
    starts = np.flatnonzero((np.diff(tick, prepend=-2) != 1) | (np.diff(episode, prepend=-1) != 0))
    labels = recording.sent[good]
    if program.discrete:
        labels = labels[:, 0].astype(np.int64)
    return Examples(recording.observation[good], labels, np.diff(np.append(starts, len(tick))))
