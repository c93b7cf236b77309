"""A training's numbers for TensorBoard, by tensorboardX: it writes the same files without TensorFlow or torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import final

from neurobot.errors import TrainingError


def require_tensorboard() -> None:
    """TrainingError where tensorboardX is not installed."""
    try:
        import tensorboardX  # noqa: F401
    except ImportError:
        raise TrainingError(
            "tensorboardX, which writes for TensorBoard, is not installed; pip install 'neurobot[tensorboard]', or "
            "leave log.tensorboard out: events.jsonl has the same numbers"
        ) from None


@final
class TensorBoard:
    """Writes scalars.

    Args:
        folder: for TensorBoard's files.
        begin: the first step that will be written; what an interrupted run wrote from there on is shown no more.
    """

    def __init__(self, folder: Path, begin: int):
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=begin)

    def write(self, group: str, step: int, numbers: Mapping[str, float]) -> None:
        """Add a point to each curve ``group/name``; numbers that are not finite are left out."""
        for name, value in numbers.items():
            if math.isfinite(value):
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        """Write what is still in memory."""
        self._writer.close()
