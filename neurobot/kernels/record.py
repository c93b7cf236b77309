"""What a recording takes of a tick, copied into a slot of shared memory in one call."""

from __future__ import annotations

import numpy as np

from neurobot.kernels.jit import kernel
from neurobot.kernels.views import at_address

SLOT, KEPT, COUNT, TICK, EPISODE, REWARD, HELD, OBSERVATION, WANTED, SENT, MEMBRANE, SPIKES, MOST = range(13)
"""Entries of a plan: of a slot its size, and where in it the fields begin, in words of 8 bytes, membranes and spikes in
words of 4, `held` in bytes; how many spikes are kept at most."""


@kernel
def record(
    longs, doubles, singles, shorts, octets, plan, observation, state, words, units, wanted, sent, events, spikes,
    slot, own, held, tick, episode, reward,
):  # fmt: skip
    """Copy a tick.

    Reads: plan (13,); observation (n_obs,); state (any,) and words (n,), where in it the membranes are; units, nothing
    or (2 n,), what 1 of each is and what is added to that; wanted and sent (n_act,); events, the number of spikes and
    then (step, neuron) of those that found room; spikes, their number (1,). Writes: one slot of the memory that longs,
    doubles, singles, shorts and octets show. Where the action was not the network's own there is nothing wanted and no
    spike, and the observation is as it was: the network may never have had it.

    Returns: how many spikes were not kept.
    """
    base = slot * plan[SLOT]
    kept, count = np.int64(0), np.int64(0)
    if own:
        count = np.int64(spikes[0])
        if events.size:  # else nobody logged any
            kept = min(min(np.int64(events[0]), (events.size - 1) // 2), plan[MOST])
        to = 2 * base + plan[SPIKES]
        for k in range(2 * kept):
            shorts[to + k] = events[1 + k]
        to = base + plan[OBSERVATION]
        for k in range(observation.size):
            doubles[to + k] = observation[k]
    longs[base + plan[KEPT]], longs[base + plan[COUNT]] = kept, count
    longs[base + plan[TICK]], longs[base + plan[EPISODE]] = tick, episode
    doubles[base + plan[REWARD]] = reward
    octets[8 * base + plan[HELD]] = held
    for k in range(sent.size):
        doubles[base + plan[WANTED] + k] = wanted[k] if own else np.nan
        doubles[base + plan[SENT] + k] = sent[k]
    to = 2 * base + plan[MEMBRANE]
    for k in range(words.size):
        singles[to + k] = state[words[k]] * units[2 * k] + units[2 * k + 1] if units.size else state[words[k]]
    return count - kept


def record32(a: np.ndarray, slot: int, own: int, held: int, tick: int, episode: int, reward: float) -> int:
    """`record` in float32, on arrays that are given by their addresses.

    Args:
        a: (28,) int64, address and size of each array, in order.
        slot: where to.
        own: whether the action was the network's own.
        held: whose it was.
        tick: number of the tick.
        episode: of the episode.
        reward: delivered with the observation.
    """
    return record(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int64), at_address(a[2], a[3], np.float64),
        at_address(a[4], a[5], np.float32), at_address(a[6], a[7], np.int32),
        at_address(a[8], a[9], np.uint8), at_address(a[10], a[11], np.int64),
        at_address(a[12], a[13], np.float64), at_address(a[14], a[15], np.float32),
        at_address(a[16], a[17], np.int64), at_address(a[18], a[19], np.float64),
        at_address(a[20], a[21], np.float32), at_address(a[22], a[23], np.float64),
        at_address(a[24], a[25], np.int32), at_address(a[26], a[27], np.int32),
        slot, own, held, tick, episode, reward,
    )  # fmt: skip


def record64(a: np.ndarray, slot: int, own: int, held: int, tick: int, episode: int, reward: float) -> int:
    """`record` in float64; see `record32`."""
    return record(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int64), at_address(a[2], a[3], np.float64),
        at_address(a[4], a[5], np.float32), at_address(a[6], a[7], np.int32),
        at_address(a[8], a[9], np.uint8), at_address(a[10], a[11], np.int64),
        at_address(a[12], a[13], np.float64), at_address(a[14], a[15], np.float64),
        at_address(a[16], a[17], np.int64), at_address(a[18], a[19], np.float64),
        at_address(a[20], a[21], np.float64), at_address(a[22], a[23], np.float64),
        at_address(a[24], a[25], np.int32), at_address(a[26], a[27], np.int64),
        slot, own, held, tick, episode, reward,
    )  # fmt: skip


def record_fixed(a: np.ndarray, slot: int, own: int, held: int, tick: int, episode: int, reward: float) -> int:
    """`record` of a network in integers; see `record32`."""
    return record(  # type: ignore[no-any-return]
        at_address(a[0], a[1], np.int64), at_address(a[2], a[3], np.float64),
        at_address(a[4], a[5], np.float32), at_address(a[6], a[7], np.int32),
        at_address(a[8], a[9], np.uint8), at_address(a[10], a[11], np.int64),
        at_address(a[12], a[13], np.float64), at_address(a[14], a[15], np.int32),
        at_address(a[16], a[17], np.int64), at_address(a[18], a[19], np.float64),
        at_address(a[20], a[21], np.float32), at_address(a[22], a[23], np.float64),
        at_address(a[24], a[25], np.int32), at_address(a[26], a[27], np.int32),
        slot, own, held, tick, episode, reward,
    )  # fmt: skip
