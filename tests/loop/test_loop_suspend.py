"""A run that is suspended and goes on does what a run does that never stopped."""

import os
import signal
from dataclasses import replace
from functools import cache

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurobot.envs as envs
from neurobot.envs import Perturbation, PerturbedEnv, Randomize
from neurobot.errors import ProgramFileError, SuspendError
from neurobot.loop import Learning, Loop, ManualClock, RealClock, Robot, SimClock, Suspended
from neurobot.loop.suspended import FORMAT, KEY
from neurobot.program.hashed import load_hashed, save_hashed
from neurobot.spec import GuardSpec
from tests.loop.suspending import Notes, assert_same, interrupting, loop_of, program_for, run, through

LINK = (
    Perturbation(kind="latency", periods=2),
    Perturbation(kind="jitter", periods=3),
    Perturbation(kind="loss", probability=0.3),
)
VARIED = Randomize(mass=(0.8, 1.2), friction=(0.8, 1.2), noise=(0.01, 0.02), latency=(0, 3))
TICKS = 30


def short(env):
    """Episodes that are over soon."""
    return gymnasium.wrappers.TimeLimit(env, TICKS)


def cartpole():
    return envs.make("CartPole-v1")


FAMILIES = {
    "MuJoCo with contact": lambda: short(envs.make("HalfCheetah-v5")),
    "contact and forces": lambda: short(envs.make("Ant-v5")),
    "gymnasium's own MuJoCo": lambda: gymnasium.make("Hopper-v5", max_episode_steps=TICKS),
    "an inverted pendulum": lambda: short(envs.make("InvertedPendulum-v5")),
    "a choice of actions": cartpole,
    "gymnasium's classic control": lambda: gymnasium.make("Pendulum-v1", max_episode_steps=TICKS),
    "an arm, varied, on a bad link": lambda: short(envs.make("neurobot/Reach-v0", randomize=VARIED, perturb=LINK)),
    "a rover": lambda: short(envs.make("neurobot/Rover-v0")),
    "a balancing robot": lambda: short(envs.make("neurobot/Balancer-v0", perturb=LINK)),
    "an event camera": lambda: short(envs.make("neurobot/Pursuit-v0", pixels=8)),
    "somebody's, on a bad link": lambda: PerturbedEnv(
        gymnasium.make("Pendulum-v1", max_episode_steps=TICKS), LINK, control_period=0.05
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_learning_run_that_was_suspended_does_what_one_does_that_was_not(name, tmp_path):
    make = FAMILIES[name]
    whole = run(make)
    assert whole.summary.learning.projections["in->h"].changes > 0
    draw = np.random.default_rng(sum(map(ord, name)))
    for tick in draw.integers(1, whole.summary.ticks, 2).tolist():
        assert_same(whole, run(make, tick, folder=tmp_path))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(0, 50))
def test_it_may_be_suspended_at_any_tick_and_any_number_of_times(ticks, seed):
    assert_same(run(cartpole, episodes=3, seed=seed), run(cartpole, *ticks, episodes=3, seed=seed))


def test_it_may_be_suspended_at_the_first_tick_the_last_and_between_episodes():
    whole = run(cartpole)
    first, _ = (e.length for e in whole.summary.episodes)
    for tick in (1, first - 1, first, first + 1, whole.summary.ticks - 1):
        assert_same(whole, run(cartpole, tick))


def test_ctrl_c_in_the_last_tick_of_all_comes_too_late_to_suspend_anything():
    whole = run(cartpole)
    last = run(cartpole, whole.summary.ticks)
    assert_same(whole, last)
    assert (last.suspended, last.summary.interrupted) == (None, False)


def test_a_suspended_run_says_where_it_is_and_counts_what_ran():
    loop, _, notes = loop_of(cartpole, Notes)
    with interrupting(4):
        summary = loop.run(2, 3, suspend=True)
    assert (summary.interrupted, summary.ticks, summary.episodes[0].interrupted) == (True, 4, True)
    assert loop.suspended.words() == "after 4 ticks of episode 1 of 2"
    assert [event[0] for event in notes.events] == ["start"]  # its end is still to come
    length = run(cartpole).summary.episodes[0].length
    loop, _, _ = loop_of(cartpole, Notes)
    with interrupting(length):
        loop.run(2, 3, suspend=True)
    assert loop.suspended.words() == "before episode 2 of 2"


def test_ctrl_c_twice_while_an_episode_begins_leaves_what_was_before_it():
    class Slow(gymnasium.Wrapper):
        CHANGES = ("count",)
        count = 0

        def reset(self, **options):
            self.count += 1
            for _ in range(2 * (self.count == 2)):
                os.kill(os.getpid(), signal.SIGINT)
            return self.env.reset(**options)

    loop, _, notes = loop_of(lambda: Slow(cartpole()), Notes)
    loop.run(3, 3, suspend=True)
    assert loop.suspended.words() == "before episode 2 of 3"
    suspended = through(loop.suspended, None)
    loop, controller, rest = loop_of(cartpole, Notes)
    rest.position = suspended.recording
    summary = loop.resume(suspended)
    whole = run(cartpole, episodes=3)
    assert notes.ticks + rest.ticks == whole.notes.ticks
    assert summary.returns == whole.summary.returns
    assert controller.to_program().params.tobytes() == whole.learnt.params.tobytes()


def test_a_second_ctrl_c_within_the_tick_ends_the_run_and_the_loop_says_why():
    class Twice(gymnasium.Wrapper):
        CHANGES = ()

        def step(self, action):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
            return self.env.step(action)

    loop, _, _ = loop_of(lambda: Twice(cartpole()), Notes)
    summary = loop.run(2, 3, suspend=True)
    assert summary.interrupted
    assert loop.suspended is None
    assert loop.why_not_suspended == "a second Ctrl-C came before the tick was over"


@pytest.mark.parametrize(
    "guard",
    [
        GuardSpec(silence=0.04, hold_for=0.2),
        GuardSpec(runaway=0.01, runaway_for=0.02, hold_for=0.06),
        GuardSpec(frozen=0.04, frozen_index=(0,), hold_for=10.0),
        GuardSpec(frozen=0.04, hold_for=10.0),
    ],
)
def test_what_the_guard_and_its_detectors_have_seen_is_not_forgotten(guard):
    make = lambda: PerturbedEnv(cartpole(), [Perturbation(kind="frozen", at=0.06, until=0.14)])  # noqa: E731
    whole = run(make, guard=guard)
    assert whole.summary.holds > 0
    for tick in range(1, whole.summary.ticks):
        assert_same(whole, run(make, tick, guard=guard))


def test_without_suspend_ctrl_c_ends_the_run_as_before():
    loop, _, notes = loop_of(cartpole, Notes)
    with interrupting(4):
        summary = loop.run(2, 3)
    assert (summary.interrupted, summary.ticks, loop.suspended) == (True, 4, None)
    assert [event[0] for event in notes.events][-1] == "end"


def test_times_of_all_parts_are_counted():
    whole, parts = run(cartpole), run(cartpole, 3, 2)
    assert parts.summary.timing["tick"].max >= max(e.timing["tick"].max for e in parts.summary.episodes) > 0
    assert whole.summary.timing.keys() == parts.summary.timing.keys()
    loop, _, _ = loop_of(cartpole, Notes)
    with interrupting(5):
        before = loop.run(2, 3, suspend=True)
    suspended = loop.suspended
    loop, _, rest = loop_of(cartpole, Notes)
    rest.position = suspended.recording
    assert loop.resume(suspended).timing["tick"].max >= before.timing["tick"].max


def suspended_at(tick=4, **options):
    loop, _, _ = loop_of(cartpole, Notes, **options)
    with interrupting(tick):
        loop.run(2, 3, suspend=True)
    return loop.suspended


def loop_at(suspended, make=cartpole, **options):
    loop, controller, notes = loop_of(make, Notes, **options)
    notes.position = suspended.recording
    return loop, controller


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"program": program_for(cartpole(), seed=6)}, "program: "),
        ({"learn": False}, r"learning: {'freeze_at': None} against None"),
        ({"guard": GuardSpec(silence=1.0)}, "guard: "),
    ],
)
def test_another_program_guard_or_learning_is_refused_before_anything_is_changed(options, said):
    suspended = suspended_at()
    loop, controller = loop_at(suspended, **options)
    before = controller.snapshot()
    with pytest.raises(SuspendError, match=f"is another one than this loop is made for: .*{said}"):
        loop.resume(suspended)
    assert controller.snapshot().tobytes() == before.tobytes()


