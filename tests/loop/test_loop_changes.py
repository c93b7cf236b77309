"""What changes in objects: taken out, written as JSON and arrays, read, and put back."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, floating_dtypes, integer_dtypes

from neurobot.errors import SuspendError
from neurobot.loop.changes import Stream, collect, put_back
from neurobot.loop.guard import Flag, Mode, State
from neurobot.loop.packed import pack, unpack

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.integers(0, 9).map(np.int32)
    | st.floats(width=32).map(np.float32) | arrays(floating_dtypes(endianness="="), array_shapes(min_dims=0))
    | arrays(integer_dtypes(endianness="="), array_shapes(min_dims=0, min_side=0)) | arrays(np.bool_, array_shapes())
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


def through(state):
    """A state after it was JSON and arrays."""
    stored = {}
    return unpack(json.loads(json.dumps(pack(state, stored))), stored)


def same(a, b):
    """Of the same types, and the same to the bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray | np.generic):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return repr(a) == repr(b)


@given(TREES)
def test_what_is_collected_comes_back_from_json_and_arrays(tree):
    assert same(through(collect(tree)), tree)


@dataclass
class Inner:
    CHANGES = ("k", "rows")
    k: Any = 0
    rows: Any = field(default_factory=lambda: np.zeros(3))
    fixed: int = 1


@dataclass
class Outer:
    CHANGES = ("inner", "parts", "by_name", "counts", "commands", "state", "mode", "chance", "streams")
    inner: Any = field(default_factory=Inner)
    parts: Any = field(default_factory=lambda: [(0, Inner()), (1, Inner())])
    by_name: Any = field(default_factory=lambda: {"a": np.zeros(2)})
    counts: Any = field(default_factory=Counter)
    commands: Any = field(default_factory=deque)
    state: Any = field(default_factory=State)
    mode: Any = Mode.RUNNING
    chance: Any = field(default_factory=lambda: np.random.default_rng(1))
    streams: Any = field(default_factory=dict)


def changed():
    it = Outer()
    it.inner.k, it.inner.rows[1] = 7, np.nan
    it.parts[1][1].k = 8
    it.by_name["a"][0] = -0.0
    it.counts["late"] += 2
    it.commands.append(Flag.STOP)
    it.state = State(Mode.HOLD, 1.0, 2.0, Flag.STALE | Flag.FROZEN)
    it.mode = Mode.SAFE
    it.chance.normal(size=5)
    it.chance.integers(9, dtype=np.int32)  # leaves half a draw behind
    it.streams[3] = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(1, 2)))
    return it


def test_objects_are_put_back_into_others_that_were_made_alike():
    it, other = changed(), Outer()
    inner, rows, chance, sequence = other.inner, other.inner.rows, other.chance, other.chance.bit_generator.seed_seq
    assert put_back(other, through(collect(it))) is other
    assert same(collect(it), collect(other))
    assert (type(other.counts), type(other.commands), type(other.state)) == (Counter, deque, State)
    assert (other.mode, other.state) == (Mode.SAFE, it.state)
    assert type(other.state.cause) is Flag
    # others may look at what is there
    assert other.inner is inner and inner.rows is rows
    assert other.chance is chance and chance.bit_generator.seed_seq is sequence
    for name in ("chance", "streams"):
        a, b = getattr(it, name), getattr(other, name)
        a, b = (a[3], b[3]) if name == "streams" else (a, b)
        assert (
            a.integers(1 << 30, size=4, dtype=np.int32).tolist() == b.integers(1 << 30, size=4, dtype=np.int32).tolist()
        )
        assert a.spawn(1)[0].random() == b.spawn(1)[0].random()


def test_what_was_collected_is_a_copy():
    it = changed()
    state = collect(it)
    it.inner.rows[:] = 5
    it.by_name["a"][:] = 5
    assert state["inner"]["rows"][0] == 0
    assert state["by_name"]["a"][1] == 0


def test_a_generator_of_another_seed_is_replaced():
    it, other = changed(), Outer(chance=np.random.default_rng(2))
    put_back(other, through(collect(it)))
    assert it.chance.random() == other.chance.random()
    assert it.chance.spawn(1)[0].random() == other.chance.spawn(1)[0].random()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), "it.inner.k is of the class object, of which it is not known what changes in it"),
        ({1.5: 1}, "it.inner.k is of the class dict"),
        ([1, {2}], r"it.inner.k\[1\] is of the class set"),
        (np.array([None]), "it.inner.k is of the class ndarray"),
        (np.zeros(2, complex), "it.inner.k is of the class ndarray"),
        (np.random.Generator(np.random.MT19937(1)), "it.inner.k draws by MT19937; use numpy.random.default_rng"),
        (np.random.default_rng([1, 2]), r"it.inner.k was seeded with \[1, 2\]; seed it with one whole number"),
    ],
    ids=["object", "number as a key", "set", "objects", "complex", "generator", "seeds"],
)
def test_what_cannot_be_kept_is_named(value, said):
    it = Outer()
    it.inner.k = value
    with pytest.raises(SuspendError, match=said):
        collect(it)


def test_the_names_of_another_class_are_refused():
    with pytest.raises(ValueError, match="it has a, where k, rows change"):
        put_back(Inner(), {"a": 1})


@pytest.mark.parametrize(
    "data", [{"pickle": "0"}, {}, {"array": "9"}, {"a": 1, "b": 2}, {"stream": [1]}, {"dict": [1]}]
)
def test_what_pack_does_not_make_is_refused(data):
    with pytest.raises((KeyError, TypeError, ValueError)):
        unpack(data, {"0": np.zeros(1)})


def test_only_what_was_collected_is_packed():
    with pytest.raises(SuspendError, match="cannot be written; it is no number, text, array, list or dict"):
        pack({"a": {1, 2}}, {})


def test_a_stream_says_which_generator_it_is_of():
    stream = Stream.of(np.random.default_rng(np.random.SeedSequence(4, spawn_key=(7,))))
    assert (stream.entropy, stream.spawn_key, stream.spawned) == (4, (7,), 0)
