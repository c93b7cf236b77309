/* libFuzzer: bytes and waits at a whole board: the state machine of link/ around the core of core/.
 *
 * An input is what happens, one after the other, each with a byte that says what and what it needs:
 *
 *     RAW n bytes                what comes as it is
 *     FRAME type n bytes         a request
 *     WAIT u16                   so many times 4 us pass
 *     AGAIN, DAMAGED u16         the last request once more; with a bit of it turned
 *     LOAD u16 bytes             all requests of an upload, with checksums that are right
 *     ARM hold watchdog flags    with the board's own numbers, unless the highest bits of flags are set
 *     TICK kind flags u16 bytes  the next one, unless the highest bits of kind are set; those of flags are a reward
 *
 * And it is looked at whether the rules hold that a host relies on, see README.md.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "core.h"
#include "device.h"
#include "fuzz.h"
#include "image.h"

#define ARENA 2048u
#define RAM 4096u
#define CHUNK 400u
#define MOST_WORK 2000u /* of a tick, in neurons and synapses */
#define MOST_EVENTS 40u

enum what { RAW, FRAME, WAIT, AGAIN, LOAD, ARM, TICK, DAMAGED, KINDS };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct board {
    struct nb_device *device;
    struct nb_core core;
    struct nb_decoder host; /* of what the board writes */
    uint32_t now, work;     /* work: of a tick of the image */
    uint32_t tick;          /* the last one that was run */
    uint16_t n_out, n_request;
    int16_t out[NB_ROOM / 2u];
    uint8_t request[NB_LINE]; /* the last one */
    uint8_t *image, *state; /* copies, with nothing beside them */
} board;

/* What is left of the input. */
static const uint8_t *at;
static size_t left;

static uint32_t next(uint32_t bytes) {
    uint32_t value = 0;

    for (uint32_t k = 0; k < bytes && left > 0; k++, at++, left--) {
        value |= (uint32_t)*at << (8u * k);
    }
    return value;
}

static uint32_t load(void *self, const uint8_t *image, uint32_t count) {
    uint32_t reason;

    free(board.image);
    board.image = copied(image, count);
    reason = nb_core_load(self, board.image, count, NB_ROOM / 2u);
    if (reason == 0) {
        const nb_u32 *head = (const nb_u32 *)(const void *)board.image;
        uint64_t work = ((uint64_t)head[NB_W_NEURONS] + head[NB_W_SYNAPSES]) * head[NB_W_SUBSTEPS];
        board.work = work < MOST_WORK ? (uint32_t)work : MOST_WORK;
    }
    return reason;
}

static void reset(void *self) { nb_core_reset(self); }

static uint32_t tick(void *self, const struct nb_tick *asked, struct nb_step *step) {
    const struct nb_device *d = board.device;
    struct nb_input input = {0};
    uint8_t *exact = copied(asked->data, asked->count);
    uint32_t reason;

    need(d->state == NB_STATE_RUNNING || d->state == NB_STATE_HOLD);
    input.kind = asked->kind;
    input.data = exact;
    input.count = asked->count;
    input.learn = asked->flags & NB_TICK_FLAG_LEARN;
    input.forget = asked->flags & NB_TICK_FLAG_FORGET;
    input.reward = asked->reward;
    reason = board.work < MOST_WORK ? nb_core_tick(self, asked->n_sub, &input) : 1u;
    free(exact);
    if (reason != 0) {
        return reason;
    }
    /* each once, and none is left out */
    need(asked->tick == 1u + (d->n_cached > 0 ? board.tick : nb_get_u32(d->arm + NB_ARM_REQUEST_LAST_TICK)));
    board.tick = asked->tick;
    step->spikes = (uint16_t)board.core.spikes;
    step->actions = nb_core_actions(self, &step->n_actions);
    return 0;
}

static uint32_t digest(void *self, uint32_t *step) { return nb_core_digest(self, step); }

