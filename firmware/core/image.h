/* The words of an image, and how they are read where they lie. docs/fixed.md says what each means.
 *
 * Images and states are read in place as numbers of several widths, so their types may alias. All of it is
 * little-endian, and so has the machine to be; a shift of a negative number has to be arithmetic.
 */
#ifndef NB_IMAGE_H
#define NB_IMAGE_H

#include <stdint.h>

typedef uint32_t __attribute__((__may_alias__)) nb_u32;
typedef int32_t __attribute__((__may_alias__)) nb_i32;
typedef uint16_t __attribute__((__may_alias__)) nb_u16;
typedef int16_t __attribute__((__may_alias__)) nb_i16;

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "images are read in place: the machine has to be little-endian"
#endif
typedef char nb_shifts_are_arithmetic[(-3 >> 1) == -2 ? 1 : -1];

#define NB_MAGIC 0x5846424Eu
#define NB_FORMAT 1u
#define NB_ARITHMETIC 2u
#define NB_MOST_BYTES (1u << 24)
#define NB_HEADER_WORDS 32u
#define NB_ROW 16u

/* the header */
enum nb_header {
    NB_W_MAGIC, NB_W_FORMAT, NB_W_ARITHMETIC, NB_W_LENGTH, NB_W_OPS, NB_W_SUBSTEPS, NB_W_IN, NB_W_INPUT, NB_W_ACT,
    NB_W_NEURONS, NB_W_SYNAPSES, NB_W_STATE, NB_W_SCRATCH, NB_W_FLAGS, NB_W_PERIOD, NB_W_READOUT, NB_W_TRACES,
    NB_W_KEPT, NB_W_REWARD
};
#define NB_FRESH 1u
#define NB_CURRENTS_IN 1u

/* rows; words of the same name are at the same place in all ops that have them */
enum nb_op { NB_OP_INPUT = 1, NB_OP_DENSE, NB_OP_SPARSE, NB_OP_DRIVE, NB_OP_NEURON, NB_OP_COUNT, NB_OP_LEARN = 16 };
enum nb_word {
    NB_N = 1, NB_N_PRE = 1, NB_FIRST = 2, NB_N_POST = 2, NB_FED = 3, NB_SHIFT = 3, NB_FLAGS = 3, NB_FIRST_ONLY = 3,
    NB_CARRY = 4, NB_DRIVE_AT = 4, NB_COUNTS_AT = 4, NB_LEARNT_AT = 4, NB_DELIVERY = 4, NB_S_AT = 5,
    NB_DECIDED_AT = 5, NB_V_AT = 6, NB_TRACES_AT = 6, NB_I_AT = 7, NB_KEPT_AT = 7,
    NB_WAIT_AT = 8, NB_SPIKES_AT = 9, NB_SLOTS = 10, NB_WEIGHTS_AT = 11, NB_PARAMS_AT = 11, NB_DELAY = 12,
    NB_ROWS_AT = 13, NB_TARGETS_AT = 14, NB_N_SYN = 15
};

/* flags of NEURON */
#define NB_SPIKING 1u
#define NB_SUBTRACT 2u
#define NB_REFRACTORY 4u
#define NB_CURRENT(flags) ((flags) >> 4)
enum nb_current { NB_NONE, NB_START, NB_END, NB_HELD };

/* LEARN: flags, and its rule, with a u16 for each step of a tick behind it */
#define NB_NEAREST 1u
#define NB_CENTRED 2u
#define NB_RULE 15u
#define NB_MEMORY 2u /* words: the mean of rewards and its weight */
#define NB_ONE (1 << 15)
#define NB_REWARD_BOUND (1 << 29)
struct nb_rule {
    uint32_t leak_x, leak_y, leak_mean, leak_e, leak_reward, rise_x, rise_y;
    int32_t a_plus, a_minus, a_pre;
    uint32_t e_shift;
    int32_t gain;
    uint32_t gain_shift;
    int32_t low, high;
} __attribute__((__may_alias__));

/* the decoder */
enum nb_decoding { NB_RATE = 1, NB_MEMBRANE, NB_WINNER, NB_HIGHEST };
enum nb_decode_word {
    NB_D_KIND, NB_D_GROUPS, NB_D_PER, NB_D_PUSH_PULL, NB_D_SOURCE_AT, NB_D_MULT, NB_D_SHIFT, NB_D_TABLE_AT,
    NB_D_OUTPUTS_AT
};
#define NB_TABLE 257u
#define NB_OUTPUT_BYTES 40u
#define NB_NO_SLEW 65535

/* words of the state's beginning */
enum nb_state_word { NB_S_STEP, NB_S_SPIKES, NB_S_LAST };

#define NB_BOUND (1 << 30)       /* membranes and currents stay within it, either side */
#define NB_DRIVE_BOUND (1 << 28)
#define NB_FAN_IN 32767u
#define NB_DRIVE_FAN_IN 8192u    /* what a DRIVE counts for */

/* What is done to an action: an entry of the decoder's outputs. */
struct nb_output {
    int32_t lift, up, down;
    int16_t low, high, rest;
    uint16_t slew;
    uint8_t on_hold, zero[3];
    uint32_t unit[2], offset[2]; /* f64, for the host */
} __attribute__((__may_alias__));
enum nb_on_hold { NB_KEEP, NB_REST, NB_DAMP };

/* How many synapses a DENSE or SPARSE has. */
static inline uint32_t nb_synapses(const nb_u32 *row) {
    return row[0] == NB_OP_DENSE ? row[NB_N_PRE] * row[NB_N_POST] : row[NB_N_SYN];
}

static inline uint32_t nb_align4(uint32_t n) { return (n + 3u) & ~3u; }

/* Words of a history in one slot. */
static inline uint32_t nb_words(uint32_t n) { return (n + 31u) / 32u; }

static inline int32_t nb_clamp(int64_t x) {
    return x > NB_BOUND ? NB_BOUND : x < -NB_BOUND ? -NB_BOUND : (int32_t)x;
}

/* floor(x factor / 2^16) */
static inline int64_t nb_scaled(int32_t x, uint32_t factor) { return ((int64_t)x * (int64_t)factor) >> 16; }

/* Whether an image can be run for ever without another check: section 8 of docs/fixed.md. image begins on a multiple
 * of 4; ram too, and what is in it is lost: fan-in is counted there. It has the bytes that the header asks for. */
uint8_t nb_valid(const uint8_t *image, uint32_t count, nb_u32 *ram);

/* The header alone: nothing else is looked at where this says no. */
uint8_t nb_valid_header(const uint8_t *image, uint32_t count);

#endif
