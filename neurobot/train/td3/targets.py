"""What critics should say, and how far they are from it: of means, as TD3, or of distributions, as TQC.

Kuznetsov, Shvechikov, Grishin & Vetrov, "Controlling overestimation bias with truncated mixture of continuous
distributional quantile critics", ICML 2020 (arXiv:2005.04269). Critics that say one number each, of which the higher
one is dropped, are TD3's.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels.bptt_compiled import critic_kernel


def truncated(said: np.ndarray, dropped: int) -> np.ndarray:
    """All that critics say of the same, without the highest numbers.

    Args:
        said: (C, B, M).
        dropped: how many.

    Returns:
        (B, C M - dropped), in any order.
    """
    pooled = said.transpose(1, 0, 2).reshape(said.shape[1], -1)
    kept = pooled.shape[1] - dropped
    return pooled if dropped == 0 else np.partition(pooled, kept - 1, axis=1)[:, :kept]


def miss(said: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, float]:
    """How far critics are from what they should say, added up over them, mean of a batch; and its gradient.

    One number is a mean, it costs the square; several are quantiles, see `kernels.critic.quantile_miss`.

    Args:
        said: (C, B, M) float32.
        wanted: (B, K) samples, float32.

    Returns:
        Gradient (C, B, M), and loss.
    """
    if said.shape[2] > 1:
        slope = np.empty_like(said)
        return slope, critic_kernel("quantile_miss")(said, wanted, slope)
    away = said - wanted.mean(axis=1)[:, None]
    size = said.shape[1]
    return away * np.float32(2 / size), float(np.vdot(away, away)) / size
