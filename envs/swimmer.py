"""Swimmer-v5: three links push themselves through a viscous fluid; equal to gymnasium's environment of that id.

Five degrees of freedom in the plane, two of them driven. Model: gymnasium's `swimmer.xml`; physics step 0.01 s, four a
control period, so 25 actions a second; 1,000 actions an episode. Source of rules: gymnasium's SwimmerEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-1, 1, (2,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning                        | min | max | MJCF name     | unit    |
|-------|--------------------------------|-----|-----|---------------|---------|
| 0     | front joint                    | -1  | 1   | motor1_rot    | 150 N m |
| 1     | back joint                     | -1  | 1   | motor2_rot    | 150 N m |

**Observation**: positions without x and y, then velocities, Box(-inf, inf, (8,), float64).

| index | meaning                        | min  | max | MJCF name     | unit  |
|-------|--------------------------------|------|-----|---------------|-------|
| 0     | heading of the front link      | -inf | inf | free_body_rot | rad   |
| 1     | angle of the front joint       | -inf | inf | motor1_rot    | rad   |
| 2     | angle of the back joint        | -inf | inf | motor2_rot    | rad   |
| 3     | speed in x                     | -inf | inf | slider1       | m/s   |
| 4     | speed in y                     | -inf | inf | slider2       | m/s   |
| 5     | turning rate of the front link | -inf | inf | free_body_rot | rad/s |
| 6     | rate of the front joint        | -inf | inf | motor1_rot    | rad/s |
| 7     | rate of the back joint         | -inf | inf | motor2_rot    | rad/s |

**Reward**: distance gone in x over the control period [m/s] minus 0.0001 times the sum of squared actions.
**Start**: default pose plus noise, uniform in [-0.1, 0.1] on positions and velocities.
**End**: only by the time limit.
**Info**: `x_position`, `y_position`, `distance_from_origin` [m] (all also at reset), `x_velocity`, `y_velocity` [m/s],
`reward_forward`, `reward_ctrl`.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import effort, planar_info, uniform_start
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

CTRL_COST = 1e-4
RESET_NOISE = 0.1


def _mark(view: View) -> Array:
    place: Array = view.qpos[:, :2].copy()
    return place


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    x_velocity, y_velocity = ((view.qpos[:, :2] - before) / view.period).T
    cost = CTRL_COST * effort(actions)
    info = planar_info(view) | {
        "x_velocity": x_velocity.copy(),
        "y_velocity": y_velocity.copy(),
        "reward_forward": x_velocity.copy(),
        "reward_ctrl": -cost,
    }
    return x_velocity - cost, np.zeros(len(cost), np.bool_), info


def _observe(view: View) -> Array:
    without_place: Array = view.motion[:, 2:].copy()
    return without_place


SCENE = Scene(
    model="swimmer.xml",
    frame_skip=4,
    draw=uniform_start(RESET_NOISE),
    mark=_mark,
    assess=_assess,
    observe=_observe,
    reset_info=planar_info,
)

TASK = Task(
    id="Swimmer-v5",
    control_period=0.04,
    max_episode_steps=registered_limit("Swimmer-v5"),
    observation_space=Box(-np.inf, np.inf, (8,), np.float64),
    action_space=Box(-1.0, 1.0, (2,), np.float32),
    simulate=SCENE.simulate,
    doc="three links that swim through a viscous fluid (MuJoCo)",
)
