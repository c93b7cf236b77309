"""A core on this machine's processor, in float32, or in float64 as the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from neurobot.core.base import (
    Core,
    Tap,
    as_ints,
    cast_params,
    checked_dtype,
    episode_of,
    linked_layout,
    on_a_line,
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
from neurobot.kernels.compiled import bind
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Choice
from neurobot.spec.neurons import Input


class HostCore(Core):
    """Runs a Program in compiled code, one call a tick.

    Args:
        program: what to run.
        dtype: ``float32``, or ``float64`` as the reference.
        seed: of chance; default the program's.
        instance: which of several cores with the same seed this is; an instance of a `BatchCore` equals it.
        log_spikes: room for this many spikes a tick in `spikes`; 0 logs none.
        probe: words of the state to trace in every step, see `trace`.
        max_steps: of a network alone, how many steps `tick_in_place` can run in one call.
        learn: whether rules change weights, see `learn`.

    Attributes:
        observation: (n,) float64, or (max_steps n,) for a network alone, what `tick_in_place` reads.
        trace: (steps, probes), the probed words after each step of the last tick.

    Raises:
        SpecError: an unknown dtype; several steps a call of a controller, whose tick has its own number of them; learn
            without a rule.
    """

    def __init__(
        self,
        program: Program,
        dtype: Literal["float32", "float64"] = "float32",
        *,
        seed: int | None = None,
        instance: int = 0,
        log_spikes: int = 0,
        probe: np.ndarray | None = None,
        max_steps: int = 1,
        learn: bool = False,
    ):
        real = checked_dtype("HostCore", dtype)
        if max_steps < 1 or (max_steps > 1 and isinstance(program.spec, ControllerSpec)):
            raise SpecError("HostCore", [f"max_steps is {max_steps}; it must be 1, or more for a network alone"])
        self.program = program
        self._layout = linked_layout(program, dtype)
        self.params = on_a_line(cast_params(program, real))
        self._instance = instance
        self._most_steps = 0 if isinstance(program.spec, ControllerSpec) else max_steps
        self.state = on_a_line(start_state(program, real, self.params))
        self.ints = as_ints(self.state)
        self.action = np.zeros(program.action_size)
        self._events = np.zeros(1 + 2 * log_spikes if log_spikes else 0, np.int32)
        self._probe = np.zeros(0, np.int32) if probe is None else np.ascontiguousarray(probe, np.int32)
        self.trace = np.zeros((program.substeps * max_steps, self._probe.size), dtype)
        self.observation = np.zeros(program.observation_size * max_steps)
        self._row = self.observation[: program.observation_size]
        own = (self.params, self.state, self.ints, self.observation, self.action)
        logs = (self._events, self._probe, self.trace.reshape(-1))
        self._tick = bind(dtype, (self._layout, *own, *logs))
        self._kept, self._rewarded, self._ends = kept(program), takes_reward(program), acts_at_end(program)
        if self._ends:
            nothing = self._events[:0], self._probe[:0], self.trace.reshape(-1)[:0]
            self._end = bind(dtype, (ending_layout(program, self._layout), *own, *nothing))
        self.learn = learn
        self._v_words = _membrane_words(program)
        set_episode(self.ints, program.seed if seed is None else seed, 0, instance)
        show_action(program, self.state, self.action)

    @property
    def spikes(self) -> np.ndarray:
        """Spikes of the last tick as (substep, neuron), (m, 2) int32; neurons count over all populations."""
        logged = min(int(self._events[0]), (self._events.size - 1) // 2) if self._events.size else 0
        return self._events[1 : 1 + 2 * logged].reshape(-1, 2)

    def tap(self) -> Tap:
        """Where a tick leaves what a recording takes, of a controller."""
        return Tap(
            kind=str(self.state.dtype),
            observation=self.observation,
            state=self.state,
            words=self._v_words,
            units=np.zeros((0, 2)),
            wanted=self.block("decoder.wanted"),
            sent=self.action,
            events=self._events,
            spikes=self.ints[ops.SPIKES : ops.SPIKES + 1],
        )

    @property
    def synops(self) -> int:
        """Synaptic operations of the last tick."""
        return int(synops_of(self.ints))

    @property
    def spikes_missed(self) -> int:
        """Spikes of the last tick that found no room in the log."""
        return int(self._events[0]) - len(self.spikes) if self._events.size else 0

    def block(self, name: str) -> np.ndarray:
        """A block of the state by name, e.g. ``hidden.v``; a view."""
        block = self.program.blocks["state"][name]
        return block.of(self.ints if block.integer else self.state)

    def param(self, name: str) -> np.ndarray:
        """A block of the params by name, e.g. ``hidden.b``, in the core's kind of number; a view."""
        return self.program.blocks["params"][name].of(self.params)

    @property
    def learn(self) -> bool:
        """Whether rules change weights; without, traces go on. Can be set between ticks.

        Raises:
            SpecError: set to True where no projection has a rule.
        """
        return bool(self.ints[ops.LEARN])

    @learn.setter
    def learn(self, learn: bool) -> None:
        """Let rules change weights, or not."""
        check_learn(self.program, learn, "HostCore")
        self.ints[ops.LEARN] = bool(learn)

    @property
    def plasticity(self) -> Mapping[str, Plasticity]:
        """Of every projection that learns, by its name, where its weights are."""
        return plasticity(self.program, self.params, self.state, self.ints)

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, the next one of the same seed. What was learnt stays."""
        old, episode = episode_of(self.ints)
        fresh, learn = start_state(self.program, self.state.dtype, self.params), self.learn
        copy_kept(self._kept, self.state, fresh)
        self.state[:] = fresh
        self.ints[ops.LEARN] = learn
        set_episode(self.ints, old if seed is None else seed, episode + 1 if seed is None else 0, self._instance)
        show_action(self.program, self.state, self.action)

    def forget(self) -> None:
        """Go back to the program's weights, and to no estimate of what is usual; the episode goes on."""
        copy_kept(self._kept, start_state(self.program, self.state.dtype, self.params), self.state)

    def tick(self, observation: np.ndarray, reward: float = 0.0) -> int:
        """Run a tick.

        Args:
            observation: (n,) finite; for a network alone its spike train, 0 where there is none.
            reward: finite; of the tick before.

        Returns:
            A status of `neurobot.kernels.status`; `action` holds the action.
        """
        self._row[:] = observation
        return self.tick_in_place(reward=reward)

    def tick_in_place(self, steps: int | None = None, reward: float = 0.0) -> int:
        """`tick` on what `observation` holds already.

        Args:
            steps: of a network alone, how many steps to run, at most ``max_steps``, default 1; observation holds a
                row for each.
            reward: of the step before the first one; the others have none.

        Raises:
            SpecError: more steps than there is room for, or any number of steps for a controller.
        """
        if steps is not None or self._most_steps:
            steps = 1 if steps is None else steps
            if not 1 <= steps <= self._most_steps:
                allowed = f"1 to max_steps = {self._most_steps}" if self._most_steps else "none, for a controller"
                raise SpecError("tick_in_place", [f"steps is {steps}, allowed are {allowed}"])
            self._layout[ops.SUBSTEPS] = steps
        if self._rewarded:
            self.state[ops.REWARD] = reward
        return self._tick()

    def end(self, reward: float, *, truncated: bool = False) -> None:
        """Deliver the reward of an episode's last tick, finite: weights change, and no time passes.

        Args:
            reward: of the last tick.
            truncated: the episode was cut off, and would have gone on; for a critic, see `TDError`.
        """
        if self._ends:
            counted = [ops.SPIKES, ops.SYNOPS_LO, ops.SYNOPS_HI]
            before = self.ints[counted]
            self.state[ops.REWARD] = reward
            self.ints[ops.ENDING] = ops.TRUNCATED if truncated else ops.TERMINATED
            self._end()
            self.ints[ops.ENDING], self.ints[counted] = 0, before

    def idle(self, hold: bool) -> bool:
        """Let the action go to where `on_hold` says, or to rest, as far as slew lets it; no time passes in the network.

        Returns:
            Whether it is at rest now.
        """
        assert isinstance(self.program.spec, ControllerSpec)
        decoder, last = self.program.spec.decoder, self.block("decoder.last")
        if isinstance(decoder, Choice):
            if not hold or decoder.on_hold == "rest":
                last[:] = decoder.rest
            self.action[:] = last
            return bool((last == decoder.rest).all())
        rest, slew, to = self.param("decoder.rest"), self.param("decoder.slew"), self.param("decoder.rest")
        if hold:
            ways = {"last": last, "rest": rest, "damp": rest + (last - rest) / 2}
            how = np.broadcast_to(decoder.limits.on_hold, last.shape)
            to = np.select([how == name for name in ways], list(ways.values()))
        last[:] = np.clip(to, last - slew, last + slew)
        self.action[:] = last
        return bool((last == rest).all())

    def set_last(self, action: Any) -> None:
        """Take something else for the last action, (n,) finite: slew counts from it."""
        block = self.block("decoder.last")
        block[:] = action
        self.action[:] = block

    @property
    def membranes(self) -> np.ndarray:
        """v of all neurons in declared order, (n,) float32; 0 for Input."""
        v: np.ndarray = self.state[self._v_words].astype(np.float32, copy=False)
        return v

    def snapshot(self) -> np.ndarray:
        """A copy of everything that changes, (words,)."""
        return self.state.copy()

    def restore(self, snapshot: np.ndarray) -> None:
        """Go back to a snapshot of the same program and dtype.

        Raises:
            SpecError: a snapshot of another shape or dtype.
        """
        put_back(self.state, snapshot)
        show_action(self.program, self.state, self.action)

    def to_program(self) -> Program:
        """The program with the params, and the weights of projections that learn, as they are now."""
        return learnt(self.program, self.params, self.state)


def _membrane_words(program: Program) -> np.ndarray:
    """Where in the state v of every neuron lies; for Input neurons a word of the header that is always 0."""
    parts = []
    for p in program.network.populations:
        if isinstance(p.model, Input):
            parts.append(np.full(p.n, ops.STATE_HEADER - 1))
        else:
            block = program.blocks["state"][f"{p.name}.v"]
            parts.append(np.arange(block.at, block.at + block.size))
    return np.concatenate(parts)
