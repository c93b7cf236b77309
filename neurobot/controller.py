"""A Program and a core behind the calls a control loop needs: step, end, reset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from neurobot.core import BatchCore, FixedCore, HostCore
from neurobot.core.base import neuron_error
from neurobot.core.fixed_rows import FixedRows
from neurobot.core.given import REAL, as_array, finite, is_real
from neurobot.core.learning import Plasticity, acts_at_end, check_learn, takes_reward
from neurobot.errors import ActionError, ObservationError, SpecError, near
from neurobot.kernels import ops
from neurobot.kernels.status import BAD_ACTION, BAD_OBSERVATION, NEURON_FAILED
from neurobot.program import Program
from neurobot.program.file import load
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.neurons import LI

CORES: dict[str, Literal["float32", "float64"]] = {"host": "float32", "host64": "float64"}
"""Cores in floating point."""
FIXED = "fixed"
"""The one in integers."""
MakeCore: TypeAlias = Callable[..., Any]
"""``make(program, seed=..., log_spikes=...)`` makes a core that is somewhere else, such as
`neurobot.board.core.BoardCore`."""
LOGGED_SPIKES = 4096
"""Spikes a tick that a recording controller keeps at least."""


class Controller:
    """Observation in, action out.

    Args:
        program: a `Program` of a `ControllerSpec`, or the path of its file.
        core: ``host`` (float32), ``host64`` (float64), or ``fixed``: integers, for a program that was quantized; or a
            function that makes one, see `MakeCore`.
        record: keep the spikes of every tick, for `spikes`.
        seed: of chance; default the program's.
        learn: whether rules of projections change weights, see `learn`.

    Attributes:
        program: what runs.
        core: what computes it: the name that was given, or that of the class.
        control_period: time of a tick [s].
        observation_size: length of an observation.
        action_size: length of an action, 1 if it is discrete.
        discrete: whether an action is the number of a choice.
        record: whether `spikes` are kept.
        tap: where its ticks leave what a recording takes.
        linked: whether the network runs on a board, on a line.

    Raises:
        SpecError: a network without encoder and decoder, an unknown core, learn without a rule.
        ProgramFileError: a file that is damaged, hostile or of another format.
        ImageError: with core ``fixed``, no image, or one that cannot be run.
    """

    def __init__(
        self,
        program: Program | str | Path,
        core: str | MakeCore = "host",
        *,
        record: bool = False,
        seed: int | None = None,
        learn: bool = False,
    ):
        program = program if isinstance(program, Program) else load(program)
        if not isinstance(program.spec, ControllerSpec):
            raise SpecError("Controller", ["the program has no encoder and decoder; build it from a ControllerSpec"])
        if isinstance(core, str) and core not in (*CORES, FIXED):
            raise SpecError("Controller", [f"core is {core!r}; {near(core, [*CORES, FIXED])}"])
        self.program = program
        self.control_period = program.control_period
        self.observation_size = program.observation_size
        self.action_size = program.action_size
        self.discrete = program.discrete
        self.record = record
        self._resting, self._rested = False, True
        self._dtype = CORES.get(core) if isinstance(core, str) else None
        room = max(LOGGED_SPIKES, program.neurons * min(program.substeps, 16)) if record else 0
        self._core = self._make_core(core, seed, room)
        self.core = core if isinstance(core, str) else type(self._core).__name__
        if learn:
            self.learn = True
        self._rewarded, self._ends = takes_reward(program), acts_at_end(program)
        self._seed = program.seed if seed is None else seed
        self._observation = self._core.observation
        self._shape = self._observation.shape
        self._tick, self._sent, self._ints = self._core.tick_in_place, self._core.action, self._core.ints
        self._words: memoryview[int] = self._ints.data  # whose entries are plain numbers, at a third of the cost
        self.tap, self.linked = self._core.tap(), self._core.linked
        counts = "decoder.counts"
        self._counts = self._core.block(counts) if counts in program.blocks["state"] else None
        self._none = b"" if self._counts is None else bytes(self._counts.nbytes)
        self._batch: BatchCore | FixedRows | None = None

    def step(self, observation: Any, reward: float = 0.0, out: np.ndarray | None = None) -> Any:
        """Run one control tick.

        Args:
            observation: (observation_size,) numbers, finite.
            reward: what the previous action earned, finite; learning rules take it before the first step, and
                without any it is not looked at.
            out: (action_size,) float64 to write the action to; None makes a fresh array.

        Returns:
            The action after the limits, (action_size,) float64, or an int64 if it is discrete.

        Raises:
            ObservationError: wrong shape or kind, or not finite, also of a reward; nothing has changed.
            ActionError: the read-out is not finite, or a neuron of your own raised (`NeuronError`); nothing was sent.
            ValueError: out has another shape or dtype; nothing has changed.
        """
        if out is not None and not (out.shape == self._sent.shape and out.dtype == np.float64):
            raise ValueError(f"out is {out.shape} {out.dtype}, an action is {self._sent.shape} float64")
        x = self._observation
        try:
            if observation.shape != self._shape or observation.dtype.kind not in REAL:
                raise ValueError
            x[:] = observation
        except (AttributeError, TypeError, ValueError):
            self._take(observation)
        status = self._tick(reward=finite(reward)) if self._rewarded else self._tick()
        if status:
            self._refuse(status)
        self._resting = self._rested = False
        if out is not None:
            out[:] = self._sent
            return out
        return np.int64(self._sent[0]) if self.discrete else self._sent.copy()

    def end(self, reward: float, *, truncated: bool = False) -> None:
        """Deliver the reward of the episode's last action: weights change, and no time passes.

        Args:
            reward: of the last action.
            truncated: the episode was cut off, by a time limit say; for a critic, see `TDError`.

        Raises:
            ObservationError: it is not finite; nothing has changed.
        """
        if self._ends:
            self._core.end(finite(reward) if self._rewarded else 0.0, truncated=truncated)

    @property
    def learn(self) -> bool:
        """Whether rules change weights; without, traces go on. Can be set between steps.

        Raises:
            SpecError: set to True where no projection has a rule.
        """
        return self._core.learn

    @learn.setter
    def learn(self, learn: bool) -> None:
        """Let rules change weights, or not."""
        check_learn(self.program, learn, "Controller")
        self._core.learn = learn

    @property
    def plasticity(self) -> Mapping[str, Plasticity]:
        """Of every projection that learns, by its name, where its weights are: shares at the bounds, mean, how far they
        have moved. It costs a pass over the weights."""
        return self._core.plasticity

    def forget(self) -> None:
        """Go back to the program's weights; the episode goes on."""
        self._core.forget()

    def to_program(self) -> Program:
        """The program with the weights that were learnt."""
        return self._core.to_program()

    def hold(self) -> Any:
        """The action to send without a valid observation, by `Limits.on_hold`. No time passes in the network."""
        self._resting = False
        return self._idle(hold=True)

    def rest(self) -> Any:
        """The action of a robot at rest, or the next one on the way there that slew allows. No time passes in the
        network."""
        self._resting = True
        return self._idle(hold=False)

    @property
    def at_rest(self) -> bool:
        """Whether the last action that was given is the rest action, by `rest` or `hold`, or no step was made yet."""
        return self._rested

    def was_sent(self, action: Any) -> None:
        """Take what a robot made of the last action: `sent` shows it, and slew counts from it.

        On the way to rest slew counts from what was given, so that a robot which does not follow cannot stay away for
        good.

        Args:
            action: (action_size,) finite.
        """
        if not self._resting:
            self._core.set_last(action)
        self._sent[:] = action

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, the next one of the same seed; also for `predict`'s rows.

        Membranes, traces and eligibilities begin anew, what was learnt stays.
        """
        self._core.reset(seed)
        self._resting, self._rested = False, True
        if seed is not None:
            self._seed, self._batch = seed, None
        elif self._batch is not None:
            self._batch.reset()

    def snapshot(self, out: np.ndarray | None = None) -> np.ndarray:
        """A copy of everything that changes, written over ``out``, an earlier one, if that is given; see `restore`."""
        if out is None:
            return self._core.snapshot()
        np.copyto(out, self._core.state, casting="no")
        return out

    def restore(self, snapshot: np.ndarray) -> None:
        """Go back to a snapshot; the next step repeats bit for bit. SpecError if it is another program's."""
        self._core.restore(snapshot)
        self._resting = self._rested = False

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Any, None]:
        """Actions as Stable-Baselines3 asks for them; `evaluate_policy(controller, env)` works.

        The rows keep their own state from call to call, apart from that of `step`, until their number changes. They
        have the program's weights and do not learn.

        Args:
            observation: (observation_size,) or (n, observation_size).
            state: not used; the rows' state is kept here.
            episode_start: (n,) bool, rows that begin an episode.
            deterministic: not used; chance comes from the seed.

        Returns:
            Actions with the same leading shape, and None.

        Raises:
            ObservationError, ActionError: as `step`, naming the row; in the case of an observation nothing has changed.
        """
        x = as_array(observation)
        rows = x[None] if x.ndim == 1 else x
        if rows.ndim != 2 or rows.shape[1] != self.observation_size or not is_real(rows):
            self._take(observation)
        rows = np.ascontiguousarray(rows, np.float64)
        if not np.isfinite(rows).all():
            row, entry = np.argwhere(~np.isfinite(rows))[0]
            raise ObservationError(f"observation row {row}: entry {entry} is {rows[row, entry]}; it must be finite")
        batch = self._rows(len(rows), episode_start)
        actions = batch.tick(rows)
        if batch.status.any():
            row = int(np.flatnonzero(batch.status)[0])
            if batch.status[row] == NEURON_FAILED:
                raise neuron_error(self.program, batch.ints[row])
            raise ActionError(f"the read-out of row {row} is not finite; nothing was sent")
        result = actions[:, 0].astype(np.int64) if self.discrete else actions.copy()
        return (result if x.ndim == 2 else result[0]), None

    @property
    def wanted(self) -> np.ndarray:
        """What the last tick decoded, before the limits, (action_size,); a view."""
        return self.tap.wanted

    @property
    def sent(self) -> np.ndarray:
        """The last action after the limits, (action_size,); a view."""
        return self._sent

    @property
    def spikes(self) -> np.ndarray:
        """Spikes of the last tick as (substep, neuron), (m, 2) int32, with ``record=True``; a view."""
        return self._core.spikes

    @property
    def spikes_last(self) -> int:
        """Number of spikes in the last tick."""
        return self._words[ops.SPIKES]

    @property
    def link_ns(self) -> int:
        """How much of the last tick was spent on a line to a board [ns]; 0 without one."""
        return int(self._core.link_ns)

    @property
    def synops_last(self) -> int:
        """Synaptic operations of the last tick: one for every weight that was added."""
        words = self._words  # as `synops_of`, without arrays, because a loop asks every tick
        return words[ops.SYNOPS_HI] << 32 | words[ops.SYNOPS_LO] & 0xFFFFFFFF

    @property
    def silent(self) -> bool:
        """Whether the decoded neurons did not spike in the last tick, or, where they do not spike, no neuron did."""
        if self._counts is None:
            return not self.spikes_last
        return self._counts.tobytes() == self._none  # `any` of NumPy takes a microsecond

    @property
    def spikes_most(self) -> int:
        """Spikes that a tick can have at most: of every neuron that spikes one in t_ref + dt."""
        spiking = [p for p in self.program.network.populations if not isinstance(p.model, LI)]
        steps = [1 + np.round(np.broadcast_to(getattr(p.model, "t_ref", 0.0), p.n) / self.dt) for p in spiking]
        return int(sum(np.ceil(self.substeps / between).sum() for between in steps))

    @property
    def membranes(self) -> np.ndarray:
        """v of all neurons in declared order, (n,) float32; 0 for Input."""
        return self._core.membranes

    @property
    def populations(self) -> tuple[tuple[str, int], ...]:
        """Names and sizes, in declared order."""
        return tuple((p.name, p.n) for p in self.program.network.populations)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return self.program.neurons

    @property
    def dt(self) -> float:
        """Length of a network step [s]."""
        return self.program.network.dt

    @property
    def substeps(self) -> int:
        """Network steps a tick."""
        return self.program.substeps

    def _idle(self, hold: bool) -> Any:
        self._rested = self._core.idle(hold)
        return np.int64(self._sent[0]) if self.discrete else self._sent.copy()

    def _make_core(self, core: str | MakeCore, seed: int | None, room: int) -> HostCore | FixedCore:
        if not isinstance(core, str):
            made: FixedCore = core(self.program, seed=seed, log_spikes=room)  # or one with all that it has
            return made
        if self._dtype is None:
            return FixedCore(self.program, seed=seed, log_spikes=room)
        return HostCore(self.program, self._dtype, seed=seed, log_spikes=room)

    def _rows(self, n: int, episode_start: Any) -> BatchCore | FixedRows:
        if self._batch is None or self._batch.n != n:
            if self._dtype is None:
                self._batch = FixedRows(self.program, n, self._seed)
            else:
                self._batch = BatchCore(self.program, n, self._dtype, seed=self._seed)
        elif episode_start is not None:
            ids = np.flatnonzero(np.broadcast_to(np.asarray(episode_start, bool), (n,)))
            if ids.size:
                self._batch.reset(ids=ids)
        return self._batch

    def _take(self, observation: Any) -> None:
        """Copy an observation that is no array of the right shape, or say what is wrong with it."""
        x = as_array(observation)
        if not is_real(x):
            raise ObservationError(f"the observation has dtype {x.dtype}; it must be real numbers")
        if x.shape != self._shape:
            raise ObservationError(f"the observation has shape {x.shape}; this controller takes {self._shape}")
        self._observation[:] = x

    def _refuse(self, status: int) -> None:
        if status == BAD_OBSERVATION:
            entry = int(np.flatnonzero(~np.isfinite(self._observation))[0])
            raise ObservationError(f"entry {entry} of the observation is {self._observation[entry]}; it must be finite")
        if status == NEURON_FAILED:
            raise neuron_error(self.program, self._ints)
        if status == BAD_ACTION:
            raise ActionError("the read-out is not finite; nothing was sent. Look for weights that are far too large")
