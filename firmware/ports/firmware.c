/* The same on all machines: the state machine of link/ around the core of core/. */
#include <string.h>

#include "../core/core.h"
#include "../core/image.h"
#include "../link/device.h"
#include "../link/handlers.h"
#include "port.h"

static struct nb_device device;
static struct nb_core core;
static uint8_t spoken_to;

static uint32_t load(void *self, const uint8_t *image, uint32_t count) {
    return nb_core_load(self, image, count, NB_ROOM / 2u);
}

static void reset(void *self) { nb_core_reset(self); }

static uint32_t tick(void *self, const struct nb_tick *asked, struct nb_step *step) {
    struct nb_core *own = self;
    struct nb_input input;
    uint32_t before = port_cycles(), reason;

    input.kind = asked->kind;
    input.data = asked->data;
    input.count = asked->count;
    input.learn = asked->flags & NB_TICK_FLAG_LEARN;
    input.forget = asked->flags & NB_TICK_FLAG_FORGET;
    input.reward = asked->reward;
    reason = nb_core_tick(own, asked->n_sub, &input);
    if (reason != 0) {
        return reason;
    }
    step->cycles = port_cycles() - before;
    step->spikes = own->spikes < 65535u ? (uint16_t)own->spikes : 65535u;
    step->actions = nb_core_actions(own, &step->n_actions);
    return 0;
}

static uint32_t digest(void *self, uint32_t *step) { return nb_core_digest(self, step); }

static const uint8_t *state(void *self, uint32_t *count) { return nb_core_state(self, count); }

static const int16_t *idle(void *self, uint8_t hold, uint16_t *count) { return nb_core_idle(self, hold, count); }

static void actuate(void *self, const int16_t *values, uint16_t count) {
    (void)self;
    port_actuate(values, count);
}

static void write_line(void *self, const uint8_t *bytes, uint16_t count) {
    (void)self;
    port_write(bytes, count);
}

static const struct nb_ops OPS = {&core, load, reset, tick, digest, state, idle, actuate, write_line};

void firmware_start(const struct firmware_memory *memory) {
    struct nb_board board = {memory->name, NB_ARITHMETIC, memory->image, memory->image_size, 0};

    spoken_to = 0;
    nb_core_init(&core, memory->ram, memory->ram_size);
    nb_start(&device, &board, &OPS, port_now_us());
}

uint8_t firmware_armed(void) { return nb_runs(&device); }

void firmware_turn(void) {
    uint8_t bytes[64];
    uint16_t count = port_read(bytes, sizeof bytes);

    if (count == 0) {
        port_wait();
    } else if (!spoken_to) {
        spoken_to = 1;
        device.boot_id = port_boot_id();
    }
    device.ring_overrun = port_lost();
    nb_receive(&device, bytes, count, port_now_us());
    nb_poll(&device, port_now_us());
}
