"""InvertedDoublePendulum-v5: a cart keeps two poles upright, one on the other; equal to gymnasium's environment.

Three degrees of freedom, the cart's is driven. Model: gymnasium's `inverted_double_pendulum.xml`; physics step 0.01 s,
five a control period, so 20 actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's
InvertedDoublePendulumEnv (v5).

**Action**: force on the cart as a share of its gear, Box(-1, 1, (1,), float32); MuJoCo clamps what is beyond.

| index | meaning                         | min | max | MJCF name | unit  |
|-------|---------------------------------|-----|-----|-----------|-------|
| 0     | push on the cart                | -1  | 1   | slider    | 500 N |

**Observation**: Box(-inf, inf, (9,), float64).

| index | meaning                         | min  | max | MJCF name | unit  |
|-------|---------------------------------|------|-----|-----------|-------|
| 0     | position of the cart            | -inf | inf | slider    | m     |
| 1     | sine of the lower pole's angle  | -1   | 1   | hinge     | 1     |
| 2     | sine of the upper pole's angle  | -1   | 1   | hinge2    | 1     |
| 3     | cosine of the lower pole's angle | -1  | 1   | hinge     | 1     |
| 4     | cosine of the upper pole's angle | -1  | 1   | hinge2    | 1     |
| 5     | speed of the cart               | -10  | 10  | slider    | m/s   |
| 6     | rate of the lower pole          | -10  | 10  | hinge     | rad/s |
| 7     | rate of the upper pole          | -10  | 10  | hinge2    | rad/s |
| 8     | force of the rail's end stops   | -10  | 10  | slider    | N     |

**Reward**: 10 while the poles stand, minus 0.01 x² + (y − 2)² of the upper tip at (x, y) [m], minus 0.001 and 0.005
times the squared rates of the poles. The tip is that of the last physics step's last stage, as in gymnasium.
**Start**: upright plus noise, uniform in [-0.1, 0.1] on positions, normal of deviation 0.1 on velocities.
**End**: terminated when the tip is at most 1 m high; truncated by the time limit.
**Info**: `reward_survive`, `distance_penalty`, `velocity_penalty`, not at reset.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import mark_nothing, no_info, normal_start, scalar_squares
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

RESET_NOISE = 0.1
SURVIVAL = 10.0
MIN_HEIGHT = 1.0  # of the tip [m]
GOAL_HEIGHT = 2.0  # [m]
MAX_SEEN = 10.0  # [m/s], [rad/s] and [N]


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    del before, actions
    x, _, y = view.data["site_xpos"][:, 0].T
    fallen = y <= MIN_HEIGHT
    survive = SURVIVAL * (~fallen)
    distance = 0.01 * scalar_squares(x) + scalar_squares(y - GOAL_HEIGHT)
    velocity = 1e-3 * scalar_squares(view.qvel[:, 1]) + 5e-3 * scalar_squares(view.qvel[:, 2])
    info = {"reward_survive": survive, "distance_penalty": -distance, "velocity_penalty": -velocity}
    return survive - distance - velocity, fallen, info


def _observe(view: View) -> Array:
    angles = view.qpos[:, 1:]
    seen = np.concatenate((view.qvel, view.data["qfrc_constraint"][:, :1]), axis=1).clip(-MAX_SEEN, MAX_SEEN)
    return np.concatenate((view.qpos[:, :1], np.sin(angles), np.cos(angles), seen), axis=1)


SCENE = Scene(
    model="inverted_double_pendulum.xml",
    frame_skip=5,
    draw=normal_start(RESET_NOISE),
    mark=mark_nothing,
    assess=_assess,
    observe=_observe,
    reset_info=no_info,
    fields=("site_xpos", "qfrc_constraint"),
)

TASK = Task(
    id="InvertedDoublePendulum-v5",
    control_period=0.05,
    max_episode_steps=registered_limit("InvertedDoublePendulum-v5"),
    observation_space=Box(-np.inf, np.inf, (9,), np.float64),
    action_space=Box(-1.0, 1.0, (1,), np.float32),
    simulate=SCENE.simulate,
    doc="two poles balanced on a driven cart (MuJoCo)",
)
