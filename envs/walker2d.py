"""Walker2d-v5: a planar two-legged walker must go forward without falling; equal to gymnasium's environment of that id.

Nine degrees of freedom, six of them driven. Model: gymnasium's `walker2d_v5.xml`; physics step 0.002 s, four a control
period, so 125 actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's Walker2dEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (6,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning                    | min | max | MJCF name        | unit    |
|-------|----------------------------|-----|-----|------------------|---------|
| 0     | right hip                  | -1  | 1   | thigh_joint      | 100 N m |
| 1     | right knee                 | -1  | 1   | leg_joint        | 100 N m |
| 2     | right ankle                | -1  | 1   | foot_joint       | 100 N m |
| 3     | left hip                   | -1  | 1   | thigh_left_joint | 100 N m |
| 4     | left knee                  | -1  | 1   | leg_left_joint   | 100 N m |
| 5     | left ankle                 | -1  | 1   | foot_left_joint  | 100 N m |

**Observation**: positions without x, then velocities clipped to [-10, 10], Box(-inf, inf, (17,), float64).

| index | meaning                    | min  | max | MJCF name        | unit  |
|-------|----------------------------|------|-----|------------------|-------|
| 0     | height of the torso        | -inf | inf | rootz            | m     |
| 1     | pitch of the torso         | -inf | inf | rooty            | rad   |
| 2     | angle of the right hip     | -inf | inf | thigh_joint      | rad   |
| 3     | angle of the right knee    | -inf | inf | leg_joint        | rad   |
| 4     | angle of the right ankle   | -inf | inf | foot_joint       | rad   |
| 5     | angle of the left hip      | -inf | inf | thigh_left_joint | rad   |
| 6     | angle of the left knee     | -inf | inf | leg_left_joint   | rad   |
| 7     | angle of the left ankle    | -inf | inf | foot_left_joint  | rad   |
| 8     | forward speed of the torso | -10  | 10  | rootx            | m/s   |
| 9     | upward speed of the torso  | -10  | 10  | rootz            | m/s   |
| 10    | pitch rate of the torso    | -10  | 10  | rooty            | rad/s |
| 11    | rate of the right hip      | -10  | 10  | thigh_joint      | rad/s |
| 12    | rate of the right knee     | -10  | 10  | leg_joint        | rad/s |
| 13    | rate of the right ankle    | -10  | 10  | foot_joint       | rad/s |
| 14    | rate of the left hip       | -10  | 10  | thigh_left_joint | rad/s |
| 15    | rate of the left knee      | -10  | 10  | leg_left_joint   | rad/s |
| 16    | rate of the left ankle     | -10  | 10  | foot_left_joint  | rad/s |

**Reward**: distance gone in x over the control period [m/s], plus 1 while healthy, minus 0.001 times the sum of
squared actions.
**Healthy**: height above 0.8 m and below 2 m, pitch within ±1 rad.
**Start**: default pose plus noise, uniform in [-0.005, 0.005] on positions and velocities.
**End**: terminated when not healthy; truncated by the time limit.
**Info**: `x_position` [m] and `z_distance_from_origin` [m] (both also at reset), `x_velocity` [m/s],
`reward_forward`, `reward_ctrl`, `reward_survive`.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import height_info, mark_x, observe_clipped, uniform_start, walk
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

CTRL_COST = 1e-3
RESET_NOISE = 5e-3
MIN_HEIGHT, MAX_HEIGHT = 0.8, 2.0  # [m]
MAX_PITCH = 1.0  # [rad]


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    height, pitch = view.qpos[:, 1], view.qpos[:, 2]
    healthy = (height > MIN_HEIGHT) & (height < MAX_HEIGHT) & (np.abs(pitch) < MAX_PITCH)
    return walk(view, before, actions, healthy, CTRL_COST)


SCENE = Scene(
    model="walker2d_v5.xml",
    frame_skip=4,
    draw=uniform_start(RESET_NOISE),
    mark=mark_x,
    assess=_assess,
    observe=observe_clipped,
    reset_info=height_info,
    camera={"trackbodyid": 2, "distance": 4.0, "lookat": (0.0, 0.0, 1.15), "elevation": -20.0},
)

TASK = Task(
    id="Walker2d-v5",
    control_period=0.008,
    max_episode_steps=registered_limit("Walker2d-v5"),
    observation_space=Box(-np.inf, np.inf, (17,), np.float64),
    action_space=Box(-1.0, 1.0, (6,), np.float32),
    simulate=SCENE.simulate,
    doc="planar two-legged walker, forward without falling (MuJoCo)",
)
