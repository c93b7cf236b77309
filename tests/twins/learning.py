"""Learning rules, straight from their equations, in float64: every trace and every eligibility in every step.

Arrays are (n_pre, n_post). `Twin.ahead` is what happens before the populations of a step, `Twin.behind` after them.
"""

import numpy as np

from neurobot.spec import STDP, Dopamine, Homeostasis, InhibitorySTDP, Reward, RewardSTDP, TDError, TripletSTDP


def bumped(trace, spikes, pairing):
    return np.where(spikes, 1.0 if pairing == "nearest" else trace + 1, trace)


class Twin:
    """One projection: w (n_pre, n_post), and a mask of the synapses that exist."""

    def __init__(self, rule, w, exists, dt, substeps=1):
        self.rule, self.w, self.exists, self.dt, self.tick = rule, w.copy(), exists, dt, substeps
        self.every = substeps if rule.interval is None else round(rule.interval / dt)
        self.sign = -1 if rule.w_max <= 0 else 1
        n_pre, n_post = w.shape
        self.x, self.slow_x, self.y, self.slow_y = np.zeros(n_pre), np.zeros(n_pre), np.zeros(n_post), np.zeros(n_post)
        self.e, self.mean, self.rewards, self.ages = np.zeros(w.shape), np.zeros(n_post), [], []
        self.values, self.level = [], 0.0

    def change(self, dw):
        """Move the strength of synapses, within the bounds."""
        r = self.rule
        if r.bounds == "soft":
            u = (self.w - r.w_min) / (r.w_max - r.w_min)
            u = u if self.sign > 0 else 1 - u
            dw = dw * np.where(dw > 0, np.maximum(1 - u, 0) ** r.mu_plus, np.maximum(u, 0) ** r.mu_minus)
        w = np.clip(self.w + self.sign * dw, r.w_min, r.w_max)
        self.w = np.where(self.exists & (dw != 0), w, self.w)

    def scale(self, factors):
        self.w = np.where(self.exists, np.clip(self.w * factors, self.rule.w_min, self.rule.w_max), self.w)

    def ahead(self, k, reward=0.0, value=0.0, learn=True, ending=False):
        if hasattr(self.rule, "modulator"):
            m = self.third_factor(k, reward if k % self.tick == 0 else 0.0, value, ending)
            if learn:
                self.change(self.rule.rate * m * self.e)
        if self.rule.row_sum is not None and k % self.every == 0 and learn:
            sums = self.sign * (self.w * self.exists).sum(axis=0)
            self.scale(np.where(sums > 0, self.rule.row_sum / np.where(sums > 0, sums, 1), 1))

    def third_factor(self, k, reward, value, ending):
        """M, for dopamine times the time until the next update."""
        m, tau_e = self.rule.modulator, self.rule.tau_e
        if isinstance(m, Dopamine):
            self.level += reward
            level, self.level = self.level, self.level * np.exp(-self.dt / m.tau_d)
            if k % self.every and not ending:
                return 0.0
            both, span = 1 / (1 / tau_e + 1 / m.tau_d), np.inf if ending else self.every * self.dt
            return level * both * (1 - np.exp(-span / both)) + m.baseline * tau_e * (1 - np.exp(-span / tau_e))
        first = k == 0 and not ending
        if k % self.tick and not ending:
            return 0.0
        if isinstance(m, TDError):  # the values of the last observation and of the one before, and the reward between
            self.values.append(value)
            self.rewards.append(reward)
            before, now = self.values[-2:] if len(self.values) > 2 else (0.0, 0.0)
            error = self.rewards[-2] + m.discount * now - before if len(self.values) > 2 else 0.0
            after = m.discount * value if ending == "truncated" else 0.0
            return error + (reward + after - value) if ending else error
        if first or m.baseline_tau is None:
            return 0.0 if first else reward
        weights = np.exp(-self.tick * self.dt / m.baseline_tau * np.arange(len(self.rewards))[::-1])
        usual = np.average(self.rewards, weights=weights) if self.rewards else reward
        self.rewards.append(reward)
        return reward - usual

    def behind(self, k, pre, post, learn=True):
        """pre: (n_pre,) bool, what arrives; post: (n_post,) bool, what spikes."""
        r, dt = self.rule, self.dt
        if isinstance(r, Homeostasis):
            self.y = bumped(self.y * np.exp(-dt / r.tau), post, "all")
            if (k + 1) % self.every == 0 and learn:
                rate = self.y * (1 - np.exp(-dt / r.tau)) / dt
                self.scale(np.exp(r.rate * self.every * dt * (1 - rate / r.target)))
            return
        taus = [getattr(r, name, getattr(r, "tau", 1.0)) for name in ("tau_plus", "tau_x", "tau_minus", "tau_y")]
        fade = [np.exp(-dt / tau) for tau in taus]
        self.x, self.slow_x, self.y, self.slow_y = (
            t * f for t, f in zip((self.x, self.slow_x, self.y, self.slow_y), fade, strict=True)
        )
        if isinstance(r, RewardSTDP):
            self.e = self.e * (np.exp(-dt / r.tau_e) if r.tau_e else 0.0)
        self.event(pre[:, None] * self.arrival(), learn)
        self.x, before = bumped(self.x, pre, r.pairing), self.slow_x
        self.event(post * self.spike(post), learn)
        if isinstance(r, RewardSTDP) and r.tau_mean is not None:
            self.e -= r.A_plus * np.outer(self.x, self.mean) * self.exists
            keep = np.exp(-dt / r.tau_mean)
            self.mean = keep * self.mean + (1 - keep) * post
        self.y, self.slow_y = bumped(self.y, post, r.pairing), bumped(self.slow_y, post, r.pairing)
        self.slow_x = bumped(before, pre, r.pairing)

    def event(self, dw, learn):
        if isinstance(self.rule, RewardSTDP):
            self.e += dw * self.exists
        elif learn:
            self.change(self.rule.rate * dw)

    def arrival(self):
        """What an arrival does, (n_pre, n_post)."""
        r, y = self.rule, np.broadcast_to(self.y, self.w.shape)
        if isinstance(r, TripletSTDP):
            return -y * (r.A2_minus + r.A3_minus * self.slow_x[:, None])
        if isinstance(r, InhibitorySTDP):
            return y - 2 * r.target * r.tau
        return -r.A_minus * y + (r.A_pre if isinstance(r, RewardSTDP) else 0.0)

    def spike(self, post):
        """What a postsynaptic spike does, (n_pre, n_post)."""
        r, x = self.rule, self.x[:, None]
        if isinstance(r, TripletSTDP):
            return x * (r.A2_plus + r.A3_plus * self.slow_y)
        return x * (1.0 if isinstance(r, InhibitorySTDP) else r.A_plus) * np.ones(self.w.shape)


RULES = (STDP, TripletSTDP, InhibitorySTDP, Homeostasis, RewardSTDP)
MODULATORS = (Reward, Dopamine, TDError)
