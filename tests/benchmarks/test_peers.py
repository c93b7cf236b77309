"""The frame of the benchmarks on peers that do nothing."""

import io
import json

import numpy as np
import pytest

from benchmarks import environments, peers, worker
from benchmarks.environments import Unavailable, python_of
from benchmarks.peers import Peer, Worker, compare

FAKE = Peer("fake", "tests.benchmarks.fake_peer")
DATA = {"seconds": 0.5, "spikes": 7}


def answers(tmp_path, requests, **data):
    np.savez(tmp_path / "data.npz", **DATA, **data)
    out = io.StringIO()
    worker.serve(FAKE.module, str(tmp_path / "data.npz"), requests, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_worker_says_its_versions_and_answers_each_request(tmp_path):
    assert answers(tmp_path, ["run\n", "run\n"]) == [
        {"versions": {"fake": "1.2"}},
        {"seconds": 0.5, "spikes": {"all": 7}},
        {"seconds": 1.0, "spikes": {"all": 7}},
    ]


def test_a_worker_answers_a_failure_once_and_ends(tmp_path):
    assert answers(tmp_path, ["run\n"] * 3, fail=2)[1:] == [
        {"seconds": 0.5, "spikes": {"all": 7}},
        {"error": "RuntimeError: diverged"},
    ]


def test_rounds_take_turns_and_the_first_does_not_count(monkeypatch):
    turns = []
    run = Worker.run
    monkeypatch.setattr(Worker, "run", lambda self: turns.append(self) or run(self))
    one, two = compare([FAKE, Peer("other", FAKE.module)], DATA, rounds=2)
    assert one.seconds == two.seconds == [1.0, 1.5]
    assert (one.spikes, one.versions, one.problem) == ({"all": 7}, {"fake": "1.2"}, None)
    assert turns[0] is not turns[1]
    assert turns == turns[:2] * 3


def test_what_a_peer_says_of_its_results_is_kept():
    (row,) = compare([FAKE], DATA | {"note": "gradients are equal", "moved": 0.25}, rounds=1)
    assert (row.note, row.measures) == ("gradients are equal", {"moved": 0.25})


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"refuse": 1}, "ValueError: no such network"),
        ({"fail": 2}, "RuntimeError: diverged"),
        ({"die": 2}, "its process ended: last words"),
    ],
)
def test_a_peer_that_fails_says_why(data, problem):
    (row,) = compare([FAKE], DATA | data, rounds=3)
    assert row.problem == problem


def test_a_peer_that_does_not_answer_is_not_waited_for():
    (row,) = compare([FAKE], DATA | {"hang": 1}, rounds=3, patience=1.0)
    assert row.problem == "no answer in 1 s"


def test_a_peer_that_cannot_be_had_stops_no_other(monkeypatch):
    def python(name, folder):
        raise Unavailable(f"not installed: {name}")

    monkeypatch.setattr(peers, "python_of", python)
    missing, unknown, fake = compare(
        [Peer("missing", "m", "elsewhere"), Peer("unknown", "tests.benchmarks.no_such_peer"), FAKE], DATA, rounds=1
    )
    assert missing.problem == "not installed: elsewhere"
    assert unknown.problem == "ModuleNotFoundError: No module named 'tests.benchmarks.no_such_peer'"
    assert (fake.seconds, fake.problem) == ([1.0], None)


class Pip:
    """Stands for venv and pip."""

    def __init__(self, monkeypatch, returncode=0, stderr=""):
        self.made, self.installed, self.returncode, self.stderr = [], [], returncode, stderr
        monkeypatch.setattr(environments.venv, "create", self.create)
        monkeypatch.setattr(environments.subprocess, "run", self.run)

    def create(self, home, clear, with_pip):
        assert clear and with_pip
        home.mkdir(exist_ok=True)
        self.made.append(home)

    def run(self, command, capture_output, text):
        self.installed.append(command)
        return self


@pytest.fixture
def requirements(tmp_path):
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "some.txt").write_text("package==1\n")
    return folder


def test_an_environment_is_made_once_and_anew_when_its_requirements_change(tmp_path, requirements, monkeypatch):
    pip = Pip(monkeypatch)
    python = python_of("some", tmp_path, requirements)
    assert python == str(tmp_path / "some" / "bin" / "python")
    assert pip.installed[0][0] == python and pip.installed[0][-1] == str(requirements / "some.txt")
    python_of("some", tmp_path, requirements)
    assert len(pip.made) == 1
    (requirements / "some.txt").write_text("package==2\n")
    python_of("some", tmp_path, requirements)
    assert pip.made == [tmp_path / "some"] * 2


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: a\nERROR: nothing found\nERROR: none fits\n", "none fits"),
        ("no space left\n", "no space left"),
        ("", "pip failed without a word"),
    ],
)
def test_an_environment_that_cannot_be_made_says_why_and_is_tried_again(
    tmp_path, requirements, monkeypatch, stderr, reason
):
    Pip(monkeypatch, returncode=1, stderr=stderr)
    with pytest.raises(Unavailable, match=f"^not installed: {reason}$"):
        python_of("some", tmp_path, requirements)
    pip = Pip(monkeypatch)
    python_of("some", tmp_path, requirements)
    assert len(pip.installed) == 1


def test_a_python_without_venv_is_a_reason_too(tmp_path, requirements, monkeypatch):
    def create(home, clear, with_pip):
        raise OSError("ensurepip is not available")

    monkeypatch.setattr(environments.venv, "create", create)
    with pytest.raises(Unavailable, match=r"^no virtual environment: ensurepip is not available$"):
        python_of("some", tmp_path, requirements)


def test_every_environment_of_a_peer_is_written_down():
    from benchmarks.bptt import case as bptt
    from benchmarks.cuba import case as cuba
    from benchmarks.tick import case as tick

    for peer in (*tick.PEERS, *cuba.PEERS, *bptt.PEERS):
        path = peers.ROOT / f"{peer.module.replace('.', '/')}.py"
        assert path.exists()
        assert peer.environment is None or (environments.REQUIREMENTS / f"{peer.environment}.txt").exists()
