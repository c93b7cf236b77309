"""Further networks, live: the peers here, ours in another python.

The peers' spikes go into a temporary folder; `python -m tests.golden.compare FOLDER` runs ours on the same networks.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.golden.make import brian2_run, nest_run
from tests.golden.networks import varied

NEST = (
    "psc_delta",
    "psc_exp",
    "psc_exp_equal",
    "psc_exp_alike",
    "psc_alpha",
    "cond_exp",
    "aeif_cond_exp",
    "aeif_psc_exp",
)
BRIAN2 = ("jump", "current")


def peers(seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Every network of a seed as (name, spikes)."""
    for name in NEST:
        yield f"nest_{name}", nest_run.run(name, varied(f"nest_{name}", seed))["spikes"]
    for name in BRIAN2:
        network = varied(f"brian2_{name}", seed)
        # without refractoriness the default order loses input, which ours says with another t_ref
        schedule = brian2_run.DEFAULT if network.cell["refractory"].any() else brian2_run.RESETS_FIRST
        yield f"brian2_{name}", brian2_run.run(name, network, schedule)["spikes"]


def compare(ours: str, seeds: list[int]) -> None:
    """Run the peers for some seeds, then ours."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for name, spikes in peers(seed):
                np.save(Path(folder) / f"{name}.{seed}.npy", spikes)
        sys.exit(subprocess.run([ours, "-m", "tests.golden.compare", folder], check=False).returncode)
