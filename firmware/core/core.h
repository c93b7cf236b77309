/* The core: runs an image where it lies, one tick a call, in the memory that it is given.
 *
 * The same as `neurobot.core.FixedCore`'s network, bit for bit, as docs/fixed.md tells. Nothing here allocates or calls
 * itself, and what passed nb_core_load never fails.
 */
#ifndef NB_CORE_H
#define NB_CORE_H

#include <stdint.h>

/* Why an image is refused. */
enum nb_image_reason { NB_IMAGE_INVALID = 1, NB_IMAGE_RAM, NB_IMAGE_ACTIONS };

/* Why the input of a tick is refused. */
enum nb_input_reason { NB_INPUT_STEPS = 1, NB_INPUT_DATA };

struct nb_core {
    const uint8_t *image; /* 0: none */
    uint8_t *ram, *scratch; /* the state begins where ram does */
    uint32_t ram_size;
    uint32_t spikes; /* of the last tick */
};

/* What a tick brings: section 6 of docs/fixed.md. */
struct nb_input {
    uint8_t kind;
    const uint8_t *data;
    uint32_t count;
    uint8_t learn, forget; /* whether weights change; whether they are the image's again, ahead of all else */
    int32_t reward;        /* of the tick before, in the image's unit */
};

/* ram begins on a multiple of 4, holds state and scratch, and stays where it is. */
void nb_core_init(struct nb_core *core, uint8_t *ram, uint32_t ram_size);

/* Checks an image, which begins on a multiple of 4 and stays where it is, and clears the state; 0, or why not. One that
 * has more actions than most_actions, or needs more memory than there is, is refused before all of it is looked at. */
uint32_t nb_core_load(struct nb_core *core, const uint8_t *image, uint32_t count, uint32_t most_actions);

/* Clears the state but for what was learnt. An image was loaded, here and below. */
void nb_core_reset(struct nb_core *core);

/* Runs a tick of n_sub steps, of which there may be none: then it is the last reward of an episode that is brought, and
 * nothing else. 0, or why the input does not fit, with nothing changed. */
uint32_t nb_core_tick(struct nb_core *core, uint32_t n_sub, const struct nb_input *input);

/* The last actions. */
const int16_t *nb_core_actions(const struct nb_core *core, uint16_t *count);

/* The actions without a fresh tick, which become the last ones: in HOLD as each output says, or else at rest. */
const int16_t *nb_core_idle(struct nb_core *core, uint8_t hold, uint16_t *count);

/* The whole state, and its bytes. */
const uint8_t *nb_core_state(const struct nb_core *core, uint32_t *count);

/* CRC-32 of the state, and how many steps were made. */
uint32_t nb_core_digest(const struct nb_core *core, uint32_t *step);

#endif
