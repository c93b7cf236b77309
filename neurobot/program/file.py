"""Programs in files: safetensors with a JSON header. Reading one executes nothing and trusts nothing.

The file holds the spec and every block of params and of index arrays by name, and the image of a program that was
quantized, which a core or a board checks before it runs it. The layout is lowered anew from the
spec, so no offset is ever taken from a file, and every array is compared with what that layout expects before
it is read.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from neurobot.errors import ProgramFileError, SpecError
from neurobot.files import write_atomically
from neurobot.program.draw import Synapses
from neurobot.program.lower import lower
from neurobot.program.lower_rule import POST_INDEX
from neurobot.program.lowered import Lowered, Shape
from neurobot.program.program import Program, blank_program, fill_tables
from neurobot.spec.controller import ControllerSpec, require_resolved
from neurobot.spec.network import NetworkSpec
from neurobot.spec.serialize import Invalid, from_data, to_data

FORMAT = 1
MAX_FILE = 4 << 30
MAX_HEADER = 64 << 20
IMAGE = "image"
"""The one array that is no block."""
MAX_IMAGE = 1 << 24
DERIVED = (".refractory", POST_INDEX)
"""Index arrays that follow from the spec, or from others, and are in no file."""
KINDS: dict[str, type] = {"controller": ControllerSpec, "network": NetworkSpec}


def save(program: Program, path: str | Path) -> None:
    """Write a program, atomically: after an error the old file, if there was one, is as it was.

    Raises:
        ProgramFileError: params that are not finite, a folder that cannot be written, a full disk.
    """
    arrays = _arrays(program)
    bad = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if bad:
        raise ProgramFileError(f"{path}: not written, {bad[0]!r} has entries that are not finite")
    header = _header(program)
    meta = {"neurobot": header, "sha256": digest_of(semantic(json.loads(header)), arrays)}
    write(Path(path), to_bytes(arrays, meta))


def fingerprint(program: Program) -> str:
    """The sha256 that a program has in its file: of all that decides what it does."""
    return digest_of(semantic(json.loads(_header(program))), _arrays(program))


def write(path: Path, data: bytes) -> None:
    """`write_atomically` with this package's own error, ProgramFileError."""
    try:
        write_atomically(path, data)
    except OSError as error:
        raise ProgramFileError(
            f"{path}: cannot be written ({error.strerror or error}); what was there before is unchanged"
        ) from None


