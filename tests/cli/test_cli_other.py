"""`neurobot envs`, `plot` and `doctor`, and how numbers are printed."""

import json
import os
import re
from pathlib import Path

import pytest
from matplotlib.image import imread

from neurobot.cli import doctor
from neurobot.cli.console import seconds, significant
from neurobot.cli.run import KERNELS
from neurobot.envs import vector_ids
from neurobot.view.rendering import choose


def test_envs_lists_batched_tasks_and_gymnasiums(command):
    result = command("envs")
    assert result.code == 0
    for name in (*vector_ids(), "Ant-v5", "Pendulum-v1"):
        assert f"  {name}" in result.out


def test_envs_as_json(command):
    data = json.loads(command("envs", "--json").out)
    assert set(data["batched"]) == set(vector_ids())
    assert not set(data["batched"]) & set(data["gymnasium"])


def test_an_imported_modules_environments_are_listed(command, fakes):
    assert "fake/plain-v0" in command("envs", "--allow-import", fakes).out


@pytest.mark.parametrize("name", vector_ids())
def test_a_batched_task_is_described_with_tables(command, name):
    out = command("envs", name, "--no-picture").out
    assert out.startswith(f"{name}: ")
    assert "control period" in out
    assert "| index | meaning" in out


def test_one_of_gymnasiums_is_described_by_its_author(command):
    result = command("envs", "Pendulum-v1", "--json", "--no-picture")
    data = json.loads(result.out)
    assert data["id"] == "Pendulum-v1"
    assert "torque" in data["description"]


def test_an_environment_without_description_is_told(command, fakes):
    assert (
        "fake/plain-v0 has no description"
        in command("envs", "fake/plain-v0", "--no-picture", "--allow-import", fakes).out
    )


def test_an_unknown_environment_gets_near_matches(command):
    result = command("envs", "HalfCheeta-v5")
    assert result.code == 3
    assert "did you mean 'HalfCheetah-v5'" in result.err


@pytest.mark.parametrize("name", ["neurobot/Reach-v0", "Hopper-v5", "CartPole-v1"])
def test_an_environment_is_drawn(command, name, tmp_path):
    assert choose() is not None, "this machine cannot render; `neurobot doctor` says what is missing"
    file = tmp_path / "made" / "picture.png"
    data = json.loads(command("envs", name, "--json", "--out", str(file)).out)
    assert data["picture"] == str(file) and imread(file).std() > 0.05


def test_a_picture_goes_into_runs_unless_told_otherwise(command):
    result = command("envs", "neurobot/Reach-v0")
    assert "picture: runs/Reach-v0.png" in result.out and Path("runs/Reach-v0.png").stat().st_size > 1_000


def test_without_a_renderer_the_tables_are_printed_and_the_reason(command, monkeypatch):
    monkeypatch.setattr("neurobot.view.still.has_matplotlib", lambda: False)
    result = command("envs", "neurobot/Reach-v0")
    assert result.code == 0 and "| index | meaning" in result.out
    assert "no picture: matplotlib, which writes pictures, is not installed" in result.err
    assert command("envs", "neurobot/Reach-v0", "--out", "a.png").code == 3


def test_a_format_that_is_none_and_a_picture_of_a_list_are_refused(command):
    assert "give NAME.png" in command("envs", "neurobot/Reach-v0", "--out", "a.what").err
    assert "a list has no picture" in command("envs", "--out", "a.png").err


@pytest.fixture
def recorded(command, launch, monkeypatch):
    """A run folder `a`, without its picture."""
    with monkeypatch.context() as patch:
        patch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
        command("run", launch(), "--out", "a")


def test_plot_draws_a_run(command, recorded, tmp_path):
    assert command("plot", "a").out == "a/plot.png\n"
    assert (tmp_path / "a/plot.png").read_bytes().startswith(b"\x89PNG")
    assert command("plot", "a/recording", "--out", "b.png", "--start", "3", "--ticks", "5").code == 0
    assert (tmp_path / "b.png").exists()


def test_plot_refuses_what_is_not_there(command, recorded):
    assert command("plot", "nowhere").code == 6
    assert "the recording has" in command("plot", "a", "--start", "100000").err
    assert command("plot", "a", "--ticks", "0").code == 2
    assert command("plot", "a", "--out", "no/such/folder.png").code == 6
    assert "give NAME.png" in command("plot", "a", "--out", "x.gif2").err


def test_plot_without_matplotlib_says_how_to_get_it(command, recorded, monkeypatch):
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
    result = command("plot", "a")
    assert result.code == 1
    assert "pip install 'neurobot[plot]'" in result.err


@pytest.fixture
def rendering(monkeypatch):
    """Rendering that is not tried, because that takes seconds."""
    monkeypatch.setattr("neurobot.view.rendering.problem", lambda backend: f"no {backend} here")


def test_doctor_tells_what_there_is(command, rendering):
    result = command("doctor")
    assert result.code == 0
    for word in ("mujoco", "kernel cache", "clock", "sleep", "SCHED_FIFO", "locked memory", "serial ports"):
        assert word in result.out
    assert "no egl here" in result.out
    assert "apt-get install libegl1" in result.out


def test_doctor_as_json(command, rendering):
    data = json.loads(command("doctor", "--json").out)
    assert set(data) == {"versions", "kernel_cache", "timer", "real_time", "rendering", "serial_ports"}
    assert 0 < data["timer"]["resolution"] < 0.01
    assert data["timer"]["sleep_late_max"] >= data["timer"]["sleep_late_median"]
    assert data["rendering"] == {"egl": "no egl here", "osmesa": "no osmesa here"}


def test_doctor_tells_of_every_kernel_that_a_command_compiles(command, rendering):
    sources = "".join(path.read_text() for path in Path(doctor.__file__).parent.glob("*.py"))
    compiled = {*re.findall(r'compiling\("(\w+)"\)', sources), *KERNELS.values()}
    assert {"tick_batch", "host_tick_at", "fixed_tick_at"} < compiled
    assert compiled == set(json.loads(command("doctor", "--json").out)["kernel_cache"]) - {"folder"}


def test_asking_for_real_time_leaves_the_scheduler_as_it_was():
    before = os.sched_getscheduler(0)
    doctor.real_time()
    assert os.sched_getscheduler(0) == before


def test_a_slow_ftdi_chip_is_pointed_out():
    slow = {"device": "/dev/ttyUSB0", "description": "FT232R", "latency_timer": 16}
    assert doctor._port(slow) == "/dev/ttyUSB0 (FT232R, latency_timer 16 ms; 1 is better)"
    assert doctor._port(slow | {"latency_timer": 1}) == "/dev/ttyUSB0 (FT232R)"


@pytest.mark.parametrize(
    ("time", "text"),
    [(2.5, "2.5 s"), (0.05, "50 ms"), (1e-3, "1 ms"), (5.812e-6, "5.81 us"), (0.0, "0 us"), (6e-8, "0.06 us")],
)
def test_times_are_printed_in_a_unit_that_suits_them(time, text):
    assert seconds(time) == text


@pytest.mark.parametrize(("x", "text"), [(2958.4, "2,958"), (-1200.6, "-1,201"), (12.3456, "12.35"), (0.0, "0")])
def test_numbers_are_printed_with_four_digits(x, text):
    assert significant(x) == text
