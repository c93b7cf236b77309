"""Chance within episodes: the right distributions, and numbers that depend on nothing but the instance."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurobot.envs.streams import BLOCK, Streams


def streams(n, seed=0):
    made = Streams(n)
    for i in range(n):
        made.restart(i, np.random.default_rng(seed + i))
    return made


def test_numbers_are_standard_normal_and_uniform():
    ids = np.arange(50)
    made = streams(50)
    normal = np.concatenate([made.normal(ids, 100) for _ in range(20)]).ravel()
    uniform = np.concatenate([made.uniform(ids, 100) for _ in range(20)]).ravel()
    error = 1 / np.sqrt(normal.size)
    assert abs(normal.mean()) < 4 * error and abs(normal.var() - 1) < 4 * np.sqrt(2) * error
    assert abs(uniform.mean() - 0.5) < 4 * error / np.sqrt(12) and uniform.min() >= 0 and uniform.max() < 1
    assert np.unique(normal).size == normal.size  # nothing is handed out twice


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, BLOCK)), min_size=1, max_size=12))
def test_an_instance_gets_the_same_numbers_however_many_are_taken_at_once_and_whoever_else_asks(calls):
    among, alone = streams(3), streams(3)
    total = sum(size for _, size in calls)
    taken = []
    for others_too, size in calls:
        ids = np.array([0, 1, 2]) if others_too else np.array([1])
        taken.append(among.normal(ids, size)[1 if others_too else 0])
    singly = np.concatenate([alone.normal(np.array([1]), 1)[0] for _ in range(total)])
    np.testing.assert_array_equal(np.concatenate(taken), singly)


def test_a_restart_begins_again_and_leaves_the_others_alone():
    made, twin = streams(2), streams(2)
    first = made.normal(np.array([0, 1]), 5)
    twin.normal(np.array([0, 1]), 5)
    made.restart(0, np.random.default_rng(0))
    again = made.normal(np.array([0, 1]), 5)
    np.testing.assert_array_equal(again[0], first[0])
    np.testing.assert_array_equal(again[1], twin.normal(np.array([1]), 5)[0])
