"""Boards by address, what is built for them, and what is said where that is not possible."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import neurobot
from neurobot.board import firmware
from neurobot.board.ports import open_board
from neurobot.core.fixed_network import FixedNetwork
from neurobot.errors import LinkError
from tests.firmware.native import FIRMWARE, need
from tests.kernels.fixed_networks import random_input, random_network


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(firmware, "_cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def children():
    """Processes that this one has started, and that are there."""
    tasks = Path("/proc/self/task").iterdir()
    return {pid for task in tasks for pid in (task / "children").read_text().split()}


@pytest.mark.parametrize(("address", "realtime"), [("emulator", False), ("emulator", True), ("posix", False)])
def test_a_board_that_was_opened_runs_and_is_gone_afterwards(address, realtime):
    need("gcc")
    image, rng = random_network(1), np.random.default_rng(1)
    network, before = FixedNetwork(image), children()
    with open_board(address, realtime=realtime) as host:
        host.connect()
        host.load(image.to_bytes())
        host.arm(hold=0.5, watchdog=0.5)
        given = random_input(rng, image)
        network.tick(*given)
        assert np.frombuffer(host.tick(image.substeps, *given).data, "<i2").tolist() == network.last.tolist()
    assert children() <= before


@pytest.mark.parametrize("address", ["posix", "qemu:m3"])
def test_ctrl_c_of_the_terminal_does_not_reach_the_boards_process(address):
    need("gcc")
    if address != "posix":
        need("qemu-system-arm", firmware.ARM)
    before = children()
    with open_board(address):
        assert {os.getpgid(int(pid)) for pid in children() - before}.isdisjoint({os.getpgid(0)})


@pytest.mark.parametrize("first", [False, True])
def test_a_board_comes_before_other_processes_where_that_is_wished_and_permitted(first, monkeypatch):
    need("gcc")
    asked = []

    def refuse(pid):
        asked.append(str(pid))
        raise PermissionError

    monkeypatch.setattr("neurobot.board.ports.come_first", refuse)
    before = children()
    with open_board("posix", first=first) as host:
        assert host.connect().name == b"posix"
        assert asked == ([*(children() - before)] if first else [])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("posx", "there is no board 'posx': did you mean 'posix'"),
        ("qemu:m33", "there is no board qemu:m33: did you mean 'm3'"),
        ("/dev/no-such-port", "there is no port /dev/no-such-port"),
        ("socket://nowhere", "is no address of a socket"),
    ],
)
def test_an_address_that_is_none_is_told(address, words):
    with pytest.raises(LinkError, match=words), open_board(address):
        pass


def test_a_program_is_built_once_and_anew_when_its_sources_change(tmp_path, monkeypatch, cache):
    need("gcc")
    first = firmware.build("posix")
    before = first.stat().st_mtime_ns
    assert firmware.build("posix") == first
    assert first.stat().st_mtime_ns == before
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("build"))
    with (copy / "core/core.c").open("a") as file:
        file.write("/* changed */\n")
    monkeypatch.setattr(firmware, "sources", lambda: copy)
    assert firmware.build("posix") != first
    assert sorted(p.name[:6] for p in cache.iterdir()) == ["posix-", "posix-"]


def test_a_compiler_that_fails_is_quoted(tmp_path, monkeypatch):
    need("gcc")
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("build"))
    with (copy / "core/core.c").open("a") as file:
        file.write("nonsense\n")
    monkeypatch.setattr(firmware, "sources", lambda: copy)
    with pytest.raises(LinkError, match=r"cannot build the firmware: (.|\n)*core\.c"):
        firmware.build("posix")


def test_without_compilers_or_qemu_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(LinkError, match=r"there is no C compiler .*apt-get install gcc libc6-dev.*--port emulator"):
        firmware.build("posix")
    with pytest.raises(LinkError, match=r"there is no arm-none-eabi-gcc .* apt-get install gcc-arm-none-eabi"):
        firmware.build("m3")
    with pytest.raises(LinkError, match="there is no qemu-system-arm: apt-get install"), open_board("qemu:m3"):
        pass
    with pytest.raises(LinkError, match="there is no firmware for 'm5'; did you mean"):
        firmware.build("m5")


def test_without_its_sources_it_says_where_they_were_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(neurobot, "__file__", str(tmp_path / "neurobot/__init__.py"))
    with pytest.raises(LinkError, match=r"are neither in .*firmware nor in .*neurobot/firmware: install neurobot anew"):
        firmware.sources()


def test_a_process_that_does_not_start_is_told(tmp_path, monkeypatch):
    from neurobot.board import ports

    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(ports, "build", lambda target: silent)
    monkeypatch.setattr(ports, "STARTS_WITHIN", 0.1)
    monkeypatch.setattr(ports, "ENDS_WITHIN", 0.1)
    with pytest.raises(LinkError, match=r"the board's process has not started within 0\.1 s"), open_board("posix"):
        pass
