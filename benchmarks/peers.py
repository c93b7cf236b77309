"""Peers in processes of their own, which run one after another, round by round."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.environments import CACHE, Unavailable, python_of

ROOT = Path(__file__).parents[1]
PATIENCE = 900.0
"""The longest wait for an answer [s]."""
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")}


@dataclass(frozen=True)
class Peer:
    """One row of a table.

    Args:
        name: in the table.
        module: with `VERSIONS` and `prepare`, see `benchmarks`.
        environment: a file in requirements/, without ``.txt``; None for the Python that runs this.
    """

    name: str
    module: str
    environment: str | None = None

    @property
    def short(self) -> str:
        """The file's name, by which it is chosen."""
        return self.module.rpartition(".")[2]


@dataclass
class Row:
    """What was measured of a peer.

    Args:
        name: of the peer.
        seconds: of each round.
        spikes: by population, of the last round.
        versions: by package.
        problem: why there is no number.
        note: what a peer says of its results.
        measures: what else the last round came to, by what a table calls it.
    """

    name: str
    seconds: list[float] = field(default_factory=list)
    spikes: dict[str, int] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    problem: str | None = None
    note: str = ""
    measures: dict[str, float] = field(default_factory=dict)


class Worker:
    """A peer's process.

    Raises:
        Unavailable: its packages are missing, it failed, or it does not answer.
    """

    def __init__(self, peer: Peer, data: Path, environments: Path = CACHE, patience: float = PATIENCE) -> None:
        python = sys.executable if peer.environment is None else python_of(peer.environment, environments)
        self._patience = patience
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `close`
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", peer.module, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
        )
        try:
            self.versions: dict[str, str] = self._answer()["versions"]
        except Unavailable:
            self.close()
            raise

    def run(self) -> dict[str, Any]:
        """One round: ``seconds``, ``spikes`` and maybe a ``note`` and ``measures``."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            self._process.stdin.write("run\n")
            self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], self._patience)
        if not ready:
            raise Unavailable(f"no answer in {self._patience:g} s")
        line = self._process.stdout.readline()
        if not line:
            raise Unavailable(f"its process ended: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Unavailable(answer["error"])
        return answer

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.wait()}"


def compare(
    peers: Sequence[Peer], data: Mapping[str, Any], rounds: int, environments: Path = CACHE, patience: float = PATIENCE
) -> list[Row]:
    """Measure peers on the same arrays, in turn, after one round that does not count.

    Args:
        peers: in the order of the rows.
        data: arrays by name, given to every peer.
        rounds: that count.
        environments: folder of the virtual environments.
        patience: the longest wait for an answer [s].
    """
    rows = {peer: Row(peer.name) for peer in peers}
    workers: dict[Peer, Worker] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.npz"
        np.savez(path, **data)  # type: ignore[arg-type]
        try:
            for peer, row in rows.items():
                print(f"preparing {peer.name}", file=sys.stderr, flush=True)
                try:
                    workers[peer] = Worker(peer, path, environments, patience)
                    row.versions = workers[peer].versions
                except Unavailable as problem:
                    row.problem = str(problem)
            for k in range(rounds + 1):
                for peer in list(workers):
                    _round(workers, peer, rows[peer], counts=k > 0)
        finally:
            for worker in workers.values():
                worker.close()
    return list(rows.values())


def _round(workers: dict[Peer, Worker], peer: Peer, row: Row, counts: bool) -> None:
    try:
        answer = workers[peer].run()
    except Unavailable as problem:
        row.problem = str(problem)
        workers.pop(peer).close()
        return
    row.spikes, row.note, row.measures = answer["spikes"], answer.get("note", ""), answer.get("measures", {})
    if counts:
        row.seconds.append(answer["seconds"])
