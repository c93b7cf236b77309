"""Networks that learn by e-prop, beside the twin that is to do the same."""

from dataclasses import dataclass, replace
from math import exp
from typing import Any

import numpy as np

from neurobot.core import HostCore
from neurobot.program import Program, build
from neurobot.spec import ALIF, LI, LIF, EProp, Input, NetworkSpec, Population, Projection, Sparse
from tests.twins.eprop import Net, Twin

DT, N_IN, N, N_OUT, TAU_OUT = 1e-3, 4, 6, 3, 15e-3
EXACT = LI(tau_mem=DT / 40)
"""A read-out of what comes in now: exp(-40) is lost beside 1."""


@dataclass
class Case:
    program: Program
    twin: Twin
    rule: EProp
    x: np.ndarray
    target: np.ndarray
    gate: np.ndarray


def case(rule=None, adaptive=False, t_ref=0.0, jump="current", dense=False, seed=0, steps=60, gate=False):
    """A recurrent network whose three projections learn, its twin, and what both are given; w [post, pre]."""
    rng = np.random.default_rng(seed)
    rule = replace(rule or EProp(readout="out", target="target"), gate="gate" if gate else None)
    gain = 1.0 if jump == "jump" else 20.0
    w = {"in": gain * rng.normal(0.4, 0.4, (N, N_IN)), "rec": gain * rng.normal(0, 0.3, (N, N)) * (1 - np.eye(N))}
    w["out"] = rng.normal(0, 1.0, (N_OUT, N))
    learns = {"rec": np.ones((N, N), bool) if dense else ~np.eye(N, dtype=bool)}
    beta = np.where(np.arange(N) % 2, 0.4, 0.0)
    common: Any = {
        "tau_mem": 20e-3,
        "reset": "subtract",
        "t_ref": t_ref,
        "input": jump,
        "v_threshold": 0.8,
        "v_subtract": 0.9,
    }
    model = ALIF(**common, beta=tuple(beta), tau_theta=50e-3) if adaptive else LIF(**common)
    post, pre = np.nonzero(learns["rec"])
    populations = (
        Population("in", N_IN, Input()), Population("rec", N, model), Population("out", N_OUT, LI(tau_mem=TAU_OUT)),
        Population("target", N_OUT, EXACT), Population("gate", 1, EXACT),
    )  # fmt: skip
    recurrent = w["rec"] if dense else Sparse(post, pre, w["rec"][post, pre])
    projections = (
        Projection("in", "rec", w["in"], rule=rule),
        Projection("rec", "rec", recurrent, delay=DT, rule=rule),
        Projection("rec", "out", w["out"], rule=rule),
    )
    alpha, kappa, rho = exp(-DT / 20e-3), exp(-DT / TAU_OUT), exp(-DT / 50e-3) if adaptive else 0.0
    net = Net(
        alpha, 1.0 if jump == "jump" else 1 - alpha, kappa, 1 - kappa, 0.8, 0.9, rule.gamma, rho,
        rho * beta if adaptive else 0.0, round(t_ref / DT), rule.rate_reg, exp(-DT / rule.tau_rate),
        rule.target_rate * DT, rule.loss == "cross_entropy",
    )  # fmt: skip
    program = build(NetworkSpec(DT, populations, projections))
    feedback = program.param("in->rec.feedback") if rule.feedback == "random" else None
    learns |= {k: np.ones(w[k].shape, bool) for k in ("in", "out")}
    x, target = rng.random((steps, N_IN)) < 0.25, rng.normal(0, 1, (steps, N_OUT))
    return Case(program, Twin(net, w, learns, feedback), rule, x, target, rng.random(steps) if gate else np.ones(steps))


class Driven:
    """A core of a `case`, given targets as currents."""

    def __init__(self, given, dtype="float64", learn=True):
        self.core, self.given = HostCore(given.program, dtype, learn=learn), given

    def step(self, k):
        self.core.param("target.b")[...] = self.given.target[k]
        self.core.param("gate.b")[...] = self.given.gate[k]
        assert self.core.tick(self.given.x[k].astype(float)) == 0

    def weights(self):
        """By the twin's names, [post, pre]."""
        w = {name: self.core.block(f"{a}->{b}.w") for name, a, b in PLACES}
        if w["rec"].ndim == 1:
            s = self.given.program.synapses_of("rec->rec")
            full = np.zeros((N, N))
            full[np.repeat(np.arange(N), np.diff(s.indptr)), s.indices] = w["rec"]
            w["rec"] = full
        return {name: matrix.T.astype(float) for name, matrix in w.items()}


PLACES = (("in", "in", "rec"), ("rec", "rec", "rec"), ("out", "rec", "out"))


def follow(given, dtype, **close):
    """Learn online beside the twin, with `learn` off now and then, and compare all weights in every step; returns how
    many spikes there were."""
    driven, twin, rule, spikes = Driven(given, dtype), given.twin, given.rule, 0
    every = round((rule.interval or DT) / DT)
    adam = (rule.beta_1, rule.beta_2, rule.epsilon) if rule.descent == "adam" else None
    for k in range(len(given.x)):
        learn = driven.core.learn = k % 20 < 15
        if k and k % every == 0 and learn:
            twin.descend(rule.rate, adam=adam)
        driven.step(k)
        twin.step(given.x[k].astype(float), given.target[k], given.gate[k], learn)
        spikes += twin.z.sum()
        for key, w in driven.weights().items():
            np.testing.assert_allclose(w, twin.w[key], **close, err_msg=f"{key} in step {k}")
    return spikes
