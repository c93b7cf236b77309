"""One environment of a task: what `gymnasium.make` makes, from the same description as the batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec

from neurobot.envs.checks import checked_action, checked_seeds
from neurobot.envs.perturbation import Perturbation
from neurobot.envs.perturbed import varied
from neurobot.envs.randomize import Randomize
from neurobot.envs.settings import differences
from neurobot.envs.task import Array, Task
from neurobot.errors import EnvError, near

_ONLY = np.zeros(1, np.int32)


@final
class TaskEnv(gymnasium.Env):  # type: ignore[misc]  # gymnasium's classes are Any to the type checker
    """One instance of a task; `make` makes it. Equal to gymnasium's environment of the same id, and to instance i of a
    batch whose seeds are `seed - i`, where those do not differ on purpose:

    - Physics that breaks down ends the episode (terminated, reward 0, the last good observation) with a message in
      `info["physics_error"]`.
    - The time limit is the environment's own: `truncated` needs no wrapper. A step after the end is refused.
    - Actions that are not finite, or of the wrong shape, are refused before anything is stepped.

    Attributes:
        task: the description.
        control_period: time between two actions [s]; also `dt`, gymnasium's name for it.
        simulation: the physics, for those who look inside.
    """

    CHANGES = ("simulation", "_steps", "_obs", "_why_reset", "_np_random", "_np_random_seed")

    def __init__(
        self,
        task: Task,
        randomize: Randomize | None = None,
        render_mode: str | None = None,
        perturb: Sequence[Perturbation] = (),
    ):
        self.task = task
        self.control_period = self.dt = task.control_period
        self.observation_space, self.action_space = task.observation_space, task.action_space
        simulation = task.simulate(1, 1)
        self.simulation = varied(simulation, task, 1, randomize, perturb)
        modes = [] if simulation.pictures is None else ["rgb_array"]
        if render_mode is not None and render_mode not in modes:
            hint = near(str(render_mode), modes) if modes else "it makes no pictures; leave render_mode out"
            raise EnvError(f"{task.id} has no render_mode {render_mode!r}; {hint}")
        self.render_mode = render_mode
        self.metadata = {"render_modes": modes, "render_fps": round(1 / task.control_period)}
        self.spec = _spec(task, randomize, render_mode, perturb)
        self._steps = 0
        self._obs: Array | None = None  # the last observation, None when a reset must come first
        self._why_reset = "step was called before reset"
        self._closed = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Start a new episode.

        Args:
            seed: of a new generator; None goes on with the present one.
            options: none are known.

        Raises:
            EnvError: a bad seed or option, or a closed environment.
        """
        self._require_open()
        if options:
            raise EnvError(f"options is {options!r}; {self.task.id} has no reset options, give None or {{}}")
        super().reset(seed=checked_seeds(None if seed is None else [seed], 1)[0])
        self.simulation.reset(_ONLY, [self.np_random])
        self._steps = 0
        obs: Array = self.simulation.observe()[0]
        self._obs = obs.copy()
        return obs, {key: values[0] for key, values in self.simulation.reset_info().items()}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Advance by one control period.

        Raises:
            EnvError: before the first reset, after the end of an episode or `close`, or a bad action; nothing has
                changed then.
        """
        self._require_open()
        if self._obs is None:
            raise EnvError(f"{self._why_reset}; call reset first")
        result = self.simulation.step(checked_action(action, self.action_space), None)
        self._steps += 1
        truncated = self._steps >= self.task.max_episode_steps
        if result.errors:
            obs, reward, terminated, info = self._obs, 0.0, True, {"physics_error": result.errors[0]}
        else:
            obs, reward, terminated = self.simulation.observe()[0], float(result.reward[0]), bool(result.terminated[0])
            info = {key: values[0] for key, values in result.info.items()}
        self._obs, self._why_reset = obs.copy(), "the episode has ended"
        if terminated or truncated:
            self._obs = None
        return obs, reward, terminated, truncated, info

    def render(self) -> Array | None:
        """A picture (480, 480, 3) uint8 with `render_mode="rgb_array"`, None without.

        Raises:
            EnvError: nothing on this machine can render, or the environment is closed.
        """
        self._require_open()
        if self.render_mode is None or self.simulation.pictures is None:
            return None
        return self.simulation.pictures.take(0)

    def close(self) -> None:
        """Let go of the simulation; a second time does nothing."""
        if not self._closed and self.simulation.pictures is not None:
            self.simulation.pictures.close()
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise EnvError("the environment is closed; make a new one")


def _spec(task: Task, randomize: Randomize | None, render_mode: str | None, perturb: Sequence[Perturbation]) -> EnvSpec:
    """How gymnasium makes the same environment again; wrappers and checkers ask for it."""
    kwargs: dict[str, Any] = {"env_id": task.id} | ({} if task.settings is None else differences(task.settings))
    if randomize is not None:
        kwargs["randomize"] = randomize
    if render_mode is not None:
        kwargs["render_mode"] = render_mode
    if perturb:
        kwargs["perturb"] = perturb
    return EnvSpec(
        id=task.id, entry_point="neurobot.envs:make", max_episode_steps=task.max_episode_steps, kwargs=kwargs
    )
