"""Reading a NIR file, after it has been looked through for what could hurt.

NIR files are HDF5, which can point to other files, declare arrays far larger than the file, compress a terabyte to a
megabyte, and contain themselves. All of that is refused from the headers alone, before any array is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobot.errors import ConfigError, NIRError, near

if TYPE_CHECKING:
    import nir

MAX_FILE_BYTES = 2**30
MAX_ARRAY_BYTES = 2**30
"""All arrays together, uncompressed."""
MAX_TEXT_BYTES = 2**24
MAX_OBJECTS = 100_000
MAX_EDGES = 100_000
MAX_DEPTH = 40
"""Groups within groups; a sub-graph takes two."""
FREE_BYTES, MAX_RATIO = 2**22, 200
"""Arrays larger than this must not be compressed by more than this; zeros compress about 1000 : 1."""
MALFORMED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What the library raises for a file that is HDF5 but no graph."""
TYPES = (
    "Affine", "AvgPool2d", "Conv1d", "Conv2d", "CubaLI", "CubaLIF", "Delay", "Flatten", "I", "IF", "Input", "LI",
    "LIF", "Linear", "NIRGraph", "Output", "Scale", "SumPool2d", "Threshold",
)  # fmt: skip


def library() -> Any:
    """The package nir.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import nir
    except ModuleNotFoundError as error:
        raise ConfigError(f"NIR needs the package {error.name!r}: pip install 'neurobot[nir]'") from None
    return nir


def read(path: str | Path) -> nir.NIRGraph:
    """Read a graph from a file that may come from anywhere.

    Args:
        path: a NIR file (HDF5).

    Raises:
        NIRError: no NIR file, a damaged or hostile one, or one beyond the limits of this module.
        ConfigError: the extra ``nir`` is not installed.
    """
    package = library()
    check(path, "node")
    try:
        return package.read(path, type_check=False)
    except MALFORMED as error:
        raise NIRError(f"{path}: this is HDF5 but no NIR graph: {type(error).__name__}: {error}") from None


def check(path: str | Path, root: str | None = None) -> None:
    """Refuse a file that is unsafe to read; looks at headers only.

    Args:
        path: the file.
        root: name of a group that must be there.

    Raises:
        NIRError: see the limits of this module.
    """
    path = Path(path)
    library()
    import h5py

    if not path.is_file():
        raise NIRError(f"{path}: there is no such file")
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        raise NIRError(f"{path}: the file has {size:,} bytes, at most {MAX_FILE_BYTES:,} are allowed")
    try:
        with h5py.File(path, "r") as file:
            if root is not None and not isinstance(file.get(root, getlink=True), h5py.HardLink):
                raise NIRError(f"{path}: there is no group {root!r}, so this is no NIR graph")
            _Walk(path, size).group(file)
    except MALFORMED as error:
        if isinstance(error, NIRError):
            raise
        raise NIRError(f"{path}: this is no HDF5 file, or a damaged one: {error}") from None


class _Walk:
    """Visits every object of a file once and adds up what it would take to read it."""

    def __init__(self, path: Path, size: int):
        self.path, self.size = path, size
        self.seen: set[Any] = set()
        self.array_bytes = self.text_bytes = 0

    def refuse(self, where: str, problem: str) -> None:
        raise NIRError(f"{self.path}: {where}: {problem}")

    def group(self, root: Any) -> None:
        import h5py

        waiting = [(root, 0)]
        while waiting:
            group, depth = waiting.pop()
            if depth > MAX_DEPTH:
                self.refuse(group.name, f"groups are nested deeper than {MAX_DEPTH}")
            for name in group:
                where = f"{group.name.rstrip('/')}/{name}"
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    self.refuse(where, "a soft or external link; a NIR file holds its own data, write it anew")
                child = group[name]
                self.once(where, child)
                if isinstance(child, h5py.Group):
                    waiting.append((child, depth + 1))
                elif isinstance(child, h5py.Dataset):
                    self.dataset(where, name, child)
                else:
                    self.refuse(where, "a named datatype, which no NIR file needs")

    def once(self, where: str, child: Any) -> None:
        import h5py

        info = h5py.h5o.get_info(child.id)
        key = (info.fileno, info.addr)
        if key in self.seen:
            self.refuse(where, "the same object under a second name, so reading it may never end")
        self.seen.add(key)
        if len(self.seen) > MAX_OBJECTS:
            self.refuse(where, f"more than {MAX_OBJECTS:,} objects")

    def dataset(self, where: str, name: str, data: Any) -> None:
        if data.is_virtual or data.external:
            self.refuse(where, "an array that lies in other files; write it into this one")
        if data.shape is None:
            self.refuse(where, "an array without a shape")
        import h5py

        if data.dtype.kind == "O" and h5py.check_string_dtype(data.dtype) is not None:
            self.texts(where, name, data)
        elif data.dtype.kind in "biufS":
            self.numbers(where, data)
        else:
            self.refuse(where, f"an array of {data.dtype}; numbers and texts are allowed")

    def numbers(self, where: str, data: Any) -> None:
        declared = data.dtype.itemsize * int(np.prod(data.shape, dtype=object))
        chunk = data.dtype.itemsize * int(np.prod(data.chunks or (0,), dtype=object))
        self.array_bytes += max(declared, chunk)
        if self.array_bytes > MAX_ARRAY_BYTES:
            self.refuse(where, f"the arrays take {self.array_bytes:,} bytes, at most {MAX_ARRAY_BYTES:,} are allowed")
        if declared > FREE_BYTES and declared > MAX_RATIO * data.id.get_storage_size():
            self.refuse(where, f"{declared:,} bytes are declared but {data.id.get_storage_size():,} are stored")

    def texts(self, where: str, name: str, data: Any) -> None:
        count = int(np.prod(data.shape, dtype=object))
        if count > 2 * MAX_EDGES:
            self.refuse(where, f"{count:,} texts, at most {2 * MAX_EDGES:,} are allowed")
        flat, step = data, max(1, MAX_TEXT_BYTES // max(self.size, 1))  # no block can hold more than the file does
        for start in range(0, data.shape[0] if data.shape else 1, step):
            block = np.ravel(flat[start : start + step] if data.shape else flat[()])
            self.text_bytes += sum(len(t) for t in block)
            if self.text_bytes > MAX_TEXT_BYTES:
                self.refuse(where, f"the texts take more than {MAX_TEXT_BYTES:,} bytes")
            if name == "type":
                self.node_type(where, block)

    def node_type(self, where: str, block: np.ndarray) -> None:
        for text in block:
            kind = text.decode("utf8", "replace") if isinstance(text, bytes) else str(text)
            if kind not in TYPES:
                self.refuse(where, f"an unknown node type {kind!r}; {near(kind, TYPES)}")
