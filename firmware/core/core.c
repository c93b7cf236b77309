/* See core.h. */
#include "core.h"

#include <string.h>

#include "frame.h"
#include "parts.h"

void nb_core_init(struct nb_core *core, uint8_t *ram, uint32_t ram_size) {
    memset(core, 0, sizeof *core);
    core->ram = ram;
    core->ram_size = ram_size;
}

/* What was learnt: the image's weights, and no estimate of what is usual. */
static void forget(const struct nb_core *core) {
    const nb_u32 *head = nb_head(core);

    memset(core->ram + head[NB_W_STATE] - head[NB_W_KEPT], 0, head[NB_W_KEPT]);
    for (uint32_t r = 0; r < head[NB_W_OPS]; r++) {
        if (nb_row(core, r)[0] == NB_OP_LEARN) {
            nb_forget(core, nb_row(core, r));
        }
    }
}

uint32_t nb_core_load(struct nb_core *core, const uint8_t *image, uint32_t count, uint32_t most_actions) {
    const nb_u32 *head = (const nb_u32 *)(const void *)image;

    core->image = 0;
    if (!nb_valid_header(image, count)) {
        return NB_IMAGE_INVALID;
    }
    if (head[NB_W_STATE] + head[NB_W_SCRATCH] > core->ram_size) { /* each is at most 2^24 */
        return NB_IMAGE_RAM;
    }
    if (head[NB_W_ACT] > most_actions) {
        return NB_IMAGE_ACTIONS;
    }
    if (!nb_valid(image, count, nb_in_state(core, 0))) {
        return NB_IMAGE_INVALID;
    }
    core->image = image;
    core->scratch = core->ram + head[NB_W_STATE];
    nb_core_reset(core);
    forget(core);
    return 0;
}

void nb_core_reset(struct nb_core *core) {
    const nb_u32 *head = nb_head(core);

    memset(core->ram, 0, head[NB_W_STATE] - head[NB_W_KEPT]);
    memset(core->scratch, 0, head[NB_W_SCRATCH]);
    core->spikes = 0;
    for (uint32_t r = 0; r < head[NB_W_OPS]; r++) {
        const nb_u32 *row = nb_row(core, r);
        if (row[0] == NB_OP_NEURON) {
            const nb_i32 *init = (const nb_i32 *)nb_in_image(core, row[NB_PARAMS_AT]) + row[NB_N];
            memcpy(nb_in_state(core, row[NB_V_AT]), init, 4u * row[NB_N]);
        }
    }
    for (uint32_t a = 0; a < head[NB_W_ACT]; a++) {
        nb_last(core)[a] = nb_outputs(core)[a].rest;
    }
}

static void carry(const struct nb_core *core, const nb_u32 *row) {
    nb_i32 *v = nb_in_state(core, row[NB_V_AT]), *i = nb_in_state(core, row[NB_I_AT]);
    const nb_i32 *init = (const nb_i32 *)nb_in_image(core, row[NB_PARAMS_AT]) + row[NB_N];
    int64_t factor = (int64_t)row[NB_CARRY];
    uint8_t current = NB_CURRENT(row[NB_FLAGS]) != NB_NONE;

    if (factor == 65536) {
        return;
    }
    for (uint32_t j = 0; j < row[NB_N]; j++) {
        v[j] = (int32_t)(init[j] + ((((int64_t)v[j] - init[j]) * factor) >> 16));
        if (current) {
            i[j] = (int32_t)((i[j] * factor) >> 16);
        }
    }
}

/* What happens ahead of the steps. */
static void begin(const struct nb_core *core) {
    const nb_u32 *head = nb_head(core);
    uint8_t fresh = (head[NB_W_FLAGS] & NB_FRESH) != 0;

    for (uint32_t r = 0; r < head[NB_W_OPS]; r++) {
        const nb_u32 *row = nb_row(core, r);
        uint32_t n = row[NB_N], op = row[0];

        if (op == NB_OP_COUNT) {
            memset(nb_in_scratch(core, row[NB_COUNTS_AT]), 0, nb_align4(2u * n) + 4u); /* decided lies behind */
        } else if (op == NB_OP_NEURON) {
            carry(core, row);
            if (fresh && (row[NB_FLAGS] & NB_REFRACTORY)) {
                memset(nb_in_state(core, row[NB_WAIT_AT]), 0, 2u * n);
            }
        }
        if (fresh && (op == NB_OP_NEURON || op == NB_OP_INPUT)) { /* slots is 0 where there is no history */
            memset(nb_in_state(core, row[NB_SPIKES_AT]), 0, 4u * row[NB_SLOTS] * nb_words(n));
        }
    }
}

