"""Perturbations as data: what can be said, and what is refused and why."""

import math

import pytest

from neurobot.envs import Perturbation
from neurobot.errors import EnvError

OWN = {
    "reversed": {},
    "weakened": {"factor": 0.5},
    "dead": {},
    "swapped": {"index": (0, 1)},
    "rotated": {"index": (0, 1), "angle": 0.5},
    "biased": {"value": 0.1},
    "frozen": {},
    "mass": {"body": "torso", "mass": 1.0},
    "latency": {"periods": 2},
    "jitter": {"periods": 2},
    "loss": {"probability": 0.5},
}


@pytest.mark.parametrize("kind", OWN)
def test_a_kind_with_its_own_fields_goes_through_plain_data(kind):
    p = Perturbation(kind=kind, at=(1.0, 2.0), until=3.0, **OWN[kind])
    assert p.to_data() == {"kind": kind, "at": [1.0, 2.0], "until": 3.0} | {
        key: list(value) if isinstance(value, tuple) else value for key, value in OWN[kind].items()
    }
    assert Perturbation.from_data(p.to_data()) == p


def test_one_index_is_a_tuple_of_one():
    assert Perturbation(kind="dead", index=2) == Perturbation(kind="dead", index=(2,))


@pytest.mark.parametrize("kind", OWN)
def test_a_field_of_another_kind_is_refused_and_its_own_are_listed(kind):
    given = OWN[kind] | ({"factor": 0.5} if kind != "weakened" else {"angle": 1.0})
    with pytest.raises(
        EnvError, match=rf"perturbation '{kind}': it has no (factor|angle); it takes .*, and at and unt"
    ):
        Perturbation(kind=kind, **given)


@pytest.mark.parametrize("kind", [kind for kind in OWN if OWN[kind]])
def test_a_field_that_a_kind_needs_is_asked_for(kind):
    name, *_ = OWN[kind]
    with pytest.raises(EnvError, match=f"perturbation '{kind}': .*it needs {name}"):
        Perturbation(kind=kind, **{key: value for key, value in OWN[kind].items() if key != name})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"kind": "revesed"}, r"perturbation: kind is 'revesed'; did you mean 'reversed'.*known: biased, dead, frozen"),
        ({"kind": "dead", "at": -1.0}, r"at is -1.0; it must be a time \[s\] from 0 on, or a pair \(low, high\)"),
        ({"kind": "dead", "at": math.nan}, "at is nan"),
        ({"kind": "dead", "at": "now"}, "at is 'now'"),
        ({"kind": "dead", "at": (2.0, 1.0)}, r"at is \(2.0, 1.0\)"),
        ({"kind": "dead", "at": (1.0,)}, r"at is \(1.0,\)"),
        ({"kind": "dead", "at": (1.0, 2.0), "until": 2.0}, r"until is 2.0; .* after at, which is up to 2"),
        ({"kind": "dead", "until": math.inf}, "until is inf"),
        ({"kind": "dead", "index": -1}, r"index is \(-1,\); it must be one or several whole numbers from 0 on"),
        ({"kind": "dead", "index": 0.5}, "index is 0.5"),
        ({"kind": "dead", "index": True}, "index is True"),
        ({"kind": "dead", "index": (1, 1)}, r"index is \(1, 1\); it names a number twice"),
        ({"kind": "swapped", "index": (0, 1, 2)}, r"index is \(0, 1, 2\); it must be a pair"),
        ({"kind": "rotated", "index": 0, "angle": 1.0}, r"index is \(0,\); it must be a pair"),
        ({"kind": "weakened", "factor": 1.5}, "factor is 1.5; it must be a finite number from 0 to 1"),
        ({"kind": "loss", "probability": -0.5}, "probability is -0.5; it must be a finite number from 0 to 1"),
        ({"kind": "biased", "value": math.inf}, "value is inf; it must be a finite number"),
        ({"kind": "rotated", "index": (0, 1), "angle": "1"}, "angle is '1'; it must be a finite number"),
        ({"kind": "mass", "body": "torso", "mass": 0.0}, r"mass is 0.0; it must be a finite number above 0 \[kg\]"),
        ({"kind": "mass", "body": 0, "mass": 1.0}, "body is 0; it must be a name, or an index of at least 1"),
        ({"kind": "latency", "periods": 0}, "periods is 0; it must be a whole number from 1 to 1000"),
        ({"kind": "latency", "periods": 1.0}, "periods is 1.0"),
        ({"kind": "latency", "periods": 10**12}, "periods is 1000000000000"),
        ({"kind": "biased", "value": 10**400}, "it must be a finite number"),
        ({"kind": "dead", "at": -1.0, "factor": 1.0}, "it has no factor; it takes index, and at and until; at is -1.0"),
    ],
)
def test_what_cannot_be_is_refused(kwargs, message):
    with pytest.raises(EnvError, match=message):
        Perturbation(**kwargs)


def test_a_table_without_kind_or_with_unknown_keys_is_refused():
    with pytest.raises(EnvError, match="perturbation: it has no kind; known: reversed, weakened, dead"):
        Perturbation.from_data({"at": 1.0})
    with pytest.raises(
        EnvError, match=r"perturbation 'dead': unknown key 'idx', did you mean 'index'.*; unknown key 'x'"
    ):
        Perturbation.from_data({"kind": "dead", "idx": 1, "x": 2})
