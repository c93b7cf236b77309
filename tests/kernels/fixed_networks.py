"""Random networks in integers, and inputs for them: what the kernel and its twin are compared on."""

import struct
from dataclasses import replace

import numpy as np

from neurobot.board.assemble import assemble
from neurobot.board.parts import Cells, Decoding, Delivery, Drive, Network, Rule, Source
from neurobot.core.image import OUTPUT
from neurobot.kernels import fixed_ops as fx

TANH = np.minimum(np.rint(2**15 * np.tanh(np.arange(fx.TABLE) / 32)), 2**15).astype(np.uint16)


def outputs(rng, n, choices=None):
    """Outputs that make use of all that an output can say."""
    out = np.zeros(n, OUTPUT)
    out["unit"], out["offset"] = 1.0, 0.0
    if choices is not None:
        out["high"], out["rest"] = choices - 1, rng.integers(choices)
        return out
    out["lift"] = rng.integers(-9000, 9000, n)
    out["up"], out["down"] = rng.integers(0, 32768, n), rng.integers(0, 32768, n)
    three = np.sort(rng.integers(-32768, 32768, (3, n)), axis=0)
    out["low"], out["rest"], out["high"] = three
    out["slew"] = rng.choice([0, 1, 500, 20000, 65534, 65535], n)
    out["on_hold"] = rng.integers(0, 3, n)
    return out


def delivery(rng, pre, n_pre, n_post, shift, delay):
    """Dense, or sparse with double and missing synapses."""
    if rng.random() < 0.5:
        return Delivery(pre=pre, weights=weights(rng, (n_pre, n_post)), shift=shift, delay=delay)
    n = int(rng.integers(0, 3 * n_pre))
    rows = np.zeros(n_pre + 1, np.uint32)
    rows[1:] = np.cumsum(np.bincount(rng.integers(0, n_pre, n), minlength=n_pre))
    targets = rng.integers(0, n_post, n).astype(np.uint16)
    return Delivery(pre=pre, weights=weights(rng, n), rows=rows, targets=targets, shift=shift, delay=delay)


def rule(rng, substeps, extreme=False):
    """All that a LEARN can say; what a spike adds lasts, and rewards of a few thousand move weights by much."""
    leaks = [0, 1, 65535] if extreme else [0, 1, 655, 13000, 65535]
    bounds = np.sort(rng.choice([-(2**31), -(9 << 16), 0, 900 << 16, 2**31 - 1], 2)).tolist()
    return Rule(
        leaks=(*rng.choice(leaks, 3).tolist(), int(rng.choice([*leaks, 65536])), int(rng.choice([0, 1, 900, 65535]))),
        rises=tuple(rng.choice([0, 9, 15], 2).tolist()), shares=rng.integers(0, 32769, substeps),
        events=tuple(rng.choice([0, 1, -300, 9000, 32767, -32767], 3).tolist()),
        e_shift=int(rng.choice([1, 2, 31] if extreme else [1, 4, 9, 15])), bounds=tuple(bounds),
        gain=int(rng.choice([-65536, -700, 0, 33000, 65536])), gain_shift=int(rng.choice([1, 8, 14, 20, 62])),
        nearest=bool(rng.random() < 0.4), centred=bool(rng.random() < 0.5), unit=0.25,
    )  # fmt: skip


def random_reward(rng, extreme=False):
    """What a tick is given beside its input: reward, and whether it learns."""
    reward = rng.choice([0, 3, -4000, 900_000, 2**29, -(2**31), 2**31 - 1] if extreme else [0, 5, -40, 3000, -70_000])
    return int(reward), bool(rng.random() < 0.8)


def weights(rng, shape):
    """int16, mostly small, some at the ends."""
    w = rng.integers(-3000, 5000, shape)
    return np.where(rng.random(shape) < 0.03, rng.choice([-32768, 32767], shape), w).astype(np.int16)


def cells(rng, n, arrivals, spiking=True, extreme=False, count=0):
    """A population whose neurons differ in all that they can."""
    current = int(rng.integers(0, 4))
    leaks = [0, 1, 65535] if extreme else [0, 1, 655, 6554, 16384, 65535]
    big = [1, 5, 2**30 - 1, 2**30] if extreme else [1, 2000, 9000, 30000, 100000]
    threshold = rng.choice(big, n) if spiking else None
    subtract = bool(spiking and rng.random() < 0.4)
    reset = None
    if spiking:
        reset = rng.choice(big, n) if subtract else np.minimum(rng.choice([-(2**30), -4000, 0, 3], n), threshold)
    return Cells(
        arrivals=tuple(arrivals), current=current, subtract=subtract, count=count,
        bias=rng.choice([0, 0, 40, -300, *([2**30, -(2**30)] if extreme else [])], n),
        init=rng.choice([0, 0, 77, -900, *([2**30, -(2**30)] if extreme else [])], n), leak_v=rng.choice(leaks, n),
        threshold=threshold, reset=reset, leak_i=rng.choice(leaks, n) if current else None,
        share=rng.choice([0, 1, 32768, 65536, 2**24], n) if current == fx.HELD else None,
        t_ref=rng.choice([0, 1, 2, 7, 65535 if extreme else 3], n) if spiking and rng.random() < 0.5 else None,
        carry=int(rng.choice([0, 1, 32768, 65535, 65536])), unit=0.5,
    )  # fmt: skip