def load(path: str | Path) -> Program:
    """Read a program.

    Raises:
        ProgramFileError: there is no such file; it is damaged, truncated, too large or of another format; its
            header describes no valid spec; its arrays are not those of the spec, or not finite.
    """
    path = Path(path)
    check_size(path)
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = _read_header(path, file.metadata())
            blank = _blank(path, header, file)
            arrays = {name: _real(path, name, file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
            digest = file.metadata()["sha256"]
    except SafetensorError as error:
        raise ProgramFileError(f"{path}: not a safetensors file, or a damaged one ({error})") from None
    if digest != digest_of(semantic(header), arrays):
        raise ProgramFileError(f"{path}: the checksum does not match, the file is damaged; get it again")
    return _fill(path, blank, arrays)


def _arrays(program: Program) -> dict[str, np.ndarray]:
    out = {f"params/{name}": _smallest(b.of(program.params)) for name, b in program.blocks["params"].items()}
    for name, block in program.blocks["layout"].items():
        if not name.endswith(DERIVED):
            out[f"layout/{name}"] = block.of(program.layout).copy()
    return out if program.image is None else out | {IMAGE: program.image}


def _smallest(array: np.ndarray) -> np.ndarray:
    """As float32 where that loses nothing."""
    with np.errstate(over="ignore"):
        small = array.astype(np.float32)
    return small if np.array_equal(small.astype(np.float64), array) else array.copy()


def _header(program: Program) -> str:
    kind = "controller" if isinstance(program.spec, ControllerSpec) else "network"
    longest = {
        name.removesuffix(".delays"): int(block.of(program.layout).max(initial=0))
        for name, block in program.blocks["layout"].items()
        if name.endswith(".delays")
    }
    header = {
        "format": FORMAT,
        "kind": kind,
        "seed": program.seed,
        "spec": to_data(program.spec),
        "max_delays": longest,
        "provenance": dict(program.provenance),
    }
    return json.dumps(header, sort_keys=True, default=_plain)


def _plain(x: Any) -> Any:
    """NumPy's numbers, which a spec and a provenance may hold, as Python's."""
    if isinstance(x, np.generic):
        return x.item()
    raise TypeError(f"{x!r} in the provenance is a {type(x).__name__}; give numbers, texts, lists and dicts")


def semantic(header: Mapping[str, Any]) -> str:
    """The header as it is hashed: without provenance."""
    return json.dumps({k: v for k, v in header.items() if k != "provenance"}, sort_keys=True)


def digest_of(text: str, arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 over a text, and over names, types, shapes and contents of arrays."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def check_size(path: Path) -> None:
    """Bound the file and its header before anything is allocated; ProgramFileError where they are too large."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise ProgramFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    if size > MAX_FILE:
        raise ProgramFileError(f"{path}: {size} bytes, at most {MAX_FILE} are read")
    length = struct.unpack("<Q", head)[0] if len(head) == 8 else None
    if length is None or length > size:
        raise ProgramFileError(f"{path}: not a safetensors file, or a truncated one")
    if length > MAX_HEADER:
        raise ProgramFileError(f"{path}: a header of {length} bytes, at most {MAX_HEADER} are read")


def _read_header(path: Path, meta: Mapping[str, str] | None) -> dict[str, Any]:
    if not meta or "neurobot" not in meta or "sha256" not in meta:
        raise ProgramFileError(f"{path}: a safetensors file, but not a neurobot program")
    try:
        header = json.loads(meta["neurobot"])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise ProgramFileError(f"{path}: the header is not JSON")
    if header.get("format") != FORMAT:
        raise ProgramFileError(
            f"{path}: format {header.get('format')!r}; this version of neurobot reads format {FORMAT}"
        )
    if not isinstance(header.get("provenance"), dict) or type(header.get("seed")) is not int:
        raise ProgramFileError(f"{path}: the header has no provenance or seed")
    if header["seed"] < 0 or header["seed"] >> 64:
        raise ProgramFileError(f"{path}: the seed is {header['seed']}, it must be 0 .. 2^64 - 1")
    return header


def _blank(path: Path, header: dict[str, Any], file: Any) -> Program:
    """The program the header describes, after every array of the file was found to fit it."""
    found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 (no mapping)
    try:
        cls = KINDS[header["kind"]]
        spec: Any = from_data(header["spec"], cls)
        network = spec if isinstance(spec, NetworkSpec) else spec.network
        require_resolved(spec)
        shapes = {p.name: _shape(p.name, found, header["max_delays"]) for p in network.projections}
        _compare(path, lower(spec, shapes), found)
        blank = blank_program(spec, header["seed"], shapes, header["provenance"])
    except ProgramFileError:
        raise
    except (Invalid, SpecError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ProgramFileError(f"{path}: the header describes no valid program: {error}") from None
    except MemoryError:
        raise ProgramFileError(f"{path}: the header describes a program too large for this machine") from None
    return blank


def _compare(path: Path, low: Lowered, found: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse arrays that are not those of the layout, before anything of their size is allocated."""
    wanted = {f"params/{n}": b.shape for n, b in low.params.blocks.items()}
    if len(found.get(IMAGE, ())) == 1 and found[IMAGE][0] <= MAX_IMAGE:
        wanted[IMAGE] = found[IMAGE]
    wanted |= {f"layout/{n}": b.shape for n, b in low.tables.blocks.items() if not n.endswith(DERIVED)}
    wrong = [n for n in sorted(set(wanted) | set(found)) if wanted.get(n) != found.get(n)]
    if wrong:
        name = wrong[0]
        raise ProgramFileError(
            f"{path}: array {name!r} has shape {found.get(name)}, the spec asks for {wanted.get(name)}"
        )


def _shape(name: str, found: Mapping[str, tuple[int, ...]], max_delays: Mapping[str, Any]) -> Shape:
    weights = found[f"params/{name}.weights"]
    if not weights or not isinstance(max_delays, dict):
        raise ValueError(f"projection {name!r}: weights of shape {weights}, longest delays {max_delays!r}")
    if f"layout/{name}.indptr" not in found:
        return Shape("dense")
    longest = max_delays.get(name, 0)
    if type(longest) is not int or not 0 <= longest <= 100_000:
        raise ValueError(f"projection {name!r}: longest delay {longest!r}")
    return Shape("delayed" if f"layout/{name}.delays" in found else "sparse", weights[0], longest)


def _real(path: Path, name: str, array: np.ndarray) -> np.ndarray:
    allowed = ("int32",) if name.startswith("layout/") else ("float32", "float64")
    allowed = ("uint8",) if name == IMAGE else allowed
    if array.dtype.name not in allowed:
        raise ProgramFileError(f"{path}: array {name!r} has dtype {array.dtype}, it must be {' or '.join(allowed)}")
    if not np.isfinite(array).all():
        raise ProgramFileError(f"{path}: array {name!r} has entries that are not finite")
    return array


def _fill(path: Path, blank: Program, arrays: Mapping[str, np.ndarray]) -> Program:
    layout, params = blank.layout.copy(), blank.params.copy()
    arrays = dict(arrays)
    image = arrays.pop(IMAGE, None)
    for name, array in arrays.items():
        arena, _, block = name.partition("/")
        target = params if arena == "params" else layout
        blank.blocks[arena][block].of(target)[...] = array
    for p in blank.network.projections:
        parts = [arrays.get(f"layout/{p.name}.{part}") for part in ("indptr", "indices", "delays")]
        if parts[0] is not None:
            synapses = Synapses(arrays[f"params/{p.name}.weights"], *parts)
            _check_indices(path, blank, p.name, synapses, blank.network.population(p.post).n)
            fill_tables(blank, layout, {p.name: synapses})
    for array in (layout, params, *(() if image is None else (image,))):
        array.flags.writeable = False
    return replace(blank, layout=layout, params=params, image=image)


def _check_indices(path: Path, program: Program, name: str, s: Synapses, n_post: int) -> None:
    """Index arrays that compiled code will follow without looking."""
    assert s.indptr is not None and s.indices is not None
    if s.indptr[0] != 0 or s.indptr[-1] != s.weights.size or (np.diff(s.indptr) < 0).any():
        raise ProgramFileError(f"{path}: {name}.indptr does not rise from 0 to the number of synapses")
    if s.indices.size and (s.indices.min() < 0 or s.indices.max() >= n_post):
        raise ProgramFileError(f"{path}: {name}.indices point outside the {n_post} neurons")
    if s.delays is None:
        return
    ring = program.blocks["state"][f"{name}.ring"].shape[0]
    q = program.network.projection(name)
    least = 0 if program.network.index(q.post) > program.network.index(q.pre) else 1
    if s.delays.size and (s.delays.min() < least or s.delays.max() >= ring):
        raise ProgramFileError(f"{path}: {name}.delays must be {least}..{ring - 1} steps")
