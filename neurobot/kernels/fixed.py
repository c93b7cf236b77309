"""One control tick of a board's network in integers, in one call: an interpreter of the rows of an image.

docs/fixed.md, to the bit. It allocates nothing, raises nothing and returns a status code. What an image says is
followed without looking: it has to have passed `neurobot.core.image_check`. Arrays are whole areas of memory, as int32;
views of other types are made here. Views with 16 are int16, those with u16 uint16.
"""

from __future__ import annotations

import numpy as np

from neurobot.kernels import fixed_decode, fixed_neuron, fixed_plastic
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.jit import kernel
from neurobot.kernels.status import BAD_INPUT, OK
from neurobot.kernels.views import cut, place
from neurobot.kernels.words import WORD

HEADER, ROW = fx.HEADER_WORDS, fx.ROW


@kernel
def u16(data, at):
    """The little-endian uint16 at a byte."""
    return np.int64(data[at]) | (np.int64(data[at + 1]) << 8)


@kernel
def i16(data, at):
    """The little-endian int16 at a byte."""
    x = u16(data, at)
    return x - 65536 if x >= 32768 else x


@kernel
def accepts(im32, kind, data, size):
    """Whether a tick's input, the first `size` bytes of data, is one that the image takes: section 6."""
    n_in, substeps = im32[fx.W_IN], im32[fx.W_SUBSTEPS]
    if im32[fx.W_INPUT] == fx.CURRENTS_IN:
        rows = 1 if kind == fx.HELD_CURRENTS else substeps
        return (kind == fx.HELD_CURRENTS or kind == fx.STEP_CURRENTS) and size == 2 * n_in * rows
    width = (n_in + 7) // 8
    if kind == fx.BITMAPS:
        if size != substeps * width:
            return False
        beyond = (0xFF << (n_in & 7)) & 0xFF if n_in & 7 else 0
        for k in range(substeps):
            if data[(k + 1) * width - 1] & beyond:
                return False
        return True
    if kind != fx.SPIKE_LIST:
        return False
    at = 0
    for _ in range(substeps):
        if at + 2 > size:
            return False
        count = u16(data, at)
        at += 2
        if count > n_in or at + 2 * count > size:
            return False
        for _m in range(count):
            if u16(data, at) >= n_in:
                return False
            at += 2
    return at == size


@kernel
def set_bits(history, w, bits):
    """history[w] |= bits, the lower 32 of an int64."""
    history[w] = np.int32(np.uint32((np.int64(history[w]) | bits) & WORD))


@kernel
def read_spikes(history, kind, data, substep, n):
    """The spikes that a tick brings for a step, as bits of history (ceil(n / 32),). Returns how many."""
    for w in range(history.size):
        history[w] = 0
    if kind == fx.BITMAPS:
        width = (n + 7) // 8
        for b in range(width):
            set_bits(history, b >> 2, np.int64(data[substep * width + b]) << (8 * (b & 3)))
    else:
        at = 0
        for _ in range(substep):
            at += 2 + 2 * u16(data, at)
        for m in range(u16(data, at)):
            j = u16(data, at + 2 + 2 * m)
            set_bits(history, j >> 5, np.int64(1) << (j & 31))
    count = np.int64(0)
    for w in range(history.size):
        for b in range(32):
            count += (history[w] >> b) & 1
    return count


@kernel
def list_bits(history, n, spikes):
    """Neurons whose bit is set, in order: spikes (1 + n,), their number first."""
    count = np.int64(0)
    for w in range(history.size):
        word = np.int64(history[w])
        if word:
            for b in range(min(32, n - 32 * w)):
                spikes[1 + count] = 32 * w + b
                count += (word >> b) & 1
    spikes[0] = count


@kernel
def dense(weights, n_post, spikes, factor, s):
    """s += factor times the rows of the neurons that spiked, four rows a pass. Returns synaptic operations.

    Reads: weights (n_pre n_post,) int16, spikes (1 + n_pre,). Writes: s (n_post,) int32.
    """
    count, m = spikes[0], 0
    while m + 4 <= count:
        w0, w1 = cut(weights, spikes[1 + m] * n_post, n_post), cut(weights, spikes[2 + m] * n_post, n_post)
        w2, w3 = cut(weights, spikes[3 + m] * n_post, n_post), cut(weights, spikes[4 + m] * n_post, n_post)
        for j in range(n_post):
            s[j] += (np.int32(w0[j]) + np.int32(w1[j]) + np.int32(w2[j]) + np.int32(w3[j])) * factor
        m += 4
    while m < count:
        w0 = cut(weights, spikes[1 + m] * n_post, n_post)
        for j in range(n_post):
            s[j] += np.int32(w0[j]) * factor
        m += 1
    return count * n_post


