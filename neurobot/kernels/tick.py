"""One control tick in one call: encode, all steps, decode.

An interpreter of the op table (`ops`): it switches once per op and step, never per neuron. It allocates
nothing, raises nothing and returns a status code.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from neurobot.kernels import decode, encode, neuron, ops, synapse
from neurobot.kernels.status import BAD_ACTION, BAD_OBSERVATION, OK

LOW = np.int64(0xFFFFFFFF)
WIDTH = ops.WIDTH


@njit(nogil=True)
def all_finite(x):  # type: ignore[no-untyped-def]
    """Whether every entry of x (n,) is finite."""
    for j in range(x.size):
        if not math.isfinite(x[j]):
            return False
    return True


@njit(nogil=True)
def ticks_done(ints):  # type: ignore[no-untyped-def]
    """The number of ticks since the episode began, from the state's header."""
    return (np.int64(ints[ops.TICK_HI]) << 32) | (np.int64(ints[ops.TICK_LO]) & LOW)


@njit(nogil=True)
def _set_ticks(ints, ticks):  # type: ignore[no-untyped-def]
    ints[ops.TICK_LO] = np.int32(np.uint32(ticks & LOW))
    ints[ops.TICK_HI] = ticks >> 32


@njit(nogil=True)
def _cut(a, at, n):  # type: ignore[no-untyped-def]
    return a[at : at + n]


@njit(nogil=True)
def _spikes(ints, at, slots, n, step):  # type: ignore[no-untyped-def]
    """The spike list of a step."""
    first = at if slots == 1 else at + (step % slots) * (n + 1)
    return ints[first : first + n + 1]


@njit(nogil=True)
def _emit(spikes, first_neuron, substep, ints, events):  # type: ignore[no-untyped-def]
    """Count the spikes of a population, and log them as (substep, neuron) where events has room.

    events is (1 + 2 capacity,): the number of spikes that occurred, also of those that found no room, then
    the pairs.
    """
    n = spikes[0]
    ints[ops.SPIKES] += n
    if events.size == 0:
        return
    logged = events[0]
    room = (events.size - 1) // 2
    for m in range(n):
        if logged + m < room:
            events[1 + 2 * (logged + m)] = substep
            events[2 + 2 * (logged + m)] = first_neuron + spikes[1 + m]
    events[0] = logged + n


@njit(nogil=True)
def _prologue(o, params, state, ints, obs):  # type: ignore[no-untyped-def]
    """An op that runs once before the steps of a tick; returns synaptic operations."""
    op = o[0]
    n = o[1]
    if op == ops.CARRY:
        x = _cut(state, o[2], n)
        init = _cut(params, o[3], n)
        carry = params[o[4]]
        for j in range(n):
            x[j] = init[j] + carry * (x[j] - init[j])
    elif op == ops.CLEAR:
        state[o[2] : o[2] + n] = 0
    elif op == ops.ZERO:
        ints[o[2] : o[2] + n] = 0
    elif op == ops.FIELD_DIRECT:
        channels = 2 * n if o[5] else n
        encode.field_direct(obs[:n], _cut(params, o[2], n), _cut(params, o[3], n), _cut(state, o[4], channels), o[5])
    elif op == ops.FIELD_GAUSSIAN:
        act = _cut(state, o[4], n * o[5])
        means, sharp = _cut(params, o[6], o[5]), _cut(params, o[7], 1)
        encode.field_gaussian(obs[:n], _cut(params, o[2], n), _cut(params, o[3], n), act, means, sharp)
    elif op == ops.CHANCE:
        encode.chance(_cut(state, o[2], n), _cut(params, o[3], 1), _cut(ints, o[4], n))
    elif op == ops.DRIVE:
        act, gain, weights = _cut(state, o[3], n), _cut(params, o[4], 1), _cut(params, o[5], n * o[2])
        return synapse.drive(weights, act, gain, _cut(state, o[6], o[2]))
    return 0


@njit(nogil=True)
def _input(o, params, state, ints, obs, n_obs, step, substep):  # type: ignore[no-untyped-def]
    """Input spikes of a step, as a spike list."""
    op = o[0]
    n = o[1]
    if op == ops.REGULAR:
        spikes = _spikes(ints, o[5], o[6], n, step)
        encode.regular(_cut(state, o[2], n), _cut(params, o[3], 1), _cut(state, o[4], n), spikes)
        return spikes, o[7]
    if op == ops.POISSON:
        spikes = _spikes(ints, o[3], o[4], n, step)
        seed = (np.int64(ints[ops.SEED_HI]) << 32) | (np.int64(ints[ops.SEED_LO]) & LOW)
        chance = _cut(ints, o[2], n)
        encode.poisson(chance, seed, o[6], ints[ops.EPISODE], step, ints[ops.INSTANCE], spikes)
        return spikes, o[5]
    spikes = _spikes(ints, o[3], o[4], n, step)
    first = substep * n_obs + o[2]
    encode.external(obs[first : first + n], spikes)
    return spikes, o[5]


