/* What makes an image valid: section 8 of docs/fixed.md, and `neurobot.core.image_check` in C. */
#include "check.h"

#include <string.h>

#include "frame.h"

/* Of the header: traces and what is kept are parts of the state, and rewards have a unit, an f32 above 0, where there
 * are any. */
static uint8_t check_learning(const nb_u32 *head) {
    uint32_t state = head[NB_W_STATE], traces = head[NB_W_TRACES], kept = head[NB_W_KEPT], unit = head[NB_W_REWARD];

    return head[NB_W_READOUT] == 0 && traces <= state && kept <= state - traces &&
           ((state | traces | kept) & 3u) == 0 && (kept ? nb_range(unit, 0x00800000u, 0x7F7FFFFFu) : unit == 0);
}

uint8_t nb_valid_header(const uint8_t *image, uint32_t count) {
    const nb_u32 *head = (const nb_u32 *)(const void *)image;

    if (count < 4u * (NB_HEADER_WORDS + NB_ROW + 1u) || count > NB_MOST_BYTES || count % 4u != 0) {
        return 0;
    }
    if (head[NB_W_MAGIC] != NB_MAGIC || head[NB_W_FORMAT] != NB_FORMAT || head[NB_W_ARITHMETIC] != NB_ARITHMETIC) {
        return 0;
    }
    if (head[NB_W_LENGTH] != count || head[count / 4u - 1u] != nb_crc32(0, image, count - 4u)) {
        return 0;
    }
    for (uint32_t w = NB_W_REWARD + 1u; w < NB_HEADER_WORDS; w++) { /* what means nothing */
        if (head[w] != 0) {
            return 0;
        }
    }
    return check_learning(head) && nb_range(head[NB_W_OPS], 1, NB_MOST_ROWS) &&
           nb_range(head[NB_W_SUBSTEPS], 1, NB_MOST_N) && nb_range(head[NB_W_IN], 1, NB_MOST_N) &&
           head[NB_W_INPUT] <= NB_CURRENTS_IN &&
           nb_range(head[NB_W_ACT], 1, 32767) && head[NB_W_FLAGS] <= NB_FRESH &&
           head[NB_W_STATE] <= NB_MOST_BYTES && head[NB_W_SCRATCH] <= NB_MOST_BYTES;
}

const void *nb_take(struct nb_walk *w, uint32_t count, uint32_t bytes) {
    uint32_t at = w->at, size = count * bytes;

    if (count > (w->end - at) / bytes || nb_align4(size) > w->end - at) {
        return 0;
    }
    w->at = at + nb_align4(size);
    for (uint32_t k = at + size; k < w->at; k++) {
        if (w->image[k] != 0) {
            return 0;
        }
    }
    return w->image + at;
}

uint32_t nb_find_source(const struct nb_walk *w, uint32_t spikes_at, uint32_t n, uint32_t slots) {
    uint32_t r = 0, n_ops = w->head[NB_W_OPS];

    for (; r < n_ops; r++) {
        const nb_u32 *row = nb_walk_row(w, r);
        uint8_t spikes = row[0] == NB_OP_INPUT || (row[0] == NB_OP_NEURON && (row[NB_FLAGS] & NB_SPIKING));
        if (spikes && row[NB_SPIKES_AT] == spikes_at && row[NB_N] == n && row[NB_SLOTS] == slots) {
            break;
        }
    }
    return r;
}

/* Words that an op has, as bits; the others are 0. */
static uint32_t used_words(uint32_t op) {
    static const uint16_t USED[] = {0, 0x060F, 0x1E3F, 0xFE3F, 0x083F, 0x1FFF, 0x063B};

    return nb_range(op, NB_OP_INPUT, NB_OP_COUNT) ? USED[op] : op == NB_OP_LEARN ? 0x1EDB : 0;
}

static uint8_t check_population(struct nb_walk *w, const nb_u32 *row) {
    if (row[NB_FIRST] != w->neurons) {
        return 0;
    }
    w->neurons += row[NB_N];
    return 1;
}

