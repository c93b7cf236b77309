"""What TD3 refuses, and with which words."""

from dataclasses import replace

import pytest
from td3_cases import SHORT, actor, actor_spec, job
from train_programs import cartpole_program

from neurobot.config import EnvConfig, load_experiment
from neurobot.errors import EnvError, SpecError, TrainingError
from neurobot.program import build
from neurobot.spec import LIF, FilteredRate, Limits, Membrane, NetworkSpec, Population
from neurobot.train.method import Job
from neurobot.train.td3.settings import TD3


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"steps": None}, "give steps or core_minutes, or it would go on for ever"),
        ({"steps": 0}, "steps is 0, it must be at least 1"),
        ({"core_minutes": 0.0}, "core_minutes is 0, it must be greater than 0"),
        ({"num_envs": 3}, "num_envs is 3, it must be a multiple of policy_delay = 2"),
        ({"round_ticks": 0}, "round_ticks is 0, it must be at least 1"),
        ({"start_steps": -1}, "start_steps is -1, it must be at least 0"),
        ({"replay": 2.5}, "replay is 2.5, it must be a whole number"),
        ({"replay": 8}, "replay is 8, it must hold a batch = 16"),
        ({"batch": 0}, "batch is 0, it must be at least 1"),
        ({"actor_rate": 0.0}, "actor_rate is 0, it must be greater than 0"),
        ({"critic_rate": "fast"}, "critic_rate is 'fast', it must be a number"),
        ({"hidden": ()}, "hidden is empty, a critic has one hidden layer or more"),
        ({"hidden": (12, 0)}, "hidden[1] is 0, it must be at least 1"),
        ({"discount": 1.5}, "discount is 1.5, it must be at most 1"),
        ({"tau": -0.1}, "tau is -0.1, it must be at least 0"),
        ({"quantiles": 0}, "quantiles is 0, it must be at least 1"),
        ({"dropped": -1}, "dropped is -1, it must be at least 0"),
        ({"quantiles": 5, "dropped": 10}, "dropped is 10, something must be left of 2 critics x 5 quantiles"),
        ({"policy_delay": 0}, "policy_delay is 0, it must be at least 1"),
        ({"noise": -1.0}, "noise is -1, it must be at least 0"),
        ({"smoothing": float("nan")}, "smoothing is nan, it must be finite"),
        ({"normalize_until": -1}, "normalize_until is -1, it must be at least 0"),
        ({"observation_clip": 0.0}, "observation_clip is 0, it must be greater than 0"),
        ({"surrogate": "atna"}, "surrogate is 'atna'; did you mean 'atan'?"),
        ({"slope": 0.0}, "slope is 0, it must be greater than 0"),
        ({"rate_cost": -1.0}, "rate_cost is -1, it must be at least 0"),
        ({"rate_target": 2.0}, "rate_target is 2, it must be at most 1"),
        ({"train": ()}, "train is empty, name what is trained, e.g. 'weights'"),
        ({"evaluate_every": 0}, "evaluate_every is 0, it must be at least 1"),
        ({"episodes": 0}, "episodes is 0, it must be at least 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, problem):
    with pytest.raises(SpecError) as error:
        replace(SHORT, **changes)
    assert problem in str(error.value)


def test_problems_are_told_all_at_once():
    with pytest.raises(SpecError) as error:
        TD3(batch=0, tau=2.0)
    assert all(word in str(error.value) for word in ("batch", "tau", "steps or core_minutes"))


def refused(program, env_id="InvertedPendulum-v5", settings=SHORT):
    with pytest.raises((TrainingError, SpecError, EnvError)) as error:
        settings.begin(Job(program=program, env=EnvConfig(id=env_id), seed=0))
    return str(error.value)


def test_a_network_alone_is_no_actor():
    program = build(NetworkSpec(0.001, (Population("a", 2, LIF(tau_mem=0.01)),)))
    assert "td3 trains controllers; this is a network alone" in refused(program)


def test_choices_are_not_for_td3():
    told = refused(cartpole_program(), "CartPole-v1")
    assert "td3 needs actions that are numbers; these are choices, for which there is method 'evolve'" in told


def test_what_lasts_from_tick_to_tick_is_refused():
    assert "nothing may last from tick to tick; carry is 1, set carry = 0.0" in refused(
        actor("InvertedPendulum-v5", carry=1.0)
    )
    decoder = Membrane(population="out", gain=0.2, squash="tanh", limits=Limits(slew=20.0))
    told = refused(actor("InvertedPendulum-v5", decoder=decoder))
    assert "with a slew limit an action depends on the one before; leave limits.slew out" in told


def test_a_decoder_without_a_gradient_is_refused():
    spec = actor_spec("InvertedPendulum-v5")
    network = replace(
        spec.network, populations=(*spec.network.populations[:2], replace(spec.network.populations[1], name="out", n=2))
    )
    told = refused(actor("InvertedPendulum-v5", network=network, decoder=FilteredRate(population="out")))
    assert "td3 needs a decoder with a gradient, Rate or Membrane; it is FilteredRate" in told


def test_a_range_that_follows_the_observations_is_not_trained():
    told = refused(actor("InvertedPendulum-v5"), settings=replace(SHORT, train=("weights", "scale", "center")))
    assert "train names center and scale, but the encoder's Normalizer has no mean and std of its own" in told


def test_what_is_to_be_trained_has_to_exist():
    told = refused(actor("InvertedPendulum-v5"), settings=replace(SHORT, train=("weights", "tau_theta")))
    assert "'tau_theta' is to be trained, but no population has it" in told


def test_an_environment_that_does_not_fit_is_refused():
    assert "no batched task has the id 'Pendulun-v1'" in refused(actor("Pendulum-v1"), "Pendulun-v1")
    assert "choose substeps and dt so that substeps x dt = 0.05 s" in refused(
        actor("InvertedPendulum-v5"), "InvertedDoublePendulum-v5"
    )


def test_it_works_on_this_machine_only(tmp_path):
    from neurobot.train.engines.engine import Engine
    from neurobot.train.runs.drive import train

    with pytest.raises(TrainingError, match="method 'td3' works on local only; leave --engine ray out"):
        train(replace(job("InvertedPendulum-v5"), engine=Engine(name="ray")), SHORT, tmp_path)


@pytest.mark.parametrize("name", ["halfcheetah_td3", "walker2d_td3", "hopper_td3", "ant_td3"])
def test_launch_files_make_an_actor_that_fits(name):
    from neurobot.cli.train import starting_point
    from neurobot.train.td3.actor import require_actor

    experiment = load_experiment(name)
    assert isinstance(experiment.train, TD3)
    require_actor(starting_point(experiment), experiment.train)
