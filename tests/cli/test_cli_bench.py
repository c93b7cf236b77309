"""`neurobot bench latency`."""

import errno
import json

import pytest

WORK = ["wake", "sense", "tick", "guard", "act"]
QUANTILES = ("p50", "p99", "p999", "max")


def test_the_budget_from_sensor_to_action_as_json(command, launch):
    result = command("bench", "latency", launch(), "--seconds", "0.5", "--json")
    data = json.loads(result.out)
    assert result.code == 0 and "25 ticks of 20 ms in real time" in result.err
    assert (data["launch"], data["control_period"], data["ticks"], data["rt"]) == ("pole", 0.02, 25, None)
    assert list(data["stages"]) == WORK
    total, stages = data["total"], data["stages"].values()
    assert max(s["max"] for s in stages) <= total["max"] <= sum(s["max"] for s in stages) + 1e-9
    for q in QUANTILES:
        assert data["left"][q] == pytest.approx(0.02 - total[q])
        for name, row in (data["stages"] | {"total": total}).items():
            assert data["share"][name][q] == pytest.approx(row[q] / 0.02)
    assert (data["overruns"] > 0) == (data["skipped"] > 0) == (data["worst_lateness"] > 0)


def test_the_budget_as_a_table(command, launch):
    result = command("bench", "latency", launch(), "--seconds", "0.2")
    title, header, *rows = result.out.splitlines()
    assert title == "pole, from sensor to action [us], every 20 ms"
    assert " ".join(header.split()) == "stage p50 p99 p99.9 max p50 of the period max of the period"
    assert [row.split()[0] for row in rows[: len(WORK) + 2]] == [*WORK, "total", "left"]
    assert " missed of 10; worst by " in result.out and "granted" not in result.out
    assert "untrained" in result.err


def test_a_bundled_launch_file_that_is_trained_and_whose_actions_are_numbers(command):
    data = json.loads(command("bench", "latency", "halfcheetah", "--seconds", "0.2", "--json").out)
    assert data["program"].endswith("halfcheetah.safetensors")
    assert (data["ticks"], data["holds"]) == (round(0.2 / data["control_period"]), 0)


def test_what_learns_is_measured_learning(command):
    data = json.loads(command("bench", "latency", "reach_plastic", "--seconds", "0.4", "--json").out)
    assert data["ticks"] == round(0.4 / data["control_period"])


def test_with_rt_what_was_refused_is_told(command, launch, monkeypatch):
    def refuse():
        raise PermissionError(errno.EPERM, "Operation not permitted")

    for name in ("_lock_memory", "come_first"):
        monkeypatch.setattr(f"neurobot.loop.realtime.{name}", refuse)
    monkeypatch.setattr("neurobot.loop.realtime.Realtime._pin", lambda _: None)
    monkeypatch.setattr("neurobot.loop.realtime.AWAKE", "/dev/without")
    result = command("bench", "latency", launch(), "--seconds", "0.1", "--rt")
    assert "granted    affinity" in result.out
    assert "--rt: mlockall was refused (Operation not permitted): give the user a memlock limit" in result.err
    data = json.loads(command("bench", "latency", launch(), "--seconds", "0.1", "--rt", "--json").out)
    assert data["rt"]["granted"] == ["affinity"]
    assert [problem.split()[0] for problem in data["rt"]["refused"]] == [
        "mlockall", "SCHED_FIFO", "cpu_dma_latency",
    ]  # fmt: skip


def test_what_the_guard_stops_is_told(command, launch, fakes):
    path = launch('"CartPole-v1"', f'"{fakes}:fake/blind-v0"')
    result = command("bench", "latency", path, "--allow-import", fakes, "--seconds", "2")
    assert result.code == 4
    assert "the guard stopped it: " in result.err and "held" in result.out


def test_ctrl_c_in_the_short_run_ends_it(command, launch, fakes):
    path = launch('"CartPole-v1"', f'"{fakes}:fake/interrupt-v0"')
    result = command("bench", "latency", path, "--allow-import", fakes)
    assert (result.code, result.out) == (130, "")
    assert "interrupted before anything was measured" in result.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("latency", "cartpole", "--seconds", "0"), "seconds is 0"),
        (("latency", "cartpole", "--seconds", "601"), "seconds is 601"),
        (("speed", "cartpole"), "latency"),
        ((), "LAUNCH"),
    ],
)
def test_command_lines_that_make_no_sense_are_refused(command, words, told):
    result = command("bench", *words)
    assert result.code == 2 and told in result.err
