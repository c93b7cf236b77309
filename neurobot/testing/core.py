"""`check_core`: does a core do what `HostCore` does, and what `neurobot.core.base.Core` promises?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Literal

import numpy as np

from neurobot.core.base import Core
from neurobot.errors import SpecError
from neurobot.kernels.status import BAD_OBSERVATION, OK
from neurobot.program import Program
from neurobot.testing.contract import Sentence, check
from neurobot.testing.learning import LEARNING
from neurobot.testing.programs import TICKS, Case, cases, observations, program_of
from neurobot.testing.running import MakeCore, Subject, differences, play

CASES = {case.name: case for case in cases()}
SEEDS = (3, 2**40 + 1)
"""The second needs more than 32 bits."""


def check_core(
    make_core: MakeCore,
    *,
    tolerance: float = 1e-4,
    exact: bool = False,
    reference: Literal["float32", "float64"] = "float64",
    instance: int = 0,
    learn: bool = True,
) -> None:
    """Check the cores that a function makes.

    Some thirty small seeded programs and questions; a second or two on the host.

    Args:
        make_core: ``make_core(program)`` makes a `Core`; it is also called with ``seed=`` and, where learning is
            checked, with ``learn=True``.
        tolerance: largest difference of an action (a share of the steps, or a number in [-2, 2]) or of a weight
            (in [0, 1]) from the reference's. Programs are such that spikes do not hang on it.
        exact: ask for the reference's bits, whatever the tolerance.
        reference: dtype of the `HostCore` that actions and weights are compared with.
        instance: which instance of a batch `make_core` makes; the reference is the same one.
        learn: whether projections that learn are checked too; False for cores that have no learning.

    Raises:
        ConformanceError: with all sentences that do not hold.
    """
    subject = Subject(make=make_core, tolerance=tolerance, exact=exact, reference=reference, instance=instance)
    check("the core", subject, (*CORE, *(LEARNING if learn else ())))


def _is_a_core(subject: Subject) -> Iterator[str]:
    program = _chance()
    core = subject.make(program)
    if not isinstance(core, Core):
        yield f"make_core returned a {type(core).__name__}"
    if core.program is not program:
        yield f"core.program is another one than make_core was given: {core.program!r:.80}"
    if core.action.shape != (program.action_size,) or core.action.dtype != np.float64:
        yield f"core.action is {core.action.shape} {core.action.dtype}, it must be ({program.action_size},) float64"


def _is_one_memory(subject: Subject) -> Iterator[str]:
    core = subject.make(_chance())
    core.tick(observations(1)[0])
    state, ints = core.state, core.ints
    if state.ndim != 1 or ints.dtype.kind != "i" or state.tobytes() != ints.tobytes():
        yield f"core.state is {state.shape} {state.dtype}, core.ints {ints.shape} {ints.dtype}"
    elif not np.shares_memory(state, ints):
        yield "core.ints is a copy"


def _rests(subject: Subject) -> Iterator[str]:
    for name in ("limits", "choice"):
        program = program_of(CASES[name].spec)
        core, rest = subject.make(program), subject.host(program).action
        for when in ("before the first tick", "after reset()"):
            if not subject.same(core.action, rest):
                yield f"the action is {core.action.tolist()}, the rest value {rest.tolist()} ({when}, program {name!r})"
            play(core)
            core.reset()


def _equals_host(case: Case, subject: Subject) -> Iterator[str]:
    program = program_of(case.spec)
    for seed in SEEDS:
        core, host = subject.make(program, seed=seed), subject.host(program, seed=seed)
        yield from differences(subject, play(core), play(host), f"program {case.name!r}, seed {seed}")


def _default_seed(subject: Subject) -> Iterator[str]:
    yield from differences(subject, play(subject.make(_chance())), play(subject.host(_chance())), "no seed given")


def _repeats(subject: Subject) -> Iterator[str]:
    for name, case in CASES.items():
        first, second = (play(subject.make(program_of(case.spec), seed=3)) for _ in range(2))
        yield from _other_bits(first.bits(), second.bits(), f"two cores of program {name!r} with the seed 3 differ")


def _resets(subject: Subject) -> Iterator[str]:
    for name, case in CASES.items():
        core = subject.make(program_of(case.spec), seed=3)
        first = play(core)
        core.reset(3)
        yield from _other_bits(first.bits(), play(core).bits(), f"after reset(3) program {name!r} runs otherwise")


def _next_episode(subject: Subject) -> Iterator[str]:
    core, host = subject.make(_chance(), seed=3), subject.host(_chance(), seed=3)
    for episode in range(3):
        yield from differences(subject, play(core), play(host), f"program 'poisson', seed 3, episode {episode}")
        core.reset(None)
        host.reset(None)


def _snapshot_is_a_copy(subject: Subject) -> Iterator[str]:
    core = subject.make(_chance())
    snapshot = core.snapshot()
    before = snapshot.tobytes()
    play(core)
    yield from _other_bits(before, snapshot.tobytes(), "ticks after snapshot() changed what it had returned")


def _restores(subject: Subject) -> Iterator[str]:
    for name, case in CASES.items():
        program = program_of(case.spec)
        core = subject.make(program, seed=3)
        play(core)
        snapshot, action = core.snapshot(), core.action.copy()
        after = play(core).bits()
        for other, whose in ((core, "its own"), (subject.make(program, seed=4), "another core's")):
            play(other, observations(3, seed=6))
            other.restore(snapshot)
            yield from _other_bits(action.tobytes(), other.action.tobytes(), f"{whose} action, program {name!r}")
            yield from _other_bits(after, play(other).bits(), f"{whose} {TICKS} ticks after it, program {name!r}")


def _refuses_snapshots(subject: Subject) -> Iterator[str]:
    core = subject.make(_chance())
    play(core)
    before = core.snapshot()
    try:
        core.restore(before[:-1])
    except SpecError:
        yield from _other_bits(before.tobytes(), core.snapshot().tobytes(), "it raised SpecError and changed the state")
    else:
        yield f"it took a snapshot of {before.size - 1} words, its own have {before.size}"


def _refuses_observations(subject: Subject) -> Iterator[str]:
    for name, case in CASES.items():
        core = subject.make(program_of(case.spec), seed=3)
        play(core)
        snapshot, action = core.snapshot(), core.action.copy()
        for bad in (np.nan, np.inf, -np.inf):
            x = observations(1)[0]
            x[-1] = bad
            status, where = core.tick(x), f"program {name!r}, last entry {bad}"
            if status != BAD_OBSERVATION:
                yield f"the status is {status}, BAD_OBSERVATION is {BAD_OBSERVATION} ({where})"
            yield from _other_bits(snapshot.tobytes(), core.snapshot().tobytes(), f"its state changed ({where})")
            yield from _other_bits(action.tobytes(), core.action.tobytes(), f"its action changed ({where})")
        if core.tick(observations(1)[0]) != OK:
            yield f"a good observation after it is refused too (program {name!r})"


def _chance() -> Program:
    return program_of(CASES["poisson"].spec)


def _other_bits(first: bytes, second: bytes, what: str) -> Iterator[str]:
    if first != second:
        yield what


CORE: tuple[Sentence[Subject], ...] = (
    Sentence(
        text="make_core(program) returns a Core of this program, with an action of (action_size,) float64",
        look=_is_a_core,
        first=True,
    ),
    Sentence(text="core.ints is the memory of core.state, (words,), as integers", look=_is_one_memory),
    Sentence(text="Until the first tick of an episode the action is the decoder's rest value", look=_rests),
    *(Sentence(text=case.sentence, look=partial(_equals_host, case)) for case in CASES.values()),
    Sentence(text="Without a seed chance is that of the program's seed", look=_default_seed),
    Sentence(text="The same seed gives the same actions bit for bit", look=_repeats),
    Sentence(text="reset(seed) repeats an episode bit for bit", look=_resets),
    Sentence(text="reset(None) begins the next episode of the same seed, with chance of its own", look=_next_episode),
    Sentence(text="A snapshot is a copy", look=_snapshot_is_a_copy),
    Sentence(text="After restore the action is that of the snapshot, and ticks repeat bit for bit", look=_restores),
    Sentence(text="A snapshot of another shape is a SpecError that changes nothing", look=_refuses_snapshots),
    Sentence(
        text="An observation that is not finite gives BAD_OBSERVATION and changes nothing", look=_refuses_observations
    ),
)
"""Sentences about every core."""
