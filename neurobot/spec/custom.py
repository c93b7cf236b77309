"""A neuron of your own: a Python function that is compiled and runs as an op of the tick.

A spec, and so a file, holds only the id under which the function was registered. Nothing is imported because a file
names something: whoever loads the file has imported the module that registers the id before.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurobot.errors import SpecError, near
from neurobot.spec.check import Problems, Values, as_values

Update = Callable[..., None]
RESERVED = ("hits", "noise", "queue", "s", "s_in", "spike", "spikes", "wait")
"""What a state variable cannot be called, because in the state of populations it means something else."""


@dataclass(frozen=True, slots=True)
class CustomNeuron:
    """A registered neuron.

    Args:
        id: what specs call it.
        function: its update.
        state: names of its state variables, in the order of the function's arguments.
        params: names of its parameters, likewise.
    """

    id: str
    function: Update
    state: tuple[str, ...]
    params: tuple[str, ...]


_REGISTERED: dict[str, CustomNeuron] = {}


def neuron(id: str) -> Callable[[Update], Update]:
    """Register a function as the update of a neuron, for `Custom`.

    The function's arguments are arrays of one entry per neuron, float32 or float64 as the core is, in this order:
    state variables by names of your choice, one of them ``v``; then ``s``, the sum of the weights that arrive in this
    step; then ``spike``, uint8, all 0; then parameters by names of your choice, which are read-only. It takes the state
    from one step to the next in place, ``v[:] = v + s`` and not ``v = v + s``, and sets spike to 1 where a neuron
    spikes. This is `LIF` with ``input="current"``::

        @neurobot.neuron("my_lif")
        def my_lif(v, s, spike, alpha, lam, b, theta, reset):
            for j in range(v.size):
                v[j] = alpha[j] * v[j] + lam[j] * s[j] + b[j]
                if v[j] > theta[j]:
                    spike[j] = 1
                    v[j] = reset[j]

    It is compiled by Numba when a core first needs it, in every process anew (about a second), so it can say what
    Numba understands of Python and NumPy. It runs for one population and step at a time, and costs what its
    arithmetic costs (``python -m benchmarks tick``). Division by 0 gives inf or nan, as in NumPy. If it raises,
    the tick ends with `NeuronError`, and the core has to be reset or restored. As in all of Numba nobody looks at
    indices, unless NUMBA_BOUNDSCHECK=1 is set; with NUMBA_DISABLE_JIT=1 it is plain Python, to be debugged as such.

    The same function may be registered again, after a change in a notebook say. Cores made from then on run the new
    one, also those of programs that were built before.

    Args:
        id: what specs and program files call it.

    Raises:
        SpecError: arguments in another order, names that are taken, an id that another function has.
    """

    def register(function: Update) -> Update:
        plain = getattr(function, "py_func", function)  # what Numba has compiled already is compiled our way
        found = CustomNeuron(id, plain, *_arguments(id, plain))
        old = _REGISTERED.get(id)
        if old is not None and place_of(old.function) != place_of(plain):
            raise SpecError(f"neuron {id!r}", [f"{place_of(old.function)} has this id already; choose another one"])
        _REGISTERED[id] = found
        return function

    return register


def registered(id: str) -> CustomNeuron:
    """The neuron of an id.

    Raises:
        SpecError: there is none; with near matches.
    """
    if id not in _REGISTERED:
        raise SpecError(
            "Custom",
            [
                f"no neuron is registered as {id!r}; {near(str(id), _REGISTERED)}. Import the module that registers it "
                "first, on a command line with --allow-import MODULE"
            ],
        )
    return _REGISTERED[id]


def place_of(function: Callable[..., Any]) -> str:
    """Where a function is: its module and its name there."""
    return f"{function.__module__}.{function.__qualname__}"


def _arguments(id: str, function: Update) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the state variables and of the parameters."""
    problems = Problems(f"neuron {id!r}")
    if not isinstance(id, str) or not 0 < len(id) <= 100:
        problems.add("an id is 1 to 100 characters")
    given: list[inspect.Parameter] = list(inspect.signature(function).parameters.values())
    names = [p.name for p in given]
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty for p in given):
        problems.add("its arguments must be plain names, without defaults and stars")
    at = names.index("s") if "s" in names else -1
    if at < 0 or names[at : at + 2] != ["s", "spike"]:
        problems.add(f"its arguments are ({', '.join(names)}); they must be (state..., s, spike, parameters...)")
        problems.done()
    state, params = tuple(names[:at]), tuple(names[at + 2 :])
    if "v" not in state:
        problems.add(f"its state is ({', '.join(state)}); one of it must be v, which read-outs and recordings look at")
    for name in sorted(set(state) & set(RESERVED)):
        problems.add(f"no state variable can be called {name!r}")
    for name in sorted(n for n in params if n == "init" or n.endswith("_init")):
        problems.add(f"no parameter can be called {name!r}; starting values are given by init")
    problems.done()
    return state, params


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A neuron of your own, see `neuron`.

    Where it has a parameter ``b``, a population's bias and a simulation's currents are added to it as they are.

    Args:
        id: under which it is registered.
        params: every parameter of its function by name, one number or one per neuron.
        init: state at the start of an episode by name, one number or one per neuron; default 0.
    """

    id: str
    params: Mapping[str, Values] = field(default_factory=dict)
    init: Mapping[str, Values] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = registered(self.id)
        problems = Problems(f"Custom {self.id!r}")
        for what, allowed in (("params", known.params), ("init", known.state)):
            given: Any = getattr(self, what)
            if not isinstance(given, Mapping):
                problems.add(f"{what} is {given!r}, it must map names to numbers")
                continue
            object.__setattr__(self, what, {name: as_values(value) for name, value in given.items()})
            for name in sorted(map(str, set(given) - set(allowed))):
                problems.add(f"{what} has an unknown name {name!r}; {near(name, allowed)}")
            for name, value in getattr(self, what).items():
                problems.values(f"{what}.{name}", value)
            if what == "params":
                for name in [n for n in allowed if n not in given]:
                    problems.add(f"params has no {name!r}; it needs {', '.join(allowed)}")
        problems.done()

    def __hash__(self) -> int:
        return hash((self.id, *(tuple(sorted(given.items())) for given in (self.params, self.init))))

    @property
    def neuron(self) -> CustomNeuron:
        """What is registered under the id."""
        return registered(self.id)

    def values(self) -> dict[str, Values]:
        """Parameters and starting values by name."""
        return {**self.params, **{f"init.{name}": value for name, value in self.init.items()}}
