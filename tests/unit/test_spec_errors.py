"""What a description that cannot be run is told: every message, with what was given and what is allowed."""

import math
import re

import numpy as np
import pytest

from neurobot.errors import NeurobotError, SpecError, near
from neurobot.program import build
from neurobot.spec import (
    ALIF,
    IF,
    LI,
    LIF,
    AdEx,
    AllToAll,
    AlphaLIF,
    Bounds,
    Burst,
    CobaLIF,
    ControllerSpec,
    CubaLIF,
    Current,
    Delta,
    Dense,
    Direct,
    Encoder,
    FanIn,
    FilteredRate,
    FirstSpike,
    FixedProbability,
    Gaussian,
    Highest,
    Input,
    Izhikevich,
    Latency,
    Limits,
    Membrane,
    NetworkSpec,
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
    Uniform,
    WinnerTakeAll,
)

DT = 1e-3


def net(*projections, dt=DT, n_in=4, n_h=3, out=None, more=()):
    """in -> h -> out."""
    out = out or LI(tau_mem=0.01)
    populations = (Population("in", n_in, Input()), Population("hidden", n_h, LIF(tau_mem=0.01)), *more)
    return NetworkSpec(dt, (*populations, Population("out", 2, out)), projections)


def to(pre, post, weights=None, delay=0.0):
    return Projection(pre, post, AllToAll() if weights is None else weights, delay)


def control(network=None, encoder=None, decoder=None, substeps=5, **given):
    limits = Limits(low=-1.0, high=1.0)
    return ControllerSpec(
        encoder=encoder or Encoder(population="in", field=Direct(range=Bounds(low=-1, high=1)), size=2),
        network=network or net(),
        decoder=decoder or Membrane(population="out", size=2, limits=limits),
        substeps=substeps,
        **given,
    )


WIDE = Bounds(low=-1, high=1)

