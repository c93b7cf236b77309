"""The black box: after every kind of fault the last seconds are on the disk, and happen again bit for bit."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loop_fakes import FakeRobot
from replay_runs import PERIOD, RULE, World, again, fixed

from neurobot.controller import Controller
from neurobot.errors import GuardError, RecordingError, SpecError
from neurobot.loop import BlackBox, Loop, Recorder, SimClock, load_recording
from neurobot.loop.blackbox import Memory
from neurobot.loop.record import header_of
from neurobot.loop.replay import replay
from neurobot.spec import GuardSpec
from tests.unit import learning_networks
from tests.unit.learning_networks import NAME

HERE = Path(__file__).parent
SEGMENT = 7  # ticks, so that states are taken in the middle of episodes


def learner():
    """A program whose weights go on changing for the whole run."""
    return learning_networks.controller(replace(RULE, rate=5e-4))


class Failing(World):
    """A world in which something goes wrong in a tick of some episodes.

    Args:
        at: number of the tick.
        seeds: of those episodes.
        how: "error", "physics", or "blind" for NaN from then on.
    """

    def __init__(self, how, at=13, seeds=(5,), length=20, blind=()):
        super().__init__(length=length, blind=blind)
        self.how, self.at, self.seeds = how, at, seeds

    def step(self, action):
        observation, reward, terminated, truncated, info = super().step(action)
        if self.seed in self.seeds and self.k > self.at:
            if self.how == "error":
                raise ZeroDivisionError("by the world")
            if self.how == "physics":
                info = {"physics_error": "it exploded"}
            observation = np.full(4, np.nan)
        return observation, reward, terminated, truncated, info


def run(folder, world, program=None, *, episodes=4, learn=False, ticks=SEGMENT, freeze_at=None, keep=10, core="host"):
    """Runs with a black box; returns the controller and what became of faults."""
    controller, learning = again(program or fixed(), core, learn=learn, freeze_at=freeze_at)
    box = BlackBox(seconds=ticks * PERIOD, keep=keep)
    recorder = Recorder(folder, controller, realtime=False, black_box=box)
    guard = GuardSpec(hold_for=2 * PERIOD)
    loop = Loop(controller, world, clock=SimClock(), recorder=recorder, learning=learning, guard=guard)
    try:
        with recorder:
            loop.run(episodes, 3)
    except ZeroDivisionError:
        pass
    return controller, recorder.faults


def same(folder, program=None, *, core="host", **learning):
    """Replays a dump, without any difference; returns the recording and the controller."""
    recording = load_recording(folder / "recording")
    controller, learns = again(program or fixed(), core, **learning)
    result = replay(recording, controller, learning=learns)
    assert (result.difference, result.rest, result.ticks) == (None, "", len(recording.tick))
    assert result.spikes == len(recording.spikes)
    return recording, controller


def dumps(folder):
    return sorted(path.name for path in folder.iterdir())


REASONS = {
    "error": "ZeroDivisionError: by the world",
    "physics": "the simulation broke down: it exploded",
    "blind": "the guard stopped it: entry 0 of the observation is nan",
}


@pytest.mark.parametrize("core", ["host", "host64"])
@pytest.mark.parametrize("how", REASONS)
def test_a_fault_leaves_its_last_seconds_which_happen_again_bit_for_bit(tmp_path, how, core):
    _, faults = run(tmp_path, Failing(how), core=core)
    assert dumps(tmp_path) == ["fault-000"]
    assert (faults.count, faults.dumps, faults.problem) == (1, (str(tmp_path / "fault-000"),), "")
    recording, _ = same(tmp_path / "fault-000", core=core)
    assert SEGMENT <= len(recording.tick) < 2 * SEGMENT + 1
    begin, end = recording.events[0], recording.events[-1]
    assert begin["fault"].startswith(REASONS[how]) and end["fault"] == begin["fault"]
    assert recording.start.tick == begin["of_tick"] > 40
    assert end["ticks"] == len(recording.tick)
    assert len(recording.spikes) > 50


def test_a_dump_is_what_a_recording_of_the_whole_run_has_there(tmp_path):
    run(tmp_path / "box", Failing("physics"), episodes=3)
    controller, _ = again(fixed())
    with Recorder(tmp_path / "whole", controller, realtime=False) as recorder:
        Loop(controller, Failing("physics"), clock=SimClock(), recorder=recorder).run(3, 3)
    whole, part = load_recording(tmp_path / "whole"), load_recording(tmp_path / "box/fault-000/recording")
    first = part.start.tick
    assert len(whole.tick) - first == len(part.tick)
    np.testing.assert_array_equal(part.tick + first, whole.tick[first:])
    np.testing.assert_array_equal(part.episode + part.start.episode, whole.episode[first:])
    for name in ("observation", "reward", "wanted", "sent", "held", "membrane", "spike_count"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[first:])
    np.testing.assert_array_equal(part.spikes + np.array([first, 0, 0]), whole.spikes[whole.spikes[:, 0] >= first])
    assert part.events[-2]["summary"]["physics_error"] == "it exploded"
    assert part.events[-2]["tick"] == len(part.tick)


@pytest.mark.parametrize("ticks", [1, 3, 7, 10, 20, 33, 1000])
@pytest.mark.parametrize("freeze_at", [None, 0.29])
def test_a_dump_of_a_run_that_learns_ends_with_the_same_weights(tmp_path, ticks, freeze_at):
    how = {"learn": True, "freeze_at": freeze_at}
    world = Failing("physics", seeds=(6,), blind=(2, 9))  # the tick ahead of a state may have been held
    ran, _ = run(tmp_path, world, learner(), ticks=ticks, **how)
    recording, controller = same(tmp_path / "fault-000", learner(), **how)
    weights = controller.to_program().weights(NAME)
    np.testing.assert_array_equal(weights, ran.to_program().weights(NAME))
    assert np.abs(weights - learner().weights(NAME)).max() > 1e-3
    assert len(recording.tick) == 74 if ticks == 1000 else ticks <= len(recording.tick) <= 2 * ticks


@pytest.mark.parametrize("at", [0, 4, 9, 10, 19])
def test_a_dump_goes_over_the_end_of_an_episode(tmp_path, at):
    run(tmp_path, Failing("blind", at=at, length=30), learner(), learn=True)
    recording, _ = same(tmp_path / "fault-000", learner(), learn=True)
    assert len(recording.tick) >= SEGMENT
    seeds = [event["seed"] for event in recording.events if event["event"] == "episode_start"]
    assert seeds[-1] == 5 and seeds == list(range(5 - len(set(recording.episode)) + 1, 6))


def test_a_run_without_fault_leaves_nothing(tmp_path):
    _, faults = run(tmp_path, World(), episodes=3)
    assert dumps(tmp_path) == []
    assert (faults.count, faults.dumps) == (0, ())


def test_ctrl_c_is_no_fault(tmp_path):
    class Stopped(World):
        def step(self, action):
            if self.k == 12:
                os.kill(os.getpid(), signal.SIGINT)
            return super().step(action)

    _, faults = run(tmp_path, Stopped())
    assert (faults.count, dumps(tmp_path)) == (0, [])


def test_an_emergency_stop_is_a_fault(tmp_path):
    controller = Controller(fixed(), record=True)

    class Stopped(World):
        def step(self, action):
            if self.k == 12:
                loop.guard.stop()
            return super().step(action)

    with Recorder(tmp_path, controller, realtime=False, black_box=BlackBox(seconds=0.05)) as recorder:
        loop = Loop(controller, Stopped(), clock=SimClock(), recorder=recorder)
        loop.run(1, 3)
        with pytest.raises(GuardError):
            loop.run(1, 4)
    recording, _ = same(tmp_path / "fault-000")
    assert recording.events[0]["fault"] == "the guard stopped it: an operator stopped it"


def test_a_robot_that_is_brought_to_rest_after_the_fault_has_that_in_its_dump(tmp_path):
    def fail(robot):
        robot.values = np.full(4, np.nan)

    robot = FakeRobot(length=90, script={30: fail})
    robot.values, robot.control_period = np.zeros(4), PERIOD
    robot.observation_features = {
        str(k): feature for k, feature in enumerate([*robot.observation_features.values()] * 2)
    }
    robot.observation_features.popitem(), robot.observation_features.popitem()
    run(tmp_path, robot)
    recording, _ = same(tmp_path / "fault-000")
    assert recording.held[-1] == 2


def test_faults_are_numbered_and_after_the_last_that_is_kept_only_counted(tmp_path):
    _, faults = run(tmp_path, Failing("physics", seeds=range(3, 9)), episodes=6, keep=4)
    assert dumps(tmp_path) == [f"fault-{k:03d}" for k in range(4)]
    assert (faults.count, len(faults.dumps), faults.problem) == (6, 4, "")
    for k, name in enumerate(dumps(tmp_path)):
        recording, _ = same(tmp_path / name)
        assert recording.events[-2]["episode"] + recording.start.episode == k


def test_dumps_that_are_there_already_are_left_alone(tmp_path):
    (tmp_path / "fault-000").mkdir()
    _, faults = run(tmp_path, Failing("physics"))
    assert faults.dumps == (str(tmp_path / "fault-001"),)
    assert list((tmp_path / "fault-000").iterdir()) == []


def test_files_are_copied_beside_the_recording(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    controller = Controller(fixed(), record=True)
    box = BlackBox(seconds=0.05, beside=(tmp_path / "config.json",))
    with Recorder(tmp_path / "run", controller, realtime=False, black_box=box) as recorder:
        Loop(controller, Failing("physics", seeds=(3,)), clock=SimClock(), recorder=recorder).run(1, 3)
    assert dumps(tmp_path / "run/fault-000") == ["config.json", "recording"]
    assert dumps(tmp_path / "run/fault-000/recording") == [
        "events.jsonl",
        "state.safetensors",
        "ticks-000000.safetensors",
    ]


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="the size of another process's files cannot be limited here"
)
def test_on_a_full_disk_the_run_goes_on_without_its_dump_and_the_end_says_why(tmp_path):
    controller = Controller(fixed(), record=True)
    recorder = Recorder(tmp_path, controller, realtime=False, black_box=BlackBox(seconds=0.05))
    resource.prlimit(recorder.writer_pid, resource.RLIMIT_FSIZE, (100, 100))
    world = Failing("physics", seeds=(3, 4))
    summary = Loop(controller, world, clock=SimClock(), recorder=recorder).run(3, 3)
    recorder.close()
    assert summary.ticks == 14 + 14 + 20
    assert (recorder.faults.count, recorder.faults.dumps) == (2, ())
    assert recorder.faults.problem == f"{tmp_path}: cannot be written (File too large)"
    assert dumps(tmp_path) == []


@pytest.mark.parametrize("learn", [False, True])
def test_when_the_loop_is_killed_the_writer_leaves_the_last_seconds(tmp_path, learn):
    script = tmp_path / "script.py"
    script.write_text(
        f"import sys\nsys.path[:0] = [{str(HERE)!r}, {str(HERE.parents[1])!r}]\n"
        "import os, signal\n"
        "from test_loop_blackbox import *\n"
        "class Killed(World):\n"
        "    def step(self, action):\n"
        "        if self.seed == 5 and self.k == 13:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        return super().step(action)\n"
        f"run(Path(sys.argv[1]), Killed(), learner() if {learn} else None, learn={learn})\n"
    )
    done = subprocess.run([sys.executable, str(script), str(tmp_path / "run")], capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL
    end = time.monotonic() + 30
    while dumps(tmp_path / "run") != ["fault-000"]:  # the file that says that the run goes on is gone, too
        assert time.monotonic() < end
        time.sleep(0.01)
    recording, _ = same(tmp_path / "run/fault-000", learner() if learn else None, learn=learn)
    assert recording.events[0]["fault"] == "the process of the loop ended without a word"
    assert SEGMENT <= len(recording.tick) <= 2 * SEGMENT
    assert recording.start.tick + len(recording.tick) == 40 + 13


def test_a_writer_that_was_stopped_for_a_while_still_dumps_what_it_should(tmp_path):
    controller = Controller(fixed(), record=True)
    recorder = Recorder(tmp_path, controller, realtime=True, black_box=BlackBox(seconds=10 * PERIOD))
    loop = Loop(controller, Failing("physics"), clock=SimClock(), recorder=recorder)
    loop.run(1, 3)
    os.kill(recorder.writer_pid, signal.SIGSTOP)
    loop.run(3, 3)  # longer than the ring of states has room for
    os.kill(recorder.writer_pid, signal.SIGCONT)
    recorder.close()
    recording, _ = same(tmp_path / "fault-000")
    assert len(recording.tick) >= SEGMENT
    assert recorder.faults.count == 1


def test_a_dump_with_a_missing_state_is_refused(tmp_path):
    run(tmp_path, Failing("physics"))
    state = tmp_path / "fault-000/recording/state.safetensors"
    data = state.read_bytes()
    state.write_bytes(data[:-5])
    with pytest.raises(RecordingError, match="not a safetensors file, or a damaged one"):
        load_recording(state.parent)
    state.write_bytes(data.replace(b'"neurobot_state":"1"', b'"neurobot_state":"7"'))
    with pytest.raises(RecordingError, match="no state of format 1, which this version of neurobot reads"):
        load_recording(state.parent)
    state.write_bytes(data.replace(b'"tick":"', b'"tick":"x'))
    with pytest.raises(RecordingError, match="damaged"):
        load_recording(state.parent)


def test_a_state_of_another_program_or_core_is_refused(tmp_path):
    run(tmp_path, Failing("physics"))
    recording = load_recording(tmp_path / "fault-000/recording")
    with pytest.raises(SpecError, match="take it from the same program"):
        replay(recording, Controller(fixed(), "host64", record=True))


def test_learning_that_the_run_did_not_have_is_refused(tmp_path):
    run(tmp_path, Failing("physics"), learner())
    recording = load_recording(tmp_path / "fault-000/recording")
    controller, learning = again(learner(), learn=True)
    with pytest.raises(SpecError, match="the run did not learn; leave learning out"):
        replay(recording, controller, learning=learning)


def test_learning_of_another_program_is_refused(tmp_path):
    run(tmp_path, Failing("physics"), learner(), learn=True)
    recording = load_recording(tmp_path / "fault-000/recording")
    recording = replace(recording, start=replace(recording.start, learning=recording.start.learning[:-1]))
    controller, learning = again(learner(), learn=True)
    with pytest.raises(SpecError, match="the state of learning is another program's: 0 populations learn in this"):
        replay(recording, controller, learning=learning)


def test_a_fault_before_any_state_was_kept_is_counted_and_says_so(tmp_path):
    controller, _ = again(fixed())
    job = {"folder": str(tmp_path), "chunk_ticks": 10, "black_box": {"keep": 3, "beside": []}}
    memory = Memory(header_of(controller, 64), job)
    memory.dump("error", 5)
    assert (memory.count, memory.dumps, memory.problem) == (1, [], "no state of the controller had been kept before it")


def test_learning_takes_no_state_of_another_number_of_populations():
    _, learning = again(learner(), learn=True)
    with pytest.raises(ValueError, match="0 populations learn in this state, and 1 in the controller"):
        learning.state = learning.state[:-1]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seconds": 0.0}, "seconds is 0, it must be"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"seconds": 1.0, "keep": 0}, "keep is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, told):
    with pytest.raises(SpecError, match=told):
        BlackBox(**wrong)


def test_a_black_box_that_needs_too_much_memory_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(RecordingError, match=r"GiB of memory, more than 2; give at most \d+ s"):
        Recorder(tmp_path, Controller(fixed(), record=True), realtime=False, black_box=BlackBox(seconds=1e5))
    assert dumps(tmp_path) == []


def test_a_snapshot_into_an_array_equals_a_fresh_one_and_needs_its_shape():
    controller = Controller(fixed(), record=True)
    out = controller.snapshot()
    controller.step(np.full(4, 0.5))
    assert controller.snapshot(out) is out
    np.testing.assert_array_equal(out.view(np.int32), controller.snapshot().view(np.int32))
    with pytest.raises(ValueError, match="could not broadcast"):
        controller.snapshot(out[:3])
    with pytest.raises(TypeError, match="Cannot cast"):
        controller.snapshot(out.astype(np.float64))


def test_the_events_of_a_dump_are_lines_of_json_with_the_seed_of_its_first_episode(tmp_path):
    run(tmp_path, Failing("physics"), ticks=4)
    lines = (tmp_path / "fault-000/recording/events.jsonl").read_text().splitlines()
    start = json.loads(lines[1])
    assert (start["event"], start["episode"], start["seed"]) == ("episode_start", 0, 5)
    assert start["tick"] < 0  # it is from before
