"""A whole controller in float64, straight from its spec: populations in order, synapse by synapse.

It shares nothing with the op table. It follows the text: what arrives in step k is found by asking every synapse
whether its neuron spiked at k minus its delay.
"""

import math

import numpy as np

from neurobot.spec import (
    IF,
    LI,
    Bounds,
    Burst,
    ControllerSpec,
    CubaLIF,
    Current,
    Delta,
    Direct,
    FilteredRate,
    FirstSpike,
    Highest,
    Input,
    Latency,
    Membrane,
    OneHot,
    Phase,
    Poisson,
    PopulationVector,
    Rate,
    Regular,
    WinnerTakeAll,
)
from tests.twins import kernels


def broadcast(value, n):
    return np.broadcast_to(np.asarray(value, float), (n,)).copy()


class Neurons:
    """One population: coefficients by name, and what changes."""

    def __init__(self, population, dt, number=0):
        m, self.n = population.model, population.n
        self.name, self.model, self.carry = population.name, m, population.carry
        self.alpha, self.b, self.lam = (np.zeros(self.n) for _ in range(3))
        self.kappa = self.beta = self.mu = np.zeros(self.n)
        self.kappa_in = self.beta_in = self.mu_in = self.lam_in = np.zeros(self.n)
        self.theta, self.leak = np.full(self.n, np.inf), broadcast(getattr(m, "v_leak", 0), self.n)
        self.init = self.leak if population.v_init is None else broadcast(population.v_init, self.n)
        self.ref = np.rint(broadcast(getattr(m, "t_ref", 0), self.n) / dt).astype(int)
        if isinstance(m, Input):
            return
        self.noise, self.stream, self.current = population.noise, 0x100 + number, np.zeros(self.n)
        r, bias = broadcast(m.r, self.n), broadcast(population.bias, self.n)
        tau = np.full(self.n, np.inf) if isinstance(m, IF) else broadcast(m.tau_mem, self.n)
        self.alpha = np.exp(-dt / tau)
        self.gain = gain = r * dt if isinstance(m, IF) else (1 - self.alpha) * r
        if self.noise is not None:
            self.std, slow = broadcast(self.noise.std, self.n), broadcast(self.noise.tau, self.n)
            self.rho = np.array([math.exp(-dt / t) if t else 0.0 for t in slow])
        self.b = (1 - self.alpha) * self.leak + gain * bias
        self.lam = {"current": gain, "jump": np.ones(self.n), "jump_then_decay": self.alpha}.get(
            m.input, np.zeros(self.n)
        )
        if isinstance(m, CubaLIF):
            self._current(m, dt, tau, r)
        if not isinstance(m, LI):
            self.theta = broadcast(m.v_threshold, self.n)
            self.subtract = m.reset == "subtract"
            down = self.theta if m.v_subtract is None else broadcast(m.v_subtract, self.n)
            self.to = down if self.subtract else broadcast(m.v_reset, self.n)

    def _current(self, m, dt, tau, r):
        self.kappa, self.beta, self.lam, self.mu = self._receptor(m, m.tau_syn, dt, tau, r)
        if m.tau_syn_in is not None:
            self.kappa_in, self.beta_in, self.lam_in, self.mu_in = self._receptor(m, m.tau_syn_in, dt, tau, r)

    def _receptor(self, m, tau_syn, dt, tau, r):
        syn, w_in = broadcast(tau_syn, self.n), broadcast(m.w_in, self.n)
        beta = np.exp(-dt / syn)
        p21 = np.array([propagator(dt, a, b) for a, b in zip(tau, syn, strict=True)]) * r
        held = w_in * ((1 - np.exp(-dt / tau)) * r - p21)
        lam = {"start": p21 * w_in, "end": 0 * w_in, "unscaled": w_in, "held": held}[m.input]
        mu = {"end": w_in, "held": (1 - beta) * w_in}.get(m.input, beta * w_in)
        return np.ones(self.n) if m.input == "unscaled" else p21, beta, lam, mu

    def start(self):
        self.v, self.i, self.i_in = self.init.copy(), np.zeros(self.n), np.zeros(self.n)
        self.clear()

    def clear(self):
        self.wait = np.zeros(self.n, int)
        self.fired = {}

    def draw(self, seed, episode, step, instance):
        """The noise current of a step."""
        if self.noise is not None:
            xi = kernels.normals(self.n, seed, self.stream, episode, step, instance)
            more = self.std * np.sqrt(1 - self.rho**2) * xi
            self.current = self.std * xi if step == 0 else self.rho * self.current + more

    def update(self, s, s_in):
        """One step with s arriving, and s_in at the second receptor; the neurons that spike."""
        early = getattr(self.model, "input", "") == "jump_then_decay"
        free = self.wait <= int(early)
        arriving = np.where(self.wait > 0, 0.0, s) if early else s
        v = self.alpha * self.v + self.kappa * self.i + self.lam * arriving + self.b + self.gain * self.current
        v += self.kappa_in * self.i_in + self.lam_in * s_in
        self.v, self.i = np.where(free, v, self.v), self.beta * self.i + self.mu * s
        self.i_in = self.beta_in * self.i_in + self.mu_in * s_in
        fired = free & (self.v > self.theta)
        self.wait = np.where(fired, self.ref, np.maximum(self.wait - 1, 0))
        if fired.any():
            self.v[fired] = self.v[fired] - self.to[fired] if self.subtract else self.to[fired]
        return np.flatnonzero(fired).tolist()