CASES = [
    # numbers
    (lambda: LIF(tau_mem=0), "LIF: tau_mem is 0, it must be greater than 0"),
    (lambda: LIF(tau_mem=-1.0), "tau_mem is -1, it must be greater than 0"),
    (lambda: LIF(tau_mem=math.nan), "tau_mem is nan, it must be finite"),
    (lambda: LIF(tau_mem="fast"), "tau_mem is 'fast', it must be a number"),
    (lambda: LIF(tau_mem=True), "tau_mem is True, it must be a number"),
    (lambda: LIF(tau_mem=None), "tau_mem is None, it must be a number"),
    (lambda: LIF(tau_mem=(0.1, math.inf)), "tau_mem[1] is inf, it must be finite"),
    (lambda: LIF(tau_mem=[]), "tau_mem is empty, give one number or one per neuron"),
    (lambda: LIF(tau_mem=0.1, t_ref=-1e-3), "t_ref is -0.001, it must be at least 0"),
    (lambda: IF(v_subtract=0.0, reset="subtract"), "v_subtract is 0, it must be greater than 0"),
    (lambda: CubaLIF(tau_mem=0.1, tau_syn=0.0), "tau_syn is 0, it must be greater than 0"),
    # models
    (lambda: LIF(tau_mem=0.1, reset="soft"), "reset is 'soft'; known: subtract, value"),
    (lambda: LIF(tau_mem=0.1, input="jmp"), "input is 'jmp'; did you mean 'jump'"),
    (lambda: CubaLIF(tau_mem=0.1, tau_syn=0.1, input="jump"), "input is 'jump'; known: end, held, start, unscaled"),
    (lambda: LIF(tau_mem=0.1, v_reset=2.0), "v_reset is 2.0, above v_threshold 1.0: the neuron would spike for ever"),
    (lambda: LIF(tau_mem=0.1, v_reset=(0.0, 2.0)), "above v_threshold"),
    (lambda: AlphaLIF(tau_mem=0.1, tau_syn=0), "AlphaLIF: tau_syn is 0, it must be greater than 0"),
    (lambda: AlphaLIF(tau_mem=0.1, tau_syn=0.1, input="unscaled"), "input is 'unscaled'; known: end, start"),
    (
        lambda: CobaLIF(
            c_m=0, g_leak=1, v_leak=0, v_threshold=1, v_reset=0, e_ex=5, e_in=-1, tau_syn=0.1, tau_syn_in=0.1
        ),
        "CobaLIF: c_m is 0, it must be greater than 0",
    ),
    (lambda: AdEx(tau_syn=2e-3, v_reset=0.01), "v_reset is 0.01, above v_peak 0.0: the neuron would spike for ever"),
    (lambda: AdEx(tau_syn=2e-3, v_t=0.01), "v_t is 0.01, above v_peak 0.0: there is no upswing to v_peak"),
    (lambda: AdEx(tau_syn=2e-3, delta_t=0), "AdEx: delta_t is 0, it must be greater than 0"),
    (lambda: AdEx(tau_syn=2e-3, a=-1e-6), "a is -1e-06, it must be above -g_leak, -3e-08: v and w would run away"),
    (lambda: AdEx(tau_syn=2e-3, e_in=-0.08), "e_in is needed where there are e_ex and tau_syn_in, and only there"),
    (lambda: AdEx(tau_syn=2e-3, tau_syn_in=5e-3, e_ex=0), "e_in is needed where there are e_ex and tau_syn_in"),
    (
        lambda: NetworkSpec(3e-3, (Population("a", 1, AdEx(tau_syn=2e-3)),)),
        "dt is 0.003 s, AdEx with these parameters is integrated in steps of at most 0.00206618 s",
    ),
    (
        lambda: build(net(to("in", "out", np.full((2, 4), -1.0)), out=AdEx(tau_syn=2e-3, e_ex=0.0))),
        "projection 'in->out': there is a weight -1, but weights into AdEx are conductances, at least 0",
    ),
    (lambda: ALIF(tau_mem=0.1, tau_w=0), "ALIF: tau_w is 0, it must be greater than 0"),
    (lambda: ALIF(tau_mem=0.1, tau_theta=-1), "ALIF: tau_theta is -1, it must be greater than 0"),
    (lambda: Izhikevich(a=1.5), "Izhikevich: a is 1.5, it must be at most 1"),
    (lambda: Izhikevich(c=40), "c is 40.0, above v_threshold 30.0: the neuron would spike for ever"),
    (lambda: Izhikevich(u_init="x"), "u_init is 'x', it must be a number"),
    (lambda: Izhikevich(scheme="rk4"), "scheme is 'rk4'; known: euler, half_steps"),
    (
        lambda: NetworkSpec(2e-3, (Population("a", 1, Izhikevich()),)),
        "population 'a': dt is 0.002 s, Izhikevich with these parameters is integrated in steps of at most 0.001 s",
    ),
    (lambda: LIF(tau_mem=0.1, v_subtract=0.5), 'v_subtract is given but reset is "value"; it needs reset="subtract"'),
    # populations
    (lambda: Population("", 1, Input()), "a name is 1 to 100 characters, without '->'"),
    (lambda: Population("a->b", 1, Input()), "a name is 1 to 100 characters, without '->'"),
    (lambda: Population("x" * 101, 1, Input()), "a name is 1 to 100 characters"),
    (lambda: Population(5, 1, Input()), "a name is 1 to 100 characters"),
    (lambda: Population("a", 1.5, Input()), "population 'a': n is 1.5, it must be a whole number"),
    (lambda: Population("a", True, Input()), "n is True, it must be a whole number"),
    (lambda: Population("a", -1, Input()), "n is -1, it must be at least 0"),
    (lambda: Population("a", 10_000_001, Input()), "n is 10000001, at most 10000000 are allowed"),
    (lambda: Population("a", 1, "LIF"), "model is 'LIF', it must be one of Input, IF, LIF, CubaLIF, LI"),
    (lambda: Population("a", 3, LIF(tau_mem=(0.1, 0.2))), "tau_mem has 2 values, it must have one or 3"),
    (lambda: Population("a", 3, IF(), bias=(1, 2)), "bias has 2 values, it must have one or 3"),
    (lambda: Population("a", 3, IF(), bias=math.nan), "bias is nan, it must be finite"),
    (lambda: Population("a", 3, IF(), v_init="x"), "v_init is 'x', it must be a number"),
    (lambda: Population("a", 3, Input(), bias=1.0), "Input neurons have no dynamics, so neither bias nor v_init"),
    (lambda: Population("a", 3, Input(), v_init=0.0), "Input neurons have no dynamics, so neither bias nor v_init"),
    (lambda: Population("a", 3, Input(), carry=0.0), "Input neurons have no dynamics, so neither bias nor v_init nor"),
    (lambda: Population("a", 3, IF(), carry=1.5), "carry is 1.5, it must be at most 1"),
    (lambda: Population("a", 3, IF(), carry="all"), "carry is 'all', it must be a number"),
    # weights
    (lambda: Dense(np.zeros(3)), "the weights have 1 dimensions, they must be (n_post, n_pre)"),
    (lambda: Dense(np.array([[0, np.nan]])), "the weight [post 0, pre 1] is nan, it must be finite"),
    (lambda: Dense(np.zeros((2, 2)), np.zeros(2)), "delays has shape (2,), it must be that of the weights, (2, 2)"),
    (lambda: Dense([["a"]]), "an array of dtype <U1 is given, it must hold real numbers"),
    (lambda: Dense([[1j]]), "an array of dtype complex128 is given, it must hold real numbers"),
    (lambda: Dense([[1.0], [1.0, 2.0]]), "rows of different lengths make no array"),
    (lambda: Sparse([0], [0, 1], [1.0]), "the arrays must have one length, they have shapes"),
    (lambda: Sparse([0], [0], [np.inf]), "values[0] is inf, it must be finite"),
    (lambda: Sparse([0.5], [0], [1.0]), "an array of dtype float64 is given, it must hold whole numbers"),
    (lambda: Normal(std=-1), "Normal: std is -1, it must be at least 0"),
    (lambda: Uniform(low=1, high=0), "Uniform: low is 1, above high = 0"),
    (lambda: Uniform(low="x"), "low is 'x', it must be a number"),
    (lambda: FanIn(gain=-1), "FanIn: gain is -1, it must be at least 0"),
    (lambda: FixedProbability(p=1.5), "FixedProbability: p is 1.5, it must be at most 1"),
    (lambda: FixedProbability(p=0.5, weight="x"), "weight is 'x', it must be a number"),
    (lambda: AllToAll(weight=math.nan), "AllToAll: weight is nan, it must be finite"),
    (lambda: OneToOne(weight=None), "OneToOne: weight is None, it must be a number"),
    # projections
    (lambda: to("in", "out", delay=-DT), "projection 'in->out': delay is -0.001, it must be at least 0"),
    (lambda: to("in", "out", delay=math.nan), "delay is nan, it must be finite"),
    (lambda: to("in", "out", 3.0), "weights is a float; give an array, Dense, Sparse, AllToAll, OneToOne"),
    (lambda: net(to("inn", "out")), "projection 'inn->out': there is no population 'inn'; did you mean 'in'"),
    (lambda: net(to("in", "hiden")), "there is no population 'hiden'; did you mean 'hidden' or 'in'? known: hidden"),
    (lambda: net(to("hidden", "hidden")), "delay is 0 s towards itself; a spike can arrive within its own step only"),
    (lambda: net(to("hidden", "in")), "'in' is Input and takes spikes from outside only"),
    (lambda: net(to("out", "hidden", delay=DT)), "'out' is LI and never spikes"),
    (lambda: net(to("out", "hidden"), out=IF()), "delay is 0 s towards 'hidden', which is declared before 'out'"),
    (lambda: net(to("in", "out", delay=1.5 * DT)), "delay is 0.0015 s, not a multiple of dt = 0.001 s; the nearest"),
    (lambda: net(to("in", "out", delay=1.5 * DT)), "the nearest are 0.001 and 0.002"),
    (lambda: net(to("in", "out", delay=101.0)), "delay is 101000 steps, at most 100000 are allowed"),
    (lambda: net(to("in", "out", Dense(np.ones((2, 4)), np.full((2, 4), -DT)))), "it must be finite and not negative"),
    (lambda: net(to("in", "out", Dense(np.ones((2, 4)), np.full((2, 4), np.nan)))), "delay is nan s"),
    (lambda: net(to("in", "out", Sparse([0], [0], [1.0], [0.4 * DT]))), "delay is 0.0004 s, not a multiple of dt"),
    (lambda: net(to("in", "out", np.ones((4, 2)))), "weights have shape (4, 2), they must be (n_post, n_pre) = (2, 4)"),
    (lambda: net(to("in", "out", Sparse([2], [0], [1.0]))), "post indices go from 2 to 2, they must be in 0..1"),
    (lambda: net(to("in", "out", Sparse([0], [-1], [1.0]))), "pre indices go from -1 to -1, they must be in 0..3"),
    (lambda: net(to("in", "out", OneToOne())), "OneToOne needs equal sizes, 'in' has 4 and 'out' 2"),
    (lambda: net(to("in", "out"), to("in", "out")), "projection 'in->out' is declared more than once"),
    # networks
    (lambda: net(dt=0.0), "network: dt is 0, it must be greater than 0"),
    (lambda: NetworkSpec(DT, ()), "there is no population"),
    (lambda: net(more=[Population(f"p{k}", 1, IF()) for k in range(1000)]), "1003 populations, at most 1000"),
    (lambda: net(*[to("in", "out")] * 10_001), "there are 10001 projections, at most 10000 are allowed"),
    (lambda: net(more=(Population("in", 1, Input()),)), "population 'in' is declared more than once"),
    (lambda: net(out=IF(t_ref=0.5 * DT)), "population 'out': t_ref is 0.0005 s, not a multiple of dt"),
    (lambda: net(out=IF(t_ref=1e9)), "t_ref is 1e+12 steps, at most 1000000 are allowed"),
    (lambda: net().index("ot"), "there is no population 'ot'; did you mean 'out'"),
    # encoders
    (lambda: Bounds(low=1.0, high=1.0), "dimension 0: low is 1 and high is 1, low must be below high"),
    (lambda: Bounds(low=(0.0, 0.0), high=(1.0, 1.0, 1.0)), "low has 2 values and high 3"),
    (lambda: Bounds(low=-math.inf, high=1.0), "low is -inf, it must be finite"),
    (lambda: Normalizer(clip=0.0), "clip is 0, it must be greater than 0"),
    (lambda: Normalizer(std=(1.0, 0.0)), "std[1] is 0, it must be greater than 0"),
    (lambda: Normalizer(mean="x"), "mean is 'x', it must be a number"),
    (lambda: Normalizer(mean=0.0), "mean and std belong together: give both, or neither to leave them to the trainer"),
    (lambda: Gaussian(per_dim=1), "per_dim is 1, it must be at least 2"),
    (lambda: Gaussian(width=0.0), "width is 0, it must be greater than 0"),
    (lambda: Regular(max_rate=0.0), "Regular: max_rate is 0, it must be greater than 0"),
    (lambda: Poisson(max_rate=-1.0), "Poisson: max_rate is -1, it must be greater than 0"),
    (lambda: Current(gain=math.inf), "Current: gain is inf, it must be finite"),
    (lambda: Latency(threshold=-0.1), "Latency: threshold is -0.1, it must be at least 0"),
    (lambda: Latency(threshold=1.0), "threshold is 1, it must be below 1, the strongest activation"),
    (lambda: Latency(threshold=0.0, curve="logarithmic"), "threshold is 0, whose logarithm is not finite; give one"),
    (lambda: Latency(curve="log"), "curve is 'log'; known: linear, logarithmic"),
    (lambda: Delta(delta=0.0), "Delta: delta is 0, it must be at least 1e-06"),
    (lambda: Delta(delta=1.5), "Delta: delta is 1.5, it must be at most 1"),
    (lambda: Phase(bits=0), "Phase: bits is 0, it must be at least 1"),
    (lambda: Phase(bits=25), "Phase: bits is 25, it must be at most 24"),
    (lambda: Burst(max_spikes=0), "Burst: max_spikes is 0, it must be at least 1"),
    (lambda: Burst(max_spikes=100_001), "max_spikes is 100001, it must be at most 100000"),
    (lambda: Burst(t_min=0.0), "Burst: t_min is 0, it must be greater than 0"),
    (lambda: Burst(t_min=2e-3, t_max=1e-3), "t_max is 0.001 s, it must be at least t_min, 0.002 s"),
    (lambda: Burst(threshold=2.0), "Burst: threshold is 2, it must be below 1, the strongest activation"),
    (lambda: OneHot(per_dim=1), "OneHot: per_dim is 1, it must be at least 2"),
    (lambda: Encoder(field=Gaussian(), code=Delta()), "Delta sends the changes of a dimension through its two"),
    (lambda: Encoder(field=Direct(push_pull=False), code=Delta()), "which only Direct(push_pull=True) has; use it, or"),
    (lambda: Encoder(size=0), "encoder: size is 0, it must be at least 1"),
    (lambda: Encoder(field="Direct"), "field is 'Direct', it must be Direct, Gaussian or OneHot"),
    (lambda: Encoder(field=Direct(range=(0, 1))), "range is (0, 1), it must be Bounds or Normalizer, or None"),
    (lambda: Encoder(code="Regular"), "code is 'Regular', it must be Regular, Poisson, Current, Latency, Delta, Phase"),
    (lambda: Encoder(field=Direct(push_pull=False)), "signed activations, which only the Current code can carry"),
    (lambda: Encoder(field=Direct(range=Bounds(low=(0, 0), high=1)), size=3), "range: low has 2 values, it must have"),
    # decoders
    (lambda: Limits(slew=0.0), "slew is 0, it must be greater than 0"),
    (lambda: Limits(low=math.nan), "low is nan, it must be finite"),
    (lambda: Limits(on_hold="lst"), "on_hold is 'lst'; did you mean 'last'"),
    (lambda: Limits(on_hold=("rest", "lst")), "on_hold is 'lst'; did you mean 'last'"),
    (lambda: Limits(on_hold=()), "on_hold is empty, give one word or one per dimension"),
    (lambda: Rate(size=2, limits=Limits(on_hold=("rest",) * 3)), "limits: on_hold has 3 values, it must have one or 2"),
    (lambda: Rate(size=1.0), "Rate: size is 1.0, it must be a whole number"),
    (lambda: Rate(gain=math.nan), "gain is nan, it must be finite"),
    (lambda: Rate(limits=(0, 1)), "limits is (0, 1), it must be Limits(...)"),
    (lambda: Rate(size=3, limits=Limits(low=(0, 0), high=1)), "limits: low has 2 values, it must have one or 3"),
    (lambda: Membrane(squash="sigmoid"), "squash is 'sigmoid'; known: clip, tanh"),
    (lambda: FilteredRate(tau=0.0), "FilteredRate: tau is 0, it must be greater than 0"),
    (lambda: FilteredRate(tau=math.inf), "FilteredRate: tau is inf, it must be finite"),
    (lambda: PopulationVector(preferred=0.5), "preferred is 0.5, it must be a list of numbers, one for each neuron"),
    (lambda: PopulationVector(preferred=(0.0, 1.5)), "PopulationVector: preferred[1] is 1.5, it must be at most 1"),
    (lambda: PopulationVector(gain="x"), "PopulationVector: gain is 'x', it must be a number"),
    (lambda: FirstSpike(size=3, rest=3), "FirstSpike: rest is 3, it must be one of the 3 actions, 0..2"),
    (lambda: FirstSpike(on_hold="damp"), "FirstSpike: on_hold is 'damp'; known: last, rest"),
    (lambda: WinnerTakeAll(rest=-1), "rest is -1, it must be at least 0"),
    (lambda: WinnerTakeAll(size=3, rest=3), "rest is 3, it must be one of the 3 actions, 0..2"),
    (lambda: WinnerTakeAll(on_hold="damp"), "on_hold is 'damp'; known: last, rest"),
    # controllers
    (lambda: control(substeps=0), "controller: substeps is 0, it must be at least 1"),
    (lambda: control(substeps=100_001), "substeps is 100001, at most 100000 are allowed"),
    (lambda: control(carry=1.5), "carry is 1.5, it must be at most 1"),
    (lambda: control(encoder=Encoder(population="inn")), "encoder: there is no population 'inn'; did you mean 'in'"),
    (lambda: control(decoder=Rate(population="output")), "there is no population 'output'; did you mean 'out'"),
    (lambda: control(encoder=Encoder(population="out")), "encoder: 'out' is LI, it must be Input"),
    (lambda: control(encoder=Encoder(population="in", size=3)), "Direct makes 6 channels of 3 dimensions, but"),
    (lambda: control(encoder=Encoder(population="in", code=Regular(max_rate=2000))), "at most 1000 Hz"),
    (
        lambda: control(encoder=Encoder(population="in", code=Burst(t_min=1.5e-3))),
        "encoder: t_min is 0.0015 s, not a multiple of dt = 0.001 s; the nearest are 0.001 and 0.002",
    ),
    (
        lambda: control(encoder=Encoder(population="in", code=Burst(t_min=1e-12))),
        "encoder: t_min is 1e-12 s, it must be one to 100000 steps of 0.001 s",
    ),
    (lambda: control(encoder=Encoder(population="in", code=Burst(t_max=200.0))), "t_max is 200 s, it must be one to"),
    (lambda: control(decoder=FirstSpike(population="out")), "FirstSpike counts spikes, but 'out' is LI; use Membrane"),
    (lambda: control(decoder=FilteredRate(population="out")), "FilteredRate counts spikes, but 'out' is LI"),
    (
        lambda: control(decoder=PopulationVector(population="hidden", size=2)),
        "decoder: 'hidden' has 3 neurons, which cannot be split into 2 equal groups",
    ),
    (
        lambda: control(decoder=PopulationVector(population="hidden", size=3)),
        "'hidden' has 3 neurons, it must have two or more for each dimension, or preferred values",
    ),
    (
        lambda: control(decoder=PopulationVector(population="hidden", size=2, preferred=(-1, 1))),
        "decoder: 'hidden' has 3 neurons, it must have 4: 2 preferred values x 2",
    ),
    (lambda: control(decoder=Rate(population="out")), "Rate counts spikes, but 'out' is LI; use Membrane"),
    (lambda: control(decoder=Membrane(population="in")), "Membrane reads v, but 'in' is Input and has none; use Rate"),
    (lambda: control(decoder=Highest(population="in")), "Highest reads v, but 'in' is Input and has none; use Winner"),
    (lambda: Highest(size=3, rest=3), "Highest: rest is 3, it must be one of the 3 actions, 0..2"),
    (lambda: Highest(on_hold="damp"), "Highest: on_hold is 'damp'; known: last, rest"),
    (
        lambda: control(encoder=Encoder(population="in", code=Current()), decoder=Rate(population="in")),
        "'in' carries currents, not spikes, so there is nothing to count",
    ),
    (lambda: control(decoder=Rate(population="hidden", size=1)), "cannot be split into 1 equal groups with two halves"),
    (lambda: control(decoder=WinnerTakeAll(population="hidden", size=2)), "3 neurons, which cannot be split into"),
    # build
    (lambda: build(control(encoder=Encoder(population="in"))), "encoder: size is not known; give it, or resolve"),
    (lambda: build(control(encoder=Encoder(population="in"))), "encoder: the field has no range"),
    (lambda: build(control(decoder=Membrane(population="out"))), "decoder: size is not known"),
    (lambda: build(control(decoder=Membrane(population="out"))), "decoder: limits.high is not known"),
    (lambda: build(control(net(n_h=0))), "population 'hidden' has 0 neurons"),
    (lambda: build(net(n_h=0)), "population 'hidden' has 0 neurons"),
    (lambda: build(net(), seed=1.5), "build: seed is 1.5, it must be a whole number"),
    (lambda: build(net(to("in", "out", "w"))), "build: weights 'w' are not given; known: none"),
    (lambda: build(net(to("in", "out", "win")), weights={"wim": np.ones((2, 4))}), "did you mean 'wim'"),
    (lambda: build(net(), weights={"w": np.ones((2, 4))}), "weights 'w' are given but no projection names them"),
    (lambda: build(net(to("in", "out", "w")), weights={"w": np.ones((4, 2))}), "weights have shape (4, 2)"),
    (
        lambda: build(control(decoder=Membrane(population="out", size=2, limits=Limits(low=1, high=(2, 0))))),
        "decoder: 2 problems\n  - limits: low[1] = 1 is not below high[1] = 0\n  - limits: rest[1]",
    ),
    (
        lambda: build(control(decoder=Membrane(population="out", size=2, limits=Limits(low=1, high=2, rest=0)))),
        "limits: rest[0] = 0 is outside 1..2",
    ),
    (
        lambda: build(control(net(to("in", "out", Sparse([0], [0], [1.0], [DT]))), Encoder(
            population="in", field=Direct(range=WIDE), size=2, code=Current()))),
        "projection 'in->out': the Current code cannot have a delay per synapse",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_a_description_that_cannot_be_run_is_refused(make, message):
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        make()
    assert isinstance(caught.value, NeurobotError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.exit_code == 3
    assert caught.value.problems


def test_all_problems_are_told_at_once():
    with pytest.raises(SpecError) as caught:
        net(to("inn", "out"), to("hidden", "hidden"), to("in", "out", np.ones((1, 1)), delay=0.4 * DT))
    assert len(caught.value.problems) == 4
    assert str(caught.value).startswith("network: 4 problems\n  - projection 'inn->out'")
    with pytest.raises(SpecError) as caught:
        LIF(tau_mem=0, r="x", v_threshold=math.nan, reset="no")
    assert len(caught.value.problems) == 4


def test_times_are_multiples_of_dt_in_spite_of_their_decimal_form():
    for steps in (3, 7, 29, 1000):
        network = net(to("in", "out", delay=steps * 1e-4), dt=1e-4, out=IF(t_ref=float(f"{steps}e-4")))
        assert build(network).blocks["state"]["in.spikes"].shape == (steps + 1, 5)


def test_nearest_names_come_first_and_long_lists_are_cut():
    assert near("hiden", ["out", "hidden"]) == "did you mean 'hidden'? known: hidden, out"
    assert near("x", []) == "known: none"
    assert near("zzz", [f"n{i:02}" for i in range(30)]).endswith("n19, and 10 more")
    assert near("zzz", [f"n{i:02}" for i in range(20)]).endswith("n19")


def test_a_name_without_what_comes_before_its_slash_is_near():
    assert near("Rovr", ["Ant-v5", "neurobot/Rover-v0"]).startswith("did you mean 'neurobot/Rover-v0'? ")
    assert near("Ant-v5", ["a/Ant-v5", "Ant-v5"]).startswith("did you mean 'Ant-v5' or")
    assert near("neurobot/Rovr-v0", ["neurobot/Rover-v0"]).startswith("did you mean 'neurobot/Rover-v0'? ")


def test_unknown_blocks_come_with_near_matches():
    program = build(net(to("in", "out")))
    with pytest.raises(KeyError, match=r"there is no parameter 'hiden.b'; did you mean 'hidden.b'"):
        program.param("hiden.b")
    with pytest.raises(KeyError, match=r"there is no projection 'in->ou'; did you mean 'in->out'"):
        program.weights("in->ou")
