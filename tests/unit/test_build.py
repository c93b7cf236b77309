"""From spec to Program: what rules draw, and what is left to the environment's spaces."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

from neurobot.errors import SpecError
from neurobot.program import build
from neurobot.program.layout import Arena
from neurobot.spec import (
    IF,
    AllToAll,
    Bounds,
    ControllerSpec,
    Direct,
    Encoder,
    FanIn,
    FirstSpike,
    FixedProbability,
    Gaussian,
    Input,
    Limits,
    Membrane,
    NetworkSpec,
    Normal,
    Normalizer,
    OneHot,
    OneToOne,
    Population,
    PopulationVector,
    Projection,
    Rate,
    Sparse,
    Uniform,
    WinnerTakeAll,
    resolve,
)

N = 60


def network(*weights, n=N):
    """a -> b0, a -> b1, ..., one for each of the weights."""
    posts = [Population(f"b{k}", n, IF()) for k in range(len(weights))]
    projections = [Projection("a", p.name, w) for p, w in zip(posts, weights, strict=True)]
    return NetworkSpec(1e-3, (Population("a", N, Input()), *posts), tuple(projections))


def recurrent(weights):
    return NetworkSpec(1e-3, (Population("a", N, IF()),), (Projection("a", "a", weights, delay=1e-3),))


@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_fixed_probability_draws_about_that_many_synapses(p):
    w = build(network(FixedProbability(p=p, weight=2.0)), seed=1).weights("a->b0")
    assert w.shape == (N, N)
    assert set(np.unique(w)) <= {0.0, 2.0}
    count = N * N
    assert np.count_nonzero(w) == pytest.approx(p * count, abs=5 * np.sqrt(count * p * (1 - p)))


@pytest.mark.parametrize(
    "rule", [AllToAll(self=False), FixedProbability(p=0.05, self=False), FixedProbability(p=0.9, self=False)]
)
def test_self_false_leaves_out_the_neuron_itself(rule):
    w = build(recurrent(rule), seed=1).weights("a->a")
    assert not np.diag(w).any()
    assert w.any()
    assert np.diag(build(recurrent(replace(rule, self=True)), seed=1).weights("a->a")).any()


def test_one_to_one_is_the_diagonal():
    np.testing.assert_array_equal(build(network(OneToOne(weight=3.0))).weights("a->b0"), 3.0 * np.eye(N))


@pytest.mark.parametrize(
    ("weight", "mean", "std"),
    [
        (Normal(mean=1.0, std=0.5), 1.0, 0.5),
        (Uniform(low=-1, high=3), 1.0, 4 / np.sqrt(12)),
        (FanIn(gain=2), 0, 2 / np.sqrt(N)),
    ],
)
def test_distributions_have_their_mean_and_deviation(weight, mean, std):
    w = build(network(AllToAll(weight=weight)), seed=2).weights("a->b0")
    assert w.mean() == pytest.approx(mean, abs=5 * std / N)
    assert w.std() == pytest.approx(std, rel=5 / N)


def test_a_seed_draws_the_same_and_each_projection_its_own():
    rule = AllToAll(weight=Normal())
    one, two = build(network(rule), seed=3), build(network(rule, rule), seed=3)
    assert np.array_equal(one.weights("a->b0"), two.weights("a->b0"))
    assert not np.array_equal(two.weights("a->b0"), two.weights("a->b1"))
    assert not np.array_equal(one.weights("a->b0"), build(network(rule), seed=4).weights("a->b0"))


def test_synapses_of_one_pair_are_added_up():
    sparse = Sparse([1, 1, 0], [2, 2, 0], [1.0, 2.5, 4.0])
    w = build(network(sparse)).weights("a->b0")
    assert w[1, 2] == 3.5
    assert w[0, 0] == 4.0
    assert np.count_nonzero(w) == 2


def test_arrays_may_be_given_by_name():
    w = np.random.default_rng(0).normal(size=(N, N))
    by_name = build(network("w"), weights={"w": w})
    inline = build(network(w))
    assert np.array_equal(by_name.params, inline.params)
    assert np.array_equal(by_name.weights("a->b0"), w)


def test_arrays_given_are_copied_and_cannot_be_changed_through_the_spec():
    w = np.ones((N, N))
    spec = network(w)
    w[:] = 7.0
    assert (build(spec).weights("a->b0") == 1.0).all()
    with pytest.raises(ValueError, match="read-only"):
        spec.projections[0].weights.values[0, 0] = 3.0


@pytest.mark.parametrize("arena", ["layout", "params"])
def test_the_arenas_of_a_program_are_frozen(arena):
    with pytest.raises(ValueError, match="read-only"):
        getattr(build(network(OneToOne())), arena)[0] = 1


# --- what the environment's spaces fill in --------------------------------------------------------------------------


def open_spec(decoder=None, **encoder):
    """A controller whose sizes, ranges and limits are left open."""
    populations = (Population("in", 0, Input()), Population("out", 0, IF()))
    return ControllerSpec(
        encoder=Encoder(population="in", **encoder),
        network=NetworkSpec(1e-3, populations, (Projection("in", "out", AllToAll()),)),
        decoder=decoder or Rate(population="out"),
        substeps=2,
    )


def box(*shape, low=-2.0, high=3.0):
    return Box(low, high, shape, np.float64)


def test_resolve_fills_in_sizes_ranges_and_limits():
    spec = resolve(open_spec(), box(3), box(2, low=-0.5, high=0.25))
    assert (spec.encoder.size, spec.decoder.size) == (3, 2)
    assert spec.encoder.field.range == Bounds(low=(-2.0,) * 3, high=(3.0,) * 3)
    assert (spec.decoder.limits.low, spec.decoder.limits.high) == ((-0.5, -0.5), (0.25, 0.25))
    assert [p.n for p in spec.network.populations] == [6, 4]
    assert build(spec).action_size == 2


def test_resolve_keeps_what_is_given():
    limits = Limits(low=-0.1, high=0.1)
    given = open_spec(Rate(population="out", limits=limits), field=Gaussian(range=Normalizer(), per_dim=5))
    spec = resolve(given, box(3, low=-np.inf, high=np.inf), box(2))
    assert spec.decoder.limits == limits
    assert spec.encoder.field == given.encoder.field
    assert spec.network.population("in").n == 15


@pytest.mark.parametrize("kind", [WinnerTakeAll, FirstSpike])
def test_resolve_counts_the_actions_of_a_discrete_space(kind):
    spec = resolve(open_spec(kind(population="out")), box(3), Discrete(4))
    assert spec.decoder.size == spec.network.population("out").n == 4
    assert build(spec).discrete


@pytest.mark.parametrize(("preferred", "n"), [(None, 4), ((-1.0, 0.0, 0.5), 6)])
def test_resolve_gives_a_population_vector_a_neuron_for_every_preferred_value(preferred, n):
    decoder = PopulationVector(population="out", preferred=preferred)
    spec = resolve(open_spec(decoder, field=OneHot(per_dim=3)), box(3), box(2))
    assert [p.n for p in spec.network.populations] == [9, n]
    assert build(spec).action_size == 2


@pytest.mark.parametrize(
    ("spec", "spaces", "message"),
    [
        (open_spec(size=4), (box(3), None), r"size is 4, but the environment's observation has 3 values"),
        (open_spec(), (box(3, high=np.inf), None), r"infinite bounds; give the field a Normalizer"),
        (open_spec(), (box(3, 2), None), r"the observation space is .*; a flat Box is supported"),
        (open_spec(), (Dict(), None), r"the observation space is Dict\(\); a flat Box is supported"),
        (open_spec(), (None, Discrete(3)), r"the action space is .*or Discrete with WinnerTakeAll"),
        (open_spec(Rate(population="out", size=3)), (None, box(2)), r"size is 3, but the environment's action has 2"),
        (open_spec(WinnerTakeAll(population="out")), (None, box(2)), r"WinnerTakeAll picks one of several actions"),
        (open_spec(FirstSpike(population="out")), (None, box(2)), r"FirstSpike picks one of several actions"),
        (open_spec(WinnerTakeAll(population="out")), (None, Discrete(3, start=1)), r"starts at 1, only Discrete"),
        (open_spec(WinnerTakeAll(population="out", size=2)), (None, Discrete(3)), r"size is 2, but"),
        (open_spec(Membrane(population="out")), (None, box(2, high=np.inf)), r"high\[0\] is inf, it must be finite"),
        (open_spec(field=Direct(range=Bounds(low=(0, 0), high=1))), (box(3), None), r"range: low has 2 values"),
    ],
)  # fmt: skip
def test_spaces_that_do_not_fit_are_refused(spec, spaces, message):
    with pytest.raises(SpecError, match=message):
        resolve(spec, *spaces)


def test_an_arena_refuses_a_second_block_of_a_name_and_says_what_to_rename():
    arena = Arena("params")
    arena.rows(["a.b.v", "a.b.w"], 3)
    with pytest.raises(SpecError, match=r"params has two blocks 'a\.b\.w'; rename the population 'a\.b'"):
        arena.add("a.b.w", 3)
    with pytest.raises(SpecError, match=r"params has two blocks 'a\.b\.v'"):
        arena.rows(["a.b.x", "a.b.v"], 3)
