"""Programs in words, and what tells two of them apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neurobot.program import Program, build
from neurobot.spec import LIF, AllToAll, FixedProbability, Input, NetworkSpec, Normal, Population, Projection


def program(tau: float = 0.02, seed: int = 0, p: float = 0.05) -> Program:
    populations = (Population("in", 40, Input()), Population("out", 30, LIF(tau_mem=tau)))
    sparse = FixedProbability(p=p, weight=Normal())
    return build(NetworkSpec(0.001, populations, (Projection("in", "out", sparse, delay=0.002),)), seed)


def test_a_summary_names_populations_projections_and_ops() -> None:
    text = program().summary()
    assert "population in: 40 Input" in text
    assert "population out: 30 LIF" in text
    assert "projection in->out: sparse" in text
    assert "delay 0.002 s" in text
    assert "EXTERNAL_SPIKES, SPARSE, LIF" in text
    assert "70 neurons" in text


def test_a_program_does_not_differ_from_itself_built_again() -> None:
    assert program().diff(program()) == []


def test_a_diff_names_the_key_of_the_spec_and_the_blocks_it_changes() -> None:
    lines = program().diff(program(tau=0.03))
    assert "spec.populations[1].model.tau_mem: 0.02 against 0.03" in lines
    assert any(line.startswith("params.out.alpha: 30 of 30 entries differ") for line in lines)


def test_a_diff_counts_changed_weights_and_says_by_how_much() -> None:
    a = program()
    params = a.params.copy()
    block = a.blocks["params"]["in->out.weights"]
    block.of(params)[3] += 0.25
    assert a.diff(a.with_params(params)) == [f"params.in->out.weights: 1 of {block.size} entries differ, by up to 0.25"]


def test_a_diff_of_other_synapses_tells_their_shapes() -> None:
    lines = program().diff(program(seed=1))
    assert "seed: 0 against 1" in lines
    assert any(line.startswith("layout.in->out.indices: shape") for line in lines)


def test_a_diff_tells_blocks_that_only_one_has_and_stays_short() -> None:
    many = tuple(Population(f"p{k}", 2, LIF(tau_mem=0.01)) for k in range(30))
    big = build(NetworkSpec(0.001, (Population("in", 2, Input()), *many), ()))
    small = build(NetworkSpec(0.001, (Population("in", 2, Input()), many[0]), ()))
    lines = small.diff(big)
    assert "params.p1.alpha: only in the second" in lines
    assert lines[-1].startswith("... and ")
    assert len(lines) == 41


def test_a_diff_of_dense_and_one_weight_each_is_about_kinds() -> None:
    a = program()
    dense = replace(a.network.projections[0], weights=AllToAll(weight=1.0))
    b = build(replace(a.network, projections=(dense,)))
    assert any("layout.in->out.indptr: only in the first" in line for line in a.diff(b))
    assert np.all(b.weights("in->out") == 1.0)
