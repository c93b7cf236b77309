/* See device.h: what happens without being asked for, and who answers what is. */
#include "device.h"

#include <string.h>

#include "bytes.h"
#include "handlers.h"

uint8_t nb_runs(const struct nb_device *d) { return d->state == NB_STATE_RUNNING || d->state == NB_STATE_HOLD; }

uint8_t nb_loaded(const struct nb_device *d) { return d->state != NB_STATE_BOOT && d->state != NB_STATE_LOADING; }

static void send(struct nb_device *d, uint8_t type, uint8_t seq, const uint8_t *payload, uint16_t count) {
    d->ops->write(d->ops->self, d->line, nb_encode(d->line, type, seq, payload, count));
}

static void send_nak(struct nb_device *d, uint8_t type, uint8_t seq, uint8_t error, uint32_t arg) {
    uint8_t out[NB_NAK_SIZE] = {0};

    out[NB_NAK_TYPE] = type;
    out[NB_NAK_ERROR] = error;
    out[NB_NAK_STATE] = d->state;
    nb_put_u32(out + NB_NAK_ARG, arg);
    send(d, NB_NAK, seq, out, NB_NAK_SIZE);
}

static void send_event(struct nb_device *d, uint8_t reason, uint32_t now) {
    uint8_t out[NB_EVENT_SIZE];

    nb_put_u32(out + NB_EVENT_LAST_TICK, d->last_tick);
    nb_put_u32(out + NB_EVENT_DEV_US, now);
    out[NB_EVENT_REASON] = reason;
    send(d, NB_EVENT, d->events++, out, NB_EVENT_SIZE);
}

static void to_idle(struct nb_device *d, uint8_t hold) {
    uint16_t count = 0;
    const int16_t *values = nb_loaded(d) ? d->ops->idle(d->ops->self, hold, &count) : 0;

    d->ops->actuate(d->ops->self, values, count);
}

void nb_leave(struct nb_device *d, uint8_t state) {
    if (nb_runs(d)) {
        d->trip_count++;
    }
    d->state = state;
    to_idle(d, 0);
}

/* Hold, or go to rest, if there was no fresh tick for too long. */
static void watch(struct nb_device *d, uint32_t now) {
    uint32_t quiet = now - d->fresh;

    if (!nb_runs(d)) {
        return;
    }
    if (quiet >= d->watchdog_us) {
        d->watchdog_trips++;
        nb_leave(d, NB_STATE_SAFE);
        send_event(d, NB_REASON_WATCHDOG, now);
    } else if (d->state == NB_STATE_RUNNING && quiet >= d->hold_us) {
        d->state = NB_STATE_HOLD;
        to_idle(d, 1);
        send_event(d, NB_REASON_HOLD, now);
    }
}

static void answer(struct nb_device *d, uint32_t now) {
    uint8_t type = d->decoder.bytes[0], seq = d->decoder.bytes[1], error;
    uint16_t count = d->decoder.count;
    const struct nb_handler *known = nb_find_handler(type);
    struct nb_exchange e;

    if ((type & NB_ANSWER) || type == NB_EVENT || type == NB_NAK) {
        return; /* not a board's to answer: so that two of them never talk without end */
    }
    if (!known) {
        send_nak(d, type, seq, NB_ERROR_TYPE, type);
    } else if (count < known->size || (count > known->size && !known->rest)) {
        send_nak(d, type, seq, NB_ERROR_LENGTH, count);
    } else {
        memset(&e, 0, sizeof e);
        e.in = d->decoder.bytes + 2;
        e.count = count;
        e.now = now;
        e.out = e.small;
        error = known->handle(d, &e);
        if (error != NB_ERROR_NONE) {
            send_nak(d, type, seq, error, e.arg);
        } else {
            send(d, type | NB_ANSWER, seq, e.out, e.size);
        }
    }
}

void nb_start(struct nb_device *device, const struct nb_board *board, const struct nb_ops *ops, uint32_t now_us) {
    memset(device, 0, sizeof *device);
    device->ops = ops;
    device->name = board->name;
    device->arithmetic = board->arithmetic;
    device->arena = board->arena;
    device->arena_size = board->arena_size;
    device->boot_id = board->boot_id;
    device->state = NB_STATE_BOOT;
    to_idle(device, 0);
    send_event(device, NB_REASON_BOOT, now_us);
}

void nb_poll(struct nb_device *device, uint32_t now_us) { watch(device, now_us); }

void nb_receive(struct nb_device *device, const uint8_t *bytes, uint16_t count, uint32_t now_us) {
    watch(device, now_us); /* a tick that comes too late is not run, even if nobody looked at the clock meanwhile */
    device->decoder.received += count;
    for (uint16_t k = 0; k < count; k++) {
        enum nb_found found = nb_decode(&device->decoder, bytes[k]);
        if (found == NB_WHOLE) {
            answer(device, now_us);
        } else if (found == NB_DAMAGED && device->fast_nak && nb_runs(device)) {
            send_nak(device, 0, 0, NB_ERROR_FRAME, 0);
        }
    }
}
