/* What makes the decoder of an image valid: sections 4 and 8 of docs/fixed.md. */
#include "check.h"

/* Whether n counts, or membranes, lie there. */
static uint8_t has_source(const struct nb_walk *w, uint8_t counts, uint32_t at, uint32_t n) {
    for (uint32_t r = 0; r < w->head[NB_W_OPS]; r++) {
        const nb_u32 *row = nb_walk_row(w, r);
        uint8_t there = counts ? row[0] == NB_OP_COUNT && row[NB_COUNTS_AT] == at
                               : row[0] == NB_OP_NEURON && row[NB_V_AT] == at;
        if (there && row[NB_N] == n) {
            return 1;
        }
    }
    return 0;
}

static uint8_t check_table(struct nb_walk *w, uint32_t at) {
    uint8_t here = at == w->at;
    const nb_u16 *table = nb_take(w, NB_TABLE, 2);

    if (!here || table == 0) {
        return 0;
    }
    for (uint32_t k = 1; k < NB_TABLE; k++) {
        if (table[k] < table[k - 1u]) {
            return 0;
        }
    }
    return table[NB_TABLE - 1u] <= 1u << 15;
}

/* A finite f64. */
static uint8_t finite(const uint32_t *f64) { return (f64[1] >> 20 & 0x7FFu) != 0x7FFu; }

static uint8_t check_output(const struct nb_output *out, uint8_t choice, uint32_t groups) {
    if (out->up < 0 || out->up > 32767 || out->down < 0 || out->down > 32767 || out->low > out->rest ||
        out->rest > out->high) {
        return 0;
    }
    if (choice && (out->low != 0 || out->high != (int32_t)groups - 1)) {
        return 0;
    }
    if (out->on_hold > NB_DAMP || out->zero[0] || out->zero[1] || out->zero[2]) {
        return 0;
    }
    return finite(out->unit) && finite(out->offset) && out->unit[1] >> 31 == 0 && (out->unit[0] | out->unit[1]) != 0;
}

static uint8_t check_words(const struct nb_walk *w, const nb_u32 *d, uint8_t choice) {
    uint32_t groups = d[NB_D_GROUPS], per = d[NB_D_PER], width = per * (1u + d[NB_D_PUSH_PULL]);
    int32_t mult = (int32_t)d[NB_D_MULT];
    /* sums of counts are below 2^31, those of membranes below 2^45 */
    int32_t most = d[NB_D_KIND] == NB_RATE ? INT32_MAX : d[NB_D_KIND] == NB_MEMBRANE ? 65535 : 0;

    if (!nb_range(d[NB_D_KIND], NB_RATE, NB_HIGHEST) || !nb_range(groups, 1, 32767) ||
        d[NB_D_PUSH_PULL] > (choice ? 0u : 1u) || per > 32767 || !nb_range(width, 1, 32767)) {
        return 0;
    }
    if (w->head[NB_W_ACT] != (choice ? 1u : groups) || mult < -most || mult > most ||
        d[NB_D_SHIFT] > (choice ? 0u : 62u) || (choice && d[NB_D_TABLE_AT])) {
        return 0;
    }
    for (uint32_t k = NB_D_OUTPUTS_AT + 1; k < NB_ROW; k++) {
        if (d[k]) {
            return 0;
        }
    }
    return has_source(w, d[NB_D_KIND] == NB_RATE || d[NB_D_KIND] == NB_WINNER, d[NB_D_SOURCE_AT], groups * width);
}

uint8_t nb_check_decoder(struct nb_walk *w) {
    const nb_u32 *d = nb_walk_row(w, w->head[NB_W_OPS]);
    uint8_t choice = d[NB_D_KIND] == NB_WINNER || d[NB_D_KIND] == NB_HIGHEST;
    const struct nb_output *out;

    if (!check_words(w, d, choice) || (d[NB_D_TABLE_AT] && !check_table(w, d[NB_D_TABLE_AT])) ||
        d[NB_D_OUTPUTS_AT] != w->at || (out = nb_take(w, w->head[NB_W_ACT], NB_OUTPUT_BYTES)) == 0) {
        return 0;
    }
    for (uint32_t a = 0; a < w->head[NB_W_ACT]; a++) {
        if (!check_output(out + a, choice, d[NB_D_GROUPS])) {
            return 0;
        }
    }
    return 1;
}
