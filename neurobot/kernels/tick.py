"""One control tick in one call: encode, all steps, decode.

An interpreter of the op table (`ops`): it switches once per op and step, never per neuron. It allocates
nothing, raises nothing and returns a status code.
"""

from __future__ import annotations

import math

from neurobot.kernels import decode, encode, neuron, ops, synapse
from neurobot.kernels.jit import kernel
from neurobot.kernels.linked import call
from neurobot.kernels.spikes import spike_list
from neurobot.kernels.status import BAD_ACTION, BAD_OBSERVATION, NEURON_FAILED, OK
from neurobot.kernels.subnormal import flush, restore
from neurobot.kernels.views import cut
from neurobot.kernels.words import pair, set_pair

WIDTH = ops.WIDTH


@kernel
def all_finite(x):
    """Whether every entry of x (n,) is finite."""
    for j in range(x.size):
        if not math.isfinite(x[j]):
            return False
    return True


@kernel
def _emit(spikes, first_neuron, substep, ints, events):
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


@kernel
def _prologue(o, params, state, ints, obs):
    """An op that runs once before the steps of a tick; returns synaptic operations."""
    op = o[0]
    n = o[1]
    if op == ops.CARRY:
        x = cut(state, o[2], n)
        init = cut(params, o[3], n)
        carry = params[o[4]]
        for j in range(n):
            x[j] = init[j] + carry * (x[j] - init[j]) if carry else init[j]  # 0 also ends what is not finite
    elif op == ops.CLEAR:
        x = cut(state, o[2], n)
        for j in range(n):
            x[j] = 0
    elif op == ops.ZERO:
        y = cut(ints, o[2], n)
        for j in range(n):
            y[j] = 0
    elif op == ops.FIELD_DIRECT:
        channels = 2 * n if o[5] else n
        encode.field_direct(
            cut(obs, 0, n), cut(params, o[2], n), cut(params, o[3], n), cut(state, o[4], channels), o[5]
        )
    elif op == ops.FIELD_GAUSSIAN:
        act = cut(state, o[4], n * o[5])
        means, sharp = cut(params, o[6], o[5]), cut(params, o[7], 1)
        encode.field_gaussian(cut(obs, 0, n), cut(params, o[2], n), cut(params, o[3], n), act, means, sharp)
    elif op == ops.CHANCE:
        encode.chance(cut(state, o[2], n), cut(params, o[3], 1), cut(ints, o[4], n))
    elif op == ops.DRIVE:
        act, gain, weights = cut(state, o[3], n), cut(params, o[4], 1), cut(params, o[5], n * o[2])
        return synapse.drive(weights, act, gain, cut(state, o[6], o[2]))
    return 0


