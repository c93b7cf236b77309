"""What a board's refusal means, and what to do about it, as errors."""

from __future__ import annotations

from neurobot.errors import BoardError, LinkError
from neurobot.link import protocol as p
from neurobot.link.message import title

_WORDS = {
    p.Error.TYPE: "it does not know such a message: its firmware is of another version",
    p.Error.LENGTH: "a payload of {arg} bytes is not what it expects: its firmware is of another version",
    p.Error.STATE: "it is {state}, where that is not allowed",
    p.Error.SEQ: "the last tick was {arg}, and this is not the one after it: two programs may be talking to it",
    p.Error.BOOT: "it has started anew (boot id {arg}): connect, load the image and arm again",
    p.Error.TRIP: "it has left RUNNING since it was asked ({arg} times by now): look why, connect and arm again",
    p.Error.SIZE: "the image does not fit, there is room for {arg} bytes: make the network smaller",
    p.Error.OFFSET: "a piece of the image is not the next one, which begins at {arg}",
    p.Error.CRC: "the image in its memory is damaged or not complete (CRC-32 {arg:#010x}): load it again",
    p.Error.IMAGE: "its core cannot run the image (reason {arg}): quantise the program for this board again",
    p.Error.INPUT: "the input of the tick does not fit the image (reason {arg})",
}
_STATES = {
    p.State.BOOT: "it has no image; it may have started anew: connect, load the image and arm again",
    p.State.READY: "it is not armed; another program may have reset it: connect and arm again",
}


def _name(state: int) -> str:
    return p.State(state).name if state in {entry.value for entry in p.State} else f"in state {state}"


def explain(nak: p.Nak) -> BoardError:
    """A refusal as an error.

    Args:
        nak: what the board said.

    Returns:
        The error, which says what was refused, why, and what to do.
    """
    if nak.error == p.Error.STATE and nak.state == p.State.SAFE:
        return safe()
    words = _WORDS.get(p.Error(nak.error) if nak.error in _WORDS else p.Error.NONE, "error {error}, arg {arg}")
    if nak.error == p.Error.STATE:
        words = _STATES.get(p.State(nak.state), words) if nak.state in _STATES else words
    why = words.format(arg=nak.arg, error=nak.error, state=_name(nak.state))
    return BoardError(f"the board refuses {title(nak.type)}: {why}", error=nak.error, state=nak.state)


def safe() -> BoardError:
    """The board has gone to its safe state."""
    return BoardError(
        "the board is SAFE: it got no fresh tick for the watchdog's time, its outputs are at rest. "
        "See why the host was late, then disarm, connect and arm again",
        error=p.Error.STATE,
        state=p.State.SAFE,
    )


def restarted(state: int) -> BoardError:
    """The board has lost its image."""
    return BoardError(
        "the board has started anew: its image and state are gone. See to its power supply, "
        "then disarm, connect, load the image and arm again",
        error=p.Error.BOOT,
        state=state,
    )


def check_hello(hello: p.HelloReply, arithmetic: int) -> None:
    """Refuse a board that would misread what is said to it.

    Args:
        hello: what it told.
        arithmetic: version of the arithmetic that the host's images have.

    Raises:
        LinkError: the message tables or arithmetics differ; both are named.
    """
    name = hello.name.decode(errors="replace")
    if hello.fingerprint != p.FINGERPRINT:
        raise LinkError(
            f"the board {name} has the message table {hello.fingerprint:#010x}, this package {p.FINGERPRINT:#010x}: "
            "build its firmware from the release that you have installed"
        )
    if hello.arithmetic != arithmetic:
        raise LinkError(
            f"the board {name} computes by version {hello.arithmetic} of the arithmetic, images of this package are "
            f"for version {arithmetic}: build its firmware from the release that you have installed"
        )
