"""How long the plant takes to answer: known delays are found, and nothing is found where nothing answers."""

import numpy as np
import pytest
from diagnose_cases import SUBSTEPS, Plant, controller, record, said
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.config import load_experiment
from neurobot.envs import Perturbation, PerturbedEnv, make
from neurobot.loop import Header, Recording
from neurobot.loop.diagnose import diagnose, plant_latency
from neurobot.program import Program
from neurobot.spec import Poisson

PERIOD = 0.02


def recording(observation, sent, episode=None):
    """A recording of which only observations and actions matter."""
    n, actions, entries = len(sent), sent.shape[1], observation.shape[1]
    header = Header(
        populations=(), dt=PERIOD, substeps=1, control_period=PERIOD, observations=entries, actions=actions,
        max_spikes=1,
    )  # fmt: skip
    blank = np.zeros(n)
    return Recording(
        header=header, events=(), tick=np.arange(n), episode=blank if episode is None else episode,
        observation=observation, sent=sent, wanted=sent, reward=blank, held=blank, membrane=blank, spike_count=blank,
        spikes=blank, timing=blank,
    )  # fmt: skip


def closed_loop(delay, seed, ticks=800, *, act=np.tanh, leak=0.9, inert=False):
    """Two numbers that leak and are pushed by the action of `delay` + 1 ticks ago, and a controller that pushes back;
    inert: the action does nothing."""
    rng = np.random.default_rng(seed)
    x, sent = np.zeros((ticks, 2)), np.zeros((ticks, 2))
    for t in range(ticks):
        if t:
            x[t] = leak * x[t - 1] + rng.normal(0, 0.1, 2)
            if not inert and t > delay:
                x[t] += 0.5 * sent[t - 1 - delay]
        sent[t] = act(-0.5 * x[t] + rng.normal(0, 0.3, 2))
    return recording(x, sent)


@settings(max_examples=12, deadline=None)
@given(delay=st.integers(0, 9), seed=st.integers(0, 2**31), leak=st.floats(0.3, 0.95))
def test_a_known_delay_is_found(delay, seed, leak):
    found = plant_latency(closed_loop(delay, seed, leak=leak))
    assert found is not None
    assert found.ticks == delay + 1
    assert found.seconds == pytest.approx((delay + 1) * PERIOD)
    assert found.action == found.entry and found.correlation >= 0.4


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), leak=st.floats(0.3, 0.95))
def test_a_controller_that_only_answers_to_what_it_sees_is_no_plant_that_answers(seed, leak):
    assert plant_latency(closed_loop(0, seed, leak=leak, inert=True)) is None


@pytest.mark.parametrize("seed", [21, 22, 23])
@pytest.mark.parametrize("name", ["pendulum", "inverted_double_pendulum"])
def test_a_dead_motor_answers_never_though_the_plant_is_not_linear(name, seed):
    experiment = load_experiment(name)
    env = make(experiment.env.id, perturb=(Perturbation(kind="dead"),))
    rec = record(Program.load(experiment.program), env, ticks=400, seed=seed)
    assert plant_latency(rec) is None


def test_a_choice_is_an_action_too():
    found = plant_latency(closed_loop(2, 0, act=lambda u: np.sign(u) / 2 + 0.5))
    rec = closed_loop(2, 0, act=np.sign)
    chosen = recording(rec.observation[:, :1], (rec.sent[:, :1] + 1) / 2)
    assert found.ticks == 3 and plant_latency(chosen, discrete=True).ticks == 3
    assert plant_latency(chosen, discrete=True).action == 1
    assert plant_latency(recording(rec.observation, np.zeros((800, 1))), discrete=True) is None


def test_short_episodes_are_not_joined_and_too_few_ticks_say_nothing():
    rec = closed_loop(2, 0)
    assert plant_latency(recording(rec.observation, rec.sent, episode=np.arange(800) // 20)).ticks == 3
    assert plant_latency(recording(rec.observation, rec.sent, episode=np.arange(800) // 4)) is None
    assert plant_latency(recording(rec.observation[:50], rec.sent[:50])) is None


def test_observations_that_are_missing_interrupt():
    rec = closed_loop(2, 0, ticks=1600)
    rec.observation[::100] = np.nan
    assert plant_latency(rec).ticks == 3
    rec.observation[::3] = np.nan
    assert plant_latency(rec) is None


@pytest.mark.parametrize("periods", [0, 1, 4])
def test_the_delay_of_a_perturbed_plant_is_told_of_a_spiking_controller(periods):
    late = (Perturbation(kind="latency", periods=periods),) if periods else ()
    env = PerturbedEnv(Plant(noise=0.02), late, SUBSTEPS * 1e-3)
    program = controller(code=Poisson())  # the chance of its spikes is what an observation can answer to
    rec = record(program, env, ticks=2000)
    assert plant_latency(rec).ticks == periods + 1
    findings = diagnose(rec, program)
    if periods:
        found = said(findings, "the plant answers late")
        assert found.severity == "worth knowing"
        assert found.what.startswith(f"the plant answers late: {periods + 1} ticks ({10 * (periods + 1)} ms)")
    else:
        assert not [f for f in findings if "answers late" in f.what]