@njit(nogil=True)
def _deliver(o, layout, params, state, ints, step):  # type: ignore[no-untyped-def]
    """Move spikes to where they arrive; returns synaptic operations."""
    op = o[0]
    n_pre, n_post = o[1], o[2]
    if op == ops.DENSE:
        spikes = _spikes(ints, o[4], o[5], n_pre, step - o[6] + o[5])
        return synapse.dense(_cut(params, o[3], n_pre * n_post), n_post, spikes, _cut(state, o[7], n_post))
    if op == ops.SPARSE:
        spikes = _spikes(ints, o[6], o[7], n_pre, step - o[8] + o[7])
        indptr = _cut(layout, o[3], n_pre + 1)
        n = indptr[n_pre]
        return synapse.sparse(_cut(params, o[5], n), indptr, _cut(layout, o[4], n), spikes, _cut(state, o[9], n_post))
    indptr = _cut(layout, o[3], n_pre + 1)
    n = indptr[n_pre]
    spikes = _spikes(ints, o[7], o[8], n_pre, step)
    indices, delays, weights = _cut(layout, o[4], n), _cut(layout, o[5], n), _cut(params, o[6], n)
    ring = _cut(state, o[9], o[10] * n_post)
    return synapse.scatter(weights, indptr, indices, delays, spikes, ring, o[10], n_post, step)


@njit(nogil=True)
def _arrive(o, state, step):  # type: ignore[no-untyped-def]
    """Add what arrives by other ways than spike lists."""
    n = o[1]
    if o[0] == ops.GATHER:
        synapse.gather(_cut(state, o[2] + (step % o[3]) * n, n), _cut(state, o[4], n))
    else:
        s = _cut(state, o[6], n)
        synapse.held(_cut(state, o[2], n), _cut(state, o[3], o[4] * n), o[4], o[5], step, s)


@njit(nogil=True)
def _update(o, layout, params, state, ints, step):  # type: ignore[no-untyped-def]
    """Update a population that spikes; returns its spike list."""
    n = o[1]
    v, s = _cut(state, o[2], n), _cut(state, o[3], n)
    alpha, lam, b = _cut(params, o[4], n), _cut(params, o[5], n), _cut(params, o[6], n)
    theta, to = _cut(params, o[7], n), _cut(params, o[8], n)
    spikes = _spikes(ints, o[10], o[11], n, step)
    if o[0] == ops.LIF or o[0] == ops.LIF_REFRACTORY:
        wait_at = 13
        if o[0] == ops.LIF:
            neuron.lif(v, s, alpha, lam, b)
        else:
            neuron.lif_refractory(v, s, alpha, lam, b, _cut(ints, o[14], n))
    else:
        wait_at = 17
        i, kappa, beta, mu = _cut(state, o[13], n), _cut(params, o[14], n), _cut(params, o[15], n), _cut(params, o[16], n)
        if o[0] == ops.CUBA:
            neuron.cuba(v, i, s, alpha, lam, b, kappa, beta, mu)
        else:
            neuron.cuba_refractory(v, i, s, alpha, lam, b, kappa, beta, mu, _cut(ints, o[18], n))
    if o[0] == ops.LIF or o[0] == ops.CUBA:
        neuron.find_spikes(v, theta, spikes)
    else:
        steps, wait = _cut(layout, o[wait_at], n), _cut(ints, o[wait_at + 1], n)
        neuron.find_spikes_refractory(v, theta, wait, steps, spikes)
    neuron.reset(v, to, o[9], spikes)
    return spikes


