"""`FixedCore`: it keeps the contract of cores, does what the program does in floating point, and is its image alone."""

from dataclasses import replace

import numpy as np
import pytest

from neurobot.board.activity import fixed_activity
from neurobot.board.decoding import FULL
from neurobot.controller import Controller
from neurobot.core import FixedCore, HostCore
from neurobot.core.fixed_network import FixedNetwork
from neurobot.errors import ImageError, ObservationError, ProgramFileError, SpecError
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import BAD_OBSERVATION, OK
from neurobot.program import Program
from neurobot.spec import (
    LIF,
    Bounds,
    Burst,
    Delta,
    FirstSpike,
    Gaussian,
    Highest,
    Latency,
    Limits,
    Membrane,
    OneHot,
    Phase,
    Population,
    Projection,
    Rate,
    Regular,
)
from neurobot.testing.programs import NEURONS, SIZE, controller, observations, weights
from neurobot.testing.running import Subject, differences, play
from tests.twins.fixed import FixedTwin
from tests.unit.fixed_programs import CASES, quantized

TOLERANCE = 1e-3


def one(**more):
    """A layer of LIF neurons, as the rest says."""
    given = {"decoder": Rate(population="out", size=NEURONS, push_pull=False, limits=Limits(low=-1.0, high=1.0))}
    cell = LIF(tau_mem=10e-3, input="jump")
    into = (Projection("in", "out", weights(8, -0.25, 0.75)),)
    return controller((Population("out", NEURONS, cell),), into, **(given | more))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", [3, 2**40 + 1])
def test_every_case_of_the_contract_of_cores_comes_out_as_on_the_host(name, seed):
    program = quantized(CASES[name].spec).program
    subject = Subject(make=FixedCore, tolerance=TOLERANCE, exact=False, reference="float64", instance=0)
    fixed, host = FixedCore(program, seed=seed), subject.host(program, seed=seed)
    for _ in range(2):
        assert list(differences(subject, play(fixed), play(host), name)) == []
        fixed.reset()
        host.reset()


@pytest.mark.parametrize("name", CASES)
def test_reset_and_restore_repeat_bit_for_bit(name):
    program = quantized(CASES[name].spec).program
    core = FixedCore(program, seed=3)
    rest, first = core.action.copy(), play(core).bits()
    snapshot, action, digest = core.snapshot(), core.action.copy(), core.digest()
    after = play(core).bits()
    core.restore(snapshot)
    assert (core.action.tobytes(), core.digest()) == (action.tobytes(), digest)
    assert play(core).bits() == after
    other = FixedCore(program, seed=4)
    other.restore(snapshot)
    assert play(other).bits() == after
    core.reset(3)
    assert core.action.tobytes() == rest.tobytes() == HostCore(program).action.tobytes()
    assert play(core).bits() == first


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_observation_that_is_not_finite_changes_nothing(bad):
    core = FixedCore(quantized(CASES["poisson"].spec).program)
    play(core)
    before, x = core.snapshot(), observations(1)[0]
    x[-1] = bad
    assert core.tick(x) == BAD_OBSERVATION
    assert core.snapshot().tobytes() == before.tobytes()
    with pytest.raises(SpecError, match=r"it is \(\d+,\) float32, this core's state is"):
        core.restore(before[:-1])


