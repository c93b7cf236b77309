"""Workers that do tasks: what a pool of them is, and the one in this process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import ClassVar, TypeAlias, final

from neurobot.train.engines.work import Work, begin

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
