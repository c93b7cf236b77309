"""How many instructions a tick takes on a board: a sum over what it does, each with what it was found to cost.

The costs were fitted to the instructions that QEMU counts for random networks, most of which they tell within 10 %, and
nine shipped programs within 6 %; ``python -m tests.golden.make.costs_record`` fits them again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx

COSTS = {
    "Cortex-M3": {
        "tick": 510.7, "step": 65.9, "channel": 5.1, "spike in": 8.0, "delivery": 78.1, "arrival": 34.3, "dense": 9.5,
        "sparse": 15.1, "product": 16.9, "driven": 4.3, "population": 119.1, "none": 40.6, "start": 66.2, "end": 70.4,
        "held": 86.0, "threshold": 9.5, "spike": 13.2, "counted": 18.6, "tanh": 141.6, "carried": 16.1, "cleared": 36.1,
    },
    "Cortex-M0": {
        "tick": 726.3, "step": 85.8, "channel": 7.9, "spike in": 5.6, "delivery": 103.9, "arrival": 53.6, "dense": 11.1,
        "sparse": 21.8, "product": 33.6, "driven": 5.3, "population": 121.8, "none": 112.7, "start": 200.6,
        "end": 206.5, "held": 278.1, "threshold": 14.3, "spike": 18.7, "counted": 28.2, "tanh": 258.1, "carried": 67.9,
        "cleared": 56.2,
    },
}  # fmt: skip
"""Instructions, by processor and by what `operations` counts."""
NAMES = (
    "tick", "step", "channel", "spike in", "delivery", "arrival", "dense", "sparse", "product", "driven", "population",
    "none", "start", "end", "held", "threshold", "spike", "counted", "tanh", "carried", "cleared",
)  # fmt: skip
"""What is counted; `operations` says when."""
CURRENTS = {fx.NONE: "none", fx.START: "start", fx.END: "end", fx.HELD: "held"}


def operations(image: Image, spikes: Sequence[float], synops: float) -> dict[str, float]:
    """What a tick does, by name.

    Args:
        image: one that does not learn.
        spikes: of every population in a tick, (populations,) on average.
        synops: synaptic operations of a tick, on average, as `FixedNetwork` counts them.

    Returns:
        How often, for the names of `COSTS`.
    """
    done = dict.fromkeys(NAMES, 0.0)
    steps, made = image.substeps, {int(r[fx.SPIKES_AT]): n for r, n in zip(image.neurons(), spikes, strict=True)}
    done["tick"], done["step"] = 1, steps
    for row in image.rows:
        op, n = int(row[0]), int(row[fx.N])
        if op == fx.INPUT:
            done["channel"] += steps * n * int(row[fx.FED])
            done["spike in"] += made[int(row[fx.SPIKES_AT])]
        elif op == fx.NEURON:
            _count_neurons(done, image, row, made)
        elif op == fx.COUNT:
            done["counted"] += steps * n
        else:
            _count_delivery(done, steps, row, made)
    table = int(image.decoder[fx.D_TABLE_AT]) > 0
    done["tanh"] = image.n_act * table
    return _scaled(done, synops)


def _count_neurons(done: dict[str, float], image: Image, row: np.ndarray, made: dict[int, float]) -> None:
    n, flags, steps = int(row[fx.N]), int(row[fx.FLAGS]), image.substeps
    current = flags >> fx.CURRENT_SHIFT
    done["population"] += steps
    done[CURRENTS[current]] += steps * n
    if flags & fx.SPIKING:
        done["threshold"] += steps * n
        done["spike"] += made[int(row[fx.SPIKES_AT])]
    if int(row[fx.CARRY]) < 1 << 16:
        done["carried"] += n * (1 + (current != fx.NONE))
    if image.header(fx.W_FLAGS) & fx.FRESH:
        done["cleared"] += int(row[fx.SLOTS]) * -(-n // 32)


def _count_delivery(done: dict[str, float], steps: int, row: np.ndarray, made: dict[int, float]) -> None:
    op, n_pre, n_post = int(row[0]), int(row[fx.N_PRE]), int(row[fx.N_POST])
    done["delivery"] += steps
    if op == fx.DRIVE:
        done["product"] += n_pre * n_post
        done["driven"] += steps * n_post
        return
    arrives = made[int(row[fx.SPIKES_AT])]
    done["arrival"] += arrives
    if op == fx.DENSE:
        done["dense"] += arrives * n_post
    else:
        done["sparse"] += arrives * int(row[fx.N_SYN]) / n_pre


def _scaled(done: dict[str, float], synops: float) -> dict[str, float]:
    """Arrivals as they were, where spikes were still on their way or rows differ in length."""
    guess = done["dense"] + done["sparse"]
    share = max(synops - done["product"], 0.0) / guess if guess > 0 else 0.0
    return done | {name: done[name] * share for name in ("arrival", "dense", "sparse")}


def instructions(image: Image, spikes: Sequence[float], synops: float) -> dict[str, float]:
    """Instructions of a tick, on average, by processor; nothing for an image that learns. For arguments, see
    `operations`."""
    if image.learns():
        return {}
    done = operations(image, spikes, synops)
    return {processor: sum(cost * done[name] for name, cost in costs.items()) for processor, costs in COSTS.items()}
