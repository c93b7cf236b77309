"""A program as C that runs by itself: it compiles everywhere, without a warning, and does what FixedCore does."""

import subprocess

import numpy as np
import pytest

from neurobot.board.export import export_c, input_of
from neurobot.core.fixed import FixedCore, image_of
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.errors import ConfigError
from neurobot.kernels import fixed_ops as fx
from tests.board.programs import observations, quantized
from tests.firmware.native import need, run
from tests.kernels.fixed_networks import random_input, random_network

STRICT = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror"]


def compiled(folder, compiler="gcc", *flags):
    need(compiler)
    run([compiler, *STRICT, *flags, "-o", folder / "controller", *sorted(folder.glob("*.c"))], folder)
    return folder / "controller"


def actions(program, data):
    """What it prints to the inputs of some ticks."""
    done = subprocess.run([program], input=data, capture_output=True)
    assert done.returncode == 0
    return [[int(x) for x in line.split()] for line in done.stdout.decode().splitlines()]


@pytest.mark.parametrize("currents", [False, True])
def test_it_does_what_fixed_core_does(tmp_path, currents):
    program = quantized(currents)
    core, given, wanted = FixedCore(program, seed=1), [], []
    for observation in observations(20):
        core.tick(observation)
        kind, data = core.network.given
        assert (kind, len(data)) == input_of(core.image)
        given.append(data)
        wanted.append(core.network.last.tolist())
    export_c(core.image, tmp_path)
    assert actions(compiled(tmp_path), b"".join(given)) == wanted
    assert len({tuple(a) for a in wanted}) > 2


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_run_as_on_the_host(tmp_path, seed):
    image, rng = random_network(seed), np.random.default_rng(seed)
    network, given, wanted = FixedNetwork(image), [], []
    while len(given) < 10:
        kind, data = random_input(rng, image)
        if kind == input_of(image)[0]:
            network.tick(kind, data)
            given.append(data)
            wanted.append(network.last.tolist())
    export_c(image, tmp_path)
    assert actions(compiled(tmp_path), b"".join(given)) == wanted


@pytest.mark.parametrize("processor", ["cortex-m0", "cortex-m3"])
def test_it_compiles_for_boards_too_with_the_image_in_flash(tmp_path, processor):
    image = image_of(quantized())
    export_c(image, tmp_path)
    program = compiled(tmp_path, "arm-none-eabi-gcc", f"-mcpu={processor}", "-mthumb", "--specs=rdimon.specs")
    listed = run(["arm-none-eabi-nm", "-S", program], tmp_path).split("\n")
    (line,) = [words.split() for words in listed if words.endswith(" program_image")]
    assert (int(line[1], 16), line[2]) == (4 * image.words.size, "R")
    objects = run(["arm-none-eabi-nm", "-u", *core_objects(tmp_path, processor)], tmp_path)
    assert "malloc" not in objects


def core_objects(folder, processor):
    """Of all but the example of a main loop, whose C library is what it likes."""
    units = [path for path in sorted(folder.glob("*.c")) if path.name != "main.c"]
    run(["arm-none-eabi-gcc", *STRICT, f"-mcpu={processor}", "-mthumb", "-ffreestanding", "-c", *units], folder)
    return [path.with_suffix(".o") for path in units]


def test_a_bit_beyond_the_last_channel_ends_it_with_a_code(tmp_path):
    image = next(im for im in map(random_network, range(50)) if not im.currents and im.n_in % 8)
    export_c(image, tmp_path)
    done = subprocess.run([compiled(tmp_path)], input=b"\xff" * input_of(image)[1], capture_output=True)
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_main_loop_that_is_there_is_left_alone_and_the_rest_is_replaced(tmp_path):
    first, second = (random_network(seed) for seed in (1, 2))
    assert tmp_path / "main.c" in export_c(first, tmp_path)
    (tmp_path / "main.c").write_text("mine")
    assert tmp_path / "main.c" not in export_c(second, tmp_path, "name */ of it\n")
    assert (tmp_path / "main.c").read_text() == "mine"
    assert f"PROGRAM_BYTES {4 * second.words.size}u" in (tmp_path / "program.h").read_text()
    assert (tmp_path / "program.h").read_text().startswith("/* name * / of it , made by")


def test_units_and_image_are_written_to_the_last_bit(tmp_path):
    image = image_of(quantized())
    export_c(image, tmp_path)
    text = (tmp_path / "program.c").read_text()
    words = [int(w[:-1], 16) for w in text.split("{", 2)[1].split("}")[0].replace(",", " ").split()]
    assert Image.of(np.array(words, "<u4").tobytes()).words.tolist() == image.words.tolist()
    units = text.split("program_unit")[1].split("{")[1].split("}")[0].replace(",", " ").split()
    assert [float(u) for u in units] == image.outputs["unit"].tolist()
    assert f"PROGRAM_RAM_BYTES {image.header(fx.W_STATE) + image.header(fx.W_SCRATCH)}u" in (
        (tmp_path / "program.h").read_text()
    )


def test_a_program_that_learns_says_what_its_rewards_are_counted_in(tmp_path):
    for seed in (2, 5):
        image = random_network(seed)
        export_c(image, tmp_path)
        told = f"#define PROGRAM_REWARD_UNIT {image.reward_unit}\n" in (tmp_path / "program.h").read_text()
        assert told == bool(image.learns()) == (seed == 5)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "there").write_text("")
    with pytest.raises(ConfigError, match="there is a file: give a folder to write C to"):
        export_c(random_network(1), tmp_path / "there")
