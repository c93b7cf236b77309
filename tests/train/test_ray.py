"""Evolution on a Ray cluster of several nodes gives the same bits, also when workers and whole nodes die on the way."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from train_engines import evolve, require_same
from train_programs import cartpole_program

from neurobot.cli import main
from neurobot.config import EnvConfig
from neurobot.errors import TrainingError
from neurobot.train.engines.engine import Engine
from neurobot.train.evolution.episodes import Task, setup
from neurobot.train.evolution.search import searched
from neurobot.train.runs.log import read_events

pytestmark = pytest.mark.xdist_group("ray")  # one cluster is enough
SABOTAGE = """
import os, signal, time
from pathlib import Path
import ray
from neurobot.train.evolution.episodes import EpisodesWorker

run = EpisodesWorker.run

def slowly(self, data):
    folder = Path(os.environ["SABOTAGE"])
    (folder / ray.get_runtime_context().get_node_id()).touch()
    try:
        (folder / "one worker dies").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    except FileNotFoundError:
        pass
    time.sleep(0.2)
    return run(self, data)

EpisodesWorker.run = slowly
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The folder of a run in this thread."""
    folder = tmp_path_factory.mktemp("here")
    evolve(folder, Engine())
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two nodes of one CPU, which this process is connected to, and a module that slows their workers down."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    folder = tmp_path_factory.mktemp("sabotage")
    (folder / "sabotage.py").write_text(SABOTAGE)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "RAY_USAGE_STATS_ENABLED": "0",
            "SABOTAGE": str(folder),
            "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        }.items():
            patch.setenv(name, value)
        options = {"num_cpus": 1, "object_store_memory": 80 << 20, "include_dashboard": False}
        nodes = Cluster(initialize_head=True, head_node_args=options)
        del options["include_dashboard"]
        nodes.add_node(**options)
        ray.init(address=nodes.address, log_to_driver=False)
        nodes.wait_for_nodes()
        nodes.folder = folder
        yield nodes
        ray.shutdown()
        nodes.shutdown()


ON_RAY = Engine(name="ray", imports=("sabotage",))


def test_a_cluster_gives_the_same_bits(tmp_path, here, cluster):
    evolve(tmp_path, ON_RAY)
    require_same(here, tmp_path)
    assert len(list(cluster.folder.glob("[0-9a-f]*[0-9a-f]"))) >= 2, "every node had work"
    assert read_events(tmp_path / "events.jsonl")[-1]["core_seconds"] > 0


def test_a_worker_that_dies_costs_its_own_tasks_only(tmp_path, here, cluster):
    (cluster.folder / "one worker dies").touch()
    evolve(tmp_path, ON_RAY)
    require_same(here, tmp_path)
    assert not (cluster.folder / "one worker dies").exists()


def kill_the_worker_of(folder: Path) -> int:
    """Kill whoever trains in a folder, as soon as there is a checkpoint; returns its process."""
    deadline = time.monotonic() + 30
    while not list(folder.glob("checkpoint-*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    pid = int(json.loads((folder / "lock.json").read_bytes())["pid"])
    os.kill(pid, signal.SIGKILL)
    return pid


def test_a_sweep_on_the_cluster_goes_on_elsewhere_when_a_worker_dies(tmp_path, cluster, capsys):
    launch = str(Path(__file__).parents[2] / "launch/cartpole.toml")
    sweep = ("--seeds", "2", "--engine", "ray", "--out", str(tmp_path / "s"), "--json")
    short = ("--train.generations", "25", "--train.pairs", "2", "--train.threads", "1", "--train.evaluate-every", "1")
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_the_worker_of, tmp_path / "s/seed=1")
        code = main(["sweep", launch, *sweep, *short])
        assert killed.result() != os.getpid()
    assert code == 0
    assert [row["seed"] for row in json.loads(capsys.readouterr().out)["runs"]] == [0, 1]
    events = [e["event"] for e in read_events(tmp_path / "s/seed=1/events.jsonl")]
    assert events.count("resume") == 1
    assert main(["train", launch, "--seed", "1", "--out", str(tmp_path / "a"), *short]) == 0
    require_same(tmp_path / "a", tmp_path / "s/seed=1")


def test_a_task_that_fails_says_why(tmp_path, cluster):
    pool = ON_RAY.open("episodes", b"nonsense")
    with pytest.raises(TrainingError, match="a task failed on the cluster"):
        pool.run([b"x"])


def test_an_error_of_ours_comes_back_as_it_is(tmp_path, cluster):
    program = cartpole_program(dt=0.01)
    pool = ON_RAY.open("episodes", setup(program, searched(program, True), EnvConfig(id="CartPole-v1"), 1))
    task = Task(
        params=program.params, center=np.zeros(4), seeds=[1], first=0, episode_seed=0, horizon=None, noise=None
    )  # fmt: skip
    with pytest.raises(TrainingError, match=r"^the controller acts every 0\.05 s"):
        pool.run([task.to_bytes()])


def test_a_node_that_dies_in_the_middle_of_a_generation_costs_its_own_tasks_only(tmp_path, here, cluster):
    victim = cluster.add_node(num_cpus=1, object_store_memory=80 << 20)
    cluster.wait_for_nodes()
    marker = cluster.folder / victim.node_id
    killed = []

    def kill() -> None:
        deadline = time.monotonic() + 30
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        killed.append(marker.exists())  # it has a task, which takes 0.2 s
        cluster.remove_node(victim, allow_graceful=False)

    killer = threading.Thread(target=kill)
    killer.start()
    evolve(tmp_path, ON_RAY)
    killer.join()
    assert killed == [True]
    require_same(here, tmp_path)
