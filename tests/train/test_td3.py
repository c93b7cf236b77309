"""TD3 with a spiking actor: what it learns from, that it learns, and that it goes on where it stopped."""

from dataclasses import replace

import numpy as np
import pytest
from td3_cases import SHORT, actor, learn, learning

from neurobot.core import BatchCore
from neurobot.errors import TrainingError
from neurobot.train.runs.checkpoint import checkpoints, load
from neurobot.train.runs.log import Log, read_events
from tests.twins import critics as twin

OTHER = {"quantiles": 3, "dropped": 2, "layer_norm": True, "target_actor": True}


@pytest.fixture(params=[{}, OTHER], ids=["td3", "quantiles and a target actor"])
def begun(request):
    """A run after two rounds: 80 steps, of which the second half was learned from."""
    run = learning(**request.param)
    run.step()
    run.step()
    yield run
    run.close()


def test_a_round_is_a_step_of_every_environment_and_as_many_updates_again_and_again():
    run = learning()
    first, second = run.step(), run.step()
    run.close()
    assert (first.steps, second.steps) == (40, 80)
    assert np.isnan(first.numbers["loss"])  # random actions, nothing is learned yet
    assert (run._adam.steps, run._actor.adam.steps) == (40, 20)
    assert second.evaluation is not None and first.evaluation is None


def test_the_last_round_ends_with_the_budget():
    run = learning(steps=50)
    assert [run.step().steps, run.step().steps] == [40, 52]  # four environments step together
    assert run.share() == 1.0
    run.close()


def test_actions_of_a_batch_are_those_of_the_program_on_its_core(begun):
    observations = begun._batch.raw_now
    params = begun._actor.params(begun._normalizer)  # of the target actor, if there is one
    core = BatchCore(begun._job.program.with_params(params), len(observations))
    expected = core.tick(observations) / 3.0  # InvertedPendulum's force is within +-3
    found = begun._actor.forward(observations)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_targets_are_those_of_bellman(begun):
    begun._settings = replace(begun._settings, smoothing=0.0)
    rng = np.random.default_rng(0)
    batch = begun._replay.draw(np.arange(32), begun._mean, begun._share, begun._settings.observation_clip, begun._batch)
    found = begun._wanted(batch, rng).copy()
    actions = begun._actor.forward(batch.raw_later)
    entering = np.concatenate([batch.later[:, :4], actions], axis=1)
    critics, dropped = begun._targets, begun._settings.dropped
    said = twin.critics(critics.values, critics.sizes, 2, entering, critics.norm)
    assert 0 < (batch.alive == 0).sum() < 32
    expected = twin.wanted(batch.reward, batch.alive == 0, said, 0.99, dropped)
    np.testing.assert_allclose(np.sort(found, axis=1), expected, atol=1e-5)


def test_noise_on_the_actions_of_targets_is_bounded(begun):
    begun._settings = replace(begun._settings, smoothing=100.0, smoothing_clip=0.25)
    batch = begun._replay.draw(np.arange(32), begun._mean, begun._share, 10.0, begun._batch)
    begun._wanted(batch, np.random.default_rng(0))
    away = batch.later[:, 4:] - begun._actor.forward(batch.raw_later)
    assert np.abs(away).max() <= 0.25 + 1e-6
    assert np.median(np.abs(away)) > 0.2


def test_targets_follow_the_critics(begun):
    begun._settings = replace(begun._settings, tau=0.25, policy_delay=2)
    before = begun._targets.values.copy()
    tally = _tally(begun)
    begun._learn(np.random.default_rng(0), tally)
    expected = before + (1 - 0.75**2) * (begun._critics.values - before)
    np.testing.assert_allclose(begun._targets.values, expected, atol=1e-7)


def test_a_target_actor_follows_the_one_that_learns_and_is_what_is_kept(begun):
    begun._settings = replace(begun._settings, tau=0.25, policy_delay=2)
    actor, norm = begun._actor, begun._normalizer
    before = {name: value.copy() for name, value in actor.slow.values.items()}
    begun._learn(np.random.default_rng(0), _tally(begun))
    for name, value in actor.slow.values.items():
        expected = before[name] + (1 - 0.75**2) * (actor.stack.values[name] - before[name])
        np.testing.assert_allclose(value, expected if begun._settings.target_actor else actor.stack.values[name])
    differs = (actor.params(norm) != actor.params(norm, actor.stack)).any()
    assert differs == begun._settings.target_actor
    begun.best = float("nan")  # whatever was better before
    begun._evaluate()
    np.testing.assert_array_equal(begun.program().params, actor.params(norm))


def test_what_is_told_of_a_round_are_means_over_its_updates(begun, monkeypatch):
    monkeypatch.setattr(begun._actor, "climb", lambda *_: 7.0)
    numbers = begun.step().numbers
    assert (numbers["worth"], begun._adam.steps) == (7.0, 80)
    assert 0 < numbers["loss"] < 10


def test_a_step_of_the_actor_makes_its_actions_worth_more(begun):
    batch = begun._replay.draw(np.arange(32), begun._mean, begun._share, 10.0, begun._batch)
    x = batch.now
    begun._actor.adam.rate = 3e-3
    worths = [begun._actor.climb(batch.raw_now, lambda actions: begun._worth(x, actions)) for _ in range(60)]
    assert worths[-1] > worths[0] + 5e-3


