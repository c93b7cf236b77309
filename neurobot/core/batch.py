"""Many instances of one Program: populations of evolution, and vectors of environments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from neurobot.core.base import (
    as_ints,
    cast_params,
    checked_dtype,
    episode_of,
    linked_layout,
    put_back,
    set_episode,
    show_action,
    start_state,
    synops_of,
)
from neurobot.errors import SpecError
from neurobot.kernels import ops
from neurobot.kernels.compiled import batch_kernel
from neurobot.program import Program


class BatchCore:
    """N instances of a Program, each with its own state and, if wanted, its own params.

    Instance i equals a `HostCore` with the same seed and ``instance=first + i``, bit for bit, for any number of
    threads.

    Args:
        program: what to run.
        n: number of instances.
        dtype: ``float32``, or ``float64`` as the reference.
        own_params: give every instance params of its own, as a population of evolution needs; else they share.
        seed: of chance; default the program's.
        threads: of this call; instances are split between them.
        first: number of the first instance, where this is a part of a larger batch.

    Attributes:
        first: as given; a change is in force from the next reset on.
        params: (1, words), or (n, words) with own_params; writable.
        state: (n, words).
        action: (n, action_size) float64.
        status: (n,) int64, status of every instance's last tick.

    Raises:
        SpecError: an unknown dtype, no instances or no threads.
    """

    def __init__(
        self,
        program: Program,
        n: int,
        dtype: Literal["float32", "float64"] = "float32",
        *,
        own_params: bool = False,
        seed: int | None = None,
        threads: int = 1,
        first: int = 0,
    ):
        real = checked_dtype("BatchCore", dtype)
        if n < 1 or threads < 1:
            raise SpecError("BatchCore", [f"n is {n} and threads {threads}, both must be at least 1"])
        self.program, self.n, self.first = program, n, first
        self._layout = linked_layout(program, dtype)
        self.params = np.repeat(cast_params(program, real)[None], n if own_params else 1, axis=0)
        self.state = np.zeros((n, program.state_words), dtype)
        self.ints = as_ints(self.state)
        self.action = np.zeros((n, program.action_size))
        self.status = np.zeros(n, np.int64)
        self._nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, dtype))
        self._tick = batch_kernel(dtype)
        self._all = np.arange(n)
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._threads = threads
        self._seed = program.seed if seed is None else seed
        self._begin(self._all, np.full(n, self._seed), np.zeros(n, np.int64))

    @property
    def spikes(self) -> np.ndarray:
        """Spikes of every instance's last tick, (n,)."""
        return self.ints[:, ops.SPIKES]

    @property
    def synops(self) -> np.ndarray:
        """Synaptic operations of every instance's last tick, (n,)."""
        return synops_of(self.ints)

    def reset(self, seed: int | None = None, ids: np.ndarray | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, each instance's next one of the same seed.

        Args:
            seed: of chance.
            ids: (m,) instances, default all.

        Raises:
            SpecError: instances that do not exist.
        """
        ids = self._checked(ids)
        old = [episode_of(self.ints[i]) for i in ids]
        seeds = np.array([s if seed is None else seed for s, _ in old])
        self._begin(ids, seeds, np.array([e + 1 if seed is None else 0 for _, e in old]))

    def tick(self, observations: np.ndarray, ids: np.ndarray | None = None) -> np.ndarray:
        """Run a tick of all instances, or of some.

        Args:
            observations: (n, observation_size) float64; only the rows of `ids` are read.
            ids: (m,) int64 instances, default all.

        Returns:
            `action`, (n, action_size) float64; rows of other instances are as they were.

        Raises:
            SpecError: observations of another shape, instances that do not exist: compiled code does not look.
        """
        observations, ids = np.ascontiguousarray(observations, np.float64), self._checked(ids)
        wanted = (self.n, self.program.observation_size)
        if observations.shape != wanted:
            raise SpecError("BatchCore", [f"the observations have shape {observations.shape}, they must have {wanted}"])
        if self._pool is None:
            self._run(observations, ids)
        else:
            list(self._pool.map(lambda part: self._run(observations, part), np.array_split(ids, self._threads)))
        return self.action

    def snapshot(self) -> np.ndarray:
        """A copy of everything that changes, (n, words)."""
        return self.state.copy()

    def restore(self, snapshot: np.ndarray) -> None:
        """Go back to a snapshot; the next tick repeats bit for bit.

        Raises:
            SpecError: a snapshot of another shape or dtype.
        """
        put_back(self.state, snapshot)
        show_action(self.program, self.state, self.action)

    def to_program(self, instance: int = 0) -> Program:
        """The program with the params of an instance as they are now."""
        return self.program.with_params(self.params[instance if len(self.params) > 1 else 0])

    def close(self) -> None:
        """End the threads; the core can be used no more."""
        if self._pool is not None:
            self._pool.shutdown()

    def _checked(self, ids: np.ndarray | None) -> np.ndarray:
        if ids is None:
            return self._all
        ids = np.asarray(ids)
        if ids.dtype.kind not in "iu" and ids.size:
            raise SpecError("BatchCore", [f"instances have dtype {ids.dtype}; give their numbers, not a mask"])
        if ids.size and not 0 <= ids.min() <= ids.max() < self.n:
            given = f"{ids.min()} to {ids.max()}"
            raise SpecError("BatchCore", [f"the instances go from {given}, there are 0..{self.n - 1}"])
        return ids.astype(np.int64, copy=False)

    def _run(self, observations: np.ndarray, ids: np.ndarray) -> None:
        self._tick(
            self._layout,
            self.params,
            self.state,
            self.ints,
            observations,
            self.action,
            *self._nothing,
            ids,
            self.status,
        )

    def _begin(self, ids: np.ndarray, seeds: np.ndarray, episodes: np.ndarray) -> None:
        if len(self.params) == 1:
            self.state[ids] = start_state(self.program, self.state.dtype, self.params[0])
        for i, seed, episode in zip(ids, seeds, episodes, strict=True):
            if len(self.params) > 1:
                self.state[i] = start_state(self.program, self.state.dtype, self.params[i])
            set_episode(self.ints[i], int(seed), int(episode), self.first + int(i))
        show_action(self.program, self.state, self.action)
