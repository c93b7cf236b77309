"""Inputs that the fuzzing begins with, made of the recorded vectors: ``python fuzz/seeds.py FOLDER``."""

import base64
import json
import struct
import sys
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"
RAW, FRAME, WAIT, AGAIN, LOAD, ARM, TICK, DAMAGED = range(8)
"""What happens to a board, as link.c has it."""
SAME, AHEAD, BACK, END = 64, 128, 192, 16
"""Bits of a tick's kind there: another number than the next one, or no steps."""
LEARN, FORGET = 1, 4
"""Flags of a tick."""
MOST_BYTES = 1000
"""Of images in inputs of link.c, of which nearly all is to be what happens on the line."""
HELLO, PING, LOAD_BEGIN, LOAD_CHUNK, RESET, STATS, DIGEST, STATE = 1, 2, 3, 4, 6, 9, 10, 11


Tick = dict[str, Any]
"""Of a vector."""


def image_input(image: bytes, ticks: list[Tick]) -> bytes:
    """For image.c."""
    data = b""
    for t in ticks:
        given, flags = base64.b64decode(t["data"]), t.get("flags", 0)
        what = (flags & LEARN != 0) + 2 * (flags & FORGET != 0) + 4 * (t.get("steps") == 0)
        data += struct.pack("<BBiH", t["kind"], what, t.get("reward", 0), len(given)) + given
    return struct.pack("<H", len(image) // 4) + image + data


def asked(kind: int, payload: bytes = b"") -> bytes:
    """A request, for link.c."""
    return bytes([FRAME, kind, len(payload)]) + payload


def link_input(image: bytes, ticks: list[Tick]) -> bytes:
    """For link.c: an upload, ticks with what can happen to them, a hold, a trip, and another start."""
    run, other_boot, other_trip = (bytes([ARM, 20, 100, 3 | wrong]) for wrong in (0, 64, 128))
    steps = [tick(t) for t in ticks]
    again, ahead, back, end = (tick(ticks[0], number) for number in (SAME, AHEAD, BACK, END))
    wait = [struct.pack("<BH", WAIT, ms * 250) for ms in (1, 30, 120)]
    return b"".join([
        asked(HELLO, bytes(6)), struct.pack("<BH", LOAD, len(image)), image, other_boot, other_trip, run,
        bytes([AGAIN]), steps[0], bytes([AGAIN]), again, ahead, back, wait[0], steps[1], bytes([DAMAGED, 77, 0]),
        wait[1], steps[2], asked(DIGEST), *(asked(STATE, struct.pack("<I", at)) for at in (0, 40, 2**32 - 1)),
        wait[2], asked(STATS), steps[3], other_trip, run, again, steps[0], end, asked(PING, bytes(8)), asked(RESET),
        bytes([RAW, 3, 0, 1, 2]), asked(LOAD_BEGIN, struct.pack("<II", 8, 0)),
        asked(LOAD_CHUNK, bytes(8)), asked(LOAD_CHUNK, bytes([4, 0, 0, 0, *range(8)])),
    ])  # fmt: skip


def tick(t: Tick, how: int = 0) -> bytes:
    """A tick, for link.c, with a reward."""
    data = b"" if how == END else base64.b64decode(t["data"])
    return struct.pack("<BBBH", TICK, t["kind"] | how, LEARN | 20 << 3, len(data)) + data


def main(folder: Path) -> None:
    """One file a vector, in a folder a target."""
    for name in ("image", "link"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in sorted(VECTORS.glob("*.json")):
        vector = json.loads(path.read_text())
        image = base64.b64decode(vector["image"])
        ticks = vector["ticks"]
        (folder / "image" / path.stem).write_bytes(image_input(image, ticks))
        if len(image) <= MOST_BYTES:
            (folder / "link" / path.stem).write_bytes(link_input(image, ticks))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
