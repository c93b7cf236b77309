"""InvertedPendulum-v5: a cart keeps a pole upright; equal to gymnasium's environment of that id.

Two degrees of freedom, the cart's is driven. Model: gymnasium's `inverted_pendulum.xml`; physics step 0.02 s, two a
control period, so 25 actions a second; at most 1,000 actions an episode. Source of rules: gymnasium's
InvertedPendulumEnv (v5).

**Action**: force on the cart as a multiple of its gear, Box(-3, 3, (1,), float32); MuJoCo clamps what is beyond.

| index | meaning              | min | max | MJCF name | unit  |
|-------|----------------------|-----|-----|-----------|-------|
| 0     | push on the cart     | -3  | 3   | slider    | 100 N |

**Observation**: positions, then velocities, Box(-inf, inf, (4,), float64).

| index | meaning              | min  | max | MJCF name | unit  |
|-------|----------------------|------|-----|-----------|-------|
| 0     | position of the cart | -inf | inf | slider    | m     |
| 1     | angle of the pole    | -inf | inf | hinge     | rad   |
| 2     | speed of the cart    | -inf | inf | slider    | m/s   |
| 3     | rate of the pole     | -inf | inf | hinge     | rad/s |

**Reward**: 1 while the pole stands, 0 in the step in which it falls.
**Start**: upright plus noise, uniform in [-0.01, 0.01] on positions and velocities.
**End**: terminated when the pole leans more than 0.2 rad; truncated by the time limit.
**Info**: `reward_survive` (int), not at reset.
"""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from neurobot.envs.parts import mark_nothing, no_info, uniform_start
from neurobot.envs.scene import Scene, View
from neurobot.envs.task import Array, Info, Task, registered_limit

RESET_NOISE = 0.01
MAX_ANGLE = 0.2  # [rad]


def _assess(view: View, before: Array, actions: Array) -> tuple[Array, Array, Info]:
    del before, actions
    fallen = np.abs(view.qpos[:, 1]) > MAX_ANGLE
    survive = (~fallen).astype(np.int64)
    return survive.astype(np.float64), fallen, {"reward_survive": survive}


def _observe(view: View) -> Array:
    return view.motion.copy()


SCENE = Scene(
    model="inverted_pendulum.xml",
    frame_skip=2,
    draw=uniform_start(RESET_NOISE),
    mark=mark_nothing,
    assess=_assess,
    observe=_observe,
    reset_info=no_info,
    camera={"trackbodyid": 0, "distance": 2.04},
)

TASK = Task(
    id="InvertedPendulum-v5",
    control_period=0.04,
    max_episode_steps=registered_limit("InvertedPendulum-v5"),
    observation_space=Box(-np.inf, np.inf, (4,), np.float64),
    action_space=Box(-3.0, 3.0, (1,), np.float32),
    simulate=SCENE.simulate,
    doc="pole balanced on a driven cart (MuJoCo)",
)
