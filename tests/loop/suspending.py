"""Runs that are suspended and go on, and runs that are not: what `test_loop_suspend.py` compares."""

import json
import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import gymnasium
import numpy as np

from neurobot.controller import Controller
from neurobot.envs import Perturbation, Randomize
from neurobot.loop import EnvRobot, Learning, Loop, Position, RunSummary, SimClock, Suspended
from neurobot.loop.fit import env_period
from neurobot.loop.packed import pack, unpack
from neurobot.loop.recording import SUSPENDED
from neurobot.program import Program, build
from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    ControllerSpec,
    Direct,
    Encoder,
    Input,
    Membrane,
    NetworkSpec,
    Normal,
    Normalizer,
    Poisson,
    Population,
    Projection,
    RewardSTDP,
    Uniform,
    WinnerTakeAll,
    resolve,
)

LINK = (
    Perturbation(kind="latency", periods=2),
    Perturbation(kind="jitter", periods=3),
    Perturbation(kind="loss", probability=0.3),
    Perturbation(kind="frozen", at=0.1, until=0.3, index=(0,)),
)
VARIED = Randomize(mass=(0.8, 1.2), friction=(0.8, 1.2), gain=(0.8, 1.2), damping=(0.8, 1.2), noise=(0.01, 0.02))


def program_for(env, seed=5):
    """A program with chance, delays and a rule that learns, for an environment."""
    discrete = isinstance(env.action_space, gymnasium.spaces.Discrete)
    size = int(env.observation_space.shape[0])
    n = int(env.action_space.n) if discrete else int(env.action_space.shape[0])
    period = env_period(env) or 0.02
    drawn = AllToAll(weight=Normal(mean=0.3, std=0.4))
    rule = RewardSTDP(rate=0.01, w_max=2.0, tau_e=0.02, A_minus=0.2)
    out = LIF(tau_mem=5e-3, input="jump") if discrete else LI(tau_mem=20e-3, input="jump")
    dt = period / 2
    network = NetworkSpec(
        dt,
        (Population("in", 2 * size, Input()), Population("h", 6, LIF(tau_mem=2 * dt, input="jump")),
         Population("out", n, out)),
        (Projection("in", "h", AllToAll(weight=Uniform(low=0.2, high=0.6)), rule=rule),
         Projection("h", "h", drawn, 3 * dt), Projection("h", "out", drawn)),
    )  # fmt: skip
    field = Direct(range=Normalizer(mean=0.0, std=1.0, clip=3.0))
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Poisson(max_rate=0.5 / dt), size=size),
        network=network,
        decoder=WinnerTakeAll(population="out") if discrete else Membrane(population="out"),
        substeps=2,
    )
    return build(resolve(spec, env.observation_space, env.action_space), seed=seed)


@contextmanager
def interrupting(*ticks, times=1):
    """Ctrl-C, so many times, within the steps of these numbers, counted from now."""
    step, count = EnvRobot.send_action, 0

    def send_action(self, action):
        nonlocal count
        count += 1
        for _ in range(times * (count in ticks)):
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, action)

    EnvRobot.send_action = send_action
    try:
        yield
    finally:
        EnvRobot.send_action = step


@dataclass
class Notes:
    """A recorder that keeps everything in memory, which is quicker than a process that writes."""

    controller: Controller
    ticks: list = field(default_factory=list)
    events: list = field(default_factory=list)
    position: Position = field(default_factory=Position)

    def sense(self, reward):
        self.reward = reward

    def refused(self, observation):
        self.seen = np.asarray(observation)

    boxed = False

    def checkpoint(self, learning, *, ahead=0):
        pass

    def act(self, held):
        c = self.controller
        ran = () if held else (c.wanted, c.spikes)  # as a recorder does
        self.given = ((self.seen if held else c.tap.observation).tobytes(), self.reward)
        did = [a.tobytes() for a in (c.sent, c.membranes, *ran)]
        self.ticks.append((self.position.episode, *self.given, held, *did))

    def done(self, stages):
        self.position = replace(self.position, tick=self.position.tick + 1)

    def note(self, event):
        if event["event"] != SUSPENDED:
            self.events.append((event, self.position))

    def start_episode(self, seed):
        self.events.append(("start", seed, self.position))

    def end_episode(self, reward, summary):
        self.events.append(("end", reward, summary | {"timing": None}, self.position))
        self.position = replace(self.position, episode=self.position.episode + 1)


@dataclass
class Run:
    """What came of a run."""

    summary: RunSummary
    notes: Notes
    learnt: Program
    suspended: Suspended | None


def loop_of(make, recorder, *, program=None, learn=True, guard=None):
    """A loop around a new environment and a new controller."""
    env = make()
    controller = Controller(program or program_for(env), record=True)
    notes = recorder(controller)
    learning = Learning(controller) if learn else None
    loop = Loop(controller, env, clock=SimClock(), recorder=notes, learning=learning, guard=guard)
    return loop, controller, notes


def run(make, *ticks, episodes=2, seed=3, folder=None, **options):
    """A run that Ctrl-C meets in ticks of these numbers, each counted from where it went on before.

    Args:
        make: makes the environment.
        folder: where suspended runs are written to and read from; None hands them on as they are.
    """
    suspended, ran, events = None, [], []
    for tick in (*ticks, 0):
        loop, controller, notes = loop_of(make, Notes, **options)
        if suspended is not None:
            notes.position = suspended.recording
        with interrupting(tick):
            summary = loop.resume(suspended) if suspended else loop.run(episodes, seed, suspend=True)
        ran, events = ran + notes.ticks, events + notes.events
        if loop.suspended is None:
            break
        assert summary.interrupted
        suspended = through(loop.suspended, folder)
    return Run(summary, Notes(controller, ran, events), controller.to_program(), loop.suspended)


def through(suspended, folder):
    """A suspended run after it was written and read."""
    if folder is None:
        arrays = {}
        state = json.loads(json.dumps(pack(suspended.state, arrays)))
        return replace(suspended, state=unpack(state, arrays))
    suspended.save(folder / "suspended.safetensors")
    return Suspended.load(folder / "suspended.safetensors")


def without_times(summary):
    """A summary without the times that ticks took."""
    return replace(summary, episodes=tuple(replace(e, timing={}) for e in summary.episodes), timing={})


def assert_same(one, other):
    """Two runs saw, did and learnt the same, bit for bit."""
    for k, (a, b) in enumerate(zip(one.notes.ticks, other.notes.ticks, strict=False)):
        assert a == b, f"tick {k}"
    assert len(one.notes.ticks) == len(other.notes.ticks)
    assert one.notes.events == other.notes.events
    assert repr(without_times(one.summary)) == repr(without_times(other.summary))
    assert one.learnt.params.tobytes() == other.learnt.params.tobytes()
