"""Spikes of the forward pass are those of the run-time cores, bit for bit, over random controllers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurobot as nb
from neurobot.program import build
from neurobot.spec import ALIF, LI, LIF, ControllerSpec, CubaLIF, Current, Input, NetworkSpec, Population, Projection
from neurobot.train.surrogate import Readout, Stack
from tests.unit import strategies as random_specs
from tests.unit.strategies import DT, examples, observations

DTYPES = ["float32", "float64"]


def model(draw, rng, n):
    if draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from(["current", "jump", "jump_then_decay"]))
        taus = {
            "tau_mem": tuple(rng.uniform(3e-3, 2e-2, n)),
            "tau_w": 9e-3,
            "tau_theta": tuple(rng.uniform(3e-3, 0.1, n)),
        }
        reset = draw(st.sampled_from(["value", "subtract"]))
        return ALIF(beta=0.2, b=0.3, t_ref=DT * draw(st.integers(0, 2)), input=kind, reset=reset, **taus)
    found = random_specs.model(draw, rng, n)
    return replace(found, tau_syn_in=None) if isinstance(found, CubaLIF) else found


def projections(draw, rng, populations):
    for i, pre in enumerate(populations):
        for j, post in enumerate(populations):
            if pre.spikes and post.name != "in" and draw(st.booleans()):
                size = 1.5 / np.sqrt(pre.n)
                w = rng.normal(0.15, size, (post.n, pre.n))
                yield Projection(pre.name, post.name, w, delay=DT * draw(st.integers(int(j <= i), 4)))


@st.composite
def controllers(draw):
    """A controller with one to three populations between input and read-out, links in all directions."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    into = random_specs.encoder(draw, rng, draw(st.integers(1, 4)))
    out = random_specs.decoder(draw, draw(st.integers(1, 3)))
    sizes = [draw(st.integers(1, 11)) for _ in range(draw(st.integers(1, 3)))]
    populations = [
        Population(f"h{m}", n, model(draw, rng, n), bias=float(rng.uniform(0, 1.5))) for m, n in enumerate(sizes)
    ]
    populations.insert(draw(st.integers(0, len(sizes))), Population("in", into.field.channels(into.size), Input()))
    n_out = out.size * random_specs.group(draw, out)
    membrane = type(out).__name__ == "Membrane"
    last = LI(tau_mem=5e-3, v_leak=0.05) if membrane else model(draw, rng, n_out)
    populations.append(Population("out", n_out, last, v_init=0.02))
    network = NetworkSpec(DT, tuple(populations), tuple(projections(draw, rng, populations)))
    carry = draw(st.sampled_from([1.0, 0.0, 0.3]))
    spec = ControllerSpec(encoder=into, network=network, decoder=out, substeps=draw(st.integers(1, 5)), carry=carry)
    return build(spec, seed=draw(st.integers(0, 2**40)))


def core_run(program, dtype, rows, instance):
    """Spikes (T, neurons) and actions (ticks, n_act) of a core."""
    core = nb.HostCore(program, dtype, instance=instance, log_spikes=program.substeps * program.neurons)
    spikes, actions = [], []
    for row in rows:
        assert core.tick(row) == 0
        z = np.zeros((program.substeps, program.neurons), np.uint8)
        z[core.spikes[:, 0], core.spikes[:, 1]] = 1
        spikes.append(z)
        actions.append(core.action.copy())
    return np.concatenate(spikes), np.array(actions)


def all_spikes(program, trace):
    """Spikes of all populations side by side, (T, B, neurons)."""
    return np.concatenate([trace.spikes(name) for name in program.network.names], axis=2)


@pytest.mark.parametrize("dtype", DTYPES)
@given(program=controllers(), seed=st.integers(0, 2**32 - 1))
@examples(60)
def test_spikes_and_actions_are_those_of_the_core(dtype, program, seed):
    ticks = 1 if program.spec.carry == 0 else 4
    rows = observations(seed, 3 * ticks, program.observation_size).reshape(ticks, 3, -1)
    stack = Stack(program, dtype=dtype, train=())
    trace = stack.forward(rows, exact=True)
    ours = all_spikes(program, trace)
    actions = None
    if type(program.spec.decoder).__name__ in ("Rate", "Membrane"):
        actions = Readout(program, dtype).forward(trace).actions
    for b in range(3):
        spikes, acted = core_run(program, dtype, rows[:, b], b)
        np.testing.assert_array_equal(ours[:, b], spikes)
        if actions is not None:
            np.testing.assert_array_equal(actions[:, b], acted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [40, 1024, 1500])
