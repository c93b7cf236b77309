"""What papers have in common: options, and numbers beside published ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much is run.

    Args:
        seeds: number of seeds, from 0, where there is chance.
        seconds: of the network of `izhikevich_network`.
        iterations: of `eprop_pattern`.
        trials: of `eprop_evidence`.
    """

    seeds: int = 1
    seconds: int = 3600
    iterations: int = 250
    trials: int = 1920


@dataclass(frozen=True)
class Row:
    """A number.

    Args:
        what: it is.
        published: by whom, and the number there.
        here: what was measured.
    """

    what: str
    published: str
    here: str
