"""What a core is: it runs a Program, one control tick a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurobot.errors import NeuronError, SpecError
from neurobot.kernels import ops
from neurobot.kernels.compiled import integer, link
from neurobot.kernels.ops import LINE
from neurobot.program import Program
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.custom import Custom
from neurobot.spec.custom_rule import CustomRule
from neurobot.spec.network import Population, Projection


class Tap(NamedTuple):
    """Where a tick leaves what a recording takes of it; views that stay where they are.

    Attributes:
        kind: "float32", "float64" or "fixed": of numbers in state, wanted and spikes; those of "fixed" are int32,
            float32 and int32.
        observation: (n_obs,) float64, what the network was given.
        state: holds the membranes.
        words: (n,) int64, where in it they are, neuron by neuron.
        units: (n, 2) float64, what 1 of them is, and what is added to that; (0, 2) where they are as they are.
        wanted: (n_act,) what was decoded, before the limits.
        sent: (n_act,) float64, the action.
        events: int32, the number of spikes that were logged, then (step, neuron) of each.
        spikes: (1,) the number of all.
    """

    kind: str
    observation: np.ndarray
    state: np.ndarray
    words: np.ndarray
    units: np.ndarray
    wanted: np.ndarray
    sent: np.ndarray
    events: np.ndarray
    spikes: np.ndarray


class Core(ABC):
    """Runs a Program. Everything that changes lies in `state`, so a copy of it is the whole core.

    Attributes:
        program: what runs.
        state: (words,) of the core's kind of number; `neurobot.core` writes it, others read.
        ints: the same memory as integers.
        action: (n,) float64, what the last tick decoded, after the limits.
        linked: whether it is on a line to a board.
        link_ns: how much of the last tick was spent on that [ns]; 0 without one.
    """

    program: Program
    state: np.ndarray
    ints: np.ndarray
    action: np.ndarray
    linked: bool = False
    link_ns: int = 0

    @abstractmethod
    def reset(self, seed: int | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, the next one of the same seed."""

    @abstractmethod
    def tick(self, observation: np.ndarray, reward: float = 0.0) -> int:
        """Run a tick with the reward of the one before, and return a status of `neurobot.kernels.status`."""

    @abstractmethod
    def snapshot(self) -> np.ndarray:
        """A copy of everything that changes."""

    @abstractmethod
    def restore(self, snapshot: np.ndarray) -> None:
        """Go back to a snapshot of the same program; the next tick repeats bit for bit."""

    @abstractmethod
    def to_program(self) -> Program:
        """The program with the params, and the weights of projections that learn, as they are now."""


def start_state(program: Program, dtype: np.dtype[Any], params: np.ndarray) -> np.ndarray:
    """The state at the start of an episode, (words,): everything 0 but what has an initial value.

    Args:
        program: laid out for.
        dtype: float32 or float64.
        params: (words,), whose initial membranes, phases and rest actions are taken.
    """
    state = np.zeros(program.state_words, dtype)
    blocks, given = program.blocks["state"], program.blocks["params"]
    pairs = [(f"{p.name}.v", f"{p.name}.init") for p in program.network.populations]
    pairs += [(name, f"{name}_init") for name in blocks]
    pairs += [(f"{q.name}.w", f"{q.name}.weights") for q in program.plastic]
    for name, init in [*pairs, ("decoder.last", "decoder.rest")]:
        if name in blocks and init in given:
            blocks[name].of(state)[...] = given[init].of(params)
    if program.discrete and isinstance(program.spec, ControllerSpec):
        blocks["decoder.last"].of(state)[...] = getattr(program.spec.decoder, "rest", 0)
    return state


def checked_dtype(core: str, dtype: str) -> np.dtype[Any]:
    """float32 or float64; SpecError for anything else."""
    if dtype not in ("float32", "float64"):
        raise SpecError(core, [f"dtype is {dtype!r}, it must be float32 or float64"])
    return np.dtype(dtype)


def linked_layout(program: Program, dtype: str) -> np.ndarray:
    """A core's own copy of the layout, (words,) int32, with the addresses of its linked ops."""
    layout = program.layout.copy()
    updates = {
        k: _update_of(program, p) for k, p in enumerate(program.network.populations) if isinstance(p.model, Custom)
    }
    rules = {k: _rule_of(program, q) for k, q in enumerate(program.network.projections) if _is_custom(q)}
    try:
        link(layout, dtype, updates, rules)
    except Exception as error:  # whatever Numba, or what it calls, makes of a user's function
        if not updates and not rules:
            raise
        neurons = {f"neuron {p.model.id}" for p in program.network.populations if isinstance(p.model, Custom)}
        own = {f"rule {getattr(q.rule, 'id', '')}" for q in program.plastic if _is_custom(q)}
        words = f"Numba cannot compile it for {dtype}: {error} (parameters are read-only)"
        raise SpecError(", ".join(sorted(neurons | own)), [words]) from error
    return layout


def _is_custom(q: Projection) -> bool:
    return isinstance(q.rule, CustomRule)


def _rule_of(program: Program, q: Projection) -> tuple[Callable[..., float], int]:
    """The function of a user's rule, which still has the parameters that the program was laid out for."""
    assert isinstance(q.rule, CustomRule)
    known, start = q.rule.rule, f"{q.name}.rule."
    laid_out = [name.removeprefix(start) for name in program.blocks["params"] if name.startswith(start)]
    if list(known.params) != laid_out:
        raise SpecError(f"rule {known.id!r}", ["it was registered again with other arguments; build the program again"])
    return known.function, len(known.params)


