"""Where the work of a training is done: in this process, or on a Ray cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neurobot.spec.check import Problems
from neurobot.train.engines.pool import Local, Pool


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
            kind: of work, see `neurobot.train.engines.work.begin`.
            setup: what each begins with.

        Raises:
            TrainingError: Ray is not installed, or the cluster cannot be reached.
        """
        if self.name == "local":
            return Local(kind, setup, self.workers or 1)
        from neurobot.train.engines.ray_pool import RayPool

        return RayPool(self, kind, setup)
