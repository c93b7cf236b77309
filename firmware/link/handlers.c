/* See handlers.h; the order of all checks is that of neurobot/link/device.py. */
#include "handlers.h"

#include <string.h>

#include "bytes.h"

static uint8_t refuse(struct nb_exchange *e, uint8_t error, uint32_t arg) {
    e->arg = arg;
    return error;
}

static uint8_t reply_u32(struct nb_exchange *e, uint32_t value) {
    nb_put_u32(e->small, value);
    e->size = 4;
    return NB_ERROR_NONE;
}

static uint8_t on_hello(struct nb_device *d, struct nb_exchange *e) {
    uint8_t *out = e->small;
    uint16_t name = 0;

    while (name < NB_NAME_MAX && d->name[name] != 0) {
        name++;
    }
    out[NB_HELLO_REPLY_MAJOR] = NB_MAJOR;
    out[NB_HELLO_REPLY_MINOR] = NB_MINOR;
    out[NB_HELLO_REPLY_STATE] = d->state;
    out[NB_HELLO_REPLY_FLAGS] = nb_loaded(d) ? NB_HELLO_FLAG_IMAGE : 0;
    memcpy(out + NB_HELLO_REPLY_NONCE, e->in + NB_HELLO_REQUEST_NONCE, 4);
    nb_put_u32(out + NB_HELLO_REPLY_BOOT_ID, d->boot_id);
    nb_put_u32(out + NB_HELLO_REPLY_TRIP_COUNT, d->trip_count);
    nb_put_u32(out + NB_HELLO_REPLY_FINGERPRINT, NB_FINGERPRINT);
    out[NB_HELLO_REPLY_ARITHMETIC] = d->arithmetic;
    nb_put_u32(out + NB_HELLO_REPLY_ARENA, d->arena_size);
    nb_put_u16(out + NB_HELLO_REPLY_PAYLOAD, NB_PAYLOAD);
    nb_put_u16(out + NB_HELLO_REPLY_WATCHDOG_MS, (uint16_t)(d->watchdog_us / 1000u));
    nb_put_u32(out + NB_HELLO_REPLY_IMAGE_CRC, nb_loaded(d) ? d->crc : 0);
    nb_put_u32(out + NB_HELLO_REPLY_LAST_TICK, d->last_tick);
    memcpy(out + NB_HELLO_REPLY_NAME, d->name, name);
    e->size = (uint16_t)(NB_HELLO_REPLY_SIZE + name);
    return NB_ERROR_NONE;
}

static uint8_t on_ping(struct nb_device *d, struct nb_exchange *e) {
    (void)d;
    memcpy(e->small + NB_PING_REPLY_HOST_US, e->in + NB_PING_REQUEST_HOST_US, 8);
    nb_put_u32(e->small + NB_PING_REPLY_DEV_US, e->now);
    e->size = NB_PING_REPLY_SIZE;
    return NB_ERROR_NONE;
}

static uint8_t on_load_begin(struct nb_device *d, struct nb_exchange *e) {
    uint32_t length = nb_get_u32(e->in + NB_LOAD_BEGIN_REQUEST_LENGTH);

    if (length > d->arena_size) {
        return refuse(e, NB_ERROR_SIZE, d->arena_size);
    }
    nb_leave(d, NB_STATE_LOADING);
    d->length = length;
    d->crc = nb_get_u32(e->in + NB_LOAD_BEGIN_REQUEST_CRC);
    d->received = 0;
    return reply_u32(e, 0);
}

static uint8_t on_load_chunk(struct nb_device *d, struct nb_exchange *e) {
    uint32_t offset = nb_get_u32(e->in + NB_LOAD_CHUNK_REQUEST_OFFSET);
    uint32_t count = (uint32_t)e->count - NB_LOAD_CHUNK_REQUEST_SIZE;

    if (d->state != NB_STATE_LOADING) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    if (offset > d->received || count > d->received - offset) {
        if (offset != d->received) {
            return refuse(e, NB_ERROR_OFFSET, d->received);
        }
        if (count > d->length - d->received) {
            return refuse(e, NB_ERROR_SIZE, d->length);
        }
        memcpy(d->arena + d->received, e->in + NB_LOAD_CHUNK_REQUEST_DATA, count);
        d->received += count;
    }
    return reply_u32(e, d->received);
}

/* Ready for ARM, with cleared state. */
static void ready(struct nb_device *d) {
    nb_leave(d, NB_STATE_READY);
    d->last_tick = 0;
}

