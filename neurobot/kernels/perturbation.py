"""Noise in the weights of a projection, as a linked op; see `neurobot.spec.perturbation_rule`."""

from __future__ import annotations

import numpy as np

from neurobot.kernels import ops
from neurobot.kernels.eligibility import row_of
from neurobot.kernels.jit import kernel
from neurobot.kernels.noise import four_normals
from neurobot.kernels.ops import KEEP_E, KEEP_LACK, NOISE_RHO, NOISE_SCALE, NOISE_STD, PERTURBATION, USUAL
from neurobot.kernels.plastic import size_of
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair


@kernel
def perturb(o, layout, params, state, ints, obs, act, step, substep):
    """Every `period` steps, ahead of the populations: new noise, what is transmitted by it, and the eligibility.

    xi <- rho xi + a scale N, or a std N in the first step of an episode; e <- keep e + xi; transmitted <- w + xi. Where
    `learn` is off xi is 0. The numbers N of presynaptic neuron i are draws i ceil(n_post / 4), ... of the tick.
    Reads: w, the reward. Writes: xi, e, transmitted, lack (1,), of which `share_of` makes a.
    """
    if step % o[13]:
        return 0
    n_post, size, c = o[4], size_of(o, layout), cut(params, o[12], PERTURBATION)
    share = share_of(cut(state, o[15], 1), state[ops.REWARD], step, c)
    w, e, xi, sent = cut(state, o[6], size), cut(state, o[9], size), cut(state, o[10], size), cut(state, o[11], size)
    for i in range(o[3]):
        first, n = row_of(o, layout, i)
        row = cut(xi, first, n)
        if ints[ops.LEARN]:
            draw_row(row, share, c, ints, o[14], step, i * ((n_post + 3) // 4))
        else:
            for j in range(n):
                row[j] = 0
        take_row(cut(w, first, n), cut(e, first, n), row, cut(sent, first, n), c[KEEP_E])
    return 0


@kernel
def share_of(lack, reward, step, c):
    """The share of its noise that a rule has: of the usual reward what is lacking, within [0, 1], or 1 without one.

    lack <- keep lack + (1 - keep) (usual - reward), but for the first reward of an episode. Writes: lack (1,).
    """
    none, whole, usual, keep = c.dtype.type(0), c.dtype.type(1), c[USUAL], c[KEEP_LACK]
    if usual == 0:
        return whole
    if step:
        lack[0] = keep * lack[0] + (whole - keep) * (usual - reward)
    return min(max(lack[0] / usual, none), whole)


@kernel
def draw_row(xi, share, c, ints, stream, step, first):
    """xi <- rho xi + share scale N, or share std N in step 0, with draws from number `first` on. Writes: xi (n,)."""
    seed, episode, instance = pair(ints, ops.SEED_LO), np.int64(ints[ops.EPISODE]), np.int64(ints[ops.INSTANCE])
    rho, scale = c[NOISE_RHO], share * c[NOISE_SCALE]
    if step == 0:
        rho, scale = c.dtype.type(0), share * c[NOISE_STD]
    for block in range((xi.size + 3) // 4):
        draws = four_normals(seed, stream, episode, step, first + block, instance)
        for m in range(4):
            j = 4 * block + m
            if j < xi.size:
                xi[j] = rho * xi[j] + scale * draws[m]


@kernel
def take_row(w, e, xi, sent, keep):
    """e <- keep e + xi and sent <- w + xi, (n,) each."""
    for j in range(w.size):
        e[j] = keep * e[j] + xi[j]
        sent[j] = w[j] + xi[j]
