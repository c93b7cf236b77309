"""`check_env`: is a Gymnasium environment one that a controller can be trained and run in?

What `gymnasium.utils.env_checker.check_env` looks at is left to it; here is what it does not see, or only warns of.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.utils.env_checker import check_env as gymnasium_check

from neurobot.errors import EnvError
from neurobot.loop.env_robot import EnvRobot
from neurobot.loop.fit import env_period
from neurobot.testing.contract import Sentence, check
from neurobot.testing.rollout import SEED, Step, Subject, difference, record, roll_out

LONGEST = 2000
"""Steps within which an episode is expected to end, if it ends at all."""


def check_env(make_env: Callable[[], Any], *, steps: int = 100, raises_after_end: bool = True) -> None:
    """Check the environments that a function makes.

    Warnings are not shown meanwhile. Pictures are not looked at.

    Args:
        make_env: makes a new `gymnasium.Env`, always the same kind; it is called about ten times.
        steps: of every roll-out, with actions drawn from the space.
        raises_after_end: whether a step after the end of an episode has to raise; False for an environment whose
            documentation says that it goes on.

    Raises:
        ConformanceError: with all sentences that do not hold.
    """
    subject = Subject(make=make_env, steps=steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check("the environment", subject, (*ENV, *([AFTER_THE_END] if raises_after_end else [])))


def _spaces(subject: Subject) -> Iterator[str]:
    with subject.env() as env:
        try:
            if EnvRobot(env).observation_space is not env.observation_space:
                yield f"the observation space is {env.observation_space}; check it wrapped in FlattenObservation"
        except EnvError as error:
            yield str(error)
        space = env.action_space
        if isinstance(space, Discrete) and int(space.start):
            yield f"the action space is {space}; its choices must be counted from 0"


def _gymnasium(subject: Subject) -> Iterator[str]:
    with subject.env() as env:
        gymnasium_check(env, skip_render_check=True, skip_close_check=True)
    yield from ()


def _observations(subject: Subject) -> Iterator[str]:
    with subject.env() as env:
        space = env.observation_space
        for step in roll_out(env, subject.actions()):
            x = step.observation
            if not isinstance(x, np.ndarray):
                yield f"the observation is a {type(x).__name__}, no array ({step.where})"
            if (x.shape, x.dtype) != (space.shape, space.dtype):
                yield f"the observation is {x.shape} {x.dtype}, the space {space.shape} {space.dtype} ({step.where})"
            outside = ~(np.isfinite(x) & (x >= space.low) & (x <= space.high))
            if outside.any():
                k = int(np.flatnonzero(outside)[0])
                span = f"from {space.low[k]:g} to {space.high[k]:g}, and finite"
                yield f"entry {k} of the observation is {x[k]!s}, it must be {span} ({step.where})"


def _rewards(subject: Subject) -> Iterator[str]:
    for step in _steps(subject):
        number = isinstance(step.reward, int | float | np.integer | np.floating) and not isinstance(step.reward, bool)
        if not number or not math.isfinite(step.reward):
            yield f"the reward is {step.reward!r} ({step.where})"


def _flags(subject: Subject) -> Iterator[str]:
    for step in _steps(subject):
        for name in ("terminated", "truncated"):
            if not isinstance(getattr(step, name), bool | np.bool_):
                yield f"{name} is {getattr(step, name)!r} ({step.where})"


def _repeats(subject: Subject) -> Iterator[str]:
    actions = subject.actions()
    with subject.env() as env:
        for _ in roll_out(env, subject.actions(SEED + 1), SEED + 1):
            pass  # so that what an earlier episode left behind shows
        first, second = (record(roll_out(env, actions)) for _ in range(2))
    yield from difference(first, second)
    with subject.env() as fresh:
        yield from difference(first, record(roll_out(fresh, actions)))


def _shares_nothing(subject: Subject) -> Iterator[str]:
    actions, others = subject.actions(), subject.actions(SEED + 1)
    with subject.env() as env:
        alone = record(roll_out(env, actions))
    with subject.env() as env, subject.env() as other:
        if env is other:
            yield "make_env returned the same environment twice"
        by_turns = zip_longest(roll_out(env, actions), roll_out(other, others, SEED + 1))
        yield from difference(alone, record(step for step, _ in by_turns if step is not None))


def _period(subject: Subject) -> Iterator[str]:
    with subject.env() as env:
        given = {name: getattr(env.unwrapped, name, None) for name in ("dt", "tau")}
        said = {name: value for name, value in given.items() if value is not None}
        if said and env_period(env) is None:
            yield ", ".join(f"{name} is {value!r}" for name, value in said.items()) + "; it must be a number above 0"


def _after_the_end(subject: Subject) -> Iterator[str]:
    with subject.env() as env:
        env.action_space.seed(SEED)
        env.reset(seed=SEED)
        for k in range(LONGEST):
            step = Step(f"step {k} after reset(seed={SEED})", *env.step(env.action_space.sample()))
            if step.terminated or step.truncated:
                if not _raises(lambda: env.step(env.action_space.sample())):
                    yield f"another step after the end raised nothing ({step.where} was the last)"
                return


def _bad_action(subject: Subject) -> Iterator[str]:
    actions = subject.actions()
    with subject.env() as env:
        good = record(roll_out(env, actions))
        env.reset(seed=SEED)
        space = env.action_space
        bad = space.n if isinstance(space, Discrete) else np.full(space.shape, np.nan, space.dtype)
        try:
            step = Step("", *env.step(bad))
        except Exception:  # any refusal will do
            step = None
        if step is not None and not (step.info.get("physics_error") and (step.terminated or step.truncated)):
            x, ended = np.asarray(step.observation).tolist(), bool(step.terminated or step.truncated)
            said = f"observation {x!s:.200}, reward {step.reward!r}, ended: {ended}, info {step.info!s:.200}"
            yield f"step({bad!s}) returned {said}"
        for seen in difference(good, record(roll_out(env, actions))):
            yield f"after step({bad!s}) reset(seed={SEED}) does not start afresh: {seen}"


def _closes(subject: Subject) -> Iterator[str]:
    env = subject.make()
    env.reset(seed=SEED)
    env.close()
    env.close()
    yield from ()


def _steps(subject: Subject) -> Iterator[Step]:
    """Those of a roll-out that are no resets."""
    with subject.env() as env:
        yield from (step for step in roll_out(env, subject.actions()) if not step.where.startswith("reset"))


def _raises(call: Callable[[], Any]) -> bool:
    try:
        call()
    except Exception:  # any refusal will do
        return True
    return False


ENV: tuple[Sentence[Subject], ...] = (
    Sentence(
        text="Observations are of a flat Box, actions of a flat Box or of a Discrete from 0", look=_spaces, first=True
    ),
    Sentence(text="gymnasium's own check_env finds no fault", look=_gymnasium),
    Sentence(
        text="An observation is an array of the space's shape and dtype, finite and in its bounds", look=_observations
    ),
    Sentence(text="A reward is one finite number", look=_rewards),
    Sentence(text="terminated and truncated are bools", look=_flags),
    Sentence(text="reset(seed) and the same actions repeat an episode bit for bit", look=_repeats),
    Sentence(text="Two environments do not share state", look=_shares_nothing),
    Sentence(text="The control period is dt or tau, in s; without them there is none", look=_period),
    Sentence(
        text="An action that is not finite, or no choice, raises or ends the episode with info['physics_error'], and"
        " leaves nothing behind",
        look=_bad_action,
    ),
    Sentence(text="close can be called twice", look=_closes),
)
"""Sentences about every environment."""
AFTER_THE_END = Sentence(text="A step after the end of an episode raises", look=_after_the_end)
"""A sentence about environments whose documentation does not say that they go on."""
