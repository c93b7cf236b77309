"""Networks, and checks of gradients by differences, for the tests of surrogate gradients."""

from neurobot.program import build
from neurobot.spec import ALIF, IF, LI, LIF, CubaLIF, Input, NetworkSpec, Population, Projection
from neurobot.train.surrogate import Atan, FastSigmoid, Rectangular, Seeds, Sigmoid, Triangular

DT = 1e-3
SURROGATES = [
    FastSigmoid(slope=3.0),
    Atan(slope=2.0),
    Triangular(slope=0.7),
    Rectangular(slope=0.6),
    Sigmoid(slope=4.0),
]


def spread(rng, low, high, n):
    return tuple(rng.uniform(low, high, n))


def models(rng, n, **kind):
    """One of each model, with parameters of its own for every neuron."""
    mem = {"tau_mem": spread(rng, 4e-3, 1e-2, n), "v_threshold": spread(rng, 0.6, 0.9, n), "v_leak": 0.05, **kind}
    return {
        "IF": IF(input="jump", v_threshold=mem["v_threshold"], **kind),
        "LIF": LIF(input="jump_then_decay", **mem),
        "current": LIF(input="current", r=4.0, **mem),
        "CubaLIF": CubaLIF(tau_syn=spread(rng, 3e-3, 8e-3, n), input="start", w_in=2.0, **mem),
        "held": CubaLIF(tau_syn=5e-3, input="held", r=3.0, **mem),
        "ALIF": ALIF(beta=0.3, tau_theta=6e-3, b=0.4, tau_w=9e-3, input="jump", r=0.5, **mem),
    }


def looped(model, rng, n=5, n_in=4):
    """in -> a -> b -> LI, a and b hear from themselves and each other, in also reaches b late."""

    def weights(post, pre, size=0.6):
        return rng.normal(0.15, size, (post, pre))

    populations = (
        Population("a", n, model, bias=0.1, v_init=0.1),
        Population("in", n_in, Input()),
        Population("b", 3, LIF(tau_mem=5e-3, input="jump", v_threshold=0.8, reset="subtract")),
        Population("out", 2, LI(tau_mem=8e-3, input="jump")),
    )
    projections = (
        Projection("a", "a", weights(n, n, 0.3), delay=2 * DT),
        Projection("in", "a", weights(n, n_in), delay=DT),
        Projection("a", "b", weights(3, n)),
        Projection("b", "a", weights(n, 3, 0.3), delay=DT),
        Projection("in", "b", weights(3, n_in), delay=3 * DT),
        Projection("b", "out", weights(2, 3)),
        Projection("a", "out", weights(2, n), delay=DT),
    )
    return build(NetworkSpec(DT, populations, projections))


def random_seeds(rng, steps, batch, spikes, membranes):
    """Gradients of a loss that is linear in everything; sizes by population."""
    return Seeds(
        {name: rng.normal(size=(steps, batch, n)) for name, n in spikes.items()},
        {name: rng.normal(size=(steps, batch, n)) for name, n in membranes.items()},
    )


def loss(trace, seeds):
    total = sum((g * trace.spikes(name)).sum() for name, g in seeds.spikes.items())
    return total + sum((g * trace.v(name)).sum() for name, g in seeds.v.items())


def difference(stack, inputs, seeds, name, direction, h=1e-6):
    """The slope of the loss along a direction of one variable, by central differences."""
    start, found = stack.values[name].copy(), []
    for sign in (1, -1):
        stack.values[name][...] = start + sign * h * direction
        found.append(loss(stack.forward(inputs), seeds))
    stack.values[name][...] = start
    return (found[0] - found[1]) / (2 * h)
