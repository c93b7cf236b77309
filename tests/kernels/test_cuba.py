"""Neurons that share their parameters run like neurons that each have their own."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurobot.core import HostCore
from neurobot.kernels import ops
from neurobot.program import build
from neurobot.program.report import op_names
from neurobot.spec import CubaLIF, FixedProbability, Input, NetworkSpec, Normal, Population, Projection
from tests.unit.strategies import examples

DT, STEPS = 1e-3, 60


@st.composite
def networks(draw):
    """A recurrent network of neurons that share their parameters, with delays of all kinds."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    number = rng.uniform
    two = draw(st.booleans())
    model = CubaLIF(
        tau_mem=number(5e-3, 2e-2), tau_syn=number(2e-3, 1e-2), tau_syn_in=number(2e-3, 1e-2) if two else None,
        r=number(0.5, 2), v_leak=number(-0.1, 0.3), v_threshold=number(0.3, 0.5), v_reset=number(-0.2, 0.3),
        t_ref=DT * draw(st.integers(0, 5)), input=draw(st.sampled_from(["start", "end"])),
    )  # fmt: skip
    n = draw(st.integers(1, 21))
    cells = Population("cells", n, model, bias=tuple(number(0, 0.5, n)), v_init=tuple(number(-0.1, 0.3, n)))
    w = FixedProbability(p=draw(st.sampled_from([0.05, 0.5])), weight=Normal(mean=0.3, std=1.5))
    projections = [Projection("in", "cells", w), Projection("cells", "cells", w, delay=DT * draw(st.integers(1, 4)))]
    if two:
        projections += [Projection("cells", "cells", w, delay=2 * DT, receptor="inhibitory")]
    return NetworkSpec(DT, (Population("in", 4, Input()), cells), tuple(projections))


def with_own_parameters(network):
    cells = network.population("cells")
    own = replace(cells, model=replace(cells.model, tau_mem=(cells.model.tau_mem,) * cells.n))
    return replace(network, populations=(network.populations[0], own))


def run(program, rows):
    core = HostCore(program, "float64", log_spikes=100)
    spikes, v = [], []
    for row in rows:
        core.tick(row)
        spikes.append(core.spikes[:, 1].tolist())
        v.append(core.block("cells.v").copy())
    return spikes, np.array(v)


@pytest.mark.small
@given(network=networks())
@examples(40)
def test_shared_parameters_give_the_spikes_of_parameters_of_their_own(network):
    shared, own = build(network, seed=1), build(with_own_parameters(network), seed=1)
    assert "CUBA_UNIFORM" in op_names(shared)
    assert "CUBA_UNIFORM" not in op_names(own)
    rows = np.random.default_rng(0).random((STEPS, 4)) < 0.3
    a, b = run(shared, rows), run(own, rows)
    assert a[0] == b[0]
    np.testing.assert_allclose(a[1], b[1], rtol=1e-12, atol=1e-12)


@pytest.mark.small
def test_several_steps_a_call_are_those_of_single_calls():
    network = NetworkSpec(
        DT, (Population("cells", 9, CubaLIF(tau_mem=1e-2, tau_syn=5e-3, t_ref=3e-3), bias=tuple(np.linspace(1, 2, 9))),)
    )
    one, many = HostCore(build(network)), HostCore(build(network), max_steps=7)
    for _ in range(21):
        one.tick(np.zeros(0))
    for _ in range(3):
        many.tick_in_place(7)
    one.tick(np.zeros(0))
    many.tick_in_place()  # without a number it is one step, whatever the last call ran
    words = slice(ops.STATE_HEADER, None)  # the header counts the spikes of a call
    np.testing.assert_array_equal(one.state[words], many.state[words])


def test_what_decays_ends_at_zero_and_not_among_the_subnormal_numbers():
    network = NetworkSpec(
        DT,
        (Population("in", 1, Input()), Population("cells", 3, CubaLIF(tau_mem=1e-2, tau_syn=5e-3))),
        (Projection("in", "cells", [[0.1]] * 3),),
    )
    core = HostCore(build(network), "float32", max_steps=1000)
    core.observation[0] = 1.0
    core.tick_in_place(1000)
    assert not core.block("cells.i").any()
    core.observation[0] = 0.0
    for _ in range(3):
        core.tick_in_place(1000)
    assert not core.block("cells.v").any()
