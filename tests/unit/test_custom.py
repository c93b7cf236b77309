"""A neuron of one's own: LIF written again spikes alike, and what goes wrong is told."""

import numba
import numpy as np
import pytest

import neurobot
from neurobot.controller import Controller
from neurobot.core import BatchCore, HostCore
from neurobot.errors import ActionError, NeuronError, ProgramFileError, SpecError
from neurobot.program import Program, build
from neurobot.simulation import CurrentPulse, PoissonSpikes, simulate
from neurobot.spec import (
    LIF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Custom,
    Direct,
    Encoder,
    Input,
    Limits,
    NetworkSpec,
    Normal,
    Population,
    Projection,
    Rate,
    Regular,
    custom,
    neuron,
)

DT = 1e-3
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="plain Python raises, and takes any type")


@neuron("test_lif")
def again(v, s, spike, alpha, lam, b, theta, reset):
    for j in range(v.size):
        v[j] = alpha[j] * v[j] + lam[j] * s[j] + b[j]
        if v[j] > theta[j]:
            spike[j] = 1
            v[j] = reset[j]


@neuron("test_arrays")
def with_arrays(u, v, s, spike, fall):
    """As NumPy says it, with temporary arrays; u counts spikes."""
    v[:] = fall * v + s
    spike[:] = v > 1
    v[:] = np.where(spike > 0, 0, v)
    u += spike


@neuron("test_division")
def division(v, s, spike, by):
    for j in range(v.size):
        v[j] = 1 / by[j]
        spike[j] = 255  # anything but 0 is a spike


@neuron("test_raises")
def raises(v, s, spike, most):
    for j in range(v.size):
        v[j] += s[j]
        spike[j] = 1
        if v[j] > most[j]:
            raise ValueError("too much")


def lif_as_custom(tau=0.02, theta=0.3, reset=-0.1, bias=0.0):
    gain = -np.expm1(-DT / tau)
    return Custom(
        id="test_lif",
        params={"alpha": np.exp(-DT / tau), "lam": gain, "b": gain * bias, "theta": theta, "reset": reset},
    )


def network(model, n=30, **more):
    cells = Population("cells", n, model, **more)
    return NetworkSpec(
        DT,
        (Population("in", 20, Input()), cells),
        (
            Projection("in", "cells", AllToAll(weight=Normal(std=1.0))),
            Projection("cells", "cells", AllToAll(weight=Normal(std=0.5), self=False), delay=DT),
        ),
    )


@pytest.mark.small
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_lif_written_again_spikes_as_lif_does(dtype):
    given = {"in": PoissonSpikes(rate=100.0)}
    ours = build(network(LIF(tau_mem=0.02, v_threshold=0.3, v_reset=-0.1), bias=0.2))
    a = simulate(ours, given, 0.5, record=["cells.v"], dtype=dtype)
    b = simulate(build(network(lif_as_custom(bias=0.2))), given, 0.5, record=["cells.v"], dtype=dtype)
    assert len(a.spikes["cells"]) > 100
    np.testing.assert_array_equal(a.spikes["cells"].steps, b.spikes["cells"].steps)
    np.testing.assert_array_equal(a.spikes["cells"].neurons, b.spikes["cells"].neurons)
    np.testing.assert_allclose(a.traces["cells.v"], b.traces["cells.v"], rtol=0, atol=1e-6)


def test_a_neuron_may_use_arrays_and_has_starting_values():
    model = Custom(id="test_arrays", params={"fall": (0.5, 0.25)}, init={"v": 0.8, "u": (10.0, 20.0)})
    program = build(NetworkSpec(DT, (Population("in", 1, Input()), Population("cells", 2, model)),
                                (Projection("in", "cells", np.array([[0.7], [0.6]])),)))  # fmt: skip
    given = np.array([[True], [False], [True]])
    result = simulate(program, {"in": given}, 3 * DT, record=["cells.v", "cells.u"])
    assert result.traces["cells.v"] == pytest.approx(np.array([[0, 0.8], [0, 0.2], [0.7, 0.65]]))
    assert result.traces["cells.u"].tolist() == [[11, 20], [11, 20], [11, 20]]


