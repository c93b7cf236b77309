"""Cloning: what is learned in seconds, from whom, in which form, and that going on changes no bit."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from train_programs import cartpole_program
from train_walk import events, interrupt_at

from neurobot.config import EnvConfig
from neurobot.controller import Controller
from neurobot.errors import EnvError, RecordingError, SpecError, TrainingError
from neurobot.loop import Loop, Recorder, SimClock
from neurobot.program import Program, build
from neurobot.spec import (
    LI,
    LIF,
    AllToAll,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    FanIn,
    FirstSpike,
    Input,
    Membrane,
    NetworkSpec,
    Normalizer,
    Population,
    Projection,
    resolve,
)
from neurobot.train.cloning.settings import Clone
from neurobot.train.experts import register
from neurobot.train.method import Job
from neurobot.train.runs.drive import train
from neurobot.train.supervised.examples import Examples
from neurobot.train.supervised.settings import Learning

QUICK = Learning(steps=60, batch=32, rate=3e-3)


def program_for(env_id: str, dt: float, carry: float = 0.0, seed: int = 0) -> Program:
    """An untrained controller with one hidden layer, that acts by membranes."""
    env = gymnasium.make(env_id)
    cell = LIF(tau_mem=3.5 * dt, v_threshold=0.5, input="jump")
    spec = ControllerSpec(
        encoder=Encoder(
            population="in",
            field=Direct(range=Normalizer(clip=3.0), push_pull=False),
            code=Current(gain=3.0),
        ),
        network=NetworkSpec(
            dt,
            (Population("in", 0, Input()), Population("hidden", 48, cell),
             Population("out", env.action_space.shape[0], LI(tau_mem=20 * dt, input="jump"))),
            (Projection("in", "hidden", AllToAll(weight=FanIn(gain=1.0))),
             Projection("hidden", "out", AllToAll(weight=FanIn(gain=0.3)))),
        ),
        decoder=Membrane(population="out"),
        substeps=8,
        carry=carry,
    )  # fmt: skip
    return build(resolve(spec, env.observation_space, env.action_space), seed)


def cloned(folder, program, env_id, settings, resume=False, report=None):
    """Train."""
    job = Job(program=program, env=EnvConfig(id=env_id), seed=5)
    return train(job, settings, folder, resume=resume, report=report)


def returns(program, env_id, episodes=5):
    """Of fresh episodes of gymnasium's own environment."""
    env = gymnasium.make(env_id)
    return Loop(Controller(program), env, clock=SimClock()).run(episodes, seed=99).returns


def test_cartpole_is_learned_from_the_regulator_by_spikes_that_choose(tmp_path):
    settings = Clone(iterations=8, learning=replace(QUICK, rate=1e-2), threads=1)
    assert min(returns(cloned(tmp_path, cartpole_program(), "CartPole-v1", settings), "CartPole-v1")) == 500


def test_an_inverted_pendulum_is_learned_from_the_regulator_by_membranes(tmp_path):
    settings = Clone(iterations=6, learning=replace(QUICK, steps=200), threads=1, evaluation_episodes=4)
    program = cloned(tmp_path, program_for("InvertedPendulum-v5", 0.005), "InvertedPendulum-v5", settings)
    assert min(returns(program, "InvertedPendulum-v5", 3)) == 1_000
    assert program.provenance["method"] == "clone" and program.provenance["expert"] == "auto"


def test_a_program_whose_state_carries_over_learns_by_windows(tmp_path):
    learning = replace(QUICK, steps=150, batch=16, window=10, lead=4)
    settings = Clone(iterations=6, learning=learning, threads=1, evaluation_episodes=4)
    program = cloned(tmp_path, program_for("Pendulum-v1", 0.00625, carry=0.5), "Pendulum-v1", settings)
    assert np.mean(returns(program, "Pendulum-v1", 10)) > -500  # doing nothing is -1,200


