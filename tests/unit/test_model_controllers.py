"""The models beyond the linear ones in controllers: carry, codes, files, batches, and what training changes."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.core import BatchCore, HostCore
from neurobot.program import Program, build
from neurobot.spec import (
    ALIF,
    LI,
    AdEx,
    AlphaLIF,
    Bounds,
    CobaLIF,
    ControllerSpec,
    Current,
    Direct,
    Encoder,
    Input,
    Izhikevich,
    Limits,
    Membrane,
    NetworkSpec,
    Population,
    Projection,
    Regular,
)
from neurobot.spec.neurons import receptors
from neurobot.spec.serialize import from_data, to_data
from neurobot.train.evolution.search import searched

DT, N = 1e-3, 5
OBSERVATIONS = np.random.default_rng(3).uniform(-1, 1, (6, 2))

MODELS = {
    "alpha": (AlphaLIF(tau_mem=1e-2, tau_syn=2e-3, tau_syn_in=5e-3, t_ref=2e-3), 0.6, (0.5, 1.1)),
    "adex": (AdEx(tau_syn=2e-3), 1e-9, (0.5e-9, 1e-9)),
    "adex conductance": (AdEx(tau_syn=2e-3, tau_syn_in=5e-3, e_ex=0.0, e_in=-8e-2), 2e-8, (0.5e-9, 1e-9)),
    "coba": (
        CobaLIF(
            c_m=2e-10,
            g_leak=2e-8,
            v_leak=-70e-3,
            v_threshold=-55e-3,
            v_reset=-65e-3,
            e_ex=0.0,
            e_in=-80e-3,
            tau_syn=2e-3,
            tau_syn_in=5e-3,
            t_ref=2e-3,
        ),
        1e-8,
        (2e-10, 4e-10),
    ),
    "alif": (ALIF(tau_mem=1e-2, beta=0.2, b=0.1, tau_w=5e-2, t_ref=2e-3), 0.6, (0.5, 1.5)),
    "izhikevich": (Izhikevich(u_init=-12.0), 8.0, (0.0, 10.0)),
}
"""By name: a model, the size of a weight, and biases between which its neurons go from silent to busy."""


def controller(name, code=None, carry=1.0):
    """Two observations, the model, and a read-out."""
    model, size, bias = MODELS[name]
    rng = np.random.default_rng(1)
    cells = Population("cells", N, model, bias=tuple(np.linspace(*bias, N)))
    between = [Projection("in", "cells", size * rng.random((N, 4)), receptor=r) for r in receptors(model)]
    between += [
        Projection("cells", "cells", size * rng.random((N, N)), delay=2 * DT, receptor=receptors(model)[-1]),
        Projection("cells", "out", rng.normal(size=(1, N))),
    ]
    out = Population("out", 1, LI(tau_mem=2e-2))
    network = NetworkSpec(DT, (Population("in", 4, Input()), cells, out), tuple(between))
    field = Direct(range=Bounds(low=-1, high=1), push_pull=True)
    encoder = Encoder(population="in", field=field, code=code or Regular(max_rate=400.0), size=2)
    decoder = Membrane(population="out", size=1, limits=Limits(low=-1, high=1))
    return ControllerSpec(encoder=encoder, network=network, decoder=decoder, substeps=20, carry=carry)


def run(core):
    """Actions and states over all observations."""
    out = []
    for x in OBSERVATIONS:
        assert core.tick(x) == 0
        out.append(core.state.copy())
    return np.array(out)


def variables(program):
    """Names of what evolves in the model's neurons."""
    blocks = program.blocks["state"].items()
    return [k for k, b in blocks if k.startswith("cells.") and not b.integer and k not in ("cells.s", "cells.s_in")]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("code", [Regular(max_rate=400.0), Current(gain=0.2)], ids=["regular", "current"])
def test_a_controller_of_the_model_listens_and_stays_finite(name, code):
    core = HostCore(build(controller(name, code)), "float32", log_spikes=1000)
    states = run(core)
    assert np.isfinite(states.view(np.float32)[:, core.program.blocks["state"]["cells.v"].at]).all()
    core.reset(0)
    other = []
    for x in -OBSERVATIONS:
        core.tick(x)
        other.append((core.spikes[:, 1] >= 4).sum())
    assert 0 < sum(other) < 6 * 20 * N
    assert (states[-1] != core.state).any()


@pytest.mark.parametrize("name", MODELS)
def test_carry_brings_every_variable_back_towards_its_start(name):
    some, all_of_it = (build(controller(name, carry=c)) for c in (0.3, 1.0))
    core, by_hand = HostCore(some, "float64"), HostCore(all_of_it, "float64")
    start = {k: by_hand.block(k).copy() for k in [*variables(all_of_it), "out.v"]}
    for x in OBSERVATIONS:
        for k, init in start.items():
            by_hand.block(k)[...] = init + 0.3 * (by_hand.block(k) - init)
        core.tick(x)
        by_hand.tick(x)
        for k in start:
            np.testing.assert_allclose(core.block(k), by_hand.block(k), rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_without_carry_ticks_know_nothing_of_each_other(name):
    core = HostCore(build(controller(name, carry=0.0)))
    core.tick(OBSERVATIONS[0])
    first = {k: core.block(k).copy() for k in variables(core.program)}
    core.tick(OBSERVATIONS[1])
    assert any((first[k] != core.block(k)).any() for k in first)
    core.tick(OBSERVATIONS[0])
    for k, values in first.items():
        np.testing.assert_array_equal(core.block(k), values)


@pytest.mark.parametrize("name", MODELS)
def test_a_program_of_the_model_survives_its_file_and_its_spec_survives_data(name, tmp_path):
    program = build(controller(name, carry=0.5), seed=3)
    program.save(tmp_path / "x.safetensors")
    loaded = Program.load(tmp_path / "x.safetensors")
    assert program.diff(loaded) == []
    np.testing.assert_array_equal(run(HostCore(loaded)), run(HostCore(program)))
    assert from_data(to_data(program.spec), ControllerSpec) == program.spec


@pytest.mark.parametrize("name", MODELS)
def test_instances_with_weights_and_biases_of_their_own_equal_programs_with_them(name):
    program = build(controller(name))
    index = searched(program, True)
    assert np.isin(program.blocks["params"]["cells.b"].at + np.arange(N), index).all()
    batch = BatchCore(program, 2, own_params=True)
    batch.params[1, index] *= 1.1
    host = HostCore(batch.to_program(1))
    for x in OBSERVATIONS:
        batch.tick(np.array([x, x]))
        host.tick(x)
        np.testing.assert_array_equal(batch.action[1], host.action)
    assert (batch.action[0] != batch.action[1]).any()


@pytest.mark.parametrize("name", MODELS)
def test_b_is_all_that_a_change_of_bias_changes(name):
    """What `simulate` counts on when it adds a current."""
    spec = controller(name).network
    cells = replace(spec.population("cells"), bias=MODELS[name][2][1])
    other = build(replace(spec, populations=(spec.populations[0], cells, spec.populations[2])))
    assert [line.split(":")[0] for line in build(spec).diff(other) if line.startswith("params")] == ["params.cells.b"]
