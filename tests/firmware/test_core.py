"""The core in C runs what FixedNetwork and the twin run: actions, spikes, state and digest, bit for bit."""

import numpy as np
import pytest

from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import HOLDS
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels.status import OK
from tests.firmware.native import NativeCore, build_core, core_of
from tests.kernels.fixed_networks import random_input, random_network, random_reward
from tests.kernels.test_fixed_learning import learning
from tests.twins.fixed import FixedTwin

LAST, REST, DAMP = range(len(HOLDS))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build_core(tmp_path_factory.mktemp("core"))


def lockstep(library, image, ticks, seed):
    """Neuron-steps that a run compared."""
    rng = np.random.default_rng(seed)
    core, network, twin = core_of(library, image), FixedNetwork(image), FixedTwin(image.to_bytes())
    assert core.state() == network.state.tobytes()
    given = [(random_input(rng, image), *random_reward(rng, seed % 4 == 1)) for _ in range(ticks)]
    for k, (tick, reward, learn) in enumerate(given):
        if k == ticks // 2 and image.learns():
            for one in (core, network):
                one.end(reward, learn)
        assert network.tick(*tick, reward, learn=learn) == OK
        assert core.tick(*tick, reward, learn=learn) == 0
        assert core.actions() == network.last.tolist()
        assert core.spikes == network.spikes
        assert core.state() == network.state.tobytes()
    if seed % 3 == 0:  # the twin is slow, and the network was compared with it
        for k, (tick, reward, learn) in enumerate(given):
            if k == ticks // 2:
                twin.end(reward, learn)
            actions = twin.tick(*tick, reward, learn)
        assert actions == core.actions()
        assert twin.state() == core.state()
    core.check()
    assert core.digest() == (ticks * image.substeps, network.digest())
    core.reset()
    network.clear()
    assert core.state() == network.state.tobytes()
    network.forget()
    assert core.load(image.to_bytes()) == 0
    assert core.state() == network.state.tobytes()
    return ticks * image.substeps * image.header(fx.W_NEURONS)


@pytest.mark.parametrize("extreme", [False, True])
def test_random_networks_run_as_on_the_host(library, extreme):
    assert sum(lockstep(library, random_network(seed, extreme), 20, seed) for seed in range(80)) > 250_000


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("bounds", [(-(2**31), 2**31 - 1), (-5, 7)])
def test_learning_at_the_bounds_of_all_numbers_runs_as_on_the_host(library, sign, bounds):
    rule = {"rises": (15, 0), "events": (32767 * sign, -32767, 32767), "bounds": bounds, "gain": -65536 * sign}
    image = learning(n_pre=3, threshold=1, weight=32767, **rule, leaks=(0, 1, 65535, 0, 65535), centred=True)
    core, network, rng = core_of(library, image), FixedNetwork(image), np.random.default_rng(0)
    for reward in (0, -(2**31), 2**31 - 1, 2**31 - 1, -(2**31), 2**29, -(2**29)):
        given = random_input(rng, image)
        assert network.tick(*given, reward, learn=True) == OK
        assert core.tick(*given, reward, learn=True) == 0
        for one in (core, network):
            one.end(reward, True)
        assert core.state() == network.state.tobytes()
    core.check()


def test_a_core_begins_anew_after_a_reset(library):
    image = random_network(3, learns=False)
    core, rng = core_of(library, image), np.random.default_rng(3)
    before = core.digest()
    inputs = [random_input(rng, image) for _ in range(5)]
    runs = []
    for _ in range(2):
        for kind, data in inputs:
            assert core.tick(kind, data) == 0
        runs.append((core.actions(), core.digest()))
        core.reset()
        assert core.digest() == before
    assert runs[0] == runs[1]
    assert runs[0][1] != before


def bad_inputs(rng, image):
    """Inputs that an image refuses."""
    kind, data = random_input(rng, image)
    wrong = [(kind, data[:-1]), (kind, data + b"\0"), (4, data), (255, data), (kind, b"")]
    if image.currents:
        return [*wrong, (fx.BITMAPS, data), (fx.SPIKE_LIST, data)]
    wrong += [(fx.HELD_CURRENTS, data), (fx.STEP_CURRENTS, data)]
    one = image.n_in.to_bytes(2, "little")
    wrong.append((fx.SPIKE_LIST, b"\1\0" + one + b"\0\0" * (image.substeps - 1)))  # a channel that is not there
    wrong.append((fx.SPIKE_LIST, b"\xff\xff" + b"\0\0" * (image.substeps - 1)))
    more = image.n_in + 1  # one that comes twice is well, but not in a list that is longer than all of them
    wrong.append((fx.SPIKE_LIST, more.to_bytes(2, "little") + b"\0\0" * (more + image.substeps - 1)))
    if image.n_in % 8:
        width = -(-image.n_in // 8)
        wrong.append((fx.BITMAPS, bytes(width * image.substeps - 1) + b"\x80"))
    return wrong


def test_an_input_that_does_not_fit_is_refused_where_the_host_refuses_it_and_changes_nothing(library):
    refused = 0
    for seed in range(40):
        image, rng = random_network(seed), np.random.default_rng(seed)
        core, network = core_of(library, image), FixedNetwork(image)
        core.tick(*random_input(np.random.default_rng(1), image))
        network.tick(*random_input(np.random.default_rng(1), image))
        for kind, data in bad_inputs(rng, image):
            before = core.state()
            status = network.tick(kind, data)
            assert (core.tick(kind, data) == 0) == (status == OK)
            assert core.state() == network.state.tobytes()
            if status != OK:
                assert core.tick(kind, data) == 2
                assert core.state() == before
                refused += 1
        assert core.tick(*random_input(rng, image), n_sub=image.substeps + 1) == 1
        assert core.tick(0, b"\0", n_sub=0) == (2 if image.learns() else 1)  # an episode's end has no data
    assert refused > 150


def where_it_goes(output, last):
    rest, slew = int(output["rest"]), int(output["slew"])
    half = abs(last - rest) // 2 * (1 if last > rest else -1)
    to = {LAST: last, REST: rest, DAMP: rest + half}[int(output["on_hold"])]
    return to if slew == fx.NO_SLEW else min(max(to, last - slew), last + slew)


def test_outputs_without_a_tick_go_where_the_image_says(library):
    seen = set()
    for seed in range(60):
        image, rng = random_network(seed), np.random.default_rng(seed)
        core = core_of(library, image)
        for _ in range(2):
            assert core.tick(*random_input(rng, image)) == 0
        last = core.actions()
        wanted = [where_it_goes(o, a) for o, a in zip(image.outputs, last, strict=True)]
        assert core.idle(True) == wanted
        assert core.actions() == wanted  # slew counts from what was sent
        assert core.idle(False) == image.outputs["rest"].tolist()
        seen |= set(image.outputs["on_hold"].tolist())
    assert seen == {LAST, REST, DAMP}


def test_an_image_that_needs_more_than_there_is_is_refused_with_the_reason(library):
    image = random_network(5)
    assert NativeCore(library, image.ram_bytes - 4).load(image.to_bytes()) == 2
    assert NativeCore(library, image.ram_bytes).load(image.to_bytes(), most_actions=image.n_act - 1) == 3
    assert NativeCore(library, image.ram_bytes).load(image.to_bytes(), most_actions=image.n_act) == 0