def _update_of(program: Program, p: Population) -> Callable[..., None]:
    """The function of a user's neuron, which is still the one that the program was laid out for."""
    assert isinstance(p.model, Custom)
    known = p.model.neuron
    laid_out = [name.removeprefix(f"{p.name}.") for name in (*program.blocks["state"], *program.blocks["params"])]
    wanted = (*known.state, "s"), known.params
    if any(not _runs(names, laid_out) for names in wanted) or set(known.params) != set(p.model.params):
        raise SpecError(
            f"neuron {known.id!r}", ["it was registered again with other arguments; build the program again"]
        )
    return known.function


def _runs(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether some names stand in a row in others."""
    return any(tuple(whole[k : k + len(part)]) == tuple(part) for k in range(len(whole) + 1))


def put_back(state: np.ndarray, snapshot: np.ndarray) -> None:
    """Write a snapshot over a state; SpecError where it has another shape or dtype."""
    if snapshot.shape != state.shape or snapshot.dtype != state.dtype:
        given, wanted = (f"{a.shape} {a.dtype}" for a in (snapshot, state))
        raise SpecError("snapshot", [f"it is {given}, this core's state is {wanted}; take it from the same program"])
    state[:] = snapshot


def show_action(program: Program, state: np.ndarray, action: np.ndarray) -> None:
    """Write the action that a state holds, its last one or at the start of an episode the rest value."""
    block = program.blocks["state"].get("decoder.last")
    if block is not None:
        action[:] = block.of(state)


def set_episode(ints: np.ndarray, seed: int, episode: int, instance: int) -> None:
    """Write what chance depends on into the state's header."""
    words = np.array([seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, episode & 0xFFFFFFFF, instance], np.uint32)
    ints[ops.SEED_LO], ints[ops.SEED_HI], ints[ops.EPISODE], ints[ops.INSTANCE] = words.view(np.int32)


def episode_of(ints: np.ndarray) -> tuple[int, int]:
    """Seed and episode from the state's header."""
    low, high, episode = (int(ints[w]) & 0xFFFFFFFF for w in (ops.SEED_LO, ops.SEED_HI, ops.EPISODE))
    return low | high << 32, episode


def synops_of(ints: np.ndarray) -> np.ndarray:
    """Synaptic operations of the last tick, (...) int64, from state headers (..., words)."""
    low = ints[..., ops.SYNOPS_LO].astype(np.int64) & 0xFFFFFFFF
    total: np.ndarray = low | ints[..., ops.SYNOPS_HI].astype(np.int64) << 32
    return total


def neuron_error(program: Program, ints: np.ndarray) -> NeuronError:
    """What to raise after the status NEURON_FAILED, from a state's header."""
    fault = int(ints[ops.FAULT])
    if fault < 0:
        q = program.network.projections[-fault - 1]
        id = getattr(q.rule, "id", "")
        return NeuronError(
            f"rule {id!r} of projection {q.name!r} raised an exception; nothing was sent. Reset the core, and look for "
            "it with NUMBA_DISABLE_JIT=1, where the function is plain Python"
        )
    p = program.network.populations[fault - 1]
    id = getattr(p.model, "id", "")
    return NeuronError(
        f"neuron {id!r} of population {p.name!r} raised an exception; nothing was sent. Reset the core, and look for "
        "it with NUMBA_DISABLE_JIT=1, where the function is plain Python"
    )


def cast_params(program: Program, dtype: np.dtype[Any]) -> np.ndarray:
    """Params as a core's kind of number, (words,); limits are rounded towards the inside, never outwards.

    Raises:
        SpecError: numbers too large for float32.
    """
    with np.errstate(over="ignore"):
        params = program.params.astype(dtype)
    wrong = [name for name, b in program.blocks["params"].items() if not np.isfinite(b.of(params)).all()]
    if wrong:
        raise SpecError("core", [f"{name} has numbers that {dtype} cannot hold" for name in wrong])
    for name, inward in (("decoder.low", np.inf), ("decoder.high", -np.inf), ("decoder.slew", -np.inf)):
        block = program.blocks["params"].get(name)
        if block is not None:
            exact, rounded = block.of(program.params), block.of(params)
            outside = rounded < exact if inward > 0 else rounded > exact
            rounded[outside] = np.nextafter(rounded[outside], dtype.type(inward))
    if "decoder.rest" in program.blocks["params"]:
        low, high, rest = (program.blocks["params"][f"decoder.{name}"].of(params) for name in ("low", "high", "rest"))
        rest[...] = np.clip(rest, low, high)
    return params


def on_a_line(array: np.ndarray) -> np.ndarray:
    """A copy of a 1-D array that begins on a cache line, as its larger blocks then do.

    Memory from NumPy begins 16 bytes behind one, and every second vector that is read would lie on two.
    """
    line = LINE * 4
    room = np.zeros(array.nbytes + line, np.uint8)
    first = -room.ctypes.data % line
    out = room[first : first + array.nbytes].view(array.dtype)
    out[:] = array
    return out


def as_ints(state: np.ndarray) -> np.ndarray:
    """The same memory as integers of the same width."""
    return state.view(integer(state.dtype))