def test_time_limits_are_no_ends_and_falls_are(tmp_path):
    run = learning("Pendulum-v1", round_ticks=205, start_steps=10_000, steps=820, num_envs=2)
    run.step()
    assert (run._replay.table[:410, -1] == 1).all()  # 200 steps, then the clock
    run.close()
    run = learning(round_ticks=40, start_steps=10_000)
    run.step()
    alive, observations = run._replay.table[:160, -1], run._replay.table[:160, 4:8]
    run.close()
    fallen = np.abs(observations[:, 1]) > 0.2  # the pole's angle [rad]
    assert fallen.any()
    np.testing.assert_array_equal(alive == 0, fallen)


def test_the_normaliser_is_frozen_after_its_steps():
    run = learning(normalize_until=60)
    run.step()
    run.step()
    count, mean = run._normalizer.count, run._normalizer.mean.copy()
    run.step()
    run.close()
    assert count == 60
    np.testing.assert_array_equal(run._normalizer.mean, mean)
    np.testing.assert_allclose(run._replay.table[:60, :4].mean(axis=0), mean, atol=1e-6)
    np.testing.assert_allclose(run.program().param("encoder.center"), mean)


def test_a_normaliser_that_is_never_frozen_sees_every_step():
    run = learning(normalize_until=None)
    for _ in range(3):
        run.step()
    run.close()
    assert run._normalizer.count == 120


def test_a_cost_of_firing_leaves_fewer_spikes():
    spikes = {}
    for cost in (0.0, 50.0):
        run = learning("Pendulum-v1", steps=None, core_minutes=100.0, actor_rate=3e-3, round_ticks=50, rate_cost=cost)
        for _ in range(3):
            report = run.step()
        run.close()
        spikes[cost] = report.numbers["spikes_per_tick"]
    assert spikes[50.0] < 0.7 * spikes[0.0]


def test_pendulum_is_learned_in_seconds(tmp_path):
    settings = replace(
        SHORT, steps=5600, round_ticks=200, start_steps=800, batch=64, hidden=(64, 64), actor_rate=1e-3,
        critic_rate=1e-3, evaluate_every=1, episodes=5, normalize_until=None,
    )  # fmt: skip
    learn(tmp_path, settings, "Pendulum-v1", neurons=32)
    returns = [e["return_mean"] for e in read_events(tmp_path / "events.jsonl") if e["event"] == "evaluation"]
    assert returns[0] < -1000  # hanging down
    assert max(returns) > -500  # -150 is about the best there is


@pytest.mark.parametrize("changes", [{}, OTHER], ids=["td3", "quantiles and a target actor"])
def test_a_run_that_was_resumed_equals_one_that_was_not(tmp_path, changes):
    settings = replace(SHORT, **changes)
    whole = learn(tmp_path / "whole", settings)
    learn(tmp_path / "parts", replace(settings, steps=80))
    parts = learn(tmp_path / "parts", settings, resume=True)
    np.testing.assert_array_equal(whole.params, parts.params)
    one, other = (load(checkpoints(tmp_path / name)[0]).state for name in ("whole", "parts"))
    assert one.data == other.data
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], err_msg=name)
    rounds = [
        [e for e in read_events(tmp_path / name / "events.jsonl") if e["event"] == "round"]
        for name in ("whole", "parts")
    ]
    assert [e["loss"] for e in rounds[0]] == [e["loss"] for e in rounds[1]]


def test_a_full_memory_is_resumed_too(tmp_path):
    settings = replace(SHORT, replay=50)
    whole = learn(tmp_path / "whole", settings)
    learn(tmp_path / "parts", replace(settings, steps=80))
    parts = learn(tmp_path / "parts", settings, resume=True)
    np.testing.assert_array_equal(whole.params, parts.params)
    assert load(checkpoints(tmp_path / "whole")[0]).state.arrays["replay"].shape == (50, 11)


def test_a_budget_that_was_used_up_can_be_raised(tmp_path):
    learn(tmp_path, replace(SHORT, steps=50))
    learn(tmp_path, resume=True)
    assert read_events(tmp_path / "events.jsonl")[-1]["steps"] == 160


def test_the_program_that_is_kept_is_that_of_the_best_evaluation(tmp_path):
    kept = learn(tmp_path, log=Log(keep=10))
    evaluations = {
        e["round"]: e["return_mean"] for e in read_events(tmp_path / "events.jsonl") if e["event"] == "evaluation"
    }
    best = max(evaluations, key=evaluations.get)
    path = next(p for p in checkpoints(tmp_path) if p.stem.endswith(f"{best:06d}"))
    np.testing.assert_array_equal(kept.params, load(path).state.arrays["best_params"])
    assert kept.provenance["validation_return"] == evaluations[best]


def test_a_critic_that_overflows_ends_the_training_with_the_reason(begun):
    begun._critics.values[:] = 1e30
    with pytest.raises(TrainingError, match="the gradient of 'critics' is not finite"), np.errstate(all="ignore"):
        begun._learn(np.random.default_rng(0), _tally(begun))


def test_the_same_seed_begins_with_the_same_critics_and_another_one_does_not():
    one, same = learning(), learning()
    np.testing.assert_array_equal(one._critics.values, same._critics.values)
    np.testing.assert_array_equal(one._critics.values, one._targets.values)
    assert actor("InvertedPendulum-v5", seed=1).params.tolist() != actor("InvertedPendulum-v5").params.tolist()
    one.close()
    same.close()


def _tally(run):
    from neurobot.train.td3.run import _Tally

    return _Tally([], np.zeros(run._settings.num_envs))
