"""Specs as data: the same again after a round trip, and strict about everything else."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from neurobot.spec import ControllerSpec, Dense, FixedProbability, NetworkSpec, Sparse
from neurobot.spec.serialize import Invalid, from_data, to_data
from tests.unit.strategies import cases, examples
from tests.unit.test_controller import spec


@given(case=cases())
@examples(60)
def test_a_spec_survives_json(case):
    named = case.program.spec
    assert from_data(json.loads(json.dumps(to_data(named))), ControllerSpec) == named
    assert from_data(json.loads(json.dumps(to_data(named.network))), NetworkSpec) == named.network


def test_a_bare_table_takes_the_defaults():
    made = from_data(
        {"dt": 1, "populations": [{"name": "a", "n": 2, "model": {"type": "LIF", "tau_mem": 1}}]}, NetworkSpec
    )
    assert made.populations[0].model.tau_mem == 1.0
    assert made.projections == ()


CHANGES = {
    "an unknown key": (("network", "dtt"), 1e-3, r"network: unknown key 'dtt', did you mean 'dt'"),
    "an unknown key of a union": (
        ("encoder", "code", "max_rat"),
        1.0,
        r"encoder.code: .*unknown key 'max_rat', did you mean 'max_rate'",
    ),
    "a fraction for a whole number": (("substeps",), 1.5, r"substeps: is 1.5, it must be a whole number"),
    "a float for a whole number": (("substeps",), 5.0, r"substeps: is 5.0, it must be a whole number"),
    "true for a whole number": (("substeps",), True, r"substeps: is True, it must be a whole number"),
    "true for a number": (("carry",), True, r"carry: is True, it must be a number"),
    "a text for a number": (("network", "dt"), "fast", r"network.dt: is 'fast', it must be a number"),
    "a list for a number": (("carry",), [1.0], r"carry: is \[1.0\], it must be a number"),
    "true in a list of numbers": (
        ("decoder", "limits", "low"),
        [0, True],
        r"decoder.limits.low: is True, it must be a number",
    ),
    "a number for true or false": (("decoder", "push_pull"), 1, r"push_pull: is 1, it must be true or false"),
    "a number for a text": (("decoder", "population"), 1, r"population: is 1, it must be a text"),
    "an unknown word": (("decoder", "limits", "on_hold"), "lst", r"on_hold: is 'lst'; did you mean 'last'"),
    "an unknown type": (
        ("encoder", "code", "type"),
        "Poison",
        r"encoder.code: has the unknown type 'Poison'; did you mean 'Poisson'",
    ),
    "no type": (
        ("encoder", "code"),
        {},
        r"encoder.code: has no type; known: Burst, Current, Delta, Latency, Phase, Poisson, Regular",
    ),
    "no table": (
        ("encoder", "code"),
        3,
        r"encoder.code: is 3, it must be a table with a type: Regular, Poisson, Current",
    ),
    "a value out of range": (("substeps",), 0, r"substeps is 0, it must be at least 1"),
    "an empty network": (("network", "populations"), [], r"there is no population"),
    "a text for a table": (("network",), "net", r"network: is no table, or no list, of what belongs here"),
    "a list for a table": (("decoder", "limits"), [1], r"decoder.limits: is no table, or no list"),
    "a number for a list": (("network", "populations"), 3, r"network.populations: is no table, or no list"),
    "a table for a list": (("network", "populations"), {"a": 1}, r"network.populations.*: is no table, or no list"),
    "null for a number": (("network", "dt"), None, r"network.dt: is None, it must be a number"),
    "a whole number too large for a float": (("carry",), 10**400, r"carry"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_data_that_is_not_a_spec_is_refused(name):
    path, value, message = CHANGES[name]
    data = copy.deepcopy(to_data(spec()))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(Invalid, match=message):
        from_data(data, ControllerSpec)


def test_missing_keys_are_named():
    data = to_data(spec())
    del data["network"]["dt"], data["substeps"]
    with pytest.raises(Invalid) as caught:
        from_data(data, ControllerSpec)
    assert any("'dt' is missing" in p for p in caught.value.problems)
    assert any("'substeps' is missing" in p for p in caught.value.problems)


@pytest.mark.parametrize("data", [None, 3, "network", [], [1], {"type": "NetworkSpec"}, {1: 2}])
def test_what_is_no_table_at_all_is_refused(data):
    with pytest.raises(Invalid, match=r"must be a table|unknown key|missing"):
        from_data(data, ControllerSpec)


def test_all_problems_are_told_at_once():
    data = to_data(spec())
    data["substeps"], data["carry"], data["network"]["dt"] = "x", "y", "z"
    with pytest.raises(Invalid) as caught:
        from_data(data, ControllerSpec)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("array", [Dense(np.ones((12, 9))), Sparse([0], [0], [1.0])])
def test_arrays_are_not_data(array):
    network = spec().network
    projections = (*network.projections[:2], replace(network.projections[2], weights=array))
    with pytest.raises(TypeError, match="is an array, not data; name it and give the array to build"):
        to_data(replace(network, projections=projections))


def test_rules_and_distributions_are_data():
    network = spec().network
    projections = tuple(replace(p, weights=FixedProbability(p=0.5, weight=2.0)) for p in network.projections)
    changed = replace(network, projections=projections)
    assert from_data(json.loads(json.dumps(to_data(changed))), NetworkSpec) == changed
