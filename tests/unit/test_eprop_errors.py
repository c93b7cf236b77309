"""What `EProp` says where it makes no sense, alone and in a network."""

from dataclasses import replace
from typing import get_args

import pytest

from neurobot.errors import SpecError
from neurobot.kernels.surrogates import KINDS
from neurobot.program import build
from neurobot.spec import (
    ALIF,
    LI,
    LIF,
    AllToAll,
    CubaLIF,
    EProp,
    FixedProbability,
    Input,
    NetworkSpec,
    Population,
    Projection,
)
from neurobot.spec.eprop import PseudoDerivative
from neurobot.train.surrogate_names import SurrogateName

RULE = EProp(readout="out", target="target")
ALL = AllToAll(weight=1.0)
CELL = LIF(tau_mem=0.02, reset="subtract")
ALONE = {
    "no name": ({"readout": ""}, "readout is '', it must be the name of a population"),
    "no name of a gate": ({"gate": 3}, "gate is 3, it must be the name of a population"),
    "feedback": ({"feedback": "symetric"}, "feedback is 'symetric'"),
    "loss": ({"loss": "hinge"}, "loss is 'hinge'"),
    "surrogate": ({"surrogate": "triangle"}, "surrogate is 'triangle'"),
    "descent": ({"descent": "sgd"}, "descent is 'sgd'"),
    "a seed": ({"feedback_seed": -1}, "seed is -1"),
    "episodes": ({"episodes": -1}, "episodes is -1"),
    "gamma": ({"gamma": -0.1}, "gamma is -0.1, it must be at least 0"),
    "slope": ({"slope": 0}, "slope is 0, it must be greater than 0"),
    "tau_rate": ({"tau_rate": 0}, "tau_rate is 0, it must be greater than 0"),
    "beta_1": ({"beta_1": 1.0}, "beta_1 is 1"),
    "interval and episodes": ({"interval": 0.1, "episodes": 1}, "an interval is given and episodes too"),
    "soft bounds": ({"bounds": "soft"}, "EProp has hard bounds only"),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_rule_that_makes_no_sense_is_refused(name):
    given, message = ALONE[name]
    with pytest.raises(SpecError) as error:
        EProp(**{"readout": "out", "target": "target"} | given)
    assert message in str(error.value)


def network(rule=RULE, cell=CELL, out=1, target=1, tau_out=0.02, readout=ALL, gate=1):
    populations = (
        Population("in", 2, Input()), Population("a", 3, cell), Population("out", out, LI(tau_mem=tau_out)),
        Population("target", target, LI(tau_mem=0.02)), Population("gate", gate, LI(tau_mem=0.02)),
    )  # fmt: skip
    projections = (Projection("in", "a", ALL, rule=rule),)
    return NetworkSpec(1e-3, populations, projections + ((Projection("a", "out", readout),) if readout else ()))


IN_NETWORK = {
    "an unknown read-out": ({"rule": replace(RULE, readout="outt")}, "readout: there is no population 'outt'; did you"),
    "an unknown gate": ({"rule": replace(RULE, gate="gat")}, "gate: there is no population 'gat'; did you mean 'gate'"),
    "a target that spikes": ({"rule": replace(RULE, target="a")}, "target 'a' is LIF, it must be LI"),
    "sizes": ({"target": 2}, "readout 'out' has 1 neurons and target 'target' 2; they must have as many"),
    "a large gate": ({"rule": replace(RULE, gate="gate"), "gate": 2}, "gate 'gate' has 2 neurons, it must have 1"),
    "taus": ({"tau_out": (0.01, 0.02), "out": 2, "target": 2}, "EProp needs one tau_mem for all neurons"),
    "a neuron": ({"cell": CubaLIF(tau_mem=0.02, tau_syn=0.01)}, "EProp needs LIF or ALIF, or the readout 'out';"),
    "a reset": ({"cell": LIF(tau_mem=0.02)}, "EProp needs reset=\"subtract\", it is 'value'"),
    "an input": ({"cell": replace(CELL, input="jump_then_decay")}, "EProp needs an input of current or jump, it is"),
    "an adaptation current": (
        {"cell": ALIF(tau_mem=0.02, b=0.1, reset="subtract")}, "no trace of an adaptation current; b is 0.1",
    ),
    "no slope": ({"cell": replace(CELL, v_threshold=(1.0, 1.0, 2.0))}, "so 1 / v_threshold is no slope: give"),
    "no feedback": ({"readout": None}, "there is no projection 'a->out' whose weights it could be; add one, or use"),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_NETWORK)
def test_a_rule_that_does_not_fit_its_network_is_refused(name):
    options, message = IN_NETWORK[name]
    with pytest.raises(SpecError) as error:
        build(network(**options))
    assert message in str(error.value)


def test_feedback_from_weights_that_are_not_there_is_refused():
    with pytest.raises(SpecError, match="EProp takes its weights as feedback, so all pairs need one; or feedback="):
        build(network(readout=FixedProbability(p=0.05, weight=1.0)))


def test_networks_that_fit_are_built():
    build(network())
    build(network(rule=replace(RULE, feedback="random"), readout=None))
    build(network(rule=replace(RULE, slope=2.0, gate="gate"), cell=replace(CELL, v_threshold=(1.0, 1.0, 2.0))))


def test_surrogates_have_the_words_and_the_order_of_training():
    assert get_args(PseudoDerivative) == get_args(SurrogateName) == KINDS
