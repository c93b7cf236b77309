"""Pictures of learning show the weights and the returns."""

import numpy as np
import pytest

from neurobot.core import HostCore
from neurobot.loop import RunSummary
from neurobot.loop.clock import Deadlines
from neurobot.loop.summary import EpisodeSummary
from neurobot.spec import RewardSTDP
from neurobot.view import learning
from tests.unit.learning_networks import NAME, controller


@pytest.fixture
def programs():
    program = controller(RewardSTDP(rate=0.05, w_max=2.0))
    core = HostCore(program, learn=True)
    for _ in range(50):
        core.tick(np.ones(4), 1.0)
    return program, core.to_program()


def test_weights_before_and_after_are_matrices_on_one_scale(programs):
    before, after, counts, *_ = learning.weights(*programs).axes
    for ax, program in zip((before, after), programs, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), program.weights(NAME))
    assert before.images[0].get_clim() == after.images[0].get_clim()
    assert {t.get_text() for t in counts.get_legend().get_texts()} == {"before", "after"}


def test_large_projections_are_histograms_only(programs, monkeypatch):
    monkeypatch.setattr(learning, "MOST", 10)
    before, _, counts = learning.weights(*programs).axes
    assert not before.images
    assert counts.patches


def test_returns_of_episodes_and_their_mean():
    values = np.random.default_rng(1).normal(size=50)
    episodes = [_episode(v) for v in values]
    summary = RunSummary(episodes=episodes, seed=0, interrupted=False, timing={})
    points, mean = learning.returns(summary).axes[0].lines
    np.testing.assert_array_equal(points.get_ydata(), values)
    np.testing.assert_allclose(mean.get_ydata()[0], values[:5].mean())
    np.testing.assert_allclose(mean.get_xydata()[-1], (49, values[-5:].mean()))


def _episode(total):
    return EpisodeSummary(
        seed=0, total_reward=total, length=1, duration=1.0, terminated=True, truncated=False, interrupted=False,
        physics_error="", holds=0, hold_reason="", stopped="", late_stages={}, spikes=0, synops=0,
        deadlines=Deadlines(), timing={},
    )  # fmt: skip
