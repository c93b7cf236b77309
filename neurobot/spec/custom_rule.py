"""A learning rule of your own: a Python function of one synapse that is compiled and runs as an op of the tick.

As with neurons, a spec and a file hold only the id under which the function was registered.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurobot.errors import SpecError, near
from neurobot.spec.check import Problems, normalise
from neurobot.spec.custom import place_of
from neurobot.spec.learning import Learning, Pairing

Change = Callable[..., float]
FIRST = ("w", "x", "y", "spike")
"""Names of the first arguments of a rule's function."""


@dataclass(frozen=True, slots=True)
class RegisteredRule:
    """A registered rule.

    Args:
        id: what specs call it.
        function: what it makes of a weight.
        params: names of its parameters, in the order of the function's arguments.
    """

    id: str
    function: Change
    params: tuple[str, ...]


_REGISTERED: dict[str, RegisteredRule] = {}


def rule(id: str) -> Callable[[Change], Change]:
    """Register a function as a learning rule, for `CustomRule`.

    The function gets numbers and returns the new weight, which is then cut off at the rule's bounds (and is w_min where
    it is not a number). It is called for every synapse at which a spike arrives, with ``spike`` 0, and for every
    synapse of a neuron that spikes, with ``spike`` 1, in the order that `neurobot.spec.rules` says. Its arguments are
    ``w``, the weight; ``x`` and ``y``, the traces of the two neurons before this spike moves its own; ``spike``; then
    parameters by names of your choice. This is `STDP`::

        @neurobot.rule("pairs")
        def pairs(w, x, y, spike, A_plus, A_minus):
            return w + A_plus * x if spike else w - A_minus * y

    It is compiled by Numba when a core first needs it. If it raises, the tick ends with `NeuronError`. The same
    function may be registered again.

    Args:
        id: what specs and program files call it.

    Raises:
        SpecError: arguments in another order, an id that another function has.
    """

    def register(function: Change) -> Change:
        plain = getattr(function, "py_func", function)
        found = RegisteredRule(id, plain, _params(id, plain))
        old = _REGISTERED.get(id)
        if old is not None and place_of(old.function) != place_of(plain):
            raise SpecError(f"rule {id!r}", [f"{place_of(old.function)} has this id already; choose another one"])
        _REGISTERED[id] = found
        return function

    return register


def registered_rule(id: str) -> RegisteredRule:
    """The rule of an id.

    Raises:
        SpecError: there is none; with near matches.
    """
    if id not in _REGISTERED:
        hint = "Import the module that registers it first, on a command line with --allow-import MODULE"
        raise SpecError("CustomRule", [f"no rule is registered as {id!r}; {near(str(id), _REGISTERED)}. {hint}"])
    return _REGISTERED[id]


def _params(id: str, function: Change) -> tuple[str, ...]:
    problems = Problems(f"rule {id!r}")
    if not isinstance(id, str) or not 0 < len(id) <= 100:
        problems.add("an id is 1 to 100 characters")
    given: list[inspect.Parameter] = list(inspect.signature(function).parameters.values())
    names = tuple(p.name for p in given)
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty for p in given):
        problems.add("its arguments must be plain names, without defaults and stars")
    if names[: len(FIRST)] != FIRST:
        problems.add(f"its arguments are ({', '.join(names)}); they must be ({', '.join(FIRST)}, parameters...)")
    problems.done()
    return names[len(FIRST) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRule(Learning):
    """A learning rule of your own, see `rule`. Bounds are hard; `rate` stays 1, the function says it all.

    Args:
        id: under which it is registered.
        params: every parameter of its function by name.
        tau_plus: time constant of x [s].
        tau_minus: time constant of y [s].
        pairing: ``all`` lets a spike raise its trace by 1, ``nearest`` sets it to 1.
    """

    id: str
    params: Mapping[str, float] = field(default_factory=dict)
    tau_plus: float = 20e-3
    tau_minus: float = 20e-3
    pairing: Pairing = "all"

    def __post_init__(self) -> None:
        known = registered_rule(self.id)
        normalise(self, "tau_plus", "tau_minus")
        problems = Problems(f"CustomRule {self.id!r}")
        for name in ("tau_plus", "tau_minus"):
            problems.number(name, getattr(self, name), above=0.0)
        given: Any = self.params
        if not isinstance(given, Mapping):
            problems.add(f"params is {given!r}, it must map names to numbers")
        else:
            for name in sorted(map(str, set(given) - set(known.params))):
                problems.add(f"params has an unknown name {name!r}; {near(name, known.params)}")
            for name in known.params:
                if name in given:
                    problems.number(f"params.{name}", given[name])
                else:
                    problems.add(f"params has no {name!r}; it needs {', '.join(known.params)}")
        self.check(problems, soft=False)
        if self.rate != 1.0:
            problems.add(f"rate is {self.rate!r}, and the function alone says how weights change; give it a parameter")
        problems.done()

    @property
    def rule(self) -> RegisteredRule:
        """What is registered under the id."""
        return registered_rule(self.id)

    def __hash__(self) -> int:
        return hash((self.id, tuple(sorted(self.params.items()))))
