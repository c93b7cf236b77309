"""Emulated boards on simulated lines, and controllers that run on them."""

from functools import partial

from neurobot.board.core import BoardCore
from neurobot.board.emulator import Emulator
from neurobot.controller import Controller
from neurobot.link.exchange import Patience
from neurobot.link.host import Host
from neurobot.link.local import LocalLine

PATIENCE = Patience(answer=0.005, longest=0.02, lost=0.3)


def emulated(emulator=None, line=None, **options):
    """A host on an emulated board, and the board's line."""
    local = LocalLine(emulator or Emulator(), **options)
    return Host(local if line is None else line(local), arithmetic=2, patience=PATIENCE), local


def controller_on(host, program, record=False, seed=None, **times):
    return Controller(program, partial(BoardCore, host=host, **times), record=record, seed=seed)
