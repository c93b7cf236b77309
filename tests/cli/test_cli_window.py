"""`neurobot plot stdp`: options of every rule, numbers, pictures, and what is wrong."""

import json
import sys

import numpy as np
import pytest

from neurobot.spec import custom_rule

MODULE = """
import neurobot


@neurobot.rule("cli_rule")
def pairs(w, x, y, spike, A_plus, A_minus):
    return w + A_plus * x if spike else w - A_minus * y
"""


@pytest.fixture
def rules(tmp_path, monkeypatch):
    """A module that registers a rule when it is imported; its name."""
    name = "fake_rules"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)
    custom_rule._REGISTERED.pop("cli_rule", None)


def test_a_window_is_measured_with_the_constants_given_and_drawn(command, tmp_path):
    words = ("--rule", "STDP", "--rule.A-plus", "0.02", "--rule.tau-plus", "0.01", "--out", "w.png", "--span", "0.02")
    data = json.loads(command("plot", "stdp", *words, "--json").out)
    later = np.array(data["apart"]) >= 0
    expected = 0.02 * np.exp(-np.array(data["apart"])[later] / 0.01)
    np.testing.assert_allclose(np.array(data["change"])[later], expected, rtol=1e-9)
    assert data["rule"] == "STDP" and not any(data["cut"])
    assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--rule", "TripletSTDP", "--pairs", "10", "--every", "0.05"),
        ("--rule", "InhibitorySTDP", "--rule.target", "5", "--rule.rate", "0.01"),
        ("--rule", "RewardSTDP", "--rule.tau-e", "0.1", "--rule.tau-mean", "0.2"),
    ],
)
def test_every_rule_has_a_picture(command, tmp_path, words):
    result = command("plot", "stdp", *words, "--span", "0.03")
    assert result.code == 0 and result.out.endswith("\nstdp.png\n")
    assert (tmp_path / "stdp.png").stat().st_size > 5_000


def test_a_rule_of_ones_own_needs_its_module_allowed(command, rules):
    words = ("--rule", "CustomRule", "--rule.id", "cli_rule", "--rule.params", "A_plus", "0.01", "A_minus", "0.02")
    refused = command("plot", "stdp", *words)
    assert refused.code == 2 and "no rule is registered as 'cli_rule'" in refused.err
    assert rules not in sys.modules
    done = command("plot", "stdp", *words, "--allow-import", rules)
    assert done.out.startswith("most 0.01 at 0 ms\nleast -0.0190246 at -1 ms\n")


def test_weights_at_a_bound_are_told(command):
    told = command("plot", "stdp", "--rule.A-plus", "0.9", "--span", "0.01").err
    assert "11 of 21 weights ended at a bound; try a smaller --rule.rate" in told.replace("\n", " ")


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("--rule", "STPD"), 3, "did you mean 'STDP'"),
        (("--rule", "Homeostasis"), 3, "known: CustomRule, InhibitorySTDP, RewardSTDP, STDP, TripletSTDP"),
        (("--rule.A-pluss", "1"), 2, "--rule.A-plus"),
        (("--rule.tau-plus", "-1"), 2, "tau_plus is -1"),
        (("--rule", "InhibitorySTDP"), 2, "--rule.target"),
        (("--span", "0.0005"), 3, "not a multiple of dt"),
        (("--out", "w.gif2"), 3, "give NAME.png"),
        (("--allow-import", "no_such_module"), 3, "it cannot be imported"),
    ],
)
def test_what_is_wrong_is_said(command, words, code, problem):
    result = command("plot", "stdp", *words)
    assert result.code == code and problem in result.err


def test_help_shows_the_constants_of_the_rule_that_was_named(command):
    assert "--rule.tau-mean" in command("plot", "stdp", "--rule", "RewardSTDP", "--help").out
    assert "--rule.tau-mean" not in command("plot", "stdp", "--help").out
    assert "neurobot plot stdp" in command("plot", "--help").out
