"""Does a board compute as docs/fixed.md tells? Recorded images and ticks, through any line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neurobot.board.difference import Difference, first_neuron
from neurobot.board.emulator import FixedBoard
from neurobot.board.firmware import sources
from neurobot.board.wire import actions_of
from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx
from neurobot.link.host import Host
from neurobot.link.protocol import TickFlag, TickRequest
from neurobot.link.session import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A recorded tick.

    Args:
        kind, data: its input, as docs/fixed.md has it.
        actions: of the board.
        digest: of the state after it.
        reward, flags: of an image that learns, see TICK of the protocol.
        steps: of an image that learns; 0 where an episode's last reward comes. Else those of the image.
    """

    kind: int
    data: bytes
    actions: tuple[int, ...]
    digest: int
    reward: int = 0
    flags: int = 0
    steps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A recorded image.

    Args:
        name: of it.
        image: its bytes.
        digest: of its cleared state.
        ticks: from there on.
    """

    name: str
    image: bytes
    digest: int
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conformance:
    """What came of it.

    Args:
        vectors, ticks: that were the same.
        neuron_steps: of all those ticks.
        skipped: names of vectors that the board has no room for.
        difference: the first one, which ended it; or None.
    """

    vectors: int
    ticks: int
    neuron_steps: int
    skipped: tuple[str, ...]
    difference: Difference | None


def recorded() -> tuple[Vector, ...]:
    """The vectors that come with the firmware.

    Raises:
        LinkError: the firmware is not installed.
    """
    return tuple(
        _vector(path.stem, json.loads(path.read_text())) for path in sorted((sources() / "vectors").glob("*.json"))
    )


def _vector(name: str, data: dict[str, Any]) -> Vector:
    ticks = tuple(
        Tick(**(t | {"data": base64.b64decode(t["data"]), "actions": tuple(t["actions"])})) for t in data["ticks"]
    )
    return Vector(name=name, image=base64.b64decode(data["image"]), digest=data["digest"], ticks=ticks)


def conform(
    host: Host, vectors: Sequence[Vector], log: Callable[[dict[str, Any]], None] = lambda _: None
) -> Conformance:
    """Compare a board with what was recorded, up to the first difference.

    Args:
        host: of its line; connected or not.
        vectors: see `recorded`.
        log: is given every comparison as plain data, and both states where they differ.

    Raises:
        LinkError, BoardError: the board cannot be reached, or refuses.
    """
    arena = host.connect().arena
    done = ticks = steps = 0
    skipped = []
    for vector in vectors:
        if len(vector.image) > arena:
            skipped.append(vector.name)
            continue
        image = Image.of(vector.image)
        for entry in _played(host, vector, image):
            log(entry)
            wrong = _first(vector, entry)
            if wrong is not None:
                found = _located(host, vector, image, wrong, log)
                return Conformance(
                    vectors=done, ticks=ticks, neuron_steps=steps, skipped=tuple(skipped), difference=found
                )
            if entry["tick"]:
                ticks += 1
                steps += image.substeps * image.header(fx.W_NEURONS)
        done += 1
    return Conformance(vectors=done, ticks=ticks, neuron_steps=steps, skipped=tuple(skipped), difference=None)


def _request(image: Image, number: int, tick: Tick) -> TickRequest:
    """What a board is asked for."""
    steps = image.substeps if tick.steps is None else tick.steps
    return TickRequest(number, steps, TickFlag.CARRY | tick.flags, tick.reward, tick.kind, tick.data)


def _played(host: Host, vector: Vector, image: Image) -> Iterator[dict[str, Any]]:
    """What the board gives and what was recorded, from the cleared state on; the board is at rest behind it."""
    host.connect()
    host.load(vector.image)
    host.arm(hold=LONGEST, watchdog=LONGEST)
    yield {
        "vector": vector.name,
        "tick": 0,
        "board": {"digest": host.digest().crc},
        "recorded": {"digest": vector.digest},
    }
    for k, tick in enumerate(vector.ticks, 1):
        asked = _request(image, k, tick)
        reply = host.tick(asked.n_sub, asked.kind, asked.data, flags=asked.flags, reward=asked.reward)
        actions = actions_of(reply.data, image).tolist()
        yield {
            "vector": vector.name, "tick": k, "board": {"actions": actions, "digest": host.digest().crc},
            "recorded": {"actions": list(tick.actions), "digest": tick.digest},
        }  # fmt: skip
    host.reset()


def _located(
    host: Host, vector: Vector, image: Image, wrong: Difference, log: Callable[[dict[str, Any]], None]
) -> Difference:
    """The difference with its neuron: the board's state beside that of the same ticks here."""
    here = FixedBoard()
    here.load(vector.image)
    for k, tick in enumerate(vector.ticks[: wrong.tick], 1):
        here.tick(_request(image, k, tick))
    board, right = host.state(), here.state()
    states = {"board": {"state": board.hex()}, "recorded": {"state": right.hex()}}
    log({"vector": vector.name, "tick": wrong.tick, **states})
    return replace(wrong, where=first_neuron(image, board, right))


def _first(vector: Vector, entry: dict[str, Any]) -> Difference | None:
    board, recorded = entry["board"], entry["recorded"]
    for k, (mine, theirs) in enumerate(zip(board.get("actions", ()), recorded.get("actions", ()), strict=True)):
        if mine != theirs:
            return Difference(vector=vector.name, tick=entry["tick"], what=f"action {k}", board=mine, recorded=theirs)
    if board["digest"] != recorded["digest"]:
        return Difference(
            vector=vector.name, tick=entry["tick"], what="digest", board=board["digest"], recorded=recorded["digest"]
        )
    return None
