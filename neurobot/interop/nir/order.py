"""In which order populations are updated, and which delays that asks for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence


def update_order(names: Sequence[str], instant: Iterable[tuple[str, str]], inputs: Iterable[str]) -> list[str]:
    """An order in which spikes without delay reach a later population wherever that is possible.

    Args:
        names: the populations.
        instant: (pre, post) of projections without a delay.
        inputs: populations to start from. Where populations form a loop without delay, one of those nearest to an
            input comes first, and the edge back to it is the one that has to wait.

    Returns:
        The names, each after those that reach it without delay, edges that close a loop excepted.
    """
    after: dict[str, list[str]] = {name: [] for name in names}
    missing = dict.fromkeys(names, 0)
    for pre, post in instant:
        if pre != post:
            after[pre].append(post)
            missing[post] += 1
    far = _distance(after, inputs)
    rank = {name: (far.get(name, len(names)), k) for k, name in enumerate(names)}
    ready = deque(name for name in names if missing[name] == 0)
    waiting = {name for name in names if missing[name]}
    placed: list[str] = []
    while ready or waiting:
        if not ready:
            first = min(_first_loop(after, waiting), key=rank.__getitem__)
            waiting.discard(first)
            ready.append(first)
        placed.append(name := ready.popleft())
        for post in after[name]:
            missing[post] -= 1
            if missing[post] == 0 and post in waiting:
                waiting.discard(post)
                ready.append(post)
    return placed


def _first_loop(after: dict[str, list[str]], waiting: set[str]) -> set[str]:
    """Populations that reach each other and that no other waiting one leads to."""
    ahead = {name: [post for post in after[name] if post in waiting] for name in waiting}
    behind: dict[str, list[str]] = {name: [] for name in waiting}
    for name, posts in ahead.items():
        for post in posts:
            behind[post].append(name)
    name = min(waiting)
    while True:
        earlier, later = _reached(behind, name), _reached(ahead, name)
        if not (outside := earlier - later):
            return earlier
        name = min(outside)


def _reached(edges: dict[str, list[str]], start: str) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        for name in edges[ahead.pop()]:
            if name not in found:
                found.add(name)
                ahead.append(name)
    return found


def _distance(after: dict[str, list[str]], inputs: Iterable[str]) -> dict[str, int]:
    """Edges from the nearest input."""
    far = dict.fromkeys(inputs, 0)
    ahead = deque(far)
    while ahead:
        name = ahead.popleft()
        for post in after[name]:
            if post not in far:
                far[post] = far[name] + 1
                ahead.append(post)
    return far
