"""A picture of the window of a learning rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from neurobot.simulation.window import Window
from neurobot.spec import RewardSTDP
from neurobot.view.plot import blank_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LONGEST = 80
"""Characters of a title."""


def figure_of_window(measured: Window) -> Figure:
    """What pairs of spikes do to a synapse, by the time between them.

    Raises:
        NeurobotError: matplotlib is not installed.
    """
    figure = blank_figure(7, 4.5)
    draw_window(figure.subplots(), measured)
    return figure


def draw_window(ax: Axes, measured: Window) -> None:
    """Draw a dot for every time between spikes [ms]; those with a weight that ended at a bound are hollow."""
    rule, apart = measured.rule, measured.apart * 1e3
    ax.axhline(0, color="#888888", linewidth=0.8)
    ax.axvline(0, color="#888888", linewidth=0.8)
    for side in (apart < 0, apart >= 0):
        ax.plot(apart[side], measured.change[side], linewidth=0.8, color="#0b6e4f")
    for chosen, fill in ((~measured.cut, "full"), (measured.cut, "none")):
        ax.plot(apart[chosen], measured.change[chosen], "o", markersize=3, color="#0b6e4f", fillstyle=fill)
    ax.set_xlabel("from the arrival to the postsynaptic spike [ms]")
    ax.set_ylabel("eligibility" if isinstance(rule, RewardSTDP) else "change of the weight")
    of = "a pair" if measured.pairs == 1 else f"{measured.pairs} pairs, one every {measured.every:g} s"
    ax.set_title(f"{title(rule)}\n{of}", loc="left", fontsize="medium")


def title(rule: Any) -> str:
    """The name of a rule and those of its constants that are not as by default, shortened."""
    changed = [
        f"{f.name}={value:g}" if isinstance(value, float) else f"{f.name}={value}"
        for f in fields(rule)
        if isinstance(value := getattr(rule, f.name), float | str | Mapping) and value != f.default
    ]
    text = f"{type(rule).__name__}({', '.join(changed)})"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
