"""What a neuron of one's own may not touch, and names of its variables that other parts of a program use too."""

import numpy as np
import pytest

from neurobot.core import BatchCore, HostCore
from neurobot.errors import SpecError
from neurobot.program import build
from neurobot.spec import (
    AllToAll,
    Bounds,
    ControllerSpec,
    Custom,
    Direct,
    Encoder,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Population,
    Projection,
    Regular,
    neuron,
)

DT = 1e-3


@neuron("test_names")
def names(v, ring, history, s, spike, weights):
    """Every variable has a name of a projection's blocks."""
    for j in range(v.size):
        v[j] = ring[j] + history[j]
        ring[j] += 1
        history[j] += weights[j]


@neuron("test_writes_an_entry")
def writes_an_entry(v, s, spike, b):
    for j in range(v.size):
        b[j] += 1
        v[j] = b[j]


@neuron("test_adds_in_place")
def adds_in_place(v, s, spike, b):
    b += 1
    v[:] = b


def alone(id, n=2, **given):
    return NetworkSpec(DT, (Population("cells", n, Custom(id=id, **given)),))


def controller(model, name="cells", carry=1.0):
    field = Direct(range=Bounds(low=-1.0, high=1.0))
    network = NetworkSpec(
        DT,
        (Population("in", 2, Input()), Population(name, 2, model)),
        (Projection("in", name, AllToAll(weight=1.0), delay=DT),),
    )
    decoder = Membrane(population=name, size=1, push_pull=False, limits=Limits(low=-100.0, high=100.0))
    into = Encoder(population="in", field=field, code=Regular(), size=1)
    return ControllerSpec(encoder=into, network=network, decoder=decoder, substeps=3, carry=carry)


@pytest.mark.small
@pytest.mark.parametrize("id", ["test_writes_an_entry", "test_adds_in_place"])
def test_a_neuron_cannot_write_its_parameters(id):
    """As plain Python NumPy says so in the first tick, compiled it is an error when a core is made."""
    program = build(alone(id, params={"b": 0.0}))
    with pytest.raises((SpecError, ValueError), match=r"read-only"):
        HostCore(program).tick(np.zeros(0))
    with pytest.raises((SpecError, ValueError), match=r"read-only"):
        BatchCore(program, 3).tick(np.zeros((3, 0)))


def test_carry_0_brings_variables_called_ring_and_history_back_to_their_start():
    model = Custom(id="test_names", params={"weights": 1.0}, init={"ring": 3.0, "history": 0.5})
    core = HostCore(build(controller(model, carry=0.0)), "float64")
    for _ in range(2):
        core.tick(np.ones(1))
        assert core.block("cells.v").tolist() == [3.5 + 2 * 2] * 2
    assert core.block("in.spikes").any()


def test_a_parameter_called_weights_is_no_synapse():
    model = Custom(id="test_names", params={"weights": 1.0})
    assert build(NetworkSpec(DT, (Population("cells", 2, model),))).synapses == 0
    assert build(controller(model)).synapses == 4


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_a_custom_population_cannot_have_the_name_of_a_part_of_the_controller(name):
    """Its parameter `gain` would be the decoder's gain."""
    with pytest.raises(SpecError, match=f"population '{name}': rename it: .* names of the encoder's or decoder's own"):
        Population(name, 2, Custom(id="test_names", params={"weights": 1.0}))


def test_equal_custom_neurons_have_equal_hashes():
    a = Custom(id="test_names", params={"weights": (1.0, 2.0)}, init={"v": 1.0, "ring": 2.0})
    b = Custom(id="test_names", params={"weights": (1.0, 2.0)}, init={"ring": 2.0, "v": 1.0})
    c = Custom(id="test_names", params={"weights": (1.0, 2.5)})
    assert a == b and hash(a) == hash(b)
    assert len({a, b, c}) == 2


def test_cores_made_after_a_function_was_registered_again_run_the_new_one():
    def make(rise):
        @neuron("test_again")
        def rises(v, s, spike):
            for j in range(v.size):
                v[j] += rise

    make(1.0)
    program = build(alone("test_again"))
    old = HostCore(program)
    make(2.0)
    new = HostCore(program)
    old.tick(np.zeros(0)), new.tick(np.zeros(0))
    assert (old.block("cells.v").tolist(), new.block("cells.v").tolist()) == ([1.0, 1.0], [2.0, 2.0])
