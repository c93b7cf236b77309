"""Weights that are perturbed, from the equations of `WeightPerturbation`, in float64."""

import math

import numpy as np

from tests.twins import kernels
from tests.twins.learning import Twin


class PerturbedTwin(Twin):
    """A projection: w, xi, e and what is transmitted, (n_pre, n_post) each; `chance` is seed and stream."""

    def __init__(self, rule, w, exists, dt, substeps, chance):
        super().__init__(rule, w, exists, dt, substeps)
        self.xi, self.transmitted, self.chance, self.mean = np.zeros(w.shape), w.copy(), chance, rule.usual

    def draws(self, k):
        """Of presynaptic neuron i the draws from i ceil(n_post / 4) 4 on, one for each of its synapses."""
        n_pre, n_post = self.w.shape
        width = 4 * math.ceil(n_post / 4)
        rows = kernels.normals(n_pre * width, *self.chance, 0, k, 0).reshape(n_pre, width)
        out = np.zeros(self.w.shape)
        for i, synapses in enumerate(self.exists):
            out[i, synapses] = rows[i, : synapses.sum()]
        return out

    def share(self, k, reward):
        """Of its noise, by the running mean of the rewards of late, which is what is usual at first."""
        if self.rule.usual is None:
            return 1.0
        keep = math.exp(-self.tick * self.dt / self.rule.tau_mean)
        self.mean = keep * self.mean + (1 - keep) * reward if k else self.mean
        return np.clip(1 - self.mean / self.rule.usual, 0, 1)

    def perturb(self, k, reward=0.0, learn=True):
        """After `ahead`, in the first step k of a tick."""
        r, span, share = self.rule, self.tick * self.dt, self.share(k, reward)
        keep, keep_e = (math.exp(-span / tau) if tau else 0.0 for tau in (r.tau, r.tau_e))
        std = share * r.std
        noise = keep * self.xi + std * math.sqrt(1 - keep**2) * self.draws(k) if k else std * self.draws(k)
        self.xi = noise if learn else np.zeros(self.w.shape)
        self.e = keep_e * self.e + self.xi
        self.transmitted = self.w + self.xi
