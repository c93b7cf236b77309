"""The integer kernel is its twin, bit for bit: spikes, actions, state; and what is refused changes nothing."""

import struct

import numpy as np
import pytest

from neurobot.board.assemble import assemble
from neurobot.board.parts import Cells, Decoding, Delivery, Network, Source
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import OUTPUT
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import BAD_INPUT, OK
from tests.kernels.fixed_networks import bitmaps, random_input, random_network, random_reward, spike_list
from tests.twins.fixed import FixedTwin


def same_run(image, ticks, seed):
    """Neuron-steps that a run compared."""
    rng = np.random.default_rng(seed)
    core, twin = FixedNetwork(image, log_spikes=4096), FixedTwin(image.to_bytes())
    for k in range(ticks):
        kind, data = random_input(rng, image)
        reward, learn = random_reward(rng, seed % 3 == 0)
        assert core.tick(kind, data, reward, learn=learn) == OK
        assert twin.tick(kind, data, reward, learn) == core.last.tolist()
        fired = core.events[1 : 1 + 2 * core.events[0]].reshape(-1, 2).tolist()
        assert [tuple(pair) for pair in fired] == twin.fired
        assert core.spikes == len(twin.fired)
        assert core.state.tobytes() == twin.state()
        if k % 10 == 9:
            for one in (core, twin):
                one.end(reward, learn)
                one.clear()
                if k % 20 == 19:
                    one.forget()
            assert core.state.tobytes() == twin.state()
    assert core.digest() == twin.digest()
    return ticks * image.substeps * image.header(fx.W_NEURONS)


@pytest.mark.parametrize("extreme", [False, True])
def test_random_networks_run_as_their_twins_do(extreme):
    assert sum(same_run(random_network(seed, extreme), 30, seed) for seed in range(70)) > 500_000


def full(n_pre, weight, shift, **cell):
    """n_pre channels that all reach one population of three neurons by the same weight."""
    n = 3
    given = {
        "bias": np.zeros(n, int), "init": np.zeros(n, int), "leak_v": np.zeros(n, int),
        "threshold": np.full(n, 2**30), "reset": np.zeros(n, int),
    }  # fmt: skip
    weights = np.full((n_pre, n), weight, np.int16)
    cells = Cells(arrivals=(Delivery(pre=0, weights=weights, shift=shift),), count=1, **(given | cell))
    out = np.zeros(n, OUTPUT)
    out["up"] = out["down"] = out["high"] = 32767
    out["low"], out["unit"], out["slew"] = -32767, 1.0, fx.NO_SLEW
    decoding = Decoding(population=1, kind=fx.RATE, groups=n, per=1, outputs=out, mult=60000, shift=3)
    return Network(parts=(Source(n=n_pre), cells), decoding=decoding, substeps=4, n_in=n_pre)


def played(network, ticks=4):
    """The core after ticks of all channels, compared with its twin at every one of them."""
    image = assemble(network)
    core, twin = FixedNetwork(image), FixedTwin(image.to_bytes())
    data = bitmaps(np.ones((image.substeps, image.n_in), bool))
    for _ in range(ticks):
        assert core.tick(fx.BITMAPS, data) == OK
        assert twin.tick(fx.BITMAPS, data) == core.last.tolist()
        assert core.state.tobytes() == twin.state()
    return core, twin


@pytest.mark.small
@pytest.mark.parametrize("weight", [-32768, 32767])
@pytest.mark.parametrize("current", [fx.NONE, fx.START, fx.END, fx.HELD])
def test_a_fan_in_of_32767_meets_the_bounds_and_never_wraps(weight, current):
    own = {} if current == fx.NONE else {"leak_i": np.array([0, 1, 65535]), "current": current}
    own |= {"share": np.array([0, 65536, 2**24])} if current == fx.HELD else {}
    core, twin = played(
        full(1023, weight, 5, leak_v=np.array([0, 1, 65535]), bias=np.full(3, np.sign(weight) * 2**30), **own)
    )
    v = twin.rows[-2].v
    assert core.saturated > 0
    assert max(map(abs, v)) == 2**30 and min(v) * np.sign(weight) >= -(2**30)


@pytest.mark.small
@pytest.mark.parametrize(("leak", "left"), [(0, 100_000), (1, 99_999), (65535, 2)])
def test_a_leak_takes_the_floor(leak, left):
    core, _ = played(full(1, 0, 0, leak_v=np.full(3, leak), init=np.full(3, 100_000), threshold=np.full(3, 200_000)), 1)
    wanted = 100_000
    for _ in range(4):
        wanted -= (wanted * leak) >> 16
    at = core.image.rows[2][fx.V_AT] // 4
    assert core.state[at] == wanted <= 100_000
    assert (wanted == 100_000) == (leak == 0)
    assert wanted >= left - 4


