"""Ours as a control loop calls it: `Controller.step`, which checks what it is given and returns a new action."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.tick import ours
from benchmarks.tick.case import program
from benchmarks.timing import per_call
from neurobot.controller import Controller

VERSIONS = ours.VERSIONS


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    controller, observations = Controller(program(int(data["hidden"]))), list(data["observations"])
    counted = ours.prepare(data)()["spikes"]

    def run() -> dict[str, Any]:
        seconds = per_call(controller.reset, controller.step, observations)
        assert np.array_equal(controller.sent, data["actions"][-1])
        return {"seconds": seconds, "spikes": counted}

    return run