@kernel
def _input(o, params, state, ints, obs, n_obs, step, substep, events):
    """Input spikes of a step, as a spike list."""
    op, n = o[0], o[1]
    if op == ops.REGULAR:
        spikes = spike_list(ints, o[5], o[6], n, step)
        hits = cut(ints, o[8], 2 * ((n + 7) // 8))
        encode.regular(cut(state, o[2], n), cut(params, o[3], 1), cut(state, o[4], n), hits, spikes)
        _emit(spikes, o[7], substep, ints, events)
    elif op == ops.POISSON:
        spikes = spike_list(ints, o[3], o[4], n, step)
        seed = pair(ints, ops.SEED_LO)
        encode.poisson(cut(ints, o[2], n), seed, o[6], ints[ops.EPISODE], step, ints[ops.INSTANCE], spikes)
        _emit(spikes, o[5], substep, ints, events)
    else:
        spikes = spike_list(ints, o[3], o[4], n, step)
        encode.external(cut(obs, substep * n_obs + o[2], n), spikes)
        _emit(spikes, o[5], substep, ints, events)


@kernel
def _deliver(o, layout, params, state, ints, step):
    """Move spikes to where they arrive; returns synaptic operations."""
    op = o[0]
    n_pre, n_post = o[1], o[2]
    if op == ops.DENSE:
        spikes = spike_list(ints, o[4], o[5], n_pre, step - o[6] + o[5])
        return synapse.dense(cut(params, o[3], n_pre * n_post), n_post, spikes, cut(state, o[7], n_post))
    if op == ops.SPARSE:
        spikes = spike_list(ints, o[6], o[7], n_pre, step - o[8] + o[7])
        indptr = cut(layout, o[3], n_pre + 1)
        n = indptr[n_pre]
        return synapse.sparse(cut(params, o[5], n), indptr, cut(layout, o[4], n), spikes, cut(state, o[9], n_post))
    indptr = cut(layout, o[3], n_pre + 1)
    n = indptr[n_pre]
    spikes = spike_list(ints, o[7], o[8], n_pre, step)
    indices, delays, weights = cut(layout, o[4], n), cut(layout, o[5], n), cut(params, o[6], n)
    ring = cut(state, o[9], o[10] * n_post)
    return synapse.scatter(weights, indptr, indices, delays, spikes, ring, o[10], n_post, step)


@kernel
def _arrive(o, state, step):
    """Add what arrives by other ways than spike lists."""
    n = o[1]
    if o[0] == ops.GATHER:
        synapse.gather(cut(state, o[2] + (step % o[3]) * n, n), cut(state, o[4], n))
    else:
        s = cut(state, o[6], n)
        synapse.held(cut(state, o[2], n), cut(state, o[3], o[4] * n), o[4], o[5], step, s)


@kernel
def _update(o, layout, params, state, ints, step, substep, events):
    """Update a population that spikes."""
    n = o[1]
    v, s = cut(state, o[2], n), cut(state, o[3], n)
    alpha, lam, b = cut(params, o[4], n), cut(params, o[5], n), cut(params, o[6], n)
    theta, to = cut(params, o[7], n), cut(params, o[8], n)
    spikes = spike_list(ints, o[10], o[11], n, step)
    hits = cut(ints, o[13], 2 * ((n + 7) // 8))
    if o[0] == ops.LIF or o[0] == ops.LIF_REFRACTORY:
        wait_at, held = 14, o[16]
        if o[0] == ops.LIF:
            neuron.lif(v, s, alpha, lam, b)
        else:
            neuron.lif_refractory(v, s, alpha, lam, b, cut(ints, o[15], n), held)
    else:
        wait_at, held = 18, 1
        i, kappa, beta, mu = cut(state, o[14], n), cut(params, o[15], n), cut(params, o[16], n), cut(params, o[17], n)
        if o[0] == ops.CUBA:
            neuron.cuba(v, i, s, alpha, lam, b, kappa, beta, mu)
        else:
            neuron.cuba_refractory(v, i, s, alpha, lam, b, kappa, beta, mu, cut(ints, o[19], n))
    if o[0] == ops.LIF or o[0] == ops.CUBA:
        neuron.find_spikes(v, theta, hits, spikes)
    else:
        steps, wait = cut(layout, o[wait_at], n), cut(ints, o[wait_at + 1], n)
        neuron.find_spikes_refractory(v, theta, wait, steps, held, hits, spikes)
    neuron.reset(v, to, o[9], spikes)
    _emit(spikes, o[12], substep, ints, events)


@kernel
def _epilogue(o, params, state, ints, act):
    """An op that runs once after the steps; False where the action is not finite."""
    op, n, per = o[0], o[1], o[2]
    size = 2 * n * per if o[3] else n * per
    if op == ops.READ_RATE:
        offset, gain = cut(params, o[5], n), cut(params, o[6], 1)
        decode.read(cut(ints, o[4], size), offset, per, o[3], gain, 0, cut(state, o[7], n))
    elif op == ops.READ_MEMBRANE:
        offset, gain = cut(params, o[5], n), cut(params, o[6], 1)
        decode.read(cut(state, o[4], size), offset, per, o[3], gain, o[7], cut(state, o[8], n))
    elif op == ops.WINNER:
        best = decode.winner(cut(ints, o[3], n * per), n, per, o[4])
        state[o[5]] = best
        state[o[6]] = best
        act[0] = best
    else:
        low, high, rest = cut(params, o[3], n), cut(params, o[4], n), cut(params, o[5], n)
        return decode.limit(cut(state, o[2], n), low, high, rest, cut(params, o[6], n), cut(state, o[7], n), act)
    return True


@kernel
def _steps(layout, first, last, params, state, ints, obs, act, done, events, probe, trace):
    """All steps of a tick."""
    substeps, n_obs = layout[ops.SUBSTEPS], layout[ops.N_OBS]
    work = 0
    for substep in range(substeps):
        step = done + substep
        for r in range(first, last, WIDTH):
            o = cut(layout, r, WIDTH)
            op = o[0]
            if op <= ops.POISSON:
                _input(o, params, state, ints, obs, n_obs, step, substep, events)
            elif op <= ops.SCATTER:
                work += _deliver(o, layout, params, state, ints, step)
            elif op <= ops.HELD:
                _arrive(o, state, step)
            elif op <= ops.CUBA_REFRACTORY:
                _update(o, layout, params, state, ints, step, substep, events)
            elif op == ops.LI:
                n = o[1]
                v, s = cut(state, o[2], n), cut(state, o[3], n)
                neuron.lif(v, s, cut(params, o[4], n), cut(params, o[5], n), cut(params, o[6], n))
            elif op == ops.COUNT:
                decode.count(spike_list(ints, o[2], o[3], o[1], step), cut(ints, o[4], o[1]))
            else:
                work += call(o, layout, params, state, ints, obs, act, step, substep)
                if op == ops.LINKED_SPIKES:
                    _emit(spike_list(ints, o[4], o[5], o[3], step), o[6], substep, ints, events)
        for c in range(probe.size):
            trace[substep * probe.size + c] = state[probe[c]]
    return work


@kernel
def tick(layout, params, state, ints, obs, act, events, probe, trace):
    """Run one control tick.

    Reads: layout (int32), params (real), obs (float64; (n_obs,), or at least (substeps n_obs,) for a network
    without encoder), probe (words of the state to trace, int32). Writes: state (real) and ints, the same memory as
    integers of the same width; act (float64, n_act); events (int32, see `_emit`); trace (substeps probe.size,).

    Returns:
        OK; BAD_OBSERVATION with nothing changed; BAD_ACTION with act as it was; NEURON_FAILED likewise, until a reset.
    """
    if not all_finite(cut(obs, 0, min(obs.size, layout[ops.N_OBS] * layout[ops.SUBSTEPS]))):
        return BAD_OBSERVATION
    done = pair(ints, ops.STEP_LO)
    first = ops.HEADER
    steps = first + layout[ops.N_PROLOGUE] * WIDTH
    epilogue = steps + layout[ops.N_STEP] * WIDTH
    end = epilogue + layout[ops.N_EPILOGUE] * WIDTH
    ints[ops.SPIKES] = 0
    if events.size:
        events[0] = 0
    work = 0
    for r in range(first, steps, WIDTH):
        o = cut(layout, r, WIDTH)
        if o[0] == ops.LINKED:
            work += call(o, layout, params, state, ints, obs, act, done, 0)
        else:
            work += _prologue(o, params, state, ints, obs)
    before = flush()
    work += _steps(layout, steps, epilogue, params, state, ints, obs, act, done, events, probe, trace)
    restore(before)
    set_pair(ints, ops.SYNOPS_LO, work)
    if ints[ops.FAULT]:
        return NEURON_FAILED
    status = OK
    for r in range(epilogue, end, WIDTH):
        o = cut(layout, r, WIDTH)
        if o[0] == ops.LINKED:
            if call(o, layout, params, state, ints, obs, act, done, 0):
                status = BAD_ACTION
        elif not _epilogue(o, params, state, ints, act):
            status = BAD_ACTION
    set_pair(ints, ops.STEP_LO, done + layout[ops.SUBSTEPS])
    return status


@kernel
def tick_batch(layout, params, state, ints, obs, act, events, probe, trace, active, status):
    """`tick` for the instances listed in active.

    Reads: layout; params (1 or N, P); obs (N, n_obs); active (M,) instance numbers. Writes: state and ints
    (N, S), act (N, n_act), status (N,). events, probe and trace are empty: a batch logs nothing.
    """
    shared = params.shape[0] == 1
    for m in range(active.size):
        i = active[m]
        p = params[0] if shared else params[i]
        status[i] = tick(layout, p, state[i], ints[i], obs[i], act[i], events, probe, trace)