@pytest.mark.parametrize("carry", [0.0, 1.0])
def test_a_resumed_cloning_equals_an_uninterrupted_one(tmp_path, carry):
    learning = replace(QUICK, steps=10, batch=8, window=6, lead=2, sparse=0.1)
    settings = Clone(iterations=4, watched=2, episodes=2, learning=learning, threads=1, evaluation_episodes=2)
    program = program_for("Pendulum-v1", 0.00625, carry)
    whole = cloned(tmp_path / "whole", program, "Pendulum-v1", settings)
    with pytest.raises(KeyboardInterrupt):
        cloned(tmp_path / "parts", program, "Pendulum-v1", settings, report=interrupt_at(2))
    parts = cloned(tmp_path / "parts", program, "Pendulum-v1", settings, resume=True)
    assert np.array_equal(whole.params, parts.params)
    assert events(tmp_path / "whole", "round", "evaluation") == events(tmp_path / "parts", "round", "evaluation")


def test_an_expert_that_searches_first_is_in_the_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr("neurobot.train.experts.linear_ars.LinearArs.rounds", 3)
    settings = Clone(
        expert="linear_ars", iterations=2, watched=2, episodes=1, learning=replace(QUICK, steps=5), threads=1,
        evaluation_episodes=2,
    )  # fmt: skip
    program, env_id = program_for("InvertedPendulum-v5", 0.005), "InvertedPendulum-v5"
    whole = cloned(tmp_path / "whole", program, env_id, settings)
    rounds = events(tmp_path / "whole", "round")
    assert ["expert_return_max" in e for e in rounds] == [True, True, True, False, False]
    assert rounds[2]["steps"] > rounds[0]["steps"] > 16
    for stop in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            cloned(tmp_path / f"{stop}", program, env_id, settings, report=interrupt_at(stop))
        parts = cloned(tmp_path / f"{stop}", program, env_id, settings, resume=True)
        assert np.array_equal(whole.params, parts.params)


def test_a_recording_is_learned_from_without_driving(tmp_path):
    teacher = cloned(
        tmp_path / "teacher", cartpole_program(), "CartPole-v1",
        Clone(iterations=8, learning=replace(QUICK, rate=1e-2), threads=1),
    )  # fmt: skip
    controller = Controller(teacher)
    with Recorder(tmp_path / "run" / "recording", controller, realtime=False) as recorder:
        env = gymnasium.make("CartPole-v1")
        Loop(controller, env, clock=SimClock(), recorder=recorder).run(4, seed=0)
    settings = Clone(expert=str(tmp_path / "run"), iterations=6, learning=replace(QUICK, rate=1e-2), threads=1)
    pupil = cloned(tmp_path / "pupil", cartpole_program(seed=1), "CartPole-v1", settings)
    assert np.mean(returns(pupil, "CartPole-v1")) > 200
    assert {e["steps"] for e in events(tmp_path / "pupil", "round")} == {0}
    with pytest.raises(TrainingError, match=r"its observations and actions have 4 and 1 numbers.*3 and 1"):
        cloned(tmp_path / "other", program_for("Pendulum-v1", 0.00625), "Pendulum-v1", settings)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(RecordingError, match="no recording here"):
        cloned(tmp_path / "none", cartpole_program(), "CartPole-v1", replace(settings, expert=str(empty)))


def test_the_normaliser_is_that_of_all_that_was_seen(tmp_path):
    settings = Clone(
        iterations=1, watched=3, horizon=150, learning=replace(QUICK, steps=1), threads=1, evaluation_episodes=1
    )
    job = Job(program=program_for("Pendulum-v1", 0.00625), env=EnvConfig(id="Pendulum-v1"), seed=5)
    run = settings.begin(job)
    run.step()
    seen = run.state().arrays["examples.seen"].astype(np.float64)
    assert len(seen) == 3 * 150
    program = run.program()
    np.testing.assert_allclose(program.param("encoder.center"), seen.mean(0), atol=1e-12)
    np.testing.assert_allclose(1 / program.param("encoder.scale"), 3.0 * seen.std(0), rtol=1e-9)


def test_a_limit_that_is_asked_for_may_be_exceeded_at_no_loss_and_nothing_else_may():
    from neurobot.train.supervised.heads import Acting
    from neurobot.train.surrogate import Readout, Stack

    program = program_for("Pendulum-v1", 0.00625)
    stack, head = Stack(program), Acting(program)
    trace = stack.forward(np.random.default_rng(0).standard_normal((6, 3)))
    wanted = Readout(program).forward(trace).wanted
    counted = np.ones((1, 6), bool)
    assert head.loss(trace, wanted.astype(float), counted)[0] == 0
    scale = 40 * program.param("decoder.high")[0]
    far = stack.forward(scale * np.random.default_rng(0).standard_normal((6, 3)))
    out = Readout(program).forward(far).wanted
    loss, _ = head.loss(far, np.where(out > 0, 2.0, -2.0), counted)
    expected = np.where(np.abs(out) > 2, 0, (np.abs(out) - 2) / 2)
    assert loss == pytest.approx((expected**2).mean(), rel=1e-5)
    none = head.loss(far, np.zeros((1, 6, 1)), np.zeros((1, 6), bool))
    assert none[0] == 0 and not np.any(next(iter(none[1].v.values())))


