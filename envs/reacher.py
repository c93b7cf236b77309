"""Reacher-v5: a planar two-joint arm brings its fingertip to a target; equal to gymnasium's environment of that id.

Two driven joints, and two slides that hold the target where the episode put it. Model: gymnasium's `reacher.xml`;
physics step 0.01 s, two a control period, so 50 actions a second; 50 actions an episode. Source of rules: gymnasium's
ReacherEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (2,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning                               | min | max | MJCF name | unit    |
|-------|---------------------------------------|-----|-----|-----------|---------|
| 0     | shoulder                              | -1  | 1   | joint0    | 200 N m |
| 1     | elbow                                 | -1  | 1   | joint1    | 200 N m |

**Observation**: Box(-inf, inf, (10,), float64).

| index | meaning                               | min  | max | MJCF name | unit  |
|-------|---------------------------------------|------|-----|-----------|-------|
| 0     | cosine of the shoulder's angle        | -1   | 1   | joint0    | 1     |
| 1     | cosine of the elbow's angle           | -1   | 1   | joint1    | 1     |
| 2     | sine of the shoulder's angle          | -1   | 1   | joint0    | 1     |
| 3     | sine of the elbow's angle             | -1   | 1   | joint1    | 1     |
| 4     | target, x                             | -inf | inf | target_x  | m     |
| 5     | target, y                             | -inf | inf | target_y  | m     |
| 6     | rate of the shoulder                  | -inf | inf | joint0    | rad/s |
| 7     | rate of the elbow                     | -inf | inf | joint1    | rad/s |
| 8     | from the target to the fingertip, x   | -inf | inf |           | m     |
| 9     | from the target to the fingertip, y   | -inf | inf |           | m     |

**Reward**: minus the distance of fingertip and target [m], minus the sum of squared actions. The distance is that of
the last physics step's last stage, as in gymnasium.
**Start**: default pose plus noise, uniform in [-0.1, 0.1] on angles and [-0.005, 0.005] on rates; the target uniform
in a disc of 0.2 m and at rest.
**End**: only by the time limit.
**Info**: `reward_dist`, `reward_ctrl`, not at reset.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import effort, lengths, mark_nothing, no_info
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

ANGLE_NOISE = 0.1  # [rad]
RATE_NOISE = 0.005  # [rad/s]
TARGET_RADIUS = 0.2  # [m]
FINGERTIP, TARGET = 3, 4  # bodies of the model, after the world and the two links


def _draw(generator: np.random.Generator, init_qpos: Array, init_qvel: Array) -> tuple[Array, Array]:
    qpos = generator.uniform(low=-ANGLE_NOISE, high=ANGLE_NOISE, size=init_qpos.size) + init_qpos
    while True:
        target = generator.uniform(low=-TARGET_RADIUS, high=TARGET_RADIUS, size=2)
        if np.linalg.norm(target) < TARGET_RADIUS:
            break
    qpos[-2:] = target
    qvel = init_qvel + generator.uniform(low=-RATE_NOISE, high=RATE_NOISE, size=init_qvel.size)
    qvel[-2:] = 0
    return qpos, qvel


def _offset(view: View) -> Array:
    """From the target to the fingertip [m], (num_envs, 3)."""
    places = view.data["xpos"]
    offset: Array = places[:, FINGERTIP] - places[:, TARGET]
    return offset


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    del before
    distance, cost = lengths(_offset(view)), effort(actions)
    info = {"reward_dist": -distance, "reward_ctrl": -cost}
    return -distance - cost, np.zeros(len(distance), np.bool_), info


def _observe(view: View) -> Array:
    angles = view.qpos[:, :2]
    parts = (np.cos(angles), np.sin(angles), view.qpos[:, 2:], view.qvel[:, :2], _offset(view)[:, :2])
    return np.concatenate(parts, axis=1)


SCENE = Scene(
    model="reacher.xml",
    frame_skip=2,
    draw=_draw,
    mark=mark_nothing,
    assess=_assess,
    observe=_observe,
    reset_info=no_info,
    fields=("xpos",),
    camera={"trackbodyid": 0},
)

TASK = Task(
    id="Reacher-v5",
    control_period=0.02,
    max_episode_steps=registered_limit("Reacher-v5"),
    observation_space=Box(-np.inf, np.inf, (10,), np.float64),
    action_space=Box(-1.0, 1.0, (2,), np.float32),
    simulate=SCENE.simulate,
    doc="planar two-joint arm, fingertip to a target (MuJoCo)",
)
