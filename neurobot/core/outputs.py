"""Where a board's outputs go without a valid tick, in whole units: docs/fixed.md, section 4."""

from __future__ import annotations

import numpy as np

from neurobot.kernels import fixed_ops as fx


def held(outputs: np.ndarray, last: np.ndarray) -> np.ndarray:
    """To where `on_hold` says.

    Args:
        outputs: (n_act,) of `neurobot.core.image.OUTPUT`.
        last: (n_act,) actions.

    Returns:
        (n_act,) int64.
    """
    now, rest = np.asarray(last, np.int64), outputs["rest"].astype(np.int64)
    half = rest + np.sign(now - rest) * (np.abs(now - rest) // 2)
    return _as_slew_allows(outputs, now, np.choose(outputs["on_hold"], (now, rest, half)))


def rested(outputs: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Towards rest; arguments and result as those of `held`."""
    return _as_slew_allows(outputs, np.asarray(last, np.int64), outputs["rest"].astype(np.int64))


def _as_slew_allows(outputs: np.ndarray, now: np.ndarray, to: np.ndarray) -> np.ndarray:
    slew = outputs["slew"].astype(np.int64)
    slewed: np.ndarray = np.where(slew == fx.NO_SLEW, to, np.clip(to, now - slew, now + slew))
    return slewed
