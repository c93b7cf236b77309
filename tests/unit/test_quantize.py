"""`quantize`: what is chosen, how lambda and mu share a weight, and what is refused, with the numbers."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.board.activity import activity, fixed_activity
from neurobot.board.boards import BOARDS
from neurobot.board.parts import Cells, Drive
from neurobot.board.quantize import quantize
from neurobot.board.report import report
from neurobot.board.wire import frame_bytes, wire_of
from neurobot.controller import Controller
from neurobot.errors import ObservationError, SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.program import build
from neurobot.spec import (
    IF,
    LI,
    LIF,
    STDP,
    AdEx,
    CubaLIF,
    Current,
    Dense,
    Dopamine,
    FilteredRate,
    Limits,
    Membrane,
    NetworkSpec,
    Noise,
    Population,
    PopulationVector,
    Projection,
    Rate,
    RewardSTDP,
    Sparse,
    TsodyksMarkram,
)
from neurobot.testing.programs import DT, NEURONS, controller, observations, weights
from tests.unit.fixed_programs import quantized, seen

INTO = (Projection("in", "out", weights(8, -0.25, 0.75)),)


def learning(rule):
    return Projection("in", "out", weights(1, 0.1, 0.5), rule=rule)


CELL = LIF(tau_mem=10e-3, input="jump")
LIMITS = Limits(low=-1.0, high=1.0)
ADEX = {"tau_syn": 5e-3}


def spec(model=CELL, projections=INTO, n=NEURONS, **more):
    return controller((Population("out", n, model),), projections, **more)


def cells(quantum):
    return next(part for part in quantum.network.parts if isinstance(part, Cells))


@pytest.mark.parametrize(
    ("kind", "current"), [("start", fx.START), ("unscaled", fx.START), ("end", fx.END), ("held", fx.HELD)]
)
def test_a_weight_reaches_v_and_i_as_lambda_and_mu_say(kind, current):
    """Membranes follow those of float64 to a share of their range that the leaks' 16 bits explain."""
    tau = np.linspace(4e-3, 30e-3, NEURONS)
    model = CubaLIF(
        tau_mem=tuple(tau),
        tau_syn=tuple(tau[::-1]),
        w_in=0.3 if kind == "unscaled" else 3.0,
        v_threshold=20.0,
        input=kind,
    )
    quantum = quantized(spec(model, (Projection("in", "out", weights(3, -0.75, 0.75), delay=DT),)))
    assert cells(quantum).current == current
    host, fixed = Controller(quantum.program, "host64"), Controller(quantum.program, "fixed")
    most = 0.0
    for x in observations(30):
        host.step(x)
        fixed.step(x)
        most = max(most, np.abs(host.membranes).max())
        assert np.abs(host.membranes - fixed.membranes).max() < 2e-3 * most
    assert most > 0.05


@pytest.mark.parametrize(("tau", "least"), [((5e-3, 5e-3, 20e-3, 20e-3), 0.4), ((0.2e-3, 9.0, 1.0, 1.0), 0.2)])
def test_shares_of_neurons_are_their_own(tau, least):
    model = CubaLIF(tau_mem=tau, tau_syn=3e-3, w_in=3.0, input="held")
    share = cells(quantized(spec(model))).share / 65536
    p = build(spec(model)).param
    assert share == pytest.approx(p("out.lam") / (p("out.kappa") * p("out.mu")), rel=1e-4)
    assert share.min() >= least and len(set(share.tolist())) >= 2


