"""The environments of a training: how they are made, and which seeds are for what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from neurobot.config import EnvConfig
    from neurobot.program import Program

TRAINING_SEEDS = 1 << 32
"""Environment seeds from here on are for training, so that smaller ones stay unseen."""
EXPERT_SEEDS = 1 << 33
"""Environment seeds from here on are for experts who have to learn themselves."""
VALIDATION_SEEDS = 1 << 40
"""Environment seeds from here on choose the program that is kept."""


def make_envs(env: EnvConfig, n: int, threads: int = 1) -> Any:
    """A `TaskVectorEnv` that leaves finished episodes alone.

    Args:
        env: which, and how it differs from the task's defaults.
        n: how many instances.
        threads: of the physics.

    Raises:
        EnvError: no batched task has the id, or it cannot be made as is said.
    """
    from neurobot.envs import make_vec  # environments load MuJoCo, which a robot does not need

    return make_vec(env.id, n, threads=threads, autoreset_mode="Disabled", **env.options())


def one_of(env: EnvConfig) -> Any:
    """One `TaskEnv`, closed: its spaces, control period and task are what is wanted.

    Raises:
        EnvError: no batched task has the id, or it cannot be made as is said.
    """
    from neurobot.envs import make

    made = make(env.id, **env.options())
    made.close()
    return made


def as_actions(program: Program, given: np.ndarray) -> np.ndarray:
    """What a core gives, (n, n_act), as environments take it: of choices (n,) int64."""
    return given[:, 0].astype("int64") if program.discrete else given
