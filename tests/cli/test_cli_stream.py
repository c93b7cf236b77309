"""`neurobot stream` and `neurobot board`: the same numbers as without a board, and what is told of boards."""

import json
import os
import shutil
import signal

import pytest

from neurobot.loop import load_recording


@pytest.fixture(autouse=True)
def cache(firmware_builds, monkeypatch):
    from neurobot.board import firmware

    monkeypatch.setattr(firmware, "_cache", lambda: firmware_builds)


def need_gcc():
    if shutil.which("gcc") is None:
        pytest.skip("no gcc here")


@pytest.mark.parametrize("port", ["emulator", "posix"])
def test_a_board_does_what_core_fixed_does(command, launch, tmp_path, port):
    need_gcc()
    here = json.loads(command("run", launch(), "--core", "fixed", "--out", "here", "--json").out)
    result = command("stream", launch(), "--port", port, "--out", "there", "--json")
    there = json.loads(result.out)
    assert result.code == 0
    for name in ("returns", "ticks", "spikes_per_tick", "core"):
        assert there[name] == here[name]
    a, b = (load_recording(tmp_path / name / "recording") for name in ("here", "there"))
    for name in ("observation", "sent", "membrane", "spikes", "reward"):
        assert getattr(a, name).tolist() == getattr(b, name).tolist()
    assert f"board {port}: an image of" in result.err
    assert "every answer was that of the same image here, bit for bit" in result.err
    assert there["timing"]["link"]["max"] > 0 == here["timing"]["link"]["max"]


def test_the_time_on_the_line_is_shown(command, launch):
    result = command("stream", launch(), "--no-record")
    assert "link time" in result.out
    assert "link time" not in command("run", launch(), "--no-record").out


def test_a_second_ctrl_c_while_the_board_is_waited_for_brings_it_to_rest(command, launch, monkeypatch):
    from neurobot.link.local import LocalLine

    lines, read = [], LocalLine.read

    def interrupted(line, timeout):
        if not lines and line.device.device.last_tick == 3:
            lines.append(line)
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
        return read(line, timeout)

    monkeypatch.setattr(LocalLine, "read", interrupted)
    result = command("stream", launch(), "--no-record")
    assert result.code == 130
    assert "interrupted" in result.out
    assert lines[0].device.device.state.name == "READY"


def test_what_a_board_cannot_do_is_refused(command, launch):
    result = command("stream", launch(), "--port", "posx", "--no-record")
    assert (result.code, "did you mean 'posix'" in result.err) == (5, True)
    assert "quantized" not in result.err  # the board is looked for before anything that takes long


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["--watchdog", "3"], "watchdog 3.0 s"), (["--hold", "1"], "hold is 1.0 s"),
        (["--hold", "0.3", "--watchdog", "0.1"], "hold is 0.3 s and watchdog 0.1 s"),
        (["--hold", "0"], "hold is 0.0 s"),
        (["--hold", "nan"], "hold is nan s"),
        (["--watchdog", "inf"], "watchdog inf s"),
    ],
)  # fmt: skip
def test_times_that_no_board_can_be_set_to_are_refused_ahead_of_everything(command, launch, times, said, tmp_path):
    result = command("stream", launch(), *times, "--out", "a")
    assert result.code == 3
    assert "--hold, --watchdog: " in result.err
    assert said in result.err
    assert "it must be 0.001 <= hold <= watchdog <= 0.5" in result.err
    assert "quantized" not in result.err
    assert not (tmp_path / "a").exists()


def test_a_run_on_a_board_is_not_gone_on_with(command):
    result = command("stream", "st", "--resume")
    assert result.code == 3
    assert "begin anew with the same `neurobot stream` without --resume" in result.err
    for words in ((), ("cartpole",)):
        assert "--resume" not in command("stream", *words, "--help").out


def test_conform_says_that_nothing_differs_and_logs_it(command, tmp_path):
    result = command("board", "conform", "--port", "emulator", "--log", "log.jsonl")
    assert result.code == 0
    assert result.out.startswith("the same, bit for bit: 50 images")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert all(line["board"] == line["recorded"] for line in lines)
    assert len(lines) > 50


def test_conform_fails_with_the_first_difference(command, monkeypatch):
    from neurobot.core.fixed_network import FixedNetwork

    right = FixedNetwork.digest
    monkeypatch.setattr(FixedNetwork, "digest", lambda self: right(self) ^ 1)
    result = command("board", "conform", "--port", "emulator")
    assert result.code == 1
    assert result.out.startswith("different: extreme_16, the cleared state: digest is 0x")
    assert json.loads(command("board", "conform", "--port", "emulator", "--json").out)["difference"]["tick"] == 0


def test_bench_tells_round_trips_bytes_and_budget(command):
    need_gcc()
    result = command("board", "bench", "--port", "posix", "--ticks", "30")
    for words in ("board posix: 30 ticks", "round trip", "of the control period of 5 ms", "at 115200"):
        assert words in result.out
    data = json.loads(command("board", "bench", "--port", "posix", "--ticks", "30", "--json").out)
    assert 0 < data["p50"] <= data["p99"] <= data["max"]
    assert (data["request"], data["answer"]) == (90, 27)


def test_info_and_ports_tell_what_there_is(command):
    need_gcc()
    data = json.loads(command("board", "info", "--port", "posix", "--json").out)
    assert (data["name"], data["arithmetic"], data["crc_err"]) == ("posix", 2, 0)
    assert {"emulator", "posix", "qemu:m3"} <= set(json.loads(command("board", "ports", "--json").out))


def test_load_writes_the_image_of_a_program(command, launch, tmp_path):
    assert command("quantize", launch(), "--episodes", "0", "--out", "q.safetensors").code == 0
    result = command("board", "load", "q.safetensors", "--port", "emulator")
    assert (result.code, result.out.startswith("loaded ")) == (0, True)
    result = command("board", "load", "none.safetensors", "--port", "emulator")
    assert (result.code, "none.safetensors is no file" in result.err) == (3, True)


def test_a_wrong_command_is_told(command):
    result = command("board", "conf")
    assert (result.code, "did you mean 'conform'" in result.err) == (2, True)
    assert "emulate" in command("board", "--help").out
