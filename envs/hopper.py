"""Hopper-v5: a one-legged planar hopper must go forward without falling; equal to gymnasium's environment of that id.

Six degrees of freedom, three of them driven. Model: gymnasium's `hopper.xml`; physics step 0.002 s, four a control
period, so 125 actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's HopperEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (3,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning | min | max | MJCF name   | unit    |
|-------|---------|-----|-----|-------------|---------|
| 0     | hip     | -1  | 1   | thigh_joint | 200 N m |
| 1     | knee    | -1  | 1   | leg_joint   | 200 N m |
| 2     | ankle   | -1  | 1   | foot_joint  | 200 N m |

**Observation**: positions without x, then velocities clipped to [-10, 10], Box(-inf, inf, (11,), float64).

| index | meaning                    | min  | max | MJCF name   | unit  |
|-------|----------------------------|------|-----|-------------|-------|
| 0     | height of the torso        | -inf | inf | rootz       | m     |
| 1     | pitch of the torso         | -inf | inf | rooty       | rad   |
| 2     | angle of the hip           | -inf | inf | thigh_joint | rad   |
| 3     | angle of the knee          | -inf | inf | leg_joint   | rad   |
| 4     | angle of the ankle         | -inf | inf | foot_joint  | rad   |
| 5     | forward speed of the torso | -10  | 10  | rootx       | m/s   |
| 6     | upward speed of the torso  | -10  | 10  | rootz       | m/s   |
| 7     | pitch rate of the torso    | -10  | 10  | rooty       | rad/s |
| 8     | rate of the hip            | -10  | 10  | thigh_joint | rad/s |
| 9     | rate of the knee           | -10  | 10  | leg_joint   | rad/s |
| 10    | rate of the ankle          | -10  | 10  | foot_joint  | rad/s |

**Reward**: distance gone in x over the control period [m/s], plus 1 while healthy, minus 0.001 times the sum of
squared actions.
**Healthy**: height above 0.7 m, pitch within ±0.2 rad, every other angle and velocity within ±100.
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
MIN_HEIGHT = 0.7  # [m]
MAX_PITCH = 0.2  # [rad]
MAX_STATE = 100.0  # [rad], [m/s] and [rad/s]


def _healthy(view: View) -> Array:
    """Whether each instance stands, (num_envs,) bool. All comparisons are strict, as gymnasium's are."""
    size = np.abs(view.motion[:, 2:])  # the pitch comes first
    healthy: Array = (np.maximum.reduce(size, axis=1) < MAX_STATE) & (size[:, 0] < MAX_PITCH)
    healthy &= view.qpos[:, 1] > MIN_HEIGHT
    return healthy


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    return walk(view, before, actions, _healthy(view), CTRL_COST)


SCENE = Scene(
    model="hopper.xml",
    frame_skip=4,
    draw=uniform_start(RESET_NOISE),
    mark=mark_x,
    assess=_assess,
    observe=observe_clipped,
    reset_info=height_info,
    camera={"trackbodyid": 2, "distance": 3.0, "lookat": (0.0, 0.0, 1.15), "elevation": -20.0},
)

TASK = Task(
    id="Hopper-v5",
    control_period=0.008,
    max_episode_steps=registered_limit("Hopper-v5"),
    observation_space=Box(-np.inf, np.inf, (11,), np.float64),
    action_space=Box(-1.0, 1.0, (3,), np.float32),
    simulate=SCENE.simulate,
    doc="planar one-legged hopper, forward without falling (MuJoCo)",
)
