"""A tiny controller that is healthy, each part of which a test can spoil, and the plant that it steers."""

from dataclasses import replace

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from neurobot.controller import Controller
from neurobot.loop.diagnose import diagnose
from neurobot.loop.rollout import roll_out
from neurobot.program import build
from neurobot.spec import (
    LIF,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    Input,
    Limits,
    NetworkSpec,
    Population,
    Projection,
    Rate,
    Regular,
)

DT, SUBSTEPS, TICKS = 1e-3, 10, 200
EYE = np.eye(4)
LIMITS = Limits(low=-1.0, high=1.0)


class Plant(gymnasium.Env):
    """Two numbers that leak, each pushed by one of two actions and by noise; `tamper` changes what is observed."""

    observation_space = Box(-np.inf, np.inf, (2,), np.float64)
    action_space = Box(-1.0, 1.0, (2,), np.float64)
    dt = DT * SUBSTEPS

    def __init__(self, tamper=lambda x, k: x, noise=0.2):
        self.tamper, self.noise = tamper, noise

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.k = self.np_random.normal(0, 0.5, 2), 0
        return self.tamper(self.x.copy(), 0), {}

    def step(self, action):
        self.k += 1
        self.x = 0.8 * self.x + 0.4 * np.asarray(action) + self.np_random.normal(0, self.noise, 2)
        return self.tamper(self.x.copy(), self.k), 0.0, False, False, {}


def lif(**more):
    return LIF(**{"tau_mem": 20e-3, "v_threshold": 0.5, "input": "jump"} | more)


def controller(*, hidden=None, into=EYE, out=EYE, decode=None, field=1.0, code=None, populations=(), between=()):
    """A program: input -> hidden -> output, one to one, which pushes both numbers back to 0."""
    names = (
        Population("input", 4, Input()),
        hidden or Population("hidden", 4, lif()),
        *populations,
        Population("output", 4, lif()),
    )
    spec = ControllerSpec(
        encoder=Encoder(field=Direct(range=Bounds(low=-field, high=field)), code=code or Regular(), size=2),
        network=NetworkSpec(
            DT, names, (Projection("input", "hidden", into), Projection("hidden", "output", out), *between)
        ),
        decoder=decode or Rate(size=2, gain=-1.0, limits=LIMITS),
        substeps=SUBSTEPS,
    )
    return build(spec, seed=1)


def record(program, env=None, ticks=TICKS, seed=3):
    """A recording of a program with the plant."""
    return roll_out(Controller(program, record=True), env or Plant(), ticks=ticks, seed=seed)


def findings(program, env=None, **changes):
    """What a diagnosis says, after some arrays of the recording were changed."""
    return diagnose(replace(record(program, env), **changes), program)


def said(found, text):
    """The one finding whose sentence begins with, or holds, a text."""
    hits = [finding for finding in found if text in finding.what]
    assert len(hits) == 1, [finding.what for finding in found]
    return hits[0]
