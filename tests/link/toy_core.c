/* The toy board of toy.py in C. */
#include <string.h>

#include "bytes.h"
#include "toy_core.h"

static struct {
    const uint8_t *image;
    uint32_t count, steps, crc;
    int16_t last[248], rest[248];
    uint8_t readout[255];
} toy;

static const int16_t *idle(void *self, uint8_t hold, uint16_t *count) {
    (void)self;
    *count = toy.image[0];
    return hold ? toy.last : toy.rest;
}

static void reset(void *self) {
    (void)self;
    toy.steps = 0;
    toy.crc = nb_crc32(0, toy.image, toy.count);
    for (int k = 0; k < 248; k++) {
        toy.last[k] = toy.rest[k] = (int16_t)(-1 - k);
    }
}

static uint32_t load(void *self, const uint8_t *image, uint32_t count) {
    if (count < 2 || image[0] == 255) {
        return 7;
    }
    if (2u * image[0] + image[1] > NB_ROOM) {
        return 9;
    }
    toy.image = image;
    toy.count = count;
    reset(self);
    return 0;
}

static uint32_t tick(void *self, const struct nb_tick *t, struct nb_step *s) {
    uint8_t told[7] = {t->n_sub, t->flags, 0, 0, 0, 0, t->kind};

    (void)self;
    nb_put_u32(told + 2, (uint32_t)t->reward);
    if (t->count > 0 && t->data[0] == 0xEE) {
        return 1000u + t->count;
    }
    toy.crc = nb_crc32(nb_crc32(toy.crc, told, 7), t->data, t->count);
    toy.steps += t->n_sub;
    for (uint32_t k = 0; k < toy.image[0]; k++) {
        toy.last[k] = (int16_t)((int32_t)((((uint64_t)toy.crc * (k + 3)) >> 7) % 65536u) - 32768);
    }
    for (uint32_t k = 0; k < toy.image[1]; k++) {
        toy.readout[k] = (uint8_t)(toy.crc + k);
    }
    s->cycles = toy.crc & 0xFFFFu;
    s->error = toy.crc & 3u;
    s->spikes = (uint16_t)(toy.crc >> 16);
    s->actions = toy.last;
    s->n_actions = toy.image[0];
    s->readout = toy.readout;
    s->n_readout = toy.image[1];
    return 0;
}

static uint32_t digest(void *self, uint32_t *step) {
    (void)self;
    *step = toy.steps;
    return toy.crc;
}

static const uint8_t *state(void *self, uint32_t *count) {
    static uint8_t all[8 + 4096];

    (void)self;
    for (int k = 0; k < 4; k++) {
        all[k] = (uint8_t)(toy.steps >> 8 * k);
        all[4 + k] = (uint8_t)(toy.crc >> 8 * k);
    }
    memcpy(all + 8, toy.image, toy.count);
    *count = 8 + toy.count;
    return all;
}

const struct nb_ops nb_core_ops = {0, load, reset, tick, digest, state, idle, 0, 0};
const uint8_t nb_core_arithmetic = 2;
