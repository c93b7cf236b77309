"""check_core finds nothing in this project's cores, and in each broken one the sentence that it breaks."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from neurobot.core import HostCore
from neurobot.errors import ConformanceError, SpecError
from neurobot.testing import check_core
from neurobot.testing.core import CASES, CORE
from neurobot.testing.learning import LEARNING
from neurobot.testing.programs import observations
from tests.testing import core_mutants as mutants
from tests.testing.core_changes import CHANGES, IN_FLIGHT, keeping, learning_by, populations, running

SENTENCES = [sentence.text for sentence in (*CORE, *LEARNING)]
ALONE = {
    "returns a Core": (lambda program, **options: None, mutants.OtherAction, mutants.OtherProgram),
    "core.ints is": (mutants.CopiedInts,),
    "Until the first tick": (mutants.StartsAtZero,),
    "WinnerTakeAll": (mutants.LastOfEquals, mutants.NoRestChoice),
    "Chance": (mutants.HalfASeed,),
    "carry = 0": tuple(map(keeping, IN_FLIGHT)),
    "Without a seed": (mutants.SeedZero,),
    "reset(seed)": (mutants.WarmReset,),
    "reset(None)": (mutants.OneEpisode,),
    "After restore": (mutants.NoActionRestored, mutants.PhaseNotRestored),
    "A snapshot of another shape": (mutants.TakesAnySnapshot, mutants.RefusesTooLate),
    "An observation": (mutants.TakesNaN, mutants.RefusesAfterTheTick, mutants.SilentlyRefuses),
    "A reward": (mutants.NoReward, mutants.LateReward),
    "Without learn": (mutants.AlwaysLearns,),
    "survives a reset": (mutants.Forgets,),
}
"""By words of a sentence: cores that break it and no other."""
AMONG_OTHERS = {
    "The same seed": (mutants.Unlike,),
    "A snapshot is a copy": (mutants.LiveSnapshot,),
    "With learn=True": (learning_by(A_plus=0.07), learning_by(A_minus=0.03), learning_by(tau_plus=15e-3)),
    "to_program": (mutants.GivesBackItsProgram,),
}
"""By words of a sentence: cores that break it, and with it others that follow from it."""


def sentence_of(words):
    (sentence,) = (s for s in SENTENCES if words in s)
    return sentence


def broken(make_core, **options):
    with pytest.raises(ConformanceError) as caught:
        check_core(make_core, **options)
    return list(caught.value.broken)


def pairs(table):
    return [
        pytest.param(words, make, id=f"{words} {k}") for words, makes in table.items() for k, make in enumerate(makes)
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_host_cores_conform(dtype):
    check_core(partial(HostCore, dtype=dtype))
    check_core(partial(HostCore, dtype=dtype), exact=True, reference=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_instance_of_a_batch_conforms(dtype):
    check_core(partial(mutants.Instance, dtype=dtype), exact=True, reference=dtype, instance=1)


def test_a_core_that_only_passes_calls_on_conforms():
    check_core(mutants.Wrapped, exact=True)


@pytest.mark.parametrize(("words", "make"), pairs(ALONE))
def test_a_core_that_breaks_one_sentence_is_told_so(words, make):
    assert broken(make) == [sentence_of(words)]


@pytest.mark.parametrize(("words", "make"), pairs(AMONG_OTHERS))
def test_a_core_that_breaks_a_sentence_is_told_so(words, make):
    assert sentence_of(words) in broken(make)


@pytest.mark.parametrize(("name", "change"), pairs(CHANGES))
def test_a_core_with_other_semantics_is_told_which(name, change):
    assert CASES[name].sentence in broken(running(change))


def test_every_sentence_has_a_core_that_breaks_it():
    covered = {sentence_of(words) for words in (*ALONE, *AMONG_OTHERS)} | {CASES[name].sentence for name in CHANGES}
    assert set(SENTENCES) == covered
    assert len(set(SENTENCES)) == len(SENTENCES)


@pytest.mark.parametrize(("factor", "but"), [(1 - 1e-4, ["threshold"]), (1 + 1e-4, [])])
def test_spikes_hang_on_no_threshold_but_where_that_is_the_question(factor, but):
    def change(p):
        given = getattr(p.model, "v_threshold", None)
        return p if given is None else replace(p, model=replace(p.model, v_threshold=given * factor))

    try:
        check_core(running(populations(change)))
        found = []
    except ConformanceError as error:
        found = list(error.broken)
    assert found == [CASES[name].sentence for name in but]


def test_float32_is_not_float64_bit_for_bit():
    assert CASES["li"].sentence in broken(HostCore, exact=True)


def test_the_tolerance_is_the_callers():
    assert CASES["li"].sentence in broken(HostCore, tolerance=1e-12)
    check_core(running(CHANGES["li"][0]), tolerance=0.2)


def test_another_instance_has_other_chance():
    assert CASES["poisson"].sentence in broken(HostCore, instance=1)


def without_learning(program, **options):
    """A core that has no learning, and says so."""
    if program.plastic:
        raise SpecError("core", ["it has no learning"])
    return HostCore(program, **options)


def test_cores_without_learning_can_be_checked_as_such():
    check_core(without_learning, learn=False)
    assert broken(without_learning) == [sentence.text for sentence in LEARNING]


def test_the_error_says_what_must_hold_what_was_seen_and_where():
    with pytest.raises(ConformanceError) as caught:
        check_core(running(CHANGES["li"][0]))
    assert str(caught.value) == (
        "the core breaks a sentence of its contract. What has to hold, and what was seen:\n"
        f"  - {CASES['li'].sentence}: entry 0 of the action is 0.293540659, HostCore's (float64) is 0.275701391; "
        "0.0001 is allowed (program 'li', seed 3, tick 0)"
    )
    assert isinstance(caught.value, AssertionError)


def test_what_a_core_raises_is_what_was_seen():
    with pytest.raises(ConformanceError) as caught:
        check_core(without_learning)
    assert str(caught.value).startswith(f"the core breaks {len(LEARNING)} sentences of its contract.")
    assert set(caught.value.broken.values()) == {"it raised SpecError: core: it has no learning"}
    assert isinstance(caught.value.__cause__, SpecError)


def test_a_status_that_is_not_ok_is_told_with_its_tick():
    class Refuses(mutants.Wrapped):
        def tick(self, observation, reward=0.0):
            return 1 if np.array_equal(observation, observations()[2]) else super().tick(observation, reward)

    with pytest.raises(ConformanceError) as caught:
        check_core(Refuses)
    assert "tick 2 returns the status 1, HostCore's 0 (program 'lif', seed 3)" in str(caught.value)
