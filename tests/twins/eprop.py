"""E-prop as the paper writes it, in NumPy: a number for every synapse and every variable of its eligibility.

Bellec et al. 2020: v_t = alpha v_{t-1} + lam (W_in x_t + W_rec z_{t-1}) less the reset, a_t = rho
a_{t-1} + z_{t-1}, z_t where v_t > v_th + beta a_t; eligibilities are products of derivatives along one neuron.
Weights are [post, pre] as in the paper. Nothing here is taken from the package.
"""

from dataclasses import dataclass

import numpy as np


@dataclass
class Net:
    """Decays and gains a step: alpha, lam of v; kappa, lam_out of the read-out; rho, beta (n,) of the threshold, beta
    as in the paper; n_ref steps."""

    alpha: float
    lam: float
    kappa: float
    lam_out: float
    theta: float
    v_subtract: float
    gamma: float = 0.3
    rho: float = 0.0
    beta: np.ndarray | float = 0.0
    n_ref: int = 0
    rate_reg: float = 0.0
    keep_rate: float = 0.0
    target_rate: float = 0.0
    softmax: bool = False


class Twin:
    """A network, its eligibilities and the gradients that they gather: g, by "in", "rec", "out"."""

    def __init__(self, net, w, learns=None, feedback=None):
        self.net, self.w, self.feedback = net, {k: v.astype(float).copy() for k, v in w.items()}, feedback
        self.learns = learns or {k: np.ones(v.shape, bool) for k, v in w.items()}
        self.g = {k: np.zeros(v.shape) for k, v in w.items()}
        self.rate, self.moments, self.updates = np.zeros(w["in"].shape[0]), {}, 0
        self.reset()

    def reset(self):
        n, n_out = self.w["in"].shape[0], self.w["out"].shape[0]
        self.v, self.a, self.z, self.wait, self.y = (
            np.zeros(n),
            np.zeros(n),
            np.zeros(n),
            np.zeros(n, int),
            np.zeros(n_out),
        )
        self.eps_v = {k: np.zeros(self.w[k].shape) for k in ("in", "rec")}
        self.eps_a = {k: np.zeros(self.w[k].shape) for k in ("in", "rec")}
        self.e_bar = {k: np.zeros(self.w[k].shape) for k in ("in", "rec")}
        self.z_bar, self.psi = np.zeros(n), np.zeros(n)

    def step(self, x, target, gate=1.0, learn=True):
        """A step; returns y - target, or softmax(y) - target."""
        p, before = self.net, self.z
        held, self.wait = self.wait > 0, np.maximum(self.wait - 1, 0)
        after = self.v - p.v_subtract * before
        self.v = np.where(held, after, p.alpha * after + p.lam * (self.w["in"] @ x + self.w["rec"] @ before))
        self.a = p.rho * self.a + before
        u = self.v - p.theta - p.beta * self.a
        self.z = ((u > 0) & ~held).astype(float)
        self.wait = np.where(self.z > 0, p.n_ref, self.wait)
        psi_before, self.psi = self.psi, np.where(held, 0, p.gamma * np.maximum(0, 1 - np.abs(u / p.theta)) / p.theta)
        self.y = p.kappa * self.y + p.lam_out * (self.w["out"] @ self.z)
        error = self.error(target) * gate
        self.rate = p.keep_rate * self.rate + (1 - p.keep_rate) * self.z
        feedback = self.w["out"].T if self.feedback is None else self.feedback
        signal, push = feedback @ error, p.rate_reg * (self.rate - p.target_rate)
        beta = np.broadcast_to(p.beta, self.psi.shape)[:, None]
        for name, arrived in (("in", x), ("rec", before)):
            old = psi_before[:, None] * (self.eps_v[name] - beta * self.eps_a[name])
            self.eps_a[name] = p.rho * self.eps_a[name] + old
            self.eps_v[name] = p.alpha * self.eps_v[name] + p.lam * arrived[None, :]
            e = self.psi[:, None] * (self.eps_v[name] - beta * self.eps_a[name])
            self.e_bar[name] = p.kappa * self.e_bar[name] + p.lam_out * e
            self.g[name] += learn * (signal[:, None] * self.e_bar[name] + push[:, None] * e)
        self.z_bar = p.kappa * self.z_bar + p.lam_out * self.z
        self.g["out"] += learn * np.outer(error, self.z_bar)
        return error

    def error(self, target):
        if not self.net.softmax:
            return self.y - target
        share = np.exp(self.y - self.y.max())
        return share / share.sum() - target

    def descend(self, rate, share=1.0, adam=None):
        """w -= rate share g, or a step of Adam with (beta_1, beta_2, epsilon)."""
        self.updates += 1
        for name, g in self.g.items():
            now = share * g
            if adam is not None:
                b1, b2, epsilon = adam
                m, q = self.moments.get(name, (0.0, 0.0))
                m, q = b1 * m + (1 - b1) * now, b2 * q + (1 - b2) * now**2
                self.moments[name] = m, q
                now = m / (1 - b1**self.updates) / (np.sqrt(q / (1 - b2**self.updates)) + epsilon)
            self.w[name] = np.where(self.learns[name], self.w[name] - rate * now, self.w[name])
            self.g[name] = np.zeros(g.shape)
