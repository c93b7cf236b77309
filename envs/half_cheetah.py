"""HalfCheetah-v5: a planar two-legged runner gets reward for speed; equal to gymnasium's environment of that id.

Nine degrees of freedom, six of them driven. Model: gymnasium's `half_cheetah.xml`; physics step 0.01 s, five a
control period, so 20 actions a second; 1,000 actions an episode. Source of rules: gymnasium's HalfCheetahEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (6,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning                     | min | max | MJCF name | unit             |
|-------|-----------------------------|-----|-----|-----------|------------------|
| 0     | back hip                    | -1  | 1   | bthigh    | 120 N m          |
| 1     | back knee                   | -1  | 1   | bshin     | 90 N m           |
| 2     | back ankle                  | -1  | 1   | bfoot     | 60 N m           |
| 3     | front hip                   | -1  | 1   | fthigh    | 120 N m          |
| 4     | front knee                  | -1  | 1   | fshin     | 60 N m           |
| 5     | front ankle                 | -1  | 1   | ffoot     | 30 N m           |

**Observation**: positions without x, then velocities, Box(-inf, inf, (17,), float64).

| index | meaning                     | min  | max | MJCF name | unit  |
|-------|-----------------------------|------|-----|-----------|-------|
| 0     | height of the torso         | -inf | inf | rootz     | m     |
| 1     | pitch of the torso          | -inf | inf | rooty     | rad   |
| 2     | angle of the back hip       | -inf | inf | bthigh    | rad   |
| 3     | angle of the back knee      | -inf | inf | bshin     | rad   |
| 4     | angle of the back ankle     | -inf | inf | bfoot     | rad   |
| 5     | angle of the front hip      | -inf | inf | fthigh    | rad   |
| 6     | angle of the front knee     | -inf | inf | fshin     | rad   |
| 7     | angle of the front ankle    | -inf | inf | ffoot     | rad   |
| 8     | forward speed of the torso  | -inf | inf | rootx     | m/s   |
| 9     | upward speed of the torso   | -inf | inf | rootz     | m/s   |
| 10    | pitch rate of the torso     | -inf | inf | rooty     | rad/s |
| 11    | rate of the back hip        | -inf | inf | bthigh    | rad/s |
| 12    | rate of the back knee       | -inf | inf | bshin     | rad/s |
| 13    | rate of the back ankle      | -inf | inf | bfoot     | rad/s |
| 14    | rate of the front hip       | -inf | inf | fthigh    | rad/s |
| 15    | rate of the front knee      | -inf | inf | fshin     | rad/s |
| 16    | rate of the front ankle     | -inf | inf | ffoot     | rad/s |

**Reward**: distance gone in x over the control period [m/s] minus 0.1 times the sum of squared actions.
**Start**: default pose plus noise, uniform in [-0.1, 0.1] on positions, normal of deviation 0.1 on velocities.
**End**: only by the time limit.
**Info**: `x_position` [m] (also at reset), `x_velocity` [m/s], `reward_forward`, `reward_ctrl`.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import effort, mark_x, normal_start
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

CTRL_COST = 0.1
RESET_NOISE = 0.1


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    x = view.qpos[:, 0].copy()
    velocity = (x - before) / view.period
    cost = CTRL_COST * effort(actions)
    info = {"x_position": x, "x_velocity": velocity, "reward_forward": velocity.copy(), "reward_ctrl": -cost}
    return velocity - cost, np.zeros(len(x), np.bool_), info


def _observe(view: View) -> Array:
    without_x: Array = view.motion[:, 1:].copy()
    return without_x


def _reset_info(view: View) -> Info:
    return {"x_position": view.qpos[:, 0].copy()}


SCENE = Scene(
    model="half_cheetah.xml",
    frame_skip=5,
    draw=normal_start(RESET_NOISE),
    mark=mark_x,
    assess=_assess,
    observe=_observe,
    reset_info=_reset_info,
    camera={"distance": 4.0},
)

TASK = Task(
    id="HalfCheetah-v5",
    control_period=0.05,
    max_episode_steps=registered_limit("HalfCheetah-v5"),
    observation_space=Box(-np.inf, np.inf, (17,), np.float64),
    action_space=Box(-1.0, 1.0, (6,), np.float32),
    simulate=SCENE.simulate,
    doc="planar two-legged runner, reward for speed (MuJoCo)",
)
