"""Where a board did something else than was recorded: the tick, and the neuron whose state says so first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurobot.core.image import Image
from neurobot.kernels import fixed_ops as fx


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first place where a board did something else.

    Args:
        vector: its name.
        tick: from 1; 0 is the cleared state.
        what: ``action K`` or ``digest``; one of the state alone shows in the digest first.
        board: what it gave.
        recorded: what it should be.
        where: the neuron, see `first_neuron`.
    """

    vector: str
    tick: int
    what: str
    board: int
    recorded: int
    where: str = ""

    def __str__(self) -> str:
        where = f"tick {self.tick}" if self.tick else "the cleared state"
        shown = (
            (f"{self.board:#010x}", f"{self.recorded:#010x}") if self.what == "digest" else (self.board, self.recorded)
        )
        said = f"{self.vector}, {where}: {self.what} is {shown[0]}, recorded is {shown[1]}"
        return f"{said}; {self.where}" if self.where else said


@dataclass(frozen=True, slots=True)
class _Field:
    """Numbers of neurons in a state, or of the synapses that end there.

    Args:
        neurons: (n,), counted through all populations.
        name: what they are; ``{}`` is the number among them.
        values: (n,).
    """

    neurons: np.ndarray
    name: str
    values: np.ndarray


def first_neuron(image: Image, board: bytes, right: bytes) -> str:
    """Which neuron differs first, in the order in which a step computes them.

    Args:
        image: that runs.
        board: its state as the board has it, docs/fixed.md, section 5.
        right: and as it should be.

    Returns:
        The neuron, counted through all populations, what of it differs, and how many do; or that none does.
    """
    if len(board) != len(right):
        return f"its state has {len(board)} bytes, that of this image {len(right)}"
    found: dict[int, str] = {}
    for mine, theirs in zip(_fields(image, board), _fields(image, right), strict=True):
        for j in np.flatnonzero(mine.values != theirs.values):
            told = f"its {mine.name.format(j)} is {mine.values[j]}, recorded is {theirs.values[j]}"
            found.setdefault(int(mine.neurons[j]), told)
    if found:
        neuron, told = next(iter(found.items()))
        return f"neuron {neuron} is the first of {len(found)} that differ: {told}"
    if board == right:
        return "all of its state is as recorded: look at how it decodes, and makes the digest"
    at = next(k for k, (a, b) in enumerate(zip(board, right, strict=True)) if a != b)
    return f"no neuron differs, but byte {at} of the state: {board[at]}, recorded is {right[at]}"


def _fields(image: Image, state: bytes) -> Iterator[_Field]:
    """All that a state holds of neurons, population by population."""
    step = int(np.frombuffer(state, "<u4", 1)[0])
    for row in image.neurons():
        n = int(row[fx.N])
        neurons = row[fx.FIRST_NEURON] + np.arange(n)
        if row[0] == fx.NEURON:
            for name, at, kind in (("i", fx.I_AT, "<i4"), ("v", fx.V_AT, "<i4"), ("wait", fx.WAIT_AT, "<u2")):
                if row[at]:
                    yield _Field(neurons, name, np.frombuffer(state, kind, n, int(row[at])))
        slots = int(row[fx.SLOTS])
        if slots:
            width = -(-n // 32)
            words = np.frombuffer(state, "<u4", slots * width, int(row[fx.SPIKES_AT])).reshape(slots, width)
            bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :n]
            for back in range(1, slots + 1):
                yield _Field(neurons, f"spike in step {step - back}", bits[(step - back) % slots])
    for row in image.rows:
        if row[0] == fx.LEARN:
            yield from _learnt(image, row, state)


def _learnt(image: Image, row: np.ndarray, state: bytes) -> Iterator[_Field]:
    """What a LEARN knows of its neurons and synapses: docs/fixed.md, section 9."""
    q = image.rows[row[fx.DELIVERY]]
    first = {int(p[fx.SPIKES_AT]): int(p[fx.FIRST_NEURON]) for p in image.neurons()}
    pre, post = first[int(q[fx.SPIKES_AT])], first[int(row[fx.SPIKES_AT])]
    n_pre, n = int(q[fx.N_PRE]), int(q[fx.N_POST])
    ends = np.tile(np.arange(n), n_pre)
    if q[0] == fx.SPARSE:
        ends = image.words.view(np.uint16)[q[fx.TARGETS_AT] // 2 :][: q[fx.N_SYN]].astype(np.int64)
    at = int(row[fx.TRACES_AT])
    for neurons, name, begin in (
        (pre + np.arange(n_pre), "trace x", at),
        (post + np.arange(n), "trace y", at + 4 * n_pre),
        (post + ends, "eligibility (synapse {})", at + 4 * (n_pre + n)),
        (post + ends, "learnt weight (synapse {})", int(q[fx.LEARNT_AT])),
    ):
        yield _Field(neurons, name, np.frombuffer(state, "<i4", neurons.size, begin))