static uint8_t check_history(struct nb_walk *w, const nb_u32 *row) {
    uint32_t slots = row[NB_SLOTS];

    if (!nb_range(slots, 1, 65536) || (slots & (slots - 1u)) != 0 || row[NB_SPIKES_AT] != w->state) {
        return 0;
    }
    w->state += 4u * slots * nb_words(row[NB_N]); /* at most 2^29 */
    w->newest = row;
    return w->state <= NB_MOST_BYTES;
}

static uint8_t check_input(struct nb_walk *w, const nb_u32 *row) {
    if (w->waiting > 0 || row[NB_FED] > 1 || (row[NB_FED] && row[NB_N] != w->head[NB_W_IN])) {
        return 0;
    }
    w->fed += row[NB_FED];
    return check_population(w, row) && check_history(w, row);
}

static uint8_t check_weights(struct nb_walk *w, const nb_u32 *row, uint32_t count) {
    w->synapses += count; /* what does not fit is refused in the next line */
    w->waiting++;
    return row[NB_WEIGHTS_AT] == w->at && nb_take(w, count, 2) != 0;
}

/* Of spikes: the row that they are from is further up where they arrive in the same step. */
static uint8_t check_arrival(const struct nb_walk *w, const nb_u32 *row) {
    uint32_t source = nb_find_source(w, row[NB_SPIKES_AT], row[NB_N_PRE], row[NB_SLOTS]);

    return source < w->head[NB_W_OPS] && row[NB_DELAY] < row[NB_SLOTS] && (row[NB_DELAY] > 0 || source < w->r) &&
           row[NB_SHIFT] <= 14;
}

static uint8_t check_sparse(struct nb_walk *w, const nb_u32 *row) {
    uint32_t n_pre = row[NB_N_PRE], n_syn = row[NB_N_SYN];
    const nb_u32 *rows;
    const nb_u16 *targets;

    if (row[NB_ROWS_AT] != w->at || (rows = nb_take(w, n_pre + 1u, 4)) == 0) {
        return 0;
    }
    for (uint32_t pre = 0; pre < n_pre; pre++) {
        if (rows[pre] > rows[pre + 1u]) {
            return 0;
        }
    }
    if (rows[0] != 0 || rows[n_pre] != n_syn || row[NB_TARGETS_AT] != w->at || (targets = nb_take(w, n_syn, 2)) == 0) {
        return 0;
    }
    for (uint32_t c = 0; c < n_syn; c++) {
        if (targets[c] >= row[NB_N_POST]) {
            return 0;
        }
    }
    return check_weights(w, row, n_syn);
}

static uint8_t check_drive(struct nb_walk *w, const nb_u32 *row) {
    if (w->head[NB_W_INPUT] != NB_CURRENTS_IN || row[NB_N_PRE] != w->head[NB_W_IN] || row[NB_SHIFT] > 31 ||
        row[NB_DRIVE_AT] != w->scratch) {
        return 0;
    }
    w->scratch += 4u * row[NB_N_POST];
    return check_weights(w, row, row[NB_N_PRE] * row[NB_N_POST]);
}

static uint8_t check_delivery(struct nb_walk *w, const nb_u32 *row) {
    if (!nb_range(row[NB_N_POST], 1, NB_MOST_N) || row[NB_S_AT] != w->sums) {
        return 0;
    }
    if (row[0] == NB_OP_DRIVE) {
        return check_drive(w, row);
    }
    w->learning += row[NB_LEARNT_AT] > 0;
    if (!check_arrival(w, row)) {
        return 0;
    }
    return row[0] == NB_OP_SPARSE ? check_sparse(w, row) : check_weights(w, row, row[NB_N_PRE] * row[NB_N_POST]);
}

/* The next field of the state, which has to be where the row says it is; where it has none, the row says 0. */
static uint8_t check_field(struct nb_walk *w, uint32_t at, uint8_t there, uint32_t size) {
    uint32_t wanted = there ? w->state : 0;

    w->state += there ? size : 0;
    return at == wanted;
}

