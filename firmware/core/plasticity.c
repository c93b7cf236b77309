/* Weights that rewards change: sections 6 and 9 of docs/fixed.md.
 *
 * Within a tick an eligibility only grows by what spikes do, each step with the share of it that will be left when the
 * tick ends; it decays once a tick, and only then weights change by it. So most of a step is what spikes are.
 */
#include <string.h>

#include "parts.h"

/* A projection that learns: what it has, and what it keeps. */
struct learning {
    const struct nb_rule *rule;
    const nb_u32 *delivery, *rows; /* rows: 0 where it is dense */
    const nb_u16 *targets, *shares;
    uint32_t n_pre, n_post, count;
    nb_i32 *x, *y, *e, *memory, *mean, *w, *d;
};

static void find(const struct nb_core *core, const nb_u32 *row, struct learning *l) {
    const nb_u32 *delivery = nb_row(core, row[NB_DELIVERY]);
    uint8_t sparse = delivery[0] == NB_OP_SPARSE;

    l->rule = nb_in_image(core, row[NB_PARAMS_AT]);
    l->shares = (const nb_u16 *)(const void *)(l->rule + 1);
    l->delivery = delivery;
    l->rows = sparse ? nb_in_image(core, delivery[NB_ROWS_AT]) : 0;
    l->targets = sparse ? nb_in_image(core, delivery[NB_TARGETS_AT]) : 0;
    l->n_pre = delivery[NB_N_PRE];
    l->n_post = row[NB_N];
    l->count = nb_synapses(delivery);
    l->x = nb_in_state(core, row[NB_TRACES_AT]);
    l->y = l->x + l->n_pre;
    l->e = l->y + l->n_post;
    l->memory = nb_in_state(core, row[NB_KEPT_AT]);
    l->mean = row[NB_FLAGS] & NB_CENTRED ? l->memory + NB_MEMORY : 0;
    l->w = nb_in_state(core, delivery[NB_LEARNT_AT]);
    l->d = nb_in_scratch(core, delivery[NB_S_AT]); /* s of the postsynaptic neurons, which have taken it */
}

void nb_forget(const struct nb_core *core, const nb_u32 *row) {
    struct learning l;
    const nb_i16 *w;

    find(core, row, &l);
    w = nb_in_image(core, l.delivery[NB_WEIGHTS_AT]);
    for (uint32_t c = 0; c < l.count; c++) {
        l.w[c] = w[c] * 65536 + NB_ONE;
    }
}

static void fade(nb_i32 *x, uint32_t n, uint32_t leak) {
    for (uint32_t j = 0; j < n; j++) {
        x[j] = (int32_t)(x[j] - nb_scaled(x[j], leak));
    }
}

/* M = r - mean(r), and the mean of the rewards before. */
static int32_t third_factor(nb_i32 *memory, uint32_t leak, int32_t r) {
    int32_t m;

    r = r > NB_REWARD_BOUND ? NB_REWARD_BOUND : r < -NB_REWARD_BOUND ? -NB_REWARD_BOUND : r;
    if (leak == 0) {
        return r;
    }
    m = memory[1] ? r - memory[0] : 0;
    memory[1] = (int32_t)(memory[1] + (int32_t)(leak << 14) - nb_scaled(memory[1], leak));
    memory[0] = (int32_t)(memory[0] + nb_scaled(r - memory[0], (leak << 16) / (uint32_t)(memory[1] >> 14)));
    return m;
}

void nb_modulate(const struct nb_core *core, const nb_u32 *row, const struct nb_input *input, uint8_t ends) {
    struct learning l;
    const struct nb_rule *rule;
    int64_t gain = 0;

    find(core, row, &l);
    rule = l.rule;
    if (ends || *(const nb_u32 *)nb_in_state(core, 4u * NB_S_STEP) != 0) {
        gain = ((int64_t)third_factor(l.memory, rule->leak_reward, input->reward) * rule->gain) >> 16;
    }
    for (uint32_t c = 0; gain != 0 && input->learn && c < l.count; c++) {
        int64_t w = l.w[c] + ((l.e[c] * gain + ((int64_t)1 << (rule->gain_shift - 1u))) >> rule->gain_shift);
        w = w > rule->high ? rule->high : w;
        l.w[c] = (int32_t)(w < rule->low ? rule->low : w);
    }
    if (!ends) {
        fade(l.e, l.count, rule->leak_e);
    }
}

