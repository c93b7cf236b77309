"""From observations to what enters the network, over a batch, and gradients of the receptive fields.

| variable | encoder |
|---|---|
| ``encoder.center`` (n,) | the middle of each dimension's range |
| ``encoder.scale`` (n,) | r: scale = scale0 exp(r), so that a range stays one |
| ``encoder.means`` (per_dim,) | centres of the Gaussian fields, shared by all dimensions |
| ``encoder.sharp`` (1,) | r: 1 / (2 sigma^2) = sharp0 exp(r) |
| ``encoder.gain`` (1,) | r: gain = gain0 exp(r), of Current, Regular and Poisson |

Current has a gradient. For Regular and Poisson it is the straight-through one of PopSAN (Tang et al., CoRL 2020,
arXiv:2010.09635): a spike counts as what it stands for, gain times activation. The other codes have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurobot.core.base import cast_params
from neurobot.kernels import bptt_codec as codec
from neurobot.kernels.bptt_compiled import codec_kernel
from neurobot.program import Program
from neurobot.spec.check import Problems
from neurobot.spec.codes import Burst, Current, Latency, Phase, Poisson, Regular
from neurobot.spec.controller import ControllerSpec
from neurobot.spec.encoders import Direct, Gaussian
from neurobot.train.surrogate.layer import Record
from neurobot.train.surrogate.trace import Arrays, Block

GROUPS = ("center", "scale", "means", "sharp", "gain")
"""Kinds of variables."""
POSITIVE = ("scale", "sharp", "gain")
NUMBERS = ("gain", "threshold", "fine")
"""What a code has, one number."""


class Encoding:
    """The encoder of a controller.

    Args:
        program: of a controller.
        train: kinds of variables.
        real: float32 or float64.

    Attributes:
        values: variables by name, to be changed in place.

    Raises:
        SpecError: variables that the encoder does not have, or that its code gives no gradient.
    """

    def __init__(self, program: Program, train: Sequence[str], real: np.dtype[Any]) -> None:
        assert isinstance(program.spec, ControllerSpec)
        self.program, self.real = program, real
        self.encoder, self.substeps = program.spec.encoder, program.substeps
        self.channels = self.encoder.field.channels(self.encoder.size or 0)
        cast = program.with_params(cast_params(program, real))
        names = {
            name.removeprefix("encoder."): name for name in program.blocks["params"] if name.startswith("encoder.")
        }
        self._base = {short: cast.param(name).astype(np.float64) for short, name in names.items()}
        self._check(train)
        self.values: Arrays = {}
        for name in train:
            if name in GROUPS:
                start = np.zeros_like(self._base[name]) if name in POSITIVE else self._base[name]
                self.values[f"encoder.{name}"] = start.astype(real)
        self._changed = {key.removeprefix("encoder.") for key in self.values}
        self._settings, self._encode = _settings(program), codec_kernel("encode_batch", real.name)

    def set_range(self, center: np.ndarray, scale: np.ndarray) -> None:
        """Take the range of a running normaliser, u = (observation - center) scale, (n,) each, also for the Program.

        Raises:
            SpecError: arrays of another shape, or not finite, or a range that is being trained.
        """
        problems = Problems("set_range")
        for name, value in (("center", center), ("scale", scale)):
            if np.shape(value) != self._base[name].shape or not np.isfinite(value).all():
                problems.add(f"{name} must be {self._base[name].shape[0]} finite numbers, it is {value!r}")
            elif f"encoder.{name}" in self.values:
                problems.add(f"{name} is trained, so it is not to be set")
        problems.done()
        self._base |= {"center": center.astype(self.real).astype(np.float64)}
        self._base |= {"scale": scale.astype(self.real).astype(np.float64)}
        self._changed |= {"center", "scale"}

    def numbers(self) -> Arrays:
        """The encoder's params by name, float64."""
        out = dict(self._base)
        for key, value in self.values.items():
            name = key.removeprefix("encoder.")
            out[name] = self._base[name] * np.exp(value.astype(np.float64)) if name in POSITIVE else value
        return out

    def run(self, block: Block, record: Record, episode: int) -> None:
        """Encode the observations of a block: its acts, and the spikes of the record."""
        given = {name: np.asarray(value, self.real) for name, value in self.numbers().items()}
        none, shape = np.zeros(0, self.real), (block.ticks, block.batch, self.channels)
        number = next((given[name] for name in NUMBERS if name in given), none)
        held = isinstance(self.encoder.code, Current)
        record.z = np.zeros((0, 0) if held else (block.steps, block.batch * self.channels), np.uint8)
        phase = np.tile(given.get("phase_init", none), (block.batch, 1))
        room = np.zeros(1 + self.channels + 2 * -(-self.channels // 8), np.int32)
        acts, plan = np.empty(shape, self.real), np.zeros((block.batch, 2 * self.channels), np.int64)
        self._settings[codec.EPISODE], self._settings[codec.INSTANCE] = episode, block.first
        self._encode(
            block.observations, given["center"], given["scale"], given.get("means", none), given.get("sharp", none),
            number, phase, plan, room, acts, record.z,
            self._settings,
        )  # fmt: skip
        block.acts = acts.reshape(-1, self.channels)
        block.gain = given["gain"] if held else np.ones(1, self.real)
        record.ran(0, block.steps)

    def pull_back(self, block: Block, g: np.ndarray) -> Arrays:
        """Gradients of the variables from that of what entered, (ticks, B, channels), summed over a tick's steps."""
        given, obs, e = self.numbers(), block.observations, self.encoder
        act = block.acts.reshape(g.shape).astype(np.float64)
        out = {"gain": np.array([(g * act).sum() * given["gain"][0]])}
        back = g * given["gain"][0]
        raw = (obs - given["center"]) * given["scale"]
        u = np.clip(raw, -1.0, 1.0)
        if isinstance(e.field, Gaussian):
            back = back.reshape(*obs.shape, e.field.per_dim)
            away = u[..., None] - given["means"]
            a = act.reshape(back.shape)
            out["means"] = (back * a * 2 * given["sharp"] * away).sum(axis=(0, 1, 2))
            out["sharp"] = np.array([-(back * a * away**2).sum() * given["sharp"][0]])
            du = (-2 * given["sharp"] * back * a * away).sum(axis=-1)
        elif e.field.push_pull:  # type: ignore[union-attr]  # OneHot has no variables
            du = np.where(u > 0, back[..., 0::2], 0.0) - np.where(u < 0, back[..., 1::2], 0.0)
        else:
            du = back
        du = np.where(np.abs(raw) < 1, du, 0.0)
        out["center"] = -(du * given["scale"]).sum(axis=(0, 1))
        out["scale"] = (du * raw).sum(axis=(0, 1))
        return {key: out[key.removeprefix("encoder.")].astype(self.real) for key in self.values}

    def write(self, program: Program) -> Program:
        """A program with this encoder as it is now."""
        params, numbers = program.params.copy(), self.numbers()
        for name in self._changed:
            program.blocks["params"][f"encoder.{name}"].of(params)[...] = numbers[name]
        return program.with_params(params) if self._changed else program

    def _check(self, train: Sequence[str]) -> None:
        problems = Problems("surrogate gradients: train")
        code, field = type(self.encoder.code).__name__, type(self.encoder.field).__name__
        for name in train:
            if name not in GROUPS:
                continue
            if not isinstance(self.encoder.code, Current | Regular | Poisson):
                problems.add(f"{name!r} is to be trained, but the {code} code has no gradient; use Current or Regular")
            elif name not in self._base:
                problems.add(f"{name!r} is to be trained, but the encoder, {field} with {code}, has none")
            elif not isinstance(self.encoder.field, Direct | Gaussian):
                problems.add(f"{name!r} is to be trained, but the field {field} has no gradient; use Gaussian")
        problems.done()


def _settings(program: Program) -> np.ndarray:
    assert isinstance(program.spec, ControllerSpec)
    e = program.spec.encoder
    out = np.zeros(11, np.int64)
    out[codec.FIELD] = codec.FIELDS.index(type(e.field).__name__)
    out[codec.PER_DIM] = int(e.field.push_pull) if isinstance(e.field, Direct) else e.field.per_dim
    out[codec.CODE] = codec.CODES.index(type(e.code).__name__)
    out[codec.SUBSTEPS] = program.substeps
    out[codec.SEED] = np.array(program.seed, np.uint64).view(np.int64)
    if isinstance(e.code, Latency):
        out[codec.OPTION] = e.code.curve == "logarithmic"
    elif isinstance(e.code, Phase):
        out[codec.OPTION] = e.code.bits
    elif isinstance(e.code, Burst):
        shortest, longest = e.code.intervals(program.network.dt, program.substeps)
        out[codec.MOST], out[codec.SHORTEST], out[codec.LONGEST] = e.code.max_spikes, shortest, longest
    return out
