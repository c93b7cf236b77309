"""Published results that take seconds; of those that take minutes, a short piece."""

import numpy as np
import pytest

from benchmarks import papers
from benchmarks.__main__ import main
from benchmarks.papers import (
    eprop_evidence,
    eprop_pattern,
    florian_2007,
    izhikevich_2007,
    izhikevich_network,
    song_2000,
    windows,
)
from neurobot.simulation import measure_window
from neurobot.spec import STDP
from tests.golden.ours import recorded


def test_the_window_of_pairs_is_the_equation_of_song_miller_and_abbott():
    found = measure_window(STDP())
    np.testing.assert_allclose(found.change, windows.song(found.apart), atol=1e-15)


@pytest.mark.parametrize(("trains", "weight"), windows.NEST.items())
def test_triplets_are_the_closed_forms_of_nests_test(trains, weight):
    assert windows.triplet(*trains) == pytest.approx(weight, rel=1e-14)


def test_synapses_that_compete_end_at_either_end_as_in_brian2():
    found = song_2000.measure()
    counts, _ = np.histogram(found.weights, 10, (0, 1))
    assert counts[0] > 1.7 * counts[3:7].max() and counts[9] > 1.3 * counts[3:7].max()
    for name in ("low", "high"):
        assert getattr(found, name) == pytest.approx(np.mean(song_2000.BRIAN2[name]), abs=0.04)
    assert found.last == pytest.approx(np.mean(song_2000.BRIAN2["last"]), abs=5.0)
    assert found.rate > found.last


def test_a_synapse_is_as_strong_as_brian2s_before_and_after_dopamine():
    theirs, found = recorded("brian2_izhikevich_2007")["s"], izhikevich_2007.measure()
    np.testing.assert_allclose(found.strength, theirs, rtol=3e-3, atol=1e-7)
    assert not found.strength[found.times < 3.5].any()
    told = izhikevich_2007.BRIAN2
    assert [theirs.max(), theirs[-1]] == pytest.approx([told["most"], told["end"]], rel=1e-5)


def test_the_network_of_the_distal_reward_problem_spikes_learns_and_is_repeated():
    found, again = (izhikevich_network.measure(seconds=30) for _ in range(2))
    assert 1.0 < found.rate < 4.0
    assert found.rewards > 0 and found.chosen.shape == (30,)
    assert found.weights.mean() < 1.0 and found.reached is None
    np.testing.assert_array_equal(found.weights, again.weights)


def test_coincidences_are_spikes_of_the_second_soon_after_the_first():
    spikes = np.array([[3, 7], [5, 0], [5, 7], [6, 9], [24, 7], [25, 7], [30, 0], [31, 7]])
    at, before = izhikevich_network._coincidences(spikes, 7, before=-1000)
    assert at.tolist() == [24, 31] and before == 30
    assert izhikevich_network._coincidences(spikes[:1], 7, before=0)[0].tolist() == [3]


def test_exclusive_or_begins_unsolved_and_rewards_change_the_rates():
    found = florian_2007.measure(patterns=40)
    assert not florian_2007.Xor(found.before, found.before).solved
    assert found.after[0] == 0 and np.abs(found.after - found.before).max() > 5
    assert florian_2007.Xor(found.before, np.array([0, 50, 60, 20])).solved


def test_a_pattern_is_learnt_with_the_losses_of_the_twin():
    found, theirs = eprop_pattern.measure(4), eprop_pattern.twin_losses(4)
    np.testing.assert_allclose(found.losses, theirs, rtol=1e-12)
    assert found.losses[3] < 0.97 * found.losses[0]
    assert found.output.shape == (1000, 3) and 5 < found.rate < 40


def test_a_trial_of_evidence_asks_for_the_side_that_had_more_cues():
    given, label = eprop_evidence.trial(np.random.default_rng(1), delay=300)
    cues, recall = given[: 5 * 150], slice(5 * 150 + 300, 5 * 150 + 300 + 150)
    sides = [int(window[:100, 10:20].sum() > window[:100, :10].sum()) for window in cues.reshape(5, 150, -1)]
    assert label == (sum(sides) > 2)
    told = given[:, -3:]
    assert told[recall, label].all() and told[recall, 2].all() and not told[: recall.start].any()
    assert not told[:, 1 - label].any()
    assert not given[: recall.start, 20:30].any() and given[recall, 20:30].any()


def test_evidence_is_weighed_by_weights_that_change_at_the_end_of_batches():
    found, again = (eprop_evidence.measure(40, delay=20, cues=1, tested=10) for _ in range(2))
    assert found.right.shape == (40,) and 0 <= found.final <= 1
    assert 1 < found.rates.mean() < 50
    np.testing.assert_array_equal(found.rates, again.rates)


def test_the_command_prints_numbers_beside_published_ones_and_writes_figures(tmp_path, capsys):
    main(["papers", "windows", "izhikevich_2007", "--out", str(tmp_path / "new")])
    out = capsys.readouterr().out
    assert "| 4.625885515882967 (NEST) | 4.625885515882967 |" in out
    for name in ("windows", "izhikevich_2007"):
        assert (tmp_path / "new" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_paper_that_is_not_there_gets_near_matches(capsys):
    with pytest.raises(SystemExit):
        main(["papers", "song2000"])
    assert "no paper is called 'song2000'; did you mean 'song_2000'" in capsys.readouterr().err


def test_what_runs_by_default_is_there():
    assert set(papers.SECONDS) < set(papers.PAPERS)
