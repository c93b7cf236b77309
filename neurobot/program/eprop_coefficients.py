"""From `EProp` to the numbers that its ops take."""

from __future__ import annotations

import math

import numpy as np

from neurobot.program.coefficients import coefficients
from neurobot.spec.eprop import EProp
from neurobot.spec.network import NetworkSpec, Projection


def eprop_coefficients(q: Projection, rule: EProp, network: NetworkSpec) -> dict[str, np.ndarray]:
    """Numbers of the rule by the names of their blocks; random feedback is (n_post, n_out).

    The same seed draws the same feedback for a neuron of any projection, so that all that ends at a neuron learns by
    one signal.
    """
    dt, post, readout = network.dt, network.population(q.post), network.population(rule.readout)
    own, out = coefficients(post, dt), coefficients(readout, dt)
    slope = 1.0 if q.post == rule.readout else rule.slope or 1 / own["theta"][0]
    found = {
        "eprop": np.array([
            own["alpha"][0], own["lam"][0], out["alpha"][0], out["lam"][0], rule.gamma, slope,
            rule.rate_reg, math.exp(-dt / rule.tau_rate), rule.target_rate * dt,
        ]),
        "descent": np.array([rule.rate, 1 - rule.beta_1, 1 - rule.beta_2, rule.epsilon, float(rule.episodes)]),
    }  # fmt: skip
    if q.post != rule.readout and rule.feedback == "random":
        chance = np.random.Generator(np.random.Philox(key=rule.feedback_seed))
        found["feedback"] = rule.feedback_std * chance.standard_normal((post.n, readout.n))
    return found
