"""What MuJoCo's own rollout takes for the physics alone: no observations, rewards or infos.

Each stretch is one call from the state the task's reset gives, with the controls of all its steps.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

import mujoco
import numpy as np
from mujoco import rollout

from benchmarks.envs.loop import bind
from neurobot.envs import make_vec

VERSIONS = {"mujoco": version("mujoco")}


def prepare(data: dict[str, np.ndarray]) -> Any:
    """See `benchmarks`."""
    threads = int(data["threads"])
    bind(threads)
    env = make_vec(str(data["id"]), data["actions"].shape[2])
    simulation: Any = env.simulation
    model = simulation.batch.model
    skip = round(env.control_period / model.opt.timestep)
    workers = [mujoco.MjData(model) for _ in range(threads)]
    pool = rollout.Rollout(nthread=threads if threads > 1 else 0)
    stretches = []
    for seed, actions in zip(data["seeds"].tolist(), data["actions"], strict=True):
        env.reset(seed=seed)
        controls = np.repeat(actions.swapaxes(0, 1), skip, axis=1).astype(np.float64)
        stretches.append((np.concatenate((np.zeros((env.num_envs, 1)), simulation.view.motion), axis=1), controls))

    def run() -> dict[str, Any]:
        seconds = 0.0
        for states, controls in stretches:
            start = time.perf_counter()
            pool.rollout(model, workers, states, controls)
            seconds += time.perf_counter() - start
        return {"seconds": seconds, "spikes": {}}

    run()
    return run