def random_network(seed, extreme=False, learns=None, room=None):
    """A valid network of one to three populations that can have everything that an image can say.

    Args:
        seed: of all that is drawn.
        extreme: whether numbers are those at the bounds.
        learns: whether projections change their weights; default, in every other network.
        room: bytes that the bitmaps of a tick may take: it has as many steps as that allows, 255 at most; default, few.
    """
    rng = np.random.default_rng(seed)
    currents = bool(rng.random() < 0.3)
    n_in, kind = int(rng.integers(1, 41)), int(rng.integers(1, 5))
    sizes = [int(n) for n in rng.integers(1, 70, rng.integers(1, 4))]
    groups, push_pull = int(rng.integers(1, 5)), bool(kind in (fx.RATE, fx.MEMBRANE) and rng.random() < 0.5)
    per = int(rng.integers(1, 6))
    sizes[-1] = groups * per * (1 + push_pull)
    parts = [] if currents else [Source(n=n_in)]
    if rng.random() < 0.2:
        parts.append(Source(n=int(rng.integers(1, 40)), fed=False))
    before = len(parts)
    all_n = [p.n for p in parts] + sizes
    for k, n in enumerate(sizes):
        me, last = before + k, k == len(sizes) - 1
        arrivals = [Drive(weights=weights(rng, (n_in, n)), shift=int(rng.integers(0, 20)))] if currents else []
        readout = last and kind in (fx.MEMBRANE, fx.HIGHEST) and rng.random() < 0.5
        pres = [p for p in range(len(all_n)) if p < me or not readout]
        for pre in pres:
            unspiking = readout and pre == len(all_n) - 1
            later = last is False and pre == len(all_n) - 1 and kind in (fx.MEMBRANE, fx.HIGHEST)
            if rng.random() < 0.7 and not unspiking and not later:
                delay = int(rng.choice([0, 0, 1, 2, 5, 9])) if pre < me else int(rng.integers(1, 5))
                arrivals.append(delivery(rng, pre, all_n[pre], n, int(rng.integers(0, 4)), delay))
        count = int(rng.integers(1, 3)) if last and kind == fx.WINNER else int(last and kind == fx.RATE)
        parts.append(cells(rng, n, arrivals, not readout, extreme, count))
    choices = groups if kind in (fx.WINNER, fx.HIGHEST) else None
    decoding = Decoding(
        population=len(parts) - 1, kind=kind, groups=groups, per=per, push_pull=push_pull,
        outputs=outputs(rng, 1 if choices else groups, choices),
        mult=0 if choices else int(rng.choice([-65535, -3, 1, 700, 65535])),
        shift=0 if choices else int(rng.integers(0, 20)),
        table=TANH if not choices and rng.random() < 0.5 else None,
    )  # fmt: skip
    substeps, fresh = int(rng.integers(1, 9)), bool(rng.random() < 0.3)
    if room is not None:
        substeps = 255 if currents else min(255, room // -(-n_in // 8))
    if seed % 2 if learns is None else learns:
        parts = learning(np.random.default_rng([seed, 1]), parts, substeps, extreme)
    return assemble(Network(
        parts=tuple(parts), decoding=decoding, substeps=substeps, n_in=n_in, currents=currents, fresh=fresh,
        period=5000, reward_unit=0.5,
    ))  # fmt: skip


def learning(rng, parts, substeps, extreme):
    """Some of the projections to neurons that spike change their weights."""

    def changed(p):
        if isinstance(p, Source) or p.threshold is None:
            return p
        return replace(p, arrivals=tuple(
            replace(q, rule=rule(rng, substeps, extreme)) if isinstance(q, Delivery) and rng.random() < 0.7 else q
            for q in p.arrivals
        ))  # fmt: skip

    return [changed(p) for p in parts]


def sweep():
    """Membranes that stay where they begin, all over the range of tanh and beyond, read by its table."""
    v = np.concatenate([np.linspace(-600_000, 600_000, 61).astype(int), [2**18, 2**19 - 1, 2**19, -(2**19), 0, 1, -1]])
    zero, out = np.zeros(v.size, int), np.zeros(v.size, OUTPUT)
    out["up"] = out["down"] = out["high"] = 32767
    out["low"], out["unit"], out["slew"] = -32767, 1.0, fx.NO_SLEW
    decoding = Decoding(
        population=1, kind=fx.MEMBRANE, groups=v.size, per=1, outputs=out, mult=1, shift=0, table=TANH
    )  # fmt: skip
    still = Cells(arrivals=(), bias=zero, init=v, leak_v=zero)
    return assemble(Network(parts=(Source(n=3), still), decoding=decoding, substeps=2, n_in=3))


def bitmaps(spikes):
    """Bits of a tick's spikes, (substeps, n_in) bool."""
    return np.packbits(spikes, axis=1, bitorder="little").tobytes()


def spike_list(spikes):
    """The same as lists of channels."""
    return b"".join(struct.pack(f"<H{row.sum()}H", row.sum(), *np.flatnonzero(row)) for row in spikes)


def random_input(rng, image):
    """Kind and data of a tick that an image takes."""
    if image.currents:
        kind = int(rng.choice([fx.HELD_CURRENTS, fx.STEP_CURRENTS]))
        rows = 1 if kind == fx.HELD_CURRENTS else image.substeps
        x = rng.integers(-9000, 9000, rows * image.n_in)
        return kind, np.where(rng.random(x.size) < 0.05, -32768, x).astype("<i2").tobytes()
    spikes = rng.random((image.substeps, image.n_in)) < rng.choice([0.0, 0.1, 0.5, 1.0])
    if rng.random() < 0.5:
        return fx.BITMAPS, bitmaps(spikes)
    return fx.SPIKE_LIST, spike_list(spikes)
