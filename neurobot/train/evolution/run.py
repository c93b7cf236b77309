"""Evolution strategies in closed loop: no gradients, only returns.

``es`` is OpenAI-ES: antithetic noise, centred ranks, Adam (Salimans et al. 2017, arXiv:1703.03864). ``ars`` is
augmented random search V2-t: the best directions, raw returns divided by their standard deviation, plain steps
(Mania et al. 2018, arXiv:1803.07055). Both keep a running normaliser of the observations.

Where the budget is a number of generations, a generation depends on the seed and its own number only: a run can be
repeated, and one that was resumed equals one that was not, bit for bit. A budget in CPU time ends, and moves what
changes along it (`horizon`, `final_rate`), when this machine says so.

Episodes are run by workers (`neurobot.train.evolution.episodes`), each a part of the population. What a part gives is
kept episode by episode and summed here in the order of the population, so that the number of workers changes no bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np

from neurobot.loop.fit import check_period
from neurobot.program import Program
from neurobot.train.budget import share_used
from neurobot.train.environments import TRAINING_SEEDS, VALIDATION_SEEDS, one_of
from neurobot.train.evolution.episodes import Noise, Task, received, setup
from neurobot.train.evolution.search import direction, searched
from neurobot.train.evolution.settings import Evolve
from neurobot.train.method import Job, Report, Run, State
from neurobot.train.normalizer import RunningNormalizer
from neurobot.train.rollout import Episodes

ADAM_BETA1, ADAM_BETA2, ADAM_EPS = 0.9, 0.999, 1e-8
ARRAYS, NUMBERS = ("theta", "m", "v", "best_params"), ("generation", "steps", "evaluated")
"""Of what changes, what a checkpoint holds as it is."""


@dataclass(slots=True)
class _At:
    """Where a run is.

    Args:
        theta: (n,) searched parameters.
        m: (n,) Adam's mean of gradients.
        v: (n,) Adam's mean of their squares.
        normalizer: of the observations.
        best_params: params of the best program so far.
        generation: generations done.
        steps: environment steps so far.
        best: evaluation of `best_params`, or NaN.
        evaluated: generations that had been done at the last evaluation.
    """

    theta: np.ndarray
    m: np.ndarray
    v: np.ndarray
    normalizer: RunningNormalizer
    best_params: np.ndarray
    generation: int = 0
    steps: int = 0
    best: float = float("nan")
    evaluated: int = -1

    def copy(self) -> _At:
        """One that goes on by itself; arrays are shared, because nothing writes into them."""
        return replace(self, normalizer=replace(self.normalizer))

    def climb(self, gradient: np.ndarray, rate: float, decay: float, adam: bool) -> None:
        """Climb: Adam (Kingma & Ba 2015, arXiv:1412.6980), or a plain step. `generation` counts from 0."""
        if adam:
            t = self.generation + 1
            self.m = ADAM_BETA1 * self.m + (1 - ADAM_BETA1) * gradient
            self.v = ADAM_BETA2 * self.v + (1 - ADAM_BETA2) * gradient**2
            m, v = self.m / (1 - ADAM_BETA1**t), self.v / (1 - ADAM_BETA2**t)
            gradient = m / (np.sqrt(v) + ADAM_EPS)
        self.theta = (1 - decay) * self.theta + rate * gradient


@final
class Evolution(Run):
    """A run of evolution; a step is a generation. `_at` changes at a generation's end and at once.

    Args:
        job: what to train; its environment is a batched task of `neurobot.envs`.
        settings: see `Evolve`.

    Raises:
        EnvError: an unknown task, or one that does not fit the program.
        TrainingError: the program has nothing to search.
    """

    unit: ClassVar[str] = "generation"
    score: ClassVar[str] = "return"
    atomic: ClassVar[bool] = True

    def __init__(self, job: Job, settings: Evolve):
        self._job, self._settings = job, settings
        self._index = searched(job.program, settings.train_biases)
        env = one_of(job.env)
        check_period(job.program, env.control_period)
        self._ticks = env.task.max_episode_steps
        threads = settings.threads if job.engine.name == "local" else 1
        self._pool = job.engine.open("episodes", setup(job.program, self._index, job.env, threads))
        theta = job.program.params[self._index]
        nothing = RunningNormalizer.empty(job.program.observation_size)
        self._at = _At(theta, np.zeros_like(theta), np.zeros_like(theta), nothing, job.program.params)

    @property
    def best(self) -> float:  # type: ignore[override]
        """The best evaluation so far, or NaN."""
        return self._at.best

    def share(self) -> float:
        """How much of the budget is used."""
        s = self._settings
        return share_used(self._at.generation, s.generations, self._job.clock.seconds, s.core_minutes)

    def step(self) -> Report:
        """A generation: perturb, run, climb, and, every so often, evaluate."""
        at, s, share = self._at.copy(), self._settings, self.share()
        noise = Noise(key=(self._job.seed, at.generation), pairs=s.pairs, sigma=s.sigma)
        rng = noise.generator()
        drawn = rng.standard_normal((s.pairs, self._index.size))
        seeds = (TRAINING_SEEDS + rng.integers(0, 1 << 31, s.pairs)).tolist()
        episodes = self._episodes(at, self._params(at), seeds * 2, noise, self._horizon(share))
        fitness = episodes.returns - s.alive_bonus * episodes.lengths
        rate = s.learning_rate * (1 - (1 - s.final_rate) * share)
        at.climb(direction(fitness, drawn, s), rate, s.weight_decay, adam=s.algorithm == "es")
        at.normalizer.merge(episodes.count, episodes.shifted_sum.sum(0), episodes.shifted_squares.sum(0))
        at.steps += episodes.count
        at.generation += 1
        evaluation = self._evaluate(at) if at.generation % s.evaluate_every == 0 else None
        self._at = at
        return Report(steps=at.steps, numbers=_numbers(episodes), evaluation=evaluation)

    def finish(self) -> Report | None:
        """Evaluate what the last generation gave, if that has not been done."""
        at = self._at.copy()
        if at.evaluated == at.generation:
            return None
        evaluation = self._evaluate(at)
        self._at = at
        return Report(steps=at.steps, numbers={}, evaluation=evaluation)

    def state(self) -> State:
        """Everything that changes."""
        at, best = self._at, None if np.isnan(self._at.best) else self._at.best
        arrays = {name: getattr(at, name) for name in ARRAYS}
        arrays |= {"mean": at.normalizer.mean, "m2": at.normalizer.m2}
        data = {name: getattr(at, name) for name in NUMBERS}
        return State(arrays, data | {"best": best, "count": at.normalizer.count})

    def restore(self, state: State) -> None:
        """Go back to a state."""
        arrays, data = state.arrays, state.data
        normalizer = RunningNormalizer(data["count"], arrays["mean"], arrays["m2"])
        best = float("nan") if data["best"] is None else data["best"]
        named = {name: arrays[name] for name in ARRAYS} | {name: data[name] for name in NUMBERS}
        self._at = _At(normalizer=normalizer, best=best, **named)

    def program(self) -> Program:
        """The program with the best evaluation."""
        params = self._params(self._at) if np.isnan(self._at.best) else self._at.best_params
        return self._job.program.with_params(params, generation=self._at.generation)

    def close(self) -> None:
        """Let the workers go."""
        self._pool.close()

    def _evaluate(self, at: _At) -> dict[str, float]:
        """Run the unperturbed program on validation episodes, and keep it if it is the best."""
        params = self._params(at)
        seeds = [VALIDATION_SEEDS + k for k in range(self._settings.episodes)]
        episodes = self._episodes(at, params, seeds)
        mean, std = float(episodes.returns.mean()), float(episodes.returns.std())
        if np.isnan(at.best) or mean > at.best:
            at.best, at.best_params = mean, params
        at.evaluated = at.generation
        return {"return_mean": mean, "return_std": std, "spikes_per_tick": episodes.spikes_per_tick}

    def _episodes(
        self, at: _At, params: np.ndarray, seeds: list[int], noise: Noise | None = None, horizon: int | None = None
    ) -> Episodes:
        """One episode for each seed, by all workers."""
        n = len(seeds)
        size = -(-n // min(n, self._pool.workers))
        tasks = [
            Task(
                params=params, center=at.normalizer.mean, seeds=seeds[k : k + size], first=k,
                episode_seed=self._job.seed, horizon=horizon, noise=noise,
            ).to_bytes()
            for k in range(0, n, size)
        ]  # fmt: skip
        parts, seconds = zip(*map(received, self._pool.run(tasks)), strict=True)
        if self._pool.elsewhere:
            self._job.clock.add(sum(seconds))
        return Episodes.joined(parts)

    def _horizon(self, share: float) -> int | None:
        full, first = self._ticks, self._settings.horizon
        return None if first is None or first >= full else round(first + share**2 * (full - first))

    def _params(self, at: _At) -> np.ndarray:
        """Params of the unperturbed program."""
        params = self._job.program.params.copy()
        params[self._index] = at.theta
        at.normalizer.write(self._job.program, params)
        return params


def _numbers(e: Episodes) -> dict[str, float]:
    return {
        "return_mean": float(e.returns.mean()),
        "return_max": float(e.returns.max()),
        "length_mean": float(e.lengths.mean()),
        "spikes_per_tick": e.spikes_per_tick,
        "synops_per_tick": e.synops_per_tick,
    }