CODES = {
    "regular": Regular(max_rate=700.0), "latency": Latency(), "delta": Delta(delta=0.25), "phase": Phase(bits=4),
    "burst": Burst(max_spikes=4),
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_spikes_that_the_host_encodes_are_those_of_a_host_core(code):
    program = quantized(one(code=CODES[code])).program
    fixed, host = (kind(program, log_spikes=999) for kind in (FixedCore, HostCore))
    channels = program.network.population("in").n
    for x in observations(12):
        assert fixed.tick(x) == host.tick(x) == OK
        mine, theirs = (core.spikes[core.spikes[:, 1] < channels].tolist() for core in (fixed, host))
        assert mine == theirs
        assert fixed.ints[6] == len(fixed.spikes) and not fixed.spikes_missed


SPAN = Bounds(low=-1.0, high=1.0)


@pytest.mark.parametrize("field", [Gaussian(range=SPAN, per_dim=5), OneHot(range=SPAN, per_dim=5)])
def test_every_field_reaches_the_integers(field):
    spec = one()
    sizes = tuple(replace(p, n=15) if p.name == "in" else p for p in spec.network.populations)
    network = replace(
        spec.network, populations=sizes, projections=(Projection("in", "out", weights(8, 0.0, 0.75, 15)),)
    )
    program = quantized(replace(spec, encoder=replace(spec.encoder, field=field), network=network)).program
    subject = Subject(make=FixedCore, tolerance=TOLERANCE, exact=False, reference="float32", instance=0)
    assert list(differences(subject, play(FixedCore(program)), play(HostCore(program)), "field")) == []


def test_a_tick_is_what_its_input_makes_of_the_image_alone():
    """The bytes that a board would be sent give the same actions and digests there."""
    for name in ("recurrent", "current", "poisson", "limits"):
        program = quantized(CASES[name].spec).program
        core = FixedCore(program, seed=5)
        board, twin = FixedNetwork(core.image), FixedTwin(core.image.to_bytes())
        for x in observations(20):
            core.tick(x)
            kind, size = core.network.arguments[4][:2]
            sent = core.network.data[:size].tobytes()
            assert board.tick(int(kind), sent) == OK
            assert board.last.tolist() == twin.tick(int(kind), sent) == core.network.last.tolist()
            assert board.digest() == twin.digest() == core.digest()


LIMITS = Limits(low=(-2.0, 0.0, -1.0, 5.0), high=(1.0, 3.0, 1.0, 5.5), rest=(0.0, 0.0, 0.3, 5.25))


@pytest.mark.parametrize("squash", ["clip", "tanh"])
@pytest.mark.parametrize("push_pull", [False, True])
@pytest.mark.parametrize("leak", [0.0, 0.4])
def test_membranes_are_read_as_on_the_host(squash, push_pull, leak):
    from neurobot.spec import LI

    n = NEURONS * (1 + push_pull)
    decoder = Membrane(population="out", size=NEURONS, gain=1.7, squash=squash, push_pull=push_pull, limits=LIMITS)
    w = np.random.default_rng(2).normal(0, 0.5, (n, 6))
    spec = controller(
        (Population("out", n, LI(tau_mem=8e-3, v_leak=leak, input="jump"), bias=0.2),),
        (Projection("in", "out", w),), decoder=decoder,
    )  # fmt: skip
    program = quantized(spec).program
    host, fixed = play(HostCore(program, "float64")).actions, play(FixedCore(program)).actions
    assert np.abs(host - fixed).max() < 1e-3
    assert np.abs(host).max() > 0.5
    low, high = np.array(LIMITS.low), np.array(LIMITS.high)
    assert ((fixed >= low) & (fixed <= high)).all()


@pytest.mark.parametrize(
    "decoder", [Highest(population="out", size=NEURONS, rest=1), FirstSpike(population="out", size=2, rest=1)]
)
def test_choices_are_those_of_the_host(decoder):
    program = quantized(one(decoder=decoder, substeps=4)).program
    core, host = FixedCore(program), HostCore(program)
    assert core.action.tolist() == [1.0]
    assert play(core, observations(40)).actions.tolist() == play(host, observations(40)).actions.tolist()
    assert len(set(play(core, observations(40)).actions[:, 0])) > 1
    if "decoder.decided" in program.blocks["state"]:
        assert core.block("decoder.decided").tolist() == host.block("decoder.decided").tolist()


def driven(**limits):
    """A controller in integers that has left its rest."""
    limits = Limits(**limits)
    program = quantized(one(decoder=Rate(population="out", size=2, limits=limits))).program
    c = Controller(program, "fixed")
    for x in observations(10):
        c.step(x)
    return c


@pytest.mark.parametrize("limits", [{"low": 0.7, "high": 1.0}, {"low": -1.0, "high": -0.7}, {"high": 0.7, "rest": 0.7}])
def test_rest_at_a_limit_that_float32_does_not_have_is_reached(limits):
    c = driven(**{"low": -1.0, "high": 1.0, **limits})
    c.rest()
    assert c.at_rest


def test_the_way_to_rest_keeps_to_slew_as_the_boards_own_ticks_do():
    c = driven(low=-1.0, high=1.0, rest=-1.0, slew=10.2 / 16384 / 0.01)
    assert c._core.image.outputs["slew"].tolist() == [10, 10]
    for _ in range(9):
        before = c._core.network.last.copy()
        c.rest()
        assert np.abs(c._core.network.last - before).max() == 10


def test_what_is_held_stays_to_the_bit():
    c = driven(low=10.0, high=10.1, rest=10.0, on_hold="last")
    for x in observations(20):
        c.step(x)
        sent, units = c.sent.tolist(), c._core.network.last.tolist()
        assert [c.hold().tolist() for _ in range(5)] == [sent] * 5
        assert c._core.network.last.tolist() == units


def test_a_controller_on_core_fixed_does_all_that_a_loop_asks():
    limits = Limits(low=-1.0, high=1.0, rest=0.25, slew=150.0, on_hold="damp")
    spec = one(decoder=Rate(population="out", size=2, limits=limits))
    program = quantized(spec).program
    c, host = Controller(program, "fixed", record=True), Controller(program, record=True)
    assert c.at_rest and c.spikes_last == 0
    for x in observations(10):
        action, theirs = c.step(x), host.step(x)
        assert action == pytest.approx(theirs, abs=TOLERANCE)
        assert c.wanted == pytest.approx(host.wanted, abs=TOLERANCE)
        assert c.membranes == pytest.approx(host.membranes, abs=TOLERANCE)
        assert (c.spikes_last, c.synops_last, c.silent) == (host.spikes_last, host.synops_last, host.silent)
        assert c.spikes.tolist() == host.spikes.tolist()
    assert not c.at_rest
    assert c.hold() == pytest.approx(host.hold(), abs=TOLERANCE)
    c.was_sent([0.1, 0.9])
    assert c.sent.tolist() == [0.1, 0.9]
    assert c.step(np.zeros(SIZE))[1] >= 0.9 - 1.5 - 1e-3
    for _ in range(30):
        c.rest()
    assert c.at_rest
    assert c.plasticity == {} and c.to_program() is program and not c.learn
    c.forget()
    c.end(1.0)
    with pytest.raises(ObservationError):
        c.step(np.full(SIZE, np.nan))


def test_predict_takes_rows_that_keep_their_own_state():
    program = quantized(CASES["poisson"].spec).program
    c, xs = Controller(program, "fixed", seed=2), observations(6)
    rows = np.array([c.predict(np.array([x, x[::-1]]))[0] for x in xs])
    cores = [FixedCore(program, seed=2, instance=i) for i in (0, 1)]
    for k, x in enumerate(xs):
        for i, core in enumerate(cores):
            core.tick(x[:: 1 - 2 * i])
            assert rows[k, i].tolist() == core.action.tolist()
    c.predict(np.zeros((2, SIZE)), episode_start=np.array([True, False]))
    with pytest.raises(ObservationError, match="row 1"):
        c.predict(np.array([np.zeros(SIZE), np.full(SIZE, np.inf)]))


def test_what_is_taken_for_the_last_action_goes_to_a_whole_unit_nearer_to_rest():
    limits = Limits(low=-1.0, high=1.0, rest=0.5)
    core = FixedCore(quantized(one(decoder=Rate(population="out", size=2, limits=limits))).program)
    unit = 1.5 / FULL
    core.set_last([0.5 + 10.4 * unit, 0.5 - 10.9 * unit])
    assert core.network.last.tolist() == [10, -10]
    assert core.action == pytest.approx([0.5 + 10 * unit, 0.5 - 10 * unit], abs=1e-12)
    core.set_last([99.0, -99.0])  # limits are rounded inwards
    assert core.action[0] == pytest.approx(1.0, abs=unit) and core.action[0] <= 1.0
    assert core.action[1] == -1.0


def test_what_fixed_point_does_not_have_is_told():
    quantum = quantized(one())
    program, core = quantum.program, FixedCore(quantum.program)
    bare = replace(program, image=None)
    for make in (FixedCore, lambda p: Controller(p, "fixed")):
        with pytest.raises(
            ImageError, match="the program has no image for fixed point; make one with `neurobot quantize`"
        ):
            make(bare)
    other = replace(program, image=quantized(one(substeps=3)).program.image)
    with pytest.raises(ImageError, match=r"the image is of another program: .* quantize it again"):
        FixedCore(other)
    with pytest.raises(SpecError, match="FixedCore: learn is on, but no projection has a rule"):
        core.learn = True
    with pytest.raises(SpecError, match="steps is 2, allowed are none"):
        core.tick_in_place(2)
    with pytest.raises(KeyError, match="in fixed point a network's state is in integers"):
        core.block("out.v")
    with pytest.raises(SpecError, match="core is 'fxed'; did you mean 'fixed'"):
        Controller(program, "fxed")


def test_other_params_leave_the_image_out_and_a_file_keeps_it(tmp_path):
    program = quantized(one()).program
    assert program.with_params(program.params).image is None
    program.save(tmp_path / "a.safetensors")
    read = Program.load(tmp_path / "a.safetensors")
    assert read.image.tobytes() == program.image.tobytes()
    assert read.diff(program) == [] and "quantized: an image of" in read.summary()
    assert read.diff(replace(program, image=None)) == ["image: only in the first"]
    assert play(FixedCore(read)).bits() == play(FixedCore(program)).bits()
    assert read.provenance["quantized"]["ticks"] == 120


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (np.zeros((2, 2), np.uint8), r"array 'image' has shape \(2, 2\), the spec asks for None"),
        (np.zeros(8, np.float32), "array 'image' has dtype float32, it must be uint8"),
    ],
)
def test_a_file_with_an_image_of_another_kind_is_refused(image, said, tmp_path):
    replace(quantized(one()).program, image=image).save(tmp_path / "a.safetensors")
    with pytest.raises(ProgramFileError, match=said):
        Program.load(tmp_path / "a.safetensors")


def test_nothing_saturates_where_scales_are_chosen_by_what_is_seen():
    for name in ("cuba", "recurrent", "current"):
        quantum = quantized(CASES[name].spec)
        assert fixed_activity(quantum.program, [observations(200, 9)]).saturated == 0
        assert quantum.image.header(fx.W_NEURONS) == quantum.program.neurons
