"""The ways to train, by the word in ``[train] method``."""

from __future__ import annotations

from typing import TypeAlias, get_args

from neurobot.train.classification.settings import Classify
from neurobot.train.cloning.settings import Clone
from neurobot.train.evolution.settings import Evolve
from neurobot.train.method import Settings
from neurobot.train.td3.settings import TD3

Training: TypeAlias = Evolve | Clone | Classify | TD3
"""The settings of any of them: a union, to which a new one is added here and nowhere else."""
METHODS: dict[str, type[Training]] = {cls.method: cls for cls in get_args(Training)}


def _are_settings(cls: type[Training]) -> type[Settings]:
    return cls  # for the type checker, which compares the classes with the protocol
