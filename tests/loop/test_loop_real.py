"""The loop with the real controller: what was recorded can be done again, spike for spike."""

import gymnasium
import numpy as np
import pytest

from neurobot.controller import Controller
from neurobot.loop import Loop, Recorder, SimClock, load_recording
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
    WinnerTakeAll,
    resolve,
)

HIGH = 3.0


def make(name, decoder, output, dt, record=False):
    env = gymnasium.make(name)
    network = NetworkSpec(
        dt=dt,
        populations=(
            Population("input", 0, Input()),
            Population("hidden", 12, LIF(tau_mem=0.02)),
            Population("output", 0, output),
        ),
        projections=(
            Projection("input", "hidden", AllToAll(weight=Normal(mean=0.3, std=0.4))),
            Projection("hidden", "output", AllToAll(weight=Normal(std=0.5))),
        ),
    )
    encoder = Encoder(field=Direct(range=Bounds(low=-HIGH, high=HIGH)), code=Poisson())
    spec = ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=10)
    program = build(resolve(spec, env.observation_space, env.action_space), seed=1)
    return Controller(program, record=record), env


def make_cartpole(record=False):
    return make("CartPole-v1", WinnerTakeAll(), LIF(tau_mem=0.02), 0.002, record)


def make_pendulum(record=False):
    return make("Pendulum-v1", Membrane(limits=Limits(slew=20.0)), LI(tau_mem=0.02), 0.005, record)


@pytest.mark.parametrize("make_both", [make_cartpole, make_pendulum])
def test_an_episode_of_a_run_can_be_repeated_alone(make_both):
    controller, env = make_both()
    run = Loop(controller, env, clock=SimClock()).run(3, seed=5)
    controller, env = make_both()
    alone = Loop(controller, env, clock=SimClock()).run_episode(6)
    again = run.episodes[1]
    assert run.spikes_per_tick > 0
    assert (alone.total_reward, alone.length, alone.spikes, alone.synops) == (
        again.total_reward, again.length, again.spikes, again.synops,
    )  # fmt: skip


@pytest.mark.parametrize("make_both", [make_cartpole, make_pendulum])
def test_a_recording_can_be_played_back_spike_for_spike(make_both, tmp_path):
    controller, env = make_both(record=True)
    with Recorder(tmp_path, controller, realtime=False) as recorder:
        summary = Loop(controller, env, clock=SimClock(), recorder=recorder).run(2, seed=5)
    recording = load_recording(tmp_path)
    assert len(recording.tick) == summary.ticks
    assert len(recording.spikes) == sum(e.spikes for e in summary.episodes) > 0

    seeds = {e["episode"]: e["seed"] for e in recording.events if e["event"] == "episode_start"}
    spikes = np.split(recording.spikes[:, 1:], np.cumsum(recording.spike_count)[:-1])
    controller, _ = make_both(record=True)
    for tick, episode in enumerate(recording.episode):
        if tick == 0 or episode != recording.episode[tick - 1]:
            controller.reset(seeds[episode])
        controller.step(recording.observation[tick], recording.reward[tick])
        np.testing.assert_array_equal(controller.spikes, spikes[tick])
        np.testing.assert_array_equal(controller.wanted, recording.wanted[tick])
        np.testing.assert_array_equal(controller.sent, recording.sent[tick])
        np.testing.assert_array_equal(controller.membranes, recording.membrane[tick])