static uint8_t check_neuron(struct nb_walk *w, const nb_u32 *row) {
    uint32_t n = row[NB_N], flags = row[NB_FLAGS], bits = flags & (NB_SUBTRACT | NB_REFRACTORY);

    if (flags > 63 || (flags & 8u) || (bits && !(flags & NB_SPIKING)) || row[NB_CARRY] > 65536 ||
        row[NB_S_AT] != w->sums || !check_population(w, row) || !nb_check_fan_in(w, n)) {
        return 0;
    }
    w->sums += 4u * n;
    w->waiting = 0;
    if (!check_field(w, row[NB_V_AT], 1, 4u * n) ||
        !check_field(w, row[NB_I_AT], NB_CURRENT(flags) != NB_NONE, 4u * n) ||
        !check_field(w, row[NB_WAIT_AT], (flags & NB_REFRACTORY) != 0, nb_align4(2u * n))) {
        return 0;
    }
    if (flags & NB_SPIKING ? !check_history(w, row) : row[NB_SPIKES_AT] || row[NB_SLOTS]) {
        return 0;
    }
    return row[NB_PARAMS_AT] == w->at && nb_check_params(w, row);
}

static uint8_t check_count(struct nb_walk *w, const nb_u32 *row) {
    if (row[NB_FIRST_ONLY] > 1 || w->waiting > 0 || w->newest == 0 || row[NB_SPIKES_AT] != w->newest[NB_SPIKES_AT] ||
        row[NB_N] != w->newest[NB_N] || row[NB_SLOTS] != w->newest[NB_SLOTS] || row[NB_COUNTS_AT] != w->scratch) {
        return 0;
    }
    w->scratch += nb_align4(2u * row[NB_N]) + 4u;
    return row[NB_DECIDED_AT] == w->scratch - 4u;
}

static uint8_t check_row(struct nb_walk *w, const nb_u32 *row) {
    uint32_t used = used_words(row[0]);

    for (uint32_t k = 0; k < NB_ROW; k++) { /* bit 0 is the opcode's: none of an op that is not known */
        if (row[k] && !(used >> k & 1u)) {
            return 0;
        }
    }
    if (row[0] != NB_OP_LEARN && w->learns > 0) {
        return 0;
    }
    switch (row[0]) {
    case NB_OP_INPUT: return check_input(w, row);
    case NB_OP_NEURON: return check_neuron(w, row);
    case NB_OP_COUNT: return check_count(w, row);
    case NB_OP_LEARN: return nb_check_learn(w, row);
    default: return check_delivery(w, row); /* no other op may have words, and every row has some */
    }
}

/* Every n is in range, and the scratch begins with the sums of all NEURON rows. */
static uint8_t check_sizes(struct nb_walk *w) {
    for (uint32_t r = 0; r < w->head[NB_W_OPS]; r++) {
        const nb_u32 *row = nb_walk_row(w, r);
        if (!nb_range(row[NB_N], 1, NB_MOST_N)) {
            return 0;
        }
        w->scratch += row[0] == NB_OP_NEURON ? 4u * row[NB_N] : 0;
    }
    return w->scratch <= w->head[NB_W_SCRATCH]; /* so that fan-in can be counted there */
}

uint8_t nb_valid(const uint8_t *image, uint32_t count, nb_u32 *ram) {
    const nb_u32 *head = (const nb_u32 *)(const void *)image;
    struct nb_walk w;
    uint32_t n_ops = head[NB_W_OPS], kept = head[NB_W_STATE] - head[NB_W_KEPT], traces = kept - head[NB_W_TRACES];

    memset(&w, 0, sizeof w);
    w.image = image;
    w.head = head;
    w.rows = head + NB_HEADER_WORDS;
    w.ram = ram;
    w.end = count - 4u;
    w.traces = traces;
    w.kept = kept;
    w.at = 4u * (NB_HEADER_WORDS + (n_ops + 1u) * NB_ROW);
    w.state = 8u + nb_align4(2u * head[NB_W_ACT]);
    if (w.at > w.end || !check_sizes(&w)) {
        return 0;
    }
    for (; w.r < n_ops; w.r++) {
        if (!check_row(&w, nb_walk_row(&w, w.r))) {
            return 0;
        }
    }
    return w.waiting == 0 && head[NB_W_NEURONS] == w.neurons && head[NB_W_SYNAPSES] == w.synapses &&
           w.learning == w.learns && w.state == traces && w.traces == kept && w.kept == head[NB_W_STATE] &&
           head[NB_W_SCRATCH] == w.scratch && w.fed == (head[NB_W_INPUT] == 0) &&
           nb_check_decoder(&w) && w.at == w.end;
}
