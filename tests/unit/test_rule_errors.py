"""What is wrong with a rule is said with what would be right, and before anything runs."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import neurobot as nb
from neurobot.core import HostCore
from neurobot.errors import NeuronError, SpecError
from neurobot.program import build
from neurobot.spec import (
    LI,
    STDP,
    AllToAll,
    CobaLIF,
    Current,
    CustomRule,
    Dense,
    Dopamine,
    FixedProbability,
    Homeostasis,
    InhibitorySTDP,
    Input,
    NetworkSpec,
    Population,
    Projection,
    Reward,
    RewardSTDP,
    TDError,
    TripletSTDP,
    TsodyksMarkram,
    WeightPerturbation,
)
from neurobot.spec.serialize import Invalid, from_data, to_data
from tests.unit.learning_networks import DT, NAME, controller, forced

RULES = {
    "a time constant of 0": (lambda: STDP(tau_plus=0), "STDP: tau_plus is 0, it must be greater than 0"),
    "a text": (lambda: STDP(A_plus="big"), "A_plus is 'big', it must be a number"),
    "an infinite amplitude": (lambda: TripletSTDP(A3_minus=np.inf), "A3_minus is inf, it must be finite"),
    "a negative rate": (lambda: STDP(rate=-1), "rate is -1, it must be at least 0"),
    "bounds that cross": (lambda: STDP(w_min=1, w_max=1), "w_min is 1 and w_max 1; w_min must be less"),
    "an unknown kind of bounds": (lambda: STDP(bounds="sft"), "bounds is 'sft'; did you mean 'soft'"),
    "an unknown pairing": (lambda: STDP(pairing="nearst"), "pairing is 'nearst'; did you mean 'nearest'"),
    "a negative exponent": (lambda: STDP(mu_minus=-1), "mu_minus is -1, it must be at least 0"),
    "a sum of 0": (lambda: STDP(row_sum=0), "row_sum is 0, it must be greater than 0"),
    "a sum of both signs": (lambda: STDP(w_min=-1, row_sum=1), "row_sum needs weights of one sign"),
    "no target": (lambda: InhibitorySTDP(target=0), "target is 0, it must be greater than 0"),
    "soft scaling": (lambda: Homeostasis(target=5, bounds="soft"), "Homeostasis has hard bounds only"),
    "an unknown modulator": (
        lambda: RewardSTDP(modulator="dopamine"),
        "modulator is 'dopamine', it must be one of Reward, Dopamine, TDError",
    ),
    "dopamine without time": (lambda: RewardSTDP(tau_e=0, modulator=Dopamine()), "tau_e is 0, and dopamine acts over"),
    "a negative eligibility": (lambda: RewardSTDP(tau_e=-1), "tau_e is -1, it must be at least 0"),
    "a mean over no time": (lambda: RewardSTDP(tau_mean=0), "tau_mean is 0, it must be greater than 0"),
    "an interval of a reward": (lambda: RewardSTDP(interval=0.1), "acts once a tick; an interval is for Dopamine"),
    "no noise": (lambda: WeightPerturbation(std=0), "WeightPerturbation: std is 0, it must be greater than 0"),
    "noise of a negative time": (lambda: WeightPerturbation(std=1, tau=-1), "tau is -1, it must be at least 0"),
    "nothing as the usual reward": (
        lambda: WeightPerturbation(std=1, usual=0),
        "usual is 0, it must be greater than 0",
    ),
    "a mean of rewards over no time": (
        lambda: WeightPerturbation(std=1, usual=1, tau_mean=0),
        "tau_mean is 0, it must be greater than 0",
    ),
    "noise and dopamine": (
        lambda: WeightPerturbation(std=1, modulator=Dopamine()),
        "modulator is Dopamine(tau_d=0.2, baseline=0.0), it must be one of Reward, TDError",
    ),
    "an interval of noise": (
        lambda: WeightPerturbation(std=1, interval=0.1),
        "interval is 0.1, and weights are perturbed once a tick; leave it out",
    ),
    "a baseline over no time": (lambda: Reward(baseline_tau=0), "baseline_tau is 0, it must be greater than 0"),
    "a concentration over no time": (lambda: Dopamine(tau_d=0), "tau_d is 0, it must be greater than 0"),
    "a tonic level that is none": (lambda: Dopamine(baseline=np.nan), "baseline is nan, it must be finite"),
    "a discount over 1": (lambda: TDError(critic="v", discount=1.1), "discount is 1.1, it must be at most 1"),
    "no critic": (lambda: TDError(critic=""), "critic is '', it must be the name of a population"),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_makes_no_sense_is_refused(name):
    make, words = RULES[name]
    with pytest.raises(SpecError) as error:
        make()
    assert words in str(error.value)


def network(rule, post=None, weights=None, extra=(), **more):
    post = post or Population("out", 2, LI(tau_mem=0.01))
    projection = Projection("in", post.name, weights or AllToAll(weight=0.5), rule=rule, **more)
    return NetworkSpec(DT, (Population("in", 3, Input()), post, *extra), (projection,))


def test_a_rule_is_one_of_those_there_are():
    with pytest.raises(
        SpecError, match="rule is 'stdp', it must be one of STDP, TripletSTDP, InhibitorySTDP, Homeosta"
    ):
        Projection("a", "b", "w", rule="stdp")


def test_a_rule_and_short_term_plasticity_exclude_each_other():
    with pytest.raises(SpecError, match="a learning rule and short-term plasticity; only one of them"):
        Projection("a", "b", "w", rule=STDP(), stp=TsodyksMarkram(u=0.5, tau_rec=0.1))


def test_synapses_with_delays_of_their_own_do_not_learn():
    words = "with a learning rule all synapses have one delay; give `delay` instead"
    delayed = Dense(np.full((2, 3), 0.5), np.full((2, 3), DT))
    with pytest.raises(SpecError, match=words):
        Projection("in", "out", delayed, rule=STDP())
    named = NetworkSpec(
        DT,
        (Population("in", 3, Input()), Population("out", 2, forced_model())),
        (Projection("in", "out", "w", rule=STDP()),),
    )
    with pytest.raises(SpecError, match=words):
        build(named, weights={"w": delayed})


def forced_model():
    return forced(None, [[0.5]]).network.population("out").model


@pytest.mark.parametrize("rule", [STDP(), TripletSTDP(), InhibitorySTDP(target=5), Homeostasis(target=5), RewardSTDP()])
def test_neurons_that_never_spike_cannot_be_postsynaptic(rule):
    with pytest.raises(
        SpecError, match=f"{type(rule).__name__} needs spikes of its postsynaptic neurons, which are LI"
    ):
        network(rule)


def test_arrivals_alone_need_no_spikes():
    build(network(RewardSTDP(A_plus=0, A_minus=0, A_pre=1)))
    with pytest.raises(SpecError, match="with A_plus and A_minus 0 and an A_pre it needs none"):
        network(RewardSTDP(A_plus=0, A_minus=0, tau_mean=0.1))


@pytest.mark.parametrize(
    "kind", [partial(RewardSTDP, A_plus=0, A_minus=0, A_pre=1), partial(WeightPerturbation, std=1)]
)
def test_a_critic_has_to_exist_and_to_have_a_membrane(kind):
    rule = kind(modulator=TDError(critic="outt"))
    with pytest.raises(SpecError, match="there is no population 'outt'; did you mean 'out'"):
        network(rule)
    with pytest.raises(SpecError, match="the critic 'in' is Input and has no membrane"):
        network(replace(rule, modulator=TDError(critic="in")))


@pytest.mark.parametrize(
    ("interval", "words"),
    [(2.5e-3, "interval is 0.0025 s, not a multiple of dt"), (1e-10, "interval is 1e-10 s, it must be at least dt")],
)
def test_an_interval_is_whole_steps(interval, words):
    with pytest.raises(SpecError, match=words):
        forced(STDP(row_sum=1, interval=interval), [[0.5]])


def test_conductances_stay_positive():
    model = CobaLIF(c_m=200e-12, g_leak=10e-9, v_leak=-70e-3, e_ex=0.0, e_in=-80e-3, tau_syn=5e-3, tau_syn_in=5e-3,
                    v_threshold=-50e-3, v_reset=-60e-3)  # fmt: skip
    with pytest.raises(SpecError, match="w_min is -1, but weights into CobaLIF are conductances, at least 0"):
        network(STDP(w_min=-1.0), Population("out", 2, model))


def test_weights_begin_within_the_bounds():
    with pytest.raises(
        SpecError, match=r"weights go from 0\.5 to 1\.5, but its rule keeps them in w_min = 0 to w_max = 1"
    ):
        forced(STDP(), [[0.5, 1.5]])


def test_currents_cannot_learn():
    program = controller(STDP())
    with pytest.raises(SpecError, match="a learning rule needs spikes, and Current sends none"):
        replace(program.spec, encoder=replace(program.spec.encoder, code=Current()))


def test_pairs_that_were_not_drawn_never_learn():
    rule = STDP(A_plus=0.3, A_minus=0.0)
    populations = Population("in", 30, Input()), Population("out", 20, forced_model())
    drawn = FixedProbability(p=0.5, weight=0.2)
    program = build(NetworkSpec(DT, populations, (Projection("in", "out", drawn, rule=rule),)), seed=3)
    again = build(NetworkSpec(DT, populations, (Projection("in", "out", drawn),)), seed=3)
    np.testing.assert_array_equal(program.weights(NAME), again.weights(NAME))
    assert program.synapses_of(NAME).kind == "sparse"
    others = Projection("out", "out", AllToAll(weight=0.2, self=False), delay=DT, rule=rule)
    recurrent = build(NetworkSpec(DT, populations[1:], (others,)))
    assert recurrent.synapses == 20 * 19


def test_rules_come_from_launch_files_with_near_matches():
    data = to_data(forced(RewardSTDP(modulator=Dopamine()), [[0.5]]).spec)
    assert from_data(data, NetworkSpec).projections[0].rule.modulator == Dopamine()
    for change, words in (
        ({"type": "RewardSTPD"}, "has the unknown type 'RewardSTPD'; did you mean 'RewardSTDP'"),
        ({"type": "STDP", "A_pls": 0.1}, "unknown key 'A_pls', did you mean 'A_plus'"),
        ({"type": "RewardSTDP", "modulator": {"type": "Dopmine"}}, "unknown type 'Dopmine'; did you mean 'Dopamine'"),
        ({"type": "STDP", "rate": "fast"}, "rate: is 'fast', it must be a number"),
    ):
        broken = {**data, "projections": [{**data["projections"][0], "rule": change}, *data["projections"][1:]]}
        with pytest.raises(Invalid) as error:
            from_data(broken, NetworkSpec)
        assert words in str(error.value)


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (np.zeros(9), r"reward is \(9,\) float64, it must be numbers \(steps,\) = \(10,\), or a function"),
        (np.full(10, np.nan), "reward has entries that are not finite"),
        ([[1], [2, 3]], r"it must be numbers \(steps,\)"),
        (lambda step, spikes: np.inf, r"reward\(0, ...\) is inf, it must be a finite number"),
    ],
)
def test_a_reward_of_a_simulation_is_checked(reward, words):
    with pytest.raises(SpecError, match=words):
        nb.simulate(forced(RewardSTDP(), [[0.5]]), duration=10 * DT, reward=reward)


def test_a_reward_that_nothing_takes_is_refused():
    with pytest.raises(SpecError, match="a reward is given, but no rule takes one"):
        nb.simulate(forced(STDP(), [[0.5]]), duration=10 * DT, reward=np.zeros(10))


@nb.rule("pairs of a test")
def pairs(w, x, y, spike, A_plus, A_minus):
    return w + A_plus * x if spike else w - A_minus * y


@nb.rule("raises")
def raises(w, x, y, spike):
    if x > 1.5:
        raise ValueError
    return w


@nb.rule("no number")
def no_number(w, x, y, spike):
    return (w - w) / (w - w)


@nb.rule("cannot be compiled")
def not_compiled(w, x, y, spike):
    return w.colour


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("pairing", ["all", "nearest"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_rule_of_ones_own_does_what_it_says(sparse, pairing, dtype, tmp_path):
    amplitudes, rng = {"A_minus": 0.06, "A_plus": 0.05}, np.random.default_rng(0)
    w, spikes = rng.uniform(0, 1, (7, 9)), rng.random((80, 16)) < 0.2
    theirs = CustomRule(id="pairs of a test", params=amplitudes, pairing=pairing)
    found, changes = [], []
    for rule in (STDP(pairing=pairing, **amplitudes), theirs):
        program = forced(rule, w, sparse, delay=2 * DT)
        program.save(tmp_path / "rule.safetensors")
        core = HostCore(nb.Program.load(tmp_path / "rule.safetensors"), dtype, learn=True)
        for k, row in enumerate(spikes):
            core.learn = k % 10 < 8
            assert core.tick(row) == 0
        found.append(core.block(f"{NAME}.w").copy())
        changes.append(core.plasticity[NAME].changes)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12 if dtype == "float64" else 1e-5)
    assert changes[0] == changes[1] > 0
    assert not np.allclose(found[0].reshape(-1), program.param(f"{NAME}.weights").reshape(-1))


def test_a_rule_of_ones_own_that_raises_ends_the_tick():
    core = HostCore(forced(CustomRule(id="raises"), [[0.5]]), learn=True)
    statuses = [core.tick(np.ones(2)) for _ in range(3)]
    assert statuses[0] == 0
    assert statuses[-1] != 0
    inputs = {"in": np.ones((5, 1)), "force": np.ones((5, 1))}
    with pytest.raises(NeuronError, match="rule 'raises' of projection 'in->out' raised an exception"):
        nb.simulate(forced(CustomRule(id="raises"), [[0.5]]), inputs, 5 * DT)


def test_what_is_no_number_becomes_the_least_weight():
    core = HostCore(forced(CustomRule(id="no number", w_min=0.125), [[0.5]]), learn=True)
    core.tick(np.ones(2))
    assert core.block(f"{NAME}.w")[0, 0] == 0.125


def test_a_rule_that_numba_cannot_compile_is_named():
    with pytest.raises(SpecError, match="rule cannot be compiled: Numba cannot compile it for float32"):
        HostCore(forced(CustomRule(id="cannot be compiled"), [[0.5]]))


CUSTOM = {
    "an unknown id": (lambda: CustomRule(id="pairs of a tst"), "no rule is registered as 'pairs of a tst'; did"),
    "a parameter that is missing": (
        lambda: CustomRule(id="pairs of a test", params={"A_plus": 1}), "has no 'A_minus'; it needs A_plus, A_minus",
    ),
    "an unknown parameter": (lambda: CustomRule(id="raises", params={"a": 1}), "params has an unknown name 'a'"),
    "no mapping": (lambda: CustomRule(id="raises", params=3), "params is 3, it must map names to numbers"),
    "a parameter that is no number": (
        lambda: CustomRule(id="pairs of a test", params={"A_plus": 1, "A_minus": "a"}), "params.A_minus is 'a'",
    ),
    "soft bounds": (lambda: CustomRule(id="raises", bounds="soft"), "CustomRule has hard bounds only"),
    "a learning rate": (lambda: CustomRule(id="raises", rate=2), "rate is 2.0, and the function alone says how"),
    "arguments in another order": (lambda: nb.rule("x")(lambda w, y, x, spike: w), "must be (w, x, y, spike, param"),
    "a default": (lambda: nb.rule("x")(lambda w, x, y, spike, a=1: w), "plain names, without defaults and stars"),
    "an empty id": (lambda: nb.rule("")(lambda w, x, y, spike: w), "an id is 1 to 100 characters"),
    "an id that is taken": (lambda: nb.rule("raises")(lambda w, x, y, spike: w), "has this id already; choose another"),
}  # fmt: skip


@pytest.mark.parametrize("name", CUSTOM)
def test_a_custom_rule_that_makes_no_sense_is_refused(name):
    make, words = CUSTOM[name]
    with pytest.raises(SpecError) as error:
        make()
    assert words in str(error.value)
