"""Files of arrays beside JSON, with a checksum over both: what a training, or a run, goes on from.

Reading one executes nothing. Its size and that of its header are bounded before anything is allocated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from neurobot.errors import ProgramFileError
from neurobot.program.file import check_size, digest_of, write


def save_hashed(path: Path, key: str, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file, atomically.

    Args:
        path: of the file.
        key: says what kind of file it is.
        meta: plain data, with a ``format``.
        arrays: contiguous, by name.

    Raises:
        ProgramFileError: the folder cannot be written, or the disk is full; what was there before is unchanged.
    """
    text = json.dumps(meta)
    write(path, to_bytes(dict(arrays), {key: text, "sha256": digest_of(text, arrays)}))


def load_hashed(path: Path, key: str, form: int, what: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file.

    Args:
        path: of the file.
        key: of its kind.
        form: the format that is read.
        what: the kind in words, for messages.

    Returns:
        Its plain data and its arrays.

    Raises:
        ProgramFileError: it is damaged, truncated, of another kind or of another format.
    """
    check_size(path)
    try:
        with safe_open(str(path), framework="numpy") as file:
            texts = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        text = texts.get(key, "null")
        meta = json.loads(text)
    except (SafetensorError, OSError, ValueError, TypeError, RecursionError) as error:
        raise ProgramFileError(f"{path}: the {what} is damaged ({error})") from None
    if not isinstance(meta, dict) or meta.get("format") != form:
        raise ProgramFileError(f"{path}: not a {what} of this version (format {form})")
    if texts.get("sha256") != digest_of(text, arrays):
        raise ProgramFileError(f"{path}: the {what} is damaged (its checksum does not match)")
    return meta, arrays
