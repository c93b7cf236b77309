"""Pictures of recordings and of training, as matplotlib figures.

Figures are made without pyplot, which keeps state of its own and would look for a screen. matplotlib is imported when
the first figure is made: running a robot does not need it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurobot.errors import ConfigError, NeurobotError
from neurobot.loop.recording import Recording
from neurobot.loop.timing import STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_TICKS = 60
"""Ticks in the panels over time; with more, single spikes can no longer be seen."""
SHOWN_MEMBRANES = 4
"""Neurons a population whose membranes are drawn."""
SHOWN_ACTIONS = 8
SHOWN_LABELS = 12


def has_matplotlib() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def figure_of(recording: Recording, *, start: int = 0, ticks: int = SHOWN_TICKS) -> Figure:
    """A run as one picture: spikes, membranes, actions, and how long the stages of a tick took.

    Args:
        recording: of the run.
        start: first row of the recording in the panels over time.
        ticks: how many rows those show, at most.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(10, 11)
    axes = figure.subplots(4, 1, height_ratios=(3, 2, 2, 1.5))
    rows = slice(start, start + ticks)
    raster(axes[0], recording, rows)
    membranes(axes[1], recording, rows)
    actions(axes[2], recording, rows)
    timing(axes[3], recording)
    for ax in axes[1:3]:
        ax.sharex(axes[0])
    axes[2].set_xlabel("time [s]")
    return figure


def raster(ax: Axes, recording: Recording, rows: slice) -> None:
    """Draw a mark for every spike: time [s] across, neurons up, one colour a population."""
    header, ticks = recording.header, recording.tick[rows]
    chosen = recording.spikes[np.isin(recording.spikes[:, 0], ticks)]
    times = (chosen[:, 0] * header.substeps + chosen[:, 1]) * header.dt
    size = float(np.clip(200 / max(header.neurons, 1), 1.0, 8.0))  # [pt]; a row of 200 pt for all neurons
    for name, first, n in header.populations:
        mine = (chosen[:, 2] >= first) & (chosen[:, 2] < first + n)
        ax.plot(times[mine], chosen[mine, 2], "|", markersize=size, label=name)
    ax.set_ylim(-0.5, header.neurons - 0.5)
    ax.set_ylabel("neuron")
    legend(ax, markerscale=8.0 / size)
    ax.set_title("spikes", loc="left", fontsize="medium")


def membranes(ax: Axes, recording: Recording, rows: slice) -> None:
    """Draw v at the end of each tick, of the first neurons of every population that has a membrane."""
    times = _times(recording, rows)
    for name, first, n in recording.header.populations:
        for j in range(first, first + min(n, SHOWN_MEMBRANES)):
            if recording.membrane[:, j].any():  # inputs have none and are recorded as 0
                ax.plot(times, recording.membrane[rows, j], linewidth=0.8, label=f"{name} {j - first}")
    ax.set_ylabel("v")
    ax.set_title("membranes, at the end of a tick", loc="left", fontsize="medium")
    legend(ax)


def actions(ax: Axes, recording: Recording, rows: slice) -> None:
    """Draw what was sent, as steps, and, thinner, what was decoded before the limits."""
    times = _times(recording, rows)
    for a in range(min(recording.header.actions, SHOWN_ACTIONS)):
        (line,) = ax.plot(times, recording.sent[rows, a], drawstyle="steps-post", label=f"action {a}")
        wanted = recording.wanted[rows, a]
        ax.plot(times, wanted, ":", drawstyle="steps-post", linewidth=0.8, color=line.get_color())
    ax.set_ylabel("action")
    ax.set_title("actions sent (dotted: before the limits)", loc="left", fontsize="medium")
    legend(ax)


def timing(ax: Axes, recording: Recording) -> None:
    """Draw a histogram of how long the stages of a tick took [us], over the whole recording."""
    times = {name: recording.timing[:, j] / 1e3 for j, name in enumerate(STAGES)}
    times = {name: t[t > 0] for name, t in times.items()}
    shown = {name: t for name, t in times.items() if t.size and name != "slack"}
    if shown:
        everything = np.concatenate(list(shown.values()))
        bins = np.geomspace(everything.min(), everything.max() * 1.001, 80).tolist()
        for name, t in shown.items():
            ax.hist(t, bins, histtype="step", label=f"{name}, median {_short(float(np.median(t)))} us")
        ax.set_xscale("log")
        legend(ax)
    ax.set_xlabel("time [us]")
    ax.set_ylabel("ticks")
    ax.set_title("time of each stage of a tick", loc="left", fontsize="medium")


