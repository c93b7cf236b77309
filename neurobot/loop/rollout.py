"""A short run that is recorded and read back at once: what a check looks at where there is no recording."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from neurobot.loop.clock import SimClock
from neurobot.loop.loop import Loop
from neurobot.loop.record import Recorder
from neurobot.loop.recording import Recording, load_recording

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning
    from neurobot.spec.guard import GuardSpec

MOST_EPISODES = 100
MAX_SPIKES = 1 << 14
"""Spikes of a tick that are kept, at most."""


def roll_out(
    controller: Controller,
    env: Any,
    *,
    ticks: int,
    seed: int,
    learning: Learning | None = None,
    guard: GuardSpec | None = None,
) -> Recording:
    """Run a controller in simulated time, in two episodes or more, since much stays the same within one.

    Args:
        controller: made with ``record=True``.
        env: see `Loop`; the caller closes it.
        ticks: how many to run in all, at least; no episode is longer than half of them.
        seed: of the first episode; episode k has seed + k.
        learning: see `Loop`.
        guard: see `Loop`.

    Returns:
        The recording; after Ctrl-C, or once the guard was SAFE, of what ran.

    Raises:
        EnvError, SpecError: they do not fit each other.
        RecordingError: no room for a recording.
    """
    from gymnasium.wrappers import TimeLimit

    env = TimeLimit(env, max(1, (ticks + 1) // 2))
    Loop(controller, env, clock=SimClock(), guard=guard)  # whether they fit, before a process is started
    with TemporaryDirectory(prefix="neurobot-") as folder:
        with Recorder(folder, controller, realtime=False, max_spikes=MAX_SPIKES) as recorder:
            loop = Loop(controller, env, clock=SimClock(), recorder=recorder, learning=learning, guard=guard)
            done = 0
            for episode in range(MOST_EPISODES):
                summary = loop.run_episode(seed + episode)
                done += summary.length
                if summary.interrupted or summary.stopped or done >= ticks:
                    break
        return load_recording(folder)
