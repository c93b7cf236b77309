"""What `neurobot.loop.changes` collects, as JSON beside named arrays, and back: nothing is executed on the way.

Numbers, texts, None and lists are themselves. Everything else is an object with one key, which says what it is:
``array``, ``scalar`` (of NumPy) and ``bytes`` name an array; ``tuple``, ``dict`` and ``stream`` hold what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

import numpy as np

from neurobot.errors import SuspendError
from neurobot.loop.changes import Stream

Arrays = dict[str, np.ndarray]


def pack(tree: Any, arrays: Arrays) -> Any:
    """Data for JSON.

    Args:
        tree: of `collect`.
        arrays: gets the arrays, by names that are made up here.

    Raises:
        SuspendError: something that `collect` does not give.
    """
    if isinstance(tree, np.ndarray):
        return {"array": _store(tree, arrays)}
    if isinstance(tree, np.generic):
        return {"scalar": _store(np.asarray(tree), arrays)}
    if isinstance(tree, bytes):
        return {"bytes": _store(np.frombuffer(tree, np.uint8), arrays)}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if isinstance(tree, list):
        return [pack(part, arrays) for part in tree]
    if isinstance(tree, tuple):
        return {"tuple": [pack(part, arrays) for part in tree]}
    if isinstance(tree, dict):
        return {"dict": [[key, pack(value, arrays)] for key, value in tree.items()]}
    if isinstance(tree, Stream):
        return {"stream": [pack(part, arrays) for part in astuple(tree)]}
    raise SuspendError(f"{tree!r} cannot be written; it is no number, text, array, list or dict")


def unpack(data: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The tree that was packed.

    Raises:
        KeyError, TypeError, ValueError: data that `pack` does not make.
    """
    if isinstance(data, list):
        return [unpack(part, arrays) for part in data]
    if not isinstance(data, dict):
        return data
    ((kind, inner),) = data.items()
    if kind == "array":
        return arrays[inner]
    if kind == "scalar":
        return arrays[inner][()]
    if kind == "bytes":
        return arrays[inner].tobytes()
    if kind == "tuple":
        return tuple(unpack(inner, arrays))
    if kind == "dict":
        return {key: unpack(value, arrays) for key, value in inner}
    if kind == "stream":
        return Stream(*unpack(inner, arrays))
    raise ValueError(f"{kind!r} is nothing that is packed")


def _store(array: np.ndarray, arrays: Arrays) -> str:
    name = str(len(arrays))
    arrays[name] = np.ascontiguousarray(array).reshape(array.shape)  # which makes a scalar's () a (1,)
    return name
