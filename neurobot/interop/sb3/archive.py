"""Safe reading of the zip archives that Stable-Baselines3 and torch write.

Every size is bounded before anything is unpacked; entries are looked for by name, nothing is written to a disk.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from neurobot.errors import PolicyError
from neurobot.interop.sb3.pickled import TensorPlace, state_dict_index

MAX_FILE = 1 << 30
MAX_ENTRIES = 10_000
MAX_TENSORS = 256 << 20
"""Bytes of one entry, and of all tensors that are read together."""
MAX_RATIO = 100
"""Entries must not be compressed by more; weights hardly compress at all."""
BROKEN = (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError)
"""What the library raises for a damaged or encrypted archive, or one that is packed in an unknown way."""


class Archive:
    """A zip file whose entries are read whole, each within a bound.

    Args:
        source: path or open file.
        what: how messages name it.

    Raises:
        PolicyError: no zip file, or one with too many or twice the same entries.
    """

    def __init__(self, source: str | Path | IO[bytes], what: str):
        self.what = what
        try:
            self._zip = zipfile.ZipFile(source)
        except BROKEN as error:
            raise PolicyError(f"{what}: not a zip file, or a damaged one ({error})") from None
        self.names = self._zip.namelist()
        if len(self.names) > MAX_ENTRIES or len(set(self.names)) < len(self.names):
            raise PolicyError(f"{what}: {len(self.names)} entries; at most {MAX_ENTRIES} are read, no two of one name")

    def read(self, name: str, most: int) -> bytes:
        """One entry.

        Raises:
            PolicyError: it is missing, damaged, larger than `most` bytes or compressed beyond reason.
        """
        if name not in self.names:
            raise PolicyError(f"{self.what}: there is no entry {name!r}")
        info = self._zip.getinfo(name)
        if info.file_size > most:
            raise PolicyError(f"{self.what}: {name!r} has {info.file_size:,} bytes, at most {most:,} are read")
        if info.file_size > 1 << 16 and info.file_size > MAX_RATIO * info.compress_size:
            raise PolicyError(f"{self.what}: {name!r} is compressed by more than {MAX_RATIO} to 1")
        try:
            with self._zip.open(info) as file:
                data = file.read(most + 1)
        except BROKEN as error:
            raise PolicyError(f"{self.what}: {name!r} cannot be unpacked ({error})") from None
        if len(data) != info.file_size:
            raise PolicyError(f"{self.what}: {name!r} has {len(data)} bytes, its header says {info.file_size}")
        return data


def open_archive(path: Path) -> Archive:
    """A zip file on the disk; PolicyError if it is missing or too large."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror or error})") from None
    if size > MAX_FILE:
        raise PolicyError(f"{path}: {size:,} bytes, at most {MAX_FILE:,} are read")
    return Archive(path, str(path))


class StateDict:
    """The tensors of a file that torch.save wrote, each read when it is asked for.

    Args:
        data: the file, torch's zip format.
        what: how messages name it.

    Raises:
        PolicyError: an old format, a hostile or damaged index, numbers in another byte order.
    """

    def __init__(self, data: bytes, what: str):
        if not data.startswith(b"PK"):
            raise PolicyError(f"{what}: not in the zip format of torch 1.6 and later; load it there and save it again")
        self._archive = Archive(io.BytesIO(data), what)
        self._what, self._read = what, 0
        roots = [name.removesuffix("data.pkl") for name in self._archive.names if name.endswith("/data.pkl")]
        if len(roots) != 1:
            raise PolicyError(f"{what}: {len(roots)} entries are called data.pkl, there must be one")
        self._root = roots[0]
        order = f"{self._root}byteorder"
        if order in self._archive.names and self._archive.read(order, 16) != b"little":
            raise PolicyError(f"{what}: its numbers are not little-endian; save it on a little-endian machine")
        self.index = state_dict_index(self._archive.read(f"{self._root}data.pkl", MAX_TENSORS), what)

    def array(self, name: str) -> np.ndarray:
        """A tensor as float64.

        Raises:
            PolicyError: its storage is missing, or is not as long as the index says; entries that are not finite.
        """
        place: TensorPlace = self.index[name]
        dtype: np.dtype[Any] = np.dtype(place.storage.dtype)
        self._read += place.storage.size * dtype.itemsize
        if self._read > MAX_TENSORS:
            raise PolicyError(f"{self._what}: the tensors take more than {MAX_TENSORS:,} bytes")
        data = self._archive.read(f"{self._root}data/{place.storage.key}", MAX_TENSORS)
        if len(data) != place.storage.size * dtype.itemsize:
            raise PolicyError(
                f"{self._what}: the storage of {name!r} has {len(data)} bytes, "
                f"{place.storage.size} numbers of {dtype.itemsize} are declared"
            )
        count = int(np.prod(place.shape, dtype=np.int64))
        array = np.frombuffer(data, dtype, count, place.offset * dtype.itemsize).reshape(place.shape)
        return array.astype(np.float64)
