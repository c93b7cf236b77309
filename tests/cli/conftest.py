"""A small launch file, a way to call the command line in this process, and environments of a file's own."""

import sys
from dataclasses import dataclass

import gymnasium
import pytest

from neurobot.cli import main

LAUNCH = """
episodes = 2
substeps = 4

[env]
id = "CartPole-v1"

[encode.field]
type = "Gaussian"
per_dim = 4
range = {type = "Normalizer", clip = 1.0, mean = 0.0, std = [2.4, 3.0, 0.2, 3.0]}

[network]
dt = 0.005

[[network.populations]]
name = "input"
n = 0
model = {type = "Input"}

[[network.populations]]
name = "hidden"
n = 8
model = {type = "LIF", tau_mem = 0.02}

[[network.populations]]
name = "output"
n = 0
model = {type = "LIF", tau_mem = 0.02}

[[network.projections]]
pre = "input"
post = "hidden"
weights = {type = "AllToAll", weight = {type = "FanIn", gain = 8.0}}

[[network.projections]]
pre = "hidden"
post = "output"
weights = {type = "AllToAll", weight = {type = "FanIn", gain = 8.0}}

[decode]
type = "WinnerTakeAll"

[train]
method = "evolve"
pairs = 2
episodes = 2
generations = 2
threads = 1
"""

MODULE = """
import os
import signal

import gymnasium
import numpy as np


class Fake(gymnasium.Env):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 50}
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, render_mode=None, fault=""):
        self.render_mode, self.fault, self.steps = render_mode, fault, 0

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return np.zeros(4), {}

    def step(self, action):
        self.steps += 1
        info = {}
        if self.steps == 3 and self.fault == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        if self.steps >= 3 and self.fault == "blind":
            return np.full(4, np.nan), 1.0, False, self.steps >= 99, info
        if self.steps == 3 and self.fault == "physics":
            info["physics_error"] = "it exploded"
        if self.fault == "broken" or self.steps == 3 and self.fault == "torn":
            raise KeyError("a bug")
        return np.zeros(4), 1.0, self.steps >= 10, False, info

    def render(self):
        return np.full((16, 16, 3), 10 * self.steps, np.uint8)


class Named(Fake):
    observation_space = gymnasium.spaces.Dict(
        {"pole": gymnasium.spaces.Box(-1.0, 1.0, (2,)), "cart": gymnasium.spaces.Box(-1.0, 1.0, (2,))}
    )

    def reset(self, **options):
        return self.split(super().reset(**options))

    def step(self, action):
        return self.split(super().step(action))

    def split(self, given):
        return {"pole": given[0][:2], "cart": given[0][2:]}, *given[1:]


gymnasium.register("fake/named-v0", Named)
for name in ("", "blind", "interrupt", "physics", "broken", "torn"):
    gymnasium.register(f"fake/{name or 'plain'}-v0", Fake, kwargs={"fault": name})
"""


@dataclass(frozen=True)
class Result:
    """What a command gave."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Calls the command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*args):
        capsys.readouterr()
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Result(code, captured.out, captured.err)

    return call


@pytest.fixture
def launch(tmp_path):
    """Writes a launch file, with one text replaced by another."""

    def write(old="", new="", name="pole.toml"):
        assert old in LAUNCH
        path = tmp_path / name
        path.write_text(LAUNCH.replace(old, new) if old else LAUNCH)
        return path

    return write


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    """A module that registers environments when it is imported; its name."""
    name = "fake_environments"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)
    for env_id in [i for i in gymnasium.registry if i.startswith("fake/")]:
        del gymnasium.registry[env_id]
