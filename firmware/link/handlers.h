/* What the board does for each request. Internal to link/: see device.h for the outside. */
#ifndef NB_HANDLERS_H
#define NB_HANDLERS_H

#include "device.h"

#define NB_NAME_MAX 32u

/* A request, and what its handler makes of it: a payload, or an error that it returns, with arg. */
struct nb_exchange {
    const uint8_t *in;
    uint16_t count;
    uint32_t now, arg;
    const uint8_t *out;
    uint16_t size;
    uint8_t small[NB_HELLO_REPLY_SIZE + NB_NAME_MAX]; /* the largest answer but that of TICK */
};

struct nb_handler {
    uint8_t type, rest; /* rest: the last field is bytes, as many as there are */
    uint16_t size;
    uint8_t (*handle)(struct nb_device *, struct nb_exchange *);
};

/* Who handles a type of request, or 0. */
const struct nb_handler *nb_find_handler(uint8_t type);

/* Armed: RUNNING or HOLD. */
uint8_t nb_runs(const struct nb_device *device);

/* Whether there is an image. */
uint8_t nb_loaded(const struct nb_device *device);

/* Go to a state where outputs are at rest. */
void nb_leave(struct nb_device *device, uint8_t state);

#endif
