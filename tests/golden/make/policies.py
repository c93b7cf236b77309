"""Saves small policies of Stable-Baselines3 and records what torch makes of them, for the tests of conversion.

In a virtual environment of its own, from the root of the project (about a minute):

    python3.11 -m venv policies && policies/bin/pip install -r tests/golden/make/requirements-policies.txt
    policies/bin/python -m tests.golden.make.policies

writes ``tests/golden/policies/``:

- ``NAME.zip``, as ``model.save`` does, less the optimiser and the text about the machine. ``ppo_tanh`` learned
  CartPole-v1 for 30,000 steps, the others nothing.
- ``sequential.safetensors``: the state dict of a torch.nn.Sequential.
- ``recorded.npz``: of each of them ``NAME.observations`` (m, n_obs) and ``NAME.actions``, what ``predict`` gives
  (deterministic), of ``sequential`` what its forward pass gives.
"""

from __future__ import annotations

import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3

FOLDER = Path(__file__).parents[1] / "policies"
NET = [8, 6]
SAMPLES = 50


def models() -> dict[str, Any]:
    """Small models by name."""
    relu = {"net_arch": NET, "activation_fn": torch.nn.ReLU}
    pole, swing = "CartPole-v1", "Pendulum-v1"
    trained = PPO("MlpPolicy", pole, seed=0, policy_kwargs={"net_arch": [16, 16]}, learning_rate=1e-3, n_steps=1024)
    trained.learn(30_000)
    return {
        "ppo_tanh": trained,
        "ppo_relu": PPO("MlpPolicy", swing, seed=1, policy_kwargs=relu),
        "a2c": A2C("MlpPolicy", pole, seed=2, policy_kwargs=relu),
        "td3": TD3("MlpPolicy", swing, seed=3, policy_kwargs={"net_arch": NET}, buffer_size=1),
        "sac": SAC("MlpPolicy", swing, seed=4, policy_kwargs={"net_arch": NET}, buffer_size=1),
        "dqn": DQN("MlpPolicy", pole, seed=5, policy_kwargs={"net_arch": NET}, buffer_size=1),
    }


def sequential() -> torch.nn.Sequential:
    """A network without an algorithm."""
    torch.manual_seed(6)
    layers = [torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)]
    return torch.nn.Sequential(*layers)


def keep(path: Path, *names: str) -> None:
    """Remove all other entries of a zip file."""
    with zipfile.ZipFile(path) as file:
        entries = {name: file.read(name) for name in names}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def main() -> None:
    """Write everything."""
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    out: dict[str, np.ndarray] = {}
    for name, model in models().items():
        exclude = ["env", "replay_buffer", "rollout_buffer", "_last_obs", "ep_info_buffer"]
        model.save(FOLDER / f"{name}.zip", exclude=exclude)
        keep(FOLDER / f"{name}.zip", "data", "policy.pth", "_stable_baselines3_version")
        seen = rng.normal(0, 1, (SAMPLES, model.observation_space.shape[0])).astype(np.float32)
        out[f"{name}.observations"], out[f"{name}.actions"] = seen, model.predict(seen, deterministic=True)[0]
    network = sequential()
    save_file(network.state_dict(), FOLDER / "sequential.safetensors")
    seen = rng.normal(0, 1, (SAMPLES, 3)).astype(np.float32)
    with torch.no_grad():
        out["sequential.observations"] = seen
        out["sequential.actions"] = network(torch.from_numpy(seen)).numpy()
    made_by = ", ".join(f"{name} {version(name)}" for name in ("stable_baselines3", "torch", "gymnasium"))
    np.savez_compressed(FOLDER / "recorded.npz", made_by=np.array(made_by), **out)
    print({path.name: path.stat().st_size for path in sorted(FOLDER.iterdir())}, made_by)


if __name__ == "__main__":
    main()
