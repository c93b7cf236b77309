"""Projections with short-term plasticity: what arrives when, what is kept, and what cannot be."""

import math

import numpy as np
import pytest

from neurobot.core import BatchCore, HostCore
from neurobot.errors import SpecError
from neurobot.program import Program, build
from neurobot.simulation import PoissonSpikes, simulate
from neurobot.spec import (
    IF,
    AllToAll,
    Bounds,
    ControllerSpec,
    CubaLIF,
    Current,
    Dense,
    Direct,
    Encoder,
    FixedProbability,
    Input,
    Limits,
    NetworkSpec,
    Population,
    Projection,
    Rate,
    Regular,
    Sparse,
    TsodyksMarkram,
)

DT = 1e-3
COUNTER = IF(r=1 / DT, v_threshold=1e6)
"""v is the sum of what arrived."""


def amplitudes(stp, steps):
    """u x of every spike of a train, by eq. 4 and 5 of Maass & Markram (2002)."""
    u, x, out = stp.u, 1.0, []
    for k, step in enumerate(steps):
        if k:
            h = (step - steps[k - 1]) * DT
            decay, recovery = (math.exp(-h / tau) if tau else 0.0 for tau in (stp.tau_facil, stp.tau_rec))
            x = 1 + (x - u * x - 1) * recovery
            u = stp.u + u * (1 - stp.u) * decay
        out.append(u * x)
    return out


def network(weights, stp, n=2, **more):
    populations = Population("in", 2, Input()), Population("cells", n, COUNTER)
    return NetworkSpec(DT, populations, (Projection("in", "cells", weights, stp=stp, **more),))


@pytest.mark.parametrize("delay", [0, 1, 7])
@pytest.mark.parametrize(
    "stp",
    [
        TsodyksMarkram(u=0.5, tau_rec=0.8),
        TsodyksMarkram(u=0.2, tau_rec=0.1, tau_facil=0.6),
        TsodyksMarkram(u=1.0, tau_rec=0.05, tau_facil=0.02),
        TsodyksMarkram(u=0.3, tau_rec=0.0, tau_facil=0.1),
    ],
)
def test_weights_follow_the_recursion_and_arrive_after_the_delay(stp, delay):
    trains = [0, 3, 4, 50, 51, 52, 90], [2, 50, 95]
    given = np.zeros((110, 2), bool)
    for j, train in enumerate(trains):
        given[train, j] = True
    weights = np.array([[2.0, 0.5], [0.0, -1.0]])
    program = build(network(weights, stp, delay=delay * DT))
    v = simulate(program, {"in": given}, 110 * DT, record=["cells.v"]).traces["cells.v"]
    expected = np.zeros((110, 2))
    for j, train in enumerate(trains):
        for step, amplitude in zip(train, amplitudes(stp, train), strict=True):
            expected[step + delay :] += weights[:, j] * amplitude
    np.testing.assert_allclose(v, expected, rtol=1e-12, atol=1e-13)


def test_synapses_may_have_delays_of_their_own():
    stp = TsodyksMarkram(u=0.5, tau_rec=0.05)
    given = np.zeros((40, 2), bool)
    given[[1, 5], 0] = True
    weights = Sparse(post=[0, 1], pre=[0, 0], values=[1.0, 1.0], delays=[0.0, 20 * DT])
    v = simulate(build(network(weights, stp)), {"in": given}, 40 * DT, record=["cells.v"]).traces["cells.v"]
    first, second = amplitudes(stp, [1, 5])
    jumps = [(1, 0, first), (5, 0, second), (21, 1, first), (25, 1, second)]
    expected = np.zeros((40, 2))
    for step, cell, size in jumps:
        expected[step:, cell] += size
    np.testing.assert_allclose(v, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    "weights",
    [AllToAll(weight=0.3), FixedProbability(p=0.5, weight=0.3), FixedProbability(p=0.05, weight=0.3),
     Dense(np.full((30, 2), 0.3), np.full((30, 2), 2 * DT))],
)  # fmt: skip
def test_every_kind_of_weights_can_have_it(weights):
    none = TsodyksMarkram(u=1.0, tau_rec=0.0)  # every spike uses all, which is back at once
    found = []
    for stp in (None, none):
        program = build(network(weights, stp, n=30, delay=DT), seed=4)
        result = simulate(program, {"in": PoissonSpikes(rate=100.0)}, 0.2, record=["cells.v"])
        found.append((result.traces["cells.v"], result.synops, program.weights("in->cells")))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-12)
    np.testing.assert_array_equal(found[0][2], found[1][2])
    assert found[1][1] <= found[0][1]


