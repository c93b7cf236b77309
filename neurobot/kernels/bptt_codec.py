"""Encoders and decoders over a batch of episodes of many ticks: the run-time's own kernels, row by row."""

from __future__ import annotations

from neurobot.kernels import codes, decode, encode
from neurobot.kernels.jit import kernel

FIELDS = ("Direct", "Gaussian", "OneHot")
DIRECT, GAUSSIAN, ONE_HOT = range(len(FIELDS))
CODES = ("Current", "Regular", "Poisson", "Latency", "Delta", "Phase", "Burst")
CURRENT, REGULAR, POISSON, LATENCY, DELTA, PHASE, BURST = range(len(CODES))

FIELD, PER_DIM, CODE, SUBSTEPS, SEED, EPISODE, OPTION, MOST, SHORTEST, LONGEST, INSTANCE = range(11)
"""Places in the settings of `encode_batch`: PER_DIM is whether Direct has two channels, OPTION is whether Latency is
logarithmic, or the bits of Phase; MOST, SHORTEST, LONGEST are those of Burst; INSTANCE is the number of the first."""


@kernel
def _activate(obs, center, scale, means, sharp, act, settings):
    if settings[FIELD] == DIRECT:
        encode.field_direct(obs, center, scale, act, settings[PER_DIM])
    elif settings[FIELD] == GAUSSIAN:
        encode.field_gaussian(obs, center, scale, act, means, sharp)
    else:
        codes.one_hot(obs, center, scale, act, settings[PER_DIM])


@kernel
def _prepare(act, number, plan, settings):
    """What a code works out once a tick."""
    n = act.size
    if settings[CODE] == POISSON:
        encode.chance(act, number, plan[:n])
    elif settings[CODE] == LATENCY:
        codes.latency_steps(act, number, settings[OPTION], settings[SUBSTEPS], plan[:n])
    elif settings[CODE] == PHASE:
        codes.binary(act, settings[OPTION], plan[:n])
    elif settings[CODE] == BURST:
        most, shortest, longest = settings[MOST], settings[SHORTEST], settings[LONGEST]
        codes.burst_plan(act, number, most, shortest, longest, plan[:n], plan[n : 2 * n])


@kernel
def _spikes(act, number, phase, plan, hits, step, instance, spikes, settings):
    """The spikes of one step."""
    n, substep = act.size, step % settings[SUBSTEPS]
    if settings[CODE] == REGULAR:
        encode.regular(act, number, phase, hits, spikes)
    elif settings[CODE] == POISSON:
        encode.poisson(plan[:n], settings[SEED], 1, settings[EPISODE], step, instance, spikes)
    elif settings[CODE] == LATENCY:
        codes.spike_where(plan[:n], substep, spikes)
    elif settings[CODE] == DELTA:
        codes.send_changes(act, number, plan[: n // 2], spikes)
    elif settings[CODE] == PHASE:
        bits = settings[OPTION]
        codes.spike_bits(plan[:n], bits - 1 - substep % bits, spikes)
    else:
        codes.spike_bursts(plan[:n], plan[n : 2 * n], substep, spikes)


def encode_batch(obs, center, scale, means, sharp, number, phase, plan, room, act, z, settings):
    """Activations and spikes of episodes from their start.

    Reads: obs (ticks, B, n) float64; center, scale (n,); means, sharp of Gaussian; number (1,), gain or what else the
    code has; settings. Writes: phase (B, channels), which comes in as its start; plan (B, 2 channels), which comes in
    as 0; room, a spike list and the bytes of `neurobot.kernels.spikes.list_hits`; act (ticks, B, channels); z (T, B
    channels) bytes, which come in as 0, or (0, 0) for the Current code.
    """
    ticks, batch, n = act.shape
    hits = room[1 + n :]
    for k in range(ticks):
        for b in range(batch):
            _activate(obs[k, b], center, scale, means, sharp, act[k, b], settings)
            if settings[CODE] == CURRENT:
                continue
            _prepare(act[k, b], number, plan[b], settings)
            for step in range(k * settings[SUBSTEPS], (k + 1) * settings[SUBSTEPS]):
                instance = settings[INSTANCE] + b
                _spikes(act[k, b], number, phase[b], plan[b], hits, step, instance, room[: 1 + n], settings)
                row = z[step, b * n : (b + 1) * n]
                for m in range(room[0]):
                    row[room[1 + m]] = 1


PER, PUSH_PULL, TANH = range(3)
"""Places in the settings of `decode_batch`."""


def decode_batch(values, offset, gain, low, high, rest, slew, last, wanted, out, settings):
    """Actions of episodes: `neurobot.kernels.decode.read`, then `limit`, tick after tick.

    Reads: values (ticks, B, n), counts or membranes; offset, low, high, rest, slew (n_act,), gain (1,); settings.
    Writes: last (B, n_act), which comes in as the action before; wanted (ticks, B, n_act), before the limits; out
    (ticks, B, n_act), behind them. Returns: the number of actions that are not finite.
    """
    ticks, batch, _ = wanted.shape
    bad = 0
    for k in range(ticks):
        for b in range(batch):
            row = wanted[k, b]
            decode.read(values[k, b], offset, settings[PER], settings[PUSH_PULL], gain, settings[TANH], row)
            if not decode.limit(row, low, high, rest, slew, last[b], out[k, b]):
                bad += 1
    return bad


SIGNATURES = {
    "encode_batch": "void(f8[:,:,::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[:,::1], i8[:,::1], "
    "i4[::1], {f}[:,:,::1], u1[:,::1], i8[::1])",
    "decode_batch": "i8({v}[:,:,::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[::1], {f}[:,::1], "
    "{f}[:,:,::1], f8[:,:,::1], i8[::1])",
}
"""Of the functions of this file, {f} the kind of number and {v} that of the values to decode."""
