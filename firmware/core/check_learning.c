/* LEARN rows, and the weights that they change: sections 8 and 9 of docs/fixed.md. */
#include "check.h"

/* The row whose weights change: it says itself where they are, so that each has one LEARN. */
static uint8_t check_delivery(const struct nb_walk *w, const nb_u32 *row, const nb_u32 *delivery) {
    uint32_t post = nb_find_source(w, row[NB_SPIKES_AT], row[NB_N], row[NB_SLOTS]);

    return nb_range(delivery[0], NB_OP_DENSE, NB_OP_SPARSE) && post < w->r &&
           nb_walk_row(w, post)[0] == NB_OP_NEURON && nb_walk_row(w, post)[NB_S_AT] == delivery[NB_S_AT];
}

static uint8_t check_rule(const struct nb_rule *rule) {
    static const int32_t RANGES[][2] = {
        {0, 65535}, {0, 65535}, {0, 65535}, {0, 65536}, {0, 65535}, {0, 15}, {0, 15},
        {-32767, 32767}, {-32767, 32767}, {-32767, 32767}, {1, 31}, {-65536, 65536}, {1, 62},
    };
    const nb_i32 *words = (const nb_i32 *)(const void *)rule;

    for (uint32_t k = 0; k < sizeof RANGES / sizeof RANGES[0]; k++) {
        if (words[k] < RANGES[k][0] || words[k] > RANGES[k][1]) {
            return 0;
        }
    }
    return rule->low <= rule->high;
}

uint8_t nb_check_learn(struct nb_walk *w, const nb_u32 *row) {
    const nb_u32 *delivery = nb_walk_row(w, row[NB_DELIVERY]);
    const struct nb_rule *rule;
    const nb_u16 *shares;
    uint32_t n = row[NB_N], traces = w->traces, kept = w->kept, count;

    if (w->waiting > 0 || row[NB_FLAGS] > (NB_NEAREST | NB_CENTRED) || row[NB_DELIVERY] >= w->r ||
        !check_delivery(w, row, delivery)) {
        return 0;
    }
    count = nb_synapses(delivery);
    w->learns++;
    w->traces += 4u * (delivery[NB_N_PRE] + n + count); /* at most 2^26, and the sum is compared with 2^24 */
    w->kept += 4u * (NB_MEMORY + (row[NB_FLAGS] & NB_CENTRED ? n : 0u));
    if (row[NB_TRACES_AT] != traces || row[NB_KEPT_AT] != kept || delivery[NB_LEARNT_AT] != w->kept ||
        row[NB_PARAMS_AT] != w->at || (rule = nb_take(w, NB_RULE, 4)) == 0 || !check_rule(rule)) {
        return 0;
    }
    w->kept += 4u * count;
    if (w->traces > NB_MOST_BYTES || w->kept > NB_MOST_BYTES || (shares = nb_take(w, w->head[NB_W_SUBSTEPS], 2)) == 0) {
        return 0;
    }
    for (uint32_t k = 0; k < w->head[NB_W_SUBSTEPS]; k++) {
        if (shares[k] > NB_ONE) {
            return 0;
        }
    }
    return 1;
}
