/* The one update of all neurons: section 6 of docs/fixed.md. Between two clamps all is in 64 bits. */
#include <string.h>

#include "parts.h"

/* A population: what it has, in the order of its blocks; 0 is what it has not. */
struct cells {
    uint32_t n, flags;
    const nb_i32 *bias, *threshold, *reset;
    const nb_u16 *leak_v, *leak_i, *t_ref;
    const nb_u32 *share;
    nb_i32 *v, *i, *s;
    nb_u16 *wait;
};

static void find(const struct nb_core *core, const nb_u32 *row, struct cells *c) {
    uint32_t n = row[NB_N], flags = row[NB_FLAGS], half = nb_align4(2u * n);
    const uint8_t *at = nb_in_image(core, row[NB_PARAMS_AT]);

    memset(c, 0, sizeof *c);
    c->n = n;
    c->flags = flags;
    c->bias = (const nb_i32 *)(const void *)at;
    c->leak_v = (const nb_u16 *)(const void *)(at + 8u * n);
    at += 8u * n + half;
    if (flags & NB_SPIKING) {
        c->threshold = (const nb_i32 *)(const void *)at;
        c->reset = c->threshold + n;
        at += 8u * n;
    }
    if (NB_CURRENT(flags) != NB_NONE) {
        c->leak_i = (const nb_u16 *)(const void *)at;
        c->i = nb_in_state(core, row[NB_I_AT]);
        at += half;
    }
    if (NB_CURRENT(flags) == NB_HELD) {
        c->share = (const nb_u32 *)(const void *)at;
        at += 4u * n;
    }
    if (flags & NB_REFRACTORY) {
        c->t_ref = (const nb_u16 *)(const void *)at;
        c->wait = nb_in_state(core, row[NB_WAIT_AT]);
    }
    c->v = nb_in_state(core, row[NB_V_AT]);
    c->s = nb_in_scratch(core, row[NB_S_AT]);
}

/* i takes its step, and s becomes what v will take. */
static void current_start(const struct cells *c) {
    for (uint32_t j = 0; j < c->n; j++) {
        int32_t x = nb_clamp((int64_t)c->i[j] + c->s[j]);
        c->i[j] = (int32_t)(x - nb_scaled(x, c->leak_i[j]));
        c->s[j] = x;
    }
}

static void current_end(const struct cells *c) {
    for (uint32_t j = 0; j < c->n; j++) {
        int32_t before = c->i[j], a = c->s[j];
        c->i[j] = nb_clamp(before - nb_scaled(before, c->leak_i[j]) + a);
        c->s[j] = c->share ? nb_clamp(before + nb_scaled(a, c->share[j])) : before;
    }
}

/* v takes its step; whether it spikes. */
static uint8_t membrane(const struct cells *c, uint32_t j) {
    int32_t d = c->s[j], v = c->v[j];

    c->s[j] = 0;
    if (c->wait && c->wait[j]) {
        c->wait[j]--;
        return 0;
    }
    v = nb_clamp(v - nb_scaled(v, c->leak_v[j]) + d + c->bias[j]);
    if (!c->threshold || v <= c->threshold[j]) {
        c->v[j] = v;
        return 0;
    }
    c->v[j] = c->flags & NB_SUBTRACT ? v - c->reset[j] : c->reset[j];
    if (c->wait) {
        c->wait[j] = c->t_ref[j];
    }
    return 1;
}

void nb_update(struct nb_turn *turn, const nb_u32 *row) {
    struct cells c;
    nb_u32 *slot = 0;

    find(turn->core, row, &c);
    if (c.threshold) {
        slot = nb_slot(turn->core, row, turn->step);
        memset(slot, 0, 4u * nb_words(c.n));
    }
    if (NB_CURRENT(c.flags) == NB_START) {
        current_start(&c);
    } else if (c.i) {
        current_end(&c);
    }
    for (uint32_t j = 0; j < c.n; j++) {
        if (membrane(&c, j)) {
            slot[j >> 5] |= 1u << (j & 31u);
            turn->spikes++;
        }
    }
}
