"""A contract: sentences, and how to find out whether each of them holds.

A look at a sentence is a generator of what it found wrong, of which the first counts. So looks are made of looks by
`yield from`, and one that would go on after a fault is simply not asked. Whatever a subject raises meanwhile is what
was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from neurobot.errors import ConformanceError

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence(Generic[Subject]):
    """One sentence of a contract.

    Attributes:
        text: what has to hold.
        look: what was seen of a subject that breaks it, and where; nothing where it holds.
        first: without it nothing else can be looked at.
    """

    text: str
    look: Callable[[Subject], Iterator[str]]
    first: bool = False


def check(what: str, subject: Subject, sentences: Sequence[Sentence[Subject]]) -> None:
    """Look at every sentence.

    Args:
        what: the subject's name in the message.
        subject: what the looks are given.
        sentences: in the order in which they are looked at.

    Raises:
        ConformanceError: some do not hold; from the first exception that the subject raised, if there was one.
    """
    broken: dict[str, str] = {}
    cause: Exception | None = None
    for sentence in sentences:
        try:
            seen = next(sentence.look(subject), None)
        except Exception as error:  # whatever somebody else's code raises
            seen, cause = f"it raised {type(error).__name__}: {error}", cause or error
        if seen is not None:
            broken[sentence.text] = seen
            if sentence.first:
                break
    if broken:
        raise ConformanceError(what, broken) from cause
