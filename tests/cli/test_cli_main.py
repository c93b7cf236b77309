"""The command as a whole: help, exit codes, errors without tracebacks."""

import subprocess
import sys

import pytest

import neurobot.cli
from neurobot.cli import COMMANDS
from neurobot.errors import ProgramFileError


def test_help_lists_commands_and_exit_codes(command):
    result = command("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert f"  {name} " in result.out
    for code in (0, 1, 2, 3, 4, 5, 6, 130):
        assert f"\n  {code} " in result.out


def test_without_a_command_help_goes_to_stderr_and_the_code_is_usage(command):
    result = command()
    assert (result.code, result.out) == (2, "")
    assert "usage: neurobot COMMAND" in result.err


def test_version(command):
    assert command("--version").out.startswith("neurobot 0.")


def test_an_unknown_command_gets_near_matches(command):
    result = command("trian")
    assert result.code == 2
    assert "no command is called 'trian'; did you mean 'train'" in result.err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command, name):
    result = command(name, "--help")
    assert result.code == 0
    assert f"usage: neurobot {name}" in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_refuses_options_it_does_not_have(command, name):
    result = command(name, "--no-such-option")
    assert result.code == 2
    assert result.out == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ProgramFileError("x: damaged"), 6, "error: x: damaged"),
        (OSError(28, "No space left on device"), 6, "No space left on device"),
        (KeyboardInterrupt(), 130, "error: interrupted"),
        (ZeroDivisionError("oh"), 1, "unexpected ZeroDivisionError: oh"),
    ],
)
def test_errors_become_one_message_and_an_exit_code(command, monkeypatch, error, code, said):
    def fail(args):
        raise error

    monkeypatch.delenv("NEUROBOT_TRACEBACK", raising=False)
    monkeypatch.setattr("neurobot.cli.doctor.main", fail)
    result = command("doctor")
    assert result.code == code
    assert said in result.err


def test_an_unexpected_error_shows_itself_when_asked(monkeypatch):
    def fail(args):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("neurobot.cli.doctor.main", fail)
    monkeypatch.setenv("NEUROBOT_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        neurobot.cli.main(["doctor"])


def run_python(code, **options):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_help_imports_nothing_slow():
    code = (
        "import sys; from neurobot.cli import main; main(['--help'])\n"
        "slow = ('numba', 'mujoco', 'gymnasium', 'matplotlib', 'tyro')\n"
        "print([m for m in slow if m in sys.modules], file=sys.stderr)"
    )
    _, err = run_python(code).communicate(timeout=60)
    assert err.decode().strip() == "[]"


def test_a_closed_pipe_is_quiet():
    process = run_python("import sys; from neurobot.cli import main; sys.exit(main(['envs']))")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert err == b""
