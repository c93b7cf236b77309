/* What a machine has to provide, and what it then calls. All but port_wait return at once. */
#ifndef NB_PORT_H
#define NB_PORT_H

#include <stdint.h>

/* Microseconds, from a clock that nothing sets; wraps. */
uint32_t port_now_us(void);

/* Of a faster counter, for how long a tick took, in the machine's own unit; wraps. */
uint32_t port_cycles(void);

/* Takes bytes that came, and returns how many. */
uint16_t port_read(uint8_t *bytes, uint16_t room);

/* Sends a frame, or drops all of it. */
void port_write(const uint8_t *bytes, uint16_t count);

/* Moves the outputs; count 0: all off. */
void port_actuate(const int16_t *values, uint16_t count);

/* A number that differs from power-up to power-up. Asked for once, when the first byte has come, so that the moment of
 * it can be made use of where nothing else is random. */
uint32_t port_boot_id(void);

/* Bytes that came and found no room. */
uint32_t port_lost(void);

/* Nothing to do until a byte comes, or for a millisecond at most. */
void port_wait(void);

/* What the firmware runs in: where images are written, and the state and scratch of the one that runs. Both begin on a
 * multiple of 4. */
struct firmware_memory {
    const char *name;
    uint8_t *image, *ram;
    uint32_t image_size, ram_size;
};

/* Outputs off, and ready to be asked. */
void firmware_start(const struct firmware_memory *memory);

/* One turn of the main loop. */
void firmware_turn(void);

/* Whether a host may move the outputs, or has not long been gone. */
uint8_t firmware_armed(void);

#endif