static const uint8_t *state(void *self, uint32_t *count) {
    const uint8_t *bytes = nb_core_state(self, count);

    free(board.state);
    board.state = copied(bytes, *count);
    return board.state;
}

static const int16_t *idle(void *self, uint8_t hold, uint16_t *count) { return nb_core_idle(self, hold, count); }

static void actuate(void *self, const int16_t *values, uint16_t count) {
    (void)self;
    need(count <= NB_ROOM / 2u);
    board.n_out = count;
    if (count > 0) {
        memcpy(board.out, values, count * sizeof *values);
    }
}

/* Whatever the board writes is a frame. */
static void write_line(void *self, const uint8_t *bytes, uint16_t count) {
    enum nb_found found = NB_NOTHING;

    (void)self;
    need(count <= NB_LINE);
    for (uint16_t k = 0; k < count; k++) {
        found = nb_decode(&board.host, bytes[k]);
        need(found != NB_DAMAGED && (found == NB_WHOLE) == (k == count - 1u));
    }
}

static const struct nb_ops OPS = {
    .self = &board.core, .load = load, .reset = reset, .tick = tick, .digest = digest, .state = state, .idle = idle,
    .actuate = actuate, .write = write_line,
};

/* At rest in all states but two, which an ARM of this power-up and trip leads to, and there while ticks come. */
static void check(void) {
    const struct nb_device *d = board.device;
    uint16_t count = 0;
    const int16_t *rest;

    need(d->received <= d->length && d->length <= ARENA);
    if (d->state == NB_STATE_RUNNING || d->state == NB_STATE_HOLD) {
        need(board.now - d->fresh < d->watchdog_us && d->watchdog_us <= NB_WATCHDOG_MS_MAX * 1000u);
        need(nb_get_u32(d->arm + NB_ARM_REQUEST_BOOT_ID) == d->boot_id);
        need(nb_get_u32(d->arm + NB_ARM_REQUEST_TRIP_COUNT) == d->trip_count);
    } else if (d->state == NB_STATE_BOOT || d->state == NB_STATE_LOADING) {
        need(board.n_out == 0);
    } else {
        rest = nb_core_idle(&board.core, 0, &count); /* where they are already: nothing changes */
        need(board.n_out == count && memcmp(board.out, rest, count * sizeof *rest) == 0);
    }
}

static void receive(const uint8_t *bytes, uint32_t count) {
    uint8_t *exact = copied(bytes, count);

    nb_receive(board.device, exact, (uint16_t)count, board.now);
    free(exact);
    check();
}

static void ask(uint8_t type, const uint8_t *payload, uint32_t count) {
    board.n_request = nb_encode(board.request, type, (uint8_t)(board.request[2] + 1u), payload, (uint16_t)count);
    receive(board.request, board.n_request);
}

/* A request of a head and what comes next in the input, as far as there is room. */
static void ask_with(uint8_t type, uint8_t *payload, uint32_t head, uint32_t count) {
    count = count < left ? count : (uint32_t)left;
    count = count < NB_PAYLOAD - head ? count : NB_PAYLOAD - head;
    memcpy(payload + head, at, count);
    at += count;
    left -= count;
    ask(type, payload, head + count);
}

static void upload(void) {
    uint8_t payload[NB_PAYLOAD] = {0};
    uint32_t size = next(2), crc;

    size = (size < left ? size : (uint32_t)left) & ~3u;
    crc = nb_crc32(0, at, size > 4u ? size - 4u : 0u);
    nb_put_u32(payload, size);
    nb_put_u32(payload + 4, crc);
    ask(NB_LOAD_BEGIN, payload, NB_LOAD_BEGIN_REQUEST_SIZE);
    for (uint32_t offset = 0; offset < size; offset += CHUNK) {
        nb_put_u32(payload, offset);
        if (size - offset <= CHUNK && size > 4u) { /* the last one: what the image says of itself is right too */
            memcpy(payload + 4, at, size - offset - 4u);
            nb_put_u32(payload + (size - offset), crc);
            ask(NB_LOAD_CHUNK, payload, 4u + size - offset);
            at += size - offset;
            left -= size - offset;
        } else {
            ask_with(NB_LOAD_CHUNK, payload, 4u, size - offset < CHUNK ? size - offset : CHUNK);
        }
    }
    ask(NB_LOAD_COMMIT, payload, 0);
}

