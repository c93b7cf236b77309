"""Recorded runs of a small controller, and recordings that somebody has changed."""

from dataclasses import replace

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from neurobot.controller import Controller
from neurobot.loop import Learning, Loop, Recorder, SimClock, load_recording
from neurobot.program import build
from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normal,
    Poisson,
    Population,
    Projection,
    RewardSTDP,
)
from tests.unit import learning_networks

PERIOD = 0.005
RULE = RewardSTDP(rate=0.01, w_max=2.0, tau_e=0.02, A_minus=0.2)


class World(gymnasium.Env):
    """Observations of 4 by formula and by what was done, in episodes that `length` truncates or `ends` terminates.

    Args:
        blind: ticks of every episode in which NaN is seen.
        unpaid: ticks of every episode whose reward is NaN.
    """

    observation_space = Box(-1.0, 1.0, (4,), np.float64)
    action_space = Box(-1.0, 1.0, (2,), np.float32)
    dt = PERIOD

    def __init__(self, length=20, blind=(), unpaid=(), ends=None):
        self.length, self.blind, self.unpaid, self.ends = length, blind, unpaid, ends
        self.k, self.seed, self.last = 0, 0, np.zeros(2, np.float32)

    def reset(self, *, seed=None, options=None):
        self.k, self.seed, self.last = 0, seed, np.zeros(2, np.float32)
        return self.observation(), {}

    def step(self, action):
        k, self.k, self.last = self.k, self.k + 1, action
        reward = np.nan if k in self.unpaid else float(np.cos(k + self.seed)) + float(action[0])
        return self.observation(), reward, self.k == self.ends, self.k >= self.length, {}

    def observation(self):
        if self.k in self.blind:
            return np.full(4, np.nan)
        return np.clip(np.sin(np.arange(4) + 1.3 * self.k + self.seed) + 0.1 * self.last[1], -1.0, 1.0)


def learner():
    """A program that learns by rewards."""
    return learning_networks.controller(RULE)


def fixed(seed=7, gain=1.0):
    """A program with 8 inputs, 9 hidden neurons and two membranes that are read out."""
    weights = AllToAll(weight=Normal(mean=0.2, std=0.5))
    network = NetworkSpec(
        1e-3,
        (Population("in", 8, Input()), Population("h", 9, LIF(tau_mem=5e-3, input="jump")),
         Population("out", 2, LI(tau_mem=20e-3, input="jump"))),
        (Projection("in", "h", weights), Projection("h", "h", weights, 1e-3), Projection("h", "out", weights)),
    )  # fmt: skip
    spec = ControllerSpec(
        encoder=Encoder(
            population="in", field=Direct(range=Bounds(low=-1, high=1)), code=Poisson(max_rate=300.0), size=4
        ),
        network=network,
        decoder=Membrane(population="out", size=2, gain=gain, limits=Limits(low=-1.0, high=1.0)),
        substeps=5,
    )
    return build(spec, seed=seed)


def again(program, core="host", *, learn=False, freeze_at=None):
    """A new controller, and its learning if it learns."""
    controller = Controller(program, core, record=True)
    return controller, Learning(controller, freeze_at=freeze_at) if learn else None


def run(folder, program, world=None, *, episodes=2, seed=3, core="host", learn=False, freeze_at=None, **options):
    """A recording of a run, and its controller."""
    controller, learning = again(program, core, learn=learn, freeze_at=freeze_at)
    with Recorder(folder, controller, realtime=False, **options) as recorder:
        world = world or World()
        Loop(controller, world, clock=SimClock(), recorder=recorder, learning=learning).run(episodes, seed)
    return load_recording(folder), controller


def put(recording, name, row, value):
    """A recording with another value in one row of an array; also (row, entry) as the row."""
    array = getattr(recording, name).copy()
    array[row] = value
    return replace(recording, **{name: array})


def without(recording, rows):
    """A recording whose recorder had dropped some ticks."""
    kept = ~np.isin(np.arange(len(recording.tick)), rows)
    names = ("tick", "episode", "observation", "reward", "wanted", "sent", "held", "membrane", "spike_count", "timing")
    spikes = recording.spikes[~np.isin(recording.spikes[:, 0], rows)]
    return replace(recording, spikes=spikes, **{name: getattr(recording, name)[kept] for name in names})


def tell(recording, name, number, **changes):
    """A recording with other words in the event of an episode; without changes, without the event."""
    events = []
    for event in recording.events:
        if event["event"] == name and event.get("episode") == number:
            if not changes:
                continue
            event = event | changes
        events.append(event)
    return replace(recording, events=tuple(events))
