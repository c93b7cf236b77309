"""Evolution: its arithmetic against NumPy and closed forms, its runs against themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from train_programs import cartpole_program

from neurobot.config import EnvConfig
from neurobot.controller import Controller
from neurobot.errors import EnvError, SpecError, TrainingError
from neurobot.program import Program, build
from neurobot.spec import (
    LIF,
    AllToAll,
    FixedProbability,
    NetworkSpec,
    Normal,
    Poisson,
    Population,
    Projection,
    RewardSTDP,
)
from neurobot.train.evolution.search import centred_ranks, direction, searched
from neurobot.train.evolution.settings import Evolve
from neurobot.train.method import Job
from neurobot.train.normalizer import RunningNormalizer
from neurobot.train.rollout import Rollout
from neurobot.train.runs.drive import Progress, train


def evolve(
    program: Program, env_id: str, settings: Evolve, folder: Path, *, seed: int = 0, **options: object
) -> Program:
    """Train by evolution."""
    return train(Job(program=program, env=EnvConfig(id=env_id), seed=seed), settings, folder, **options)


def short(**changes: object) -> Evolve:
    """Settings of a run of a second."""
    return replace(
        Evolve(pairs=4, generations=6, evaluate_every=3, episodes=2, learning_rate=0.05, threads=1), **changes
    )


def test_centred_ranks_spread_over_one_and_equal_values_share() -> None:
    assert centred_ranks(np.array([3.0, -1.0, 10.0])).tolist() == [0.0, -0.5, 0.5]
    assert centred_ranks(np.array([2.0, 1.0, 2.0, 5.0])).tolist() == [0.0, -0.5, 0.0, 0.5]
    assert centred_ranks(np.full(6, 7.0)).tolist() == [0.0] * 6


def test_the_direction_of_a_linear_fitness_is_its_gradient() -> None:
    """E[(f(x + s e) - f(x - s e)) e] / 2s is the gradient of a linear f, here estimated with many pairs."""
    rng = np.random.default_rng(0)
    gradient, noise = np.array([3.0, -1.0, 0.5]), rng.standard_normal((20_000, 3))
    fitness = np.concatenate([noise @ gradient, -noise @ gradient])
    for algorithm in ("es", "ars"):
        found = direction(fitness, noise, Evolve(algorithm=algorithm, pairs=20_000, generations=1))
        cosine = found @ gradient / np.linalg.norm(found) / np.linalg.norm(gradient)
        assert cosine > 0.999


def test_ars_uses_only_its_best_directions() -> None:
    noise = np.eye(3)
    fitness = np.array([5.0, 1.0, 0.0, 0.0, 0.0, 3.0])
    found = direction(fitness, noise, Evolve(algorithm="ars", pairs=3, top=2, generations=1))
    used = np.array([5.0, 0.0, 0.0, 3.0])
    np.testing.assert_allclose(found, np.array([5.0, 0.0, -3.0]) / (2 * used.std()), rtol=1e-15)


def test_weights_and_biases_are_searched_and_nothing_else() -> None:
    program = cartpole_program()
    weights = program.param("in->hidden.weights").size + program.param("hidden->out.weights").size
    assert searched(program, biases=False).size == weights
    assert searched(program, biases=True).size == weights + 8 + 4


def test_synapses_that_a_rule_left_out_stay_out() -> None:
    lif = LIF(tau_mem=0.014)
    recurrent = FixedProbability(p=0.3, weight=Normal(), self=False)
    network = NetworkSpec(0.001, (Population("a", 20, lif),), (Projection("a", "a", recurrent, delay=0.001),))
    program = build(network)
    index = searched(program, biases=False)
    assert index.size == np.count_nonzero(program.param("a->a.weights")) < 200
    whole = build(replace(network, projections=(Projection("a", "a", AllToAll(weight=0.0), delay=0.001),)))
    assert searched(whole, biases=False).size == 400


def test_a_rollout_equals_single_environments_with_controllers() -> None:
    """The batch that trains does what gymnasium and `Controller` do, tick by tick."""
    from neurobot.envs import make_vec

    program = cartpole_program(code=Poisson())
    vec = make_vec("CartPole-v1", 3, autoreset_mode="Disabled")
    episodes = Rollout(program, vec).run([5, 6, 7], np.zeros(4), episode_seed=11)
    single = []
    for seed in (5, 6, 7):
        env, controller = gymnasium.make("CartPole-v1"), Controller(program)
        observation, _ = env.reset(seed=seed)
        controller._core._instance = seed - 5  # the batch's instance i
        controller.reset(11)
        total, done = 0.0, False
        while not done:
            observation, reward, terminated, truncated, _ = env.step(controller.step(observation))
            total, done = total + float(reward), terminated or truncated
        single.append(total)
    assert episodes.returns.tolist() == single
    assert episodes.count == sum(single)


def test_sums_over_observations_give_their_mean_and_variance() -> None:
    x = np.random.default_rng(0).normal(5.0, 2.0, (1000, 3)) * np.array([1.0, 10.0, 1e-3])
    running = RunningNormalizer.empty(3)
    for part in np.array_split(x, 7):
        shifted = part - running.mean
        running.merge(len(part), shifted.sum(0), (shifted**2).sum(0))
    np.testing.assert_allclose(running.mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(running.m2 / running.count, x.var(0), rtol=1e-10)


def test_cartpole_is_learnt_in_seconds(tmp_path: Path) -> None:
    settings = Evolve(pairs=16, generations=50, learning_rate=0.05, evaluate_every=10, threads=1)
    trained = evolve(cartpole_program(), "CartPole-v1", settings, tmp_path, seed=3)
    controller, returns = Controller(trained), []
    for seed in range(10):
        env = gymnasium.make("CartPole-v1")
        observation, _ = env.reset(seed=seed)
        controller.reset(seed)
        total, done = 0.0, False
        while not done:
            observation, reward, terminated, truncated, _ = env.step(controller.step(observation))
            total, done = total + float(reward), terminated or truncated
        returns.append(total)
    assert np.mean(returns) >= 450, returns


def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    whole = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "whole", seed=1)
    evolve(cartpole_program(), "CartPole-v1", short(generations=3), tmp_path / "parts", seed=1)
    parts = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "parts", seed=1, resume=True)
    assert np.array_equal(whole.params, parts.params)
    assert numbers(tmp_path / "whole") == numbers(tmp_path / "parts")


def test_an_interrupted_run_is_saved_between_generations_and_resumes_bit_for_bit(tmp_path: Path) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.rounds == 2:
            raise KeyboardInterrupt

    whole = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "whole", seed=1)
    with pytest.raises(KeyboardInterrupt):
        evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "parts", seed=1, report=interrupt)
    parts = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "parts", seed=1, resume=True)
    assert np.array_equal(whole.params, parts.params)


@pytest.mark.parametrize(("cls", "method"), [(Rollout, "run"), (RunningNormalizer, "merge")])
def test_an_interrupt_within_a_generation_loses_that_generation_only(tmp_path: Path, monkeypatch, cls, method) -> None:
    whole = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "whole", seed=1)
    calls, real = [], getattr(cls, method)

    def interrupted(self, *args):
        given = real(self, *args)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return given

    with monkeypatch.context() as patch:
        patch.setattr(cls, method, interrupted)
        with pytest.raises(KeyboardInterrupt):
            evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "parts", seed=1)
    parts = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path / "parts", seed=1, resume=True)
    assert np.array_equal(whole.params, parts.params)


def test_resuming_what_is_finished_changes_nothing(tmp_path: Path) -> None:
    whole = evolve(cartpole_program(), "CartPole-v1", short(evaluate_every=4), tmp_path, seed=1)
    before = numbers(tmp_path)
    assert [e["round"] for e in before if e["event"] == "evaluation"] == [4, 6]
    again = evolve(cartpole_program(), "CartPole-v1", short(evaluate_every=4), tmp_path, seed=1, resume=True)
    assert np.array_equal(whole.params, again.params)
    assert numbers(tmp_path) == before


def test_threads_do_not_change_the_result(tmp_path: Path) -> None:
    one = evolve(cartpole_program(), "CartPole-v1", short(threads=1), tmp_path / "1", seed=1)
    two = evolve(cartpole_program(), "CartPole-v1", short(threads=2), tmp_path / "2", seed=1)
    assert np.array_equal(one.params, two.params)


def test_the_normaliser_is_frozen_into_the_program(tmp_path: Path) -> None:
    trained = evolve(cartpole_program(), "CartPole-v1", short(), tmp_path, seed=1)
    assert not np.array_equal(trained.param("encoder.scale"), cartpole_program().param("encoder.scale"))
    assert (trained.param("encoder.scale") > 0).all()
    assert trained.provenance["env"] == "CartPole-v1"
    loaded = Program.load(tmp_path / "program.safetensors")
    assert np.array_equal(loaded.params, trained.params)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sigma": 0.0}, "sigma is 0"),
        ({"pairs": 0}, "pairs is 0"),
        ({"top": 9}, "top is 9, at most pairs"),
        ({"algorithm": "cma"}, "algorithm is 'cma'"),
        ({"generations": None}, "give generations or core_minutes"),
        ({"horizon": 0}, "horizon is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        short(**change)


def test_an_unknown_task_is_refused_with_near_matches(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match="CartPole-v1"):
        evolve(cartpole_program(), "CartPole-v2", short(), tmp_path)


def test_a_control_period_that_differs_is_refused_with_both_numbers(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match=r"every 0\.05 s .*environment every 0\.02 s"):
        evolve(cartpole_program(dt=0.01), "CartPole-v1", short(), tmp_path)


def test_resuming_nothing_or_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no checkpoint"):
        evolve(cartpole_program(), "CartPole-v1", short(), tmp_path, resume=True)
    evolve(cartpole_program(), "CartPole-v1", short(), tmp_path, seed=1)
    with pytest.raises(TrainingError, match=r"train\.sigma: 0\.1 against 0\.3"):
        evolve(cartpole_program(), "CartPole-v1", short(sigma=0.3), tmp_path, seed=1, resume=True)
    with pytest.raises(TrainingError, match="run: seed: 1 against 2"):
        evolve(cartpole_program(), "CartPole-v1", short(), tmp_path, seed=2, resume=True)


def test_resuming_with_another_controller_is_refused(tmp_path: Path) -> None:
    evolve(cartpole_program(), "CartPole-v1", short(), tmp_path, seed=1)
    with pytest.raises(TrainingError, match=r"controller\.encoder\.code\.type: 'Regular' against 'Poisson'"):
        evolve(cartpole_program(code=Poisson()), "CartPole-v1", short(), tmp_path, seed=1, resume=True)
    with pytest.raises(TrainingError, match="program_seed: 0 against 5"):
        evolve(cartpole_program(seed=5), "CartPole-v1", short(), tmp_path, seed=1, resume=True)


def numbers(folder: Path) -> list[dict[str, object]]:
    """The events of a run without what depends on the clock."""
    lines = (folder / "events.jsonl").read_text().splitlines()
    events = [{k: v for k, v in json.loads(line).items() if k != "core_seconds"} for line in lines]
    return [e for e in events if e["event"] in ("round", "evaluation")]


def test_a_program_without_weights_cannot_be_searched() -> None:
    network = NetworkSpec(0.001, (Population("a", 2, LIF(tau_mem=0.014)),))
    with pytest.raises(TrainingError, match="no weights to search; give the network a projection"):
        searched(build(network), biases=False)


def test_episodes_are_short_at_first_and_grow_to_the_task_s_own_length(tmp_path: Path) -> None:
    settings = short(horizon=3, generations=4, evaluate_every=4)
    evolve(cartpole_program(), "CartPole-v1", settings, tmp_path, seed=1)
    lengths = [e["length_mean"] for e in numbers(tmp_path) if e["event"] == "round"]
    assert lengths[0] == 3
    assert all(length > 3 for length in lengths[1:])


def test_weights_that_could_learn_are_searched_as_others_are(tmp_path: Path) -> None:
    """Learning is off in training, so a rule makes no difference to what is found."""
    plain = cartpole_program()
    network = plain.network
    rule = RewardSTDP(w_min=-50.0, w_max=50.0)
    able = build(
        replace(
            plain.spec,
            network=replace(network, projections=tuple(replace(q, rule=rule) for q in network.projections)),
        ),
        plain.seed,
    )
    found = [
        evolve(program, "CartPole-v1", short(generations=3), tmp_path / name)
        for name, program in (("plain", plain), ("able", able))
    ]
    for q in network.projections:
        assert not np.array_equal(found[0].weights(q.name), plain.weights(q.name))
        np.testing.assert_array_equal(found[0].weights(q.name), found[1].weights(q.name))