@pytest.mark.small
def test_a_neuron_spikes_above_its_threshold_and_not_at_it():
    core, _ = played(full(1, 1, 0, threshold=np.array([1, 2, 3])), 1)
    assert core.counts().tolist() == [2, 1, 1]  # of 1, 2, 3, 4: above 1 twice, above 2 once, above 3 once


@pytest.mark.small
@pytest.mark.parametrize("steps", [0, 1, 2, 3, 16, 65535])
def test_a_neuron_waits_for_t_ref_steps(steps):
    core, _ = played(full(1, 2, 0, threshold=np.full(3, 1), t_ref=np.full(3, steps)), 4)
    fired = 0
    for k in range(16):
        fired += k % (steps + 1) == 0
    assert core.state[fx.S_SPIKES] == 16 + 3 * fired


@pytest.mark.small
@pytest.mark.parametrize(("carry", "left"), [(0, 7), (32768, 57), (65536, 107)])
def test_carry_brings_v_back_towards_its_start(carry, left):
    network = full(1, 25, 0, init=np.full(3, 7), carry=carry)
    _, twin = played(network, 1)
    assert twin.rows[2].v == [107] * 3
    twin._begin()
    assert twin.rows[2].v == [left] * 3
    played(network, 3)


@pytest.mark.parametrize("currents", [False, True])
def test_an_input_that_is_none_is_refused_and_changes_nothing(currents):
    image = next(i for i in map(random_network, range(100)) if i.currents == currents and i.n_in % 8 and i.substeps > 1)
    rng, core = np.random.default_rng(1), FixedNetwork(image)
    assert core.tick(*random_input(rng, image)) == OK
    before, counted = core.state.tobytes(), core.spikes
    n, steps = image.n_in, image.substeps
    whole = bytes(steps * -(-n // 8))
    beyond = bytearray(whole)
    beyond[-1] = 1 << n % 8
    bad = [(k, b"") for k in range(4)] + [
        (-1, whole),
        (4, whole),
        (fx.BITMAPS, bytes(beyond)),
        (fx.BITMAPS, whole + b"\0"),
    ]
    bad += [(fx.HELD_CURRENTS, bytes(2 * n - 1)), (fx.STEP_CURRENTS, bytes(2 * n * steps + 2)), (1, bytes(10**6))]
    lists = [struct.pack("<HH", 1, n), struct.pack("<H", n + 1) + bytes(2 * n + 2), struct.pack("<H", 3)]
    bad += [(fx.SPIKE_LIST, one + bytes(2 * (steps - 1))) for one in lists] + [(fx.SPIKE_LIST, bytes(2 * steps + 2))]
    bad += (
        [(fx.BITMAPS, whole)]
        if currents
        else [(fx.HELD_CURRENTS, bytes(2 * n)), (fx.STEP_CURRENTS, bytes(2 * n * steps))]
    )
    for kind, data in bad:
        assert core.tick(kind, data) == BAD_INPUT, (kind, data[:20])
    assert (core.state.tobytes(), core.spikes) == (before, counted)


def test_bitmaps_and_lists_of_channels_say_the_same_and_so_do_currents_held_and_repeated():
    rng = np.random.default_rng(3)
    for image in map(random_network, range(20)):
        one, other = FixedNetwork(image), FixedNetwork(image)
        for _ in range(5):
            if image.currents:
                x = rng.integers(-999, 999, image.n_in).astype("<i2").tobytes()
                pair = (fx.HELD_CURRENTS, x), (fx.STEP_CURRENTS, x * image.substeps)
            else:
                spikes = rng.random((image.substeps, image.n_in)) < 0.4
                pair = (fx.BITMAPS, bitmaps(spikes)), (fx.SPIKE_LIST, spike_list(spikes))
            assert one.tick(*pair[0]) == other.tick(*pair[1]) == OK
            assert one.digest() == other.digest()


def test_clearing_repeats_a_run_bit_for_bit():
    image = random_network(5)
    core, rng = FixedNetwork(image), np.random.default_rng(0)
    start, inputs = core.digest(), [random_input(rng, image) for _ in range(6)]
    first = [(core.tick(*x), core.digest()) for x in inputs]
    core.clear()
    assert core.digest() != start  # what was learnt stays
    core.forget()
    assert core.digest() == start
    assert [(core.tick(*x), core.digest()) for x in inputs] == first