def test_v_init_of_the_population_comes_before_init_of_the_model():
    model = Custom(id="test_arrays", params={"fall": 0.5}, init={"v": 0.8})
    program = build(NetworkSpec(DT, (Population("cells", 2, model, v_init=0.4),)))
    assert HostCore(program, "float64").block("cells.v").tolist() == [0.4, 0.4]


def test_a_bias_is_added_to_b():
    program = build(NetworkSpec(DT, (Population("cells", 2, lif_as_custom(theta=1.0), bias=(0.5, 0.25)),)))
    assert program.param("cells.b").tolist() == [0.5, 0.25]


def test_a_current_is_added_to_b():
    model = Custom(id="test_lif", params={"alpha": 1.0, "lam": 0.0, "b": 0.25, "theta": 9.0, "reset": 0.0})
    given = {"cells": CurrentPulse(amplitude=0.5, start=1 * DT, stop=2 * DT)}
    result = simulate(build(NetworkSpec(DT, (Population("cells", 1, model),))), given, 3 * DT, record=["cells.v"])
    assert result.traces["cells.v"].ravel().tolist() == [0.25, 1.0, 1.25]


def controller(carry=1.0):
    model = Custom(
        id="test_arrays", params={"fall": 0.9}, init={"u": 7.0, "v": tuple(np.linspace(0.1, 0.4, 6).tolist())}
    )
    into = Encoder(population="in", field=Direct(range=Bounds(low=-1.0, high=1.0)), code=Regular(), size=2)
    cells = NetworkSpec(
        DT,
        (Population("in", 4, Input()), Population("cells", 6, model)),
        (Projection("in", "cells", AllToAll(weight=Normal(mean=0.2, std=0.3))),),
    )
    decoder = Rate(population="cells", size=3, limits=Limits(low=-1.0, high=1.0))
    return build(ControllerSpec(encoder=into, network=cells, decoder=decoder, substeps=4, carry=carry))


def test_carry_brings_every_variable_back_towards_its_start():
    core = HostCore(controller(carry=0.0), "float64")
    for _ in range(3):
        core.tick(np.array([0.9, -0.4]))
    first = core.block("cells.u").copy()
    assert (first > 7).any()
    core.tick(np.array([0.9, -0.4]))
    np.testing.assert_array_equal(core.block("cells.u"), first)
    half = HostCore(controller(carry=0.5), "float64")
    half.block("cells.u")[:] = 9.0
    half.block("cells.v")[:] = 0.0
    half.tick(np.zeros(2))
    assert half.block("cells.u").tolist() == [8.0] * 6


def test_a_snapshot_holds_the_neurons_state():
    core = HostCore(controller(), "float64")
    rows = np.random.default_rng(1).uniform(-1, 1, (6, 2))
    for row in rows[:3]:
        core.tick(row)
    kept = core.snapshot()
    once = [(core.tick(row), core.action.copy(), core.state.copy()) for row in rows[3:]]
    core.restore(kept)
    for (_, action, state), row in zip(once, rows[3:], strict=True):
        core.tick(row)
        np.testing.assert_array_equal(core.action, action)
        np.testing.assert_array_equal(core.state, state)


@pytest.mark.parametrize("threads", [1, 2])
def test_instances_of_a_batch_equal_single_cores(threads):
    program = controller()
    batch, rows = BatchCore(program, 3, threads=threads), np.random.default_rng(2).uniform(-1, 1, (5, 3, 2))
    cores = [HostCore(program, instance=i) for i in range(3)]
    for row in rows:
        actions = batch.tick(row)
        for i, core in enumerate(cores):
            core.tick(row[i])
            np.testing.assert_array_equal(actions[i], core.action)
            np.testing.assert_array_equal(batch.state[i], core.state)
    batch.close()


