"""The kinds of work: bytes in, bytes out.

What a worker needs to begin is bytes (a program file, an environment's description), and so are tasks (parameters,
seeds) and what they give. A task's result depends on nothing but the two, so it is the same on any worker, in any
number of them, and in a second attempt.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TypeAlias

Work: TypeAlias = Callable[[bytes], bytes]


def begin(kind: str, setup: bytes, imports: Sequence[str] = (), *, alone: bool = False) -> Work:
    """A worker, wherever this is called.

    Args:
        kind: ``episodes`` of evolution, or ``commands`` of `neurobot`.
        setup: what it begins with.
        imports: modules to import first.
        alone: whether this process does nothing else at the same time.
    """
    for name in imports:
        import_module(name)
    if kind == "commands":
        return command_here if alone else command
    assert kind == "episodes", kind
    from neurobot.train.evolution.episodes import EpisodesWorker

    return EpisodesWorker(setup).run


def command(task: bytes) -> bytes:
    """A command of `neurobot` in a process of its own; whatever becomes of that, nobody else notices.

    Args:
        task: its arguments, one a line.

    Returns:
        The exit code, a line break, and what it wrote on stderr.
    """
    words = [sys.executable, "-m", "neurobot", *task.decode().split("\n")]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return b"%d\n%s" % (done.returncode, done.stderr)


def command_here(task: bytes) -> bytes:
    """The same in this process, so that it does not outlive a worker whose task is done again elsewhere."""
    from neurobot.cli import main

    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as said:
        code = main(task.decode().split("\n"))
    return b"%d\n%s" % (code, said.getvalue().encode())
