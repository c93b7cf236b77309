"""Neurons of one's own on the command line, whose module is imported only where it says so; noise and plasticity."""

import json
import sys

import pytest

from neurobot.spec import custom

MODULE = """
import neurobot


@neurobot.neuron("cli_neuron")
def update(v, s, spike, fall):
    for j in range(v.size):
        v[j] = fall[j] * v[j] + s[j]
        if v[j] > 1:
            spike[j] = 1
            v[j] = 0
"""
HIDDEN = 'name = "hidden"\nn = 8\nmodel = {type = "LIF", tau_mem = 0.02}'
MINE = 'name = "hidden"\nn = 8\nmodel = {type = "Custom", id = "cli_neuron", params = {fall = 0.8}}'


@pytest.fixture
def neurons(tmp_path, monkeypatch):
    """A module that registers a neuron when it is imported; its name."""
    name = "fake_neurons"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)
    custom._REGISTERED.pop("cli_neuron", None)


def forget(name):
    sys.modules.pop(name)
    del custom._REGISTERED["cli_neuron"]


def test_a_launch_file_alone_cannot_bring_a_neuron(command, launch, neurons):
    refused = command("run", launch(HIDDEN, MINE), "--no-record")
    assert refused.code == 3
    assert "no neuron is registered as 'cli_neuron'" in refused.err and "--allow-import MODULE" in refused.err
    assert neurons not in sys.modules


def test_run_with_its_module_allowed(command, launch, neurons):
    path = launch(HIDDEN, MINE)
    done = command("run", path, "--no-record", "--allow-import", neurons, "--json")
    assert done.code == 0 and json.loads(done.out)["env"] == "CartPole-v1"
    changed = ("--network.populations.1.model.params.fall", "0.5", "--dry-run")
    shown = command("run", path, "--allow-import", neurons, *changed)
    assert json.loads(shown.out)["network"]["populations"][1]["model"]["params"] == {"fall": 0.5}
    assert "--network.populations.1.model.params.fall" in command("run", path, "--allow-import", neurons, "--help").out


def test_train_and_eval_with_its_module_allowed(command, launch, neurons, tmp_path):
    path, out = launch(HIDDEN, MINE), tmp_path / "trained"
    assert command("train", path, "--out", out, "--allow-import", neurons).code == 0
    forget(neurons)
    program = out / "program.safetensors"
    refused = command("eval", program, "--episodes", "1")
    assert refused.code == 6 and "no neuron is registered as 'cli_neuron'" in refused.err
    assert command("eval", program, "--episodes", "1", "--allow-import", neurons).code == 0
    forget(neurons)
    assert command("eval", path, "--episodes", "1", "--allow-import", neurons).code == 0


def test_a_module_that_cannot_be_imported_is_named(command, launch):
    done = command("run", launch(), "--no-record", "--allow-import", "no_such_module")
    assert done.code == 3 and "--allow-import no_such_module: it cannot be imported" in done.err


def test_noise_and_short_term_plasticity_stand_in_a_launch_file(command, launch):
    path = launch(HIDDEN, HIDDEN + "\nnoise = {std = 0.2, tau = 0.01}")
    text = path.read_text().replace('post = "hidden"', 'post = "hidden"\nstp = {u = 0.5, tau_rec = 0.3}')
    path.write_text(text)
    assert command("run", path, "--no-record").code == 0
    changed = ("--network.populations.1.noise.std", "0.4", "--network.projections.0.stp.tau-facil", "0.1")
    shown = json.loads(command("run", path, "--dry-run", *changed).out)["network"]
    assert shown["populations"][1]["noise"] == {"std": 0.4, "tau": 0.01}
    assert shown["projections"][0]["stp"] == {"u": 0.5, "tau_rec": 0.3, "tau_facil": 0.1}
