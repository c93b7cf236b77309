/* A walk over an image that is not trusted. Internal to core/: see image.h for the outside.
 *
 * No offset is believed: all of them follow from the sizes that rows tell, so the rows are walked with a running sum
 * for each area of memory, and every offset has to be that sum. Sizes are bounded so that no sum wraps: 4096 rows of at
 * most 2^18 bytes each, and histories and arrays that are compared with what is left of 2^24.
 */
#ifndef NB_CHECK_H
#define NB_CHECK_H

#include "image.h"

#define NB_MOST_ROWS 4096u
#define NB_MOST_N 65535u

struct nb_walk {
    const uint8_t *image;
    const nb_u32 *head, *rows;
    nb_u32 *ram; /* to count in */
    uint32_t at, end;              /* where the next array is; where the checksum is */
    uint32_t state, sums, scratch; /* where the next field of each is; sums are those of NEURON rows */
    uint32_t neurons, synapses, fed;
    uint32_t traces, kept;         /* where the next field of a LEARN is, in the state */
    uint32_t r, waiting;           /* this row; how many before it deliver to the next NEURON */
    uint32_t learning, learns;     /* rows that deliver weights of the state; LEARN rows */
    const nb_u32 *newest;          /* the row whose spikes a COUNT may count */
};

static inline const nb_u32 *nb_walk_row(const struct nb_walk *w, uint32_t r) { return w->rows + r * NB_ROW; }

static inline uint8_t nb_range(uint32_t value, uint32_t low, uint32_t high) { return value >= low && value <= high; }

/* The next array, of count numbers of some bytes; 0 where it does not fit or is not filled up with 0. */
const void *nb_take(struct nb_walk *w, uint32_t count, uint32_t bytes);

/* The row whose spikes lie there, with that many neurons and slots; the number of rows where there is none. */
uint32_t nb_find_source(const struct nb_walk *w, uint32_t spikes_at, uint32_t n, uint32_t slots);

/* NEURON: its arrays are in range, and what arrives stays below 2^30. */
uint8_t nb_check_params(struct nb_walk *w, const nb_u32 *row);
uint8_t nb_check_fan_in(const struct nb_walk *w, uint32_t n);

/* LEARN, its arrays, and the weights that it changes. */
uint8_t nb_check_learn(struct nb_walk *w, const nb_u32 *row);

/* The decoder, and its arrays. */
uint8_t nb_check_decoder(struct nb_walk *w);

#endif
