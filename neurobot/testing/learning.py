"""What cores are asked of learning: weights that follow their rule, rewards, what survives a reset, to_program."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from neurobot.core.base import Core
from neurobot.program import Program
from neurobot.spec import LIF, STDP, Population, Projection, Reward, RewardSTDP
from neurobot.spec.rules import LearningRule
from neurobot.testing.contract import Sentence
from neurobot.testing.programs import NEURONS, TICKS, controller, program_of, weights
from neurobot.testing.running import Subject, apart, differences, play

NAME = "in->out"
STDP_RULE = STDP(A_plus=0.0625, A_minus=0.03125)
REWARD_RULE = RewardSTDP(rate=0.0625, modulator=Reward())


def learner(rule: LearningRule) -> Program:
    """A controller whose input weights learn."""
    cell = LIF(tau_mem=10e-3, input="jump")
    spec = controller(
        (Population("out", NEURONS, cell),), (Projection("in", "out", weights(9, 0.25, 0.75), rule=rule),)
    )
    return program_of(spec)


def rewards() -> np.ndarray:
    """Rewards, (TICKS,), multiples of 1/4; the first one pays for nothing yet."""
    return np.random.default_rng(12).integers(-4, 5, TICKS) / 4


def _weights(core: Core) -> np.ndarray:
    return core.to_program().weights(NAME)


def _follows(rule: LearningRule, subject: Subject) -> Iterator[str]:
    program, paid = learner(rule), rewards()
    core, host = subject.make(program, learn=True), subject.host(program, learn=True)
    for k in range(TICKS):
        mine, reference = (play(c, rewards=None if rule is STDP_RULE else paid) for c in (core, host))
        where = f"rule {type(rule).__name__}, run {k}"
        yield from differences(subject, mine, reference, where)
        if not subject.same(_weights(core), _weights(host)):
            yield apart(subject, f"the weights of {NAME}", _weights(core), _weights(host), where)


def _is_off(subject: Subject) -> Iterator[str]:
    for rule in (STDP_RULE, REWARD_RULE):
        program = learner(rule)
        core = subject.make(program)
        play(core, rewards=rewards())
        moved = np.abs(_weights(core) - program.weights(NAME)).max()
        if moved:
            yield f"a weight moved by {moved:.9g} in {TICKS} ticks (rule {type(rule).__name__})"


def _survives_reset(subject: Subject) -> Iterator[str]:
    core = subject.make(learner(STDP_RULE), learn=True)
    play(core)
    before = _weights(core)
    for seed in (None, 3):
        core.reset(seed)
        moved = np.abs(_weights(core) - before).max()
        if moved:
            yield f"a weight moved by {moved:.9g} in reset({'' if seed is None else seed})"


def _becomes_a_program(subject: Subject) -> Iterator[str]:
    program = learner(STDP_RULE)
    before = program.params.tobytes()
    core, host = subject.make(program, learn=True), subject.host(program, learn=True)
    for each in (core, host):
        play(each)
    mine, reference = (play(subject.host(c.to_program())) for c in (core, host))
    yield from differences(subject, mine, reference, "a HostCore that runs what to_program gave")
    if program.params.tobytes() != before:
        yield "the program that the core was made of has changed"


LEARNING: tuple[Sentence[Subject], ...] = (
    Sentence(
        text="With learn=True weights follow their rule; an arrival comes before a spike of the same step",
        look=partial(_follows, STDP_RULE),
    ),
    Sentence(
        text="A reward pays for the tick before, and changes weights before the first step of its own",
        look=partial(_follows, REWARD_RULE),
    ),
    Sentence(text="Without learn=True no weight changes", look=_is_off),
    Sentence(text="What was learnt survives a reset", look=_survives_reset),
    Sentence(text="to_program is the program with the weights as they are now", look=_becomes_a_program),
)
"""Sentences about projections that learn."""
