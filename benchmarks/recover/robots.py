"""Two robots that lose return to a fault of their motors, and what they learn while they run."""

from __future__ import annotations

from benchmarks.recover.returns import Robot
from benchmarks.recover.wire import LAUNCH
from neurobot.envs import Perturbation

JOINTS = ("back thigh", "back shin", "back foot", "front thigh", "front shin", "front foot")
"""Of HalfCheetah, in the order of its actuators."""
ROBOTS = {
    "halfcheetah": Robot(
        program=LAUNCH / "halfcheetah_plastic.safetensors",
        env="HalfCheetah-v5",
        faults={f"dead {name}": Perturbation(kind="dead", index=i) for i, name in enumerate(JOINTS)},
        middle=25.0,
    ),
    "pendulum": Robot(
        program=LAUNCH / "inverted_pendulum_plastic.safetensors",
        env="InvertedPendulum-v5",
        faults={"reversed motor": Perturbation(kind="reversed")},
        middle=20.0,
    ),
}
"""What `python -m benchmarks recover NAME` runs."""
