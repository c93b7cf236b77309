"""The parts of a network in integers, of which `neurobot.board.assemble` makes an image (docs/fixed.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from neurobot.kernels import fixed_ops as fx


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """How weights change: the words of a LEARN's rule, see docs/fixed.md, section 9.

    Args:
        leaks: of x, y, mean, e and reward.
        rises: of x and y, as exponents of 2.
        events: A_plus, A_minus, A_pre.
        e_shift: of what is added to e.
        gain, gain_shift: of what is added to weights.
        bounds: low and high.
        shares: (substeps,) of what a step adds to e.
        nearest, centred: as flags.
        unit: what 1 of a weight in the state is in the Program's unit.
    """

    leaks: tuple[int, int, int, int, int]
    rises: tuple[int, int]
    events: tuple[int, int, int]
    e_shift: int
    gain: int
    gain_shift: int
    bounds: tuple[int, int]
    shares: np.ndarray
    nearest: bool = False
    centred: bool = False
    unit: float = 1.0

    def words(self) -> np.ndarray:
        """The rule's words, (15,) int64."""
        parts = (*self.leaks, *self.rises, *self.events, self.e_shift, self.gain, self.gain_shift, *self.bounds)
        return np.array(parts, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivery:
    """What arrives by the spikes of a population.

    Args:
        pre: number of the population.
        weights: int16, (n_pre, n_post), or (n_syn,) where it is sparse.
        rows: (n_pre + 1,) where it is sparse, else None.
        targets: (n_syn,) likewise.
        shift: weights count 2^shift times.
        delay: [steps].
        rule: how they change, where they do.
    """

    pre: int
    weights: np.ndarray
    rows: np.ndarray | None = None
    targets: np.ndarray | None = None
    shift: int = 0
    delay: int = 0
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drive:
    """What arrives by currents from the host.

    Args:
        weights: int16, (n_in, n_post).
        shift: sums are divided by 2^shift.
    """

    weights: np.ndarray
    shift: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Neurons that spike when the host says so.

    Args:
        n: how many.
        fed: whether it does; else they are silent.
    """

    n: int
    fed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Neurons: arrays of (n,) integers, None where there is no such block.

    Args:
        arrivals: what arrives.
        bias, init, leak_v, threshold, reset, leak_i, share, t_ref: blocks of the image.
        current: ``fixed_ops.NONE``, ``START``, ``END`` or ``HELD``.
        subtract: whether reset is subtracted.
        carry: 0 .. 65536.
        unit: what 1 of v is in the Program's unit.
        count: spikes for the decoder: 0 none, 1 of the tick, 2 of the first step that has any.
    """

    arrivals: tuple[Delivery | Drive, ...]
    bias: np.ndarray
    init: np.ndarray
    leak_v: np.ndarray
    threshold: np.ndarray | None = None
    reset: np.ndarray | None = None
    leak_i: np.ndarray | None = None
    share: np.ndarray | None = None
    t_ref: np.ndarray | None = None
    current: int = fx.NONE
    subtract: bool = False
    carry: int = 65536
    unit: float = 1.0
    count: int = 0

    @property
    def n(self) -> int:
        """How many."""
        return self.bias.size

    @property
    def flags(self) -> int:
        """The op's flags."""
        flags = fx.SPIKING if self.threshold is not None else 0
        flags |= fx.SUBTRACT if self.subtract else 0
        return flags | (fx.REFRACTORY if self.t_ref is not None else 0) | self.current << fx.CURRENT_SHIFT

    def blocks(self) -> tuple[tuple[np.ndarray | None, str], ...]:
        """Arrays and their types, in the image's order."""
        return (
            (self.bias, "<i4"), (self.init, "<i4"), (self.leak_v, "<u2"), (self.threshold, "<i4"), (self.reset, "<i4"),
            (self.leak_i, "<u2"), (self.share, "<u4"), (self.t_ref, "<u2"),
        )  # fmt: skip


Part: TypeAlias = Source | Cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoding:
    """How actions are read.

    Args:
        population: number of the one that is read.
        kind: ``fixed_ops.RATE``, ``MEMBRANE``, ``WINNER`` or ``HIGHEST``.
        groups, per, push_pull, mult, shift: as in docs/fixed.md, section 4.
        table: (257,) or None.
        outputs: (n_act,) of `neurobot.core.image.OUTPUT`.
    """

    population: int
    kind: int
    groups: int
    per: int
    outputs: np.ndarray
    push_pull: bool = False
    mult: int = 0
    shift: int = 0
    table: np.ndarray | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """All of it.

    Args:
        parts: populations, in order.
        decoding: how actions are read.
        substeps: steps of a tick.
        n_in: channels that a tick brings.
        currents: whether they are currents.
        fresh: whether a tick begins with nothing in flight.
        period: control period [us].
        reward_unit: what 1 of a reward is, where something learns.
    """

    parts: tuple[Part, ...]
    decoding: Decoding
    substeps: int
    n_in: int
    currents: bool = False
    fresh: bool = False
    period: int = 0
    reward_unit: float = 1.0
