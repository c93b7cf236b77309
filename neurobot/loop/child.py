"""The writer process as its parent sees it: started, briefed, waited for.

It is an ordinary child process and no `multiprocessing.Process`: that would run the caller's main script a second time
in the child, with all it imports, and would send it pickles. This child learns its job from one line of JSON. It is in
a process group of its own, so Ctrl-C in the terminal stops the loop and not the writer.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from typing import IO, Any, cast, final

from neurobot.errors import RecordingError

PATIENCE = 30.0  # [s] for the writer to start, to make room in simulated time, and to finish


@final
class WriterProcess:
    """Starts `python -m neurobot.loop.writer`.

    Attributes:
        pid: its process id.

    Raises:
        RecordingError: no process can be started.
    """

    def __init__(self) -> None:
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # a child sees the modules that we see
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "neurobot.loop.writer"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=os.environ | {"PYTHONPATH": path},
                process_group=0,
            )
        except OSError as error:
            raise RecordingError(f"the process that writes the recording cannot be started ({error})") from None
        self.pid = self._process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def brief(self, job: dict[str, Any]) -> None:
        """Give it its job and wait until it has begun.

        Raises:
            RecordingError: it did not begin, and why.
        """
        stdin, stdout = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        try:
            stdin.write(json.dumps(job).encode() + b"\n")
            answer = stdout.readline() if select.select([stdout], [], [], PATIENCE)[0] else b""
        except BrokenPipeError:
            answer = b""
        if answer != b"ready\n":
            said = self.farewell()
            raise RecordingError(
                answer.decode().strip() or said or "the process that writes the recording did not begin"
            )

    def farewell(self) -> str:
        """Wait for its end; returns what went wrong, or nothing."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.stop()
            return f"the recording was not written within {PATIENCE:g} s; is the disk stuck?"
        said = out.decode(errors="replace").strip()
        if self._process.returncode == 0 or said:
            return said
        lines = err.decode(errors="replace").strip().splitlines() or [f"exit code {self._process.returncode}"]
        return f"the process that writes the recording ended early: {lines[-1]}"

    def stop(self) -> None:
        """End it, if it still runs; what it has not written is lost."""
        if self.alive():
            self._process.kill()
            self._process.communicate()
