"""In which order populations are updated, and which delays that asks for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush


def update_order(
    names: Sequence[str], edges: Iterable[tuple[str, str]], instant: Iterable[tuple[str, str]], inputs: Iterable[str]
) -> list[str]:
    """An order in which spikes without delay reach a later population wherever that is possible.

    Args:
        names: the populations.
        edges: (pre, post) of all projections.
        instant: those without a delay.
        inputs: populations to start from; those nearest to them come first where there is a choice. Where populations
            form a loop without delay, that decides which edge is the one back, which has to wait.

    Returns:
        The names, each after those that reach it without delay, edges that close a loop excepted.
    """
    after: dict[str, list[str]] = {name: [] for name in names}
    missing = dict.fromkeys(names, 0)
    for pre, post in instant:
        if pre != post:
            after[pre].append(post)
            missing[post] += 1
    far = _distance(edges, inputs)
    rank = {name: (far.get(name, len(names)), k) for k, name in enumerate(names)}
    ready = [(rank[name], name) for name in names if missing[name] == 0]
    heapify(ready)
    waiting = {name for name in names if missing[name]}
    placed: list[str] = []
    while ready or waiting:
        if not ready:
            first = min(_first_loop(after, waiting), key=rank.__getitem__)
            waiting.discard(first)
            heappush(ready, (rank[first], first))
        placed.append(name := heappop(ready)[1])
        for post in after[name]:
            missing[post] -= 1
            if missing[post] == 0 and post in waiting:
                waiting.discard(post)
                heappush(ready, (rank[post], post))
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


def _distance(edges: Iterable[tuple[str, str]], inputs: Iterable[str]) -> dict[str, int]:
    """Edges from the nearest input."""
    after: dict[str, list[str]] = {}
    for pre, post in edges:
        after.setdefault(pre, []).append(post)
    far = dict.fromkeys(inputs, 0)
    ahead = deque(far)
    while ahead:
        name = ahead.popleft()
        for post in after.get(name, ()):
            if post not in far:
                far[post] = far[name] + 1
                ahead.append(post)
    return far
