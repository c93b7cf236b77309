"""The option --rt: what the operating system was asked for, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from neurobot.cli.console import say

if TYPE_CHECKING:
    from neurobot.loop.realtime import Realtime


@contextmanager
def coming_first(wanted: bool) -> Iterator[Realtime | None]:
    """Around a loop that is to come first, if it is wanted; says what was refused. None where it is not wanted."""
    if not wanted:
        yield None
        return
    from neurobot.loop.realtime import Realtime

    with Realtime() as asked:
        for problem in asked.refused:
            say(f"--rt: {problem}")
        yield asked


def in_words(asked: Realtime | None) -> dict[str, str]:
    """A row of what was granted; none where nothing was asked for."""
    return {} if asked is None else {"granted": ", ".join(asked.granted) or "nothing"}


def as_data(asked: Realtime | None) -> dict[str, list[str]] | None:
    """What was granted and refused, for JSON; None where nothing was asked for."""
    return None if asked is None else {"granted": list(asked.granted), "refused": list(asked.refused)}
