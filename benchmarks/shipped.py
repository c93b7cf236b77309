"""The returns of the programs in launch/ on fresh episodes, recorded for the tests in tests/golden/shipped.json.

What is evaluated is the launch file of the program's name, because environments have settings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LAUNCH = Path(__file__).parents[1] / "launch"
RECORD = Path(__file__).parents[1] / "tests" / "golden" / "shipped.json"
SEED = 5000
"""Not the seeds of `evolve`, by which one of several runs may have been chosen."""


def main(episodes: int) -> None:
    """Evaluate, print a table and write the record."""
    print("| program | return | parameters | spikes / tick | synaptic operations / tick | footprint [bytes] |")
    print("|---|---|---|---|---|---|")
    record = {}
    for path in sorted(LAUNCH.glob("*.safetensors")):
        launch = path.with_suffix(".toml")
        command = [sys.executable, "-m", "neurobot", "eval", str(launch), "--episodes", str(episodes)]
        done = subprocess.run([*command, "--seed", str(SEED), "--json"], check=True, capture_output=True)
        result = json.loads(done.stdout)
        print(
            f"| {path.stem} ({result['env']}) | {result['return_mean']:,.4g} ± {result['return_std']:.2g} | "
            f"{_searched(path)} | {result['spikes_per_tick']:.0f} | {result['synops_per_tick']:.0f} | "
            f"{result['footprint_bytes']:,} |"
        )
        keys = ("env", "return_mean", "return_std", "episodes", "seed")
        record[path.stem] = {key: result[key] for key in keys}
    RECORD.write_text(json.dumps(record, indent=2) + "\n")


def _searched(path: Path) -> int:
    from neurobot.program import Program
    from neurobot.train.evolution.search import searched

    return int(searched(Program.load(path), biases=True).size)
