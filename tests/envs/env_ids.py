"""Which tasks there are, for tests that hold for all of a kind."""

from neurobot.envs import vector_ids

CLASSIC_IDS = ("CartPole-v1", "Pendulum-v1", "neurobot/Digits-v0", "neurobot/Shapes-v0")
"""Without MuJoCo."""
MUJOCO_IDS = [env_id for env_id in vector_ids() if env_id not in CLASSIC_IDS]
OWN_IDS = [env_id for env_id in vector_ids() if env_id.startswith("neurobot/")]
"""This project's own."""
GYMNASIUM_IDS = [env_id for env_id in vector_ids() if env_id not in OWN_IDS]
"""Those that must equal gymnasium's."""
