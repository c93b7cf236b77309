"""Humanoid-v5: a two-legged robot with arms must walk forward; equal to gymnasium's environment of that id.

A free body with seventeen driven joints. Model: gymnasium's `humanoid.xml`; physics step 0.003 s, five a control
period, so 67 actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's HumanoidEnv (v5).

**Action**: torque of each joint as a share of its gear, Box(-0.4, 0.4, (17,), float32). Values beyond the bounds are
clamped by MuJoCo, but cost what they say.

| index | meaning                | min  | max | MJCF name       | unit    |
|-------|------------------------|------|-----|-----------------|---------|
| 0     | abdomen about y        | -0.4 | 0.4 | abdomen_y       | 100 N m |
| 1     | abdomen about z        | -0.4 | 0.4 | abdomen_z       | 100 N m |
| 2     | abdomen about x        | -0.4 | 0.4 | abdomen_x       | 100 N m |
| 3     | right hip about x      | -0.4 | 0.4 | right_hip_x     | 100 N m |
| 4     | right hip about z      | -0.4 | 0.4 | right_hip_z     | 100 N m |
| 5     | right hip about y      | -0.4 | 0.4 | right_hip_y     | 300 N m |
| 6     | right knee             | -0.4 | 0.4 | right_knee      | 200 N m |
| 7     | left hip about x       | -0.4 | 0.4 | left_hip_x      | 100 N m |
| 8     | left hip about z       | -0.4 | 0.4 | left_hip_z      | 100 N m |
| 9     | left hip about y       | -0.4 | 0.4 | left_hip_y      | 300 N m |
| 10    | left knee              | -0.4 | 0.4 | left_knee       | 200 N m |
| 11    | right shoulder, axis 1 | -0.4 | 0.4 | right_shoulder1 | 25 N m  |
| 12    | right shoulder, axis 2 | -0.4 | 0.4 | right_shoulder2 | 25 N m  |
| 13    | right elbow            | -0.4 | 0.4 | right_elbow     | 25 N m  |
| 14    | left shoulder, axis 1  | -0.4 | 0.4 | left_shoulder1  | 25 N m  |
| 15    | left shoulder, axis 2  | -0.4 | 0.4 | left_shoulder2  | 25 N m  |
| 16    | left elbow             | -0.4 | 0.4 | left_elbow      | 25 N m  |

**Observation**: positions without x and y, velocities, and what MuJoCo derives from them, Box(-inf, inf, (348,),
float64). The orientation is a quaternion; quantities of bodies are about the robot's centre of mass, rotation first.

| index   | meaning                                    | min  | max | MJCF name       | unit            |
|---------|--------------------------------------------|------|-----|-----------------|-----------------|
| 0       | height of the torso                        | -inf | inf | root            | m               |
| 1       | orientation of the torso, w                | -inf | inf | root            | 1               |
| 2       | orientation of the torso, x                | -inf | inf | root            | 1               |
| 3       | orientation of the torso, y                | -inf | inf | root            | 1               |
| 4       | orientation of the torso, z                | -inf | inf | root            | 1               |
| 5       | angle: abdomen about z                     | -inf | inf | abdomen_z       | rad             |
| 6       | angle: abdomen about y                     | -inf | inf | abdomen_y       | rad             |
| 7       | angle: abdomen about x                     | -inf | inf | abdomen_x       | rad             |
| 8       | angle: right hip about x                   | -inf | inf | right_hip_x     | rad             |
| 9       | angle: right hip about z                   | -inf | inf | right_hip_z     | rad             |
| 10      | angle: right hip about y                   | -inf | inf | right_hip_y     | rad             |
| 11      | angle: right knee                          | -inf | inf | right_knee      | rad             |
| 12      | angle: left hip about x                    | -inf | inf | left_hip_x      | rad             |
| 13      | angle: left hip about z                    | -inf | inf | left_hip_z      | rad             |
| 14      | angle: left hip about y                    | -inf | inf | left_hip_y      | rad             |
| 15      | angle: left knee                           | -inf | inf | left_knee       | rad             |
| 16      | angle: right shoulder, axis 1              | -inf | inf | right_shoulder1 | rad             |
| 17      | angle: right shoulder, axis 2              | -inf | inf | right_shoulder2 | rad             |
| 18      | angle: right elbow                         | -inf | inf | right_elbow     | rad             |
| 19      | angle: left shoulder, axis 1               | -inf | inf | left_shoulder1  | rad             |
| 20      | angle: left shoulder, axis 2               | -inf | inf | left_shoulder2  | rad             |
| 21      | angle: left elbow                          | -inf | inf | left_elbow      | rad             |
| 22      | speed of the torso in x                    | -inf | inf | root            | m/s             |
| 23      | speed of the torso in y                    | -inf | inf | root            | m/s             |
| 24      | speed of the torso in z                    | -inf | inf | root            | m/s             |
| 25      | turning rate of the torso about x          | -inf | inf | root            | rad/s           |
| 26      | turning rate of the torso about y          | -inf | inf | root            | rad/s           |
| 27      | turning rate of the torso about z          | -inf | inf | root            | rad/s           |
| 28      | rate: abdomen about z                      | -inf | inf | abdomen_z       | rad/s           |
| 29      | rate: abdomen about y                      | -inf | inf | abdomen_y       | rad/s           |
| 30      | rate: abdomen about x                      | -inf | inf | abdomen_x       | rad/s           |
| 31      | rate: right hip about x                    | -inf | inf | right_hip_x     | rad/s           |
| 32      | rate: right hip about z                    | -inf | inf | right_hip_z     | rad/s           |
| 33      | rate: right hip about y                    | -inf | inf | right_hip_y     | rad/s           |
| 34      | rate: right knee                           | -inf | inf | right_knee      | rad/s           |
| 35      | rate: left hip about x                     | -inf | inf | left_hip_x      | rad/s           |
| 36      | rate: left hip about z                     | -inf | inf | left_hip_z      | rad/s           |
| 37      | rate: left hip about y                     | -inf | inf | left_hip_y      | rad/s           |
| 38      | rate: left knee                            | -inf | inf | left_knee       | rad/s           |
| 39      | rate: right shoulder, axis 1               | -inf | inf | right_shoulder1 | rad/s           |
| 40      | rate: right shoulder, axis 2               | -inf | inf | right_shoulder2 | rad/s           |
| 41      | rate: right elbow                          | -inf | inf | right_elbow     | rad/s           |
| 42      | rate: left shoulder, axis 1                | -inf | inf | left_shoulder1  | rad/s           |
| 43      | rate: left shoulder, axis 2                | -inf | inf | left_shoulder2  | rad/s           |
| 44      | rate: left elbow                           | -inf | inf | left_elbow      | rad/s           |
| 45-174  | inertia and mass of bodies 1 to 13         | -inf | inf | `cinert`        | kg m², kg m, kg |
| 175-252 | velocity of bodies 1 to 13                 | -inf | inf | `cvel`          | rad/s, m/s      |
| 253-269 | torque on each joint by its actuator       | -inf | inf | `qfrc_actuator` | N m             |
| 270-347 | contact torque and force on bodies 1 to 13 | -inf | inf | `cfrc_ext`      | N m, N          |

**Reward**: 1.25 times the distance the centre of mass has gone in x over the control period [m/s] (its place at the
last physics step's last stage, as in gymnasium), plus 5 while healthy, minus 0.1 times the sum of squared actions,
minus 5e-7 times the sum of squared contact forces (at most 10).
**Healthy**: height above 1 m and below 2 m.
**Start**: default pose plus noise, uniform in [-0.01, 0.01] on positions and velocities.
**End**: terminated when not healthy; truncated by the time limit.
**Info**: `x_position`, `y_position`, `distance_from_origin` [m], `tendon_length` (2,) [rad], `tendon_velocity` (2,)
[rad/s] (all also at reset), `x_velocity`, `y_velocity` [m/s], `reward_survive`, `reward_forward`, `reward_ctrl`,
`reward_contact`.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import planar_info, sum_of_squares, uniform_start
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

FORWARD_REWARD = 1.25
SURVIVAL = 5.0
CTRL_COST = 0.1
CONTACT_COST = 5e-7
MAX_CONTACT_COST = 10.0
RESET_NOISE = 1e-2
MIN_HEIGHT, MAX_HEIGHT = 1.0, 2.0  # [m]


def _mark(view: View) -> Array:
    """Centre of mass on the ground [m], (num_envs, 2)."""
    moments = np.einsum("nb,nbj->nj", view.body_mass, view.data["xipos"])
    centre: Array = (moments / view.body_mass.sum(axis=1, keepdims=True))[:, :2]
    return centre


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    del actions  # the cost is of the controls, which are the actions in double precision
    x_velocity, y_velocity = ((_mark(view) - before) / view.period).T
    height = view.qpos[:, 2]
    healthy = (height > MIN_HEIGHT) & (height < MAX_HEIGHT)
    survive, forward = SURVIVAL * healthy, FORWARD_REWARD * x_velocity
    cost = CTRL_COST * sum_of_squares(view.data["ctrl"])
    contact_cost = np.minimum(CONTACT_COST * sum_of_squares(view.data["cfrc_ext"]), MAX_CONTACT_COST)
    info = _info(view) | {
        "x_velocity": x_velocity.copy(),
        "y_velocity": y_velocity.copy(),
        "reward_survive": survive,
        "reward_forward": forward,
        "reward_ctrl": -cost,
        "reward_contact": -contact_cost,
    }
    return forward + survive - (cost + contact_cost), ~healthy, info


def _observe(view: View) -> Array:
    num_envs, data = len(view.qpos), view.data
    bodies = [data[name][:, 1:].reshape(num_envs, -1) for name in ("cinert", "cvel", "cfrc_ext")]
    inertia, velocity, forces = bodies
    return np.concatenate((view.motion[:, 2:], inertia, velocity, data["qfrc_actuator"][:, 6:], forces), axis=1)


def _info(view: View) -> Info:
    tendons = {name: view.data[f"ten_{name}"].copy() for name in ("length", "velocity")}
    return planar_info(view) | {f"tendon_{name}": value for name, value in tendons.items()}


SCENE = Scene(
    model="humanoid.xml",
    frame_skip=5,
    draw=uniform_start(RESET_NOISE),
    mark=_mark,
    assess=_assess,
    observe=_observe,
    reset_info=_info,
    fields=("ctrl", "xipos", "cinert", "cvel", "qfrc_actuator", "ten_length", "ten_velocity", "cfrc_ext"),
    camera={"trackbodyid": 1, "distance": 4.0, "lookat": (0.0, 0.0, 2.0), "elevation": -20.0},
)

TASK = Task(
    id="Humanoid-v5",
    control_period=0.015,
    max_episode_steps=registered_limit("Humanoid-v5"),
    observation_space=Box(-np.inf, np.inf, (348,), np.float64),
    action_space=Box(-0.4, 0.4, (17,), np.float32),
    simulate=SCENE.simulate,
    doc="two-legged robot with arms, forward without falling (MuJoCo)",
)
