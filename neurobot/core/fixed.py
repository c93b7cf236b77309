"""A core in integers: what a board does, bit for bit. The observation is encoded in floating point, as on a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import numpy as np

from neurobot.core.base import (
    Core,
    Tap,
    cast_params,
    episode_of,
    on_a_line,
    put_back,
    set_episode,
    start_state,
    synops_of,
)
from neurobot.core.encoding import bind_encoder
from neurobot.core.fixed_learning import FixedLearning
from neurobot.core.fixed_network import FixedNetwork
from neurobot.core.image import Image
from neurobot.core.learning import Plasticity, check_learn
from neurobot.core.outputs import held, rested
from neurobot.errors import ImageError, SpecError
from neurobot.kernels import fixed_host as host
from neurobot.kernels import fixed_ops as fx
from neurobot.kernels import ops
from neurobot.kernels.fixed_host import bind_host
from neurobot.program import Program
from neurobot.spec.check import as_array
from neurobot.spec.codes import Current
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.decoders import Choice
from neurobot.spec.neurons import Input

EXACT = 1e-3
"""How far from a whole number of units an action may be to be taken for that number."""


@final
class FixedCore(Core):
    """Runs the image of a Program: docs/fixed.md.

    Args:
        program: of a controller, with an image.
        seed: of chance; default the program's.
        instance: which of several cores with the same seed this is.
        log_spikes: room for this many spikes a tick in `spikes`; 0 logs none.
        learn: whether rules change weights, see `learn`.

    Attributes:
        observation: (n,) float64, what `tick_in_place` reads.
        network: the integer part.
        state: (words,) float32: header, encoder and decoder as those of a `HostCore`, then the state of the image.

    Raises:
        ImageError: no image, one that cannot be run safely, or one of another program.
        SpecError: learn without a rule.
    """

    def __init__(
        self,
        program: Program,
        *,
        seed: int | None = None,
        instance: int = 0,
        log_spikes: int = 0,
        learn: bool = False,
    ):
        image = image_of(program)
        self._learning = FixedLearning(program, image)
        self._learns = bool(self._learning)
        assert isinstance(program.spec, ControllerSpec)
        self.program, self.image, self._spec, self._instance = program, image, program.spec, instance
        self.params = on_a_line(cast_params(program, np.dtype(np.float32)))
        rooms = program.state_words, image.header(fx.W_STATE) // 4
        self.state = on_a_line(np.zeros(sum(rooms), np.float32))
        self.ints = self.state.view(np.int32)
        self._floats, floats_as_ints = self.state[: rooms[0]], self.ints[: rooms[0]]
        self.network = FixedNetwork(image, self.ints[rooms[0] :], log_spikes)
        self.action = np.zeros(program.action_size)
        self.observation = np.zeros(program.observation_size)
        self._encode, log = bind_encoder(program, self.params, self._floats, floats_as_ints, self.observation)
        self._scale = self._scales()
        own = (log, self._where(), self._scale.reshape(-1), self.action, self._floats, floats_as_ints)
        self._run = bind_host((*self.network.arguments, *own))
        self._membranes = self._v_words()
        self._begin()
        set_episode(self.ints, program.seed if seed is None else seed, 0, instance)
        self.learn = learn

    def _scales(self) -> np.ndarray:
        """Unit, offset, low and high of every action, (n_act, 4)."""
        out = np.array([self.image.outputs[name] for name in ("unit", "offset", "offset", "offset")]).T.copy()
        out[:, 2:] = -np.inf, np.inf
        if not self.program.discrete:
            out[:, 2], out[:, 3] = self.program.param("decoder.low"), self.program.param("decoder.high")
        return out

    def _where(self) -> np.ndarray:
        blocks = self.program.blocks["state"]
        out = np.zeros(host.WATCH, np.int64)
        out[host.CURRENTS] = self.image.currents
        network = self.program.network
        first = network.index(self._spec.encoder.population)
        out[host.FIRST_IN] = sum(p.n for p in network.populations[:first])
        for word, name in ((host.ACT_AT, "act"), (host.LAST_AT, "last"), (host.WANTED_AT, "wanted")):
            out[word] = blocks[("encoder." if name == "act" else "decoder.") + name].at
        out[host.DECIDED_AT] = blocks["decoder.decided"].at if "decoder.decided" in blocks else -1
        for row in self.image.rows[self.image.rows[:, 0] == fx.COUNT]:
            out[host.COUNTS_AT], out[host.N_COUNTS] = blocks["decoder.counts"].at, row[fx.N]
            out[host.COUNTS_FROM] = row[fx.COUNTS_AT] // 4
        return np.concatenate([out, np.array(self._learning.watch, np.int64)])

    def _begin(self) -> None:
        learn, kept = self.ints[ops.LEARN], [self.ints[at : at + 2].copy() for at in self._learning.watch]
        self._floats[:] = start_state(self.program, self.state.dtype, self.params)
        self.ints[ops.LEARN] = learn
        for at, watch in zip(self._learning.watch, kept, strict=True):
            self.ints[at : at + 2] = watch
        self.network.clear()
        self.show(self.network.last)

    def show(self, units: np.ndarray) -> None:
        """Write an action that is given in whole units, (n_act,)."""
        exact = self._scale[:, 1] + self._scale[:, 0] * units
        self.action[:] = np.clip(exact, self._scale[:, 2], self._scale[:, 3])
        self.block("decoder.last")[:] = self.action

    def set_last(self, action: Any) -> None:
        """Take something else for the last action, (n,); what is between two units goes to that nearer to rest."""
        q = (np.asarray(action, np.float64) - self._scale[:, 1]) / self._scale[:, 0]
        near = np.rint(q)
        whole = np.where(np.abs(q - near) < EXACT, near, np.trunc(q))
        outputs = self.image.outputs
        self.network.last[:] = np.clip(whole, outputs["low"], outputs["high"])
        self.show(self.network.last)

    def idle(self, hold: bool) -> bool:
        """Let the action go to where `on_hold` says, or to rest, as far as slew lets it; no time passes in the network.

        Returns:
            Whether it is at rest now.
        """
        outputs, last = self.image.outputs, self.network.last
        last[:] = held(outputs, last) if hold else rested(outputs, last)
        self.show(last)
        return bool((last == outputs["rest"]).all())

    @property
    def spikes(self) -> np.ndarray:
        """Spikes of the last tick as (substep, neuron), (m, 2) int32; neurons count over all populations."""
        events = self.network.events
        logged = min(int(events[0]), (events.size - 1) // 2) if events.size else 0
        return events[1 : 1 + 2 * logged].reshape(-1, 2)

    @property
    def synops(self) -> int:
        """Synaptic operations of the last tick."""
        return int(synops_of(self.ints))

    @property
    def spikes_missed(self) -> int:
        """Spikes of the last tick that found no room in the log."""
        events = self.network.events
        return int(events[0]) - len(self.spikes) if events.size else 0

    def block(self, name: str) -> np.ndarray:
        """A block of the encoder's or decoder's state by name, e.g. ``decoder.last``; a view.

        Raises:
            KeyError: a block of the network, whose state is in integers: see ``network``.
        """
        block = self.program.blocks["state"][name]
        if not name.startswith(("encoder.", "decoder.")):
            raise KeyError(f"{name}: in fixed point a network's state is in integers, see FixedCore.network.state")
        return block.of(self.ints if block.integer else self.state)

    def param(self, name: str) -> np.ndarray:
        """A block of the params by name, in float32; a view. The network's are not what runs: the image is."""
        return self.program.blocks["params"][name].of(self.params)

    @property
    def membranes(self) -> np.ndarray:
        """v of all neurons in declared order and in the program's unit, (n,) float32; 0 for Input."""
        words, units = self._membranes
        v: np.ndarray = (self.network.state[words] * units[:, 0] + units[:, 1]).astype(np.float32)
        return v

    def _v_words(self) -> tuple[np.ndarray, np.ndarray]:
        """Where in the network's state v of every neuron lies, (n,), and its unit and offset, (n, 2)."""
        words, units = [], []
        for p, row in zip(self.program.network.populations, self.image.neurons(), strict=True):
            of_input = isinstance(p.model, Input)
            at, unit = int(row[fx.V_AT]) // 4, row[fx.UNIT : fx.UNIT + 1].view(np.float32)
            words.append(np.zeros(p.n, np.int64) if of_input else at + np.arange(p.n))
            leak = as_array(getattr(p.model, "v_leak", 0.0), p.n)
            units.append(np.zeros((p.n, 2)) if of_input else np.column_stack((np.full(p.n, unit[0], np.float64), leak)))
        return np.concatenate(words), np.concatenate(units)

    def tap(self) -> Tap:
        """Where a tick leaves what a recording takes."""
        words, units = self._membranes
        return Tap(
            kind="fixed",
            observation=self.observation,
            state=self.network.state,
            words=words,
            units=units,
            wanted=self.block("decoder.wanted"),
            sent=self.action,
            events=self.network.events,
            spikes=self.ints[ops.SPIKES : ops.SPIKES + 1],
        )

    @property
    def learn(self) -> bool:
        """Whether rules change weights; without, traces go on. Can be set between ticks.

        Raises:
            SpecError: set to True where no projection has a rule.
        """
        return bool(self.ints[ops.LEARN])

    @learn.setter
    def learn(self, learn: bool) -> None:
        """Let rules change weights, or not."""
        check_learn(self.program, learn, "FixedCore")
        self.ints[ops.LEARN] = bool(learn)

    @property
    def plasticity(self) -> Mapping[str, Plasticity]:
        """Of every projection that learns, by its name, where its weights are."""
        return self._learning.plasticity(self.network.state, self.ints)

    def forget(self) -> None:
        """Go back to the program's weights, and to no estimate of what is usual; the episode goes on."""
        self.network.forget()
        self._learning.forget(self.ints)

    def reward(self, reward: float) -> int:
        """A reward as a board is told it; 0 where nothing learns."""
        return self._learning.reward(reward) if self._learning else 0

    def end(self, reward: float, *, truncated: bool = False) -> None:
        """Deliver the reward of an episode's last tick, finite: weights change, and no time passes.

        Without a tick there is none, and nothing changes: a board is armed by an episode's first tick.
        """
        if self._learns and self.network.state[fx.S_STEP]:
            self.network.end(self.reward(reward), self.learn)
            self._learning.count(self.ints, self.network.changes)

    def reset(self, seed: int | None = None) -> None:
        """Begin an episode: of a new seed, or, with None, the next one of the same seed."""
        old, episode = episode_of(self.ints)
        self._begin()
        set_episode(self.ints, old if seed is None else seed, episode + 1 if seed is None else 0, self._instance)

    def tick(self, observation: np.ndarray, reward: float = 0.0) -> int:
        """Run a tick on an observation, (n,) finite, with the reward of the one before; returns a status."""
        self.observation[:] = observation
        return self.tick_in_place(reward=reward)

    def tick_in_place(self, steps: int | None = None, reward: float = 0.0) -> int:
        """`tick` on what `observation` holds already; a controller's tick has its own number of steps.

        Raises:
            SpecError: a number of steps.
        """
        if steps is not None:
            raise SpecError("tick_in_place", [f"steps is {steps}, allowed are none, for a controller"])
        if self._learns:
            self.network.reward(self.reward(reward), self.learn)
        return self._encode() or self._run()

    def digest(self) -> int:
        """CRC-32 of the network's state, which a board that runs the same image tells too."""
        return self.network.digest()

    def snapshot(self) -> np.ndarray:
        """A copy of everything that changes, (words,)."""
        return self.state.copy()

    def restore(self, snapshot: np.ndarray) -> None:
        """Go back to a snapshot of the same program; SpecError for one of another shape or dtype."""
        put_back(self.state, snapshot)
        self.show(self.network.last)

    def to_program(self) -> Program:
        """The program, and its image, with the weights of projections that learn as they are now."""
        return self._learning.to_program(self.network.state) if self._learning else self.program


def image_of(program: Program) -> Image:
    """The image of a program, checked, and compared with the program.

    Raises:
        ImageError: there is none, it cannot be run safely, or it is another program's.
    """
    if program.image is None:
        raise ImageError("the program has no image for fixed point; make one with `neurobot quantize`")
    image, spec = Image.of(program.image), program.spec
    if not isinstance(spec, ControllerSpec):
        raise ImageError("the program has no encoder and decoder, so it has no image")
    sizes = [int(row[fx.N]) for row in image.neurons()]
    choices = int(image.decoder[fx.D_GROUPS]) if image.discrete else 0
    currents = isinstance(spec.encoder.code, Current)
    has = sizes, image.substeps, image.n_in, image.n_act, choices, image.currents
    wanted = (
        [p.n for p in program.network.populations],
        program.substeps, program.network.population(spec.encoder.population).n, program.action_size,
        (spec.decoder.size if isinstance(spec.decoder, Choice) else 0), currents,
    )  # fmt: skip
    if has != wanted:
        raise ImageError(
            f"the image is of another program: populations, steps, inputs, actions, choices and whether inputs are "
            f"currents are {has}, the program has {wanted}; quantize it again"
        )
    return image