CURVES = {"return_mean": "return", "accuracy": "accuracy", "loss": "loss"}
"""What a learning curve shows, the first of these that a training has, and what the axis is called."""


def learning_curve(events: Sequence[Mapping[str, Any]]) -> Figure:
    """Return, accuracy or loss over environment steps, or over rounds where there are none, from a training's events.

    Args:
        events: those named ``round`` and ``evaluation`` have ``round``, ``steps`` and, of `CURVES`, the number that is
            drawn; the evaluations' ``return_std`` becomes error bars. ``start`` says what a round is called.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(8, 5)
    ax = figure.subplots()
    rounds = [e for e in events if e.get("event") == "round"]
    evaluations = [e for e in events if e.get("event") == "evaluation"]
    unit = next((str(e["unit"]) for e in events if "unit" in e), "round")
    name = next((n for n in CURVES if any(n in e for e in (*evaluations, *rounds))), "return_mean")
    at = "steps" if any(e.get("steps") for e in rounds) else "round"
    x, y = _columns([e for e in rounds if name in e], at, name)
    ax.plot(x, y, linewidth=0.8, label=f"training, mean of a {unit}")
    measured = [{"return_std": 0.0, **e} for e in evaluations if name in e]
    x, y, std = _columns(measured, at, name, "return_std")
    ax.errorbar(x, y, std, fmt="o-", markersize=3, capsize=2, label="evaluation, mean and standard deviation")
    ax.set_xlabel("environment steps" if at == "steps" else f"{unit}s")
    ax.set_ylabel(CURVES[name])
    ax.legend(loc="best", fontsize="small")
    return figure


def answers(results: Mapping[str, Any]) -> Figure:
    """What a classifier answered: the confusion matrix in shares of a label, and accuracy after each step.

    Args:
        results: ``confusion`` (labels, answers) and ``accuracy_by_step``.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(10, 4.5)
    left, right = figure.subplots(1, 2)
    counts = np.asarray(results["confusion"], np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = left.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for (label, answer), count in np.ndenumerate(counts):
        if count:
            dark = shares[label, answer] > 0.5
            left.text(answer, label, f"{count:.0f}", ha="center", va="center", color="white" if dark else "black")
    left.set_xlabel("answer")
    left.set_ylabel("label")
    figure.colorbar(picture, ax=left, label="share of the label")
    accuracy = results["accuracy_by_step"]
    right.plot(range(1, len(accuracy) + 1), accuracy, "o-", markersize=3)
    right.set_ylim(0, 1)
    right.set_xlabel("network step")
    right.set_ylabel("accuracy")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure to a file; its suffix says which format.

    Raises:
        ConfigError: a format that is not known.
        OSError: the file cannot be written.
    """
    formats = figure.canvas.get_supported_filetypes()
    if path.suffix[1:] not in formats:
        raise ConfigError(f"{path}: pictures can be written as {', '.join(sorted(formats))}; give NAME.png")
    figure.savefig(path, dpi=120)


def blank_figure(width: float, height: float) -> Figure:
    """An empty figure [inch]; NeurobotError where matplotlib is not installed."""
    if not has_matplotlib():
        raise NeurobotError("matplotlib is not installed; pip install 'neurobot[plot]'")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _times(recording: Recording, rows: slice) -> np.ndarray:
    """When each of these ticks began, in time of the run [s]."""
    return np.asarray(recording.tick[rows] * recording.header.control_period)


def legend(ax: Axes, markerscale: float = 1.0) -> None:
    """A legend beside the axes, where there is something to explain that still fits."""
    if 0 < len(ax.get_legend_handles_labels()[0]) <= SHOWN_LABELS:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", frameon=False, markerscale=markerscale)


def _short(x: float) -> str:
    """A number with three digits, and all of those before the point."""
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


def _columns(events: Sequence[Mapping[str, Any]], *names: str) -> list[np.ndarray]:
    return [np.array([e[name] for e in events], np.float64) for name in names]
