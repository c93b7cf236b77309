"""What is copied into a slot of a recording's ring, against the plain assignments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.kernels import histogram, record
from neurobot.kernels.compiled import bind_record
from tests.kernels.arrays import SEEDS, SIZES, Draw, examples

SLOTS = 3
HELD, NUMBERS = 9, (2**40, 7, -0.5)


class Case:
    """Memory of a ring as five kinds of numbers, and a tick to copy into it."""

    def __init__(self, kind, sizes, room, most, seed):
        d = Draw(seed, "float64" if kind == "float64" else "float32")
        n, self.n_obs, self.n_act = sizes
        self.halves = 2 * (6 + self.n_obs + 2 * self.n_act)  # where the membranes begin, then the pairs
        words = self.halves // 2 + -(-n // 2) + most
        self.memory = np.frombuffer(d.rng.bytes(SLOTS * 8 * words), np.int64).copy()
        rows = [6, 6 + self.n_obs, 6 + self.n_obs + self.n_act]
        pairs = self.halves + 2 * -(-n // 2)
        self.plan = np.array([words, 0, 1, 2, 3, 4, 40, *rows, self.halves, pairs, most])
        self.observation, self.sent = d.rng.normal(0, 1, self.n_obs), d.rng.normal(0, 1, self.n_act)
        self.state, self.wanted = d.normal(2 * n), d.normal(self.n_act)
        self.units = np.zeros((0, 2))
        if kind == "fixed":
            self.state, self.units = d.integers(-(2**30), 2**30, 2 * n), d.rng.normal(0, 1e-6, (n, 2))
        self.words = d.rng.permutation(2 * n)[:n]
        fired = int(d.rng.integers(0, 2 * room + 2))
        self.events = d.rng.integers(0, 99, 1 + 2 * room if room else 0).astype(np.int32)
        self.events[:1] = fired
        self.spikes = np.array([fired], d.integer)
        self.room, self.most = room, most

    def arrays(self):
        views = [self.memory.view(kind) for kind in ("<i8", "<f8", "<f4", "<i4", "u1")]
        given = (
            self.observation,
            self.state,
            self.words,
            self.units.ravel(),
            self.wanted,
            self.sent,
            self.events,
            self.spikes,
        )
        return (*views, self.plan, *given)

    def expected(self, slot, own):
        """The memory afterwards, and how many spikes are lost."""
        out = self.memory.reshape(SLOTS, -1).copy()
        kept = min(int(self.spikes[0]), self.room, self.most) if own else 0
        count = int(self.spikes[0]) if own else 0
        out[slot, :4] = kept, count, *NUMBERS[:2]
        reals, halves = out[slot].view(np.float64), out[slot].view(np.float32)
        reals[4] = NUMBERS[2]
        out[slot].view(np.uint8)[40] = HELD
        wanted, sent = 6 + self.n_obs, 6 + self.n_obs + self.n_act
        if own:
            reals[6:wanted] = self.observation
        reals[wanted:sent] = self.wanted if own else np.nan
        reals[sent : sent + self.n_act] = self.sent
        v = self.state[self.words]
        halves[self.halves :][: len(self.words)] = v * self.units[:, 0] + self.units[:, 1] if self.units.size else v
        halves.view(np.int32)[self.plan[record.SPIKES] :][: 2 * kept] = self.events[1:][: 2 * kept]
        return out.ravel(), count - kept


@pytest.mark.small
@given(
    kind=st.sampled_from(["float32", "float64", "fixed"]), room=st.integers(0, 6),
    sizes=st.tuples(SIZES, st.integers(1, 5), st.integers(1, 4)),
    most=st.integers(0, 5), seed=SEEDS, slot=st.integers(0, SLOTS - 1), own=st.booleans(),
)  # fmt: skip
@examples(60)
def test_a_tick_is_copied_into_its_slot_and_nowhere_else(kind, sizes, room, most, seed, slot, own):
    case = Case(kind, sizes, room, most, seed)
    expected, lost = case.expected(slot, own)
    assert bind_record(kind, case.arrays())(slot, own, HELD, *NUMBERS) == lost
    np.testing.assert_array_equal(case.memory, expected)


@pytest.mark.small
@given(st.lists(st.integers(-(2**40), 2**62), min_size=7, max_size=7))
@examples(40)
def test_times_of_stages_are_counted_each_in_its_row(times):
    rows, alone = (np.zeros((7, histogram.BINS + 1), np.int64) for _ in range(2))
    histogram.count_stages(rows, *times)
    for row, ns in zip(alone, times, strict=True):
        histogram.count(row, ns)
    np.testing.assert_array_equal(rows, alone)
    assert rows[:, :-1].sum(axis=1).tolist() == [1] * 7
    assert rows[:, -1].tolist() == [max(ns, 0) for ns in times]