static uint8_t on_load_commit(struct nb_device *d, struct nb_exchange *e) {
    uint32_t crc, reason;

    if (d->state == NB_STATE_READY) {
        return reply_u32(e, d->crc);
    }
    if (d->state != NB_STATE_LOADING) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    crc = nb_crc32(0, d->arena, d->received > 4u ? d->received - 4u : 0u); /* why: protocol.toml */
    if (d->received != d->length || crc != d->crc) {
        return refuse(e, NB_ERROR_CRC, crc);
    }
    reason = d->ops->load(d->ops->self, d->arena, d->length);
    if (reason != 0) {
        return refuse(e, NB_ERROR_IMAGE, reason);
    }
    ready(d);
    return reply_u32(e, crc);
}

static uint8_t on_reset(struct nb_device *d, struct nb_exchange *e) {
    if (!nb_loaded(d)) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    d->ops->reset(d->ops->self);
    ready(d);
    e->size = NB_RESET_REPLY_SIZE;
    return NB_ERROR_NONE;
}

/* What ARM asks for, once it may have it. */
static void arm(struct nb_device *d, const struct nb_exchange *e) {
    uint16_t wish = nb_get_u16(e->in + NB_ARM_REQUEST_WATCHDOG_MS);
    uint8_t flags = e->in[NB_ARM_REQUEST_FLAGS];

    if (flags & NB_ARM_FLAG_CLEAR) {
        d->ops->reset(d->ops->self);
    }
    wish = wish < NB_WATCHDOG_MS_MIN ? NB_WATCHDOG_MS_MIN : wish;
    wish = wish > NB_WATCHDOG_MS_MAX ? NB_WATCHDOG_MS_MAX : wish;
    memcpy(d->arm, e->in, NB_ARM_REQUEST_SIZE);
    d->armed = 1;
    d->state = NB_STATE_RUNNING;
    d->fresh = e->now;
    d->hold_us = nb_get_u16(e->in + NB_ARM_REQUEST_HOLD_MS) * 1000u;
    d->watchdog_us = wish * 1000u;
    d->fast_nak = (flags & NB_ARM_FLAG_FAST_NAK) != 0;
    d->last_tick = nb_get_u32(e->in + NB_ARM_REQUEST_LAST_TICK);
    d->n_cached = 0;
}

static uint8_t on_arm(struct nb_device *d, struct nb_exchange *e) {
    if (!nb_loaded(d)) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    if (nb_get_u32(e->in + NB_ARM_REQUEST_BOOT_ID) != d->boot_id) {
        return refuse(e, NB_ERROR_BOOT, d->boot_id);
    }
    if (nb_get_u32(e->in + NB_ARM_REQUEST_TRIP_COUNT) != d->trip_count) {
        return refuse(e, NB_ERROR_TRIP, d->trip_count);
    }
    if (!nb_runs(d)) {
        arm(d, e);
    } else if (!d->armed || memcmp(d->arm, e->in, NB_ARM_REQUEST_SIZE) != 0) {
        return refuse(e, NB_ERROR_STATE, d->trip_count); /* the same again is answered again, but not once it has run */
    }
    return reply_u32(e, d->last_tick);
}

/* The answer to a tick, kept for whoever asks again. */
static void cache(struct nb_device *d, const struct nb_exchange *e, const struct nb_step *step) {
    uint8_t *out = d->cached;
    uint16_t at = NB_TICK_REPLY_DATA, room;

    nb_put_u32(out + NB_TICK_REPLY_TICK, d->last_tick);
    nb_put_u32(out + NB_TICK_REPLY_DEV_US, e->now);
    nb_put_u32(out + NB_TICK_REPLY_STEP_CYCLES, step->cycles);
    out[NB_TICK_REPLY_STATE] = d->state;
    out[NB_TICK_REPLY_LAST_ERROR] = step->error;
    nb_put_u16(out + NB_TICK_REPLY_SPIKES, step->spikes);
    for (uint16_t k = 0; k < step->n_actions && at + 2u <= NB_PAYLOAD; k++, at = (uint16_t)(at + 2u)) {
        nb_put_u16(out + at, (uint16_t)step->actions[k]);
    }
    room = (uint16_t)(NB_PAYLOAD - at); /* never too little, if the core keeps its word */
    room = step->n_readout < room ? step->n_readout : room;
    if (room > 0) {
        memcpy(out + at, step->readout, room);
    }
    d->n_cached = (uint16_t)(at + room);
}

static uint8_t step(struct nb_device *d, struct nb_exchange *e) {
    struct nb_tick tick;
    struct nb_step done;
    uint32_t reason;

    memset(&done, 0, sizeof done);
    tick.tick = nb_get_u32(e->in + NB_TICK_REQUEST_TICK);
    tick.n_sub = e->in[NB_TICK_REQUEST_N_SUB];
    tick.flags = e->in[NB_TICK_REQUEST_FLAGS];
    tick.reward = (int32_t)nb_get_u32(e->in + NB_TICK_REQUEST_REWARD);
    tick.kind = e->in[NB_TICK_REQUEST_KIND];
    tick.data = e->in + NB_TICK_REQUEST_DATA;
    tick.count = (uint16_t)(e->count - NB_TICK_REQUEST_SIZE);
    reason = d->ops->tick(d->ops->self, &tick, &done);
    if (reason != 0) {
        return refuse(e, NB_ERROR_INPUT, reason);
    }
    d->ops->actuate(d->ops->self, done.actions, done.n_actions); /* before anything is written: it is waited for */
    d->state = NB_STATE_RUNNING;
    d->armed = 0;
    d->fresh = e->now;
    d->last_tick = tick.tick;
    cache(d, e, &done);
    return NB_ERROR_NONE;
}

