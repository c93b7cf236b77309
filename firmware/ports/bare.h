/* What ports without an operating system share: bytes between the receive interrupt, the loop and the transmitter,
 * outputs that a debugger can look at, and the way from reset to the loop.
 *
 * A port's main.c includes this once, behind the sizes RING and UNSENT, which are powers of two, and OUTPUTS. It calls
 * received() in its interrupt, and run() at reset; and it has start_hardware(), flush() and port_wait().
 */
#ifndef NB_BARE_H
#define NB_BARE_H

#include <string.h>

#include "port.h"

extern uint32_t data_begin[], data_end[], data_from[], bss_begin[], bss_end[], stack_top[]; /* of the linker script */

static volatile uint32_t lost;
static volatile uint16_t ring_in; /* the interrupt's; ring_out is the loop's */
static uint16_t ring_out, sent_in, sent_out;
static uint8_t ring[RING], unsent[UNSENT];
int16_t outputs[OUTPUTS];
uint16_t n_outputs;

static void start_hardware(void);

/* Sends of unsent, from sent_out to sent_in, what the transmitter takes without waiting. */
static void flush(void);

/* A byte came. */
static void received(uint8_t byte) {
    if ((uint16_t)(ring_in - ring_out) < RING) {
        ring[ring_in % RING] = byte;
        ring_in++;
    } else {
        lost++;
    }
}

uint32_t port_lost(void) { return lost; }

uint16_t port_read(uint8_t *bytes, uint16_t room) {
    uint16_t count = 0;

    while (count < room && ring_out != ring_in) {
        bytes[count++] = ring[ring_out++ % RING];
    }
    return count;
}

void port_write(const uint8_t *bytes, uint16_t count) {
    if (count <= UNSENT - (uint16_t)(sent_in - sent_out)) {
        for (uint16_t k = 0; k < count; k++) {
            unsent[sent_in++ % UNSENT] = bytes[k];
        }
    }
    flush();
}

void port_actuate(const int16_t *values, uint16_t count) {
    n_outputs = count < OUTPUTS ? count : OUTPUTS;
    memset(outputs, 0, sizeof outputs);
    if (n_outputs > 0) {
        memcpy(outputs, values, n_outputs * sizeof *values);
    }
}

static void on_fault(void) {
    *(volatile uint32_t *)0xE000ED0Cu = 0x05FA0004u; /* reset: a restart is noticed, a board that is stuck is not */
    for (;;) {
    }
}

static void run(const struct firmware_memory *memory) {
    memcpy(data_begin, data_from, (size_t)((char *)data_end - (char *)data_begin));
    memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
    start_hardware();
    firmware_start(memory);
    for (;;) {
        firmware_turn();
        flush();
    }
}

#endif
