"""The firmware as a process of this machine."""

import contextlib
import os
import socket
import subprocess

from neurobot.core.image import Image
from neurobot.link.host import Host
from neurobot.link.transport import FileTransport
from tests.firmware.native import FIRMWARE, need, run


def build_posix(folder):
    """Compile it into a folder; returns the program."""
    need("make", "gcc")
    run(["make", "-s", "-C", FIRMWARE, f"BUILD={folder}", "posix"], folder)
    return folder / "neurobot-board"


@contextlib.contextmanager
def on_a_socket(program, *options):
    """A running board, its process, and a host that is connected to it."""
    ours, theirs = socket.socketpair()
    with subprocess.Popen(
        [program, "--fd", str(theirs.fileno()), *options], pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, text=True
    ) as process:
        theirs.close()
        try:
            yield Host(FileTransport(ours.detach(), "the board"), arithmetic=2), process
        finally:
            process.kill()


@contextlib.contextmanager
def on_a_pty(program):
    """A running board, and the name of its pty."""
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.kill()


def image_of(seed) -> Image:
    from tests.kernels.fixed_networks import random_network

    return random_network(seed)


def descriptors():
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))
