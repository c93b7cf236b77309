"""`neurobot watch`: a run that goes on, drawn or a line a second, until it ends."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from neurobot.cli import watch
from neurobot.controller import Controller
from neurobot.loop import Recorder, Watcher
from neurobot.loop.vitals import Monitor
from tests.loop.replay_runs import fixed


class Run:
    """A run by hand, in a folder, that ends after a while."""

    def __init__(self, folder, ticks=5):
        self.controller = Controller(fixed(), record=True)
        self.recorder = Recorder(folder / "recording", self.controller, realtime=True)
        self.recorder.start_episode(3)
        self.tick(ticks)

    def tick(self, count):
        for k in range(count):
            observation = np.full(4, 0.1 * k)
            self.recorder.sense(1.0)
            self.controller.step(observation)
            self.recorder.act(0)
            self.recorder.done((0, 1000, 2000, 3000, 4000, 0, -7))


@pytest.fixture
def ends(monkeypatch):
    """Lets a run have one more tick and end, while it is looked at for the third time."""

    def end(run):
        looks, look = [], Monitor.look

        def third(monitor):
            looks.append(len(looks))
            if len(looks) == 3:
                run.tick(1)
                run.recorder.close()
            return look(monitor)

        monkeypatch.setattr("neurobot.loop.vitals.Monitor.look", third)
        monkeypatch.setattr("neurobot.cli.watch.LINE", 0.01)

    return end


@pytest.fixture
def run(tmp_path):
    """A run of five ticks in runs/a."""
    run = Run(tmp_path / "runs/a")
    yield run
    run.recorder.close()


@pytest.mark.parametrize("args", [(), ("runs/a",), ("runs/a/recording",)])
def test_outside_a_terminal_it_is_a_line_a_second_until_the_run_ends(command, run, ends, args):
    ends(run)
    result = command("watch", *args)
    assert result.code == 0
    lines = result.out.splitlines()
    deadlines = "5 deadlines missed, tick time 2 us, longest 2 us, reward 5"
    assert lines[0] == f"tick 4, episode 0, RUNNING, -, {deadlines}"
    assert [line.split(",")[0] for line in lines] == ["tick 4", "tick 4", "tick 5", "tick 5"]
    assert " ticks/s, 6 deadlines missed" in lines[-1]
    assert result.err == "the run has ended after tick 5 in episode 0\n"


def test_json_is_an_object_a_line(command, run, ends):
    ends(run)
    first, *_, last = map(json.loads, command("watch", "--json").out.splitlines())
    assert (first["tick"], first["mode"], first["rate"], first["late"]) == (4, "RUNNING", None, 5)
    assert (last["tick"], last["missed"]) == (5, 0)
    assert set(first["rates"]) == {"in", "h", "out"}


def test_before_the_first_tick_it_says_so(command, ends, tmp_path):
    ends(Run(tmp_path / "runs/b", ticks=0))
    assert command("watch", "runs/b").out.startswith("no tick yet\nno tick yet\ntick 0, ")


def drawn(folder, width=120):
    console = Console(width=width, force_terminal=False, file=io.StringIO(), record=True)
    with Watcher(folder) as watcher:
        console.print(watch.picture(Monitor(watcher).look(), watcher, "a run"))
    return console.export_text()


def test_a_picture_shows_everything(run, tmp_path):
    run.recorder.note({"event": "guard", "mode": "HOLD", "was": "RUNNING", "cause": "it is blind"})
    text = drawn(tmp_path / "runs/a")
    for words in (
        "a run  HOLD  it is blind", "tick 4 in episode 0", "reward 5", "deadlines missed: 5 in the last second, 5 seen",
        "observation", "action", "firing rate", "Hz", "longest 2 us", "-0.007 us", "action: its own",
    ):  # fmt: skip
        assert words in text
    assert "0.4" in text and "█" in text


def test_in_a_terminal_it_is_drawn_until_the_run_ends(run, ends, tmp_path):
    ends(run)
    console = Console(force_terminal=True, width=120, height=50, file=io.StringIO())
    with Watcher(tmp_path / "runs/a") as watcher:
        last = watch._draw(console, watcher, "a run")
    text = console.file.getvalue()
    assert last.tick == 5
    assert text.count("a run") >= 4
    assert "tick 4 in episode 0" in text and "tick 5 in episode 0" in text


def test_ctrl_c_ends_it_and_the_run_goes_on(command, run, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("neurobot.loop.vitals.Monitor.look", interrupted)
    result = command("watch", "runs/a")
    assert (result.code, result.out, result.err) == (0, "", "")
    run.tick(1)


def test_without_a_run_that_goes_on_it_is_an_error(command, tmp_path):
    result = command("watch")
    assert result.code == 6
    assert "no run goes on in runs/; start one with `neurobot run`, or give the folder of one" in result.err
    (tmp_path / "old").mkdir()
    result = command("watch", "old")
    assert result.code == 6
    assert "old: no run goes on here, since there is no live.json" in result.err
    assert "nowhere: no such folder" in command("watch", "nowhere").err


def test_many_sensors_are_cut_to_what_a_terminal_has_lines_for(run, tmp_path, monkeypatch):
    monkeypatch.setattr("neurobot.cli.watch.MOST_ROWS", 2)
    assert "and 2 more" in drawn(tmp_path / "runs/a")
