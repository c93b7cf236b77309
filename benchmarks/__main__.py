"""``python -m benchmarks CASE``: prints Markdown tables with the numbers, and what they were measured on."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import codes, convert, crossing, evolve, shipped
from benchmarks.cuba import case as cuba
from benchmarks.environments import CACHE
from benchmarks.envs import case as envs
from benchmarks.peers import Peer
from benchmarks.table import Table, plot, versions
from benchmarks.tick import case as tick

PACKAGES = ("neurobot", "numpy", "numba", "gymnasium", "mujoco")


def main(words: Sequence[str] | None = None) -> None:
    """Run one case."""
    arguments = _parser().parse_args(words)
    if arguments.case == "codes":
        codes.main()
        return
    if arguments.case in ("evolve", "shipped", "convert"):
        if arguments.case == "shipped":
            shipped.main(arguments.episodes)
        elif arguments.case == "convert":
            convert.main(arguments.policy, arguments.substeps, arguments.carry, arguments.episodes)
        else:
            evolve.main(arguments.launch, arguments.seeds, arguments.episodes, arguments.jobs, arguments.out)
        print(
            "\n" + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + f", Python {platform.python_version()}"
        )
        return
    if arguments.case == "tick":
        tables = tick.tables(_peers(tick.PEERS, arguments), arguments.hidden, arguments.rounds, arguments.envs)
    elif arguments.case == "cuba":
        peers = _peers(cuba.PEERS, arguments)
        tables = cuba.tables(peers, arguments.neurons, arguments.seconds, arguments.rounds, arguments.envs)
    elif arguments.case == "envs":
        peers = _peers(envs.PEERS, arguments)
        tables = envs.tables(
            peers, arguments.tasks, arguments.sizes, arguments.threads, arguments.rounds, arguments.envs
        )
    else:
        tables = [crossing.table(arguments.rounds)]
    _show(tables, arguments.out / f"{arguments.case}.png")


def _show(tables: Sequence[Table], path: Path) -> None:
    print("\n\n".join(table.markdown() for table in tables))
    print(f"\n{versions(tables)}")
    plot(tables, path)
    print(f"\nplot: {path}")


def _peers(known: Sequence[Peer], arguments: argparse.Namespace) -> list[Peer]:
    """Ours, and those peers that were asked for."""
    return [p for p in known if p is known[0] or arguments.peers is None or p.short in arguments.peers]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    cases = parser.add_subparsers(dest="case", required=True)
    ticks = _compared(cases, "tick", "the control tick beside C and simulators stepped from Python", tick.PEERS, 5)
    ticks.add_argument("--hidden", type=count, nargs="+", default=[128, 256, 1024], help="sizes (default 128 256 1024)")
    cubas = _compared(cases, "cuba", "the CUBA network beside simulators of large networks", cuba.PEERS, 9)
    cubas.add_argument("--neurons", type=count, nargs="+", default=[4000], help="sizes; 40000 is the big one")
    cubas.add_argument("--seconds", type=length, default=5.0, help="biological time of a round (default 5)")
    robots = _compared(cases, "envs", "steps of batched environments beside gymnasium and envpool", envs.PEERS, 7)
    robots.add_argument("--tasks", nargs="+", choices=list(envs.TASKS), default=list(envs.TASKS), help="default all")
    robots.add_argument("--sizes", type=count, nargs="+", default=[32, 256], help="environments (default 32 256)")
    robots.add_argument("--threads", type=count, nargs="+", default=[1, 2], help="threads (default 1 2)")
    _compared(cases, "crossing", "a call from Python into compiled code", (), 25)
    cases.add_parser("codes", help="what codes and read-outs carry and cost; writes docs/codes.md")
    learning = cases.add_parser("evolve", help="what evolution reaches in its budget, over seeds")
    learning.add_argument("launch", nargs="*", default=["cartpole", "hopper", "halfcheetah"], help="launch files")
    learning.add_argument("--seeds", type=count, default=5, help="number of seeds, from 0 (default 5)")
    learning.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    learning.add_argument("--jobs", type=count, default=2, help="runs side by side (default 2)")
    learning.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder for the runs")
    made = cases.add_parser("convert", help="what conversion keeps of the return of trained ANN policies")
    made.add_argument("policy", nargs="+", help="ENV=FILE[,split=3][,statistics=FILE][,squash=tanh]")
    made.add_argument("--substeps", type=count, nargs="+", default=[5, 10, 20, 50], help="default 5 10 20 50")
    made.add_argument("--carry", nargs="+", default=["0"], help="shares of the potentials, or tune (default 0)")
    made.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    ships = cases.add_parser("shipped", help="the returns of the programs that ship, recorded for the tests")
    ships.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    return parser


def count(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is given, it must be at least 1")
    return number


def length(text: str) -> float:
    """A time above 0 [s], for argparse."""
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is given, it must be above 0 and finite")
    return seconds


def _compared(cases: Any, name: str, text: str, peers: Sequence[Peer], rounds: int) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = cases.add_parser(name, help=text)
    parser.add_argument("--rounds", type=count, default=rounds, help=f"rounds that count (default {rounds})")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder of the plot")
    if peers:
        names = [peer.short for peer in peers]
        parser.add_argument("--peers", nargs="+", choices=names, help="beside ours (default all)")
        parser.add_argument("--envs", type=Path, default=CACHE, help=f"folder of the peers' packages (default {CACHE})")
    return parser


if __name__ == "__main__":
    main()
