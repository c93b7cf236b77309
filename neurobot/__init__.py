"""Closed-loop robot control with spiking neural networks.

Observations become spikes, a spiking network runs in one compiled tick, spikes become actions. Importing this package
is quick: what needs compiled code is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from neurobot import errors as errors
from neurobot import spec as spec
from neurobot.errors import NeurobotError as NeurobotError
from neurobot.spec import neuron as neuron
from neurobot.spec import rule as rule

if TYPE_CHECKING:
    from neurobot.controller import Controller as Controller
    from neurobot.core import BatchCore as BatchCore
    from neurobot.core import HostCore as HostCore
    from neurobot.loop import Loop as Loop
    from neurobot.program import Program as Program
    from neurobot.program import build as build
    from neurobot.simulation import simulate as simulate

__version__ = version("neurobot")

_LATER = {
    "BatchCore": "neurobot.core",
    "Controller": "neurobot.controller",
    "HostCore": "neurobot.core",
    "Loop": "neurobot.loop",
    "Program": "neurobot.program",
    "build": "neurobot.program",
    "simulate": "neurobot.simulation",
}
__all__ = ["NeurobotError", "errors", "neuron", "rule", "spec", *sorted(_LATER)]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'neurobot' has no attribute {name!r}")
