"""The firmware as a process: on a socket and on a pty, and what becomes of its outputs when nobody talks to it."""

import numpy as np
import pytest

from neurobot.core.fixed_network import FixedNetwork
from neurobot.errors import BoardError
from neurobot.link.host import Host
from neurobot.link.protocol import State, TickFlag
from neurobot.link.transport import open_line
from tests.firmware.board_process import build_posix, on_a_pty, on_a_socket
from tests.kernels.fixed_networks import random_input, random_network, random_reward


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build_posix(tmp_path_factory.mktemp("posix"))


def run_in_step(host, seed, ticks=30):
    image, rng = random_network(seed), np.random.default_rng(seed)
    network = FixedNetwork(image)
    host.connect()
    host.load(image.to_bytes())
    for k in range(2 if image.learns() else 1):  # what was learnt stays for the second episode
        host.arm(hold=0.5, watchdog=0.5)
        for _ in range(ticks):
            (kind, data), (reward, learn) = random_input(rng, image), random_reward(rng, seed % 4 == 3)
            flags = TickFlag.CARRY | learn * TickFlag.LEARN
            network.tick(kind, data, reward, learn=learn)
            reply = host.tick(image.substeps, kind, data, flags=flags, reward=reward)
            assert np.frombuffer(reply.data, "<i2").tolist() == network.last.tolist()
            assert reply.spikes == network.spikes
        if image.learns():
            host.tick(0, 0, b"", flags=flags | k * TickFlag.FORGET, reward=reward // -2)
            network.forget() if k else None
            network.end(reward // -2, learn)
        assert host.digest() == (ticks * image.substeps, network.digest())
        assert host.state() == network.state.tobytes()
        host.reset()
        network.clear()
        assert host.digest() == (0, network.digest())
    return image


def fits(seed):
    image = random_network(seed)
    return image.substeps * max(2 * image.n_in + 2, 1) < 500


SEEDS = [seed for seed in range(40) if fits(seed)]


def test_a_process_runs_images_as_the_host_does(program):
    with on_a_socket(program) as (host, process):
        for seed in SEEDS[:8]:
            run_in_step(host, seed)
        host.close()
        assert process.wait(timeout=10) == 0  # the other side hung up


def test_a_pty_can_be_left_and_opened_again(program):
    with on_a_pty(program) as name:
        boots = []
        for seed in SEEDS[:2]:
            with Host(open_line(name), arithmetic=2) as host:
                run_in_step(host, seed)
                boots.append(host.session.hello.boot_id)
        assert boots[0] == boots[1]


def test_two_processes_have_two_boot_ids(program):
    ids = []
    for _ in range(2):
        with on_a_socket(program) as (host, _):
            ids.append(host.connect().boot_id)
    assert ids[0] != ids[1]


def outputs(process):
    return [int(x) for x in process.stdout.readline().split()[2:]]


def test_without_ticks_outputs_are_held_and_then_go_to_rest_and_stay_there(program):
    image, rng = random_network(SEEDS[1]), np.random.default_rng(0)
    with on_a_socket(program, "--show") as (host, process):
        assert outputs(process) == []  # off at the start
        host.connect()
        host.load(image.to_bytes())
        assert outputs(process) == []  # LOADING
        rest = image.outputs["rest"].tolist()
        assert outputs(process) == rest  # READY
        host.arm(hold=0.02, watchdog=0.1)
        reply = host.tick(image.substeps, *random_input(rng, image))
        last = np.frombuffer(reply.data, "<i2").tolist()
        assert outputs(process) == last
        with pytest.raises(BoardError, match="SAFE"):
            host.listen(5.0)
        assert host.session.holds == 1
        held, safe = outputs(process), outputs(process)
        assert len(held) == image.n_act
        assert safe == rest
        host.disarm()
        assert host.connect().state == State.SAFE


@pytest.mark.parametrize("asks", [False, True])
def test_a_host_that_hangs_up_leaves_outputs_at_rest_before_the_process_ends(program, asks):
    image, rng = random_network(SEEDS[1]), np.random.default_rng(0)
    with on_a_socket(program, "--show") as (host, process):
        host.connect()
        host.load(image.to_bytes())
        host.arm(hold=0.02, watchdog=0.1)
        host.tick(image.substeps, *random_input(rng, image))
        if asks:  # and is gone before the answer
            session = host.session
            session.start(session.tick(image.substeps, *random_input(rng, image)), host.transport.now())
            host.transport.write(session.outgoing())
        host.close()
        moved = [outputs(process) for _ in range(6 + asks)]  # off, LOADING, READY, ticks, held, SAFE
        assert moved[-1] == image.outputs["rest"].tolist()
        assert process.stdout.readline() == ""
        assert process.wait(timeout=10) == 0


def test_a_wrong_option_is_told(program):
    import subprocess

    done = subprocess.run([program, "--pty"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "usage: neurobot-board [--show] [--fd NUMBER]\n")
    done = subprocess.run([program, "--fd", "77"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no such line" in done.stderr
