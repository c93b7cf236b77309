"""Payloads as numbers: the messages of `neurobot.link.protocol` as bytes, and back."""

from __future__ import annotations

import struct
from typing import TypeVar

from neurobot.errors import LinkError
from neurobot.link.protocol import LAYOUTS, Type

Message = tuple[int | bytes, ...]
"""Any of the tuples of `neurobot.link.protocol`."""

M = TypeVar("M", bound=Message)

_STRUCTS = {kind: struct.Struct(layout) for kind, (_, layout) in LAYOUTS.items()}
_BITS = {"B": 8, "H": 16, "I": 32, "Q": 64}
_RANGES = {code: (0, 2**bits - 1) for code, bits in _BITS.items()}
_RANGES |= {"h": (-(2**15), 2**15 - 1), "i": (-(2**31), 2**31 - 1)}


def _fields(kind: type[Message]) -> tuple[str, ...]:
    return kind._fields  # type: ignore[attr-defined, no-any-return]


_RESTS = {
    kind: len(_fields(kind)) > len(layout) - 1 for kind, (_, layout) in LAYOUTS.items()
}  # a layout starts with "<"


def type_of(kind: type[Message]) -> int:
    """The type that a message of this class has in its frame."""
    return LAYOUTS[kind][0]


def head(kind: type[Message]) -> int:
    """Bytes of a message of this class ahead of those of its last field, if that has any number of them."""
    return _STRUCTS[kind].size


def title(number: int) -> str:
    """A type as a word.

    Args:
        number: of a frame.

    Returns:
        Such as ``TICK`` or ``answer to TICK``.
    """
    known = {entry.value: entry.name for entry in Type}
    if number in known:
        return known[number]
    return f"answer to {known[number & 0x7F]}" if number & 0x7F in known else f"type {number:#04x}"


def pack(message: Message) -> bytes:
    """A message as the payload of a frame.

    Args:
        message: a tuple of `neurobot.link.protocol`.

    Returns:
        Its bytes, numbers little-endian, without padding.

    Raises:
        LinkError: a number does not fit its field, or the last field is not bytes.
    """
    kind = type(message)
    numbers, rest = (message[:-1], message[-1]) if _RESTS[kind] else (message, b"")
    try:
        return _STRUCTS[kind].pack(*numbers) + rest  # type: ignore[operator]
    except (struct.error, TypeError) as error:
        raise LinkError(_misfit(message)) from error


def _misfit(message: Message) -> str:
    """Which field it is that cannot be packed."""
    kind = type(message)
    number, layout = LAYOUTS[kind]
    for name, value, code in zip(_fields(kind), message, layout[1:], strict=False):
        low, high = _RANGES[code]
        if not (hasattr(value, "__index__") and low <= value.__index__() <= high):
            return f"{title(number)}: {name} is {value!r}, it must be a whole number from {low} to {high}"
    return f"{title(number)}: {_fields(kind)[-1]} is {type(message[-1]).__name__}, it must be bytes"


def fits(kind: type[Message], payload: bytes) -> bool:
    """Whether a payload has the length of such a message."""
    size = _STRUCTS[kind].size
    return len(payload) == size or (len(payload) > size and _RESTS[kind])


def unpack(kind: type[M], payload: bytes) -> M:
    """A payload as a message.

    Args:
        kind: which message it is.
        payload: of its frame.

    Returns:
        The message.

    Raises:
        LinkError: the payload has another length than such a message has.
    """
    form, rest = _STRUCTS[kind], _RESTS[kind]
    size = form.size
    if not fits(kind, payload):
        least = "at least " if rest else ""
        raise LinkError(
            f"{title(LAYOUTS[kind][0])}: the payload has {len(payload)} bytes, it must have {least}{size}: "
            "host and board are of different versions, or the board is wrong"
        )
    numbers = form.unpack_from(payload)
    return kind._make((*numbers, payload[size:]) if rest else numbers)  # type: ignore[attr-defined, no-any-return]
