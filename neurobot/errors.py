"""Every error this package raises on purpose.

One tree, so that `except NeurobotError` catches all of it and nothing else. A message says what was
given, what is allowed and what to do; a name that is not known comes with its nearest matches.
Exit codes are the ones the command line returns for the class.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

SHOWN = 20
"""Most names that `near` lists."""


class NeurobotError(Exception):
    """Root of all errors of this package."""

    exit_code = 1


class SpecError(NeurobotError, ValueError):
    """A network, encoder, decoder or controller description that cannot be run.

    Attributes:
        problems: one sentence per problem; all that were found, not only the first.
    """

    exit_code = 3

    def __init__(self, what: str, problems: Sequence[str]):
        self.what = what
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            message = f"{what}: {self.problems[0]}"
        else:
            listed = "".join(f"\n  - {p}" for p in self.problems)
            message = f"{what}: {len(self.problems)} problems{listed}"
        super().__init__(message)


class ConfigError(NeurobotError, ValueError):
    """A launch file or a command-line setting that cannot be used."""

    exit_code = 3


class ObservationError(NeurobotError, ValueError):
    """An observation of the wrong shape or type, or not finite. No state has changed."""

    exit_code = 4


class ActionError(NeurobotError, ArithmeticError):
    """The network produced an action that is not finite. Nothing was sent."""

    exit_code = 4


class NeuronError(ActionError):
    """A neuron or rule of your own raised in a tick. Nothing was sent; the core has to be reset or restored."""


class ProgramFileError(NeurobotError, ValueError):
    """A program file that is damaged, hostile, too large or of another format."""

    exit_code = 6


class ImageError(NeurobotError, ValueError):
    """An image of a board that is damaged, of another version or not safe to run; or none where one is needed."""

    exit_code = 6


class NIRError(NeurobotError, ValueError):
    """A NIR file that is damaged or hostile, a graph that cannot be run, or a network that NIR cannot say."""

    exit_code = 6


class PolicyError(NeurobotError, ValueError):
    """A file of a trained policy that is damaged, hostile, or of a kind that cannot be converted."""

    exit_code = 6


class RecordingError(NeurobotError, OSError):
    """A recording that cannot be written or read."""

    exit_code = 6


class EnvError(NeurobotError, ValueError):
    """An environment that cannot be made, or that does not fit the controller."""

    exit_code = 3


class GuardError(NeurobotError, RuntimeError):
    """The guard of a loop stopped it for safety, or refuses what it is asked for."""

    exit_code = 4


class RobotError(NeurobotError, OSError):
    """A robot that cannot be connected, or failed while it ran."""

    exit_code = 5


class LinkError(NeurobotError, OSError):
    """A board that cannot be reached: no such port, a line that hung up, no answer, another version of the protocol."""

    exit_code = 5


class BoardError(NeurobotError, RuntimeError):
    """A board that refuses what it is asked for, started anew, or has gone to its safe state.

    Attributes:
        error: why, a code of `neurobot.link.protocol.Error`; 0 if the board did not refuse.
        state: of the board, a code of `neurobot.link.protocol.State`.
    """

    exit_code = 4

    def __init__(self, message: str, *, error: int = 0, state: int = 0):
        self.error = error
        self.state = state
        super().__init__(message)


class TrainingError(NeurobotError, ValueError):
    """A training run or a checkpoint that cannot go on."""

    exit_code = 3


class SuspendError(NeurobotError, ValueError):
    """A run that cannot be suspended, or a suspended one that cannot go on here."""

    exit_code = 3


class ConformanceError(NeurobotError, AssertionError):
    """A core, an environment or a robot that does not keep its contract, see `neurobot.testing`.

    Attributes:
        broken: what was seen, and where, by the sentence that it breaks; all that were found, not only the first.
    """

    def __init__(self, what: str, broken: Mapping[str, str]):
        self.what = what
        self.broken = dict(broken)
        listed = "".join(f"\n  - {sentence}: {seen}" for sentence, seen in self.broken.items())
        count = "a sentence" if len(self.broken) == 1 else f"{len(self.broken)} sentences"
        super().__init__(f"{what} breaks {count} of its contract. What has to hold, and what was seen:{listed}")


def near(name: str, known: Iterable[str], *, cutoff: float = 0.5) -> str:
    """Say which names are allowed, nearest first.

    Args:
        name: what was given; what comes after the last ``/`` of a known name is near it as well as all of it.
        known: what would have been right.
        cutoff: how alike two names have to be for one to be meant, 0 to 1.

    Returns:
        A sentence such as ``did you mean 'hidden'? known: hidden, in, out``; of long lists it has the first names, and
        how many more there are.
    """
    names = sorted(known)
    parts = {whole.rpartition("/")[2]: whole for whole in names} | {whole: whole for whole in names}
    found = difflib.get_close_matches(name, parts, n=6, cutoff=cutoff)
    close = list(dict.fromkeys(parts[part] for part in found))[:3]
    hint = f"did you mean {' or '.join(repr(c) for c in close)}? " if close else ""
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{hint}known: {', '.join(names[:SHOWN]) or 'none'}{more}"