def test_a_wide_layer_is_cut_into_blocks(dtype, n):
    rng = np.random.default_rng(n)
    cells = LIF(tau_mem=tuple(rng.uniform(5e-3, 2e-2, n)), v_threshold=tuple(rng.uniform(0.5, 1.5, n)), t_ref=2 * DT)
    populations = (Population("in", 20, Input()), Population("cells", n, cells))
    between = (Projection("in", "cells", rng.normal(1, 9, (n, 20))), Projection("cells", "cells", np.eye(n), delay=DT))
    program = build(NetworkSpec(DT, populations, between))
    spikes = rng.random((30, 3, 20)) < 0.2
    trace = Stack(program, dtype=dtype).forward({"in": spikes}, exact=True)
    assert 0.01 < trace.rates("cells").mean() < 0.5
    for b in range(3):
        result = nb.simulate(program, {"in": spikes[:, b].astype(float)}, 30 * DT, record=["cells.v"], dtype=dtype)
        found = result.spikes["cells"]
        z = np.zeros((30, n))
        z[found.steps, found.neurons] = 1
        np.testing.assert_array_equal(trace.spikes("cells")[:, b], z)
        np.testing.assert_array_equal(trace.v("cells")[:, b], result.traces["cells.v"])


def test_products_by_blas_give_the_same_spikes_but_for_rounding(monkeypatch):
    rng = np.random.default_rng(1)
    populations = (Population("in", 50, Input()), Population("a", 60, LIF(tau_mem=1e-2, input="jump")))
    between = [Projection("in", "a", rng.normal(0.05, 0.3, (60, 50)))]
    between += [Projection("a", "a", rng.normal(0, 0.2, (60, 60)), delay=DT)]
    stack = Stack(build(NetworkSpec(DT, populations, tuple(between))), dtype="float64")
    spikes = {"in": rng.random((40, 8, 50)) < 0.3}
    exact = stack.forward(spikes, exact=True).spikes("a")
    monkeypatch.setattr("neurobot.train.surrogate.passes.EVENTS_BELOW", 0.0)
    assert 0.05 < exact.mean() < 0.6
    np.testing.assert_array_equal(stack.forward(spikes).spikes("a"), exact)


def test_currents_of_a_network_are_added_up_in_order():
    rng = np.random.default_rng(2)
    populations = (Population("in", 9, Input()), Population("a", 7, LIF(tau_mem=1e-2, input="jump")))
    program = build(NetworkSpec(DT, populations, (Projection("in", "a", rng.normal(0.1, 0.4, (7, 9))),)))
    stack, x = Stack(program, dtype="float64"), rng.uniform(0, 1, (20, 4, 9))
    np.testing.assert_array_equal(
        stack.forward({"in": x}, exact=True).spikes("a"), stack.forward({"in": x}).spikes("a")
    )


def test_held_currents_are_one_product_a_tick():
    encoder = random_specs.Encoder(population="in", code=Current(gain=1.5), size=3, field=random_specs.Gaussian(
        range=random_specs.Bounds(low=-1.0, high=1.0), per_dim=4))  # fmt: skip
    rng = np.random.default_rng(0)
    populations = (Population("in", 12, Input()), Population("out", 8, LIF(tau_mem=1e-2, input="jump")))
    network = NetworkSpec(DT, populations, (Projection("in", "out", rng.normal(0, 0.3, (8, 12)), delay=2 * DT),))
    decoder = random_specs.Rate(population="out", size=2, limits=random_specs.Limits(low=-1.0, high=1.0))
    program = build(ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=5))
    stack = Stack(program, dtype="float64")
    rows = rng.uniform(-1, 1, (6, 4, 3))
    exact = stack.forward(rows, exact=True).spikes("out")
    assert exact.any()
    np.testing.assert_array_equal(stack.forward(rows).spikes("out"), exact)


@pytest.mark.parametrize("kind", ["start", "end"])
def test_neurons_that_share_their_parameters_run_alike_but_for_rounding(kind):
    rng = np.random.default_rng(5)
    cells = CubaLIF(tau_mem=1e-2, tau_syn=4e-3, t_ref=2 * DT, input=kind)
    populations = (Population("in", 20, Input()), Population("cells", 30, cells))
    weights = rng.normal(1, 3, (30, 20)), rng.normal(0, 1, (30, 30))
    between = (Projection("in", "cells", weights[0]), Projection("cells", "cells", weights[1], delay=DT))
    program = build(NetworkSpec(DT, populations, between))
    spikes = rng.random((60, 1, 20)) < 0.2
    stack = Stack(program, dtype="float64")
    trace = stack.forward({"in": spikes})
    result = nb.simulate(program, {"in": spikes[:, 0].astype(float)}, 60 * DT)
    z = np.zeros((60, 30))
    z[result.spikes["cells"].steps, result.spikes["cells"].neurons] = 1
    assert 0.02 < z.mean() < 0.5
    np.testing.assert_array_equal(trace.spikes("cells")[:, 0], z)
    np.testing.assert_array_equal(stack.to_program().params, program.params)
