"""Conformance and timing of boards, and what is said of boards that are not right."""

import numpy as np
import pytest

from neurobot.board.bench import bench, everything, silence
from neurobot.board.conform import conform, recorded
from neurobot.board.difference import first_neuron
from neurobot.board.emulator import Emulator, FixedBoard
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.board.lines import emulated
from tests.board.test_board_core import Wrong
from tests.kernels.fixed_networks import random_network

SAME = "all of its state is as recorded: look at how it decodes, and makes the digest"


def test_the_emulator_repeats_what_was_recorded_and_all_of_it_is_logged():
    host, _ = emulated()
    log = []
    result = conform(host, recorded(), log.append)
    assert result.difference is None
    assert (result.vectors, result.ticks) == (len(recorded()), sum(len(v.ticks) for v in recorded()))
    assert len(log) == result.vectors + result.ticks
    assert all(entry["board"] == entry["recorded"] for entry in log)


def test_the_first_difference_is_told_with_its_tick():
    vector = next(v for v in recorded() if len(v.ticks[0].actions) > 1)
    host, _ = emulated(Emulator(Wrong("action")))
    found = conform(host, [vector]).difference
    recorded_action = vector.ticks[3].actions[1]
    assert str(found) == (
        f"{vector.name}, tick 4: action 1 is {recorded_action + 1}, recorded is {recorded_action}; {SAME}"
    )
    host, _ = emulated(Emulator(Wrong("digest")))
    found = conform(host, [vector]).difference
    digest = vector.digest
    assert str(found) == (
        f"{vector.name}, the cleared state: digest is {digest ^ 1:#010x}, recorded is {digest:#010x}; {SAME}"
    )


class Broken(FixedBoard):
    """A board of which one word of the state becomes another in a tick, as a bug of a core would have it."""

    def __init__(self, at, tick):
        super().__init__()
        self.at, self.when = at, tick

    def tick(self, request):
        step = super().tick(request)
        if self.ticks == self.when:
            self.network.state[self.at] ^= 4
        return step


def spiking(vector):
    """Rows of the vector's populations of neurons that spike."""
    return [row for row in Image.of(vector.image).rows if row[0] == fx.NEURON and row[fx.SLOTS]]


@pytest.mark.parametrize("what", ["v", "spike"])
def test_the_first_difference_names_the_neuron(what):
    vector = next(v for v in recorded() if spiking(v))
    row = spiking(vector)[-1]
    at = int(row[fx.V_AT if what == "v" else fx.SPIKES_AT]) // 4
    neuron = int(row[fx.FIRST_NEURON]) + 2  # XOR 4 is bit 2: the third neuron of a word of spikes
    host, _ = emulated(Emulator(Broken(at + (2 if what == "v" else 0), 3)))
    log = []
    result = conform(host, [vector], log.append)
    found, states = result.difference, [bytes.fromhex(log[-1][whose]["state"]) for whose in ("board", "recorded")]
    assert (found.tick, found.what, result.ticks) == (3, "digest", 2)
    mine, right = (np.frombuffer(state, "<i4") for state in states)
    if what == "v":
        assert found.where == (
            f"neuron {neuron} is the first of 1 that differ: its v is {mine[at + 2]}, recorded is {right[at + 2]}"
        )
    else:
        assert found.where.startswith(f"neuron {neuron} is the first of 1 that differ: its spike in step ")
    assert np.flatnonzero(mine != right).tolist() == [at + (2 if what == "v" else 0)]


@pytest.mark.parametrize("kind", [fx.DENSE, fx.SPARSE])
def test_a_weight_that_was_learnt_otherwise_is_told_with_the_neuron_where_it_ends(kind):
    images = (Image.of(v.image) for v in recorded())
    image, row = next((i, r) for i in images for r in i.rows if r[0] == fx.LEARN and i.rows[r[fx.DELIVERY]][0] == kind)
    q, state = image.rows[row[fx.DELIVERY]], FixedNetwork(image).state
    synapse = 1
    post = synapse % q[fx.N_POST] if kind == fx.DENSE else image.words.view(np.uint16)[q[fx.TARGETS_AT] // 2 + synapse]
    first = next(p[fx.FIRST_NEURON] for p in image.neurons() if p[fx.SPIKES_AT] == row[fx.SPIKES_AT])
    other, at = state.copy(), q[fx.LEARNT_AT] // 4 + synapse
    other[at] += 7
    assert first_neuron(image, other.tobytes(), state.tobytes()) == (
        f"neuron {first + post} is the first of 1 that differ: its learnt weight (synapse 1) is {other[at]}, "
        f"recorded is {state[at]}"
    )


def test_a_difference_of_no_neuron_and_one_of_length_are_told():
    image = Image.of(recorded()[0].image)
    state = FixedNetwork(image).state.tobytes()
    other = bytes([state[0], state[1], state[2], state[3], 9, *state[5:]])
    assert first_neuron(image, other, state) == "no neuron differs, but byte 4 of the state: 9, recorded is 0"
    assert first_neuron(image, state + b"\0", state) == (
        f"its state has {len(state) + 1} bytes, that of this image {len(state)}"
    )


def test_images_that_do_not_fit_are_named():
    host, _ = emulated(Emulator(FixedBoard(arena=3000)))
    result = conform(host, recorded())
    assert set(result.skipped) == {v.name for v in recorded() if len(v.image) > 3000}
    assert 0 < result.vectors == len(recorded()) - len(result.skipped)


@pytest.mark.parametrize("seed", range(12))
def test_the_inputs_of_the_bench_are_taken_by_every_image(seed):
    image = random_network(seed)
    network = FixedNetwork(image)
    assert network.tick(*silence(image)) == OK
    quiet = network.spikes
    assert network.tick(*everything(image)) == OK
    if not image.currents and any(row[0] == fx.INPUT and row[fx.FED] for row in image.rows):
        assert network.spikes >= quiet + image.substeps * image.n_in - quiet


def test_a_bench_measures_every_round_trip():
    image = Image.of(recorded()[0].image)
    host, _ = emulated()
    result = bench(host, image, 50)
    assert (result.board, len(result.trips), result.repeats) == ("emulator", 50, 0)
    assert (
        result.quantile(0.0) == min(result.trips) <= result.quantile(0.5) <= result.quantile(1.0) == max(result.trips)
    )
    assert result.used == pytest.approx(np.sort(result.trips)[49] / result.period)
