"""Surrogates by the words of settings, which load nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from neurobot.train.surrogate import Surrogate

SurrogateName = Literal["fast_sigmoid", "atan", "triangular", "rectangular", "sigmoid"]


def named_surrogate(name: SurrogateName, slope: float) -> Surrogate:
    """The surrogate of a name.

    Args:
        name: see `neurobot.train.surrogate`.
        slope: [1 / unit of v].

    Raises:
        SpecError: a slope that is not above 0.
    """
    from neurobot.train import surrogate

    kinds: dict[SurrogateName, type[Surrogate]] = {
        "fast_sigmoid": surrogate.FastSigmoid, "atan": surrogate.Atan, "triangular": surrogate.Triangular,
        "rectangular": surrogate.Rectangular, "sigmoid": surrogate.Sigmoid,
    }  # fmt: skip
    return kinds[name](slope=slope)
