"""``python -m benchmarks CASE``: prints a Markdown table with the numbers, and what they were measured on."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import version
from pathlib import Path

from benchmarks import codes, custom, evolve, shipped, tick

PACKAGES = ("neurobot", "numpy", "numba", "gymnasium", "mujoco")


def main() -> None:
    """Run one case."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    cases = parser.add_subparsers(dest="case", required=True)
    cases.add_parser("tick", help="the control tick beside the same work in C")
    cases.add_parser("custom", help="a neuron of one's own beside the built-in one")
    cases.add_parser("codes", help="what codes and read-outs carry and cost; writes docs/codes.md")
    learning = cases.add_parser("evolve", help="what evolution reaches in its budget, over seeds")
    learning.add_argument("launch", nargs="*", default=["cartpole", "hopper", "halfcheetah"], help="launch files")
    learning.add_argument("--seeds", type=int, default=5, help="number of seeds, from 0 (default 5)")
    learning.add_argument("--episodes", type=int, default=100, help="episodes of each evaluation (default 100)")
    learning.add_argument("--jobs", type=int, default=2, help="runs side by side (default 2)")
    learning.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder for the runs")
    ships = cases.add_parser("shipped", help="the returns of the programs that ship, recorded for the tests")
    ships.add_argument("--episodes", type=int, default=100, help="episodes of each evaluation (default 100)")
    arguments = parser.parse_args()
    if arguments.case == "tick":
        tick.main()
    elif arguments.case == "custom":
        custom.main()
    elif arguments.case == "codes":
        codes.main()
    elif arguments.case == "shipped":
        shipped.main(arguments.episodes)
    else:
        evolve.main(arguments.launch, arguments.seeds, arguments.episodes, arguments.jobs, arguments.out)
    print()
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES) + f", Python {platform.python_version()}")


if __name__ == "__main__":
    main()
