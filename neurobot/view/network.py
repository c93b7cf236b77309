"""Pictures of simulated networks: raster, traces and rates over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from neurobot.simulation.result import Simulation
from neurobot.view.plot import blank_figure, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_TRACES = 10
"""Neurons a variable whose traces are drawn."""
SHOWN_SPIKES = 200_000
"""Marks in a raster; of more every so manieth is drawn."""
WINDOWS = 100


def figure_of_network(result: Simulation) -> Figure:
    """A simulation as one picture: raster, a panel for every recorded variable, rates of the populations.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    panels = 2 + len(result.traces)
    figure = blank_figure(10, 3 + 2 * panels)
    axes = np.atleast_1d(figure.subplots(panels, 1, sharex=True, height_ratios=(3, *[2] * (panels - 1))))
    raster(axes[0], result)
    for ax, name in zip(axes[1:-1], result.traces, strict=True):
        traces(ax, result, name)
    rates(axes[-1], result)
    axes[-1].set_xlabel("time [s]")
    axes[-1].set_xlim(0, max(result.duration, result.dt))
    return figure


def raster(ax: Axes, result: Simulation) -> None:
    """Draw a mark for every spike: time [s] across, neurons up, one colour a population."""
    total = sum(s.n for s in result.spikes.values())
    size = float(np.clip(200 / max(total, 1), 1.0, 8.0))
    thin = -(-sum(map(len, result.spikes.values())) // SHOWN_SPIKES) or 1
    first = 0
    for name, spikes in result.spikes.items():
        ax.plot(spikes.times[::thin], first + spikes.neurons[::thin], "|", markersize=size, label=name)
        first += spikes.n
    ax.set_ylim(-0.5, max(total, 1) - 0.5)
    ax.set_ylabel("neuron")
    title = "spikes" if thin == 1 else f"spikes, one of {thin} drawn"
    ax.set_title(title, loc="left", fontsize="medium")
    legend(ax, markerscale=8.0 / size)


def traces(ax: Axes, result: Simulation, name: str) -> None:
    """Draw a recorded variable of the first neurons that were recorded."""
    values = result.traces[name][:, :SHOWN_TRACES]
    ax.plot(result.times, values, linewidth=0.8)
    ax.set_ylabel(name)


def rates(ax: Axes, result: Simulation) -> None:
    """Draw the rate of every population [Hz], in a hundred windows."""
    width = max(1, result.steps // WINDOWS)
    for name in result.spikes:
        rate = result.rate_over_time(name, width * result.dt)
        ax.plot(np.arange(rate.size) * width * result.dt, rate, drawstyle="steps-post", linewidth=0.8, label=name)
    ax.set_ylabel("rate [Hz]")
    legend(ax)
