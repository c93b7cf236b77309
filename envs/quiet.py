"""No warnings of MuJoCo's on the terminal, and none in a file."""

from __future__ import annotations

from typing import final

import mujoco


@final
class Quiet:
    """Keeps MuJoCo from printing warnings and writing its log file; a context manager.

    A class, because a generator with `contextmanager` costs three times as much and this runs in every step.
    """

    def __enter__(self) -> None:
        self._previous = mujoco.get_mju_user_warning()
        mujoco.set_mju_user_warning(_ignore)

    def __exit__(self, *_: object) -> None:
        # two threads may interleave here: never leave our own handler behind
        mujoco.set_mju_user_warning(None if self._previous is _ignore else self._previous)


def _ignore(_message: str) -> None:
    """Drop a warning of MuJoCo's."""
