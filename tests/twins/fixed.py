"""The integer network of a board in Python's own integers, straight from docs/fixed.md: nothing wraps, nothing is fast.

Every part of the arithmetic that a mistake could hide in is a method of its own, so that tests can plant mistakes.
"""

import struct
import zlib

INPUT, DENSE, SPARSE, DRIVE, NEURON, COUNT = range(1, 7)
LEARN = 16
RULE = "leak_x leak_y leak_mean leak_e leak_reward rise_x rise_y a_plus a_minus a_pre e_shift gain gain_shift low high"
RATE, MEMBRANE, WINNER, HIGHEST = range(1, 5)
NONE, START, END, HELD = range(4)


def align4(n):
    return -(-n // 4) * 4


def flat(rows):
    return [x for row in rows for x in row]


class Row:
    """A row of the table, with its arrays and, of neurons, what changes."""

    def __init__(self, words):
        self.words, self.op, self.n = words, words[0], words[1]


class FixedTwin:
    """An image that is valid, as it runs."""

    def __init__(self, image):
        self.image, header = image, struct.unpack_from("<32I", image)
        self.substeps, self.n_in, self.n_act, self.fresh = header[5], header[6], header[8], header[13] & 1
        at = 128
        self.rows = []
        for _ in range(header[4]):
            self.rows.append(self._row(Row(struct.unpack_from("<16I", image, at))))
            at += 64
        self.dec = struct.unpack_from("<5IiI9I", image, at)
        table_at, at = self.dec[7], self.dec[8]
        self.table = struct.unpack_from("<257H", image, table_at) if table_at else None
        self.outputs = [struct.unpack_from("<3i3hHB3x2d", image, at + 40 * a) for a in range(self.n_act)]
        self.clear()
        self.forget()

    def _array(self, at, kind, n):
        return list(struct.unpack_from(f"<{n}{kind}", self.image, at))

    def _row(self, r):
        w = r.words
        if r.op == SPARSE:
            starts, targets = self._array(w[13], "I", w[1] + 1), self._array(w[14], "H", w[15])
            weights = self._array(w[11], "h", w[15])
            r.out = [list(zip(targets[a:b], weights[a:b])) for a, b in zip(starts, starts[1:])]  # noqa: B905, RUF007
        elif r.op in (DENSE, DRIVE):
            r.out = [list(enumerate(self._array(w[11] + 2 * pre * w[2], "h", w[2]))) for pre in range(w[1])]
        elif r.op == NEURON:
            self._neuron(r, w[3], w[11])
        elif r.op == LEARN:
            r.nearest, r.centred, r.by = w[3] & 1, w[3] & 2, self.rows[w[4]]
            for name, value in zip(RULE.split(), self._array(w[11], "i", 15), strict=True):
                setattr(r, name, value)
            r.shares = self._array(w[11] + 60, "H", self.substeps)
        if r.op in (DENSE, SPARSE):
            r.w = [[weight << 16 for _, weight in row] for row in r.out]
        return r

    def _neuron(self, r, flags, at):
        r.fires, r.subtract, r.refractory, r.current = flags & 1, flags & 2, flags & 4, flags >> 4
        blocks = [("bias", "i", 4, 1), ("init", "i", 4, 1), ("leak_v", "H", 2, 1)]
        blocks += [("threshold", "i", 4, r.fires), ("reset", "i", 4, r.fires), ("leak_i", "H", 2, r.current)]
        blocks += [("share", "I", 4, r.current == HELD), ("t_ref", "H", 2, r.refractory)]
        for name, kind, size, there in blocks:
            if there:
                setattr(r, name, self._array(at, kind, r.n))
                at += align4(size * r.n)

    def clear(self):
        """What an episode begins with."""
        self.step = self.spikes = 0
        self.last = [o[5] for o in self.outputs]
        self.s, self.counts, self.decided = [], [], 0
        for r in self.rows:
            r.history = [set() for _ in range(r.words[10])] if r.words[9] and r.op in (INPUT, NEURON) else []
            if r.op == NEURON:
                r.v, r.i, r.wait = list(r.init), [0] * r.n, [0] * r.n
            if r.op == LEARN:
                r.x, r.y = [0] * r.by.n, [0] * r.n
                r.e = [[0] * len(row) for row in r.by.out]

    def forget(self):
        """Weights as the image has them, and no means."""
        for r in self.rows:
            if r.op == LEARN:
                r.reward_mean = r.reward_weight = 0
                r.mean = [0] * r.n if r.centred else []
                r.by.w = [[(weight << 16) + 2**15 for _, weight in row] for row in r.by.out]

    # the arithmetic

    def scaled(self, x, factor, bits):
        return (x * factor) >> bits

    def clamp(self, x):
        return min(max(x, -(2**30)), 2**30)

    def passes(self, v, threshold):
        return v > threshold

    def delivered(self, weight, shift):
        return weight << shift

    def driven(self, total, shift):
        return min(max(total >> shift, -(2**28)), 2**28)

    def carried(self, x, init, carry):
        return init + self.scaled(x - init, carry, 16)

    def tired(self, wait):
        return wait > 0

    def share(self, a, share):
        return (a * share + 2**14) >> 15

    def bounded(self, x, low, high):
        return min(max(x, low), high)

    def raised(self, trace, rise, nearest):
        return rise << 15 if nearest else min(trace + (rise << 15), 2**31 - 1)

    # learning

    def surprise(self, r, reward):
        """M of a reward, of which the mean is taken."""
        reward = self.bounded(reward, -(2**29), 2**29)
        if not r.leak_reward:
            return reward
        m = reward - r.reward_mean if r.reward_weight else 0
        r.reward_weight += r.leak_reward * 2**14 - self.scaled(r.reward_weight, r.leak_reward, 16)
        part = r.leak_reward * 2**16 // (r.reward_weight >> 14)
        r.reward_mean += self.scaled(reward - r.reward_mean, part, 16)
        return m

    def _modulate(self, r, reward, learn, ends):
        gain = 0
        if self.step or ends:
            gain = self.scaled(self.surprise(r, reward), r.gain, 16)
        for pre, row in enumerate(r.e):
            for k, e in enumerate(row):
                if learn and gain:
                    dw = (e * gain + 2 ** (r.gain_shift - 1)) >> r.gain_shift
                    r.by.w[pre][k] = self.bounded(r.by.w[pre][k] + dw, r.low, r.high)
                if not ends:
                    row[k] = e - self.scaled(e, r.leak_e, 16)

    def _gather(self, r, pre, factor, d):
        for k, (post, _) in enumerate(r.by.out[pre]):
            r.e[pre][k] = self.clamp(r.e[pre][k] + ((factor * d[post]) >> r.e_shift))

    def _learn(self, r, substep):
        w, share = r.by.words, r.shares[substep]
        here = next(p for p in self.rows if p.op in (INPUT, NEURON) and p.words[9] == w[9])
        there = next(p for p in self.rows if p.op == NEURON and p.words[9] == r.words[9])
        arrived, fired = here.history[(self.step - w[12]) % w[10]], there.history[self.step % r.words[10]]
        r.x = [x - self.scaled(x, r.leak_x, 16) for x in r.x]
        r.y = [y - self.scaled(y, r.leak_y, 16) for y in r.y]
        alone, minus, plus = (self.share(a, share) for a in (r.a_pre, r.a_minus, r.a_plus))
        down = [self.bounded(alone - ((minus * (y >> 15)) >> r.rise_y), -32768, 32767) for y in r.y]
        for pre in sorted(arrived):
            self._gather(r, pre, 2**r.rise_x, down)
            r.x[pre] = self.raised(r.x[pre], 2**r.rise_x, r.nearest)
        usual = [m >> 15 for m in r.mean] if r.centred else [0] * r.n
        up = [self.share(plus, (j in fired) * 2**15 - usual[j]) for j in range(r.n)]
        if fired or r.centred:
            for pre, x in enumerate(r.x):
                self._gather(r, pre, x >> 15, up)
        r.mean = [
            m - self.scaled(m, r.leak_mean, 16) + (j in fired) * r.leak_mean * 2**14 for j, m in enumerate(r.mean)
        ]
        r.y = [self.raised(y, 2**r.rise_y, r.nearest) if j in fired else y for j, y in enumerate(r.y)]

    # a tick

    def end(self, reward, learn):
        """The reward of an episode's last tick."""
        for r in self.rows:
            if r.op == LEARN:
                self._modulate(r, reward, learn, True)

    def tick(self, kind, data, reward=0, learn=False):
        """The actions of a tick."""
        self._begin()
        for r in self.rows:
            if r.op == LEARN:
                self._modulate(r, reward, learn, False)
        self.fired = []
        for substep in range(self.substeps):
            self._step(substep, kind, data)
            self.step = (self.step + 1) % 2**32
        return self._decode()

    def _begin(self):
        for r in self.rows:
            if r.op == NEURON:
                if r.words[4] < 65536:
                    r.v = [self.carried(v, init, r.words[4]) for v, init in zip(r.v, r.init, strict=True)]
                    r.i = [self.carried(i, 0, r.words[4]) for i in r.i]
                if self.fresh:
                    r.wait = [0] * r.n
            if self.fresh:
                r.history = [set() for _ in r.history]
            if r.op == COUNT:
                self.counts, self.decided = [0] * r.n, 0

    def _channels(self, substep, kind, data):
        if kind == 0:
            width = -(-self.n_in // 8)
            return {j for j in range(self.n_in) if data[substep * width + j // 8] >> (j % 8) & 1}
        at = 0
        for step in range(self.substeps):
            (count,) = struct.unpack_from("<H", data, at)
            if step == substep:
                return set(struct.unpack_from(f"<{count}H", data, at + 2))
            at += 2 + 2 * count
        raise AssertionError

    def _step(self, substep, kind, data):
        sums = {}
        for r in self.rows:
            w = r.words
            if r.op == INPUT:
                self._log(r, substep, self._channels(substep, kind, data) if w[3] else set())
            elif r.op in (DENSE, SPARSE):
                pre = next(p for p in self.rows if p.op in (INPUT, NEURON) and p.words[9] == w[9])
                for j in pre.history[(self.step - w[12]) % w[10]]:
                    for (post, _), weight in zip(r.out[j], r.w[j], strict=True):
                        sums[post] = sums.get(post, 0) + self.delivered(weight >> 16, w[3])
            elif r.op == DRIVE:
                x = struct.unpack_from(f"<{self.n_in}h", data, 2 * self.n_in * substep if kind == 2 else 0)
                for post in range(w[2]):
                    total = sum(x[pre] * r.out[pre][post][1] for pre in range(w[1]))
                    sums[post] = sums.get(post, 0) + self.driven(total, w[3])
            elif r.op == NEURON:
                self._log(r, substep, {j for j in range(r.n) if self._update(r, j, sums.get(j, 0))})
                sums = {}
            elif r.op == LEARN:
                self._learn(r, substep)
            elif not (w[3] and self.decided):
                self._count(r, substep)

    def _count(self, r, substep):
        source = next(p for p in self.rows if p.op in (INPUT, NEURON) and p.words[9] == r.words[9])
        now = source.history[self.step % r.words[10]]
        if r.words[3] and now:
            self.decided = substep + 1
        for j in now:
            self.counts[j] += 1

    def _log(self, r, substep, now):
        if r.history:
            r.history[self.step % r.words[10]] = now
        self.spikes = (self.spikes + len(now)) % 2**32
        self.fired += [(substep, r.words[2] + j) for j in sorted(now)]

    def _update(self, r, j, a):
        """One neuron, one step; whether it spikes."""
        d = a
        if r.current == START:
            d = self.clamp(r.i[j] + a)
            r.i[j] = d - self.scaled(d, r.leak_i[j], 16)
        elif r.current:
            d = r.i[j]
            if r.current == HELD:
                d = self.clamp(d + self.scaled(a, r.share[j], 16))
            r.i[j] = self.clamp(r.i[j] - self.scaled(r.i[j], r.leak_i[j], 16) + a)
        if self.tired(r.wait[j]):
            r.wait[j] -= 1
            return False
        v = r.v[j] = self.clamp(r.v[j] - self.scaled(r.v[j], r.leak_v[j], 16) + d + r.bias[j])
        if not r.fires or not self.passes(v, r.threshold[j]):
            return False
        r.v[j] = v - r.reset[j] if r.subtract else r.reset[j]
        r.wait[j] = r.t_ref[j] if r.refractory else 0
        return True

    # decoding

    def _decode(self):
        kind, groups, per, push_pull, source_at = self.dec[:5]
        x = (
            self.counts
            if kind in (RATE, WINNER)
            else next(r.v for r in self.rows if r.op == NEURON and r.words[6] == source_at)
        )
        width = per * (1 + push_pull)
        sums = [sum(x[g * width : g * width + per]) for g in range(groups)]
        if push_pull:
            sums = [s - sum(x[g * width + per : (g + 1) * width]) for g, s in enumerate(sums)]
        if kind in (WINNER, HIGHEST):
            silent = kind == WINNER and not any(x)
            self.last = [self.outputs[0][5] if silent else sums.index(max(sums))]
        else:
            self.last = [self._action(a, s) for a, s in enumerate(sums)]
        return list(self.last)

    def _action(self, a, total):
        lift, up, down, low, high, _, slew = self.outputs[a][:7]
        u = self.clamp(self.scaled(total, self.dec[5], self.dec[6]) - lift)
        if self.table:
            size = abs(u)
            k, f = size >> 11, size & 2047
            t = self.table[256]
            if size < 2**19:
                t = self.table[k] + (((self.table[k + 1] - self.table[k]) * f) >> 11)
            u = 2 * t if u >= 0 else -2 * t
        x = self.scaled(u, up if u >= 0 else down, 16)
        x = min(max(x, low), high)
        if slew != 65535:
            x = min(max(x, self.last[a] - slew), self.last[a] + slew)
        return min(max(x, low), high)

    # the digest

    def state(self):
        """The state as bytes."""

        def u16(numbers):
            raw = struct.pack(f"<{len(numbers)}H", *(n % 2**16 for n in numbers))
            return raw + bytes(align4(len(raw)) - len(raw))

        out = struct.pack("<2I", self.step, self.spikes) + u16(self.last)
        for r in self.rows:
            if r.op == NEURON:
                out += struct.pack(f"<{r.n}i", *r.v)
                out += struct.pack(f"<{r.n}i", *r.i) if r.current else b""
                out += u16(r.wait) if r.refractory else b""
            for slot in r.history:
                out += sum(1 << j for j in slot).to_bytes(4 * -(-r.n // 32), "little")
        learning = [r for r in self.rows if r.op == LEARN]
        traces = [x for r in learning for x in (*r.x, *r.y, *flat(r.e))]
        kept = [x for r in learning for x in (r.reward_mean, r.reward_weight, *r.mean, *flat(r.by.w))]
        return out + struct.pack(f"<{len(traces) + len(kept)}i", *traces, *kept)

    def digest(self):
        """CRC-32 of the state."""
        return zlib.crc32(self.state())
