/* What a tick is made of. Internal to core/: see core.h for the outside. */
#ifndef NB_PARTS_H
#define NB_PARTS_H

#include "core.h"
#include "image.h"

/* A tick as it runs. */
struct nb_turn {
    const struct nb_core *core;
    const struct nb_input *input;
    uint32_t step, substep; /* of the state; of the tick */
    uint32_t cursor;        /* where the next spike list begins in the input */
    uint32_t spikes;
};

static inline const nb_u32 *nb_head(const struct nb_core *core) { return (const nb_u32 *)(const void *)core->image; }

static inline const nb_u32 *nb_row(const struct nb_core *core, uint32_t r) {
    return nb_head(core) + NB_HEADER_WORDS + r * NB_ROW;
}

static inline const void *nb_in_image(const struct nb_core *core, uint32_t at) { return core->image + at; }
static inline void *nb_in_state(const struct nb_core *core, uint32_t at) { return core->ram + at; }
static inline void *nb_in_scratch(const struct nb_core *core, uint32_t at) { return core->scratch + at; }

static inline nb_i16 *nb_last(const struct nb_core *core) { return nb_in_state(core, 4u * NB_S_LAST); }

/* The row of the decoder, and what is done to its actions. */
static inline const nb_u32 *nb_decoder_row(const struct nb_core *core) { return nb_row(core, nb_head(core)[NB_W_OPS]); }
static inline const struct nb_output *nb_outputs(const struct nb_core *core) {
    return nb_in_image(core, nb_decoder_row(core)[NB_D_OUTPUTS_AT]);
}

/* The bits of a step, of the history that a row names. */
static inline nb_u32 *nb_slot(const struct nb_core *core, const nb_u32 *row, uint32_t step) {
    return (nb_u32 *)nb_in_state(core, row[NB_SPIKES_AT]) + (step & (row[NB_SLOTS] - 1u)) * nb_words(row[NB_N]);
}

/* Whether an image takes such an input: section 6. */
uint8_t nb_accepts(const nb_u32 *head, const struct nb_input *input);

/* INPUT: writes what the tick brings for this step. */
void nb_feed(struct nb_turn *turn, const nb_u32 *row);

/* DENSE, SPARSE, DRIVE: adds what arrives to s. */
void nb_deliver(const struct nb_turn *turn, const nb_u32 *row);

/* NEURON: the update of section 6; counts its spikes. */
void nb_update(struct nb_turn *turn, const nb_u32 *row);

/* LEARN, in a step, with the spikes of all; ahead of the steps, or at the end of an episode, with a reward; and its
 * weights as the image has them. */
void nb_learn(const struct nb_turn *turn, const nb_u32 *row);
void nb_modulate(const struct nb_core *core, const nb_u32 *row, const struct nb_input *input, uint8_t ends);
void nb_forget(const struct nb_core *core, const nb_u32 *row);

/* Section 7: writes the last actions. */
void nb_decode_actions(const struct nb_core *core);

#endif
