"""A worker of evolution: gets a Program once, then parameters and seeds; returns what its episodes were like."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from neurobot.program import Program
from neurobot.spec.serialize import from_data, to_data
from neurobot.train.environments import make_envs
from neurobot.train.rollout import Episodes, Rollout

if TYPE_CHECKING:
    from neurobot.config import EnvConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Who differs from the parameters of a task, and how; a worker draws it again, which is quicker than to send it.

    Args:
        key: of the generator, two numbers.
        pairs: the first of them get the noise, as many more its negative.
        sigma: standard deviation.
    """

    key: tuple[int, int]
    pairs: int
    sigma: float

    def generator(self) -> np.random.Generator:
        """A generator, about to draw the noise."""
        return np.random.Generator(np.random.Philox(key=list(self.key)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One episode each of a part of a population.

    Args:
        params: (words,) of everybody.
        center: (n_obs,) what observations are shifted by in the sums.
        seeds: of the environments, one each.
        first: number of the first, in the whole population.
        episode_seed: of the controllers' chance.
        horizon: ticks at most; None is the task's own length.
        noise: None where all are the same.
    """

    params: np.ndarray
    center: np.ndarray
    seeds: list[int]
    first: int
    episode_seed: int
    horizon: int | None
    noise: Noise | None

    def to_bytes(self) -> bytes:
        """To send."""
        noise = None if self.noise is None else to_data(self.noise)
        names = ("seeds", "first", "episode_seed", "horizon")
        meta = json.dumps({"noise": noise} | {name: getattr(self, name) for name in names})
        return _packed({"params": self.params, "center": self.center}, meta)

    @classmethod
    def from_bytes(cls, data: bytes) -> Task:
        """As received."""
        arrays, text = _unpacked(data)
        meta = json.loads(text)
        noise = meta.pop("noise")
        return cls(
            params=arrays["params"], center=arrays["center"], noise=None if noise is None else Noise(**noise), **meta
        )


def setup(program: Program, index: np.ndarray, env: EnvConfig, threads: int) -> bytes:
    """What a worker begins with.

    Args:
        program: of everybody; params come with the tasks.
        index: words of params that noise is added to.
        env: the environment.
        threads: of its physics.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.safetensors"
        program.save(path)
        file = np.frombuffer(path.read_bytes(), np.uint8)
    return _packed({"program": file, "index": index}, json.dumps({"env": to_data(env), "threads": threads}))


def result(episodes: Episodes, seconds: float) -> bytes:
    """What a task gave, with the CPU time it took [s], to send."""
    return _packed({f.name: getattr(episodes, f.name) for f in fields(episodes)}, json.dumps(seconds))


def received(data: bytes) -> tuple[Episodes, float]:
    """What a task gave, and the CPU time it took [s]."""
    arrays, text = _unpacked(data)
    return Episodes(**arrays), float(json.loads(text))


@final
class EpisodesWorker:
    """Does tasks; for each size of them it keeps a batch of environments and controllers.

    Args:
        data: see `setup`.
    """

    def __init__(self, data: bytes):
        from neurobot.config import EnvConfig

        arrays, text = _unpacked(data)
        meta = json.loads(text)
        self._index, self._threads = arrays["index"], meta["threads"]
        self._env = from_data(meta["env"], EnvConfig)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "program.safetensors"
            path.write_bytes(arrays["program"].tobytes())
            self._program = Program.load(path)
        self._rollouts: dict[int, Rollout] = {}

    def run(self, data: bytes) -> bytes:
        """Do a task."""
        began = time.process_time()
        task = Task.from_bytes(data)
        n = len(task.seeds)
        if n not in self._rollouts:
            envs = make_envs(self._env, n, self._threads or os.cpu_count() or 1)
            self._rollouts[n] = Rollout(self._program, envs)
        rollout = self._rollouts[n]
        rollout.core.set_params(self._perturbed(task))
        episodes = rollout.run(task.seeds, task.center, task.episode_seed, task.horizon, task.first)
        return result(episodes, time.process_time() - began)

    def _perturbed(self, task: Task) -> np.ndarray:
        """Params of everybody in a task, (n, words)."""
        params, noise = np.repeat(task.params[None], len(task.seeds), axis=0), task.noise
        if noise is not None:
            drawn = noise.generator().standard_normal((noise.pairs, self._index.size))
            for row, number in enumerate(range(task.first, task.first + len(task.seeds))):
                sign = 1.0 if number < noise.pairs else -1.0
                params[row, self._index] += sign * (noise.sigma * drawn[number % noise.pairs])
        return params


def _packed(arrays: dict[str, np.ndarray], text: str) -> bytes:
    coded = np.frombuffer(text.encode(), np.uint8)
    return to_bytes({name: np.ascontiguousarray(array) for name, array in {**arrays, "text": coded}.items()})


def _unpacked(data: bytes) -> tuple[dict[str, np.ndarray], str]:
    arrays = from_bytes(data)
    return arrays, arrays.pop("text").tobytes().decode()
