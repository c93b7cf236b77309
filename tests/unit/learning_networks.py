"""Small networks whose spikes are given on both sides of a projection that learns."""

import numpy as np

from neurobot.core import HostCore
from neurobot.program import build
from neurobot.spec import (
    IF,
    LI,
    LIF,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    EProp,
    Input,
    Limits,
    NetworkSpec,
    Poisson,
    Population,
    Projection,
    Rate,
    Sparse,
)

DT = 1e-3
NAME = "in->out"
TRACE, READ = LI(tau_mem=10e-3, input="jump"), ("readout", "target")


def forced(rule, w, sparse=False, dt=DT, **more):
    """A program in which `out` spikes whenever `force` does, and never else; w is (n_post, n_pre)."""
    w = np.asarray(w, float)
    n_post, n_pre = w.shape
    post, pre = np.nonzero(np.ones(w.shape))
    weights = Sparse(post, pre, w[post, pre]) if sparse else w
    populations = (
        Population("in", n_pre, Input()),
        Population("force", n_post, Input()),
        Population("out", n_post, IF(v_threshold=1e9, input="jump")),
    )
    between = (
        Projection("in", "out", weights, rule=rule, **more),
        Projection("force", "out", np.eye(n_post) * 2e9),
    )
    return build(NetworkSpec(dt, populations, between))


def weight_after(program, pre, post, steps, rewards=None):
    """The weight of a projection of one synapse after steps with spikes in some of them."""
    core = HostCore(program, "float64", learn=True)
    for k in range(steps):
        core.tick(np.array([k in pre, k in post]), (rewards or {}).get(k, 0.0))
    return float(core.block(f"{NAME}.w").reshape(-1)[0])


def controller(rule, n=4, hidden=6, substeps=5, seed=1, weights=(0.2, 0.6), **more):
    """A controller of n inputs whose projection `in->out` learns."""
    rng = np.random.default_rng(seed)
    between = (Projection("in", "out", rng.uniform(*weights, (hidden, 2 * n)), rule=rule, **more),)
    populations = (Population("in", 2 * n, Input()), Population("out", hidden, IF(input="jump", v_threshold=1.0)))
    if isinstance(rule, EProp):  # the read-out is to follow what two inputs do
        model = LIF(tau_mem=20e-3, input="jump", reset="subtract")
        populations = (populations[0], Population("out", hidden, model), *(Population(x, 2, TRACE) for x in READ))
        between += (Projection("out", READ[0], rng.normal(0, 1, (2, hidden))),)
        between += (Projection("in", READ[1], np.eye(2, 2 * n)),)
    spec = ControllerSpec(
        encoder=Encoder(
            population="in", field=Direct(range=Bounds(low=-1, high=1)), code=Poisson(max_rate=400.0), size=n
        ),
        network=NetworkSpec(DT, populations, between),
        decoder=Rate(population="out", size=2, push_pull=False, limits=Limits(low=-1, high=1)),
        substeps=substeps,
    )
    return build(spec, seed=7)
