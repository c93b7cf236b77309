"""Where perturbations go: around the simulation of a task, or around any Gymnasium environment.

The info of a reset and of a step has, under `perturbed`, which perturbations are in force at that moment, for the
observation it comes with and the action to come: (n,) bool, in the order in which they were listed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from neurobot.envs.checks import checked_action, checked_seeds
from neurobot.envs.perturb import Perturber
from neurobot.envs.perturbation import Perturbation, checked_perturbations
from neurobot.envs.randomize import Randomize, RandomizedSimulation
from neurobot.envs.task import Array, Info, Simulation, StepResult, Task
from neurobot.errors import EnvError

_ONLY = np.zeros(1, np.int64)


def varied(
    simulation: Simulation, task: Task, num_envs: int, randomize: Randomize | None, perturb: Sequence[Perturbation]
) -> Simulation:
    """A simulation whose episodes differ and go wrong as is said; as it is where nothing is said.

    Raises:
        EnvError: something that the task does not have.
    """
    if randomize is not None:
        if not isinstance(randomize, Randomize):
            raise EnvError(f"randomize is {randomize!r}; give Randomize(mass=(0.8, 1.2)) or None")
        simulation = RandomizedSimulation(simulation, randomize, task, num_envs)
    perturbations = checked_perturbations(perturb)
    return PerturbedSimulation(simulation, perturbations, task, num_envs) if perturbations else simulation


@final
class PerturbedSimulation(Simulation):
    """A simulation in which things go wrong.

    Attributes:
        inner: the simulation that is perturbed.
        perturber: what does it to actions and observations; `perturber.in_force` is live.
    """

    CHANGES = ("inner", "perturber", "_loads", "_empty", "_seen")

    def __init__(self, inner: Simulation, perturbations: Sequence[Perturbation], task: Task, num_envs: int):
        """Raises EnvError if the task lacks what is to be perturbed."""
        self.inner = inner
        self.pictures, self.scaling = inner.pictures, inner.scaling
        spaces = task.observation_space, task.action_space
        self.perturber = Perturber(perturbations, task.id, spaces, task.control_period, num_envs)
        self._carried = self._carriers(perturbations, task)
        shape = (num_envs, 0 if self._carried is None else self._carried.shape[1])
        self._loads = np.zeros(shape)  # what each body carries now [kg]
        self._empty = np.zeros(shape)  # what each body weighs without that [kg]
        self._everyone = np.arange(num_envs, dtype=np.int32)
        self._seen: Array | None = None

    def reset(self, ids: Array, generators: Sequence[np.random.Generator]) -> None:
        """Take the loads off, then start the episodes."""
        if self._carried is not None:
            self._set_loads(ids, np.zeros_like(self._loads[ids]))
        self.inner.reset(ids, generators)
        if self._carried is not None and self.scaling is not None:
            self._empty[ids] = self.scaling.body_mass[ids]
        self.perturber.reset(ids, generators)
        self._seen = self.perturber.sense(self.inner.observe())

    def step(self, actions: Array, ids: Array | None) -> StepResult:
        """Advance by one control period; see `Simulation.step`."""
        moved = self._everyone if ids is None else ids
        if self._carried is not None:
            self._set_loads(moved, self.perturber.in_force[moved] @ self._carried)
        result = self.inner.step(self.perturber.act(actions, moved), ids)
        self.perturber.advance(moved)
        self._seen = self.perturber.sense(self.inner.observe())
        return result._replace(info=result.info | self._info())

    def observe(self) -> Array:
        """What the sensors say, a new array."""
        assert self._seen is not None, "reset comes first"
        return self._seen.copy()

    def reset_info(self) -> Info:
        """The info of the simulation inside, and which perturbations are in force."""
        return self.inner.reset_info() | self._info()

    def _info(self) -> Info:
        return {"perturbed": self.perturber.in_force.copy()}

    def _carriers(self, perturbations: Sequence[Perturbation], task: Task) -> Array | None:
        """What each perturbation adds to each body, (n, nbody) [kg]; None if it is nothing."""
        loads = [(j, p) for j, p in enumerate(perturbations) if p.kind == "mass"]
        if not loads:
            return None
        if self.scaling is None:
            raise EnvError(f"{task.id} is no MuJoCo model and has no bodies that could carry a mass")
        carried = np.zeros((len(perturbations), self.scaling.body_mass.shape[1]))
        for j, p in loads:
            assert p.body is not None
            try:
                carried[j, self.scaling.find_body(p.body)] = p.mass
            except EnvError as error:
                raise EnvError(f"{task.id}: mass cannot be added, {error}") from None
        return carried

    def _set_loads(self, ids: Array, loads: Array) -> None:
        """Let bodies of instances `ids` (k,) carry loads (k, nbody)."""
        other = (loads != self._loads[ids]).any(axis=1)
        if other.any():
            assert self.scaling is not None
            changed = ids[other]
            self._loads[changed] = loads[other]
            self.scaling.set_masses(changed, self._empty[changed] + loads[other])


@final
class PerturbedEnv(gymnasium.Wrapper, RecordConstructorArgs):  # type: ignore[misc]  # gymnasium's classes are Any
    """Any Gymnasium environment with flat spaces, perturbed in the same way as this project's own (but for `mass`)."""

    CHANGES = ("_perturber", "_generator")

    def __init__(self, env: gymnasium.Env, perturb: Sequence[Perturbation], control_period: float | None = None):
        """Wrap an environment.

        Args:
            env: with a flat Box of observations, and a flat Box or Discrete of actions, as far as they are perturbed.
            perturb: in the order in which they apply.
            control_period: time between two actions [s]; None takes the environment's `dt`, or 1 / `render_fps`.

        Raises:
            EnvError: no control period, or something that the environment does not have.
        """
        RecordConstructorArgs.__init__(self, perturb=perturb, control_period=control_period)
        gymnasium.Wrapper.__init__(self, env)
        perturbations = checked_perturbations(perturb)
        name = env.spec.id if env.spec is not None else str(env.unwrapped)
        if any(p.kind == "mass" for p in perturbations):
            raise EnvError(f"{name}: mass can be added in the tasks of neurobot.envs only; leave mass out")
        period = _period(env, name, control_period)
        self._perturber = Perturber(perturbations, name, (env.observation_space, env.action_space), period, 1)
        self._generator = np.random.default_rng()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode; the seed is that of the environment and of the perturbations' chance."""
        if checked_seeds(None if seed is None else [seed], 1)[0] is not None:
            self._generator = np.random.default_rng(seed)
        observation, info = self.env.reset(seed=seed, options=options)
        self._perturber.reset(_ONLY, [self._generator])
        return self._sense(observation), info | {"perturbed": self._perturber.in_force[0].copy()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Advance by one control period; EnvError for an action that is not finite or of the wrong shape."""
        if self._perturber.acts:
            sent = checked_action(action, self.action_space)  # a share of a whole number must not be rounded,
            if self.action_space.dtype.kind in "iu":  # unless the space has nothing else
                sent = np.asarray(action)[None]
            action = self._perturber.act(sent, _ONLY)[0]
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._perturber.advance(_ONLY)
        info = info | {"perturbed": self._perturber.in_force[0].copy()}
        return self._sense(observation), reward, terminated, truncated, info

    def _sense(self, observation: Any) -> Any:
        if not self._perturber.senses:
            return observation
        return self._perturber.sense(np.asarray(observation)[None])[0]


def _period(env: gymnasium.Env, name: str, given: float | None) -> float:
    rate = env.metadata.get("render_fps")
    period = given if given is not None else getattr(env.unwrapped, "dt", 1 / rate if rate else None)
    if period is None:
        raise EnvError(f"{name} has neither dt nor metadata['render_fps']; give control_period [s]")
    if not 0 < period < math.inf:
        raise EnvError(f"{name}: control_period is {period!r}; it must be a finite number above 0 [s]")
    return float(period)
