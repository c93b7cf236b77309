"""The recorder and its writer process: what comes back, and what goes wrong with a disk or a process."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from loop_fakes import FakeController, FakeEnv

from neurobot.errors import ActionError, RecordingError
from neurobot.loop import STAGES, Loop, Recorder, SimClock, load_recording
from neurobot.loop.recording import Position

HERE = Path(__file__).parent


def record(folder, *, length=5, episodes=1, script=None, controller=None, realtime=False, **options):
    controller = controller or FakeController()
    with Recorder(folder, controller, realtime=realtime, **options) as recorder:
        loop = Loop(controller, FakeEnv(length, script), clock=SimClock(), recorder=recorder)
        summary = loop.run(episodes, seed=3)
    return load_recording(folder), summary


def tick_by_hand(recorder, controller, k):
    observation = np.array([k, 0.0, 0.0])
    recorder.sense(float(k))
    controller.step(observation)
    recorder.act(0)
    recorder.done((0, 1, 2, 3, 4, 0, 5))


def test_a_recording_holds_what_the_controller_saw_and_did(tmp_path):
    recording, _ = record(tmp_path, length=5, episodes=2)
    seen = np.array([[0.1 * k, -0.2, seed] for seed in (3, 4) for k in range(5)])
    np.testing.assert_array_equal(recording.observation, seen)
    np.testing.assert_array_equal(recording.tick, np.arange(10))
    np.testing.assert_array_equal(recording.episode, [0] * 5 + [1] * 5)
    np.testing.assert_array_equal(recording.reward, [0, 1, 2, 3, 4] * 2)
    np.testing.assert_array_equal(recording.wanted, 2 * seen[:, :2])
    np.testing.assert_array_equal(recording.sent, np.clip(2 * seen[:, :2], -1, 1))
    np.testing.assert_array_equal(recording.held, np.zeros(10))
    np.testing.assert_array_equal(recording.membrane, [np.arange(7) + k for _ in range(2) for k in range(5)])
    np.testing.assert_array_equal(recording.spike_count, np.full(10, 10))
    controller = FakeController()
    spikes = [(5 * e + k, *pair) for e in range(2) for k in range(5) for pair in controller.spikes_of(k)]
    np.testing.assert_array_equal(recording.spikes, spikes)


def test_a_recording_says_what_its_numbers_mean(tmp_path):
    header = record(tmp_path)[0].header
    assert header.populations == (("p0", 0, 3), ("p1", 3, 4))
    assert (header.dt, header.substeps, header.control_period, header.neurons) == (0.002, 5, 0.01, 7)
    assert (header.observations, header.actions, header.max_spikes) == (3, 2, 35)


def test_a_recording_holds_the_times_of_all_stages(tmp_path):
    recording, summary = record(tmp_path, length=20)
    assert recording.timing.shape == (20, len(STAGES))
    tick = STAGES.index("tick")
    assert recording.timing[:, tick].max() / 1e9 == summary.timing["tick"].max
    assert recording.timing[:, STAGES.index("link")].max() == 0


def test_the_events_tell_the_episodes(tmp_path):
    recording, summary = record(tmp_path, length=5, episodes=2)
    start, first, end, second, _, last = recording.events
    assert (start["event"], start["format"]) == ("recording_start", 2)
    assert start["populations"] == [["p0", 0, 3], ["p1", 3, 4]]
    assert first == {"event": "episode_start", "episode": 0, "seed": 3, "tick": 0}
    assert second == {"event": "episode_start", "episode": 1, "seed": 4, "tick": 5}
    assert end["summary"] == json.loads(json.dumps(summary.episodes[0].to_dict()))
    assert (end["event"], end["episode"], end["tick"], end["reward"]) == ("episode_end", 0, 5, 5.0)
    assert last == {"event": "recording_end", "ticks": 10, "dropped": 0, "spikes_dropped": 0}


def test_chunks_have_a_bounded_number_of_ticks_and_no_other_file_stays(tmp_path):
    recording, _ = record(tmp_path, length=25, chunk_ticks=10)
    names = [f"ticks-{k:06d}.safetensors" for k in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", *names]
    np.testing.assert_array_equal(recording.tick, np.arange(25))
    np.testing.assert_array_equal(np.unique(recording.spikes[:, 0]), np.arange(25))


def test_a_recording_without_ticks_can_be_read(tmp_path):
    with Recorder(tmp_path, FakeController(), realtime=True):
        pass
    recording = load_recording(tmp_path)
    assert recording.observation.shape == (0, 3)
    assert recording.spikes.shape == (0, 3)


def test_spikes_beyond_the_bound_are_counted(tmp_path):
    recording, _ = record(tmp_path, length=4, max_spikes=6)
    assert len(recording.spikes) == 24
    np.testing.assert_array_equal(recording.spikes[:6, 1:], FakeController().spikes_of(0)[:6])
    np.testing.assert_array_equal(recording.spike_count, [10] * 4)
    assert recording.events[-1]["spikes_dropped"] == 16


def test_ticks_with_and_without_spikes_keep_theirs_apart(tmp_path):
    controller = FakeController()
    everything = controller.spikes_of
    controller.spikes_of = lambda k: everything(k)[: k % 3]
    recording, _ = record(tmp_path, length=9, controller=controller, chunk_ticks=4)
    np.testing.assert_array_equal(recording.spike_count, [0, 1, 2] * 3)
    np.testing.assert_array_equal(recording.spikes[:, 0], [1, 2, 2, 4, 5, 5, 7, 8, 8])


def test_a_held_tick_is_marked_and_has_no_spikes(tmp_path):
    controller = FakeController()
    controller.failures = {1: ActionError("too large")}
    recording, _ = record(tmp_path, length=3, controller=controller)
    np.testing.assert_array_equal(recording.held, [0, 5, 0])
    np.testing.assert_array_equal(recording.spike_count, [10, 0, 10])
    assert np.isnan(recording.wanted[1]).all()
    np.testing.assert_array_equal(recording.sent[1], [-0.5, -0.5])


@pytest.mark.parametrize(
    ("observation", "kept"),
    [
        (np.array([1.0, np.nan, 2.0]), [1.0, np.nan, 2.0]),
        ([1.0, np.inf, 3.0], [1.0, np.inf, 3.0]),
        (None, [np.nan] * 3),
        ("abc", [np.nan] * 3),
        (5.0, [np.nan] * 3),
        (np.zeros((3, 1)), [np.nan] * 3),
        (np.array(["a", "b", "c"]), [np.nan] * 3),
    ],
)
def test_a_bad_observation_is_recorded_as_far_as_it_is_numbers(tmp_path, observation, kept):
    script = {0: lambda env: (observation, 0.0, False, False, {})}
    recording, _ = record(tmp_path, length=2, script=script)
    np.testing.assert_array_equal(recording.observation[1], kept)
    assert recording.held[1] == 1


def test_an_error_in_the_environment_is_in_the_events(tmp_path):
    def fail(env):
        raise ZeroDivisionError("x" * 1000)

    with pytest.raises(ZeroDivisionError):
        record(tmp_path, script={2: fail})
    recording = load_recording(tmp_path)
    assert len(recording.tick) == 2
    assert recording.events[-2]["summary"] == {"error": ("ZeroDivisionError: " + "x" * 1000)[:300]}


def test_in_simulated_time_the_loop_waits_for_the_writer_and_loses_nothing(tmp_path):
    controller = FakeController(sizes=(3, 600_000))  # 2.4 MB a tick: the ring has its least number of slots
    recording, _ = record(tmp_path, length=60, controller=controller)
    np.testing.assert_array_equal(recording.tick, np.arange(60))
    np.testing.assert_array_equal(recording.membrane[:, -1], 600_002 + np.arange(60))
    assert recording.events[-1]["dropped"] == 0


def test_in_real_time_a_stuck_writer_costs_ticks_and_no_time(tmp_path):
    controller = FakeController()
    recorder = Recorder(tmp_path, controller, realtime=True)
    os.kill(recorder.writer_pid, signal.SIGSTOP)
    recorder.start_episode(0)
    for k in range(5000):
        tick_by_hand(recorder, controller, k)
    os.kill(recorder.writer_pid, signal.SIGCONT)
    recorder.close()
    recording = load_recording(tmp_path)
    dropped = recording.events[-1]["dropped"]
    assert dropped >= 5000 - 4096
    np.testing.assert_array_equal(recording.tick, np.arange(5000 - dropped))
    np.testing.assert_array_equal(recording.observation[:, 0], recording.tick)


def test_ctrl_c_does_not_stop_the_writer(tmp_path):
    controller = FakeController()
    recorder = Recorder(tmp_path, controller, realtime=False)
    assert os.getpgid(recorder.writer_pid) != os.getpgid(0)  # a terminal sends it to the loop's group only
    os.kill(recorder.writer_pid, signal.SIGINT)
    for k in range(10):
        tick_by_hand(recorder, controller, k)
    recorder.close()
    assert len(load_recording(tmp_path).tick) == 10


def test_closing_twice_is_closing_once(tmp_path):
    recorder = Recorder(tmp_path, FakeController(), realtime=False)
    recorder.close()
    recorder.close()


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="the size of another process's files cannot be limited here"
)
def test_a_full_disk_is_one_error_at_the_end_and_the_loop_goes_on(tmp_path):
    controller = FakeController()
    recorder = Recorder(tmp_path, controller, realtime=False, chunk_ticks=10)
    resource.prlimit(recorder.writer_pid, resource.RLIMIT_FSIZE, (2000, 2000))
    summary = Loop(controller, FakeEnv(6000), clock=SimClock(), recorder=recorder).run(1, seed=0)
    assert summary.ticks == 6000
    with pytest.raises(RecordingError, match=r"the recording cannot be written \(File too large\)") as caught:
        recorder.close()
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.glob(".*")) == []


def test_a_killed_writer_is_one_error_at_the_end_and_the_loop_goes_on(tmp_path):
    controller = FakeController()
    recorder = Recorder(tmp_path, controller, realtime=False)
    os.kill(recorder.writer_pid, signal.SIGKILL)
    summary = Loop(controller, FakeEnv(6000), clock=SimClock(), recorder=recorder).run(1, seed=0)
    assert summary.ticks == 6000
    with pytest.raises(RecordingError, match="the process that writes the recording ended early"):
        recorder.close()


def test_an_error_of_the_recording_does_not_hide_the_first_one(tmp_path):
    with (
        pytest.raises(ZeroDivisionError) as caught,
        Recorder(tmp_path, FakeController(), realtime=False) as recorder,
    ):
        os.kill(recorder.writer_pid, signal.SIGKILL)
        raise ZeroDivisionError
    assert caught.value.__notes__ == ["the process that writes the recording ended early: exit code -9"]


def test_a_folder_that_holds_a_recording_is_refused(tmp_path):
    record(tmp_path)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in tmp_path.iterdir())
    with pytest.raises(RecordingError, match="it holds a recording already; give a new folder"):
        Recorder(tmp_path, FakeController(), realtime=False)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"file/run: no folder for a recording \(Not a directory\)"):
        Recorder(tmp_path / "file" / "run", FakeController(), realtime=False)


def test_a_recording_that_cannot_be_written_is_not_gone_on_with(tmp_path):
    controller = FakeController()
    record(tmp_path, controller=controller)
    with (tmp_path / "events.jsonl").open("a") as events:
        events.write('{"event": "suspended", "episode": 0, "tick": 5}\n')
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(RecordingError, match=r"the recording cannot be gone on with \(File too large\)"):
            Recorder(tmp_path, controller, realtime=False, resume=Position(tick=5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder here that nobody can write to")
def test_a_folder_that_cannot_be_written_is_refused_at_the_start():
    with pytest.raises(RecordingError, match=r"/proc/\d+: the recording cannot be written \(.+\)"):
        Recorder("/proc/self", FakeController(), realtime=False)


def test_a_ring_too_large_for_the_shared_memory_leaves_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr("neurobot.loop.record.RING_BYTES", 2**44)
    monkeypatch.setattr("neurobot.loop.record.MAX_SLOTS", 2**44)
    with pytest.raises(RecordingError, match="of shared memory"):
        Recorder(tmp_path, FakeController(), realtime=False)
    assert list(tmp_path.iterdir()) == []


def test_an_interpreter_that_cannot_be_started_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(RecordingError, match=r"the process that writes the recording cannot be started \(.*python"):
        Recorder(tmp_path, FakeController(), realtime=False)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise ImportError('this is broken')", "ended early: ImportError: this is broken"),
        ("import os; os._exit(0)", "the process that writes the recording did not begin"),
    ],
)
def test_a_writer_that_ends_at_once_is_an_error(tmp_path, monkeypatch, code, told):
    (tmp_path / "safetensors.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RecordingError, match=told):
        Recorder(tmp_path / "run", FakeController(), realtime=False)


def test_a_writer_that_never_answers_is_ended(tmp_path, monkeypatch):
    (tmp_path / "safetensors.py").write_text("import time\ntime.sleep(3600)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("neurobot.loop.child.PATIENCE", 0.3)
    with pytest.raises(RecordingError, match=r"not written within 0.3 s; is the disk stuck\?"):
        Recorder(tmp_path / "run", FakeController(), realtime=False)


def test_a_reward_that_is_not_finite_is_null_in_the_events(tmp_path):
    script = {1: lambda env: (env.observation(), np.nan, True, False, {})}
    recording, _ = record(tmp_path, script=script)
    end = recording.events[-2]
    assert (end["event"], end["reward"], end["summary"]["return"]) == ("episode_end", None, None)


def run_script(tmp_path, text):
    script = tmp_path / "script.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(HERE)!r})\n" + text)
    return subprocess.run(
        [sys.executable, "-W", "error", str(script), str(tmp_path / "run")], capture_output=True, text=True, timeout=60
    )


def test_a_plain_script_records_without_warnings_and_runs_once(tmp_path):
    done = run_script(
        tmp_path,
        "from test_loop_record import record\n"
        "print(len(record(sys.argv[1], length=30)[0].tick))\n",
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("30\n", "")


def test_what_was_recorded_is_written_when_the_loop_is_killed(tmp_path):
    text = (
        "import os, signal\n"
        "from test_loop_record import *\n"
        "controller = FakeController()\n"
        "recorder = Recorder(sys.argv[1], controller, realtime=False)\n"
        "recorder.start_episode(4)\n"
        "for k in range(25):\n"
        "    tick_by_hand(recorder, controller, k)\n"
        "print(recorder._ticks.name, recorder.writer_pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = run_script(tmp_path, text)
    assert done.returncode == -signal.SIGKILL
    wait_until(lambda: list((tmp_path / "run").glob("ticks-*.safetensors")))
    recording = load_recording(tmp_path / "run")
    np.testing.assert_array_equal(recording.tick, np.arange(25))
    assert recording.events[-1]["event"] == "episode_start"
    if Path("/dev/shm").exists():
        wait_until(lambda: not Path("/dev/shm", done.stdout.split()[0]).exists())


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_writer_process_imports_nothing_that_computes():
    code = "import sys, neurobot.loop.writer; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    roots = {name.split(".")[0] for name in done.stdout.split()}
    assert roots.isdisjoint({"numba", "mujoco", "gymnasium", "scipy", "torch", "matplotlib"})