def test_projections_of_one_population_tire_apart_and_end_at_their_receptor():
    cells = CubaLIF(tau_mem=0.01, tau_syn=0.005, tau_syn_in=0.002, input="end", v_threshold=1e6)
    tired = TsodyksMarkram(u=0.5, tau_rec=0.1)
    for model, n in (
        (cells, 1),
        (CubaLIF(tau_mem=0.01, tau_syn=0.005, tau_syn_in=0.002, w_in=1.5, v_threshold=1e6), 1),
    ):
        spec = NetworkSpec(
            DT,
            (Population("in", 1, Input()), Population("cells", n, model)),
            (
                Projection("in", "cells", np.ones((1, 1)), stp=tired),
                Projection("in", "cells", -np.ones((1, 1)), receptor="inhibitory"),
            ),
        )
        given = np.zeros((3, 1), bool)
        given[[0, 2]] = True
        result = simulate(build(spec), {"in": given}, 3 * DT, record=["cells.i", "cells.i_in"])
        gain = 1.5 if model.w_in == 1.5 else 1.0
        first, second = (gain * a for a in amplitudes(tired, [0, 2]))
        e, e_in = math.exp(-DT / 0.005), math.exp(-DT / 0.002)
        late = 0 if model.input == "end" else 1  # the decay of the step itself
        assert result.traces["cells.i"][2] == pytest.approx((first * e * e + second) * e**late)
        assert result.traces["cells.i_in"][2] == pytest.approx(-gain * (e_in * e_in + 1) * e_in**late)


def test_a_loop_of_a_population_onto_itself():
    program = build(
        NetworkSpec(
            DT,
            (Population("cells", 1, IF(r=1 / DT, v_threshold=0.5), bias=1.0),),
            (Projection("cells", "cells", -np.ones((1, 1)), delay=DT, stp=TsodyksMarkram(u=0.5, tau_rec=1.0)),),
        )
    )
    assert len(simulate(program, {}, 5 * DT).spikes["cells"]) > 1


def controller(carry, code=None):
    into = Encoder(population="in", field=Direct(range=Bounds(low=-1.0, high=1.0)), size=2,
                   code=code or Regular())  # fmt: skip
    net = NetworkSpec(
        DT,
        (Population("in", 4, Input()), Population("cells", 6, IF(r=400.0))),
        (Projection("in", "cells", AllToAll(), delay=DT, stp=TsodyksMarkram(u=0.5, tau_rec=0.5, tau_facil=0.2)),),
    )
    decoder = Rate(population="cells", size=3, limits=Limits(low=-1.0, high=1.0))
    return ControllerSpec(encoder=into, network=net, decoder=decoder, substeps=3, carry=carry)


def test_carry_0_forgets_it_and_between_0_and_1_keeps_a_share():
    core = HostCore(build(controller(0.0)), "float64")
    core.tick(np.ones(2))
    first = core.block("in->cells.spent").copy()
    assert first.any()
    core.tick(np.ones(2))
    np.testing.assert_array_equal(core.block("in->cells.spent"), first)
    half = HostCore(build(controller(0.5)), "float64")
    half.block("in->cells.spent")[:], half.block("in->cells.used")[:] = 0.4, 0.6
    half.tick(np.zeros(2))
    assert half.block("in->cells.spent").tolist() == [0.2] * 4
    assert half.block("in->cells.used").tolist() == [0.3] * 4


@pytest.mark.parametrize("threads", [1, 2])
def test_instances_of_a_batch_and_snapshots_hold_it(threads):
    program = build(controller(1.0))
    batch, rows = BatchCore(program, 3, threads=threads), np.random.default_rng(2).uniform(0, 1, (8, 3, 2))
    cores = [HostCore(program, instance=i) for i in range(3)]
    for k, row in enumerate(rows):
        batch.tick(row)
        for i, core in enumerate(cores):
            if k == 4:
                kept = core.snapshot()
                core.tick(np.ones(2))
                core.restore(kept)
            core.tick(row[i])
            np.testing.assert_array_equal(batch.state[i], core.state)
    batch.close()


def test_a_file_keeps_it(tmp_path):
    program = build(controller(0.5))
    program.save(tmp_path / "p.safetensors")
    again = Program.load(tmp_path / "p.safetensors")
    assert again.network.projections[0].stp == TsodyksMarkram(u=0.5, tau_rec=0.5, tau_facil=0.2)
    assert program.diff(again) == [] and "short-term plasticity" in again.summary()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: TsodyksMarkram(u=0.0, tau_rec=0.8), "u is 0, it must be greater than 0"),
        (lambda: TsodyksMarkram(u=1.1, tau_rec=0.8), "u is 1.1, it must be at most 1"),
        (lambda: TsodyksMarkram(u=(0.5, 0.5), tau_rec=0.8), r"u is \(0.5, 0.5\), it must be a number"),
        (lambda: TsodyksMarkram(u=0.5, tau_rec=-1.0), "tau_rec is -1, it must be at least 0"),
        (lambda: TsodyksMarkram(u=0.5, tau_rec=0.1, tau_facil=-1.0), "tau_facil is -1, it must be at least 0"),
        (lambda: network(np.ones((2, 2)), 0.5), "stp is 0.5, it must be a TsodyksMarkram, or None"),
        (lambda: controller(1.0, Current()), "'in->cells': short-term plasticity needs spikes, and Current sends none"),
    ],
)
def test_plasticity_that_cannot_be(given, words):
    with pytest.raises(SpecError, match=words):
        given()
