"""``python -m benchmarks CASE``: prints Markdown tables with the numbers, and what they were measured on."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import camera, codes, convert, crossing, fixed, loop, papers, scale, shipped, stream, train
from benchmarks.bptt import case as bptt
from benchmarks.cuba import case as cuba
from benchmarks.environments import CACHE
from benchmarks.envs import case as envs
from benchmarks.link import case as link
from benchmarks.peers import Peer
from benchmarks.plasticity import case as plasticity
from benchmarks.recover import board, reach, returns, robots, rover, wire
from benchmarks.table import Table, plot, versions
from benchmarks.tick import case as tick
from neurobot.errors import NeurobotError, near

RECOVER = {
    "reach": "a view that turns",
    "rover": "motors that are swapped",
    "board": "the rover in integers, beside floats",
    "halfcheetah": "a joint that is dead",
    "pendulum": "a motor that is reversed",
    "wire": "make their programs anew",
}
PACKAGES = ("neurobot", "numpy", "numba", "gymnasium", "mujoco")


def main(words: Sequence[str] | None = None) -> None:
    """Run one case."""
    arguments = _parser().parse_args(words)
    arguments.run(arguments)


def _show(tables: Sequence[Table], arguments: argparse.Namespace) -> None:
    print("\n\n".join(table.markdown() for table in tables))
    print(f"\n{versions(tables)}")
    path = arguments.out / f"{arguments.case}.png"
    plot(tables, path)
    print(f"\nplot: {path}")


def _print_versions() -> None:
    print("\n" + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + f", Python {platform.python_version()}")


def _peers(known: Sequence[Peer], arguments: argparse.Namespace) -> list[Peer]:
    """Ours, and those peers that were asked for."""
    return [p for p in known if p is known[0] or arguments.peers is None or p.short in arguments.peers]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    cases = parser.add_subparsers(dest="case", required=True)
    for add in (
        _tick, _cuba, _plasticity, _envs, _bptt, _crossing, _scale, _camera, _codes, _train, _convert, _shipped,
        _papers, _recover, _loop, _fixed, _link, _stream,
    ):  # fmt: skip
        add(cases)
    return parser


def _tick(cases: Any) -> None:
    case = _compared(cases, "tick", "the control tick beside C and simulators stepped from Python", tick.PEERS, 5)
    case.add_argument("--hidden", type=count, nargs="+", default=[128, 256, 1024], help="sizes (default 128 256 1024)")
    case.set_defaults(run=lambda a: _show(tick.tables(_peers(tick.PEERS, a), a.hidden, a.rounds, a.envs), a))


def _cuba(cases: Any) -> None:
    case = _compared(cases, "cuba", "the CUBA network beside simulators of large networks", cuba.PEERS, 9)
    case.add_argument("--neurons", type=count, nargs="+", default=[4000], help="sizes; 40000 is the big one")
    case.add_argument("--seconds", type=length, default=5.0, help="biological time of a round (default 5)")
    case.set_defaults(
        run=lambda a: _show(cuba.tables(_peers(cuba.PEERS, a), a.neurons, a.seconds, a.rounds, a.envs), a)
    )


def _plasticity(cases: Any) -> None:
    known = {peer.short: peer for peer in (*plasticity.FEED, *plasticity.CUBA)}
    text = "STDP on a layer and on CUBA beside simulators that learn"
    case = _compared(cases, "plasticity", text, list(known.values()), 7)
    case.add_argument("--neurons", type=count, default=4000, help="of CUBA (default 4000)")
    case.add_argument("--seconds", type=length, default=5.0, help="biological time of a round (default 5)")
    case.set_defaults(run=_learning)


def _learning(a: argparse.Namespace) -> None:
    layer, cuba_peers = _peers(plasticity.FEED, a), _peers(plasticity.CUBA, a)
    _show(plasticity.tables(layer, cuba_peers, a.rounds, a.seconds, a.neurons, a.envs), a)


def _envs(cases: Any) -> None:
    case = _compared(cases, "envs", "steps of batched environments beside gymnasium and envpool", envs.PEERS, 7)
    case.add_argument("--tasks", nargs="+", choices=list(envs.TASKS), default=list(envs.TASKS), help="default all")
    case.add_argument("--sizes", type=count, nargs="+", default=[32, 256], help="environments (default 32 256)")
    case.add_argument("--threads", type=count, nargs="+", default=[1, 2], help="threads (default 1 2)")
    case.set_defaults(
        run=lambda a: _show(envs.tables(_peers(envs.PEERS, a), a.tasks, a.sizes, a.threads, a.rounds, a.envs), a)
    )


def _bptt(cases: Any) -> None:
    case = _compared(cases, "bptt", "a training step through time beside torch frameworks and JAX", bptt.PEERS, 5)
    case.add_argument("--steps", type=count, nargs="+", default=list(bptt.BATCHES), help="T (default 25 50 100)")
    case.set_defaults(run=lambda a: _show(bptt.tables(_peers(bptt.PEERS, a), a.steps, a.rounds, a.envs), a))


def _crossing(cases: Any) -> None:
    case = _compared(cases, "crossing", "a call from Python into compiled code", (), 25)
    case.set_defaults(run=lambda a: _show([crossing.table(a.rounds)], a))


def _scale(cases: Any) -> None:
    case = cases.add_parser("scale", help="memory and steps a second of one simulation up to thousands")
    case.add_argument("--tasks", nargs="+", default=list(scale.TASKS), help="ids (default some)")
    case.add_argument("--sizes", type=count, nargs="+", default=list(scale.SIZES), help="default 1 16 256 4096")
    case.add_argument("--threads", type=count, default=2, help="threads (default 2)")
    case.set_defaults(run=lambda a: (scale.main(a.tasks, a.sizes, a.threads), _print_versions()))


def _camera(cases: Any) -> None:
    case = cases.add_parser("camera", help="frames a second of event cameras")
    case.add_argument("--rounds", type=count, default=7, help="rounds, of which the fastest counts (default 7)")
    case.set_defaults(run=lambda a: (camera.main(a.rounds), _print_versions()))


def _codes(cases: Any) -> None:
    case = cases.add_parser("codes", help="what codes and read-outs carry and cost; writes docs/codes.md")
    case.set_defaults(run=lambda a: codes.main())


def _train(cases: Any) -> None:
    case = cases.add_parser("train", help="what training reaches in its budget, over seeds")
    case.add_argument("launch", nargs="*", default=["cartpole", "hopper", "halfcheetah"], help="launch files")
    case.add_argument("--seeds", type=count, help="number of seeds, from 0 (default 5)")
    case.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    case.add_argument("--jobs", type=count, default=2, help="runs side by side (default 2)")
    case.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder for the runs")
    case.add_argument(
        "--set", nargs="+", type=setting, default=[], metavar="KEY=VALUE",
        help="what differs from the launch files; a normaliser frozen too early: train.normalize_until=10000",
    )  # fmt: skip
    case.add_argument("--folders", nargs="+", type=Path, metavar="FOLDER", help="measure these runs of one launch file")
    case.add_argument(
        "--record",
        action="store_true",
        help="write launch/zoo.json, in the place of the same settings, or of the same seeds with --folders",
    )
    case.add_argument("--bar", type=float, metavar="RETURN", help="say when training's evaluations first reached it")
    case.add_argument("--note", help="what else there is to say, for the record")
    case.set_defaults(run=lambda arguments: _train_with(arguments, case))


def _train_with(a: argparse.Namespace, case: argparse.ArgumentParser) -> None:
    if a.note is not None and not a.record:
        case.error("--note is for the record; give --record too")
    if a.folders and (a.seeds is not None or a.set or len(a.launch) != 1):
        case.error("--folders are finished runs of one launch file; give its name, and neither --seeds nor --set")
    if a.folders:
        words = ["--folders", *(folder.name for folder in a.folders)]
    else:
        words = ["--seeds", str(a.seeds or 5), *(["--set", *a.set] if a.set else [])]
    words += ["--episodes", str(a.episodes), "--record"]
    note = (a.note or "") if a.record else None
    try:
        train.main(
            a.launch, lambda name: a.folders or train.trained(name, a.seeds or 5, a.jobs, a.out, a.set),
            a.episodes, a.jobs, words, note, join=bool(a.folders), bar=a.bar,
        )  # fmt: skip
    except NeurobotError as error:
        case.error(str(error))
    _print_versions()


def _loop(cases: Any) -> None:
    case = cases.add_parser("loop", help="what the loop costs beside a tick, and a soak at 500 Hz")
    case.add_argument("program", nargs="?", default="launch/halfcheetah.safetensors", help="default HalfCheetah's")
    case.add_argument("--rounds", type=count, default=9, help="rounds (default 9)")
    case.add_argument("--seconds", type=length, default=60.0, help="of each soak (default 60; 1800 for half an hour)")
    case.add_argument("--soaks", nargs="+", choices=loop.SOAKS, default=list(loop.SOAKS), help="default all")
    case.add_argument("--only-soaks", action="store_true", help="no table of costs")
    case.set_defaults(
        run=lambda a: (loop.main(a.program, 0 if a.only_soaks else a.rounds, a.seconds, a.soaks), _print_versions())
    )


def _convert(cases: Any) -> None:
    case = cases.add_parser("convert", help="what conversion keeps of the return of trained ANN policies")
    case.add_argument("policy", nargs="+", help="ENV=FILE[,split=3][,statistics=FILE][,squash=tanh]")
    case.add_argument("--substeps", type=count, nargs="+", default=[5, 10, 20, 50], help="default 5 10 20 50")
    case.add_argument("--carry", nargs="+", default=["0"], help="shares of the potentials, or tune (default 0)")
    case.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    case.set_defaults(run=lambda a: (convert.main(a.policy, a.substeps, a.carry, a.episodes), _print_versions()))


def _fixed(cases: Any) -> None:
    case = cases.add_parser("fixed", help="what programs that ship keep of their return in integers")
    case.add_argument("name", nargs="*", help=f"of launch files (default {' '.join(fixed.NAMES)})")
    case.add_argument("--episodes", type=count, default=20, help="episodes of each evaluation (default 20)")
    case.set_defaults(run=lambda a: (fixed.main(a.name, a.episodes), _print_versions()))


def _link(cases: Any) -> None:
    case = cases.add_parser("link", help="the line to a board: round trips, images, faults, hosts that are gone")
    parts = "; ".join(f"{name}: {what}" for name, what in link.PARTS.items())
    case.add_argument("parts", nargs="*", type=part, metavar="PART", help=f"{parts} (default all)")
    case.add_argument("--rounds", type=count, default=12, help="of trips, images and hosts (default 12)")
    case.add_argument("--ticks", type=count, default=2000, help="with each kind of fault (default 2000)")
    case.add_argument("--seed", type=int, default=0, help="of the faults (default 0)")
    case.set_defaults(run=lambda a: (link.main(a.parts or link.PARTS, a.rounds, a.ticks, a.seed), _print_versions()))


def _stream(cases: Any) -> None:
    case = cases.add_parser("stream", help="what programs that ship keep of their return, through a board in real time")
    case.add_argument("name", nargs="*", help=f"of launch files (default {' '.join(stream.NAMES)})")
    case.add_argument("--port", default="posix", help="the board (default posix)")
    case.add_argument("--episodes", type=count, default=10, help="of each program (default 10)")
    case.add_argument("--seed", type=int, default=5000, help="of the first episode (default 5000)")
    case.add_argument("--rt", action="store_true", help="ahead of other processes, where permitted")
    case.set_defaults(run=lambda a: (stream.main(a.name, a.port, a.episodes, a.seed, a.rt), _print_versions()))


def _shipped(cases: Any) -> None:
    case = cases.add_parser("shipped", help="the programs that ship, recorded for the tests and the README's tables")
    case.add_argument("name", nargs="*", help="of launch files; the rest of the record stays (default all)")
    case.add_argument("--episodes", type=count, default=100, help="episodes of each evaluation (default 100)")
    case.add_argument("--tables", action="store_true", help="measure nothing: make the README's tables anew")
    case.set_defaults(run=lambda a: (shipped.main(a.name, a.episodes, not a.tables), _print_versions()))


def _papers(cases: Any) -> None:
    case = cases.add_parser("papers", help="published results of learning rules, reproduced")
    known = f"{', '.join(papers.PAPERS)} (default those that take seconds: {', '.join(papers.SECONDS)})"
    case.add_argument("name", nargs="*", type=paper, help=known)
    case.add_argument("--seeds", type=count, default=1, help="number of seeds, from 0 (default 1)")
    case.add_argument("--seconds", type=count, default=3600, help="of izhikevich_network (default 3600)")
    case.add_argument("--iterations", type=count, default=250, help="of eprop_pattern (default 250)")
    case.add_argument("--trials", type=count, default=1920, help="of eprop_evidence (default 1920)")
    case.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder of the figures")
    amounts = "seeds", "seconds", "iterations", "trials"
    case.set_defaults(
        run=lambda a: (
            papers.main(a.name, papers.Options(**{name: getattr(a, name) for name in amounts}), a.out),
            _print_versions(),
        )
    )


def _recover(cases: Any) -> None:
    case = cases.add_parser("recover", help="what controllers that learn regain of what they lost, over seeds")
    case.add_argument("what", choices=list(RECOVER), help="; ".join(f"{k}: {v}" for k, v in RECOVER.items()))
    case.add_argument("--seeds", type=count, default=5, help="number of seeds (default 5)")
    case.add_argument("--before", type=count, help="trials before the change (default 100 of reach, else 10)")
    case.add_argument("--after", type=count, help="trials from the change on (default 400 of reach, else 100)")
    case.add_argument(
        "--unseen", action="store_true", help="of halfcheetah and pendulum: in episodes that chose no setting"
    )
    case.add_argument("--minutes", type=count, default=10, help="of the rovers, before and after (default 10)")
    case.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder of the figure")
    case.set_defaults(run=_recovering)


def _recovering(a: argparse.Namespace) -> None:
    if a.what == "wire":
        wire.main()
        return
    if a.what == "reach":
        reach.main(a.seeds, a.before or 100, a.after or 400, a.out)
    elif a.what == "board":
        board.main(a.seeds, a.minutes)
    elif a.what in robots.ROBOTS:
        returns.main(robots.ROBOTS[a.what], a.what, a.seeds, a.before or 10, a.after or 100, a.unseen, a.out)
    else:
        rover.main(a.seeds, a.minutes, a.out)
    _print_versions()


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


def paper(text: str) -> str:
    """The name of a paper, for argparse."""
    if text not in papers.PAPERS:
        raise argparse.ArgumentTypeError(f"no paper is called {text!r}; {near(text, papers.PAPERS)}")
    return text


def part(text: str) -> str:
    """The name of a part of the line's tables, for argparse."""
    if text not in link.PARTS:
        raise argparse.ArgumentTypeError(f"no part is called {text!r}; {near(text, link.PARTS)}")
    return text


def setting(text: str) -> str:
    """A key and its value, for argparse."""
    if not text.partition("=")[0] or not text.partition("=")[2]:
        raise argparse.ArgumentTypeError(f"{text!r} is given, it must be KEY=VALUE, e.g. train.steps=100000")
    return text


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