static void arm(void) {
    uint8_t payload[NB_ARM_REQUEST_SIZE] = {0}, hold = (uint8_t)next(1), watchdog = (uint8_t)next(1);
    uint32_t flags = next(1);

    nb_put_u32(payload + NB_ARM_REQUEST_BOOT_ID, board.device->boot_id + (flags >> 6 & 1u));
    nb_put_u32(payload + NB_ARM_REQUEST_TRIP_COUNT, board.device->trip_count - (flags >> 7));
    nb_put_u16(payload + NB_ARM_REQUEST_HOLD_MS, hold);
    nb_put_u16(payload + NB_ARM_REQUEST_WATCHDOG_MS, watchdog);
    payload[NB_ARM_REQUEST_FLAGS] = (uint8_t)(flags & 3u);
    ask(NB_ARM, payload, sizeof payload);
}

static void next_tick(void) {
    static const uint32_t NUMBER[] = {1, 0, 2, ~0u}; /* after the last one */
    uint8_t payload[NB_PAYLOAD] = {0};
    const nb_u32 *head = (const nb_u32 *)(const void *)board.core.image;
    uint32_t kind = next(1), flags = next(1);

    nb_put_u32(payload + NB_TICK_REQUEST_TICK, board.device->last_tick + NUMBER[kind >> 6]);
    payload[NB_TICK_REQUEST_N_SUB] = head && !(kind & 16u) ? (uint8_t)(head[NB_W_SUBSTEPS] + (kind >> 5 & 1u)) : 0u;
    payload[NB_TICK_REQUEST_FLAGS] = flags & 7u;
    nb_put_u32(payload + NB_TICK_REQUEST_REWARD, (flags >> 3) * 10000u - 150000u);
    payload[NB_TICK_REQUEST_KIND] = kind & 15u;
    ask_with(NB_TICK, payload, NB_TICK_REQUEST_DATA, next(2));
}

static void happens(enum what what) {
    uint8_t bytes[NB_LINE], payload[NB_PAYLOAD];
    uint32_t k;

    switch (what) {
    case RAW:
        k = next(1);
        k = k < left ? k : (uint32_t)left;
        receive(at, k);
        at += k;
        left -= k;
        break;
    case FRAME: k = next(1), ask_with((uint8_t)k, payload, 0, next(1)); break;
    case WAIT:
        board.now += 4u * next(2);
        nb_poll(board.device, board.now);
        check();
        break;
    case AGAIN: receive(board.request, board.n_request); break;
    case LOAD: upload(); break;
    case ARM: arm(); break;
    case TICK: next_tick(); break;
    default:
        k = next(2);
        memcpy(bytes, board.request, board.n_request);
        bytes[(k >> 3) % NB_LINE] ^= (uint8_t)(1u << (k & 7u));
        receive(bytes, board.n_request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *arena = copied(0, ARENA), *ram = copied(0, RAM);
    const struct nb_board told = {"fuzz", NB_ARITHMETIC, arena, ARENA, 0xB007u};

    memset(&board, 0, sizeof board);
    board.device = malloc(sizeof *board.device);
    board.now = 0xFFFFFFFFu - 100000u; /* soon it wraps */
    at = data;
    left = size;
    nb_core_init(&board.core, ram, RAM);
    nb_start(board.device, &told, &OPS, board.now);
    for (uint32_t k = 0; k < MOST_EVENTS && left > 0; k++) {
        happens((enum what)(next(1) % KINDS));
    }
    free(board.image);
    free(board.state);
    free(board.device);
    free(ram);
    free(arena);
    return 0;
}
