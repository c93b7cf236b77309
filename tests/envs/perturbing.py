"""What reaches the actuators of a task that is perturbed."""

import numpy as np

from neurobot.envs import make

SEED = 5


def arriving(env_id, actions, *perturb, randomize=None):
    """The actions (steps, n) that reach the actuators of a single environment, and the info of each step."""
    env = make(env_id, perturb=perturb, randomize=randomize)
    env.reset(seed=SEED)
    innermost = env.simulation
    while hasattr(innermost, "inner"):
        innermost = innermost.inner
    got, original = [], innermost.step
    innermost.step = lambda given, ids: (got.append(given[0].copy()), original(given, ids))[1]
    force = [env.step(action)[4]["perturbed"].tolist() for action in actions]
    return np.array(got), force


def ramp(steps, n=6):
    """Actions (steps, n), all of them different."""
    return np.linspace(-0.9, 0.9, steps * n, dtype=np.float32).reshape(steps, n)
