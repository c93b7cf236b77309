"""What the comparison of simulators that learn gives to every peer, and whom it refuses."""

import numpy as np
import pytest

from benchmarks.__main__ import _parser, _peers
from benchmarks.cuba import frozen
from benchmarks.cuba import ours as cuba_ours
from benchmarks.peers import Row
from benchmarks.plasticity import case, ours
from benchmarks.plasticity.moved import MEAN, SPREAD, moved


def rows(spikes=1000, mean=0.1, spread=1.0):
    return [
        Row("ours", [1.0], {"cells": 1000}, measures={MEAN: 0.1, SPREAD: 1.0}),
        Row("peer", [2.0], {"cells": spikes}, measures={MEAN: mean, SPREAD: spread}),
    ]


@pytest.mark.parametrize(("spikes", "mean", "spread"), [(1000, 0.1, 1.0), (920, -0.35, 0.85), (1090, 0.55, 1.15)])
def test_a_peer_that_spikes_and_learns_about_as_ours_does_is_compared(spikes, mean, spread):
    found = rows(spikes, mean, spread)
    case.refuse_other_work(found)
    assert found[1].problem is None


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"spikes": 850}, "other work: cells spike 850 times, ours 1000"),
        ({"mean": 0.7}, r"other work: Δw, mean \[%\] is 0.700, ours 0.100"),
        ({"spread": 0.5, "spikes": 1200}, r"cells spike 1200 times, ours 1000; Δw, std \[%\] is 0.500, ours 1.000"),
    ],
)
def test_a_peer_that_does_other_work_has_no_number(changed, problem):
    found = rows(**changed)
    case.refuse_other_work(found)
    assert found[0].problem is None
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(found[1].problem)


def test_a_peer_that_does_not_learn_is_held_against_the_rate_alone_and_no_peer_against_ours_that_failed():
    still, failed = rows(), rows(spikes=1)
    still[1].measures, failed[0].problem = {}, "no answer"
    for found in (still, failed):
        case.refuse_other_work(found)
        assert found[1].problem is None


def test_changes_are_in_per_cent_of_the_largest_weight():
    measures = moved({"w_max": np.array(0.5)}, np.array([0.2, 0.1]), 0.1)
    assert measures == pytest.approx({MEAN: 10.0, SPREAD: 10.0})


def test_ours_moves_the_weights_of_the_layer_and_repeats_itself():
    data = {name: np.asarray(value) for name, value in case.feed_data(seconds=0.5).items()}
    run = ours.prepare(data)
    first, second = run(), run()
    assert data["w"].shape == (1000, 100) and 0 <= data["w"].min() < data["w"].max() <= data["w_max"]
    assert 10 < first["spikes"]["cells"] / 100 / 0.5 < 30
    assert first["measures"] == second["measures"] and first["measures"][SPREAD] > 0.1


def test_cuba_learns_where_it_excites_and_not_where_it_is_frozen():
    data = {name: np.asarray(value) for name, value in case.cuba_data(400, seconds=0.1).items()}
    learnt, still = cuba_ours.prepare(data)(), frozen.prepare(data)()
    assert learnt["measures"][SPREAD] > 0 and "measures" not in still
    plastic = cuba_ours.network(data).plastic
    assert [q.receptor for q in plastic] == ["excitatory"]
    assert plastic[0].rule.A_minus / plastic[0].rule.A_plus == pytest.approx(1.05)


def test_peers_are_chosen_for_both_tables():
    arguments = _parser().parse_args(["plasticity", "--peers", "nest", "frozen"])
    chosen = [[peer.short for peer in _peers(known, arguments)] for known in (case.FEED, case.CUBA)]
    assert chosen == [["ours", "nest"], ["ours", "frozen", "nest"]]