def test_a_file_names_the_id_only_and_runs_as_before(tmp_path):
    program = controller()
    program.save(tmp_path / "p.safetensors")
    again = Program.load(tmp_path / "p.safetensors")
    assert again.spec == program.spec and program.diff(again) == []
    a, b = HostCore(program), HostCore(again)
    for row in np.random.default_rng(3).uniform(-1, 1, (5, 2)):
        a.tick(row), b.tick(row)
        np.testing.assert_array_equal(a.state, b.state)


def test_a_file_with_an_id_that_is_not_registered_says_how_to_load_it(tmp_path, monkeypatch):
    controller().save(tmp_path / "p.safetensors")
    monkeypatch.delitem(custom._REGISTERED, "test_arrays")
    words = r"no neuron is registered as 'test_arrays'; .*known: .*test_lif.* Import the module .*--allow-import MODULE"
    with pytest.raises(ProgramFileError, match=words):
        Program.load(tmp_path / "p.safetensors")


def test_an_unknown_id_gets_near_matches():
    with pytest.raises(SpecError, match="no neuron is registered as 'test_lf'; did you mean 'test_lif'"):
        Custom(id="test_lf")


@compiled
def test_division_by_zero_gives_inf_and_a_spike_is_a_spike():
    model = Custom(id="test_division", params={"by": (0.0, 2.0)})
    result = simulate(build(NetworkSpec(DT, (Population("cells", 2, model),))), {}, DT, record=["cells.v"])
    assert result.spikes["cells"].neurons.tolist() == [0, 1]
    assert result.traces["cells.v"].tolist() == [[np.inf, 0.5]]


def raising():
    model = Custom(id="test_raises", params={"most": 1.0})
    return build(NetworkSpec(DT, (Population("in", 1, Input()), Population("cells", 2, model)),
                             (Projection("in", "cells", np.array([[0.6], [0.0]])),)))  # fmt: skip


@compiled
def test_a_neuron_that_raises_ends_the_tick_until_a_reset():
    core = HostCore(raising(), log_spikes=10)
    assert [core.tick(np.ones(1)) for _ in range(3)] == [0, 3, 3]
    assert core.spikes.tolist() == [[0, 0]]  # the input; what failed does not spike
    core.reset()
    assert core.tick(np.ones(1)) == 0


@compiled
def test_a_simulation_in_which_a_neuron_raises_is_an_error():
    with pytest.raises(NeuronError, match=r"neuron .test_raises. of population .cells. raised.*NUMBA_DISABLE_JIT=1"):
        simulate(raising(), {"in": np.ones((3, 1), bool)}, 3 * DT)


@compiled
def test_a_controller_whose_neuron_raises_sends_nothing():
    spec = controller().spec
    model = Custom(id="test_raises", params={"most": 0.5})
    cells = NetworkSpec(DT, (spec.network.populations[0], Population("cells", 6, model)),
                        (Projection("in", "cells", AllToAll(weight=0.3)),))  # fmt: skip
    c = Controller(build(ControllerSpec(encoder=spec.encoder, network=cells, decoder=spec.decoder, substeps=4)))
    with pytest.raises(ActionError, match="neuron 'test_raises' of population 'cells' raised"):
        c.step(np.array([1.0, 1.0]))
    with pytest.raises(NeuronError, match="neuron 'test_raises'"):
        c.predict(np.array([[1.0, 1.0]]))
    c.reset()
    assert np.isfinite(c.step(np.zeros(2))).all()


@compiled
def test_what_numba_cannot_compile_is_told_with_its_own_words():
    @neuron("test_untyped")
    def untyped(v, s, spike):
        v[0] = "a text"

    program = build(NetworkSpec(DT, (Population("cells", 2, Custom(id="test_untyped")),)))
    with pytest.raises(SpecError, match=r"neuron test_untyped: Numba cannot compile it for float32: (?s:.*)setitem"):
        HostCore(program)


