"""Work on a Ray cluster (extra ``ray``).

Tasks are Ray's own: one whose worker or node dies is done again elsewhere, and nothing else is lost. A worker process
remembers what it began with, so that the next task of the same training finds its environments ready.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any, ClassVar, final

from neurobot.errors import NeurobotError, TrainingError
from neurobot.train.engines.engine import Engine
from neurobot.train.engines.pool import Done, Pool
from neurobot.train.engines.work import Work, begin

ATTEMPTS = 10
"""How often a task is done again after its worker died."""
_READY: dict[str, Work] = {}
"""In a worker process: the kind of work it did last."""


@final
class RayPool(Pool):
    """Tasks on a cluster, one for each of its CPUs at a time."""

    elsewhere: ClassVar[bool] = True

    def __init__(self, engine: Engine, kind: str, setup: bytes):
        try:
            import ray
        except ImportError:
            raise TrainingError("Ray is not installed; pip install 'neurobot[ray]', or leave --engine out") from None
        self._ray, self._ours = ray, not ray.is_initialized()
        if self._ours:
            _connect(ray, engine.address)
        self._wanted = engine.workers
        self._begin = (f"{kind} {hashlib.sha256(setup).hexdigest()}", ray.put(setup), engine.imports)
        self._remote = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(_work)

    @property
    def workers(self) -> int:  # type: ignore[override]
        """As many as were asked for, else CPUs in the cluster now; nodes come and go."""
        return self._wanted or max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def run(self, tasks: Sequence[bytes], done: Done | None = None) -> list[bytes]:
        """Do tasks."""
        results, waiting = [b""] * len(tasks), deque(range(len(tasks)))
        pending: dict[Any, int] = {}
        try:
            with redirect_stdout(sys.stderr):  # Ray prints there when a worker dies, and commands print results there
                while waiting or pending:
                    while waiting and (self._wanted is None or len(pending) < self._wanted):
                        number = waiting.popleft()
                        pending[self._remote.remote(*self._begin, tasks[number])] = number
                    (ready,), _ = self._ray.wait(list(pending), num_returns=1)
                    number = pending.pop(ready)
                    results[number] = self._get(ready)
                    if done is not None:
                        done(number, results[number])
        except BaseException:
            for ref in pending:
                self._ray.cancel(ref)  # comes as Ctrl-C, so that a training saves
            raise
        return results

    def close(self) -> None:
        """Leave the cluster, and end it where it was started here."""
        if self._ours:
            self._ray.shutdown()

    def _get(self, ref: Any) -> bytes:
        try:
            data: bytes = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise TrainingError(f"a task failed on the cluster: {error}") from None
        except self._ray.exceptions.RayError as error:
            raise TrainingError(f"a task lost its worker {ATTEMPTS + 1} times: {error}") from None
        if data[:1] == b"-":
            raise TrainingError(data[1:].decode())
        return data[1:]


def _connect(ray: Any, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read by a cluster that is started here
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.WARNING}
    try:
        if address is None:
            ray.init("local", include_dashboard=False, **options)
        else:
            _require_reachable(address)
            ray.init(address, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise TrainingError(f"no Ray cluster at {address}: {error}; start one with `ray start --head`") from None


def _require_reachable(address: str) -> None:
    """OSError where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host, min(int(port), 65535)), timeout=5.0).close()


def _work(name: str, setup: bytes, imports: Sequence[str], task: bytes) -> bytes:
    """In a worker process: do a task; errors of ours come back as text, which needs no class to be read.

    Args:
        name: the kind of work, and a hash of the setup.
        setup: see `neurobot.train.engines.work.begin`.
        imports: the same.
        task: the same.
    """
    try:
        if name not in _READY:
            _READY.clear()
            _READY[name] = begin(name.partition(" ")[0], setup, imports, alone=True)
        return b"+" + _READY[name](task)
    except NeurobotError as error:
        return b"-" + str(error).encode()
