"""Classification: what is told apart within seconds, how well after each step, and that going on changes no bit."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import gymnasium
import numpy as np
import pytest
from train_programs import cartpole_program
from train_walk import events, interrupt_at

from neurobot.config import EnvConfig, load_experiment
from neurobot.controller import Controller
from neurobot.envs import make
from neurobot.errors import EnvError, SpecError, TrainingError
from neurobot.loop import Loop, SimClock
from neurobot.program import Program, build
from neurobot.spec import LI, Highest, Limits, Rate, WinnerTakeAll
from neurobot.train.classification.run import confusion, look
from neurobot.train.classification.settings import Classify
from neurobot.train.method import Job
from neurobot.train.runs.drive import train
from neurobot.train.supervised.heads import Choosing
from neurobot.train.supervised.settings import Learning

DIGITS, SHAPES = EnvConfig(id="neurobot/Digits-v0"), EnvConfig(id="neurobot/Shapes-v0")


def untrained(launch: str, decoder: type = WinnerTakeAll) -> Program:
    """The program that a launch file describes; with Highest its last neurons only add up, and do not spike."""
    experiment = load_experiment(launch)
    env = make(experiment.env.id)
    spec = experiment.controller_spec(env.observation_space, env.action_space)
    if decoder is Highest:
        *others, last = spec.network.populations
        adding = replace(last, model=LI(tau_mem=last.model.tau_mem, input="jump"))
        network = replace(spec.network, populations=(*others, adding))
        spec = replace(spec, network=network, decoder=Highest(population="output", size=spec.decoder.size))
    return build(spec, 0)


def classified(folder, launch, settings, decoder=WinnerTakeAll, resume=False, report=None):
    """Train."""
    job = Job(program=untrained(launch, decoder), env=load_experiment(launch).env, seed=2)
    return train(job, settings, folder, resume=resume, report=report)


@pytest.mark.parametrize("decoder", [WinnerTakeAll, Highest])
def test_digits_are_told_and_the_loop_finds_the_same_accuracy_on_pictures_of_the_test_set(tmp_path, decoder):
    settings = Classify(iterations=2, examples=1500, tests=400, learning=Learning(steps=100, rate=3e-3), threads=1)
    program = classified(tmp_path, "digits", settings, decoder)
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["accuracy"] > 0.9 and program.provenance["validation_accuracy"] == found["accuracy"]
    assert found["accuracy_by_step"][-1] == found["accuracy"] and len(found["accuracy_by_step"]) == 8
    assert found["accuracy_by_step"][0] < found["accuracy"]
    matrix = np.array(found["confusion"])
    assert matrix.sum() == 400 and np.trace(matrix) / 400 == pytest.approx(found["accuracy"])
    env = gymnasium.make("neurobot/Digits-v0")
    assert Loop(Controller(program), env, clock=SimClock()).run(200, seed=0).return_mean > 0.88


@pytest.mark.parametrize("decoder", [WinnerTakeAll, Highest])
def test_what_is_evaluated_is_what_the_deployed_program_answers(tmp_path, decoder):
    """In episodes of several ticks too, whose state carries over."""
    settings = Classify(
        iterations=1, examples=100, tests=30, learning=Learning(steps=20, batch=16, window=20, lead=0, rate=3e-3),
        threads=1,
    )  # fmt: skip
    program = classified(tmp_path, "shapes", settings, decoder)
    found = json.loads((tmp_path / "results.json").read_text())
    assert len(found["accuracy_by_step"]) == 80
    env = gymnasium.make("neurobot/Shapes-v0")
    summary = Loop(Controller(program), env, clock=SimClock()).run(30, seed=1 << 40)
    assert summary.return_mean == pytest.approx(found["accuracy"], abs=1e-12)


@dataclass(frozen=True)
class Given:
    """A run that has happened: as much of a `Trace` as is scored."""

    values: np.ndarray
    ticks: int

    @property
    def batch(self) -> int:
        return self.values.shape[1]

    @property
    def steps(self) -> int:
        return self.values.shape[0]

    def spikes(self, population: str) -> np.ndarray:
        return self.values

    v = spikes


@pytest.mark.parametrize("decoder", [WinnerTakeAll, Highest])
def test_the_seeds_of_a_choice_are_the_slopes_of_its_loss(decoder):
    program, rng = untrained("digits", decoder), np.random.default_rng(0)
    head, size = Choosing(program), (2 * program.substeps, 3, 20)
    values, labels, counted = rng.standard_normal(size), rng.integers(0, 10, (2, 3)), np.ones((2, 3), bool)
    counted[0, 1] = False

    def loss(x: np.ndarray) -> float:
        return head.loss(Given(x, 2), labels, counted)[0]

    seeds = head.loss(Given(values, 2), labels, counted)[1]
    (slopes,) = (seeds.spikes if decoder is WinnerTakeAll else seeds.v).values()
    for at in zip(*(rng.integers(0, n, 40) for n in size), strict=True):
        nudge = np.zeros(size)
        nudge[at] = 1e-2
        assert slopes[at] == pytest.approx((loss(values + nudge) - loss(values - nudge)) / 2e-2, abs=2e-4)
    assert not slopes[: program.substeps, 1].any()
    moved = slopes.any(axis=(1, 2))
    assert moved[program.substeps - 1] and moved.all() == (decoder is WinnerTakeAll)


def test_a_resumed_classification_equals_an_uninterrupted_one(tmp_path):
    settings = Classify(
        iterations=4, examples=200, tests=50, learning=Learning(steps=5), evaluate_every=3, threads=1
    )  # fmt: skip
    whole = classified(tmp_path / "whole", "digits", settings)
    with pytest.raises(KeyboardInterrupt):
        classified(tmp_path / "parts", "digits", settings, report=interrupt_at(2))
    parts = classified(tmp_path / "parts", "digits", settings, resume=True)
    assert np.array_equal(whole.params, parts.params)
    assert events(tmp_path / "whole", "round", "evaluation") == events(tmp_path / "parts", "round", "evaluation")
    assert len(events(tmp_path / "whole", "evaluation")) == 2
    assert json.loads((tmp_path / "whole" / "results.json").read_text()) == json.loads(
        (tmp_path / "parts" / "results.json").read_text()
    )


def test_examples_are_those_of_the_environment_and_of_the_split():
    for split in ("train", "validation", "test"):
        env = make("neurobot/Digits-v0", split=split)
        found = look(replace(DIGITS, settings={"split": split}), 40, 7, 1)
        for k in range(7):
            observation, info = env.reset(seed=40 + k)
            np.testing.assert_array_equal(found.observations[k], observation)
            assert found.labels[k] == info["label"]
    found = look(SHAPES, 40, 3, 1)
    assert found.observations.shape == (60, 128) and found.lengths.tolist() == [20, 20, 20]
    observation, info = make("neurobot/Shapes-v0").reset(seed=42)
    np.testing.assert_array_equal(found.observations[40], observation.astype(np.float32))
    assert (found.labels[40:] == info["label"]).all()


def test_the_confusion_matrix_has_labels_in_rows():
    found = confusion(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 1]), 3)
    np.testing.assert_array_equal(found, [[1, 0, 1], [0, 1, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"iterations": 0}, "iterations is 0"),
        ({"iterations": 1, "examples": 0}, "examples is 0"),
        ({"iterations": 1, "tests": 0}, "tests is 0"),
        ({"iterations": 1, "threads": -1}, "threads is -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(SpecError, match=message):
        Classify(**settings)


def test_what_cannot_be_classified_is_refused_before_a_folder_is_made(tmp_path):
    folder, settings = tmp_path / "run", Classify(iterations=1)

    def attempt(program, env):
        train(Job(program=program, env=env, seed=0), settings, folder)

    with pytest.raises(TrainingError, match="CartPole-v1 says no `label` in its info"):
        attempt(cartpole_program(), EnvConfig(id="CartPole-v1"))
    with pytest.raises(EnvError, match="the controller acts every"):
        attempt(cartpole_program(), DIGITS)
    program = untrained("digits")
    numbers = build(
        replace(program.spec, decoder=Rate(population="output", size=10, limits=Limits(low=-1.0, high=1.0))), 0
    )
    with pytest.raises(TrainingError, match="the decoder gives numbers, not a choice; use WinnerTakeAll or Highest"):
        attempt(numbers, DIGITS)
    assert not folder.exists()
