"""Evolution strategies in closed loop: no gradients, only returns.

``es`` is OpenAI-ES: antithetic noise, centred ranks, Adam (Salimans et al. 2017, arXiv:1703.03864). ``ars`` is
augmented random search V2-t: the best directions, raw returns divided by their standard deviation, plain steps
(Mania et al. 2018, arXiv:1803.07055). Both keep a running normaliser of the observations.

Where the budget is a number of generations, a generation depends on the seed and its own number only: a run can be
repeated, and one that was resumed equals one that was not, bit for bit. A budget in CPU time ends, and moves what
changes along it (`horizon`, `final_rate`), when this machine says so.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from neurobot.errors import TrainingError
from neurobot.program import Program
from neurobot.spec.check import Problems
from neurobot.spec.serialize import to_data
from neurobot.spec.weights import AllToAll, FixedProbability
from neurobot.train.checkpoint import Checkpoint
from neurobot.train.log import EventLog
from neurobot.train.rollout import Episodes, Rollout

TRAINING_SEEDS = 1 << 32
"""Environment seeds from here on are for training, so that smaller ones stay unseen."""
VALIDATION_SEEDS = 1 << 40
"""Environment seeds from here on choose the program that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolve:
    """Settings of `evolve`.

    Args:
        algorithm: ``es`` or ``ars``.
        pairs: antithetic pairs a generation; 2 x pairs episodes.
        sigma: standard deviation of the noise, in units of the weights.
        learning_rate: of Adam (es), or the step size (ars).
        final_rate: learning rate at the end of the budget, as a share of the first; it falls linearly.
        top: pairs that count, with ars; None is all.
        alive_bonus: taken off the fitness for every tick, so that standing still does not pay.
        horizon: ticks of an episode at the start of the budget; it grows with the square of the budget's used share
            to the task's own length. Short episodes buy generations while there is much to learn. None is the full
            length throughout.
        weight_decay: share of the parameters that is lost in a step.
        train_biases: whether the neurons' biases are searched as well as the weights.
        generations: the budget; None is without bound.
        core_minutes: process CPU time [min], another budget; None is without bound.
        evaluate_every: generations between evaluations of the unperturbed program.
        episodes: of an evaluation; the program with the best evaluation is kept.
        threads: of the physics; 0 is one a core.
    """

    algorithm: Literal["es", "ars"] = "es"
    pairs: int = 16
    sigma: float = 0.1
    learning_rate: float = 0.02
    final_rate: float = 1.0
    top: int | None = None
    alive_bonus: float = 0.0
    horizon: int | None = None
    weight_decay: float = 0.0
    train_biases: bool = True
    generations: int | None = None
    core_minutes: float | None = None
    evaluate_every: int = 20
    episodes: int = 8
    threads: int = 0

    def __post_init__(self) -> None:
        problems = Problems("evolve")
        problems.choice("algorithm", self.algorithm, ("es", "ars"))
        for name in ("pairs", "evaluate_every", "episodes"):
            problems.count(name, getattr(self, name))
        problems.count("threads", self.threads, low=0)
        for name in ("sigma", "learning_rate"):
            problems.number(name, getattr(self, name), above=0.0)
        problems.number("final_rate", self.final_rate, low=0.0, high=1.0)
        problems.number("weight_decay", self.weight_decay, low=0.0, high=1.0)
        problems.number("alive_bonus", self.alive_bonus)
        if self.horizon is not None:
            problems.count("horizon", self.horizon)
        if self.top is not None:
            problems.count("top", self.top)
            if not problems.found and self.top > self.pairs:
                problems.add(f"top is {self.top}, at most pairs = {self.pairs}")
        if self.generations is None and self.core_minutes is None:
            problems.add("give generations or core_minutes, or it would go on for ever")
        if self.generations is not None:
            problems.count("generations", self.generations)
        if self.core_minutes is not None:
            problems.number("core_minutes", self.core_minutes, above=0.0)
        problems.done()


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is.

    Args:
        generation: generations done.
        steps: environment steps so far.
        core_seconds: process CPU time so far [s].
        share: of the budget, 0 to 1.
        return_mean: of the last generation's perturbed programs.
        best: best evaluation so far, or NaN.
        spikes_per_tick: of the last generation.
        steps_per_second: environment steps per second of CPU time.
    """

    generation: int
    steps: int
    core_seconds: float
    share: float
    return_mean: float
    best: float
    spikes_per_tick: float
    steps_per_second: float


def evolve(
    program: Program,
    env_id: str,
    settings: Evolve,
    folder: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    report: Callable[[Progress], None] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Program:
    """Search weights, and biases, for return.

    Writes ``events.jsonl``, ``checkpoint.safetensors`` after every evaluation and when interrupted, and
    ``program.safetensors``, the program with the best evaluation, into the folder.

    Args:
        program: where to start.
        env_id: of a batched task of `neurobot.envs`.
        settings: see `Evolve`.
        folder: of the run.
        seed: of noise and of the training episodes.
        resume: go on from the folder's checkpoint.
        report: called after every generation.
        options: for `neurobot.envs.make_vec`: settings of the task, `randomize`, `perturb`. They are in force in
            training and evaluations alike.

    Returns:
        The program with the best evaluation.

    Raises:
        EnvError: an unknown task, one that does not fit the program, or options that the task does not have.
        TrainingError: a checkpoint that is missing, damaged or of another run.
        KeyboardInterrupt: passed on after a checkpoint was saved.
    """
    run = _Run(program, env_id, settings, folder, seed, resume, options or {})
    try:
        while run.share() < 1.0:
            progress = run.generation()
            if report is not None:
                report(progress)
    except KeyboardInterrupt:
        run.save()
        raise
    return run.finish()


class _Run:
    """A run between two generations is its checkpoint; everything else follows from program, settings and seed."""

    def __init__(
        self,
        program: Program,
        env_id: str,
        settings: Evolve,
        folder: Path,
        seed: int,
        resume: bool,
        options: Mapping[str, Any],
    ):
        from neurobot.envs import make_vec  # environments load MuJoCo, which a robot does not need

        folder.mkdir(parents=True, exist_ok=True)
        self.settings, self.folder, self.seed, self.env_id = settings, folder, seed, env_id
        self.program = program
        self.index = searched(program, settings.train_biases)
        threads = settings.threads or os.cpu_count() or 1
        vec = make_vec(env_id, 2 * settings.pairs, threads=threads, autoreset_mode="Disabled", **options)
        self.rollout = Rollout(program, vec)
        judges = make_vec(env_id, settings.episodes, threads=threads, autoreset_mode="Disabled", **options)
        self.judges = Rollout(program, judges)
        self.path = folder / "checkpoint.safetensors"
        about = {"env": env_id, "seed": seed, "train": asdict(settings), "controller": to_data(program.spec)}
        about["program_seed"] = program.seed
        if options:
            about["options"] = json.loads(json.dumps(dict(options), default=asdict))
        if resume:
            self.at = Checkpoint.load(self.path, about)
        else:
            self.at = Checkpoint.first(about, program.params, self.index, program.observation_size)
        self.log = EventLog(folder / "events.jsonl", self.at.generation if resume else None)
        self._cpu = time.process_time() - self.at.core_seconds

    def share(self) -> float:
        """How much of the budget is used."""
        s, shares = self.settings, [0.0]
        if s.generations is not None:
            shares.append(self.at.generation / s.generations)
        if s.core_minutes is not None:
            shares.append((time.process_time() - self._cpu) / (60 * s.core_minutes))
        return min(1.0, max(shares))

    def generation(self) -> Progress:
        """Perturb, run, step. `at` changes at the end and at once, so that an interrupt leaves it whole."""
        at, s, share = self.at.copy(), self.settings, self.share()
        rng = np.random.Generator(np.random.Philox(key=[self.seed, at.generation]))
        noise = rng.standard_normal((s.pairs, self.index.size))
        seeds = (TRAINING_SEEDS + rng.integers(0, 1 << 31, s.pairs)).tolist()
        params = np.repeat(self._params()[None], 2 * s.pairs, axis=0)
        params[: s.pairs, self.index] = at.theta + s.sigma * noise
        params[s.pairs :, self.index] = at.theta - s.sigma * noise
        self.rollout.core.params[:] = params
        episodes = self.rollout.run(seeds * 2, at.normalizer.mean, self.seed, self._horizon(share))
        fitness = episodes.returns - s.alive_bonus * episodes.lengths
        rate = s.learning_rate * (1 - (1 - s.final_rate) * share)
        at.step(direction(fitness, noise, s), rate, s.weight_decay, adam=s.algorithm == "es")
        at.normalizer.merge(episodes.count, episodes.shifted_sum, episodes.shifted_squares)
        at.steps += episodes.count
        at.generation += 1
        at.core_seconds = time.process_time() - self._cpu
        self._log(at, episodes)
        self.at = at
        if at.generation % s.evaluate_every == 0:
            self.evaluate()
        return self._progress(episodes)

    def evaluate(self) -> None:
        """Run the unperturbed program on validation episodes, keep it if it is the best, and save."""
        self.judges.core.params[:] = self._params()
        seeds = [VALIDATION_SEEDS + k for k in range(self.settings.episodes)]
        episodes = self.judges.run(seeds, self.at.normalizer.mean, self.seed)
        mean, std = float(episodes.returns.mean()), float(episodes.returns.std())
        at = self.at
        at.core_seconds = time.process_time() - self._cpu
        where = {"generation": at.generation, "steps": at.steps, "core_seconds": at.core_seconds}
        self.log.write("evaluation", **where, return_mean=mean, return_std=std, spikes_per_tick=episodes.spikes)
        if np.isnan(at.best) or mean > at.best:
            at.best, at.best_params = mean, self._params()
        self.save()

    def save(self) -> None:
        """Write the checkpoint and the best program so far."""
        self.at.core_seconds = time.process_time() - self._cpu
        self.at.save(self.path)
        self._best().save(self.folder / "program.safetensors")

    def finish(self) -> Program:
        """Evaluate what the last generation gave, and return the best."""
        if self.at.generation % self.settings.evaluate_every:
            self.evaluate()
        best = self._best()
        best.save(self.folder / "program.safetensors")
        return best

    def _horizon(self, share: float) -> int | None:
        full, first = self.rollout.env.task.max_episode_steps, self.settings.horizon
        return None if first is None or first >= full else round(first + share**2 * (full - first))

    def _best(self) -> Program:
        at = self.at
        params = self._params() if np.isnan(at.best) else at.best_params
        return self.program.with_params(
            params, env=self.env_id, method="evolve", settings=asdict(self.settings), seed=self.seed,
            generation=at.generation, steps=at.steps, core_seconds=round(at.core_seconds, 1),
            validation_return=None if np.isnan(at.best) else at.best,
        )  # fmt: skip

    def _params(self) -> np.ndarray:
        """Params of the unperturbed program."""
        params = self.program.params.copy()
        params[self.index] = self.at.theta
        self.at.normalizer.write(self.program, params)
        return params

    def _log(self, at: Checkpoint, e: Episodes) -> None:
        self.log.write(
            "generation", generation=at.generation, steps=at.steps, core_seconds=at.core_seconds,
            return_mean=float(e.returns.mean()), return_max=float(e.returns.max()), length_mean=float(e.lengths.mean()),
            spikes_per_tick=e.spikes, synops_per_tick=e.synops,
        )  # fmt: skip

    def _progress(self, e: Episodes) -> Progress:
        at = self.at
        rate = at.steps / max(at.core_seconds, 1e-9)
        return Progress(
            at.generation, at.steps, at.core_seconds, self.share(), float(e.returns.mean()), at.best, e.spikes, rate
        )


def searched(program: Program, biases: bool) -> np.ndarray:
    """Words of params that evolution searches: weights, and the bias coefficients of all neurons.

    Where a rule left synapses out, they stay out: of `FixedProbability`, and of `AllToAll` without self-connections,
    weights of 0 are not searched.

    Raises:
        TrainingError: there are none.
    """
    parts = [np.zeros(0, np.int64)]
    for projection in program.network.projections:
        block = program.blocks["params"][f"{projection.name}.weights"]
        words = np.arange(block.at, block.at + block.size)
        rule = projection.weights
        gaps = isinstance(rule, FixedProbability) or (isinstance(rule, AllToAll) and not rule.self)
        parts.append(words[program.params[words] != 0] if gaps else words)
    if biases:
        named = [block for name, block in program.blocks["params"].items() if name.endswith(".b")]
        parts += [np.arange(block.at, block.at + block.size) for block in named]
    index = np.sort(np.concatenate(parts))
    if not index.size:
        raise TrainingError("the program has no weights to search; give the network a projection")
    return index


def direction(fitness: np.ndarray, noise: np.ndarray, settings: Evolve) -> np.ndarray:
    """An ascent direction from the fitness of +noise (first half) and -noise (second half).

    Args:
        fitness: (2 pairs,).
        noise: (pairs, n).
        settings: algorithm, sigma and top.

    Returns:
        (n,), the estimated gradient (es), or the mean of the best directions (ars).
    """
    pairs = len(noise)
    if settings.algorithm == "es":
        ranks = centred_ranks(fitness)
        return _weighted(ranks[:pairs] - ranks[pairs:], noise) / (2 * pairs * settings.sigma)
    plus, minus = fitness[:pairs], fitness[pairs:]
    best = np.argsort(-np.maximum(plus, minus), kind="stable")[: settings.top or pairs]
    used = np.concatenate([plus[best], minus[best]])
    scale = used.std() if used.std() > 0 else 1.0
    return _weighted(plus[best] - minus[best], noise[best]) / (len(best) * scale)


def _weighted(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sum of rows times weights; not by BLAS, whose sums depend on its number of threads."""
    total: np.ndarray = np.einsum("p,pn->n", weights, rows)
    return total


def centred_ranks(x: np.ndarray) -> np.ndarray:
    """Ranks spread over [-1/2, 1/2]; equal values share the mean of their ranks, (n,)."""
    _, where, counts = np.unique(x, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts + 1) / 2)[where]
    spread: np.ndarray = ranks / max(len(x) - 1, 1) - 0.5
    return spread
