"""Runs that are suspended and go on, and runs that are not: what `test_loop_suspend.py` compares."""

import os
import signal
from contextlib import contextmanager
from dataclasses import replace

import gymnasium

import neurobot.envs as envs
from neurobot.controller import Controller
from neurobot.envs import Perturbation, PerturbedEnv, Randomize
from neurobot.loop import EnvRobot, Learning, Loop, Recorder, SimClock, Suspended, load_recording
from neurobot.loop.replay import compare
from neurobot.program import build
from neurobot.spec import (
    LIF,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    FixedProbability,
    Input,
    Limits,
    Membrane,
    LI,
    AllToAll,
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
    period = env.unwrapped.dt if hasattr(env.unwrapped, "dt") else env.unwrapped.tau
    drawn = AllToAll(weight=Normal(mean=0.3, std=0.4))
    rule = RewardSTDP(rate=0.01, w_max=2.0, tau_e=0.02, A_minus=0.2)
    out = LIF(tau_mem=5e-3, input="jump") if discrete else LI(tau_mem=20e-3, input="jump")
    dt = period / 2
    network = NetworkSpec(
        dt,
        (Population("in", 2 * size, Input()), Population("h", 6, LIF(tau_mem=2 * dt, input="jump")),
         Population("out", n, out)),
        (Projection("in", "h", AllToAll(weight=Uniform(low=0.2, high=0.6)), rule=rule), Projection("h", "h", drawn, 3 * dt), Projection("h", "out", drawn)),
    )  # fmt: skip
    field = Direct(range=Normalizer(mean=0.0, std=1.0, clip=3.0))
    spec = ControllerSpec(
        encoder=Encoder(population="in", field=field, code=Poisson(max_rate=0.5 / dt), size=size),
        network=network,
        decoder=WinnerTakeAll(population="out") if discrete else Membrane(population="out"),
        substeps=2,
    )
    return build(resolve(spec, env.observation_space, env.action_space), seed=seed)


def parts(make, folder=None, *, program=None, resume=None, learn=True, guard=None, record=True):
    """A loop, its controller, and its recorder."""
    env = make()
    controller = Controller(program or program_for(env), record=True)
    learning = Learning(controller, freeze_at=None) if learn else None
    recorder = None if folder is None else Recorder(folder, controller, realtime=False, chunk_ticks=7, resume=resume)
    return Loop(controller, env, clock=SimClock(), recorder=recorder, learning=learning, guard=guard), controller, recorder


@contextmanager
def interrupting(*ticks):
    """Ctrl-C within the steps of these numbers, counted from now."""
    step, count = EnvRobot.send_action, 0

    def send_action(self, action):
        nonlocal count
        count += 1
        if count in ticks:
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, action)

    EnvRobot.send_action = send_action
    try:
        yield
    finally:
        EnvRobot.send_action = step


def whole(make, folder, episodes=2, seed=3, **options):
    """A run that is not interrupted; its summary, its recording and its weights."""
    loop, controller, recorder = parts(make, folder, **options)
    with recorder:
        summary = loop.run(episodes, seed, suspend=True)
    return summary, load_recording(folder), controller.to_program()


def broken(make, folder, *ticks, episodes=2, seed=3, **options):
    """The same run, interrupted at the ticks of these numbers (each counted from where it went on before)."""
    suspended = None
    for k, tick in enumerate((*ticks, 0)):
        resume = None if suspended is None else suspended.recording
        loop, controller, recorder = parts(make, folder, resume=resume, **options)
        with recorder, interrupting(tick):
            summary = loop.run(episodes, seed, suspend=True) if suspended is None else loop.resume(suspended)
        if loop.suspended is None:
            break
        assert summary.interrupted
        path = folder.parent / f"suspended-{k}.safetensors"
        loop.suspended.save(path)
        suspended = Suspended.load(path)
    return summary, load_recording(folder), controller.to_program()


def without_times(summary):
    """A summary without the times that ticks took."""
    episodes = tuple(replace(e, timing={}) for e in summary.episodes)
    return replace(summary, episodes=episodes, timing={})


def assert_same(one, other):
    """Two runs did the same, bit for bit."""
    difference = compare(one[1], other[1])
    assert difference.difference is None and not difference.rest, difference
    assert without_times(one[0]) == without_times(other[0])
    assert one[2].diff(other[2]) == []
    assert one[2].params.tobytes() == other[2].params.tobytes()
