/* What a tick brings, and what spikes and currents deliver: sections 3 and 6 of docs/fixed.md. */
#include <string.h>

#include "bytes.h"
#include "parts.h"
#include "protocol.h"

static int32_t get_i16(const uint8_t *at) { return (int16_t)nb_get_u16(at); }

static uint8_t accepts_bitmaps(uint32_t n_in, uint32_t substeps, const struct nb_input *input) {
    uint32_t width = (n_in + 7u) / 8u, beyond = n_in & 7u ? (0xFFu << (n_in & 7u)) & 0xFFu : 0u;

    if (input->count != substeps * width) {
        return 0;
    }
    for (uint32_t k = 1; k <= substeps; k++) {
        if (input->data[k * width - 1u] & beyond) {
            return 0;
        }
    }
    return 1;
}

static uint8_t accepts_lists(uint32_t n_in, uint32_t substeps, const struct nb_input *input) {
    uint32_t at = 0, size = input->count;

    for (uint32_t k = 0; k < substeps; k++) {
        uint32_t n;
        if (size - at < 2u) {
            return 0;
        }
        n = nb_get_u16(input->data + at);
        at += 2u;
        if (n > n_in || 2u * n > size - at) {
            return 0;
        }
        for (; n > 0; n--, at += 2u) {
            if (nb_get_u16(input->data + at) >= n_in) {
                return 0;
            }
        }
    }
    return at == size;
}

uint8_t nb_accepts(const nb_u32 *head, const struct nb_input *input) {
    uint32_t n_in = head[NB_W_IN], substeps = head[NB_W_SUBSTEPS];

    if (head[NB_W_INPUT] == NB_CURRENTS_IN) {
        uint64_t rows = input->kind == NB_INPUT_HELD ? 1u : substeps;
        return (input->kind == NB_INPUT_HELD || input->kind == NB_INPUT_CURRENTS) && input->count == 2u * n_in * rows;
    }
    if (input->kind == NB_INPUT_BITMAP) {
        return accepts_bitmaps(n_in, substeps, input);
    }
    return input->kind == NB_INPUT_SPIKES && accepts_lists(n_in, substeps, input);
}

static void feed_bitmap(struct nb_turn *turn, nb_u32 *slot, uint32_t n) {
    uint32_t width = (n + 7u) / 8u;
    const uint8_t *bits = turn->input->data + turn->substep * width;

    for (uint32_t b = 0; b < width; b++) {
        slot[b >> 2] |= (uint32_t)bits[b] << (8u * (b & 3u));
    }
}

static void feed_list(struct nb_turn *turn, nb_u32 *slot) {
    const uint8_t *list = turn->input->data + turn->cursor;
    uint32_t count = nb_get_u16(list);

    for (uint32_t k = 1; k <= count; k++) {
        uint32_t j = nb_get_u16(list + 2u * k);
        slot[j >> 5] |= 1u << (j & 31u);
    }
    turn->cursor += 2u + 2u * count;
}

void nb_feed(struct nb_turn *turn, const nb_u32 *row) {
    uint32_t words = nb_words(row[NB_N]);
    nb_u32 *slot = nb_slot(turn->core, row, turn->step);

    memset(slot, 0, 4u * words);
    if (!row[NB_FED]) {
        return;
    }
    if (turn->input->kind == NB_INPUT_BITMAP) {
        feed_bitmap(turn, slot, row[NB_N]);
    } else {
        feed_list(turn, slot);
    }
    for (uint32_t w = 0; w < words; w++) {
        for (uint32_t bits = slot[w]; bits; bits &= bits - 1u) {
            turn->spikes++;
        }
    }
}

/* Weights, and how far apart they are: those that change are the upper halves of words of the state. */
static const nb_i16 *find_weights(const struct nb_core *core, const nb_u32 *row, uint32_t *apart) {
    *apart = row[NB_LEARNT_AT] ? 2 : 1;
    return row[NB_LEARNT_AT] ? (const nb_i16 *)nb_in_state(core, row[NB_LEARNT_AT]) + 1
                             : nb_in_image(core, row[NB_WEIGHTS_AT]);
}

static void deliver_dense(const struct nb_core *core, const nb_u32 *row, uint32_t pre, nb_i32 *s) {
    uint32_t n_post = row[NB_N_POST], apart;
    const nb_i16 *w = find_weights(core, row, &apart);
    int32_t factor = (int32_t)(1u << row[NB_SHIFT]);

    w += pre * n_post * apart;
    for (uint32_t j = 0; j < n_post; j++, w += apart) {
        s[j] += *w * factor;
    }
}

static void deliver_sparse(const struct nb_core *core, const nb_u32 *row, uint32_t pre, nb_i32 *s) {
    const nb_u32 *rows = nb_in_image(core, row[NB_ROWS_AT]);
    const nb_u16 *targets = nb_in_image(core, row[NB_TARGETS_AT]);
    uint32_t apart;
    const nb_i16 *w = find_weights(core, row, &apart);
    int32_t factor = (int32_t)(1u << row[NB_SHIFT]);

    for (uint32_t c = rows[pre]; c < rows[pre + 1u]; c++) {
        s[targets[c]] += w[c * apart] * factor;
    }
}

/* Sums of the currents, made where they change, and held. */
static void drive(const struct nb_turn *turn, const nb_u32 *row, nb_i32 *out) {
    uint32_t n_pre = row[NB_N_PRE], n_post = row[NB_N_POST];
    const nb_i16 *w = nb_in_image(turn->core, row[NB_WEIGHTS_AT]);
    const uint8_t *x = turn->input->data + (turn->input->kind == NB_INPUT_HELD ? 0u : 2u * n_pre * turn->substep);

    for (uint32_t j = 0; j < n_post; j++) {
        int64_t sum = 0;
        for (uint32_t pre = 0; pre < n_pre; pre++) {
            sum += get_i16(x + 2u * pre) * w[pre * n_post + j];
        }
        sum >>= row[NB_SHIFT];
        sum = sum > NB_DRIVE_BOUND ? NB_DRIVE_BOUND : sum;
        out[j] = (int32_t)(sum < -NB_DRIVE_BOUND ? -NB_DRIVE_BOUND : sum);
    }
}

static void deliver_spikes(const struct nb_turn *turn, const nb_u32 *row, nb_i32 *s) {
    const nb_u32 *slot = nb_slot(turn->core, row, turn->step - row[NB_DELAY]);

    for (uint32_t w = 0; w < nb_words(row[NB_N_PRE]); w++) {
        uint32_t pre = 32u * w;
        for (uint32_t bits = slot[w]; bits; bits >>= 1, pre++) {
            if (!(bits & 1u)) {
                continue;
            }
            if (row[0] == NB_OP_DENSE) {
                deliver_dense(turn->core, row, pre, s);
            } else {
                deliver_sparse(turn->core, row, pre, s);
            }
        }
    }
}

void nb_deliver(const struct nb_turn *turn, const nb_u32 *row) {
    nb_i32 *s = nb_in_scratch(turn->core, row[NB_S_AT]), *out;

    if (row[0] != NB_OP_DRIVE) {
        deliver_spikes(turn, row, s);
        return;
    }
    out = nb_in_scratch(turn->core, row[NB_DRIVE_AT]);
    if (turn->substep == 0 || turn->input->kind == NB_INPUT_CURRENTS) {
        drive(turn, row, out);
    }
    for (uint32_t j = 0; j < row[NB_N_POST]; j++) {
        s[j] += out[j];
    }
}