@pytest.mark.parametrize("seed", range(6))
def test_spikes_of_drawn_networks_are_nearly_those_of_floats(seed):
    rng = np.random.default_rng(seed)
    first = Population("first", 20, LIF(tau_mem=12e-3, reset="subtract", input="jump"), bias=0.3)
    out = Population("out", NEURONS, CubaLIF(tau_mem=10e-3, tau_syn=6e-3, w_in=4.0, t_ref=2e-3))
    delays = rng.integers(1, 6, (20, 20)) * DT
    projections = (
        Projection("in", "first", rng.normal(0.2, 0.4, (20, 6))),
        Projection("first", "first", Dense(rng.normal(0, 0.2, (20, 20)), delays)),
        Projection("first", "out", rng.normal(0.1, 0.5, (NEURONS, 20))),
    )
    quantum = quantized(controller((first, out), projections))
    xs = [observations(100, seed + 50)]
    host, fixed = activity(quantum.program, xs), fixed_activity(quantum.program, xs)
    for name in ("first", "out"):
        assert fixed.rates[name] == pytest.approx(host.rates[name], rel=0.02)
        assert fixed.rates[name] > 0
    assert np.abs(host.actions - fixed.actions).mean() < 0.05
    arrivals = quantum.network.parts[1].arrivals
    assert sorted(a.delay for a in arrivals if not isinstance(a, Drive)) == [0, 1, 2, 3, 4, 5]


def test_scales_use_the_weights_bits_and_leave_room_for_what_was_seen():
    quantum = quantized(spec(CubaLIF(tau_mem=10e-3, tau_syn=5e-3, w_in=4.0)))
    part = cells(quantum)
    largest = np.abs(part.arrivals[0].weights.astype(int)).max()
    assert 16384 <= largest <= 32767
    there = activity(quantum.program, seen(quantum.program)).v["out"]
    reach = max(there, float(quantum.program.param("out.theta").max()))
    assert reach / part.unit * 8 <= fx.BOUND
    assert np.log2(part.unit) == round(np.log2(part.unit))


def test_a_held_current_is_divided_by_a_shift_that_uses_the_bits():
    quantum = quantized(spec(code=Current(gain=0.5)))
    (drive,) = cells(quantum).arrivals
    assert isinstance(drive, Drive) and 16384 <= np.abs(drive.weights.astype(int)).max() <= 32767
    assert quantum.image.currents and quantum.image.n_in == 6


def test_dense_blocks_stay_dense_and_sparse_ones_sparse():
    some = Sparse(pre=[0, 5, 5], post=[1, 0, 0], values=[0.5, 0.25, 0.25])
    assert quantized(spec(projections=(Projection("in", "out", some),))).image.rows[1][0] == fx.SPARSE
    assert quantized(spec()).image.rows[1][0] == fx.DENSE


