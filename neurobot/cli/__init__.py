"""The command `neurobot`: which command it is, and what becomes of an error.

Every command lives in a module of its own that is imported when it runs, and imports what is slow (MuJoCo, Numba,
Gymnasium) when it needs it, so that help comes at once. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata

from neurobot.cli.interrupts import is_one
from neurobot.errors import NeurobotError, near

COMMANDS = {
    "run": "run a controller in an environment, record it and print a summary",
    "watch": "look at a run that goes on, from another terminal",
    "stream": "run a controller through a board, emulated or real",
    "train": "make a controller by training",
    "sweep": "train with several seeds and settings, side by side, and tabulate what came out",
    "eval": "measure a program's return over many episodes",
    "check": "say why a robot does not move, and what else is wrong or worth knowing",
    "convert": "make a spiking program of a trained ANN policy, and compare the two",
    "quantize": "make a program in integers for boards, and say what that costs",
    "export": "write a quantized program as C that runs by itself, without a line",
    "envs": "list the environments that can be used, or describe one",
    "replay": "let a recorded run happen again spike for spike, or compare two, and print the first difference",
    "plot": "draw a recorded run as one picture, or the window of a learning rule",
    "nir": "show a NIR file, or run it and compare its spikes with a table",
    "bench": "measure the time from sensor to action, stage by stage, in real time",
    "board": "look at a board, load it, compare it with what was recorded, measure it, or be one",
    "doctor": "show what this machine has: versions, timers, rendering, serial ports",
}
MODULES = {name: f"neurobot.cli.{name}" for name in COMMANDS} | {"eval": "neurobot.cli.evaluate"}
USAGE, STOPPED, FILE, INTERRUPTED = 2, 4, 6, 130

HELP = """\
usage: neurobot COMMAND [OPTIONS]

Closed-loop robot control with spiking neural networks.

commands:
{commands}

`neurobot COMMAND --help` shows a command's options. `neurobot run LAUNCH --help` also shows the settings of that
launch file, with units; each of them can be changed, as in --guard.hold-for 0.1, but what a trained program fixes only
for `train`, or with --program None, which runs untrained.

options:
  -h, --help   show this
  --version    show the version

exit codes:
  0    all is well
  1    any other error; of replay a difference; of check something that keeps the robot from moving, or is risky
  2    a wrong command line
  3    a launch file, setting, network or environment that cannot be used
  4    stopped for safety: a bad observation or action, or a simulation that broke down
  5    a link to a board or robot that failed
  6    a file that cannot be read or written
  130  interrupted with Ctrl-C; what was done so far is saved and reported
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: without the program's name; default this process's.

    Returns:
        The exit code; see `HELP`.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(args)
        sys.stdout.flush()
    except SystemExit as stop:  # help and wrong options end in one
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains once more at its exit
        return 1
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except NeurobotError as error:
        return _complain(str(error), error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}; give another place, or make room", FILE)
    except Exception as error:
        if is_one(error):
            return _complain("interrupted", INTERRUPTED)
        if os.environ.get("NEUROBOT_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}"
        return _complain(f"unexpected {what}\nThis should not happen; NEUROBOT_TRACEBACK=1 shows where it did.", 1)
    return code


def _dispatch(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        listed = "\n".join(f"  {name:{width}}   {what}" for name, what in COMMANDS.items())
        print(HELP.format(commands=listed), end="", file=sys.stdout if args else sys.stderr)
        return 0 if args else USAGE
    if args[0] == "--version":
        print(f"neurobot {metadata.version('neurobot')}")
        return 0
    if args[0] not in COMMANDS:
        return _complain(f"no command is called {args[0]!r}; {near(args[0], COMMANDS)}", USAGE)
    code = import_module(MODULES[args[0]]).main(args[1:])
    assert isinstance(code, int)
    return code


def _complain(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code
