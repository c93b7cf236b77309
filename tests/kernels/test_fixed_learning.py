"""Weights that change in integers: numbers by hand, and the bounds of all that is multiplied, kernel and twin alike."""

import numpy as np
import pytest

from neurobot.board.assemble import assemble
from neurobot.board.parts import Cells, Decoding, Delivery, Network, Rule, Source
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import OUTPUT
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.kernels.fixed_networks import bitmaps
from tests.twins.fixed import FixedTwin

pytestmark = pytest.mark.small
MOST_I32 = 2**31 - 1


def learning(n_pre=2, n=2, substeps=4, weight=100, threshold=50, **more):
    """Channels that reach all neurons of one population, by weights that learn; one spike of a channel fires them."""
    given = {
        "leaks": (0, 0, 0, 0, 0), "rises": (10, 10), "events": (1000, 500, 10), "e_shift": 1, "gain": 65536,
        "gain_shift": 1, "bounds": (-(2**31), MOST_I32), "shares": np.full(substeps, 32768),
    }  # fmt: skip
    rule, zero = Rule(**(given | more)), np.zeros(n, int)
    cells = Cells(
        arrivals=(Delivery(pre=0, weights=np.full((n_pre, n), weight, np.int16), rule=rule),), count=1, bias=zero,
        init=zero, leak_v=np.full(n, 65535), threshold=np.full(n, threshold), reset=zero,
    )  # fmt: skip
    out = np.zeros(n, OUTPUT)
    out["up"] = out["down"] = out["high"] = 32767
    out["low"], out["unit"], out["slew"] = -32767, 1.0, fx.NO_SLEW
    decoding = Decoding(population=1, kind=fx.RATE, groups=n, per=1, outputs=out, mult=60000, shift=3)
    return assemble(Network(parts=(Source(n=n_pre), cells), decoding=decoding, substeps=substeps, n_in=n_pre))


class Pair:
    """Kernel and twin in step; views of what the kernel has, by name."""

    def __init__(self, image):
        self.core, self.twin = FixedNetwork(image), FixedTwin(image.to_bytes())
        row, (q,) = image.rows[-1], image.learns()
        sizes, at = {"x": image.n_in, "y": int(row[fx.N]), "e": q.size}, int(row[fx.TRACES_AT]) // 4
        for name, size in sizes.items():
            setattr(self, name, self.core.state[at : at + size])
            at += size
        self.memory = self.core.state[int(row[fx.KEPT_AT]) // 4 :][:2]
        self.w = self.core.state[q.at : q.at + q.size]

    def tick(self, *steps, reward=0, learn=True):
        """One tick; the channels that spike in each of its steps."""
        spikes = np.zeros((self.core.image.substeps, self.core.image.n_in), bool)
        for k, channels in enumerate(steps):
            spikes[k, list(channels)] = True
        given = fx.BITMAPS, bitmaps(spikes), reward
        assert self.core.tick(*given, learn=learn) == OK
        assert self.twin.tick(*given, learn) == self.core.last.tolist()
        self.same()

    def end(self, reward):
        self.core.end(reward, True)
        self.twin.end(reward, True)
        self.same()

    def same(self):
        assert self.core.state.tobytes() == self.twin.state()


def test_an_arrival_that_fires_is_ahead_of_the_spike():
    pair = Pair(learning())
    pair.tick([0])  # e: A_pre - 0, then A_plus x, in units of 2^10 / 2
    assert pair.x.tolist() == [2**25, 0]
    assert pair.y.tolist() == [2**25] * 2
    assert pair.e.tolist() == [512 * (10 + 1000)] * 2 + [0] * 2


def test_the_next_arrival_meets_the_trace_of_the_spike_and_only_its_own_row_changes():
    pair = Pair(learning())
    pair.tick([0], [], [1])
    assert pair.e.tolist() == [512 * (10 + 1000 + 1000)] * 2 + [512 * (10 - 500 + 1000)] * 2


@pytest.mark.parametrize(("nearest", "trace"), [(False, 2 * 2**25), (True, 2**25)])
def test_traces_add_up_or_are_those_of_the_last_spike(nearest, trace):
    pair = Pair(learning(nearest=nearest))
    pair.tick([0], [0])
    assert pair.x.tolist() == [trace, 0]


def test_a_step_adds_the_share_that_will_be_left_of_it():
    pair = Pair(learning(shares=np.array([0, 8192, 16384, 32768]), events=(1000, 0, 0), nearest=True))
    for k, share in enumerate((0, 250, 500, 1000)):
        pair.core.clear(), pair.twin.clear()
        pair.tick(*([[]] * k), [0])
        assert pair.e[0] == 512 * share


def test_a_weight_changes_by_the_reward_of_the_tick_before_to_nearest_and_eligibility_decays_behind():
    pair = Pair(learning(leaks=(0, 0, 0, 16384, 0), gain=-32768, gain_shift=3))
    pair.tick([0], reward=99)  # the first reward pays for nothing
    start, e = (100 << 16) + 32768, 512 * 1010
    assert pair.w.tolist() == [start] * 4
    assert pair.e[0] == e
    pair.tick(reward=5)  # 5 * -1/2 is -3 by floor
    assert pair.w.tolist() == [start + ((e * -3 + 4) >> 3)] * 2 + [start] * 2
    assert pair.e[0] == e - e // 4
    pair.tick(reward=5, learn=False)
    assert pair.w[0] == start + ((e * -3 + 4) >> 3)
    before, e = pair.w[0], pair.e[0]
    pair.end(7)
    assert (pair.w[0], pair.e[0]) == (before + ((e * -4 + 4) >> 3), e)


def test_the_first_reward_sets_the_mean_and_the_next_is_measured_against_it():
    pair = Pair(learning(leaks=(0, 0, 0, 0, 32768)))
    pair.tick([0])
    start = pair.w.copy()
    pair.tick(reward=1000)
    assert pair.memory.tolist() == [1000, 2**29]
    assert (pair.w == start).all()
    pair.tick(reward=400)
    assert pair.memory.tolist() == [1000 - 600 * 2 // 3, 2**29 + 2**28]
    assert pair.w[0] == start[0] + ((pair.e[0] * -600 + 1) >> 1)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("bounds", [(-(2**31), MOST_I32), (-5, 7), (2**31 - 9, MOST_I32)])
def test_at_the_bounds_of_all_numbers_nothing_wraps(sign, bounds):
    """Every product is as large as it can be: 65535 x 32767 into e, 2^30 x 2^30 into w."""
    rule = {"rises": (15, 0), "events": (32767 * sign, -32767, 32767), "bounds": bounds, "gain": -65536 * sign}
    pair = Pair(learning(n_pre=3, threshold=1, weight=32767, **rule, centred=True))
    met, largest = set(), 0
    for reward in (0, -(2**31), MOST_I32, MOST_I32, -(2**31), 2**29, -(2**29)):
        pair.tick([0, 1, 2], [0], [0, 1], [2], reward=reward)
        pair.end(reward)
        met |= set(pair.w.tolist())
        largest = max(largest, int(np.abs(pair.e).max()))
    assert met >= set(bounds)
    assert pair.x.max() == MOST_I32
    assert largest == 2**30


def test_a_mean_follows_rewards_from_one_end_to_the_other():
    pair = Pair(learning(leaks=(0, 0, 0, 0, 65535)))
    for reward in (0, -(2**31), MOST_I32, MOST_I32, -(2**31), -(2**31)):
        pair.tick([0], reward=reward)
        assert abs(int(pair.memory[0])) <= 2**29
        assert 0 <= pair.memory[1] <= 2**30