@kernel
def sparse(weights, rows, targets, spikes, factor, s):
    """s[post] += factor times the weight, for every synapse of the neurons that spiked. Returns synaptic operations.

    Reads: weights (n_syn,) int16, rows (n_pre + 1,) int32, targets (n_syn,) uint16, spikes (1 + n_pre,). Writes: s.
    """
    work = 0
    for m in range(spikes[0]):
        pre = spikes[1 + m]
        for c in range(rows[pre], rows[pre + 1]):
            s[place(targets[c])] += np.int32(weights[c]) * factor
        work += rows[pre + 1] - rows[pre]
    return work


@kernel
def drive(weights, n_pre, data, at, shift, sums, out):
    """out = the currents' sum over channels, shifted and bounded. Returns operations.

    Reads: weights (n_pre n_post,) int16; data, n_pre int16 from byte `at` on. Writes: out (n_post,) int32, and sums
    (at least n_post,) int64, which holds the sums while they are made.
    """
    n_post = out.size
    for j in range(n_post):
        sums[j] = 0
    for pre in range(n_pre):
        x, w = i16(data, at + 2 * pre), cut(weights, pre * n_post, n_post)
        for j in range(n_post):
            sums[j] += x * np.int64(w[j])
    for j in range(n_post):
        out[j] = min(max(sums[j] >> shift, np.int64(-fx.DRIVE_BOUND)), np.int64(fx.DRIVE_BOUND))
    return n_pre * n_post


@kernel
def slot(st32, row, step):
    """Where in st32 the bits of a step are, of the history that a row names; the words of one."""
    words = (row[fx.N] + 31) // 32
    return row[fx.SPIKES_AT] // 4 + (step & (row[fx.SLOTS] - 1)) * words, words


