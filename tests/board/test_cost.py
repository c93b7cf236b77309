"""Instructions of a tick, as the report estimates them, beside those that QEMU counts."""

import numpy as np
import pytest

from neurobot.board import quantize, report
from neurobot.board.cost import COSTS, NAMES, instructions
from neurobot.core.fixed import FixedCore
from neurobot.program import Program
from tests.board.programs import observations, quantized
from tests.firmware.bench import BENCH, play, programs
from tests.firmware.native import ROOT, need
from tests.kernels.fixed_networks import random_network

PROCESSORS = {"m3": "Cortex-M3", "m0": "Cortex-M0"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    need("make", "arm-none-eabi-gcc", "qemu-system-arm")
    return programs(tmp_path_factory.mktemp("cost"), *PROCESSORS)


def counted(made, name, program, seen):
    """Instructions of a tick, on average, as QEMU counts them."""
    core, given = FixedCore(program), []
    core.reset(program.seed)
    for observation in seen:
        core.tick(observation)
        given.append(BENCH.Given(*core.network.given))
    (ticks,) = play(name, made[name], [(core.image.to_bytes(), given)], count=True)
    return np.mean([t.instructions for t in ticks])


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("currents", [False, True])
def test_the_estimate_for_a_small_program_is_within_ten_percent(made, processor, currents):
    program, seen = quantized(currents), observations(40)
    told = report(quantize(program, [seen]), [seen]).instructions[PROCESSORS[processor]]
    assert told == pytest.approx(counted(made, processor, program, seen), rel=0.1)


@pytest.mark.parametrize("name", ["balancer", "halfcheetah_td3", "pendulum", "reach"])
def test_the_estimate_for_a_program_that_is_shipped_is_within_ten_percent(made, name):
    program = Program.load(ROOT / f"launch/{name}.safetensors")
    seen = np.random.default_rng(0).normal(0, 0.5, (40, program.observation_size))
    done = quantize(program, [seen])
    told = report(done, [seen]).instructions["Cortex-M3"]
    assert told == pytest.approx(counted(made, "m3", done.program, seen), rel=0.1)


def test_costs_are_of_what_is_counted_and_a_network_that_learns_has_none():
    assert all(set(costs) <= set(NAMES) for costs in COSTS.values())
    image = random_network(5)
    assert image.learns()
    assert instructions(image, [1.0] * len(image.neurons()), 10.0) == {}
