"""What the operating system is asked for: granted or told, and given back."""

import errno
import os
import subprocess
import sys

import pytest

from neurobot.loop.realtime import HINTS, PRIORITY, Realtime

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux is asked for these")
SHOWN = "import os; print(os.sched_getscheduler(0), len(os.sched_getaffinity(0)))"


def settings():
    return os.sched_getscheduler(0), os.sched_getaffinity(0), locked()


def locked():
    """Kilobytes of memory that are locked."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmLck"))


def open_files():
    """Of this process, by name."""
    return [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]


def test_everything_is_granted_or_told_and_given_back():
    before = settings()
    with Realtime() as asked:
        assert set(asked.granted) | {problem.split()[0] for problem in asked.refused} == set(HINTS)
        if "SCHED_FIFO" in asked.granted:
            assert os.sched_getscheduler(0) == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        if "affinity" in asked.granted:
            assert len(os.sched_getaffinity(0)) == 1
        if "mlockall" in asked.granted:
            assert locked() > 0
    assert settings() == before


def test_cores_are_kept_awake_for_as_long_as_the_file_is_open(monkeypatch, tmp_path):
    awake = tmp_path / "cpu_dma_latency"
    awake.write_bytes(b"as it was")
    monkeypatch.setattr("neurobot.loop.realtime.AWAKE", awake)
    with Realtime() as asked:
        assert "cpu_dma_latency" in asked.granted
        assert awake.read_bytes()[:4] == bytes(4)
        assert str(awake) in open_files()
    assert str(awake) not in open_files()


def test_a_system_that_does_not_take_it_is_told_and_the_file_closed(monkeypatch):
    monkeypatch.setattr("neurobot.loop.realtime.AWAKE", "/dev/full")
    with Realtime() as asked:
        assert "cpu_dma_latency" not in asked.granted
        assert "/dev/full" not in open_files()


def test_a_child_does_not_come_first():
    with Realtime():
        shown = subprocess.run([sys.executable, "-c", SHOWN], capture_output=True, text=True).stdout
    assert shown.split()[0] == str(os.SCHED_OTHER)


def test_what_is_refused_says_what_would_allow_it_and_the_rest_is_granted(monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    monkeypatch.setattr("neurobot.loop.realtime._lock_memory", refuse)
    monkeypatch.setattr("neurobot.loop.realtime.AWAKE", "/dev/without")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    with Realtime() as asked:
        assert asked.granted == ()
    assert asked.refused == (
        "affinity was refused (there is one core): it needs two cores or more",
        "mlockall was refused (Operation not permitted): give the user a memlock limit in /etc/security/limits.conf",
        "SCHED_FIFO was refused (Operation not permitted): give the user an rtprio limit in /etc/security/limits.conf",
        "cpu_dma_latency was refused (No such file or directory): "
        "let the user write /dev/cpu_dma_latency, by a udev rule",
    )


def test_who_may_not_drop_the_flag_for_children_is_given_back_the_rest(monkeypatch):
    asked_for = []

    def of_a_user_with_a_limit(_, policy, param):
        if not policy & os.SCHED_RESET_ON_FORK:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        asked_for.append((policy & ~os.SCHED_RESET_ON_FORK, param.sched_priority))

    before = settings()
    monkeypatch.setattr(os, "sched_setscheduler", of_a_user_with_a_limit)
    with Realtime() as asked:
        assert "SCHED_FIFO" in asked.granted
    assert asked_for == [(os.SCHED_FIFO, PRIORITY), (before[0] & ~os.SCHED_RESET_ON_FORK, 0)]
    assert settings() == before


def test_elsewhere_nothing_is_asked_for(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with Realtime() as asked:
        assert asked.granted == ()
    assert asked.refused == ("SCHED_FIFO, mlockall, affinity, cpu_dma_latency: not on darwin",)