static uint8_t on_tick(struct nb_device *d, struct nb_exchange *e) {
    uint32_t tick = nb_get_u32(e->in + NB_TICK_REQUEST_TICK);
    uint8_t error = NB_ERROR_NONE;

    if (!nb_runs(d)) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    if (d->n_cached > 0 && tick == d->last_tick) {
        d->dup_tick++;
    } else if (tick != d->last_tick + 1u) {
        return refuse(e, NB_ERROR_SEQ, d->last_tick);
    } else {
        error = step(d, e);
    }
    e->out = d->cached;
    e->size = d->n_cached;
    return error;
}

static uint8_t on_stats(struct nb_device *d, struct nb_exchange *e) {
    const struct nb_decoder *seen = &d->decoder;
    const uint32_t counts[] = {
        seen->received, seen->ok,        seen->crc_err, seen->cobs_err,
        seen->too_long, d->ring_overrun, d->dup_tick,   d->watchdog_trips,
    };

    for (uint8_t k = 0; k < 8; k++) {
        nb_put_u32(e->small + 4u * k, counts[k]);
    }
    e->size = NB_STATS_REPLY_SIZE;
    return NB_ERROR_NONE;
}

static uint8_t on_digest(struct nb_device *d, struct nb_exchange *e) {
    uint32_t steps = 0, crc;

    if (!nb_loaded(d)) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    crc = d->ops->digest(d->ops->self, &steps);
    nb_put_u32(e->small + NB_DIGEST_REPLY_STEP, steps);
    nb_put_u32(e->small + NB_DIGEST_REPLY_CRC, crc);
    e->size = NB_DIGEST_REPLY_SIZE;
    return NB_ERROR_NONE;
}

/* Written behind the request's offset, which is the answer's too: nobody needs the request any more. */
static uint8_t on_state(struct nb_device *d, struct nb_exchange *e) {
    uint8_t *out = d->decoder.bytes + 2;
    uint32_t offset = nb_get_u32(e->in + NB_STATE_REQUEST_OFFSET), count = 0;
    const uint8_t *state;

    if (!nb_loaded(d)) {
        return refuse(e, NB_ERROR_STATE, d->trip_count);
    }
    state = d->ops->state(d->ops->self, &count);
    count = offset < count ? count - offset : 0;
    count = count < NB_PAYLOAD - NB_STATE_REPLY_SIZE ? count : NB_PAYLOAD - NB_STATE_REPLY_SIZE;
    if (count > 0) {
        memcpy(out + NB_STATE_REPLY_DATA, state + offset, count);
    }
    e->out = out;
    e->size = (uint16_t)(NB_STATE_REPLY_SIZE + count);
    return NB_ERROR_NONE;
}

static const struct nb_handler HANDLERS[] = {
    {NB_HELLO, 0, NB_HELLO_REQUEST_SIZE, on_hello},
    {NB_PING, 0, NB_PING_REQUEST_SIZE, on_ping},
    {NB_LOAD_BEGIN, 0, NB_LOAD_BEGIN_REQUEST_SIZE, on_load_begin},
    {NB_LOAD_CHUNK, 1, NB_LOAD_CHUNK_REQUEST_SIZE, on_load_chunk},
    {NB_LOAD_COMMIT, 0, NB_LOAD_COMMIT_REQUEST_SIZE, on_load_commit},
    {NB_RESET, 0, NB_RESET_REQUEST_SIZE, on_reset},
    {NB_ARM, 0, NB_ARM_REQUEST_SIZE, on_arm},
    {NB_TICK, 1, NB_TICK_REQUEST_SIZE, on_tick},
    {NB_STATS, 0, NB_STATS_REQUEST_SIZE, on_stats},
    {NB_DIGEST, 0, NB_DIGEST_REQUEST_SIZE, on_digest},
    {NB_STATE, 0, NB_STATE_REQUEST_SIZE, on_state},
};

const struct nb_handler *nb_find_handler(uint8_t type) {
    for (uint8_t k = 0; k < sizeof HANDLERS / sizeof HANDLERS[0]; k++) {
        if (HANDLERS[k].type == type) {
            return &HANDLERS[k];
        }
    }
    return 0;
}
