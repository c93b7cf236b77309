/* The board's side of the line: a state machine that is told the time and the bytes that came.
 *
 *     BOOT --LOAD_BEGIN--> LOADING --LOAD_COMMIT--> READY --ARM--> RUNNING <--> HOLD --> SAFE (latched)
 *
 * The same as neurobot/link/device.py, byte for byte; the rules stand there. It owns safety: outputs are at rest in all
 * states but RUNNING and HOLD. Memory: sizeof(struct nb_device), about 1.7 KB, and the arena for the image.
 */
#ifndef NB_DEVICE_H
#define NB_DEVICE_H

#include <stdint.h>

#include "frame.h"

#define NB_ROOM (NB_PAYLOAD - NB_TICK_REPLY_SIZE) /* bytes of the actions and the read-out of one answer together */

/* What TICK asks for. */
struct nb_tick {
    uint32_t tick;
    int32_t reward; /* of the tick before, in the image's unit */
    uint8_t n_sub, flags, kind;
    const uint8_t *data;
    uint16_t count;
};

/* What one tick gave. The pointers are the core's, and hold until its next call. */
struct nb_step {
    uint32_t cycles; /* in units of the board's own */
    uint8_t error;   /* the core's own code, 0 if all is well */
    uint16_t spikes;
    const int16_t *actions;
    uint16_t n_actions;
    const uint8_t *readout;
    uint16_t n_readout;
};

/* What the state machine runs and moves. self is given to each call. All of them return soon, and none waits. */
struct nb_ops {
    void *self;
    /* Check an image, which stays where it is, and have it ready with cleared state; 0, or why it cannot be run.
     * One whose actions and read-out take more than NB_ROOM bytes cannot. */
    uint32_t (*load)(void *self, const uint8_t *image, uint32_t count);
    void (*reset)(void *self); /* clear the state but for what was learnt */
    /* Run one tick; 0, or why the input does not fit, with nothing changed. */
    uint32_t (*tick)(void *self, const struct nb_tick *tick, struct nb_step *step);
    uint32_t (*digest)(void *self, uint32_t *step); /* CRC-32 of the state, and how many steps were made */
    const uint8_t *(*state)(void *self, uint32_t *count); /* all of the state, and its bytes */
    /* What each output gets without a fresh tick: in HOLD, or else at rest. */
    const int16_t *(*idle)(void *self, uint8_t hold, uint16_t *count);
    void (*actuate)(void *self, const int16_t *values, uint16_t count); /* count 0: no image, all outputs off */
    void (*write)(void *self, const uint8_t *bytes, uint16_t count);    /* drops what does not fit */
};

struct nb_device {
    const struct nb_ops *ops;
    const char *name;
    uint8_t arithmetic, state, armed, fast_nak, events;
    uint8_t *arena;
    uint32_t arena_size;
    uint32_t boot_id, trip_count, last_tick;
    uint32_t length, crc, received; /* of the image */
    uint32_t hold_us, watchdog_us, fresh;
    uint32_t ring_overrun; /* bytes that the port lost; it counts them itself */
    uint32_t dup_tick, watchdog_trips;
    uint16_t n_cached; /* 0: nothing was answered since ARM */
    uint8_t arm[NB_ARM_REQUEST_SIZE];
    uint8_t cached[NB_PAYLOAD];
    uint8_t line[NB_LINE];
    struct nb_decoder decoder;
};

/* What a board is. The arena is where images are written to; boot_id differs from power-up to power-up. */
struct nb_board {
    const char *name;
    uint8_t arithmetic;
    uint8_t *arena;
    uint32_t arena_size, boot_id;
};

/* Powers up: outputs off, and an EVENT. now_us is the board's clock, and may wrap. ops stay where they are. */
void nb_start(struct nb_device *device, const struct nb_board *board, const struct nb_ops *ops, uint32_t now_us);

/* Looks at the clock; to be called at least once a millisecond. */
void nb_poll(struct nb_device *device, uint32_t now_us);

/* Takes bytes from the line. */
void nb_receive(struct nb_device *device, const uint8_t *bytes, uint16_t count, uint32_t now_us);

#endif
