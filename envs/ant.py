"""Ant-v5: a four-legged robot must go forward without toppling; equal to gymnasium's environment of that id.

A free body with eight driven joints. Model: gymnasium's `ant.xml`; physics step 0.01 s, five a control period, so 20
actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's AntEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (8,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning           | min | max | MJCF name | unit    |
|-------|-------------------|-----|-----|-----------|---------|
| 0     | back right hip    | -1  | 1   | hip_4     | 150 N m |
| 1     | back right ankle  | -1  | 1   | ankle_4   | 150 N m |
| 2     | front left hip    | -1  | 1   | hip_1     | 150 N m |
| 3     | front left ankle  | -1  | 1   | ankle_1   | 150 N m |
| 4     | front right hip   | -1  | 1   | hip_2     | 150 N m |
| 5     | front right ankle | -1  | 1   | ankle_2   | 150 N m |
| 6     | back left hip     | -1  | 1   | hip_3     | 150 N m |
| 7     | back left ankle   | -1  | 1   | ankle_3   | 150 N m |

**Observation**: positions without x and y, velocities, contact forces clipped to [-1, 1], Box(-inf, inf, (105,),
float64). The orientation is a quaternion; forces are about the robot's centre of mass, torque first.

| index  | meaning                                    | min  | max | MJCF name  | unit   |
|--------|--------------------------------------------|------|-----|------------|--------|
| 0      | height of the torso                        | -inf | inf | root       | m      |
| 1      | orientation of the torso, w                | -inf | inf | root       | 1      |
| 2      | orientation of the torso, x                | -inf | inf | root       | 1      |
| 3      | orientation of the torso, y                | -inf | inf | root       | 1      |
| 4      | orientation of the torso, z                | -inf | inf | root       | 1      |
| 5      | angle of the front left hip                | -inf | inf | hip_1      | rad    |
| 6      | angle of the front left ankle              | -inf | inf | ankle_1    | rad    |
| 7      | angle of the front right hip               | -inf | inf | hip_2      | rad    |
| 8      | angle of the front right ankle             | -inf | inf | ankle_2    | rad    |
| 9      | angle of the back left hip                 | -inf | inf | hip_3      | rad    |
| 10     | angle of the back left ankle               | -inf | inf | ankle_3    | rad    |
| 11     | angle of the back right hip                | -inf | inf | hip_4      | rad    |
| 12     | angle of the back right ankle              | -inf | inf | ankle_4    | rad    |
| 13     | speed of the torso in x                    | -inf | inf | root       | m/s    |
| 14     | speed of the torso in y                    | -inf | inf | root       | m/s    |
| 15     | speed of the torso in z                    | -inf | inf | root       | m/s    |
| 16     | turning rate of the torso about x          | -inf | inf | root       | rad/s  |
| 17     | turning rate of the torso about y          | -inf | inf | root       | rad/s  |
| 18     | turning rate of the torso about z          | -inf | inf | root       | rad/s  |
| 19     | rate of the front left hip                 | -inf | inf | hip_1      | rad/s  |
| 20     | rate of the front left ankle               | -inf | inf | ankle_1    | rad/s  |
| 21     | rate of the front right hip                | -inf | inf | hip_2      | rad/s  |
| 22     | rate of the front right ankle              | -inf | inf | ankle_2    | rad/s  |
| 23     | rate of the back left hip                  | -inf | inf | hip_3      | rad/s  |
| 24     | rate of the back left ankle                | -inf | inf | ankle_3    | rad/s  |
| 25     | rate of the back right hip                 | -inf | inf | hip_4      | rad/s  |
| 26     | rate of the back right ankle               | -inf | inf | ankle_4    | rad/s  |
| 27-104 | contact torque and force on bodies 1 to 13 | -1   | 1   | `cfrc_ext` | N m, N |

**Settings**: with `include_cfrc_ext_in_observation = false` the forces 27 to 104 are not seen, but still cost.

**Reward**: distance the torso has gone in x over the control period [m/s] (its place at the last physics step's last
stage, as in gymnasium), plus 1 while healthy, minus half the sum of squared actions, minus 0.0005 times the sum of
squared clipped contact forces.
**Healthy**: the height is in [0.2, 1] m.
**Start**: default pose plus noise, uniform in [-0.1, 0.1] on positions, normal of deviation 0.1 on velocities.
**End**: terminated when not healthy; truncated by the time limit.
**Info**: `x_position`, `y_position`, `distance_from_origin` [m] (all also at reset), `x_velocity`, `y_velocity` [m/s],
`reward_forward`, `reward_ctrl`, `reward_contact`, `reward_survive`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import effort, normal_start, planar_info, sum_of_squares
from neurobot.envs.scene import Scene, View
from neurobot.envs.settings import Settings, setting
from neurobot.envs.task import Array, Info, Task, registered_limit

CTRL_COST = 0.5
CONTACT_COST = 5e-4
RESET_NOISE = 0.1
MIN_HEIGHT, MAX_HEIGHT = 0.2, 1.0  # [m]
MAX_FORCE = 1.0  # [N m] and [N]
TORSO = 1  # body of the model


def _mark(view: View) -> Array:
    place: Array = view.data["xpos"][:, TORSO, :2].copy()
    return place


def _clipped_forces(view: View) -> Array:
    """Contact forces as they are seen, (num_envs, nbody, 6)."""
    return np.minimum(np.maximum(view.data["cfrc_ext"], -MAX_FORCE), MAX_FORCE)


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    x_velocity, y_velocity = ((view.data["xpos"][:, TORSO, :2] - before) / view.period).T
    height = view.qpos[:, 2]
    healthy = (height >= MIN_HEIGHT) & (height <= MAX_HEIGHT)
    survive = healthy.astype(np.float64)
    cost = CTRL_COST * effort(actions)
    contact_cost = CONTACT_COST * sum_of_squares(_clipped_forces(view))
    info = planar_info(view) | {
        "x_velocity": x_velocity.copy(),
        "y_velocity": y_velocity.copy(),
        "reward_forward": x_velocity.copy(),
        "reward_ctrl": -cost,
        "reward_contact": -contact_cost,
        "reward_survive": survive,
    }
    return x_velocity + survive - (cost + contact_cost), ~healthy, info


def _observe_motion(view: View) -> Array:
    """All but the contact forces."""
    return view.motion[:, 2:].copy()


def _observe(view: View) -> Array:
    forces = _clipped_forces(view)[:, 1:].reshape(len(view.qpos), -1)
    return np.concatenate((view.motion[:, 2:], forces), axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ant(Settings):
    """Settings of Ant-v5, named and meant as gymnasium's.

    Args:
        include_cfrc_ext_in_observation: whether the contact forces are seen.
    """

    include_cfrc_ext_in_observation: bool = setting(True)

    def task(self) -> Task:
        """The task with these settings."""
        sees_forces = self.include_cfrc_ext_in_observation
        scene = Scene(
            model="ant.xml",
            frame_skip=5,
            draw=normal_start(RESET_NOISE),
            mark=_mark,
            assess=_assess,
            observe=_observe if sees_forces else _observe_motion,
            reset_info=planar_info,
            fields=("xpos", "cfrc_ext"),
            camera={"distance": 4.0},
        )
        return Task(
            id="Ant-v5",
            control_period=0.05,
            max_episode_steps=registered_limit("Ant-v5"),
            observation_space=Box(-np.inf, np.inf, (105 if sees_forces else 27,), np.float64),
            action_space=Box(-1.0, 1.0, (8,), np.float32),
            simulate=scene.simulate,
            doc="four-legged robot, forward without toppling (MuJoCo)",
            settings=self,
        )


TASK = Ant().task()