/* a share / 2^15, to nearest. */
static int32_t shared(int32_t a, int32_t share) { return (a * share + (NB_ONE >> 1)) >> 15; }

static int32_t bounded(int32_t x, int32_t low, int32_t high) { return x > high ? high : x < low ? low : x; }

/* e += factor d / 2^e_shift along a row. What is added is below 2^30, so that no sum wraps. */
static void add_row(const struct learning *l, uint32_t pre, int32_t factor) {
    uint32_t first = l->rows ? l->rows[pre] : pre * l->n_post;
    uint32_t n = l->rows ? l->rows[pre + 1u] - first : l->n_post;
    nb_i32 *e = l->e + first;

    for (uint32_t k = 0; k < n; k++) {
        int32_t d = l->d[l->targets ? l->targets[first + k] : k];
        e[k] = bounded(e[k] + ((factor * d) >> l->rule->e_shift), -NB_BOUND, NB_BOUND);
    }
}

static int32_t risen(int32_t x, uint32_t rise, uint32_t nearest) {
    uint32_t up = (uint32_t)NB_ONE << rise, sum = (uint32_t)x + up;

    return (int32_t)(nearest ? up : sum > INT32_MAX ? INT32_MAX : sum);
}

/* Spikes of presynaptic neurons, as they arrive. */
static void arrive(const struct learning *l, const nb_u32 *slot, int32_t share, uint32_t nearest) {
    const struct nb_rule *rule = l->rule;
    int32_t alone = shared(rule->a_pre, share), minus = shared(rule->a_minus, share);

    for (uint32_t j = 0; j < l->n_post; j++) {
        l->d[j] = bounded(alone - ((minus * (l->y[j] >> 15)) >> rule->rise_y), -NB_ONE, NB_ONE - 1);
    }
    for (uint32_t pre = 0; pre < l->n_pre; pre++) {
        if (slot[pre >> 5] >> (pre & 31u) & 1u) {
            add_row(l, pre, (int32_t)(1u << rule->rise_x));
            l->x[pre] = risen(l->x[pre], rule->rise_x, nearest);
        }
    }
}

/* Spikes of postsynaptic neurons, and what they are counted against; whether there is anything to add to e. */
static uint8_t fire(const struct learning *l, const nb_u32 *slot, int32_t share, uint32_t nearest) {
    const struct nb_rule *rule = l->rule;
    int32_t plus = shared(rule->a_plus, share);
    uint8_t found = l->mean != 0;

    for (uint32_t j = 0; j < l->n_post; j++) {
        int32_t hit = (int32_t)(slot[j >> 5] >> (j & 31u) & 1u), u = hit * NB_ONE;
        if (l->mean) {
            u -= l->mean[j] >> 15;
            fade(l->mean + j, 1, rule->leak_mean);
            l->mean[j] += hit * (int32_t)(rule->leak_mean << 14);
        }
        l->d[j] = shared(u, plus);
        if (hit) {
            l->y[j] = risen(l->y[j], rule->rise_y, nearest);
            found = 1;
        }
    }
    return found;
}

void nb_learn(const struct nb_turn *turn, const nb_u32 *row) {
    struct learning l;
    uint32_t nearest = row[NB_FLAGS] & NB_NEAREST;
    int32_t share;

    find(turn->core, row, &l);
    share = l.shares[turn->substep];
    fade(l.x, l.n_pre, l.rule->leak_x);
    fade(l.y, l.n_post, l.rule->leak_y);
    arrive(&l, nb_slot(turn->core, l.delivery, turn->step - l.delivery[NB_DELAY]), share, nearest);
    if (fire(&l, nb_slot(turn->core, row, turn->step), share, nearest)) {
        for (uint32_t pre = 0; pre < l.n_pre; pre++) {
            if (l.x[pre] >> 15) {
                add_row(&l, pre, l.x[pre] >> 15);
            }
        }
    }
    memset(l.d, 0, 4u * l.n_post);
}
