"""Where the work of a training is done: in this process, or on a Ray cluster.

Work is bytes in, bytes out: what a worker needs to begin (a program file, an environment's description), and then tasks
(parameters, seeds). A task's result depends on nothing but the two, so it is the same on any worker, in any number of
them, and in a second attempt.
"""

from __future__ import annotations

import io
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from queue import SimpleQueue
from typing import ClassVar, Literal, TypeAlias, final

from neurobot.spec.check import Problems

Work: TypeAlias = Callable[[bytes], bytes]
Done: TypeAlias = Callable[[int, bytes], None]


class Pool(ABC):
    """Workers of one kind that are ready.

    Attributes:
        workers: how many tasks are done at once.
        elsewhere: whether their CPU time is that of other processes.
    """

    elsewhere: ClassVar[bool]
    workers: int

    @abstractmethod
    def run(self, tasks: Sequence[bytes], done: Done | None = None) -> list[bytes]:
        """Do tasks.

        Args:
            tasks: at least one.
            done: called with the number and the result of each, as soon as it is there.

        Returns:
            A result for each, in the order of the tasks.

        Raises:
            TrainingError: a task failed, or lost its worker again and again.
        """

    def close(self) -> None:  # noqa: B027 (a pool in this process holds nothing)
        """Let the workers go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Where to work.

    Args:
        name: ``local``, in this process, or ``ray``.
        address: of a Ray cluster that is running, e.g. auto or 10.0.0.1:6379; None starts one on this machine.
        workers: tasks at once; None is one here, and as many as the cluster has CPUs with ray.
        imports: modules that workers elsewhere import ahead of everything else.
    """

    name: Literal["local", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    imports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problems = Problems("engine")
        problems.choice("name", self.name, ("local", "ray"))
        if self.workers is not None:
            problems.count("workers", self.workers)
        if self.name == "local" and self.address is not None:
            problems.add("an address is that of a Ray cluster; give --engine ray with it")
        problems.done()

    def open(self, kind: str, setup: bytes) -> Pool:
        """Make workers ready.

        Args:
            kind: of work, see `begin`.
            setup: what each begins with.

        Raises:
            TrainingError: Ray is not installed, or the cluster cannot be reached.
        """
        if self.name == "local":
            return Local(kind, setup, self.workers or 1)
        from neurobot.train.ray_pool import RayPool

        return RayPool(self, kind, setup)


@final
class Local(Pool):
    """Workers in threads of this process, or, where there is one, in the calling thread."""

    elsewhere: ClassVar[bool] = False

    def __init__(self, kind: str, setup: bytes, workers: int):
        self.workers = workers
        self._idle: SimpleQueue[Work] = SimpleQueue()
        for _ in range(workers):
            self._idle.put(begin(kind, setup))

    def run(self, tasks: Sequence[bytes], done: Done | None = None) -> list[bytes]:
        """Do tasks."""
        results = [b""] * len(tasks)

        def keep(number: int, result: bytes) -> None:
            results[number] = result
            if done is not None:
                done(number, result)

        if self.workers == 1:
            for number, task in enumerate(tasks):
                keep(number, self._do(task))
            return results
        with ThreadPoolExecutor(self.workers) as pool:
            futures = {pool.submit(self._do, task): number for number, task in enumerate(tasks)}
            try:
                for future in as_completed(futures):
                    keep(futures[future], future.result())
            except BaseException:  # Ctrl-C too: what has begun ends by itself, nothing else begins
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return results

    def _do(self, task: bytes) -> bytes:
        work = self._idle.get()
        try:
            return work(task)
        finally:
            self._idle.put(work)


def begin(kind: str, setup: bytes, imports: Sequence[str] = (), *, alone: bool = False) -> Work:
    """A worker, wherever this is called.

    Args:
        kind: ``episodes`` of evolution, or ``commands`` of `neurobot`.
        setup: what it begins with.
        imports: modules to import first.
        alone: whether this process does nothing else at the same time.
    """
    for name in imports:
        import_module(name)
    if kind == "commands":
        return command_here if alone else command
    assert kind == "episodes", kind
    from neurobot.train.episodes import EpisodesWorker

    return EpisodesWorker(setup).run


def command(task: bytes) -> bytes:
    """A command of `neurobot` in a process of its own; whatever becomes of that, nobody else notices.

    Args:
        task: its arguments, one a line.

    Returns:
        The exit code, a line break, and what it wrote on stderr.
    """
    words = [sys.executable, "-m", "neurobot", *task.decode().split("\n")]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return b"%d\n%s" % (done.returncode, done.stderr)


def command_here(task: bytes) -> bytes:
    """The same in this process, so that it does not outlive a worker whose task is done again elsewhere."""
    from neurobot.cli import main

    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        code = main(task.decode().split("\n"))
    return b"%d\n%s" % (code, said.getvalue().encode())
