"""What conversion keeps of trained policies: returns of the ANN and of spiking programs on the same fresh episodes.

Each policy is converted and measured by `neurobot convert` in a process of its own, in gymnasium's environments. The
program of every row is calibrated on episodes that are not among those it is measured on.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPTIONS = ("split", "percentile", "statistics", "squash", "activation")


def main(policies: Sequence[str], substeps: Sequence[int], carries: Sequence[str], episodes: int) -> None:
    """Print a table with a row for every policy, carry and number of sub-steps."""
    print("| policy | neurons a unit | sub-steps | carry | return | kept | action error | spikes | operations |")
    print("|---|---|---|---|---|---|---|---|---|")
    for word in policies:
        env, path, options = parse(word)
        for k, carry in enumerate(carries):
            result = one(env, path, options, substeps, carry, episodes)
            if k == 0:
                ann = result["ann"]
                print(
                    f"| {env}, {Path(path).name} | – | ANN | – | {_mean(ann)} | – | – | – | "
                    f"{ann['operations_per_tick']:,.0f} MAC |"
                )
            for row in result["conversions"]:
                print(
                    f"| | {result['split']} | {row['substeps']} | {carry} | {_mean(row)} | {100 * row['kept']:.1f} % | "
                    f"{100 * row['action_error']:.2f} % | {row['spikes_per_tick']:,.0f} | "
                    f"{row['operations_per_tick']:,.0f} |",
                    flush=True,
                )


def parse(word: str) -> tuple[str, str, dict[str, str]]:
    """(environment, file, options) of ``ENV=FILE[,split=3][,statistics=FILE][,squash=tanh]``.

    Raises:
        ValueError: anything else, with the form.
    """
    first, *rest = word.split(",")
    env, _, path = first.partition("=")
    pairs = [text.partition("=") for text in rest]
    if not env or not path or any(name not in OPTIONS or not value for name, _, value in pairs):
        raise ValueError(f"{word!r} is not ENV=FILE, with any of {', '.join(OPTIONS)} behind it: ,split=3")
    return env, path, {name: value for name, _, value in pairs}


def one(
    env: str, path: str, options: dict[str, str], substeps: Sequence[int], carry: str, episodes: int
) -> dict[str, Any]:
    """Convert and measure one policy; what `neurobot convert --json` says."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "neurobot", "convert", path, "--env", env, "--json", "--carry", carry]
        command += ["--out", str(Path(folder) / "program.safetensors"), "--episodes", str(episodes)]
        command += ["--substeps", str(substeps[0]), "--compare", *map(str, substeps)]
        command += [word for name, value in options.items() for word in (f"--{name}", value)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _mean(row: dict[str, Any]) -> str:
    return f"{row['return_mean']:,.0f} ± {row['return_std']:,.0f}"
