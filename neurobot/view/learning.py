"""Pictures of what a run learnt: weights before and after, and returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurobot.loop.summary import RunSummary
from neurobot.program import Program
from neurobot.view.plot import blank_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 60
SMOOTH = 20
"""Episodes in the running mean, at most; a tenth of the run."""
MOST = 4_000_000
"""Pairs of neurons of a projection that is drawn as a matrix too."""


def weights(before: Program, after: Program) -> Figure:
    """Weights of every projection that learns, before and after: as matrices on one scale where they are not too large,
    and as histograms.

    Args:
        before: program.
        after: the same with other weights.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(12, 3.5 * len(after.plastic))
    for row, q in zip(figure.subplots(len(after.plastic), 3, squeeze=False), after.plastic, strict=True):
        pairs = [(program.synapses_of(q.name).weights.ravel(), when) for program, when in _both(before, after)]
        span = min(w.min(initial=0) for w, _ in pairs), max(w.max(initial=0) for w, _ in pairs)
        for values, when in pairs:
            row[2].hist(values, bins=BINS, range=span, histtype="step", label=when)
        row[2].set_xlabel("weight")
        row[2].set_ylabel("synapses")
        row[2].legend(fontsize="small")
        if after.network.population(q.pre).n * after.network.population(q.post).n > MOST:
            row[0].set_axis_off()
            row[1].set_axis_off()
            continue
        for ax, (program, when) in zip(row, _both(before, after), strict=False):
            picture = ax.imshow(program.weights(q.name), vmin=span[0], vmax=span[1], aspect="auto")
            ax.set_title(f"{q.name}, {when}", loc="left", fontsize="medium")
            ax.set_xlabel("from neuron")
            ax.set_ylabel("to neuron")
        figure.colorbar(picture, ax=row[1], label="weight")
    return figure


def _both(before: Program, after: Program) -> tuple[tuple[Program, str], ...]:
    return (before, "before"), (after, "after")


def returns(summary: RunSummary) -> Figure:
    """Return of every whole episode of a run, and their running mean.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(8, 4)
    ax = figure.subplots()
    values = np.array(summary.returns)
    ax.plot(np.arange(len(values)), values, ".", markersize=3, label="return")
    width = min(SMOOTH, len(values) // 10)
    if width > 1:
        mean = np.convolve(values, np.full(width, 1 / width), "valid")
        ax.plot(np.arange(width - 1, len(values)), mean, label=f"mean of {width} episodes")
    ax.set_xlabel("episode")
    ax.set_ylabel("return")
    ax.legend(loc="best", fontsize="small")
    return figure
