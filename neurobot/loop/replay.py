"""Replay: a controller is fed what a recording says it was given, and must do again what it did, bit for bit.

    recording ──seeds, observations, rewards──▶ controller ──▶ spikes, membranes, actions
        └───────────────────────── compared with ─────────────────────┘

No environment runs: what the world did is in the recording. So a difference means that the program, the core, the
learning or the machine is another one. `compare` puts two recordings side by side instead, and runs nothing.

The recording of a black box goes on from a state in the middle of a run, which the controller is put into first.

State carries over from tick to tick, so a replay ends where the recording has a gap: at a tick that was dropped, at an
episode whose begin or end was, and after an episode that was broken off within a tick. Ticks are run and compared a
block at a time, so a long recording needs little more memory than itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, final

import numpy as np

from neurobot.errors import ActionError, ObservationError, SpecError
from neurobot.loop.difference import Comparison, Difference
from neurobot.loop.episodes import Episode, episodes_of, extent
from neurobot.loop.record import header_of
from neurobot.loop.recording import ALTERED, HELD, OWN, RAN, REST, Array, Recording
from neurobot.loop.start import Start
from neurobot.loop.ticks import Ticks, compare_blocks, compare_headers, placed, recorded

if TYPE_CHECKING:
    from neurobot.controller import Controller
    from neurobot.loop.learning import Learning

KNOWN = [a + b + c for a in (OWN, HELD, REST) for b in (0, RAN) for c in (0, ALTERED)]


def replay(recording: Recording, controller: Controller, *, learning: Learning | None = None) -> Comparison:
    """Let a controller do again what a recording says it did.

    Args:
        recording: of a `Loop`.
        controller: new, of the same program and core, made with ``record=True``.
        learning: new, of this controller and with the same ``freeze_at``, where the loop had one.

    Returns:
        How many ticks are the same, and the first difference. Without one, the controller is left as the loop left it,
        with what it learnt.

    Raises:
        SpecError: the controller keeps no spikes, or the recording goes on from a state that it cannot have.
    """
    if not controller.record:
        raise SpecError("replay", ["the controller keeps no spikes to compare; make it with record=True"])
    difference = compare_headers(recording.header, header_of(controller, recording.header.max_spikes))
    if difference is not None:
        return Comparison(ticks=0, spikes=0, difference=difference)
    if recording.start is not None:
        _put_into(recording.start, controller, learning)
    episodes, rest = _playable(recording)
    player = _Player(recording, controller, learning, episodes)
    done = compare_blocks(recording, episodes[-1].stop if episodes else 0, player.run)
    if done.difference is None:
        player.end()
        done = replace(done, rest=rest)
    return done


def compare(first: Recording, second: Recording) -> Comparison:
    """Compare two recordings, without running anything.

    Args:
        first: a recording.
        second: another one.

    Returns:
        How many ticks are the same, and the first difference: of what the headers say, of what the world gave (seeds,
        observations, rewards), of what the controller did, or of the lengths.
    """
    difference = compare_headers(first.header, second.header)
    if difference is not None:
        return Comparison(ticks=0, spikes=0, difference=difference)
    (kept, length), (other_kept, other_length) = extent(first), extent(second)
    stop = min(kept, other_kept)
    bound, between = _between_episodes(first, second, stop)
    done = compare_blocks(first, bound, lambda begin, end: recorded(second, begin, end))
    if done.difference is not None:
        return done
    if between is not None:
        return replace(done, difference=between)
    for ticks, whole, which in ((kept, length, "first"), (other_kept, other_length, "second")):
        if ticks == stop < whole:
            return replace(done, rest=f"tick {stop} was dropped by the recorder of the {which} one")
    if length != other_length:
        return replace(done, difference=Difference(what="ticks", first=length, second=other_length))
    return done


def act(controller: Controller, held: int, observation: Array, reward: float) -> int:
    """Let a controller do in a tick what the loop let it do.

    What made a step fail there makes it fail again: a bad observation or reward, which changes nothing, or a bad
    action, for which the network has run. Where the guard held for another reason the network did not run.

    Args:
        controller: any.
        held: of the recording.
        observation: (n,) float64.
        reward: delivered with it.

    Returns:
        What `held` is this time.
    """
    ran = 0
    if held & ~ALTERED == OWN or held & RAN:
        try:
            controller.step(observation, reward)
        except ObservationError:
            pass
        except ActionError:
            ran = RAN
        else:
            return OWN
    how = REST if held & REST else HELD
    _ = controller.rest() if how == REST else controller.hold()
    return how | ran


@final
class _Player:
    """Runs a controller through the episodes of a recording, from the first row on."""

    def __init__(
        self, recording: Recording, controller: Controller, learning: Learning | None, episodes: list[Episode]
    ):
        self._recording, self._controller, self._learning = recording, controller, learning
        self._episodes = {episode.first: episode for episode in episodes}
        self._now: Episode | None = None

    def run(self, first: int, stop: int) -> Ticks:
        """Run rows that follow those that ran before; returns what the controller did."""
        controller, columns = self._controller, self._recording.header.columns()
        out = {name: np.zeros((stop - first, *shape), kind) for name, (kind, shape) in columns.items()}
        spikes = [np.zeros((0, 3), np.int64)]
        for k in range(stop - first):
            held = self._tick(first + k)
            out["held"][k], out["sent"][k], out["membrane"][k] = held, controller.sent, controller.membranes
            if held & ~ALTERED:  # as `Recorder.act`
                out["wanted"][k] = np.nan
                continue
            out["wanted"][k], out["spike_count"][k] = controller.wanted, controller.spikes_last
            pairs = controller.spikes
            spikes.append(np.column_stack((np.full(len(pairs), k), pairs)))
        given = recorded(self._recording, first, stop)
        did = {name: out[name] for name in ("held", "spike_count", "membrane", "wanted", "sent")}
        return replace(given, spikes=np.concatenate(spikes), **did)

    def end(self) -> None:
        """End the episode that was begun last, so that its last reward is learnt from."""
        episode, self._now = self._now, None
        if episode is not None and episode.ended:
            ends = self._controller if self._learning is None else self._learning
            with suppress(ObservationError):  # a reward that is not finite, which ended the run too
                ends.end(episode.reward, truncated=not episode.terminated)

    def _tick(self, row: int) -> int:
        """Run one tick; returns whether it was held."""
        given, learning = self._recording, self._learning
        if row in self._episodes:
            self.end()
            self._now = self._episodes[row]
            if row or given.start is None:  # a state is that of an episode that has begun
                self._controller.reset(self._now.seed)
                if learning is not None:
                    learning.start_episode()
        if learning is not None:
            learning.ahead()
        recorded = int(given.held[row])
        held = act(self._controller, recorded, given.observation[row], float(given.reward[row]))
        if recorded & ALTERED:
            self._controller.was_sent(given.sent[row])
            held |= ALTERED
        if learning is not None:
            learning.after(held & ~ALTERED != OWN)
        return held


def _put_into(start: Start, controller: Controller, learning: Learning | None) -> None:
    """Go back to a state. SpecError where it is another program's or core's, or other learning's."""
    controller.restore(start.state)
    if learning is None:
        return
    if not start.learning.size:
        raise SpecError("replay", ["the run did not learn; leave learning out"])
    try:
        learning.state = tuple(start.learning.tolist())
    except ValueError as error:
        raise SpecError("replay", [f"the state of learning is another program's: {error}"]) from None


