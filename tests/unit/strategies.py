"""Random networks and controllers. Hypothesis picks their structure, a seeded generator their numbers."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from neurobot.program import Program, build
from neurobot.spec import (
    IF,
    LI,
    LIF,
    Bounds,
    Burst,
    ControllerSpec,
    CubaLIF,
    Current,
    Delta,
    Dense,
    Direct,
    Encoder,
    FilteredRate,
    FirstSpike,
    FixedProbability,
    Gaussian,
    Highest,
    Input,
    Latency,
    Limits,
    Membrane,
    NetworkSpec,
    Noise,
    Normal,
    Normalizer,
    OneHot,
    OneToOne,
    Phase,
    Poisson,
    Population,
    PopulationVector,
    Projection,
    Rate,
    Regular,
    Sparse,
    TsodyksMarkram,
    WinnerTakeAll,
)
from neurobot.spec.neurons import receptors

DT = 1e-3


def examples(n):
    """The settings of all property tests: few examples, the same in every run, no deadline."""
    return settings(max_examples=n, deadline=None, derandomize=True, print_blob=False, database=None)


@dataclass(frozen=True)
class Case:
    """A controller to run: its spec, its program, its synapses as (pre, post, weight, delay in steps)."""

    spec: ControllerSpec
    program: Program = field(repr=False)
    synapses: dict = field(repr=False)


def model(draw, rng, n):
    kind = draw(st.sampled_from([IF, LIF, CubaLIF]))

    def number(low, high):
        return tuple(rng.uniform(low, high, n)) if draw(st.booleans()) else float(rng.uniform(low, high))

    given = {"r": number(0.5, 2), "v_threshold": number(0.4, 1), "reset": draw(st.sampled_from(["value", "subtract"]))}
    if given["reset"] == "value":
        given["v_reset"] = number(-0.3, 0.3)
    elif draw(st.booleans()):
        given["v_subtract"] = number(0.3, 1.2)
    if draw(st.booleans()):
        given["t_ref"] = tuple(DT * rng.integers(0, 5, n)) if draw(st.booleans()) else 3 * DT
    if kind is not IF:
        given |= {"tau_mem": number(2e-3, 2e-2), "v_leak": number(-0.1, 0.1)}
    if kind is CubaLIF:
        syn = given["tau_mem"] if draw(st.booleans()) else number(2e-3, 2e-2)
        kinds = ["start", "end", "unscaled", "held"]
        given |= {"tau_syn": syn, "w_in": number(0.5, 2), "input": draw(st.sampled_from(kinds))}
        if draw(st.booleans()):
            given["tau_syn_in"] = number(2e-3, 2e-2)
    else:
        given["input"] = draw(st.sampled_from(["current", "jump", "jump_then_decay"]))
    return kind(**given)


def noise(draw, rng, n):
    kind = draw(st.sampled_from(["none", "none", "white", "slow", "mixed"]))
    tau = {"white": 0.0, "slow": 5e-3, "mixed": tuple(rng.choice([0.0, 2e-3, 1e-2], n))}
    return None if kind == "none" else Noise(std=tuple(rng.uniform(0, 0.5, n)), tau=tau[kind])


def weights(draw, rng, n_pre, n_post, least, held):
    """Weights, their projection's delay, and the synapses they stand for; None where a rule draws them."""
    size = 1.5 / np.sqrt(n_pre)
    kinds = ["dense", "sparse", "rule", "thin"] + ([] if held else ["delayed", "dense delayed"])
    kinds += ["one"] if n_pre == n_post else []
    kind = draw(st.sampled_from(kinds))
    steps = draw(st.integers(least, 4))
    if kind == "rule":
        return FixedProbability(p=0.6, weight=Normal(std=size)), steps, None
    if kind == "thin":
        return FixedProbability(p=0.08, weight=3.0), steps, None
    if kind == "one":
        return OneToOne(weight=1.2), steps, [(j, j, 1.2, steps) for j in range(n_pre)]
    if kind in ("dense", "dense delayed"):
        w = rng.normal(0.1, size, (n_post, n_pre))
        d = rng.integers(least, 7, w.shape) if kind == "dense delayed" else np.full(w.shape, steps)
        listed = [(j, i, w[i, j], int(d[i, j])) for j in range(n_pre) for i in range(n_post)]
        return Dense(w, d * DT if kind == "dense delayed" else None), steps, listed
    m = draw(st.integers(0, 2 * n_pre))
    pre, post, w = rng.integers(0, n_pre, m), rng.integers(0, n_post, m), rng.normal(0.2, 2 * size, m)
    d = rng.integers(least, 7, m) if kind == "delayed" else np.full(m, steps)
    listed = list(zip(pre.tolist(), post.tolist(), w.tolist(), d.tolist(), strict=True))
    return Sparse(post, pre, w, d * DT if kind == "delayed" else None), 0 if kind == "delayed" else steps, listed


def short_term(draw, rng):
    if draw(st.integers(0, 2)):
        return None
    tau_rec, tau_facil = (draw(st.sampled_from([0.0, 5e-3, 0.1])) for _ in range(2))
    return TsodyksMarkram(u=float(rng.uniform(0.1, 1)), tau_rec=tau_rec, tau_facil=tau_facil)


