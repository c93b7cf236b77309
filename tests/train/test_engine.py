"""Evolution gives the same bits for any number of workers; engines that cannot be had say so."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from train_engines import PROGRAM, evolve, require_same
from train_walk import Walk, job

from neurobot.config import EnvConfig
from neurobot.errors import SpecError, TrainingError
from neurobot.train.engines.engine import Engine
from neurobot.train.engines.pool import Local
from neurobot.train.evolution.episodes import Noise, Task, received, setup
from neurobot.train.evolution.search import searched
from neurobot.train.runs.drive import train


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The folder of a run in this thread."""
    folder = tmp_path_factory.mktemp("here")
    evolve(folder, Engine())
    return folder


@pytest.mark.parametrize("workers", [2, 3, 50])
def test_the_number_of_workers_changes_no_bit(tmp_path, here, workers):
    evolve(tmp_path, Engine(workers=workers))
    require_same(here, tmp_path)


PLAIN = EnvConfig(id="CartPole-v1")
VARIED = replace(
    PLAIN, randomize={"noise": [0.0, 0.05]}, perturb=({"kind": "loss", "at": [0.0, 0.1], "probability": 0.5},)
)


@pytest.mark.parametrize("env", [PLAIN, VARIED], ids=["plain", "varied"])
def test_parts_of_a_population_are_what_they_are_in_the_whole(env):
    index = searched(PROGRAM, biases=True)
    pool = Local("episodes", setup(PROGRAM, index, env, 1), 1)
    noise = Noise(key=(1, 2), pairs=3, sigma=0.1)

    def part(first: int, n: int) -> bytes:
        seeds = list(range(10 + first, 10 + first + n))
        center = np.array([0.1, 0.2, 0.3, 0.4])
        return Task(
            params=PROGRAM.params, center=center, seeds=seeds, first=first, episode_seed=5, horizon=None, noise=noise
        ).to_bytes()

    whole, _ = received(pool.run([part(0, 6)])[0])
    parts = [received(data)[0] for data in pool.run([part(0, 1), part(1, 4), part(5, 1)])]
    for name in ("returns", "lengths", "spikes", "synops", "shifted_sum", "shifted_squares"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(p, name) for p in parts]))
    assert len(set(whole.shifted_sum[:, 0])) == 6


def test_results_come_in_the_order_of_the_tasks_and_are_told_as_soon_as_they_are_there():
    pool, told = Local("commands", b"", 2), []
    results = pool.run([b"envs\nno-such-id", b"--version"], lambda number, result: told.append(number))
    assert [data.split(b"\n")[0] for data in results] == [b"3", b"0"]
    assert b"no-such-id" in results[0]
    assert sorted(told) == [0, 1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "rya"}, "name is 'rya'; did you mean 'ray'"),
        ({"workers": 0}, "workers is 0"),
        ({"address": "auto"}, "an address is that of a Ray cluster; give --engine ray with it"),
    ],
)
def test_an_engine_that_makes_no_sense_is_refused(given, said):
    with pytest.raises(SpecError, match=said):
        Engine(**given)


def test_a_method_that_cannot_use_an_engine_says_so(tmp_path):
    with pytest.raises(TrainingError, match="method 'walk' works on local only; leave --engine ray out"):
        train(replace(job(), engine=Engine(name="ray")), Walk(), tmp_path)


def test_without_ray_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TrainingError, match=r"pip install 'neurobot\[ray\]', or leave --engine out"):
        evolve(tmp_path, Engine(name="ray"))


def test_a_cluster_that_nobody_runs_is_refused_at_once(tmp_path):
    pytest.importorskip("ray")
    with pytest.raises(TrainingError, match=r"no Ray cluster at 127\.0\.0\.1:1: .*; start one with `ray start --head`"):
        evolve(tmp_path, Engine(name="ray", address="127.0.0.1:1"))
