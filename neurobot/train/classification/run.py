"""Pattern recognition: a program learns to tell what it sees; see `neurobot.train.classification.settings`.

What is seen does not depend on answers, so all of it is looked at once, at the beginning. An iteration depends on the
seed and its own number only, so a run can be repeated, and one that was resumed equals one that was not, bit for bit.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from neurobot.errors import TrainingError
from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.train.classification.settings import Classify
from neurobot.train.environments import TRAINING_SEEDS, VALIDATION_SEEDS, make_envs, one_of
from neurobot.train.method import Job, Report, Run, State
from neurobot.train.normalizer import RunningNormalizer
from neurobot.train.supervised.examples import Examples
from neurobot.train.supervised.heads import Choosing, head_of
from neurobot.train.supervised.learner import Learner

if TYPE_CHECKING:
    from neurobot.config import EnvConfig

AT_ONCE = 500
"""Environments that are looked at together."""


@final
class Classification(Run):
    """A run; a step is an iteration.

    Args:
        job: what to train; its environment says labels.
        settings: see `Classify`.

    Raises:
        EnvError: an unknown task, or one that does not fit the program.
        SpecError: a program without gradients.
        TrainingError: an environment without labels, or a decoder of choices without a gradient, or of numbers.
    """

    unit: ClassVar[str] = "iteration"
    score: ClassVar[str] = "accuracy"

    def __init__(self, job: Job, settings: Classify) -> None:
        self._job, self._settings = job, settings
        self.best = float("nan")
        task = one_of(job.env)
        check_period(job.program, task.control_period)
        head = head_of(job.program)
        if not isinstance(head, Choosing):
            raise TrainingError("classify: the decoder gives numbers, not a choice; use WinnerTakeAll or Highest")
        self._head, threads = head, settings.threads or os.cpu_count() or 1
        split = hasattr(task.task.settings, "split")
        learned, chosen = (_part(job.env, part) if split else job.env for part in ("train", "validation"))
        seed = TRAINING_SEEDS + int(np.random.default_rng(job.seed).integers(1 << 31))
        self._examples = look(learned, seed, settings.examples, threads)
        self._tests = look(chosen, VALIDATION_SEEDS, settings.tests, threads)
        self._learner = Learner(_normalised(job.program, self._examples), settings.learning)
        self._best_params = self._learner.params
        self._iteration = 0
        self._results: dict[str, Any] = {}

    def share(self) -> float:
        """How much of the budget is used."""
        return min(1.0, self._iteration / self._settings.iterations)

    def step(self) -> Report:
        """Learn, and, every so often, evaluate."""
        rng = np.random.Generator(np.random.Philox(key=[self._job.seed, self._iteration]))
        rate = self._settings.learning.rate_at(self.share())
        numbers = self._learner.learn(self._examples, rng, rate)
        self._iteration += 1
        evaluation = self._evaluate() if self._iteration % self._settings.evaluate_every == 0 else None
        return Report(steps=0, numbers=numbers, evaluation=evaluation)

    def finish(self) -> Report | None:
        """Evaluate what the last iteration gave, if that has not been done."""
        if self._iteration % self._settings.evaluate_every == 0:
            return None
        return Report(steps=0, numbers={}, evaluation=self._evaluate())

    def state(self) -> State:
        """Everything that changes."""
        arrays = self._learner.arrays() | {"best_params": self._best_params}
        best = None if np.isnan(self.best) else self.best
        return State(arrays, {"iteration": self._iteration, "best": best, "results": self._results})

    def restore(self, state: State) -> None:
        """Go back to a state."""
        self._learner.restore(state.arrays)
        self._best_params, data = state.arrays["best_params"], state.data
        self._iteration, self._results = data["iteration"], data["results"]
        self.best = float("nan") if data["best"] is None else data["best"]

    def program(self) -> Program:
        """The program with the best evaluation."""
        params = self._learner.params if np.isnan(self.best) else self._best_params
        return self._job.program.with_params(params, iteration=self._iteration)

    def results(self) -> dict[str, Any]:
        """Of the best evaluation: ``accuracy``, ``accuracy_by_step`` and ``confusion``."""
        return self._results

    def _evaluate(self) -> dict[str, float]:
        """Answer the tests as a core would, and keep the program if it is the best."""
        answers, spikes = self._answers()
        right = answers == self._tests.labels.reshape(len(self._tests.lengths), -1).T[:, None]
        accuracy = float(right[:, -1].mean())
        if np.isnan(self.best) or accuracy > self.best:
            self.best, self._best_params = accuracy, self._learner.params
            self._results = {
                "accuracy": accuracy,
                "accuracy_by_step": right.mean(axis=2).ravel().tolist(),
                "confusion": confusion(self._tests.labels, answers[:, -1].T.ravel(), self._head.size).tolist(),
            }
        return {"accuracy": accuracy, "spikes_per_tick": spikes}

    def _answers(self) -> tuple[np.ndarray, float]:
        """Choices after each step of each tick, (ticks, substeps, episodes), and spikes a tick."""
        stack, n = self._learner.stack(), len(self._tests.lengths)
        ticks = len(self._tests) // n
        seen = self._tests.observations.reshape(n, ticks, -1).swapaxes(0, 1)
        assert isinstance(stack.program.spec, ControllerSpec)
        alone = stack.program.spec.carry == 0.0
        trace = stack.forward(seen.reshape(1, ticks * n, -1) if alone else seen, exact=True)
        choices = self._head.choices(trace)
        spiking = [p.name for p in stack.program.network.populations if p.spikes]
        spikes = sum(int(trace.spikes(name).sum()) for name in spiking)  # of held currents there are none
        if alone:
            choices = choices[0].reshape(-1, ticks, n).swapaxes(0, 1)
        return choices, spikes / (ticks * n)


def look(env: EnvConfig, seed: int, episodes: int, threads: int) -> Examples:
    """What is seen in episodes, and the right answers.

    Args:
        env: an environment whose info has `label`.
        seed: of the first episode; the others' follow.
        episodes: how many.
        threads: of the physics.

    Raises:
        EnvError: an unknown task, or one that cannot be made as is said.
        TrainingError: no labels, or episodes that are not all as long.
    """
    parts = []
    for first in range(0, episodes, AT_ONCE):
        n = min(AT_ONCE, episodes - first)
        envs = make_envs(env, n, threads)
        observations, info = envs.reset(seed=[seed + first + k for k in range(n)])
        seen, labels, over = [], [], np.zeros(n, bool)
        while not over.any():
            if "label" not in info:
                raise TrainingError(f"{env.id} says no `label` in its info, so there is nothing to tell; try Digits")
            seen.append(observations)
            labels.append(info["label"])
            observations, _, terminated, truncated, info = envs.step(np.zeros(n, np.int64))
            over = terminated | truncated
        if not over.all():
            raise TrainingError(f"{env.id}: episodes end at different times; classify needs them all as long")
        parts.append((np.stack(seen, 1).reshape(n * len(seen), -1), np.stack(labels, 1).ravel()))
    lengths = np.full(episodes, sum(len(labels) for _, labels in parts) // episodes)
    return Examples(np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), lengths)


def confusion(labels: np.ndarray, answers: np.ndarray, size: int) -> np.ndarray:
    """How often each label (row) got each answer (column), (size, size) int64."""
    return np.bincount(labels * size + answers, minlength=size * size).reshape(size, size)


def _part(env: EnvConfig, split: str) -> EnvConfig:
    return replace(env, settings={**env.settings, "split": split})


def _normalised(program: Program, examples: Examples) -> Program:
    seen = examples.observations.astype(np.float64)
    normalizer = RunningNormalizer.empty(seen.shape[1])
    normalizer.merge(len(seen), seen.sum(0), (seen**2).sum(0))
    params = program.params.copy()
    normalizer.write(program, params)
    return program.with_params(params)
