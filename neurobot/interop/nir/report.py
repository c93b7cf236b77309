"""What an import assumed and what it left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHOWN_NAMES = 6


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """Everything about an imported network that the NIR graph does not say.

    Args:
        source: file, or "graph".
        dt: step of the network [s].
        compat: name of the framework whose conventions were undone, or None.
        assumptions: one sentence each, with the nodes it is about.
        ignored: fields of the graph that have no effect, with the reason.
        order: the populations in the order of their update.
        inputs: size of each Input node.
        outputs: for each Output node the populations whose spikes (or v, for LI) it gives.
    """

    source: str
    dt: float
    compat: str | None
    assumptions: tuple[str, ...]
    ignored: tuple[str, ...]
    order: tuple[str, ...]
    inputs: Mapping[str, int]
    outputs: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        lines = [f"NIR import of {self.source}: dt = {self.dt:g} s, compat = {self.compat or 'none'}"]
        lines.append(f"order of update: {', '.join(self.order)}")
        for title, entries in (("assumed", self.assumptions), ("ignored", self.ignored)):
            lines += [f"{title}:", *(f"  - {e}" for e in entries or ("nothing",))]
        return "\n".join(lines)

    def to_data(self) -> dict[str, Any]:
        """The report as plain data, ready for JSON."""
        lists = {"assumptions": list(self.assumptions), "ignored": list(self.ignored), "order": list(self.order)}
        outputs = {name: list(given) for name, given in self.outputs.items()}
        return {
            "source": self.source, "dt": self.dt, "compat": self.compat, **lists,
            "inputs": dict(self.inputs), "outputs": outputs,
        }  # fmt: skip


class Notes:
    """Collects what a report says; the nodes of one sentence are listed behind it."""

    def __init__(self) -> None:
        self._assumed: dict[str, list[str]] = {}
        self._ignored: dict[str, list[str]] = {}

    def assume(self, sentence: str, node: str | None = None) -> None:
        """Note an assumption, about one node or about all."""
        self._assumed.setdefault(sentence, []).extend([node] if node else [])

    def ignore(self, sentence: str, node: str | None = None) -> None:
        """Note something that was left out."""
        self._ignored.setdefault(sentence, []).extend([node] if node else [])

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The sentences with their nodes."""
        return tuple(_with_nodes(*entry) for entry in self._assumed.items())

    @property
    def ignored(self) -> tuple[str, ...]:
        """The sentences with their nodes."""
        return tuple(_with_nodes(*entry) for entry in self._ignored.items())


def _with_nodes(sentence: str, nodes: list[str]) -> str:
    more = f" and {len(nodes) - SHOWN_NAMES} more" if len(nodes) > SHOWN_NAMES else ""
    return f"{sentence} ({', '.join(nodes[:SHOWN_NAMES])}{more})" if nodes else sentence
