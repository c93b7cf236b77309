"""All neuron models."""

from __future__ import annotations

from typing import TypeAlias

from neurobot.spec.custom import Custom
from neurobot.spec.neuron_models import ALIF, AdEx, AlphaLIF, CobaLIF, Izhikevich
from neurobot.spec.neurons import IF, LI, LIF, CubaLIF, Input

Model: TypeAlias = Input | IF | LIF | CubaLIF | LI | ALIF | AlphaLIF | Izhikevich | AdEx | CobaLIF | Custom
MODELS: tuple[type[Model], ...] = (Input, IF, LIF, CubaLIF, LI, ALIF, AlphaLIF, Izhikevich, AdEx, CobaLIF, Custom)