static void count_spikes(const struct nb_turn *turn, const nb_u32 *row) {
    nb_u16 *counts = nb_in_scratch(turn->core, row[NB_COUNTS_AT]);
    nb_u32 *decided = nb_in_scratch(turn->core, row[NB_DECIDED_AT]);
    const nb_u32 *slot = nb_slot(turn->core, row, turn->step);
    uint8_t found = 0;

    if (row[NB_FIRST_ONLY] && *decided) {
        return;
    }
    for (uint32_t j = 0; j < row[NB_N]; j++) {
        uint32_t bit = (slot[j >> 5] >> (j & 31u)) & 1u;
        counts[j] = (uint16_t)(counts[j] + bit);
        found |= (uint8_t)bit;
    }
    *decided = found ? turn->substep + 1u : 0u;
}

static void run_step(struct nb_turn *turn) {
    const struct nb_core *core = turn->core;

    for (uint32_t r = 0; r < nb_head(core)[NB_W_OPS]; r++) {
        const nb_u32 *row = nb_row(core, r);
        switch (row[0]) {
        case NB_OP_INPUT: nb_feed(turn, row); break;
        case NB_OP_NEURON: nb_update(turn, row); break;
        case NB_OP_COUNT: count_spikes(turn, row); break;
        case NB_OP_LEARN: nb_learn(turn, row); break;
        default: nb_deliver(turn, row);
        }
    }
}

/* What a reward changes. */
static void reward(const struct nb_core *core, const struct nb_input *input, uint8_t ends) {
    if (input->forget) {
        forget(core);
    }
    for (uint32_t r = 0; r < nb_head(core)[NB_W_OPS]; r++) {
        if (nb_row(core, r)[0] == NB_OP_LEARN) {
            nb_modulate(core, nb_row(core, r), input, ends);
        }
    }
}

uint32_t nb_core_tick(struct nb_core *core, uint32_t n_sub, const struct nb_input *input) {
    struct nb_turn turn = {core, input, 0, 0, 0, 0};
    nb_u32 *state = nb_in_state(core, 0);

    if (n_sub == 0 && nb_head(core)[NB_W_KEPT] > 0) {
        if (input->count > 0) {
            return NB_INPUT_DATA;
        }
        core->spikes = 0;
        reward(core, input, 1);
        return 0;
    }
    if (n_sub != nb_head(core)[NB_W_SUBSTEPS]) {
        return NB_INPUT_STEPS;
    }
    if (!nb_accepts(nb_head(core), input)) {
        return NB_INPUT_DATA;
    }
    begin(core);
    reward(core, input, 0);
    for (; turn.substep < n_sub; turn.substep++) {
        turn.step = state[NB_S_STEP];
        run_step(&turn);
        state[NB_S_STEP]++;
    }
    state[NB_S_SPIKES] += turn.spikes;
    core->spikes = turn.spikes;
    nb_decode_actions(core);
    return 0;
}

const int16_t *nb_core_actions(const struct nb_core *core, uint16_t *count) {
    *count = (uint16_t)nb_head(core)[NB_W_ACT];
    return (const int16_t *)nb_last(core);
}

/* Where an output goes without a tick: half the way back is rounded towards rest. */
static int16_t held(const struct nb_output *out, int32_t last) {
    int32_t to = out->on_hold == NB_KEEP ? last : out->rest;

    if (out->on_hold == NB_DAMP) {
        to += (last - out->rest) / 2;
    }
    if (out->slew != NB_NO_SLEW) {
        to = to > last + out->slew ? last + out->slew : to;
        to = to < last - out->slew ? last - out->slew : to;
    }
    return (int16_t)to;
}

const int16_t *nb_core_idle(struct nb_core *core, uint8_t hold, uint16_t *count) {
    nb_i16 *last = nb_last(core);
    const struct nb_output *out = nb_outputs(core);

    for (uint32_t a = 0; a < nb_head(core)[NB_W_ACT]; a++) {
        last[a] = hold ? held(out + a, last[a]) : out[a].rest;
    }
    return nb_core_actions(core, count);
}

const uint8_t *nb_core_state(const struct nb_core *core, uint32_t *count) {
    *count = nb_head(core)[NB_W_STATE];
    return core->ram;
}

uint32_t nb_core_digest(const struct nb_core *core, uint32_t *step) {
    *step = *(const nb_u32 *)nb_in_state(core, 0);
    return nb_crc32(0, core->ram, nb_head(core)[NB_W_STATE]);
}
