"""What runs: compiled code over the arenas of a Program; numpy and numba only.

Compiled code is kept on disk in a folder named after the kernels' own sources, because Numba's cache looks
at one file only and would be silently stale when a kernel in another file changes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{numba.__version__} {numba.config.BOUNDSCHECK}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_root() -> Path:
    """The user's cache folder, or a temporary one where that cannot be written."""
    given = os.environ.get("NEUROBOT_CACHE")
    home = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurobot"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            return home
    except OSError:
        return Path(tempfile.gettempdir()) / f"neurobot-{os.getuid()}"


CACHE = _cache_root() / "kernels" / _fingerprint()
"""Where compiled kernels are kept; the environment variable NEUROBOT_CACHE moves it."""