CODES = [
    Regular(),
    Regular(max_rate=400.0),
    Poisson(max_rate=300.0),
    Current(gain=1.3),
    Latency(threshold=0.2),
    Latency(curve="logarithmic"),
    Delta(delta=0.15),
    Phase(bits=3),
    Burst(max_spikes=3),
    Burst(max_spikes=2, t_min=2e-3, t_max=3e-3, threshold=0.0),
]


def encoder(draw, rng, size):
    code = draw(st.sampled_from(CODES))
    if draw(st.booleans()):
        span = Bounds(low=-1.0, high=tuple(rng.uniform(0.5, 2, size)))
    else:
        span = Normalizer(clip=2.0, mean=tuple(rng.normal(0, 0.3, size)), std=0.7)
    kind = Direct if isinstance(code, Delta) else draw(st.sampled_from([Gaussian, OneHot, Direct]))
    if kind is Direct:
        channels = Direct(range=span, push_pull=draw(st.booleans()) or not isinstance(code, Current))
    else:
        channels = kind(range=span, per_dim=draw(st.integers(2, 5)))
    return Encoder(population="in", field=channels, code=code, size=size)


def decoder(draw, size):
    limits = Limits(low=-0.4, high=0.7, rest=0.1, slew=draw(st.sampled_from([None, 30.0])), on_hold="damp")
    given = {"population": "out", "size": size}
    kinds = [Rate, FilteredRate, Membrane, PopulationVector, WinnerTakeAll, FirstSpike, Highest]
    kind = draw(st.sampled_from(kinds))
    if kind in (WinnerTakeAll, FirstSpike, Highest):
        return kind(**given, rest=size - 1)
    given |= {"gain": draw(st.sampled_from([1.0, -3.0])), "limits": limits}
    if kind is PopulationVector:
        return kind(**given, preferred=draw(st.sampled_from([None, (0.5,), (-1.0, 0.2, 1.0)])))
    given["push_pull"] = draw(st.booleans())
    if kind is FilteredRate:
        return kind(**given, tau=4e-3)
    return kind(**given, squash=draw(st.sampled_from(["clip", "tanh"]))) if kind is Membrane else kind(**given)


def group(draw, out):
    """Neurons for each dimension of a decoder."""
    if isinstance(out, PopulationVector):
        return draw(st.integers(2, 4)) if out.preferred is None else len(out.preferred)
    return draw(st.integers(1, 3)) * (2 if getattr(out, "push_pull", False) else 1)


@st.composite
def cases(draw):
    """A random controller with one to three populations between input and read-out."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    into = encoder(draw, rng, draw(st.integers(1, 4)))
    out = decoder(draw, draw(st.integers(1, 3)))
    sizes = [draw(st.integers(1, 11)) for _ in range(draw(st.integers(1, 3)))]
    carries = [draw(st.sampled_from([None, None, 0.0, 0.7, 1.0])) for _ in sizes]
    populations = [
        Population(
            f"h{m}", n, model(draw, rng, n), bias=float(rng.uniform(0, 1.5)), noise=noise(draw, rng, n), carry=own
        )
        for m, (n, own) in enumerate(zip(sizes, carries, strict=True))
    ]
    at = draw(st.integers(0, len(populations)))  # an Input may be declared anywhere
    populations.insert(at, Population("in", into.field.channels(into.size), Input()))
    n_out = out.size * group(draw, out)
    last = LI(tau_mem=5e-3, v_leak=0.05) if isinstance(out, Membrane | Highest) else model(draw, rng, n_out)
    differ = tuple(rng.uniform(0.01, 0.03, n_out))  # or Highest may meet equals, whose order is that of rounding
    populations.append(Population("out", n_out, last, v_init=differ))
    pairs = [
        (i, j) for i, p in enumerate(populations) for j, q in enumerate(populations) if p.spikes and q.name != "in"
    ]
    pairs = [pair for pair in pairs if draw(st.booleans())]
    projections, known = [], {}
    for i, j in pairs:
        pre, post = populations[i], populations[j]
        held = isinstance(into.code, Current) and pre.name == "in"
        w, steps, listed = weights(draw, rng, pre.n, post.n, int(j <= i), held)
        receptor = draw(st.sampled_from(receptors(post.model)))
        stp = None if held else short_term(draw, rng)
        projections.append(Projection(pre.name, post.name, w, delay=steps * DT, receptor=receptor, stp=stp))
        known[projections[-1].name] = (listed, steps)
    network = NetworkSpec(DT, tuple(populations), tuple(projections))
    carry = draw(st.sampled_from([1.0, 0.0, 0.3]))
    spec = ControllerSpec(encoder=into, network=network, decoder=out, substeps=draw(st.integers(1, 5)), carry=carry)
    program = build(spec, seed=draw(st.integers(0, 2**40)))
    synapses = {
        name: listed if listed is not None else drawn(program, name, steps) for name, (listed, steps) in known.items()
    }
    return Case(spec, program, synapses)


def drawn(program, name, steps):
    """What a rule drew, which has no twin here; see the tests of `draw`."""
    w = program.weights(name)
    return [(int(j), int(i), w[i, j], steps) for i, j in np.argwhere(w)]


def observations(seed, n, size):
    """Observations of n ticks, some of them outside of the range."""
    return np.random.default_rng(seed).normal(0, 0.8, (n, size))
