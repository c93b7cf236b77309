"""Cores that are right, and cores that break their contract in one thing each."""

from itertools import count

import numpy as np

from neurobot.core import BatchCore, HostCore
from neurobot.core.base import Core, put_back
from neurobot.kernels import ops
from neurobot.kernels.status import BAD_OBSERVATION, OK


class Wrapped(Core):
    """A HostCore behind the interface of a core, which those below change."""

    def __init__(self, program, runs=None, **options):
        self.program = program
        self.inner = HostCore(runs or program, "float64", **options)
        self.state, self.ints, self.action = self.inner.state, self.inner.ints, self.inner.action

    def reset(self, seed=None):
        self.inner.reset(seed)

    def tick(self, observation, reward=0.0):
        return self.inner.tick(observation, reward)

    def snapshot(self):
        return self.inner.snapshot()

    def restore(self, snapshot):
        self.inner.restore(snapshot)

    def to_program(self):
        return self.inner.to_program()


class Instance(Core):
    """Instance 1 of three, whose neighbours see something else."""

    def __init__(self, program, dtype="float32", **options):
        self.program = program
        self.batch = BatchCore(program, 3, dtype, **options)
        self.state, self.ints, self.action = self.batch.state[1], self.batch.ints[1], self.batch.action[1]

    def reset(self, seed=None):
        self.batch.reset(seed)

    def tick(self, observation, reward=0.0):
        self.batch.tick(
            np.stack([np.zeros_like(observation), observation, np.ones_like(observation)]),
            rewards=np.array([1.0, reward, -1.0]),
        )
        return int(self.batch.status[1])

    def snapshot(self):
        return self.state.copy()

    def restore(self, snapshot):
        put_back(self.state, snapshot)
        self.batch.restore(self.batch.snapshot())

    def to_program(self):
        return self.batch.to_program(1)


class OtherAction(Wrapped):
    def __init__(self, program, **options):
        super().__init__(program, **options)
        self.action = self.action.astype(np.float32)


class OtherProgram(Wrapped):
    def __init__(self, program, **options):
        super().__init__(program, **options)
        self.program = program.with_params(program.params)


class CopiedInts(Wrapped):
    def tick(self, observation, reward=0.0):
        status = super().tick(observation, reward)
        self.ints = self.inner.ints.copy()
        return status


class StartsAtZero(Wrapped):
    def __init__(self, program, **options):
        super().__init__(program, **options)
        self.action[:] = 0.0


class SeedZero(Wrapped):
    def __init__(self, program, seed=0, **options):
        super().__init__(program, seed=seed, **options)


class HalfASeed(Wrapped):
    def __init__(self, program, seed=None, **options):
        super().__init__(program, seed=None if seed is None else seed & 0xFFFFFFFF, **options)

    def reset(self, seed=None):
        self.inner.reset(None if seed is None else seed & 0xFFFFFFFF)


class LastOfEquals(Wrapped):
    """Where groups spiked as often as each other, the last one wins."""

    def tick(self, observation, reward=0.0):
        status = super().tick(observation, reward)
        if self.program.discrete and status == OK:
            self.decide(self.inner.block("decoder.counts"))
        return status

    def decide(self, counts):
        if counts.any():
            self.act(counts.size - 1 - np.argmax(counts[::-1]))

    def act(self, choice):
        self.inner.block("decoder.last")[:] = self.action[:] = choice


class NoRestChoice(LastOfEquals):
    """Where all groups are silent, the first one wins."""

    def decide(self, counts):
        if not counts.any():
            self.act(0)


class Unlike(Wrapped):
    """No two of them are the same, by less than the tolerance."""

    number = count()

    def __init__(self, program, **options):
        super().__init__(program, **options)
        self.off = next(self.number) * 1e-9

    def tick(self, observation, reward=0.0):
        status = super().tick(observation, reward)
        self.action += self.off if status == OK else 0.0
        return status


class WarmReset(Wrapped):
    """After a reset it is not quite as it was when it was new."""

    resets = 0

    def reset(self, seed=None):
        super().reset(seed)
        self.resets += 1

    def tick(self, observation, reward=0.0):
        status = super().tick(observation, reward)
        self.action += self.resets * 1e-9 if status == OK else 0.0
        return status


class OneEpisode(Wrapped):
    def __init__(self, program, seed=None, **options):
        super().__init__(program, seed=seed, **options)
        self.seed = program.seed if seed is None else seed

    def reset(self, seed=None):
        super().reset(self.seed if seed is None else seed)


class LiveSnapshot(Wrapped):
    def snapshot(self):
        return self.state


class NoActionRestored(Wrapped):
    def restore(self, snapshot):
        put_back(self.state, snapshot)


class PhaseNotRestored(Wrapped):
    def restore(self, snapshot):
        phase = self.inner.block("encoder.phase").copy() if "encoder.phase" in self.program.blocks["state"] else None
        super().restore(snapshot)
        if phase is not None:
            self.inner.block("encoder.phase")[:] = phase


class TakesAnySnapshot(Wrapped):
    def restore(self, snapshot):
        self.state[: snapshot.size] = snapshot
        super().restore(self.state.copy())


class RefusesTooLate(Wrapped):
    def restore(self, snapshot):
        self.state[ops.SPIKES :] = 0.0 if snapshot.shape != self.state.shape else self.state[ops.SPIKES :]
        super().restore(snapshot)


class TakesNaN(Wrapped):
    def tick(self, observation, reward=0.0):
        return super().tick(np.nan_to_num(observation, posinf=1.0, neginf=-1.0), reward)


class RefusesAfterTheTick(TakesNaN):
    def tick(self, observation, reward=0.0):
        status = super().tick(observation, reward)
        return status if np.isfinite(observation).all() else BAD_OBSERVATION


class SilentlyRefuses(Wrapped):
    def tick(self, observation, reward=0.0):
        return super().tick(observation, reward) if np.isfinite(observation).all() else OK


class NoReward(Wrapped):
    def tick(self, observation, reward=0.0):
        return super().tick(observation, 0.0)


class LateReward(Wrapped):
    late = 0.0

    def tick(self, observation, reward=0.0):
        now, self.late = self.late, reward
        return super().tick(observation, now)


class AlwaysLearns(Wrapped):
    def __init__(self, program, **options):
        super().__init__(program, **(options | {"learn": bool(program.plastic)}))


class Forgets(Wrapped):
    def reset(self, seed=None):
        super().reset(seed)
        self.inner.forget()


class GivesBackItsProgram(Wrapped):
    def to_program(self):
        return self.program
