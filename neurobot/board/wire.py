"""What a tick costs on a serial line: bytes of a frame, and their time.

A frame is 00, COBS of (type, sequence, payload, CRC-32), 00; COBS adds a byte for every 254, begun or not. A byte is
ten bits on the line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurobot.core.image import Image
from neurobot.errors import BoardError
from neurobot.link.frame import BLOCK, OVERHEAD
from neurobot.link.message import head
from neurobot.link.protocol import TickReply, TickRequest
from neurobot.link.transport import BITS

BAUD_RATES = (115_200, 921_600, 2_000_000)


@dataclass(frozen=True, slots=True)
class Wire:
    """One tick on a line.

    Args:
        request: bytes to the board, frame included.
        answer: bytes back.
        payload: the larger of the two payloads.
    """

    request: int
    answer: int
    payload: int

    def seconds(self, baud: int) -> float:
        """Time of both [s]."""
        return (self.request + self.answer) * BITS / baud


def frame_bytes(payload: int) -> int:
    """Bytes of a frame with a payload of so many."""
    content = payload + OVERHEAD
    return 2 + content + -(-content // BLOCK)


def wire_of(image: Image) -> Wire:
    """What a tick of an image costs, with held currents or with bitmaps."""
    data = 2 * image.n_in if image.currents else image.substeps * -(-image.n_in // 8)
    request, answer = head(TickRequest) + data, head(TickReply) + 2 * image.n_act
    return Wire(frame_bytes(request), frame_bytes(answer), max(request, answer))


def actions_of(data: bytes, image: Image) -> np.ndarray:
    """The actions in an answer to TICK, (n_act,) int16.

    Raises:
        BoardError: there are less than the image has.
    """
    if len(data) < 2 * image.n_act:
        raise BoardError(
            f"the board answered with {len(data)} bytes, the image has {image.n_act} actions of 2: it does not compute "
            "as docs/fixed.md tells: see `neurobot board conform`"
        )
    actions: np.ndarray = np.frombuffer(data, "<i2", image.n_act)
    return actions