def test_a_recorder_that_is_elsewhere_is_refused():
    suspended = suspended_at()
    loop, _, _ = loop_of(cartpole, Notes)
    with pytest.raises(SuspendError, match=r"make it with resume=suspended.recording"):
        loop.resume(suspended)


def test_the_state_of_another_environment_does_not_fit():
    suspended = suspended_at()
    loop, _ = loop_at(suspended, lambda: PerturbedEnv(cartpole(), LINK[2:]), program=program_for(cartpole()))
    with pytest.raises(SuspendError, match="does not fit what it is to go on with"):
        loop.resume(suspended)


@pytest.mark.parametrize("clock", [RealClock(), ManualClock()])
def test_in_real_time_nothing_is_suspended(clock):
    env = cartpole()
    _, controller, _ = loop_of(cartpole, Notes)
    loop = Loop(controller, env, clock=clock)
    assert loop.why_not_suspended.startswith("it keeps to real time")
    with pytest.raises(SuspendError, match="the run cannot be suspended: it keeps to real time"):
        loop.run(1, 0, suspend=True)


def test_a_robot_says_whether_its_state_can_be_taken_out():
    class Some(Robot):
        connect = disconnect = get_observation = send_action = lambda self, *_: None

    class Simulated(Some):
        simulated = True

    class Complete(Simulated):
        def get_state(self):
            return 1

    assert Some().why_not_suspended == "Some is no simulation, and its world does not stop"
    assert Simulated().why_not_suspended == "Simulated has no get_state and set_state"
    assert Complete().why_not_suspended == ""
    with pytest.raises(SuspendError, match="it cannot be suspended: Simulated has no get_state and set_state"):
        Simulated().get_state()
    with pytest.raises(SuspendError, match="it cannot be suspended: Some is no simulation"):
        Some().set_state({})


