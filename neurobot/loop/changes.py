"""What changes in an object, taken out as plain data, and put back into another object that was made alike.

A class says what changes in it: by ``CHANGES``, a tuple of names of its attributes, or by two methods, `get_state` and
`set_state`. Attributes hold numbers, texts, bytes, arrays, generators of NumPy (PCG64), objects of such classes, and
lists, tuples and dicts of all these. Everything else is refused, so that nothing is forgotten in silence.

Arrays and generators that are there are written to, not replaced: others may look at them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

import numpy as np

from neurobot.errors import SuspendError

Plain = bool | int | float | str | bytes | None


@final
@dataclass(frozen=True, slots=True)
class Stream:
    """Where a generator is in its stream of random numbers, PCG64.

    Attributes:
        state: as NumPy says it.
        entropy: of the seed sequence that it comes from.
        spawn_key: likewise.
        spawned: how many children that seed sequence has.
    """

    state: dict[str, Any]
    entropy: int
    spawn_key: tuple[int, ...]
    spawned: int

    @classmethod
    def of(cls, generator: np.random.Generator, what: str = "the generator") -> Stream:
        """The place of a generator; SuspendError, which says what it is, for one of another kind."""
        bits, seed = generator.bit_generator, getattr(generator.bit_generator, "seed_seq", None)
        if not isinstance(bits, np.random.PCG64) or not isinstance(seed, np.random.SeedSequence):
            kind = type(bits).__name__
            raise SuspendError(f"{what} draws by {kind}; use numpy.random.default_rng, which draws by PCG64")
        if not isinstance(seed.entropy, int):
            raise SuspendError(f"{what} was seeded with {seed.entropy!r}; seed it with one whole number")
        return cls(dict(bits.state), seed.entropy, tuple(seed.spawn_key), seed.n_children_spawned)

    def put(self, generator: Any) -> np.random.Generator:
        """A generator at this place: the given one, if it is one of the same seed, else a new one."""
        if isinstance(generator, np.random.Generator) and self._same_seed(generator):
            placed = generator
        else:
            seed = np.random.SeedSequence(self.entropy, spawn_key=self.spawn_key, n_children_spawned=self.spawned)
            placed = np.random.Generator(np.random.PCG64(seed))
        placed.bit_generator.state = self.state
        return placed

    def _same_seed(self, generator: np.random.Generator) -> bool:
        try:
            other = Stream.of(generator)
        except SuspendError:
            return False
        return (other.entropy, other.spawn_key, other.spawned) == (self.entropy, self.spawn_key, self.spawned)


def has_state(it: Any) -> bool:
    """Whether the class of an object has `get_state` and `set_state`."""
    return all(callable(getattr(type(it), name, None)) for name in ("get_state", "set_state"))


def collect(it: Any, what: str = "it") -> Any:
    """What changes in an object, or a value, copied.

    Args:
        it: an object of a class that says what changes, or a value.
        what: its name, for messages.

    Returns:
        Plain values, arrays, `Stream` and lists, tuples and dicts of these; of an object a dict by attribute.

    Raises:
        SuspendError: something of another kind, with its name.
    """
    names = getattr(type(it), "CHANGES", None)
    if has_state(it):
        return collect(it.get_state(), what)
    if names is not None:
        return collect_names(it, names, what)
    if isinstance(it, np.random.Generator):
        return Stream.of(it, what)
    if isinstance(it, np.ndarray) and it.dtype.kind in "biuf":
        return it.copy()
    if isinstance(it, Enum):
        return it.value
    if isinstance(it, Plain | Stream | np.bool_ | np.integer | np.floating):
        return it
    if isinstance(it, list | tuple | deque):
        parts = [collect(part, f"{what}[{k}]") for k, part in enumerate(it)]
        return tuple(parts) if isinstance(it, tuple) else parts
    if isinstance(it, dict) and all(isinstance(key, str | int) for key in it):
        return {key: collect(value, f"{what}[{key!r}]") for key, value in it.items()}
    raise SuspendError(
        f"{what} is of the class {type(it).__name__}, of which it is not known what changes in it; numbers, texts, "
        "arrays of them, generators, lists and dicts are, and classes with get_state and set_state"
    )


def collect_names(it: Any, names: tuple[str, ...], what: str) -> dict[str, Any]:
    """What changes in attributes of an object, by name; errors as `collect`."""
    return {name: collect(getattr(it, name), f"{what}.{name}") for name in names}


def put_back(old: Any, new: Any) -> Any:
    """Put what `collect` gave into an object that was made in the same way, or in the place of a value.

    Args:
        old: the object, or the present value.
        new: of `collect`.

    Returns:
        What belongs in the place of `old`: itself, where it could be written to.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is of something else.
    """
    names = getattr(type(old), "CHANGES", None)
    if has_state(old):
        old.set_state(_with_generators(new))
        return old
    if names is not None:
        put_names(old, names, new)
        return old
    if isinstance(new, np.random.Generator):
        new = Stream.of(new)
    if isinstance(new, Stream):
        return new.put(old)
    if isinstance(old, Enum):
        return type(old)(new)
    if isinstance(new, np.ndarray):
        return _put_array(old, new)
    if isinstance(new, dict):
        return _put_dict(old if isinstance(old, dict) else {}, new)
    if isinstance(new, list | tuple):
        return _put_parts(old, new)
    return new


def put_names(it: Any, names: tuple[str, ...], new: dict[str, Any]) -> None:
    """Put what `collect_names` gave into an object; errors as `put_back`."""
    if set(new) != set(names):
        raise ValueError(f"it has {', '.join(sorted(new))}, where {', '.join(sorted(names))} change")
    for name in names:
        old = getattr(it, name)
        value = put_back(old, new[name])
        if value is not old:
            setattr(it, name, value)


def _with_generators(state: Any) -> Any:
    """A state as its `get_state` gave it: with generators."""
    if isinstance(state, Stream):
        return state.put(None)
    if isinstance(state, dict):
        return {key: _with_generators(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(map(_with_generators, state))
    return state


def _put_array(old: Any, new: np.ndarray) -> np.ndarray:
    if not isinstance(old, np.ndarray) or (old.shape, old.dtype) != (new.shape, new.dtype) or not old.flags.writeable:
        return new
    old[...] = new
    return old


def _put_dict(old: dict[Any, Any], new: dict[Any, Any]) -> dict[Any, Any]:
    merged = {key: put_back(old.get(key), value) for key, value in new.items()}
    old.clear()
    old.update(merged)
    return old


def _put_parts(old: Any, new: list[Any] | tuple[Any, ...]) -> Any:
    known = list(old) if isinstance(old, list | tuple | deque) and len(old) == len(new) else [None] * len(new)
    parts = [put_back(a, b) for a, b in zip(known, new, strict=True)]
    if isinstance(old, list):
        old[:] = parts
        return old
    if isinstance(old, tuple) and hasattr(old, "_make"):  # a NamedTuple
        return old._make(parts)
    return deque(parts) if isinstance(old, deque) else tuple(parts) if isinstance(new, tuple) else parts
