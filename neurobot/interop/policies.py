"""Trained policies in files of several kinds, as an `ANN`: see `load_policy`."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from neurobot.errors import PolicyError
from neurobot.interop.ann import ANN, Activation, Layer, Squash, Statistics
from neurobot.interop.sb3.archive import MAX_TENSORS, open_archive
from neurobot.interop.sb3.policy import actor_layers, read_policy

MAX_FILE = MAX_TENSORS
NAMES = "W0, b0, W1, b1, ..."
ORDERED = re.compile(r"(?:(?P<prefix>.+)\.)?(?P<number>\d{1,4})\.weight")
EPSILON, CLIP = 1e-8, 10.0
"""What VecNormalize of Stable-Baselines3 does where a file does not say."""


def load_policy(
    path: str | Path,
    *,
    activation: Activation | None = None,
    squash: Squash | None = None,
    statistics: Statistics | None = None,
) -> ANN:
    """Read the network of a trained policy. Nothing in the file is executed or imported.

    Args:
        path: a ``.zip`` of Stable-Baselines3 (``model.save``, MlpPolicy); a ``.safetensors`` of a torch state dict, or
            a ``.npz``, whose layers are called W0, b0, W1, b1, ... (W is (n_out, n_in)), or in the state dict of a
            torch.nn.Sequential 0.weight, 0.bias, 2.weight, ..., or as Stable-Baselines3 does.
        activation: of the hidden layers. A ``.zip`` says it itself; otherwise ``relu`` if it is not given.
        squash: of the output; needed where the names of the layers do not say the algorithm.
        statistics: what observations are normalised by; see `load_statistics`.

    Raises:
        PolicyError: a damaged or hostile file, layers that cannot be told.
    """
    path = Path(path)
    if path.suffix == ".zip":
        ann = read_policy(path, statistics)
        if activation not in (None, ann.activation) or squash not in (None, ann.squash):
            raise PolicyError(
                f"{path}: the file says activation {ann.activation!r} and squash {ann.squash!r}; leave both out"
            )
        return ann
    arrays = _arrays(path)
    layers, known = _layers(path, arrays)
    squash = squash or known
    if squash is None:
        raise PolicyError(f"{path}: it does not say what becomes of the output; give squash: tanh, none or argmax")
    return ANN(layers=layers, activation=activation or "relu", squash=squash, statistics=statistics)


def load_statistics(path: str | Path) -> Statistics:
    """Read what observations are normalised by: ``mean``, and ``std`` or ``var``; ``epsilon`` and ``clip`` if given.

    Args:
        path: a ``.npz`` or ``.safetensors``. Stable-Baselines3 pickles its own, which is not read; export them by
            ``numpy.savez("norm.npz", mean=env.obs_rms.mean, var=env.obs_rms.var, clip=env.clip_obs)``.

    Raises:
        PolicyError: a damaged or hostile file, or one without these arrays.
    """
    path = Path(path)
    if path.suffix == ".pkl":
        raise PolicyError(
            f"{path}: a pickle runs code when it is read. Export the statistics where you trust it: env = "
            "VecNormalize.load(...), numpy.savez('norm.npz', mean=env.obs_rms.mean, var=env.obs_rms.var, "
            "clip=env.clip_obs), and give that file"
        )
    arrays = _arrays(path)
    if "mean" not in arrays or not {"std", "var"} & set(arrays):
        raise PolicyError(f"{path}: 'mean', and 'std' or 'var', are needed; it has {_listed(arrays)}")
    if "std" in arrays:
        std = arrays["std"]
    else:
        with np.errstate(invalid="ignore"):
            std = np.sqrt(arrays["var"] + arrays.get("epsilon", EPSILON))
    clip = arrays.get("clip", np.array(CLIP))
    if clip.size != 1:
        raise PolicyError(f"{path}: 'clip' has shape {clip.shape}, it must be one number")
    return Statistics(arrays["mean"], std, float(clip.reshape(())))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    readers = {".npz": _npz, ".safetensors": _safetensors}
    if path.suffix not in readers:
        raise PolicyError(f"{path}: {path.suffix or 'no suffix'} is not known; give .zip, .npz or .safetensors")
    arrays = readers[path.suffix](path)
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise PolicyError(f"{path}: {name!r} is of dtype {array.dtype}; it must hold real numbers")
    return {name: array.astype(np.float64) for name, array in arrays.items()}


def _npz(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a NumPy archive; of every one the size is compared with its header before it is made."""
    archive, out, total = open_archive(path), {}, 0
    for name in archive.names:
        data = archive.read(name, MAX_TENSORS)
        total += len(data)
        if total > MAX_TENSORS:
            raise PolicyError(f"{path}: the arrays take more than {MAX_TENSORS:,} bytes")
        out[name.removesuffix(".npy")] = _npy(f"{path}: {name!r}", data)
    return out


def _npy(what: str, data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read(file)
        rest = data[file.tell() :]
        if dtype.hasobject:
            raise PolicyError(f"{what} holds Python objects, which are pickles and are not read; give plain numbers")
        if dtype.itemsize * int(np.prod(shape, dtype=object)) != len(rest):
            raise ValueError(f"{len(rest)} bytes for an array {shape} of {dtype}")
        return np.frombuffer(rest, dtype).reshape(shape, order="F" if fortran else "C")
    except PolicyError:
        raise
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise PolicyError(f"{what} is no array of NumPy, or a damaged one ({error})") from None


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    try:
        if path.stat().st_size > MAX_FILE:
            raise PolicyError(f"{path}: {path.stat().st_size:,} bytes, at most {MAX_FILE:,} are read")
        with safe_open(str(path), framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (SafetensorError, TypeError, ValueError) as error:
        if isinstance(error, PolicyError):
            raise
        raise PolicyError(f"{path}: no safetensors file of real numbers that NumPy knows ({error})") from None


def _layers(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[tuple[Layer, ...], Squash | None]:
    """The layers, and the squash where the names tell the algorithm."""
    found = actor_layers(path, arrays, {})
    if found is not None:
        names, kind = found
        squash: Squash | None = kind.squash or ("none" if "log_std" in arrays else "argmax")
        pairs = [(f"{name}.weight", f"{name}.bias") for name in names]
    else:
        squash = None
        pairs = _plain(path, arrays)
    missing = [name for pair in pairs for name in pair if name not in arrays]
    if missing:
        raise PolicyError(f"{path}: there is no {missing[0]!r}; it has {_listed(arrays)}")
    return tuple(Layer(arrays[w], arrays[b]) for w, b in pairs), squash


def _plain(path: Path, arrays: Mapping[str, Any]) -> list[tuple[str, str]]:
    numbered = [name for name in arrays if re.fullmatch(r"W\d{1,4}", name)]
    if numbered:
        return [(f"W{k}", f"b{k}") for k in range(len(numbered))]
    matches = [match for name in arrays if (match := ORDERED.fullmatch(name))]
    prefixes = {match["prefix"] for match in matches}
    if len(prefixes) != 1:
        raise PolicyError(f"{path}: which are the layers cannot be told from {_listed(arrays)}; call them {NAMES}")
    (given,) = prefixes
    prefix = f"{given}." if given else ""
    numbers = sorted(int(match["number"]) for match in matches)
    return [(f"{prefix}{k}.weight", f"{prefix}{k}.bias") for k in numbers]


def _listed(arrays: Mapping[str, Any]) -> str:
    names = sorted(arrays)
    return ", ".join(repr(name[:60]) for name in names[:8]) + (", ..." if len(names) > 8 else "") or "no arrays"
