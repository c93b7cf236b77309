"""One control tick, 64 inputs -> H recurrent LIF -> 32 LIF, ten steps of 1 ms.

Every peer has the same weights. Ours and C also encode the observation and decode the action, and must act alike, bit
for bit; the others are given the input spikes, and their hidden and output neurons should spike as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import Peer, compare
from benchmarks.table import Table
from neurobot.core import HostCore
from neurobot.program import Program, build
from neurobot.spec import (
    LIF,
    ControllerSpec,
    Dense,
    Direct,
    Encoder,
    Input,
    Limits,
    NetworkSpec,
    Normalizer,
    Population,
    Projection,
    Rate,
    Regular,
)

PEERS = (
    Peer("ours", "benchmarks.tick.ours"),
    Peer("ours, Controller.step", "benchmarks.tick.controller"),
    Peer("ours, LIF as Custom", "benchmarks.tick.custom"),
    Peer("C", "benchmarks.tick.c"),
    Peer("torch, by hand", "benchmarks.tick.torch", "torch"),
    Peer("snnTorch", "benchmarks.tick.snntorch", "torch"),
    Peer("Norse", "benchmarks.tick.norse", "torch"),
    Peer("SpikingJelly", "benchmarks.tick.spikingjelly", "torch"),
    Peer("Sinabs", "benchmarks.tick.sinabs", "torch"),
    Peer("BindsNET", "benchmarks.tick.bindsnet", "bindsnet"),
    Peer("Brian2, network operation", "benchmarks.tick.brian2", "brian2"),
    Peer("NEST, Run", "benchmarks.tick.nest", "nest"),
)
TICKS = 200
SUBSTEPS = 10
INPUTS, OUTPUTS, DT = 64, 32, 0.001


def tables(peers: Sequence[Peer], hidden: Sequence[int], rounds: int, environments: Path) -> list[Table]:
    """Measure, one table for each number of hidden neurons."""
    found = []
    for n in hidden:
        seconds = TICKS * SUBSTEPS * DT
        rows = compare(peers, data(n), rounds, environments)
        found.append(Table(f"{n} hidden", rows, "us", 1e6, {"hidden": n * seconds, "out": OUTPUTS * seconds}))
    return found


def program(hidden: int, seed: int = 0) -> Program:
    """The benchmark's network; the hidden neurons fire at about 40 Hz."""
    rng = np.random.default_rng(seed)
    excite = rng.random((hidden, 64)) < 0.5
    recurrent = rng.normal(0, 0.3 / np.sqrt(hidden), (hidden, hidden))
    network = NetworkSpec(
        0.001,
        (Population("in", 64, Input()), Population("hidden", hidden, _lif()), Population("out", 32, _lif())),
        (
            Projection("in", "hidden", Dense(np.where(excite, 0.073, -0.02) * rng.uniform(0.5, 1.5, excite.shape))),
            Projection("hidden", "hidden", Dense(recurrent), delay=0.001),
            Projection("hidden", "out", Dense(rng.normal(0.3 / hidden**0.5, 2.4 / hidden**0.5, (32, hidden)))),
        ),
    )
    encoder = Encoder(population="in", field=Direct(range=Normalizer(clip=2)), code=Regular(max_rate=200.0), size=32)
    decoder = Rate(population="out", size=16, limits=Limits(low=-1.0, high=1.0))
    return build(ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=10))


def _lif() -> LIF:
    return LIF(tau_mem=0.02, input="jump")


def data(hidden: int) -> dict[str, Any]:
    """What every peer is given.

    Returns:
        ``hidden``; ``dt`` [s]; ``observations`` (ticks, 32); their input ``spikes`` (ticks, substeps, 64); weights
        ``w_in``, ``w_rec``, ``w_out`` [pre, post]; ``alpha``, ``theta`` of v <- alpha v + input, spike where v > theta,
        reset to 0; ``actions`` (ticks, 16) of ours.
    """
    p = program(hidden)
    observations = np.random.default_rng(1).normal(0, 1, (TICKS, 32))
    core = HostCore(p, log_spikes=SUBSTEPS * p.neurons)
    spikes, actions = np.zeros((TICKS, SUBSTEPS, p.neurons), np.uint8), np.zeros((TICKS, 16))
    for k, observation in enumerate(observations):
        core.tick(observation)
        spikes[k, core.spikes[:, 0], core.spikes[:, 1]] = 1
        actions[k] = core.action
    weights = {"w_in": "in->hidden", "w_rec": "hidden->hidden", "w_out": "hidden->out"}
    return {
        "hidden": hidden,
        "dt": DT,
        "observations": observations,
        "spikes": spikes[:, :, :INPUTS],
        **{name: p.param(f"{projection}.weights").astype(np.float32) for name, projection in weights.items()},
        "alpha": p.param("hidden.alpha")[0],
        "theta": p.param("hidden.theta")[0],
        "actions": actions,
    }
