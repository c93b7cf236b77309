/* From counts and membranes to actions: section 7 of docs/fixed.md. */
#include "parts.h"

/* What the decoder reads: counts, or membranes. */
struct source {
    const nb_u16 *counts; /* 0: membranes */
    const nb_i32 *v;
};

static int64_t sum(const struct source *source, uint32_t first, uint32_t count) {
    int64_t total = 0;

    for (uint32_t j = first; j < first + count; j++) {
        total += source->counts ? source->counts[j] : source->v[j];
    }
    return total;
}

/* tanh of u, both Q16, by the image's table. */
static int32_t squash(int32_t u, const nb_u16 *table) {
    int32_t size = u < 0 ? -u : u, t = table[NB_TABLE - 1u];

    if (size < 1 << 19) {
        int32_t k = size >> 11, f = size & 2047;
        t = table[k] + (((table[k + 1] - table[k]) * f) >> 11);
    }
    return u < 0 ? -2 * t : 2 * t;
}

static int64_t within(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

static int16_t action(const struct nb_core *core, const nb_u32 *dec, int64_t total, uint32_t a) {
    const struct nb_output *out = nb_outputs(core) + a;
    int32_t u = nb_clamp(((total * (int32_t)dec[NB_D_MULT]) >> dec[NB_D_SHIFT]) - out->lift);
    int64_t x, last = nb_last(core)[a];

    if (dec[NB_D_TABLE_AT]) {
        u = squash(u, nb_in_image(core, dec[NB_D_TABLE_AT]));
    }
    x = within(((int64_t)u * (u < 0 ? out->down : out->up)) >> 16, out->low, out->high);
    if (out->slew != NB_NO_SLEW) {
        x = within(x, last - out->slew, last + out->slew);
    }
    return (int16_t)within(x, out->low, out->high);
}

/* The group with the largest sum, the first of equals; rest where only a spike counts and there was none. */
static int16_t choose(const struct nb_core *core, const nb_u32 *dec, const struct source *source) {
    uint32_t per = dec[NB_D_PER], best = 0;
    int64_t most = sum(source, 0, per);
    uint8_t found = most != 0;

    for (uint32_t a = 1; a < dec[NB_D_GROUPS]; a++) {
        int64_t total = sum(source, a * per, per);
        found |= total != 0;
        if (total > most) {
            best = a;
            most = total;
        }
    }
    return source->counts && !found ? nb_outputs(core)->rest : (int16_t)best;
}

void nb_decode_actions(const struct nb_core *core) {
    const nb_u32 *dec = nb_decoder_row(core);
    uint32_t kind = dec[NB_D_KIND], per = dec[NB_D_PER], width = per * (1u + dec[NB_D_PUSH_PULL]);
    struct source source = {0, 0};

    if (kind == NB_RATE || kind == NB_WINNER) {
        source.counts = nb_in_scratch(core, dec[NB_D_SOURCE_AT]);
    } else {
        source.v = nb_in_state(core, dec[NB_D_SOURCE_AT]);
    }
    if (kind == NB_WINNER || kind == NB_HIGHEST) {
        nb_last(core)[0] = choose(core, dec, &source);
        return;
    }
    for (uint32_t a = 0; a < dec[NB_D_GROUPS]; a++) {
        int64_t total = sum(&source, a * width, per);
        if (dec[NB_D_PUSH_PULL]) {
            total -= sum(&source, a * width + per, per);
        }
        nb_last(core)[a] = action(core, dec, total, a);
    }
}
