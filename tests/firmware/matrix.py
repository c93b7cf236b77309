"""What all that runs images is compared on: random networks, plain and extreme, in ticks as long as a line takes."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from neurobot.board.assemble import assemble
from neurobot.board.parts import Cells, Decoding, Delivery, Network, Source
from neurobot.board.wire import actions_of
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import OUTPUT, Image
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from neurobot.link.message import head
from neurobot.link.protocol import PAYLOAD, TickFlag, TickRequest
from tests.kernels.fixed_networks import random_input, random_network, random_reward

ROOM = PAYLOAD - head(TickRequest)
SMALL = 5632, 4608
"""Bytes that the smallest board has: of an image, of its state and scratch."""
LARGE = 1 << 20, 1 << 20
TICKS = 8
BUSY = 40
"""Synaptic operations of a neuron in a step above which a network is left to other tests: it takes long for
few neuron-steps."""


class Given(NamedTuple):
    """What a tick is given."""

    kind: int
    data: bytes
    reward: int
    learn: bool


class Gave(NamedTuple):
    """What it gives."""

    actions: list
    spikes: int
    digest: int


@dataclass(frozen=True)
class Case:
    """An image, ticks, and what FixedNetwork makes of them."""

    image: Image
    given: list
    gave: list

    @property
    def neuron_steps(self):
        return len(self.given) * self.image.substeps * self.image.header(fx.W_NEURONS)


def fitting_input(rng, image):
    """An input that a message has room for."""
    while True:
        kind, data = random_input(rng, image)
        if len(data) <= ROOM:
            return kind, data


def edge_network(current, subtract, n_pre, shift):
    """A population at all ends at once: sums near 2^30, thresholds of 1 and 2^30, leaks of 0, 1 and 65535."""
    each = np.arange(12)
    threshold = np.array([1, 2, 2**30 - 1, 2**30])[each % 4]
    reset = threshold if subtract else np.array([-(2**30), 0, 1])[each % 3]
    leak = np.array([0, 1, 65535])[each % 3]
    weights = np.where(each % 2, 32767, -32768) * np.ones((n_pre, 1), int)
    weights[:, 8:] *= np.where(np.arange(n_pre) % 3 == 2, -1, 1)[:, None]
    cells = Cells(
        arrivals=(Delivery(pre=0, weights=weights.clip(-32768, 32767).astype(np.int16), shift=shift, delay=0),),
        current=current, subtract=subtract, bias=np.array([0, 2**30, -(2**30)])[each // 4], leak_v=leak, count=1,
        init=np.array([-(2**30), 2**30])[each % 2], threshold=threshold, reset=reset,
        leak_i=leak[::-1] if current else None,
        share=np.array([0, 2**24, 65536])[each % 3] if current == fx.HELD else None, carry=65536, unit=1.0,
    )  # fmt: skip
    out = np.zeros(12, OUTPUT)
    out["up"], out["high"], out["unit"], out["slew"] = 32767, 32767, 1.0, fx.NO_SLEW
    decoding = Decoding(population=1, kind=fx.RATE, groups=12, per=1, outputs=out, mult=65536, shift=3)
    substeps = min(255, ROOM // -(-n_pre // 8))
    return assemble(Network(parts=(Source(n=n_pre), cells), decoding=decoding, substeps=substeps, n_in=n_pre))


EDGES = [
    edge_network(current, subtract, n_pre, shift)
    for current in (fx.NONE, fx.START, fx.END, fx.HELD)
    for subtract in (False, True)
    for n_pre, shift in ((1, 14), (127, 8))
]
"""Synapses of a neuron, each counted 2^shift times: a board can be sent no more than 32767."""


def case(image, seed, busy=np.inf):
    """The case of a network; None if it is too busy."""
    rng, network, given, gave = np.random.default_rng(seed), FixedNetwork(image), [], []
    for _ in range(TICKS):
        one = Given(*fitting_input(rng, image), *random_reward(rng, seed % 4 > 1))
        assert network.tick(one.kind, one.data, one.reward, learn=one.learn) == OK
        if network.synops > busy * image.substeps * image.header(fx.W_NEURONS):
            return None
        given.append(one)
        gave.append(Gave(network.last.tolist(), network.spikes, network.digest()))
    return Case(image, given, gave)


def fits(image, most):
    return 4 * image.words.size <= most[0] and image.ram_bytes <= most[1]


@cache
def cases(neuron_steps, most):
    """The edges, and random networks: as many as it takes for so many neuron-steps."""
    made = [case(image, 0) for image in EDGES]
    total, seed = sum(c.neuron_steps for c in made), 0
    while total < neuron_steps:
        image, seed = random_network(seed, seed % 4 > 1, seed % 2 == 1, ROOM), seed + 1
        one = case(image, seed, BUSY) if fits(image, most) else None
        if one is not None:
            made.append(one)
            total += one.neuron_steps
    return made


def through_a_line(host, case):
    """What a board gives."""
    host.connect()
    host.load(case.image.to_bytes())
    host.arm(hold=0.5, watchdog=0.5)
    for kind, data, reward, learn in case.given:
        flags = TickFlag.CARRY | TickFlag.LEARN * learn
        reply = host.tick(case.image.substeps, kind, data, flags=flags, reward=reward)
        yield Gave(actions_of(reply.data, case.image).tolist(), reply.spikes, host.digest().crc)
    host.reset()