@njit(nogil=True)
def _epilogue(o, params, state, ints, act):  # type: ignore[no-untyped-def]
    """An op that runs once after the steps; False where the action is not finite."""
    op, n, per = o[0], o[1], o[2]
    if op == ops.READ_RATE:
        counts = _cut(ints, o[4], 2 * n * per if o[3] else n * per)
        zero = _cut(params, o[5], counts.size)
        decode.read(counts, zero, per, o[3], _cut(params, o[6], 1), 0, _cut(state, o[7], n))
    elif op == ops.READ_MEMBRANE:
        size = 2 * n * per if o[3] else n * per
        v, leak = _cut(state, o[4], size), _cut(params, o[5], size)
        decode.read(v, leak, per, o[3], _cut(params, o[6], 1), o[7], _cut(state, o[8], n))
    elif op == ops.WINNER:
        best = decode.winner(_cut(ints, o[3], n * per), n, per, o[4])
        state[o[5]] = best
        state[o[6]] = best
        act[0] = best
    else:
        low, high, rest = _cut(params, o[3], n), _cut(params, o[4], n), _cut(params, o[5], n)
        return decode.limit(_cut(state, o[2], n), low, high, rest, _cut(params, o[6], n), _cut(state, o[7], n), act)
    return True


@njit(nogil=True)
def _steps(layout, first, last, params, state, ints, obs, ticks, events, probe, trace):  # type: ignore[no-untyped-def]
    """All steps of a tick."""
    substeps, n_obs = layout[ops.SUBSTEPS], layout[ops.N_OBS]
    work = 0
    for substep in range(substeps):
        step = ticks * substeps + substep
        for r in range(first, last, WIDTH):
            o = layout[r : r + WIDTH]
            op = o[0]
            if op <= ops.POISSON:
                spikes, neurons = _input(o, params, state, ints, obs, n_obs, step, substep)
                _emit(spikes, neurons, substep, ints, events)
            elif op <= ops.SCATTER:
                work += _deliver(o, layout, params, state, ints, step)
            elif op <= ops.HELD:
                _arrive(o, state, step)
            elif op <= ops.CUBA_REFRACTORY:
                spikes = _update(o, layout, params, state, ints, step)
                _emit(spikes, o[12], substep, ints, events)
            elif op == ops.LI:
                n = o[1]
                v, s = _cut(state, o[2], n), _cut(state, o[3], n)
                neuron.lif(v, s, _cut(params, o[4], n), _cut(params, o[5], n), _cut(params, o[6], n))
            else:
                decode.count(_spikes(ints, o[2], o[3], o[1], step), _cut(ints, o[4], o[1]))
        for c in range(probe.size):
            trace[substep, c] = state[probe[c]]
    return work


@njit(nogil=True)
def tick(layout, params, state, ints, obs, act, events, probe, trace):  # type: ignore[no-untyped-def]
    """Run one control tick.

    Reads: layout (int32), params (real), obs (float64; (n_obs,), or (substeps n_obs,) for a network without
    encoder), probe (words of the state to trace, int32). Writes: state (real) and ints, the same memory as
    integers of the same width; act (float64, n_act); events (int32, see `_emit`); trace (substeps, probe.size).

    Returns:
        OK; BAD_OBSERVATION with nothing changed; BAD_ACTION with act as it was.
    """
    if not all_finite(obs):
        return BAD_OBSERVATION
    ticks = ticks_done(ints)
    first = ops.HEADER
    steps = first + layout[ops.N_PROLOGUE] * WIDTH
    epilogue = steps + layout[ops.N_STEP] * WIDTH
    end = epilogue + layout[ops.N_EPILOGUE] * WIDTH
    ints[ops.SPIKES] = 0
    if events.size:
        events[0] = 0
    work = 0
    for r in range(first, steps, WIDTH):
        work += _prologue(layout[r : r + WIDTH], params, state, ints, obs)
    work += _steps(layout, steps, epilogue, params, state, ints, obs, ticks, events, probe, trace)
    ints[ops.SYNOPS] = work
    status = OK
    for r in range(epilogue, end, WIDTH):
        if not _epilogue(layout[r : r + WIDTH], params, state, ints, act):
            status = BAD_ACTION
    _set_ticks(ints, ticks + 1)
    return status


@njit(nogil=True)
def tick_batch(layout, params, state, ints, obs, act, events, probe, trace, active, status):  # type: ignore[no-untyped-def]
    """`tick` for the instances listed in active.

    Reads: layout; params (1 or N, P); obs (N, n_obs); active (M,) instance numbers. Writes: state and ints
    (N, S), act (N, n_act), status (N,). events, probe and trace are empty: a batch logs nothing.
    """
    shared = params.shape[0] == 1
    for m in range(active.size):
        i = active[m]
        p = params[0] if shared else params[i]
        status[i] = tick(layout, p, state[i], ints[i], obs[i], act[i], events, probe, trace)
