"""Ctrl-C where its KeyboardInterrupt would be lost."""

import os
import signal

import pytest

from neurobot.cli.console import compiling
from neurobot.cli.interrupts import later


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_a_first_ctrl_c_waits_for_the_end_of_the_block():
    went_on = False
    with pytest.raises(KeyboardInterrupt), later():
        press()
        went_on = True
    assert went_on
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_one_does_not_wait():
    went_on = False
    with pytest.raises(KeyboardInterrupt), later():
        press()
        press()
        went_on = True
    assert not went_on
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_caller_stays(monkeypatch):
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(1))
    try:
        with later():
            press()
            assert heard == [1]
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("terminal", [False, True])
def test_kernels_are_compiled_to_the_end(monkeypatch, terminal):
    monkeypatch.setattr("neurobot.kernels.compiled.is_warm", lambda _: False)
    monkeypatch.setattr("rich.console.Console.is_terminal", terminal)
    compiled = False
    with pytest.raises(KeyboardInterrupt), compiling("tick32"):
        press()
        compiled = True
    assert compiled


def test_an_error_that_was_made_of_ctrl_c_is_one(command, monkeypatch):
    def imports(_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error  # as MuJoCo's

    monkeypatch.setattr("neurobot.cli.doctor.main", imports)
    result = command("doctor")
    assert (result.code, result.err) == (130, "error: interrupted\n")
