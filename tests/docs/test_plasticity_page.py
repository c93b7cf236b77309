"""What docs/plasticity.md shows: the neuron learns, the launch file can be read, all rules are in the table."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from benchmarks.papers import PAPERS
from neurobot.spec import Projection, Reward, RewardSTDP
from neurobot.spec.rules import RULES
from neurobot.spec.serialize import from_data

TEXT = (Path(__file__).parents[2] / "docs" / "plasticity.md").read_text()
FIRST, EPROP, CUSTOM = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_neuron_learns_which_input_to_follow():
    assert len(FIRST.splitlines()) < 30
    result = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    weights = [float(number) for number in re.findall(r"\d+\.\d*", result.stdout)]
    assert len(weights) == 10
    assert weights[3] > 0.9
    assert max(weights[:3] + weights[4:]) < 0.5


def test_the_e_prop_rules_it_shows_are_one_online_and_one_of_episodes():
    result = subprocess.run(
        [sys.executable, "-c", f"from neurobot.spec import EProp\n{EPROP}\nprint(rule.episodes, batch.episodes)"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.stdout.split() == ["0", "32"], result.stderr


def test_the_rule_it_shows_can_be_registered():
    names = "import neurobot\nfrom neurobot.spec import CustomRule\n"
    result = subprocess.run([sys.executable, "-c", names + CUSTOM], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_launch_file_it_shows_can_be_read():
    data = tomllib.loads(re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)[1])
    (given,) = data["network"]["projections"]
    rule = from_data(given, Projection).rule
    assert rule == RewardSTDP(
        tau_e=0.4, tau_mean=0.2, rate=2e-3, w_max=3.0, row_sum=2.0, modulator=Reward(baseline_tau=0.2)
    )


def test_every_rule_has_a_row():
    assert [rule.__name__ for rule in RULES if f"| `{rule.__name__}`" not in TEXT] == []


def test_every_paper_has_a_row_with_its_name():
    section = TEXT[TEXT.index("## Published results") :]
    assert set(re.findall(r"`(\w+)` \|$", section, re.MULTILINE)) == set(PAPERS)