REFUSED = {
    "AdEx": (
        {"model": AdEx(**ADEX)},
        "population 'out' is AdEx, which integers do not have; known: Input, IF, LIF, CubaLIF, LI",
    ),
    "second current": (
        {"model": CubaLIF(tau_mem=1e-2, tau_syn=5e-3, tau_syn_in=6e-3)},
        "population 'out' has a second synaptic current (tau_syn_in); in fixed point there is one",
    ),
    "jump": (
        {"model": LIF(tau_mem=1e-2, t_ref=2e-3, input="jump_then_decay")},
        "population 'out': t_ref with input='jump_then_decay'; use input='jump'",
    ),
    "long t_ref": ({"model": LIF(tau_mem=1e-2, t_ref=66.0)}, "population 'out': t_ref is 66000 steps, at most 65535"),
    "threshold": (
        {"model": LIF(tau_mem=1e-2, v_leak=1.5, v_threshold=1.25)},
        "population 'out': the threshold of neuron 0 is 1.25, not above v_leak = 1.5; to let it fire",
    ),
    "rule": (
        {"projections": (learning(STDP()),)},
        "projection 'in->out' learns by STDP: in fixed point weights change by RewardSTDP alone",
    ),
    "modulator": (
        {"projections": (learning(RewardSTDP(modulator=Dopamine())),)},
        "projection 'in->out': its modulator is Dopamine, in fixed point it must be Reward",
    ),
    "soft": (
        {"projections": (learning(RewardSTDP(bounds="soft")),)},
        "projection 'in->out' has soft bounds; in fixed point they are hard",
    ),
    "row_sum": (
        {"projections": (learning(RewardSTDP(row_sum=1.0)),)},
        "projection 'in->out' has a row_sum, which integers do not have",
    ),
    "read-out that learns": (
        {"model": LI(tau_mem=1e-2), "decoder": Membrane(population="out", size=2, limits=LIMITS),
         "projections": (learning(RewardSTDP(A_plus=0.0, A_minus=0.0, A_pre=1.0)),)},
        "projection 'in->out' learns, and ends at LI neurons; in fixed point they must spike",
    ),
    "factors": (
        {"model": LIF(tau_mem=(5e-3, 5e-3, 1e-2, 2e-2)), "projections": (learning(RewardSTDP()),)},
        "projection 'in->out' learns, and what a weight does differs from neuron to neuron, by a factor of 3.7",
    ),
    "rate": (
        {"projections": (learning(RewardSTDP(rate=1e9)),)},
        "projection 'in->out': with a rate of 1e+09 the least of rewards moves weights over all of their range",
    ),
    "stp": (
        {"projections": (Projection("in", "out", weights(1, 0.1, 0.5), stp=TsodyksMarkram(u=0.5, tau_rec=0.1)),)},
        "projection 'in->out' has short-term plasticity, which integers do not have",
    ),
    "delayed current": (
        {"projections": (Projection("in", "out", weights(1, 0.1, 0.5), delay=2 * DT),), "code": Current()},
        "projection 'in->out': currents have a delay of 0.002 s; in fixed point they have none",
    ),
    "filter": (
        {"decoder": FilteredRate(population="out", size=2, limits=LIMITS)},
        "decoder: FilteredRate is not there; known: Rate, Membrane, WinnerTakeAll, FirstSpike, Highest",
    ),
    "vector": (
        {"decoder": PopulationVector(population="out", size=2, limits=LIMITS)},
        "decoder: PopulationVector is not there",
    ),
    "steps": ({"substeps": 65536}, "substeps is 65536, at most 65535"),
    "slew": (
        {"decoder": Rate(population="out", size=2, limits=Limits(low=-1.0, high=1.0, slew=1e-3))},
        "decoder: slew lets output 0 change by 1e-05 in a tick, but its unit is 3.05185e-05; allow more",
    ),
    "gain": (
        {"model": LI(tau_mem=1e-2), "decoder": Membrane(population="out", size=2, gain=1e12, limits=LIMITS)},
        "decoder: gain 1e+12 is ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_integers_do_not_have_is_refused_with_the_numbers(case):
    given, words = REFUSED[case]
    with pytest.raises(SpecError) as error:
        quantize(build(spec(**given)))
    assert words in str(error.value)


def test_all_that_is_wrong_is_told_at_once():
    noisy = Population("out", NEURONS, AdEx(**ADEX))
    other = Population("more", 3, CELL, noise=Noise(std=0.1))
    decoder = FilteredRate(population="out", size=2, limits=LIMITS)
    with pytest.raises(SpecError, match="fixed point: 3 problems") as error:
        quantize(build(controller((other, noisy), INTO, decoder=decoder)))
    assert "population 'more' has noise, which integers do not have" in str(error.value)


def test_networks_alone_are_refused():
    network = NetworkSpec(DT, (Population("out", 2, CELL),), ())
    with pytest.raises(SpecError, match="the program has no encoder and decoder; build it from a ControllerSpec"):
        quantize(build(network))


def test_too_many_inputs_are_refused_with_their_number():
    n = 20_000
    wide = controller(
        (Population("mid", n, CELL), Population("out", 1, CELL)),
        (Projection("mid", "out", np.full((1, n), 0.01)), Projection("out", "out", np.full((1, 1), 0.1), delay=DT)),
        decoder=Rate(population="out", size=1, push_pull=False, limits=LIMITS),
    )
    quantize(build(wide))
    more = replace(wide.network, populations=(wide.network.populations[0], *(
        replace(p, n=40_000) if p.name == "mid" else p for p in wide.network.populations[1:]
    )), projections=(Projection("mid", "out", np.full((1, 40_000), 0.01)),))  # fmt: skip
    with pytest.raises(SpecError, match=r"a neuron has 40000 synapses and 0 currents .* at most 32767 in all"):
        quantize(build(replace(wide, network=more)))


def test_weights_that_dwarf_the_threshold_are_refused():
    big = (Projection("in", "out", np.full((NEURONS, 6), 1e9)),)
    with pytest.raises(SpecError, match=r"threshold of neuron 0 is 1 above v_leak, under 1/32767 of the largest"):
        quantize(build(spec(projections=big)))


def test_an_image_that_is_too_large_is_refused():
    n = 3000
    population = Population("mid", n, CELL)
    wide = controller(
        (population, Population("out", NEURONS, CELL)),
        (Projection("mid", "mid", np.zeros((n, n)), delay=DT), Projection("mid", "out", np.zeros((NEURONS, n)))),
    )
    with pytest.raises(SpecError, match=r"image: \d+ bytes: a multiple of 4, at most 2\^24"):
        quantize(build(wide))


def test_a_calibration_run_that_is_not_finite_is_told():
    program = build(spec())
    with pytest.raises(ObservationError, match="an observation or action of the calibration run is not finite"):
        quantize(program, [np.full((3, 3), np.nan)])


def test_if_neurons_and_reset_by_subtraction_keep_their_counts():
    model = IF(r=1 / DT, reset="subtract")
    quantum = quantized(spec(model, (Projection("in", "out", weights(8, 0.0, 0.5)),)))
    xs = [observations(50, 3)]
    assert fixed_activity(quantum.program, xs).rates["out"] == activity(quantum.program, xs).rates["out"]


def test_the_report_says_what_it_costs():
    program = build(spec(code=Current(gain=0.5)))
    episodes = seen(program)
    quantum = quantize(program, episodes)
    told = report(quantum, episodes)
    (layer,) = told.layers
    assert (layer.name, layer.neurons) == ("out", NEURONS)
    assert layer.rate_fixed == pytest.approx(layer.rate, rel=0.01)
    assert layer.rate > 0
    assert (told.saturated, told.ticks) == (0, 120) and told.action_error < 1e-3
    assert told.image_bytes == len(quantum.image.to_bytes())
    assert told.learning_bytes == 0
    assert told.state_bytes + told.scratch_bytes == quantum.image.ram_bytes
    assert set(told.fits.values()) == {"RAM"} and len(told.fits) == len(BOARDS)
    data = told.to_dict()
    assert data["wire"]["seconds_at"]["115200"] == pytest.approx((told.wire.request + told.wire.answer) * 10 / 115200)


def test_the_report_says_what_learning_takes():
    program = build(spec(projections=(learning(RewardSTDP(tau_mean=0.1)),)))
    told = report(quantize(program), [observations(2)])
    assert told.learning_bytes == 4 * (6 + NEURONS + 2 + NEURONS + 2 * 6 * NEURONS) < told.state_bytes
    assert told.to_dict()["learning_bytes"] == told.learning_bytes


def test_bytes_on_the_wire_are_those_of_a_frame():
    assert frame_bytes(9 + 12) == 2 + 1 + (1 + 1 + 21 + 4)
    assert frame_bytes(500) == 2 + 2 + 506
    wire = wire_of(quantized(spec()).image)
    assert (wire.request, wire.answer, wire.payload) == (frame_bytes(11 + 10), frame_bytes(16 + 8), 24)


def test_a_board_without_room_is_told():
    n = 300
    w = np.random.default_rng(0).normal(0, 0.1, (n, n))
    wide = controller(
        (Population("mid", n, CELL), Population("out", NEURONS, CELL)),
        (Projection("mid", "mid", w, delay=DT), Projection("mid", "out", np.zeros((NEURONS, n)))),
    )
    program = build(wide)
    told = report(quantize(program), [observations(2)])
    assert told.image_bytes > 180_000
    assert told.fits["BBC micro:bit (nRF51822, Cortex-M0)"] == "flash"
    assert told.fits["MPS2 AN385 (Cortex-M3)"] == "RAM"
    assert replace(BOARDS[0], flash=100_000).fits(quantize(program).image) == "no"
