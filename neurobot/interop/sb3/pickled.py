"""The index of a file that torch.save wrote: which tensor lies in which storage, read without unpickling.

torch writes a state dict as a pickle, and a pickle is a program: its reader imports what it names and calls it. Here
`pickletools.genops`, which only splits the bytes, gives the instructions one by one, and the few that a state dict
needs are carried out on plain data: a name stays a text that is compared with a list, and "calling" one of the three
functions below makes a `TensorPlace` or an empty dict. Everything else is refused by name.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurobot.errors import PolicyError

MAX_BYTES = 4 << 20
MAX_OPS = 200_000
DTYPES = {"torch FloatStorage": "<f4", "torch DoubleStorage": "<f8", "torch HalfStorage": "<f2"}
DICT, REBUILD = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
CONSTANTS = {"NEWTRUE": True, "NEWFALSE": False, "NONE": None}
VALUES = ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1")
IGNORED = ("PROTO", "FRAME")
MARK = object()


@dataclass(frozen=True, slots=True)
class Storage:
    """A file of numbers in the archive.

    Args:
        key: its name.
        dtype: NumPy's word for its numbers.
        size: how many there are.
    """

    key: str
    dtype: str
    size: int


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where a tensor lies.

    Args:
        storage: what it lies in.
        offset: of its first number, counted in numbers.
        shape: its shape.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """``module name`` of something that the pickle would import; nothing is imported."""

    text: str


def state_dict_index(data: bytes, what: str) -> dict[str, TensorPlace]:
    """The tensors of a pickled state dict.

    Args:
        data: the pickle.
        what: the file, for messages.

    Raises:
        PolicyError: an instruction or a name that a state dict does not need, a pickle that is damaged or too large.
    """
    if len(data) > MAX_BYTES:
        raise PolicyError(f"{what}: its index has {len(data):,} bytes, at most {MAX_BYTES:,} are read")
    machine = _Machine(what)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in texts that are refused anyway
            for count, (op, argument, _) in enumerate(pickletools.genops(data)):
                if count >= MAX_OPS:
                    raise PolicyError(f"{what}: more than {MAX_OPS:,} pickle instructions")
                machine.run(op.name, argument)
    except PolicyError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise PolicyError(f"{what}: the pickle is damaged ({error})") from None
    return machine.result()


class _Machine:
    """A stack and a memo of plain data."""

    def __init__(self, what: str):
        self.what = what
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.steps: dict[str, Callable[[Any], None]] = {
            "GLOBAL": self._name, "MARK": lambda _: self.stack.append(MARK),
            "EMPTY_DICT": lambda _: self.stack.append({}), "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "TUPLE": lambda _: self.stack.append(tuple(self._to_mark())),
            "TUPLE1": lambda _: self._tuple(1), "TUPLE2": lambda _: self._tuple(2), "TUPLE3": lambda _: self._tuple(3),
            "BINPUT": self._put, "LONG_BINPUT": self._put, "BINGET": self._get, "LONG_BINGET": self._get,
            "SETITEM": lambda _: self._items([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda _: self._items(self._to_mark()),
            "BINPERSID": self._storage, "REDUCE": self._call, "BUILD": self._metadata, "STOP": lambda _: None,
        }  # fmt: skip

    def run(self, op: str, argument: Any) -> None:
        """Carry out one instruction."""
        if op in VALUES:
            self.stack.append(argument)
        elif op in CONSTANTS:
            self.stack.append(CONSTANTS[op])
        elif op in self.steps:
            self.steps[op](argument)
        elif op not in IGNORED:
            self._refuse(f"the pickle instruction {op}")

    def result(self) -> dict[str, TensorPlace]:
        """The state dict that is left on the stack."""
        if len(self.stack) != 1 or not isinstance(self.stack[0], dict):
            raise PolicyError(
                f"{self.what}: it holds no state dict; save the policy's, torch.save(policy.state_dict())"
            )
        for name, value in self.stack[0].items():
            if not isinstance(value, TensorPlace):
                raise PolicyError(f"{self.what}: {name!r} is no tensor")
        return self.stack[0]

    def _refuse(self, thing: str) -> None:
        raise PolicyError(f"{self.what}: {thing} is refused; a state dict does not need it, and it could run code")

    def _name(self, argument: str) -> None:
        if argument not in DTYPES and argument not in (DICT, REBUILD):
            self._refuse(f"the name {argument.replace(' ', '.', 1)[:100]!r}")
        self.stack.append(_Name(argument))

    def _to_mark(self) -> list[Any]:
        at = len(self.stack) - 1 - self.stack[::-1].index(MARK)
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def _tuple(self, n: int) -> None:
        if len(self.stack) < n:
            raise ValueError("a tuple of more than there is")
        items = tuple(self.stack[-n:])
        del self.stack[-n:]
        self.stack.append(items)

    def _put(self, key: int) -> None:
        self.memo[key] = self.stack[-1]

    def _get(self, key: int) -> None:
        self.stack.append(self.memo[key])

    def _items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        names = items[::2]
        if not isinstance(target, dict) or len(items) % 2 or not all(isinstance(name, str) for name in names):
            raise ValueError("items that are no names and values of a dict")
        target.update(zip(names, items[1::2], strict=True))

    def _storage(self, _: Any) -> None:
        place = self.stack.pop()
        kind, name, key, location, size = place
        if kind != "storage" or not isinstance(name, _Name) or name.text not in DTYPES:
            raise ValueError("a reference that is no storage of numbers")
        if not isinstance(key, str) or not isinstance(location, str) or not _count(size):
            raise ValueError("a storage without a name and a size")
        self.stack.append(Storage(key, DTYPES[name.text], size))

    def _call(self, _: Any) -> None:
        arguments, name = self.stack.pop(), self.stack.pop()
        if not isinstance(name, _Name) or not isinstance(arguments, tuple):
            self._refuse("a call of something that is no name")
        elif name.text == DICT and arguments == ():
            self.stack.append({})
        elif name.text == REBUILD:
            self.stack.append(_tensor(arguments))
        else:
            self._refuse(f"a call of {name.text.replace(' ', '.', 1)!r} with these arguments")

    def _metadata(self, _: Any) -> None:
        """The attribute ``_metadata`` that torch gives a state dict; versions of modules, of no use here."""
        state = self.stack.pop()
        if not isinstance(self.stack[-1], dict) or not isinstance(state, dict) or set(state) != {"_metadata"}:
            self._refuse("the pickle instruction BUILD with attributes other than _metadata")


def _tensor(arguments: tuple[Any, ...]) -> TensorPlace:
    storage, offset, shape, strides = arguments[:4]
    sizes = isinstance(shape, tuple) and isinstance(strides, tuple) and len(shape) == len(strides) <= 8
    if not isinstance(storage, Storage) or not sizes or not all(map(_count, (offset, *shape, *strides))) or 0 in shape:
        raise ValueError("a tensor without a storage, an offset and a shape")
    expected, size = [], 1
    for n in reversed(shape):
        expected.append(size)
        size *= n
    if any(n > 1 and have != want for n, have, want in zip(shape, strides, reversed(expected), strict=True)):
        raise ValueError(f"a tensor of shape {shape} with strides {strides}; only contiguous ones are read")
    if offset + size > storage.size:
        raise ValueError(f"a tensor of {size} numbers from {offset} in a storage of {storage.size}")
    return TensorPlace(storage, offset, shape)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 40