def test_windows_stay_in_their_episode_and_count_what_they_should():
    lengths = [5, 40, 3]
    ticks = np.concatenate([np.arange(n) for n in lengths])
    number = np.repeat(np.arange(3), lengths)
    examples = Examples(np.stack((ticks, number), 1), ticks[:, None], np.array(lengths))
    batch = examples.windows(np.random.default_rng(0), 500, lead=4, window=10)
    tick, episode = batch.observations[..., 0], batch.observations[..., 1]
    assert (episode == episode[0]).all() and batch.counted.any(axis=0).all()
    counted = batch.counted
    assert (np.diff(tick, axis=0)[counted[1:]] == 1).all()
    assert counted[0][tick[0] == 0].all() and not counted[:4][:, tick[0] > 0].any()
    assert (batch.labels[..., 0] == tick).all()
    assert len(np.unique(tick[counted & (episode == 1)])) == 40


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give iterations or core_minutes, or it would go on for ever"),
        ({"iterations": 0}, "iterations is 0, it must be at least 1"),
        ({"core_minutes": 0.0}, "core_minutes is 0, it must be greater than 0"),
        ({"iterations": 1, "watched": 0}, "watched is 0"),
        ({"iterations": 1, "episodes": -1}, "episodes is -1"),
        ({"iterations": 1, "expert": ""}, "expert is empty"),
        ({"iterations": 1, "horizon": 0}, "horizon is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(SpecError, match=message):
        Clone(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"lead": -1}, "lead is -1"),
        ({"rate": 0.0}, "rate is 0"),
        ({"late_rate": 2.0}, "late_rate is 2, it must be at most 1"),
        ({"late": -0.1}, "late is -0.1"),
        ({"sparse": -1.0}, "sparse is -1"),
        ({"surrogate": "atom"}, "surrogate is 'atom'.*atan"),
        ({"clip": 0.0}, "clip is 0"),
        ({"variables": ()}, "variables is empty"),
    ],
)
def test_learning_that_makes_no_sense_is_refused(settings, message):
    with pytest.raises(SpecError, match=message):
        Learning(**settings)


def test_what_cannot_be_cloned_is_refused_before_a_folder_is_made(tmp_path):
    folder, settings = tmp_path / "run", Clone(iterations=1)
    with pytest.raises(EnvError, match="no batched task has the id 'Nowhere-v0'"):
        cloned(folder, cartpole_program(), "Nowhere-v0", settings)
    with pytest.raises(EnvError, match="the controller acts every"):
        cloned(folder, cartpole_program(dt=0.01), "CartPole-v1", settings)
    with pytest.raises(TrainingError, match="no expert is called 'nobody'"):
        cloned(folder, cartpole_program(), "CartPole-v1", replace(settings, expert="nobody"))
    program = cartpole_program()
    first = build(replace(program.spec, decoder=FirstSpike(population="out", size=2)), 0)
    with pytest.raises(TrainingError, match="the decoder FirstSpike has no gradient; use WinnerTakeAll or Highest"):
        cloned(folder, first, "CartPole-v1", settings)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("env_id", "answer", "message"),
    [
        ("CartPole-v1", lambda obs: np.zeros((len(obs), 2)), r"have shape \(4, 2\), they must have \(4,\)"),
        ("CartPole-v1", lambda obs: np.full(len(obs), 2), "must be whole numbers from 0 to 1"),
        ("CartPole-v1", lambda obs: np.full(len(obs), np.nan), "are not finite"),
    ],
)
def test_an_expert_whose_actions_do_not_fit_is_refused(tmp_path, env_id, answer, message):
    class Model:
        def predict(self, observations):
            return answer(observations)

    register("odd", lambda env: Model())
    with pytest.raises(TrainingError, match=message):
        cloned(tmp_path, cartpole_program(), env_id, Clone(expert="odd", iterations=1))