def propagator(dt, tau_mem, tau_syn):
    """P21 for r = 1; the alpha function's where the time constants are equal."""
    if tau_mem == tau_syn:
        return dt / tau_mem * math.exp(-dt / tau_mem)
    return tau_syn / (tau_syn - tau_mem) * (math.exp(-dt / tau_syn) - math.exp(-dt / tau_mem))


class Resources:
    """x and u of a projection's presynaptic neurons, step by step (Tsodyks, Uziel & Markram 2000)."""

    def __init__(self, stp, n, dt):
        self.start, self.x, self.u, self.share = stp.u, np.ones(n), np.zeros(n), {}
        self.recover, self.fall = (math.exp(-dt / tau) if tau else 0.0 for tau in (stp.tau_rec, stp.tau_facil))

    def step(self, k, fired):
        """Recover for a step; then what each spike releases."""
        self.x, self.u = 1 - (1 - self.x) * self.recover, self.u * self.fall
        self.u[fired] += self.start * (1 - self.u[fired])
        self.share[k] = self.u * self.x
        self.x[fired] -= self.share[k][fired]

    def carry(self, c):
        self.x, self.u = 1 - c * (1 - self.x), c * self.u


class Twin:
    """A controller.

    Args:
        spec: a resolved `ControllerSpec`.
        synapses: by projection name, a list of (pre, post, weight, delay in steps).
        seed: of chance, with `instance` and `episode`.
    """

    def __init__(self, spec: ControllerSpec, synapses, seed=0, instance=0, episode=0):
        self.spec, self.synapses, self.chance = spec, synapses, (seed, episode, instance)
        self.populations = [Neurons(p, spec.network.dt, k) for k, p in enumerate(spec.network.populations)]
        self.by_name = {p.name: p for p in self.populations}
        self.ticks, self.events = 0, []
        for p in self.populations:
            p.start()
        self.resources = {
            q.name: Resources(q.stp, self.by_name[q.pre].n, spec.network.dt) for q in spec.network.projections if q.stp
        }
        self.phase = np.full(self.by_name[spec.encoder.population].n, 0.5)
        self.amount = {}
        self.level = np.zeros(spec.encoder.size, int)
        self.trace = np.zeros(self.by_name[spec.decoder.population].n)
        discrete = isinstance(spec.decoder, WinnerTakeAll | FirstSpike | Highest)
        self.last = np.zeros(1) if discrete else self._limits()[2].copy()

    def tick(self, observation):
        """The action of a tick; `events` has its spikes as (substep, population, neuron)."""
        spec = self.spec
        self._carry()
        act, self.events = self._activation(np.asarray(observation, float)), []
        for substep in range(spec.substeps):
            k = self.ticks * spec.substeps + substep
            self.amount[k] = act * getattr(spec.encoder.code, "gain", 0.0)
            for p in self.populations:
                p.fired[k] = self._input(p, act, k) if isinstance(p.model, Input) else self._update(p, k)
                for q in spec.network.projections:
                    if q.stp and q.pre == p.name:
                        self.resources[q.name].step(k, p.fired[k])
                self.events += [(substep, p.name, j) for j in p.fired[k]]
        self.ticks += 1
        return self._decode()

    def _update(self, p, k):
        seed, episode, instance = self.chance
        p.draw(seed, episode, k, instance)
        return p.update(*self._arriving(p, k))

    def _carry(self):
        c = self.spec.carry
        for p in self.populations:
            own = c if p.carry is None else p.carry
            p.v, p.i, p.i_in = p.init + own * (p.v - p.init), own * p.i, own * p.i_in
            if c == 0:
                p.clear()
        for resources in self.resources.values():
            resources.carry(c)
        if c == 0:
            self.phase[:], self.amount = 0.5, {}
            self.level[:], self.trace[:] = 0, 0.0

    def _activation(self, x):
        e = self.spec.encoder
        span, n = e.field.range, e.size
        if isinstance(span, Bounds):
            low, high = broadcast(span.low, n), broadcast(span.high, n)
            u = np.clip(2 * (x - low) / (high - low) - 1, -1, 1)
        else:
            mean, std = broadcast(span.mean or 0.0, n), broadcast(span.std or 1.0, n)
            u = np.clip((x - mean) / std / span.clip, -1, 1)
        if isinstance(e.field, Direct):
            return np.ravel(np.column_stack([np.maximum(u, 0), np.maximum(-u, 0)])) if e.field.push_pull else u
        if isinstance(e.field, OneHot):
            edges = np.linspace(-1, 1, e.field.per_dim + 1)[1:-1]
            return np.eye(e.field.per_dim)[np.searchsorted(edges, u, side="right")].ravel()
        centres = np.linspace(-1, 1, e.field.per_dim)
        sigma = e.field.width * (centres[1] - centres[0])
        return np.exp(-((u[:, None] - centres) ** 2) / (2 * sigma**2)).ravel()

    def _input(self, p, act, k):
        code = self.spec.encoder.code
        if p.name != self.spec.encoder.population or isinstance(code, Current):
            return []
        if isinstance(code, Regular | Poisson):
            return self._at_a_rate(code, act, k)
        return self._in_time(code, act, k % self.spec.substeps)

    def _at_a_rate(self, code, act, k):
        most = 1.0 if code.max_rate is None else code.max_rate * self.spec.network.dt
        if isinstance(code, Poisson):
            seed, episode, instance = self.chance
            return kernels.poisson(kernels.chance(act, most), seed, 1, episode, k, instance)
        self.phase, fired = kernels.regular(act, most, self.phase)
        return fired

    def _in_time(self, code, act, substep):
        dt, substeps = self.spec.network.dt, self.spec.substeps
        if isinstance(code, Delta):
            self.level, fired = kernels.changes(act, 1 / code.delta, self.level)
            return fired
        if isinstance(code, Phase):
            return kernels.phase_bits(act, code.bits, substep)
        if isinstance(code, Latency):
            due = kernels.latency(act, code.threshold, code.curve == "logarithmic", substeps)
            return [j for j, step in enumerate(due) if step == substep]
        assert isinstance(code, Burst)
        shortest = 1 if code.t_min is None else round(code.t_min / dt)
        fit = (substeps - 1) // (code.max_spikes - 1) if code.max_spikes > 1 else substeps - 1
        longest = max(fit, shortest) if code.t_max is None else max(round(code.t_max / dt), shortest)
        trains = kernels.burst(act, code.threshold, code.max_spikes, shortest, longest, substeps)
        return [j for j, train in enumerate(trains) if substep in train]

    def _arriving(self, p, k):
        both = {"excitatory": np.zeros(p.n), "inhibitory": np.zeros(p.n)}
        for q in self.spec.network.projections:
            if q.post != p.name:
                continue
            s = both[q.receptor]
            pre = self.by_name[q.pre]
            held = isinstance(self.spec.encoder.code, Current) and q.pre == self.spec.encoder.population
            for j, post, w, delay in self.synapses[q.name]:
                if held:
                    s[post] += w * self.amount[k - delay][j] if k - delay in self.amount else 0.0
                elif j in pre.fired.get(k - delay, ()):
                    s[post] += w * (self.resources[q.name].share[k - delay][j] if q.stp else 1.0)
        return both.values()

    def _limits(self):
        d, n = self.spec.decoder, self.spec.decoder.size
        low, high = broadcast(d.limits.low, n), broadcast(d.limits.high, n)
        rest = np.clip(0, low, high) if d.limits.rest is None else broadcast(d.limits.rest, n)
        slew = np.inf if d.limits.slew is None else broadcast(d.limits.slew, n) * self.spec.control_period
        return low, high, rest, slew

    def _decode(self):
        d = self.spec.decoder
        p = self.by_name[d.population]
        steps = range((self.ticks - 1) * self.spec.substeps, self.ticks * self.spec.substeps)
        spiked = np.array([[j in p.fired.get(k, ()) for j in range(p.n)] for k in steps])
        counts = spiked.sum(0)
        if isinstance(d, Highest):
            self.last = np.array([np.argmax(p.v.reshape(d.size, -1).mean(1))], float)
            return self.last
        if isinstance(d, WinnerTakeAll | FirstSpike):
            if isinstance(d, FirstSpike) and counts.any():
                counts = spiked[np.flatnonzero(spiked.any(1))[0]]
            totals = counts.reshape(d.size, -1).sum(1)
            self.last = np.array([np.argmax(totals) if totals.any() else d.rest], float)
            return self.last
        if isinstance(d, PopulationVector):
            preferred = np.linspace(-1, 1, p.n // d.size) if d.preferred is None else np.array(d.preferred)
            return self._limited(kernels.vector(counts, preferred, d.gain, float))
        if isinstance(d, FilteredRate):
            keep = math.exp(-self.spec.network.dt / d.tau)
            for now in spiked:
                self.trace = keep * self.trace + (1 - keep) * now
        x = {Rate: counts / self.spec.substeps, FilteredRate: self.trace}.get(type(d), p.v - p.leak)
        groups = x.reshape(d.size, 2 if d.push_pull else 1, -1).mean(axis=2)
        u = d.gain * (groups[:, 0] - groups[:, 1] if d.push_pull else groups[:, 0])
        u = np.tanh(u) if isinstance(d, Membrane) and d.squash == "tanh" else u
        return self._limited(u)

    def _limited(self, u):
        low, high, rest, slew = self._limits()
        wanted = rest + u * np.where(u >= 0, high - rest, rest - low)
        self.last = np.clip(np.clip(wanted, low, high), self.last - slew, self.last + slew)
        return self.last