def test_a_neuron_without_parameters_runs():
    @neuron("test_bare")
    def bare(v, s, spike):
        v += 1

    program = build(NetworkSpec(DT, (Population("cells", 3, Custom(id="test_bare")),)))
    assert simulate(program, {}, 2 * DT, record="cells.v").traces["cells.v"].tolist() == [[1] * 3, [2] * 3]


def test_a_function_registered_again_with_other_arguments_needs_a_new_program():
    def make(order):
        if order:

            def moves(v, u, s, spike):
                v += 1

        else:

            def moves(u, v, s, spike):
                v += 1

        return moves

    neuron("test_moves")(make(True))
    program = build(NetworkSpec(DT, (Population("cells", 3, Custom(id="test_moves")),)))
    neuron("test_moves")(make(False))
    with pytest.raises(SpecError, match="registered again with other arguments; build the program again"):
        HostCore(program)


def test_an_id_belongs_to_one_function():
    def other(v, s, spike):
        pass

    with pytest.raises(SpecError, match="again has this id already; choose another one"):
        neuron("test_lif")(other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: lambda v, spike, s: None, r"its arguments are \(v, spike, s\); they must be \(state..., s, spike"),
        (lambda: lambda u, s, spike: None, r"its state is \(u\); one of it must be v"),
        (lambda: lambda v, wait, s, spike: None, "no state variable can be called 'wait'"),
        (lambda: lambda v, s_in, s, spike: None, "no state variable can be called 's_in'"),
        (lambda: lambda v, s, spike, v_init: None, "no parameter can be called 'v_init'"),
        (lambda: lambda v, s, spike, a=1: None, "plain names, without defaults and stars"),
        (lambda: lambda v, s, spike, *a: None, "plain names, without defaults and stars"),
    ],
)
def test_arguments_that_cannot_be(make, words):
    with pytest.raises(SpecError, match=words):
        neuron("test_refused")(make())
    with pytest.raises(SpecError):
        Custom(id="test_refused")


def test_an_id_that_cannot_be():
    with pytest.raises(SpecError, match="an id is 1 to 100 characters"):
        neuron("")(lambda v, s, spike: None)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"params": {"fal": 0.5}}, "params has an unknown name 'fal'; did you mean 'fall'"),
        ({}, "params has no 'fall'; it needs fall"),
        ({"params": {"fall": np.nan}}, "params.fall is nan"),
        ({"params": {"fall": 0.5}, "init": {"w": 1.0}}, "init has an unknown name 'w'; known: u, v"),
        ({"params": [0.5]}, r"params is \[0.5\], it must map names to numbers"),
    ],
)
def test_numbers_that_cannot_be(given, words):
    with pytest.raises(SpecError, match=words):
        Custom(id="test_arrays", **given)


def test_numbers_of_another_length_than_the_population():
    model = Custom(id="test_arrays", params={"fall": (0.5, 0.5)}, init={"u": (1.0, 2.0, 3.0, 4.0)})
    with pytest.raises(SpecError) as error:
        Population("cells", 3, model)
    assert "fall has 2 values, it must have one or 3" in str(error.value)
    assert "init.u has 4 values" in str(error.value)


def test_a_bias_or_a_current_needs_a_parameter_b():
    model = Custom(id="test_arrays", params={"fall": 0.5})
    with pytest.raises(SpecError, match="a bias is added to a parameter 'b', and the neuron 'test_arrays' has none"):
        Population("cells", 3, model, bias=0.1)
    program = build(NetworkSpec(DT, (Population("cells", 3, model),)))
    with pytest.raises(SpecError, match="a current is added to a parameter 'b', and the neuron of 'cells' has none"):
        simulate(program, {"cells": CurrentPulse(amplitude=1.0)}, DT)


def test_the_decorator_is_at_the_top_of_the_package():
    assert neurobot.neuron is neuron
