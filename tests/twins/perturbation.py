"""Weights that are perturbed, from the equations of `WeightPerturbation`, in float64."""

import math

import numpy as np

from tests.twins import kernels
from tests.twins.learning import Twin


class PerturbedTwin(Twin):
    """A projection: w, xi, e and what is transmitted, (n_pre, n_post) each; `chance` is seed and stream."""

    def __init__(self, rule, w, exists, dt, substeps, chance):
        super().__init__(rule, w, exists, dt, substeps)
        self.xi, self.transmitted, self.chance = np.zeros(w.shape), w.copy(), chance

    def draws(self, k):
        """Of presynaptic neuron i the draws from i ceil(n_post / 4) 4 on, one for each of its synapses."""
        n_pre, n_post = self.w.shape
        width = 4 * math.ceil(n_post / 4)
        rows = kernels.normals(n_pre * width, *self.chance, 0, k, 0).reshape(n_pre, width)
        out = np.zeros(self.w.shape)
        for i, synapses in enumerate(self.exists):
            out[i, synapses] = rows[i, : synapses.sum()]
        return out

    def perturb(self, k, learn=True):
        """After `ahead`, in the first step k of a tick."""
        r, span = self.rule, self.tick * self.dt
        keep, keep_e = (math.exp(-span / tau) if tau else 0.0 for tau in (r.tau, r.tau_e))
        noise = keep * self.xi + r.std * math.sqrt(1 - keep**2) * self.draws(k) if k else r.std * self.draws(k)
        self.xi = noise if learn else np.zeros(self.w.shape)
        self.e = keep_e * self.e + self.xi
        self.transmitted = self.w + self.xi
