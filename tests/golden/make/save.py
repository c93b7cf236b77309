"""Writes the recorded files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "peers"


def save(name: str, made_by: str, digest: str, arrays: dict[str, np.ndarray]) -> None:
    """Write NAME.npz; spikes, (m, 2), as int16, which holds every step and neuron, by columns, which packs better."""
    small = {key: a.astype(np.int16, order="F") if a.dtype == np.int32 else a for key, a in arrays.items()}
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(path, made_by=np.array(made_by), digest=np.array(digest), **small)
    sizes = ", ".join(f"{key} {a.shape}" for key, a in small.items())
    print(f"{path.name}: {path.stat().st_size} bytes, {made_by}, {sizes}", flush=True)