@kernel
def _deliver(o, im32, im16, imu16, st32, sc32, data, io, step, substep, spikes, sums):
    """DENSE, SPARSE, DRIVE; returns synaptic operations."""
    op, n_pre, n_post, shift = o[0], o[fx.N_PRE], o[fx.N_POST], o[fx.SHIFT]
    s = cut(sc32, o[fx.S_AT] // 4, n_post)
    if op == fx.DRIVE:
        out, work = cut(sc32, o[fx.DRIVE_AT] // 4, n_post), 0
        kind = io[fx.IO_KIND]
        if substep == 0 or kind == fx.STEP_CURRENTS:
            at = 2 * n_pre * substep
            work = drive(cut(im16, o[fx.WEIGHTS_AT] // 2, n_pre * n_post), n_pre, data, at, shift, sums, out)
        for j in range(n_post):
            s[j] += out[j]
        return work
    at, words = slot(st32, o, step - o[fx.DELAY])
    list_bits(cut(st32, at, words), n_pre, spikes)
    factor = np.int32(1 << shift)
    w = cut(st32, o[fx.LEARNT_AT] // 4, fixed_plastic.synapses(o) if o[fx.LEARNT_AT] else 0)
    if op == fx.DENSE:
        if w.size:
            return fixed_plastic.learnt_dense(w, n_post, spikes, factor, s)
        return dense(cut(im16, o[fx.WEIGHTS_AT] // 2, n_pre * n_post), n_post, spikes, factor, s)
    n = o[fx.N_SYN]
    rows, targets = cut(im32, o[fx.ROWS_AT] // 4, n_pre + 1), cut(imu16, o[fx.TARGETS_AT] // 2, n)
    if w.size:
        return fixed_plastic.learnt_sparse(w, rows, targets, spikes, factor, s)
    return sparse(cut(im16, o[fx.WEIGHTS_AT] // 2, n), rows, targets, spikes, factor, s)


@kernel
def _update(o, im32, imu16, st32, stu16, sc32, io, step):
    """NEURON; returns the number of spikes."""
    n, flags = o[fx.N], o[fx.FLAGS]
    current, half = flags >> fx.CURRENT_SHIFT, 2 * ((n + 1) // 2)
    v, d = cut(st32, o[fx.V_AT] // 4, n), cut(sc32, o[fx.S_AT] // 4, n)
    at = o[fx.PARAMS_AT] // 4
    bias, leak = cut(im32, at, n), cut(imu16, 2 * (at + 2 * n), n)
    at += 2 * n + half // 2
    threshold, to = cut(im32, at, n), cut(im32, at + n, n)
    at += 2 * n if flags & fx.SPIKING else 0
    clamped = np.int64(0)
    if current != fx.NONE:
        i, leak_i = cut(st32, o[fx.I_AT] // 4, n), cut(imu16, 2 * at, n)
        at += half // 2
        if current == fx.START:
            clamped += fixed_neuron.start(i, d, leak_i)
        elif current == fx.END:
            clamped += fixed_neuron.end(i, d, leak_i)
        else:
            clamped += fixed_neuron.held(i, d, leak_i, cut(im32, at, n))
            at += n
    count = np.int64(0)
    if flags & fx.REFRACTORY:
        wait, t_ref = cut(stu16, o[fx.WAIT_AT] // 2, n), cut(imu16, 2 * at, n)
        clamped += fixed_neuron.membrane_refractory(v, d, leak, bias, wait)
        first, words = slot(st32, o, step)
        history = cut(st32, first, words)
        count += fixed_neuron.fire_refractory(v, threshold, to, flags & fx.SUBTRACT, history, d, wait, t_ref)
    else:
        clamped += fixed_neuron.membrane(v, d, leak, bias)
        if flags & fx.SPIKING:
            first, words = slot(st32, o, step)
            count += fixed_neuron.fire(v, threshold, to, flags & fx.SUBTRACT, cut(st32, first, words))
    io[fx.IO_SATURATED] += clamped
    return count


@kernel
def _log(o, st32, step, substep, spikes, events):
    """Log the spikes of a population as (substep, neuron), as `neurobot.kernels.tick` does."""
    at, words = slot(st32, o, step)
    list_bits(cut(st32, at, words), o[fx.N], spikes)
    logged, room = events[0], (events.size - 1) // 2
    for m in range(spikes[0]):
        if logged + m < room:
            events[1 + 2 * (logged + m)] = substep
            events[2 + 2 * (logged + m)] = o[fx.FIRST_NEURON] + spikes[1 + m]
    events[0] = logged + spikes[0]


@kernel
def _count(o, st32, sc32, scu16, step, substep):
    n = o[fx.N]
    counts, decided = cut(scu16, o[fx.COUNTS_AT] // 2, n), o[fx.DECIDED_AT] // 4
    if o[fx.FIRST_ONLY] and sc32[decided]:
        return
    at, words = slot(st32, o, step)
    found = np.int64(0)
    for w in range(words):
        word = np.int64(st32[at + w])
        if word:
            found = np.int64(1)
            for b in range(min(32, n - 32 * w)):
                counts[32 * w + b] += (word >> b) & 1
    if o[fx.FIRST_ONLY] and found:
        sc32[decided] = substep + 1


@kernel
def _modulate(im32, st32, io):
    """What a reward changes, of every LEARN."""
    change = fx.IO
    for k in range(fx.IO, io.size):
        io[k] = 0
    for r in range(im32[fx.W_OPS]):
        o = cut(im32, HEADER + r * ROW, ROW)
        if o[0] == fx.LEARN:
            fixed_plastic.modulate(o, im32, st32, io, change)
            change += 1


@kernel
def _learn(o, im32, imu16, st32, sc32, step, substep, spikes):
    """LEARN, with the spikes of its step."""
    q = cut(im32, HEADER + o[fx.DELIVERY] * ROW, ROW)
    at, words = slot(st32, q, step - q[fx.DELAY])
    list_bits(cut(st32, at, words), q[fx.N_PRE], spikes)
    at, words = slot(st32, o, step)
    fixed_plastic.learn(o, im32, imu16, st32, sc32, spikes, cut(st32, at, words), substep)


@kernel
def _begin(im32, st32, stu16, sc32):
    """Carry, and counts to 0: what happens ahead of the steps."""
    fresh = im32[fx.W_FLAGS] & fx.FRESH
    for r in range(im32[fx.W_OPS]):
        o = cut(im32, HEADER + r * ROW, ROW)
        n = o[fx.N]
        if o[0] == fx.NEURON:
            carry, flags = np.int64(o[fx.CARRY]), o[fx.FLAGS]
            v, init = cut(st32, o[fx.V_AT] // 4, n), cut(im32, o[fx.PARAMS_AT] // 4 + n, n)
            if carry < 65536:
                for j in range(n):
                    start = np.int64(init[j])
                    v[j] = start + (((np.int64(v[j]) - start) * carry) >> 16)
            if carry < 65536 and flags >> fx.CURRENT_SHIFT:
                i = cut(st32, o[fx.I_AT] // 4, n)
                for j in range(n):
                    i[j] = (np.int64(i[j]) * carry) >> 16
            if fresh and flags & fx.REFRACTORY:
                wait = cut(stu16, o[fx.WAIT_AT] // 2, n)
                for j in range(n):
                    wait[j] = 0
        elif o[0] == fx.COUNT:
            words = (n + 1) // 2 + 1  # counts, and decided behind them
            counts = cut(sc32, o[fx.COUNTS_AT] // 4, words)
            for w in range(words):
                counts[w] = 0
        if fresh and (o[0] == fx.NEURON or o[0] == fx.INPUT) and o[fx.SLOTS]:
            words = o[fx.SLOTS] * ((n + 31) // 32)
            history = cut(st32, o[fx.SPIKES_AT] // 4, words)
            for w in range(words):
                history[w] = 0


@kernel
def fixed_tick(im32, st32, sc32, data, io, wanted, events, spikes, sums):
    """Run a tick of docs/fixed.md, section 6.

    Reads: im32, the image; data (bytes,) uint8, of which the first io[IO_SIZE] are the tick's input, of kind
    io[IO_KIND]; io[IO_FLAGS] and io[IO_REWARD]. Writes: st32, the state; sc32, the scratch; io, the counts of this
    tick; wanted (n_act,), the actions before the limits; events as `neurobot.kernels.tick.tick`; spikes (1 + n,) and
    sums (n,), room for the largest population. All but data (uint8), io and sums (int64) are int32.

    Returns:
        OK; BAD_INPUT with nothing changed.
    """
    if io[fx.IO_FLAGS] & fx.ENDS:
        _modulate(im32, st32, io)
        return OK
    if not accepts(im32, io[fx.IO_KIND], data, io[fx.IO_SIZE]):
        return BAD_INPUT
    im16, imu16, st16, stu16 = im32.view(np.int16), im32.view(np.uint16), st32.view(np.int16), st32.view(np.uint16)
    scu16 = sc32.view(np.uint16)
    io[fx.IO_SPIKES] = io[fx.IO_SYNOPS] = io[fx.IO_SATURATED] = 0
    if events.size:
        events[0] = 0
    _begin(im32, st32, stu16, sc32)
    _modulate(im32, st32, io)
    n_ops = im32[fx.W_OPS]
    for substep in range(im32[fx.W_SUBSTEPS]):
        step = np.int64(st32[fx.S_STEP])
        emitted = np.int64(0)
        for r in range(n_ops):
            o = cut(im32, HEADER + r * ROW, ROW)
            op = o[0]
            if op == fx.NEURON:
                count = _update(o, im32, imu16, st32, stu16, sc32, io, step)
                emitted += count
                if count and events.size:
                    _log(o, st32, step, substep, spikes, events)
            elif op == fx.INPUT:
                at, words = slot(st32, o, step)
                history = cut(st32, at, words)
                if o[fx.FED]:
                    emitted += read_spikes(history, io[fx.IO_KIND], data, substep, o[fx.N])
                    if events.size:
                        _log(o, st32, step, substep, spikes, events)
            elif op == fx.COUNT:
                _count(o, st32, sc32, scu16, step, substep)
            elif op == fx.LEARN:
                _learn(o, im32, imu16, st32, sc32, step, substep, spikes)
            else:
                io[fx.IO_SYNOPS] += _deliver(o, im32, im16, imu16, st32, sc32, data, io, step, substep, spikes, sums)
        st32[fx.S_STEP] = np.int32(np.uint32((step + 1) & WORD))
        st32[fx.S_SPIKES] = np.int32(np.uint32((np.int64(st32[fx.S_SPIKES]) + emitted) & WORD))
        io[fx.IO_SPIKES] += emitted
    dec = cut(im32, HEADER + n_ops * ROW, ROW)
    fixed_decode.decode(im32, im16, imu16, st32, st16, scu16, dec, wanted)
    return OK
