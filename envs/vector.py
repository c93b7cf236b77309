"""The vector environment: seeds, episodes, autoreset and info, the same for every task.

Equal to gymnasium's `SyncVectorEnv` of the same id: environment i has a generator of its own, made and used as
gymnasium's single environment does, so it equals `gymnasium.make(id)` reset with the same seed, through later episodes
too. What differs on purpose:

- With autoreset DISABLED an environment whose episode has ended is *frozen* until a reset names it (`reset_mask`):
  it is not simulated, its observation stays, its reward is 0, `terminated` and `truncated` stay as they were, and its
  rows of info are masked out. (gymnasium refuses to go on.) A batch of episodes then costs only the steps they take.
- Physics that breaks down ends the episode (terminated, reward 0, the last good observation) with a message in
  `info["physics_error"]`, and the other environments go on. (gymnasium's restart in silence, at time 0.)
- Actions that are not finite, or of the wrong shape, are refused before anything is stepped.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from neurobot.envs import info as infos
from neurobot.envs.checks import checked_actions, checked_reset_mask, checked_seeds
from neurobot.envs.perturbation import Perturbation
from neurobot.envs.perturbed import varied
from neurobot.envs.randomize import Randomize
from neurobot.envs.task import Array, StepResult, Task
from neurobot.errors import EnvError

Step = tuple[Array, Array, Array, Array, dict[str, Any]]


@final
class TaskVectorEnv(VectorEnv):  # type: ignore[misc]  # gymnasium's classes are Any to the type checker
    """`num_envs` instances of a task; `make_vec` makes it.

    Autoreset modes (`metadata["autoreset_mode"]`): NEXT_STEP resets a finished environment in the next `step`, which
    ignores its action and gives reward 0; SAME_STEP resets it at once, the last observation and info being in
    `info["final_obs"]` and `info["final_info"]`; DISABLED freezes it (see above).

    Attributes:
        task: the description.
        control_period: time between two actions [s].
        simulation: the physics, for those who look inside.
    """

    def __init__(
        self,
        task: Task,
        num_envs: int,
        threads: int,
        autoreset_mode: AutoresetMode,
        randomize: Randomize | None = None,
        perturb: Sequence[Perturbation] = (),
    ):
        self.task = task
        self.spec = copy.copy(gymnasium.spec(task.id))
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": autoreset_mode}
        self.control_period = task.control_period
        self.single_observation_space = task.observation_space
        self.single_action_space = task.action_space
        self.observation_space = batch_space(task.observation_space, num_envs)
        self.action_space = batch_space(task.action_space, num_envs)
        self.simulation = varied(task.simulate(num_envs, threads), task, num_envs, randomize, perturb)
        self._mode = autoreset_mode
        self._generators: list[tuple[np.random.Generator, int] | None] = [None] * num_envs
        self._everyone = np.ones(num_envs, np.bool_)
        self._steps = np.zeros(num_envs, np.int64)
        self._terminated = np.zeros(num_envs, np.bool_)
        self._truncated = np.zeros(num_envs, np.bool_)
        self._idle: Array | None = None  # environments that the next step does not simulate; None if there are none
        self._obs: Array | None = None  # the last observations, None before the first reset

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """Each environment's generator."""
        return tuple(self._generator(i)[0] for i in range(self.num_envs))

    @property
    def np_random_seed(self) -> tuple[int, ...]:
        """The seed each environment's generator was made with."""
        return tuple(self._generator(i)[1] for i in range(self.num_envs))

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Start new episodes.

        Args:
            seed: an int gives environment i the seed `seed + i`; a list gives each its own; None goes on with the
                generators as they are.
            options: `{"reset_mask": mask}` with bools (num_envs,) resets only those; the others keep everything.

        Returns:
            Observations (num_envs, ...) of all environments, and the info of those that were reset.

        Raises:
            EnvError: a bad seed or option, a first reset that leaves some out, or a closed environment.
        """
        self._require_open()
        seeds = checked_seeds(seed, self.num_envs)
        mask = checked_reset_mask(options, self.num_envs)
        if mask is None:
            mask = self._everyone
        elif self._obs is None and not mask.all():
            raise EnvError("the first reset must reset every environment; leave reset_mask out")
        for i in np.flatnonzero(mask):
            if seeds[i] is not None:
                self._generators[i] = seeding.np_random(seeds[i])
        self._start_episodes(mask)
        obs = self.simulation.observe()
        if self._obs is not None:
            obs[~mask] = self._obs[~mask]
        self._remember(obs, self._terminated & ~mask, self._truncated & ~mask)
        return obs, infos.start(self.simulation.reset_info(), mask)

    def step(self, actions: Any) -> Step:
        """Advance every environment by one control period.

        Args:
            actions: (num_envs, ...), one for each environment; those that are frozen or being reset ignore theirs.

        Returns:
            Observations, rewards (num_envs,) float64, terminated, truncated (num_envs,) bool, and the info.

        Raises:
            EnvError: before the first reset or after `close`, or a bad action; nothing has changed then.
        """
        self._require_open()
        if self._obs is None:
            raise EnvError("step was called before reset; call reset first")
        actions = checked_actions(actions, self.single_action_space, self.num_envs)
        idle = self._idle
        result = self.simulation.step(actions, None if idle is None else np.flatnonzero(~idle).astype(np.int32))
        self._steps += 1
        truncated = self._steps >= self.task.max_episode_steps
        if idle is None and not result.errors:
            obs, info = self.simulation.observe(), infos.start(result.info, self._everyone)
        else:
            obs, info = self._settle(result, truncated, idle)
        reward, terminated = result.reward, result.terminated
        if self._mode is AutoresetMode.SAME_STEP:
            obs, info = self._reset_in_same_step(obs, info, terminated | truncated)
            self._remember(obs, np.zeros_like(terminated), np.zeros_like(truncated))
        else:
            self._remember(obs, terminated, truncated)
        return obs, reward, terminated, truncated, info

    def close_extras(self, **kwargs: Any) -> None:
        """Let go of the simulations; gymnasium's `close` calls it once."""
        del self.simulation

    def _settle(self, result: StepResult, truncated: Array, idle: Array | None) -> tuple[Array, dict[str, Any]]:
        """Correct a step's rows (in place) for idle and broken environments; return observations and info."""
        assert self._obs is not None
        idle = np.zeros(self.num_envs, np.bool_) if idle is None else idle
        broken = np.zeros(self.num_envs, np.bool_)
        broken[list(result.errors)] = True
        outside = idle | broken
        info = infos.start(result.info, ~outside)
        result.reward[outside] = 0.0
        result.terminated[broken] = True
        kept = broken
        if self._mode is AutoresetMode.NEXT_STEP:
            result.terminated[idle] = truncated[idle] = False
            self._start_episodes(idle)
            infos.add(info, self.simulation.reset_info(), idle)
        else:
            result.terminated[idle], truncated[idle] = self._terminated[idle], self._truncated[idle]
            kept = outside
        obs = self.simulation.observe()
        obs[kept] = self._obs[kept]
        if result.errors:
            infos.add_objects(info, "physics_error", result.errors, self.num_envs)
        return obs, info

    def _reset_in_same_step(self, obs: Array, info: dict[str, Any], done: Array) -> tuple[Array, dict[str, Any]]:
        """Start the next episode of those that are done; keep their last observation and info aside."""
        if not done.any():
            return obs, info
        info["final_info"], info["_final_info"] = infos.take(info, done), done.copy()
        finals = {int(i): obs[i].copy() for i in np.flatnonzero(done)}
        infos.add_objects(info, "final_obs", finals, self.num_envs)
        self._start_episodes(done)
        infos.add(info, self.simulation.reset_info(), done)
        return self.simulation.observe(), info

    def _start_episodes(self, mask: Array) -> None:
        """Reset the simulations that the mask selects, each with its own generator."""
        ids = np.flatnonzero(mask).astype(np.int32)
        if ids.size:
            self.simulation.reset(ids, [self._generator(int(i))[0] for i in ids])
            self._steps[mask] = 0

    def _generator(self, i: int) -> tuple[np.random.Generator, int]:
        """Environment i's generator and seed, made at random if no reset has given one, as gymnasium does."""
        pair = self._generators[i]
        if pair is None:
            pair = self._generators[i] = seeding.np_random()
        return pair

    def _remember(self, obs: Array, terminated: Array, truncated: Array) -> None:
        """Keep copies, because the caller may write into what was returned."""
        self._obs = obs.copy()
        self._terminated, self._truncated = terminated.copy(), truncated.copy()
        done = terminated | truncated
        self._idle = done if done.any() else None

    def _require_open(self) -> None:
        if self.closed:
            raise EnvError("the environments are closed; make new ones with make_vec")
