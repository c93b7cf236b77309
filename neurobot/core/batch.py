"""Many instances of one Program: populations of evolution, and vectors of environments."""

from __future__ import annotations

from collections.abc import Mapping
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
from neurobot.core.learning import (
    Plasticity,
    acts_at_end,
    check_learn,
    copy_kept,
    ending_layout,
    kept,
    learnt,
    plasticity,
    takes_reward,
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
        learn: whether rules change weights; every instance has weights of its own then.

    Attributes:
        first: as given; a change is in force from the next reset on.
        params: (1, words), or (n, words) with own_params; writable, for projections that learn by `set_params`.
        state: (n, words).
        action: (n, action_size) float64.
        status: (n,) int64, status of every instance's last tick.

    Raises:
        SpecError: an unknown dtype, no instances or no threads; learn without a rule.
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
        learn: bool = False,
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
        self._kept, self._rewarded, self._ends = kept(program), takes_reward(program), acts_at_end(program)
        self._ending = ending_layout(program, self._layout) if self._ends else self._layout
        self.forget()
        self._begin(self._all, np.full(n, self._seed), np.zeros(n, np.int64))
        self.learn = learn

    @property
    def spikes(self) -> np.ndarray:
        """Spikes of every instance's last tick, (n,)."""
        return self.ints[:, ops.SPIKES]

    @property
    def synops(self) -> np.ndarray:
        """Synaptic operations of every instance's last tick, (n,)."""
        return synops_of(self.ints)

    @property
    def learn(self) -> bool:
        """Whether rules change weights; without, traces go on. Can be set between ticks; SpecError without a rule."""
        return bool(self.ints[0, ops.LEARN])

    @learn.setter
    def learn(self, learn: bool) -> None:
        """Let rules change weights, or not."""
        check_learn(self.program, learn, "BatchCore")
        self.ints[:, ops.LEARN] = bool(learn)

    def plasticity(self, instance: int = 0) -> Mapping[str, Plasticity]:
        """Of every projection that learns, by its name, where an instance's weights are."""
        return plasticity(self.program, self._params_of(instance), self.state[instance], self.ints[instance])

    def set_params(self, params: np.ndarray) -> None:
        """Write all of `params`, (words,) or as they are, and forget: what learns begins with the weights in them."""
        self.params[...] = params
        self.forget()

    def forget(self, ids: np.ndarray | None = None) -> None:
        """Go back to the weights in `params`, and to no estimate of what is usual; episodes go on.

        Args:
            ids: (m,) instances, default all.

        Raises:
            SpecError: instances that do not exist.
        """
        for i in self._checked(ids) if self._kept else []:
            copy_kept(self._kept, start_state(self.program, self.state.dtype, self._params_of(i)), self.state[i])

    def reset(self, seed: int | None = None, ids: np.ndarray | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, each instance's next one of the same seed. What an instance
        has learnt stays.

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

    def tick(
        self, observations: np.ndarray, ids: np.ndarray | None = None, rewards: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Run a tick of all instances, or of some.

        Args:
            observations: (n, observation_size) float64; only the rows of `ids` are read.
            ids: (m,) int64 instances, default all.
            rewards: (n,), or one for all; finite; of the tick before.

        Returns:
            `action`, (n, action_size) float64; rows of other instances are as they were.

        Raises:
            SpecError: observations of another shape, instances that do not exist: compiled code does not look.
        """
        observations, ids = np.ascontiguousarray(observations, np.float64), self._checked(ids)
        wanted = (self.n, self.program.observation_size)
        if observations.shape != wanted:
            raise SpecError("BatchCore", [f"the observations have shape {observations.shape}, they must have {wanted}"])
        if self._rewarded:
            self.state[ids, ops.REWARD] = np.broadcast_to(rewards, self.n)[ids]
        if self._pool is None:
            self._run(self._layout, observations, ids)
        else:
            parts = np.array_split(ids, self._threads)
            list(self._pool.map(lambda part: self._run(self._layout, observations, part), parts))
        return self.action

    def end(
        self, rewards: np.ndarray | float, ids: np.ndarray | None = None, *, truncated: np.ndarray | bool = False
    ) -> None:
        """Deliver the rewards of episodes' last ticks: weights change, and no time passes.

        Args:
            rewards: (n,), or one for all; finite.
            ids: (m,) instances whose episodes end, default all.
            truncated: (n,), or one for all: which episodes were cut off, see `HostCore.end`.

        Raises:
            SpecError: instances that do not exist.
        """
        ids = self._checked(ids)
        if self._ends:
            counted = np.ix_(ids, np.array([ops.SPIKES, ops.SYNOPS_LO, ops.SYNOPS_HI]))
            before, status = self.ints[counted], self.status.copy()
            self.state[ids, ops.REWARD] = np.broadcast_to(rewards, self.n)[ids]
            endings = np.where(truncated, ops.TRUNCATED, ops.TERMINATED)
            self.ints[ids, ops.ENDING] = np.broadcast_to(endings, self.n)[ids]
            self._run(self._ending, np.zeros((self.n, self.program.observation_size)), ids)
            self.ints[ids, ops.ENDING], self.ints[counted], self.status[:] = 0, before, status

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
        """The program with the params, and the weights of projections that learn, of an instance as they are now."""
        return learnt(self.program, self._params_of(instance), self.state[instance])

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

    def _params_of(self, instance: int) -> np.ndarray:
        params: np.ndarray = self.params[instance if len(self.params) > 1 else 0]
        return params

    def _run(self, layout: np.ndarray, observations: np.ndarray, ids: np.ndarray) -> None:
        self._tick(
            layout,
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
        fresh = start_state(self.program, self.state.dtype, self.params[0])
        learn = self.ints[ids, ops.LEARN]
        for i, seed, episode in zip(ids, seeds, episodes, strict=True):
            if len(self.params) > 1:
                fresh = start_state(self.program, self.state.dtype, self.params[i])
            copy_kept(self._kept, self.state[i], fresh)
            self.state[i] = fresh
            set_episode(self.ints[i], int(seed), int(episode), self.first + int(i))
        self.ints[ids, ops.LEARN] = learn
        show_action(self.program, self.state, self.action)