def _playable(recording: Recording) -> tuple[list[Episode], str]:
    """The episodes that can be replayed, the last one perhaps in part, and why not more."""
    stop, length = extent(recording)
    rest = f"tick {stop} was dropped by the recorder" if stop < length else ""
    other = np.flatnonzero(~np.isin(recording.held[:stop], KNOWN))
    if other.size:
        stop = int(other[0])
        rest = f"the action of tick {stop} came about in a way that this version does not know"
    episodes = episodes_of(recording, stop)
    for k, episode in enumerate(episodes):
        if episode.number != k:
            return episodes[:k], f"episode {k} has no tick in the recording"
        if episode.seed is None and (k or recording.start is None):
            return episodes[:k], f"the recording does not say with which seed episode {k} began"
        if k + 1 < len(episodes) and not episode.ended:
            return episodes[: k + 1], f"the recording does not say how episode {k} ended"
        if k + 1 < len(episodes) and episode.broken:
            return episodes[: k + 1], f"episode {k} was broken off, perhaps within a tick, which then was not recorded"
    return episodes, rest


def _between_episodes(a: Recording, b: Recording, stop: int) -> tuple[int, Difference | None]:
    """What differs first in how episodes began or ended, and how many rows come before; stop if nothing does."""
    for x, y in zip(episodes_of(a, stop), episodes_of(b, stop), strict=False):
        if x.first != y.first:
            break
        if x.seed != y.seed and x.seed is not None and y.seed is not None:
            return x.first, placed(a, x.first, Difference(what="seed", first=x.seed, second=y.seed))
        if x.stop != y.stop or not (x.ended and y.ended):
            continue
        for what in ("reward", "terminated"):
            first, second = getattr(x, what), getattr(y, what)
            if repr(first) != repr(second):  # a NaN equals a NaN
                return x.stop, placed(a, x.stop - 1, Difference(what=f"last {what}", first=first, second=second))
    return stop, None
