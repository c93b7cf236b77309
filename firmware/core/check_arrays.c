/* The arrays of populations, neuron by neuron, and what arrives at each: section 8 of docs/fixed.md. */
#include <string.h>

#include "check.h"

static uint8_t take_within(struct nb_walk *w, uint32_t n, int32_t low, int32_t high) {
    const nb_i32 *x = nb_take(w, n, 4);

    for (uint32_t j = 0; x != 0 && j < n; j++) {
        if (x[j] < low || x[j] > high) {
            return 0;
        }
    }
    return x != 0;
}

/* threshold, and reset: up to the neuron's own threshold where it does not subtract. */
static uint8_t take_thresholds(struct nb_walk *w, uint32_t n, uint8_t subtract) {
    const nb_i32 *threshold = (const nb_i32 *)(const void *)(w->image + w->at);
    int32_t low = subtract ? 0 : -NB_BOUND;
    const nb_i32 *reset;

    if (!take_within(w, n, 1, NB_BOUND) || (reset = nb_take(w, n, 4)) == 0) {
        return 0;
    }
    for (uint32_t j = 0; j < n; j++) {
        if (reset[j] < low || reset[j] > (subtract ? NB_BOUND : threshold[j])) {
            return 0;
        }
    }
    return 1;
}

uint8_t nb_check_params(struct nb_walk *w, const nb_u32 *row) {
    uint32_t n = row[NB_N], flags = row[NB_FLAGS], current = NB_CURRENT(flags);

    return take_within(w, n, -NB_BOUND, NB_BOUND) && take_within(w, n, -NB_BOUND, NB_BOUND) &&
           nb_take(w, n, 2) != 0 &&
           (!(flags & NB_SPIKING) || take_thresholds(w, n, (flags & NB_SUBTRACT) != 0)) &&
           (current == NB_NONE || nb_take(w, n, 2) != 0) &&
           (current != NB_HELD || take_within(w, n, 0, 1 << 24)) &&
           (!(flags & NB_REFRACTORY) || nb_take(w, n, 2) != 0);
}

static uint8_t add_all(nb_u32 *total, uint32_t n, uint32_t fan_in) {
    for (uint32_t j = 0; j < n; j++) {
        total[j] += fan_in; /* both are below 2^31 */
        if (total[j] > NB_FAN_IN) {
            return 0;
        }
    }
    return 1;
}

static uint8_t add_sparse(nb_u32 *total, const struct nb_walk *w, const nb_u32 *row) {
    const nb_u16 *targets = (const nb_u16 *)(const void *)(w->image + row[NB_TARGETS_AT]);

    for (uint32_t c = 0; c < row[NB_N_SYN]; c++) {
        total[targets[c]] += 1u << row[NB_SHIFT];
        if (total[targets[c]] > NB_FAN_IN) {
            return 0;
        }
    }
    return 1;
}

uint8_t nb_check_fan_in(const struct nb_walk *w, uint32_t n) {
    memset(w->ram, 0, 4u * n);
    for (uint32_t r = w->r - w->waiting; r < w->r; r++) {
        const nb_u32 *row = nb_walk_row(w, r);
        uint8_t fits = row[NB_N_POST] == n;
        if (fits && row[0] == NB_OP_SPARSE) {
            fits = add_sparse(w->ram, w, row);
        } else if (fits) {
            fits = add_all(w->ram, n, row[0] == NB_OP_DRIVE ? NB_DRIVE_FAN_IN : row[NB_N_PRE] << row[NB_SHIFT]);
        }
        if (!fits) {
            return 0;
        }
    }
    return 1;
}