class Secretive(gymnasium.Wrapper):
    """Says that it has a state, and has one that cannot be written."""

    def get_state(self):
        return {"lock": object()}

    def set_state(self, state):
        raise AssertionError("there is none")


def test_where_the_state_turns_out_to_be_none_the_run_is_ended_and_the_reason_told():
    loop, _, notes = loop_of(lambda: Secretive(cartpole()), Notes)
    with interrupting(4):
        summary = loop.run(2, 3, suspend=True)
    assert (summary.ticks, summary.interrupted, loop.suspended) == (4, True, None)
    assert [event[0] for event in notes.events] == ["start", "end"]
    assert "Secretive['lock'] is of the class object" in loop.why_not_suspended


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "suspended.safetensors"
    with pytest.raises(ProgramFileError, match=r"cannot be read"):
        Suspended.load(path)
    program_for(cartpole()).save(path)
    with pytest.raises(ProgramFileError, match=r"not a suspended run of this version"):
        Suspended.load(path)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_damaged_file_is_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "suspended.safetensors"
    suspended_once().save(path)
    whole = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    else:
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    try:
        read = Suspended.load(path)
    except ProgramFileError:
        return
    assert repr(read) == repr(suspended_once())  # what was changed says nothing, such as a space


@cache
def suspended_once():
    return suspended_at()


def test_what_was_written_is_read_again(tmp_path):
    about = replace(suspended_once(), about={"experiment": [1, {"a": None}]})
    about.save(tmp_path / "a")
    assert repr(Suspended.load(tmp_path / "a")) == repr(about)


@pytest.mark.parametrize(
    "wrong",
    [
        {"episodes": 0}, {"seed": -1}, {"ticks": -1}, {"ticks": 1.5}, {"ran_with": []}, {"episodes": True},
        {"about": 1}, {"done": [{}]}, {"done": 7}, {"episodes": 1, "done": [None]}, {"recording": {"tick": -1}},
        {"recording": 3},
        {"state": {"array": "none"}}, {"state": {"pickle": "0"}}, {"state": {"stream": [1, 2]}},
        {"state": {"a": 1, "b": 2}},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_with_a_right_checksum_and_nonsense_in_it_is_refused(tmp_path, wrong):
    path = tmp_path / "a"
    suspended_once().save(path)
    meta, arrays = load_hashed(path, KEY, FORMAT, "suspended run")
    save_hashed(path, KEY, meta | wrong, arrays)
    with pytest.raises(ProgramFileError, match="the suspended run is damaged"):
        Suspended.load(path)
    save_hashed(path, KEY, meta, arrays)
    assert Suspended.load(path).seed == suspended_once().seed


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "suspended.safetensors"
    suspended_once().save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ProgramFileError, match=r"No space left on device.*what was there before is unchanged"):
        replace(suspended_once(), seed=9).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_freezing_is_at_the_same_tick():
    def at(*ticks):
        suspended, out = None, []
        for tick in (*ticks, 0):
            env = cartpole()
            loop, controller, _ = loop_of(lambda env=env: env, Notes)
            learning = Learning(controller, freeze_at=0.16)
            loop = Loop(controller, env, clock=SimClock(), learning=learning)
            with interrupting(tick):
                summary = loop.resume(suspended) if suspended else loop.run(2, 3, suspend=True)
            suspended = loop.suspended
            out.append(controller.to_program().params.tobytes())
        assert summary.learning.frozen
        return summary.learning, out[-1]

    assert at() == at(3) == at(8) == at(9) == at(12)
