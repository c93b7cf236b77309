"""A peer's process: ``python -m benchmarks.worker MODULE DATA``.

It answers with one line of JSON when it is ready, {"versions": ...}, and one for each line it reads,
{"seconds": ..., "spikes": {...}}; or once with {"error": ...}. It runs in the peer's environment, so only the standard
library and numpy are at hand.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from collections.abc import Iterable
from typing import IO

import numpy as np


def serve(module: str, path: str, requests: Iterable[str], answers: IO[str]) -> None:
    """Prepare a peer with the arrays of an .npz file, and run it once for each request."""

    def answer(content: dict[str, object]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    try:
        peer = importlib.import_module(module)
        with np.load(path, allow_pickle=False) as data:
            run = peer.prepare(dict(data))
        answer({"versions": peer.VERSIONS})
        for _ in requests:
            gc.collect()
            answer(run())
    except Exception as error:
        traceback.print_exc()
        answer({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    private = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a peer prints goes to the log
    serve(sys.argv[1], sys.argv[2], sys.stdin, private)
