"""check_env finds nothing in this project's environments, and in each broken one the sentence that it breaks."""

import warnings
from functools import partial

import gymnasium
import pytest

from neurobot.envs import Perturbation, PerturbedEnv, make, vector_ids
from neurobot.errors import ConformanceError
from neurobot.testing import check_env
from neurobot.testing.env import AFTER_THE_END, ENV
from tests.testing import env_mutants as mutants

SENTENCES = [sentence.text for sentence in (*ENV, AFTER_THE_END)]
ALONE = {
    "of a flat Box": (mutants.NestedObservations, mutants.CountsFromOne, mutants.TwoRowsOfActions),
    "gymnasium's own": (mutants.NoOptions,),
    "An observation is": (
        mutants.NaNObservation,
        mutants.FarObservation,
        mutants.WideObservation,
        mutants.LongObservation,
        mutants.ListObservation,
    ),
    "A reward": (mutants.NaNReward, mutants.ArrayReward, mutants.NoReward),
    "are bools": (mutants.Flag, mutants.OtherFlag),
    "share state": (mutants.SharedBuffer,),
    "The control period": (mutants.NegativePeriod, mutants.PeriodInWords),
    "after the end": (mutants.GoesOn,),
    "not finite": (mutants.SilentNaN, mutants.RemembersNaN, mutants.GoesOnAfterNaN, mutants.TakesAnyChoice),
    "close": (mutants.ClosesOnce,),
}
"""By words of a sentence: environments that break it and no other."""
AMONG_OTHERS = {
    "gymnasium's own": (mutants.UnseededReset,),
    "reset(seed)": (mutants.WarmStart, mutants.Unrepeatable),
}
"""By words of a sentence: environments that break it, and with it others that follow from it."""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    """MuJoCo writes a log file into the working directory when a model breaks."""
    monkeypatch.chdir(tmp_path)


def sentence_of(words):
    (sentence,) = (s for s in SENTENCES if words in s)
    return sentence


def broken(make_env, **options):
    with pytest.raises(ConformanceError) as caught:
        check_env(make_env, **options)
    return caught.value.broken


def pairs(table):
    return [pytest.param(words, make, id=make.__name__) for words, makes in table.items() for make in makes]


@pytest.mark.parametrize("env_id", vector_ids())
def test_this_projects_tasks_conform(env_id):
    check_env(partial(make, env_id), steps=30)


def test_a_perturbed_environment_conforms():
    late = [Perturbation(kind="latency", periods=2), Perturbation(kind="loss", probability=0.5)]
    check_env(lambda: PerturbedEnv(make("Pendulum-v1"), late))


@pytest.mark.parametrize("make_env", [mutants.Good, mutants.Choice, mutants.NoPeriod, mutants.EndsByNaN])
def test_environments_that_keep_the_contract_conform(make_env):
    check_env(make_env)


def test_gymnasiums_cartpole_conforms_but_that_it_goes_on_after_an_end():
    cartpole = partial(gymnasium.make, "CartPole-v1")
    check_env(cartpole, raises_after_end=False)
    assert set(broken(cartpole)) == {sentence_of("after the end")}


def test_gymnasiums_pendulum_turns_a_nan_action_into_nan_observations():
    seen = broken(partial(gymnasium.make, "Pendulum-v1"), raises_after_end=False)
    assert set(seen) == {sentence_of("not finite")}
    assert "step([nan]) returned observation [nan, nan, nan]" in seen[sentence_of("not finite")]


@pytest.mark.parametrize(("words", "make_env"), pairs(ALONE))
def test_an_environment_that_breaks_one_sentence_is_told_so(words, make_env):
    assert list(broken(make_env)) == [sentence_of(words)]


@pytest.mark.parametrize(("words", "make_env"), pairs(AMONG_OTHERS))
def test_an_environment_that_breaks_a_sentence_is_told_so(words, make_env):
    assert sentence_of(words) in broken(make_env)


def test_one_environment_for_all_is_no_two_environments():
    env = mutants.Good()
    assert broken(lambda: env)[sentence_of("share state")] == "make_env returned the same environment twice"


def test_every_sentence_has_an_environment_that_breaks_it():
    assert {sentence_of(words) for words in (*ALONE, *AMONG_OTHERS)} == set(SENTENCES)


@pytest.mark.parametrize(
    ("make_env", "words", "seen"),
    [
        (
            mutants.NaNObservation,
            "An observation is",
            "entry 0 of the observation is nan, it must be from -8 to 8",
        ),
        (
            mutants.WideObservation,
            "An observation is",
            "the observation is (2,) float64, the space (2,) float32",
        ),
        (
            mutants.ListObservation,
            "An observation is",
            "the observation is a list, no array (step 4 after",
        ),
        (mutants.NaNReward, "A reward", "the reward is nan (step 4 after reset(seed=17))"),
        (mutants.Flag, "are bools", "terminated is 0 (step 4 after reset(seed=17))"),
        (mutants.NegativePeriod, "The control period", "dt is -0.05; it must be a number above 0"),
        (mutants.ClosesOnce, "close", "it raised RuntimeError: closed already"),
        (mutants.CountsFromOne, "of a flat Box", "Discrete(3, start=1); its choices must be counted from 0"),
        (mutants.RemembersNaN, "not finite", "after step([nan]) reset(seed=17) does not start afresh: step 0 "),
        (
            mutants.GoesOn,
            "after the end",
            "another step after the end raised nothing (step 29 after",
        ),
    ],
)
def test_the_error_says_what_was_seen_and_where(make_env, words, seen):
    assert seen in broken(make_env)[sentence_of(words)]


def test_what_an_environment_warns_of_is_not_shown():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_env(mutants.Good)
    assert said == []
