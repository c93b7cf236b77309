"""What the cases ask for and what they give to every peer."""

import numpy as np
import pytest

from benchmarks import camera, train
from benchmarks.__main__ import _parser, _peers, main
from benchmarks.bptt import case as bptt
from benchmarks.bptt import check
from benchmarks.cuba import case as cuba
from benchmarks.envs import case as envs
from benchmarks.envs.loop import stepping
from benchmarks.tick import case as tick


def test_ours_takes_part_whoever_is_chosen():
    arguments = _parser().parse_args(["tick", "--peers", "nest", "c"])
    assert [peer.short for peer in _peers(tick.PEERS, arguments)] == ["ours", "c", "nest"]
    assert _peers(tick.PEERS, _parser().parse_args(["tick"])) == list(tick.PEERS)


def test_an_unknown_peer_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        _parser().parse_args(["cuba", "--peers", "nset"])
    told = capsys.readouterr().err
    assert "nset" in told and "brian2" in told and "nest" in told


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["cuba", "--neurons", "0"], "argument --neurons: 0 is given, it must be at least 1"),
        (["tick", "--rounds", "-3"], "argument --rounds: -3 is given, it must be at least 1"),
        (["tick", "--hidden", "many"], "argument --hidden: invalid count value: 'many'"),
        (["train", "--set", "steps"], "'steps' is given, it must be KEY=VALUE, e.g. train.steps=100000"),
        (["cuba", "--seconds", "nan"], "argument --seconds: nan is given, it must be above 0 and finite"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(words, problem, capsys):
    with pytest.raises(SystemExit):
        main(words)
    assert problem in capsys.readouterr().err


def test_settings_become_options_of_the_command_and_part_of_a_runs_name():
    settings = [
        "train.steps=1000",
        "env.settings.goal=[1, 2]",
        "train.target_actor=true",
        "train.layer_norm=false",
        "learn=false",
    ]
    flags = ["--train.target_actor", "--train.no-layer_norm", "--no-learn"]
    words = ["--train.steps", "1000", "--env.settings.goal", "[1, 2]", *flags]
    assert train.options(settings, threads=False) == words
    assert train.options(settings, threads=True) == ["--train.threads", "1", *words]
    assert train.folder_name("launch/hopper.toml", 3, settings[:1]) == "hopper-train.steps-1000-3"


def test_cuba_has_eighty_different_targets_a_neuron():
    data = cuba.data(1000, seconds=1.0)
    assert data["n_e"] == 800
    assert np.bincount(data["pre"]).mean() == pytest.approx(80, rel=0.02)
    pairs = data["pre"].astype(np.int64) * 1000 + data["post"]
    assert (np.diff(pairs) > 0).all()  # sorted by pre, then post, and no pair twice
    assert data["w_e"] > 0 > data["w_i"]


def test_a_large_cuba_has_more_and_weaker_synapses():
    small, large = cuba.data(4000, 1.0), cuba.data(16000, 1.0)
    ratio = (len(large["pre"]) / 16000) / (len(small["pre"]) / 4000)
    assert ratio == pytest.approx(2, rel=0.01)
    for weight in ("w_e", "w_i"):
        assert small[weight] == pytest.approx(2 * large[weight])


def test_a_training_step_is_that_of_a_sparse_network_and_gradients_are_compared():
    data = bptt.data(25, 8)
    trace = bptt.stack().forward({"in": data["spikes"]})
    assert all(0.005 < trace.rates(name).mean() < 0.1 for name in bptt.NAMES)
    right = [data[f"g{k}"] for k in range(3)]
    assert check.note(right, data) == "gradients differ from ours by 0.0e+00 of the largest at most"
    wrong = [right[0], right[1] * 1.001, right[2]]
    with pytest.raises(RuntimeError, match=r"gradients differ by 1\.0e-03: it is another network"):
        check.note(wrong, data)


def test_a_step_is_timed_after_its_restart(monkeypatch):
    monkeypatch.setattr(check, "LEAST", 0.0)
    calls = []
    assert check.per_step(lambda: calls.append("restart"), lambda: calls.append("step")) >= 0
    assert calls == ["restart"] + ["step"] * check.STEPS


@pytest.mark.parametrize("task", envs.TASKS)
def test_no_robot_falls_in_a_stretch_of_the_steps_of_environments(task):
    from neurobot.envs import make_vec

    data = envs.data(task, size=64, threads=1)
    stretches, steps, size, _ = data["actions"].shape
    assert stretches * steps * size >= envs.STEPS and len(data["seeds"]) == stretches
    env = make_vec(task, size)
    few = {**data, "actions": data["actions"][:1], "seeds": data["seeds"][:1]}
    assert stepping(few, lambda seed: env.reset(seed=seed), env.step)()["seconds"] > 0


def test_a_robot_that_falls_all_the_same_is_noticed():
    from neurobot.envs import make_vec

    env = make_vec("Hopper-v5", 4)
    wild = {"actions": np.ones((1, 100, 4, 3), np.float32), "seeds": np.zeros(1, int)}
    with pytest.raises(RuntimeError, match="an episode ended"):
        stepping(wild, lambda seed: env.reset(seed=seed), env.step)


def test_scenes_of_the_event_camera_differ_in_how_much_moves(capsys):
    for scene in (camera.still, camera.disc, camera.grating, camera.flicker):
        camera.row(scene.__name__, scene(30, 64)[:, None], rounds=1)
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert [row[1] for row in rows] == ["29 of 64 x 64"] * 4
    events = [int(row[4]) for row in rows]
    assert events[0] == 0 < events[1] < 64 < events[2] < 1000 < events[3]
