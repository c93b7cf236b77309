"""The experts that ship, those that others register, and where a launch file's ``expert`` leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurobot.errors import TrainingError, near
from neurobot.program import Program
from neurobot.train.experts.classic import energy_pd, joint_pd
from neurobot.train.experts.expert import Expert, Policy, Predicting, Scripted, Spiking
from neurobot.train.experts.linear_ars import LinearArs
from neurobot.train.experts.lqr import PROBLEMS, lqr
from neurobot.train.experts.robots import (
    Vehicle,
    balance,
    cascade,
    reach,
    towards_the_events,
    towards_the_target,
)

if TYPE_CHECKING:
    from neurobot.config import EnvConfig

AUTO = "auto"
"""The word for the expert of a task."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A scripted expert.

    Args:
        make: environments -> policy.
        ids: the environments that it is for; the first expert of one is its own.
    """

    make: Callable[[Any], Policy]
    ids: tuple[str, ...]


SHIPPED = {
    "lqr": Shipped(lqr, tuple(PROBLEMS)),
    "energy_pd": Shipped(energy_pd, ("Pendulum-v1",)),
    "joint_pd": Shipped(joint_pd, ("Reacher-v5",)),
    "reach": Shipped(reach, ("neurobot/Reach-v0",)),
    "balance": Shipped(lambda env: balance, ("neurobot/Balancer-v0",)),
    "cascade": Shipped(cascade, ("neurobot/Quadrotor-v0",)),
    "vehicle": Shipped(lambda env: Vehicle(env.num_envs), ("neurobot/Rover-v0",)),
    "target": Shipped(towards_the_target, ("neurobot/Pursuit-v0",)),
    "events": Shipped(lambda env: towards_the_events, ("neurobot/Pursuit-v0",)),
}
SEARCHED = "linear_ars"
"""The word for the expert that searches its own parameters, in any environment whose actions are numbers."""
_REGISTERED: dict[str, Callable[[Any], Any]] = {}


def register(name: str, make: Callable[[Any], Any]) -> None:
    """Make an expert of your own known to ``expert = NAME``.

    Args:
        name: not one of those that ship.
        make: environments (a vector environment of `neurobot.envs`) -> an `Expert`, or any object with
            `predict(observations)`, such as a model of SB3.

    Raises:
        TrainingError: a name that ships.
    """
    if name in (*SHIPPED, SEARCHED, AUTO):
        raise TrainingError(f"an expert called {name!r} ships with neurobot; register yours under another name")
    _REGISTERED[name] = make


def names() -> tuple[str, ...]:
    """All that can be named."""
    return (AUTO, *SHIPPED, SEARCHED, *_REGISTERED)


def find_expert(name: str, env: EnvConfig, seed: int, threads: int = 1) -> Expert:
    """The expert of a name.

    Args:
        name: ``auto``, a name of `names()`, or the path of a program.
        env: the environment.
        seed: of one who learns first.
        threads: of that one's physics.

    Raises:
        TrainingError: nobody has the name, or not for this environment.
        ProgramFileError: a program that cannot be read.
    """
    if name in _REGISTERED:
        return Scripted(lambda envs: _made(_REGISTERED[name](envs)).begin(envs))
    if name.endswith(".safetensors"):
        return Spiking(Program.load(Path(name)))
    if name == SEARCHED:
        return LinearArs(env, seed, threads)
    if name == AUTO:
        found = [key for key, expert in SHIPPED.items() if env.id in expert.ids]
        if not found:
            known = ", ".join((SEARCHED, *_REGISTERED))
            raise TrainingError(f"no expert ships for {env.id}; name one ({known}), or a program or a recording")
        name = found[0]
    if name not in SHIPPED:
        raise TrainingError(f"no expert is called {name!r}; {near(name, names())}")
    if env.id not in SHIPPED[name].ids:
        raise TrainingError(f"the expert {name!r} is for {' and '.join(SHIPPED[name].ids)}, not for {env.id}")
    return Scripted(SHIPPED[name].make)


def _made(given: Any) -> Expert:
    return given if isinstance(given, Expert) else Predicting(given)
