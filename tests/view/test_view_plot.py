"""Pictures show what the recording holds."""

import json

import numpy as np
import pytest

from neurobot.errors import NeurobotError
from neurobot.loop.recording import Header, Recording
from neurobot.loop.timing import STAGES
from neurobot.view.plot import answers, figure_of, learning_curve, raster, save, timing

TICKS, DT, SUBSTEPS = 30, 0.01, 2


@pytest.fixture
def recording():
    header = Header(
        populations=(("input", 0, 3), ("output", 3, 2)),
        dt=DT,
        substeps=SUBSTEPS,
        control_period=DT * SUBSTEPS,
        observations=3,
        actions=2,
        max_spikes=10,
    )
    rng = np.random.default_rng(1)
    membrane = np.zeros((TICKS, 5), np.float32)
    membrane[:, 3:] = rng.standard_normal((TICKS, 2))
    return Recording(
        header=header,
        events=(),
        tick=np.arange(TICKS),
        episode=np.zeros(TICKS, np.int64),
        observation=rng.standard_normal((TICKS, 3)),
        reward=np.ones(TICKS),
        wanted=rng.standard_normal((TICKS, 2)),
        sent=rng.standard_normal((TICKS, 2)),
        held=np.zeros(TICKS, np.uint8),
        membrane=membrane,
        spike_count=np.ones(TICKS, np.int64),
        spikes=np.array([(0, 0, 1), (0, 1, 4), (5, 1, 2), (20, 0, 3)]),
        timing=np.tile(np.array([0, 1_000, 50_000, 0, 20_000, 0, 900_000]), (TICKS, 1)),
    )


def lines(ax):
    return {line.get_label(): line.get_xydata() for line in ax.lines}


def test_the_raster_puts_spikes_at_their_time_and_neuron(recording):
    ax = figure_of(recording).axes[0]
    drawn = lines(ax)
    np.testing.assert_allclose(drawn["input"], [(0.0, 1), (0.11, 2)])
    np.testing.assert_allclose(drawn["output"], [(0.01, 4), (0.4, 3)])


def test_the_panels_over_time_show_the_chosen_ticks(recording):
    spikes, membranes, actions, _ = figure_of(recording, start=4, ticks=5).axes
    np.testing.assert_allclose(lines(spikes)["input"], [(0.11, 2)])
    assert len(lines(spikes)["output"]) == 0
    np.testing.assert_allclose(lines(membranes)["output 1"][:, 0], np.arange(4, 9) * 0.02)
    np.testing.assert_allclose(lines(actions)["action 0"][:, 1], recording.sent[4:9, 0])


def test_inputs_have_no_membranes(recording):
    membranes = figure_of(recording).axes[1]
    assert set(lines(membranes)) == {"output 0", "output 1"}


def test_the_histogram_holds_every_tick_of_every_stage_that_took_time(recording):
    ax = figure_of(recording).axes[3]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["sense, median 1 us", "tick, median 50 us", "act, median 20 us"]
    heights = [max(y for _, y in patch.get_xy()) for patch in ax.patches]
    assert heights == [TICKS] * 3


def test_a_recording_without_spikes_and_times_can_be_drawn(recording, tmp_path):
    from dataclasses import replace

    silent = replace(recording, spikes=np.zeros((0, 3), np.int64), timing=np.zeros((TICKS, len(STAGES)), np.int64))
    save(figure_of(silent), tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_single_panels_can_be_drawn_into_axes_of_ones_own(recording):
    from matplotlib.figure import Figure

    one, other = Figure().subplots(1, 2)
    raster(one, recording, slice(0, 1))
    timing(other, recording)
    assert len(lines(one)["input"]) == 1
    assert other.get_xlabel() == "time [us]"


def test_the_learning_curve_has_rounds_and_evaluations():
    text = """
    {"event": "start", "round": 0, "unit": "generation"}
    {"event": "round", "round": 1, "steps": 100, "core_seconds": 0.1, "return_mean": 1.5}
    {"event": "round", "round": 2, "steps": 200, "core_seconds": 0.2, "return_mean": 2.5}
    {"event": "evaluation", "round": 2, "steps": 200, "core_seconds": 0.3, "return_mean": 4.0, "return_std": 1.0}
    """
    ax = learning_curve([json.loads(line) for line in text.split("\n") if line.strip()]).axes[0]
    np.testing.assert_allclose(ax.lines[0].get_xydata(), [(100, 1.5), (200, 2.5)])
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [(200, 4.0)])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("environment steps", "return")


def test_the_learning_curve_of_a_training_without_environment_is_over_its_rounds():
    events = [{"event": "start", "round": 0, "unit": "epoch"}]
    events += [{"event": "round", "round": k, "steps": 0, "loss": 1 / k} for k in (1, 2)]
    events.append({"event": "evaluation", "round": 2, "steps": 0, "accuracy": 0.9})
    ax = learning_curve(events).axes[0]
    np.testing.assert_allclose(ax.lines[1].get_xydata(), [(2, 0.9)])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epochs", "accuracy")


def test_an_unknown_format_is_refused(recording, tmp_path):
    with pytest.raises(NeurobotError, match=r"pictures can be written as .*png.*; give NAME.png"):
        save(figure_of(recording), tmp_path / "x.gif2")


def test_without_matplotlib_the_message_says_how_to_get_it(recording, monkeypatch):
    monkeypatch.setattr("neurobot.view.plot.has_matplotlib", lambda: False)
    with pytest.raises(NeurobotError, match=r"pip install 'neurobot\[plot\]'"):
        figure_of(recording)


def test_answers_are_drawn_with_a_count_in_every_cell_that_has_one():
    figure = answers({"confusion": [[5, 0], [1, 4]], "accuracy_by_step": [0.5, 0.9]})
    left, right = figure.axes[:2]
    assert sorted(text.get_text() for text in left.texts) == ["1", "4", "5"]
    np.testing.assert_allclose(left.images[0].get_array(), [[1, 0], [0.2, 0.8]])
    np.testing.assert_allclose(right.lines[0].get_xydata(), [[1, 0.5], [2, 0.9]])
