"""Watching a run from outside: how it is found, what it shows, and that it does not know of it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from loop_fakes import FakeController, FakeEnv, FakeRobot
from replay_runs import World, again, fixed

from neurobot.errors import RecordingError
from neurobot.loop import Loop, Recorder, SimClock, Watcher, load_recording
from neurobot.loop.live import LIVE, MAX_LIVE, find_live, read_live
from neurobot.loop.vitals import Monitor


def tick(recorder, controller, k, slack=5, reward=1.0):
    recorder.sense(reward if k else 0.0)
    controller.step(np.array([0.1 * k, 0.2, 0.0]))
    controller.tap.observation[:] = k, -k, 0.5
    recorder.act(0)
    recorder.done((0, 1000, 2000 + k, 3, 4, 0, slack))


@pytest.fixture
def live(tmp_path):
    """A recorder in a run folder, and its controller."""
    controller = FakeController()
    recorder = Recorder(tmp_path / "run/recording", controller, realtime=True, robot=FakeRobot())
    recorder.start_episode(7)
    yield recorder, controller
    recorder.close()


@pytest.mark.parametrize("folder", ["run", "run/recording"])
def test_a_run_is_found_by_its_folder_and_says_what_its_numbers_mean(live, tmp_path, folder):
    recorder, controller = live
    with Watcher(tmp_path / folder) as watcher:
        assert watcher.alive
        for k in range(5):
            tick(recorder, controller, k)
        records = watcher.latest(3)
        np.testing.assert_array_equal(records["tick"], [2, 3, 4])
        np.testing.assert_array_equal(records["observation"][:, 0], [2, 3, 4])
        np.testing.assert_array_equal(records["sent"][-1], np.clip([0.8, 0.4], -1, 1))
        assert watcher.missed == 2
        assert [c.name for c in watcher.live.observations] == ["angle", "speed", "seed"]
        left = watcher.live.actions[0]
        assert (left.name, left.unit, left.low, left.high) == ("left", "N m", -1.0, 1.0)
        assert watcher.live.pid == os.getpid()
        assert watcher.events()[-1]["event"] == "episode_start"
        assert watcher.events() == []
        recorder.close()
        assert not watcher.alive
        assert len(watcher.latest(3)) == 0


def test_the_file_that_says_that_a_run_goes_on_is_removed_at_its_end(live, tmp_path):
    recorder, _ = live
    assert (tmp_path / "run/recording" / LIVE).is_file()
    assert find_live(tmp_path) == tmp_path / "run"
    recorder.close()
    assert not (tmp_path / "run/recording" / LIVE).exists()
    assert find_live(tmp_path) is None
    with pytest.raises(RecordingError, match=r"run: no run goes on here, since there is no live\.json; start one with"):
        Watcher(tmp_path / "run")


def test_the_run_that_began_last_is_found(tmp_path):
    for name, age in (("a", 100), ("b", 0), ("c", 50)):
        path = tmp_path / name / LIVE
        path.parent.mkdir()
        path.write_text(text(os.getpid()))
        os.utime(path, (time.time() - age,) * 2)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / LIVE).write_text("{")
    assert find_live(tmp_path) == tmp_path / "b"


def text(pid, **changes):
    header = {"populations": [["a", 0, 3]], "dt": 0.001, "substeps": 5, "control_period": 0.005}
    header |= {"observations": 2, "actions": 1, "max_spikes": 15}
    data = {"format": 1, "pid": pid, "ticks": "neurobot-gone", "events": "neurobot-gone", "header": header}
    return json.dumps(data | {"observations": [], "actions": []} | changes)


def test_what_a_run_left_that_had_no_time_to_end_is_told_as_that(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / LIVE).write_text(text(2**22 + 5))
    assert find_live(tmp_path) is None
    with pytest.raises(RecordingError, match="the run of process 4194309 is over, and had no time to say so; remove"):
        Watcher(run)


@pytest.mark.parametrize(
    "wrong",
    [
        "{",
        "[]",
        "{}",
        text(1, format=2),
        text("x"),
        text(0),
        text(1, ticks="../x"),
        text(1, header={}),
        text(1, actions=[{}]),
        " " * (MAX_LIVE + 1),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, wrong):
    (tmp_path / LIVE).write_text(wrong)
    with pytest.raises(RecordingError, match=r"live.json: it cannot be read \("):
        Watcher(tmp_path)


def test_a_run_that_ends_while_it_is_looked_at_is_told_as_that(tmp_path):
    with pytest.raises(RecordingError, match=r"live.json: the run ended just now"):
        read_live(tmp_path / LIVE)


def test_a_folder_that_does_not_exist_is_told_as_that(tmp_path):
    with pytest.raises(RecordingError, match="nowhere: no such folder; give the folder of a run that goes on"):
        Watcher(tmp_path / "nowhere")


def test_a_run_whose_process_was_killed_is_over(tmp_path):
    code = """
        import os, sys
        from loop_fakes import FakeController
        from neurobot.loop import Recorder
        recorder = Recorder(sys.argv[1], FakeController(), realtime=True)
        print("go", flush=True)
        sys.stdin.readline()
        """
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "go\n"
        with Watcher(tmp_path) as watcher:
            assert watcher.alive
            process.send_signal(signal.SIGKILL)
            end = time.monotonic() + 30
            while watcher.alive:  # the writer process, which outlives it, removes the file
                assert time.monotonic() < end
                time.sleep(0.01)


def test_a_recording_under_many_watchers_of_which_one_stands_still_is_whole(tmp_path):
    controller, _ = again(fixed())
    recorder = Recorder(tmp_path / "watched", controller, realtime=False)
    stop, taken = threading.Event(), []

    def watch():
        with Watcher(tmp_path / "watched") as watcher:
            while not stop.is_set():
                records = watcher.latest(5)
                assert (np.diff(records["tick"]) == 1).all()
                taken.append(len(records))

    still = Watcher(tmp_path / "watched")
    threads = [threading.Thread(target=watch) for _ in range(2)]
    for thread in threads:
        thread.start()
    Loop(controller, World(length=300), clock=SimClock(), recorder=recorder).run(2, 3)
    stop.set()
    for thread in threads:
        thread.join()
    recorder.close()
    still.close()
    assert sum(taken) > 0
    np.testing.assert_array_equal(load_recording(tmp_path / "watched").tick, np.arange(600))


def test_the_vitals_are_those_of_the_last_second(live, tmp_path):
    recorder, controller = live
    clock = [10.0]
    with Watcher(tmp_path / "run") as watcher:
        monitor = Monitor(watcher, lambda: clock[0])
        assert monitor.look() is None
        for k in range(150):
            tick(recorder, controller, k, slack=-1 if k in (10, 60, 120) else 5)
        first = monitor.look()
        assert np.isnan(first.rate)
        for k in range(150, 200):
            tick(recorder, controller, k)
        clock[0] += 0.5
        seen = monitor.look()
    assert (seen.tick, seen.episode, seen.mode, seen.cause, seen.action_from) == (199, 0, "RUNNING", "", "its own")
    assert seen.rate == pytest.approx(100.0)
    assert (seen.late, seen.late_seen) == (1, 3)
    assert seen.stages["tick"] == (pytest.approx((2000 + 149.5) / 1e9), pytest.approx(2199e-9))
    assert seen.stages["sense"] == (1e-6, 1e-6)
    np.testing.assert_array_equal(seen.observation, [[199, -199, 0.5], [0, -199, 0.5], [199, 0, 0.5]])
    np.testing.assert_array_equal(seen.action, [[1.0, 0.4], [0.0, 0.4], [1.0, 0.4]])
    expected = np.zeros(2)
    for k in range(100, 200):
        neurons = controller.spikes_of(k)[:, 1]
        expected += (neurons < 3).sum() / 3, (neurons >= 3).sum() / 4
    assert list(seen.rates.values()) == pytest.approx(expected.tolist())
    assert (seen.reward, seen.whole, seen.missed) == (199.0, True, 0)
    assert json.loads(json.dumps(seen.to_dict(), allow_nan=False))["observation"][0] == [199, -199, 0.5]
    assert first.to_dict()["rate"] is None


def test_the_vitals_follow_the_guard_and_the_episode(live, tmp_path):
    recorder, controller = live
    for k in range(3):
        tick(recorder, controller, k)
    recorder.note({"event": "guard", "mode": "HOLD", "was": "RUNNING", "cause": "it is blind"})
    with Watcher(tmp_path / "run") as watcher:
        monitor = Monitor(watcher)
        seen = monitor.look()
        assert (seen.mode, seen.cause, seen.reward) == ("HOLD", "it is blind", 2.0)
        recorder.end_episode(1.0, {})
        recorder.start_episode(8)
        tick(recorder, controller, 0)
        tick(recorder, controller, 1, reward=5.0)
        seen = monitor.look()
        assert (seen.mode, seen.cause, seen.episode, seen.reward, seen.whole) == ("RUNNING", "", 1, 5.0, True)


def test_a_reward_of_which_some_was_not_seen_is_told_as_that(live, tmp_path):
    recorder, controller = live
    for k in range(6000):
        tick(recorder, controller, k)
        time.sleep(0.001 if k % 1000 == 0 else 0)  # the writer may get behind, which is not what this is about
    with Watcher(tmp_path / "run") as watcher:
        assert not Monitor(watcher).look().whole


def test_spikes_that_were_not_kept_count_in_the_rates(tmp_path):
    controller = FakeController()
    with Recorder(tmp_path, controller, realtime=False, max_spikes=5) as recorder:
        recorder.start_episode(0)
        tick(recorder, controller, 0)
        with Watcher(tmp_path) as watcher:
            rates = Monitor(watcher).look().rates
    assert rates["p0"] * 3 + rates["p1"] * 4 == pytest.approx(10 / controller.control_period)


def test_a_loop_can_be_watched_from_its_own_environment(tmp_path):
    seen = []

    def look(env):
        with Watcher(tmp_path) as watcher:
            seen.append(watcher.latest(10)["tick"].tolist())

    controller = FakeController()
    with Recorder(tmp_path, controller, realtime=False) as recorder:
        Loop(controller, FakeEnv(9, {6: look}), clock=SimClock(), recorder=recorder).run(1, 0)
    assert seen == [[0, 1, 2, 3, 4, 5]]
