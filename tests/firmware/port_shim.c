/* A port for tests: time is told, bytes are handed over, and what is sent and put out is kept. */
#include <string.h>

#include "port.h"

static uint32_t now;
static uint8_t in[4096], out[1u << 16];
static uint32_t n_in, at_in, n_out, moves;
static int16_t outputs[512];
static uint16_t n_outputs;
static uint32_t image[1u << 18], ram[1u << 18];

uint32_t port_now_us(void) { return now; }
uint32_t port_cycles(void) { return 0; }
uint32_t port_boot_id(void) { return 1; }
uint32_t port_lost(void) { return 0; }
void port_wait(void) {}

uint16_t port_read(uint8_t *bytes, uint16_t room) {
    uint32_t count = n_in - at_in < room ? n_in - at_in : room;

    memcpy(bytes, in + at_in, count);
    at_in += count;
    return (uint16_t)count;
}

void port_write(const uint8_t *bytes, uint16_t count) {
    memcpy(out + n_out, bytes, count);
    n_out += count;
}

void port_actuate(const int16_t *values, uint16_t count) {
    memcpy(outputs, values, count * 2u);
    n_outputs = count;
    moves++;
}

void shim_start(uint32_t at) {
    const struct firmware_memory memory = {"emulator", (uint8_t *)image, (uint8_t *)ram, sizeof image, sizeof ram};

    now = at;
    firmware_start(&memory);
}

/* Bytes that came at a time; at least one turn. Returns how many bytes are sent, at shim_sent. */
uint32_t shim_turns(const uint8_t *bytes, uint32_t count, uint32_t at) {
    now = at;
    memcpy(in, bytes, count);
    n_in = count;
    at_in = 0;
    do {
        firmware_turn();
    } while (at_in < n_in);
    return n_out;
}

const uint8_t *shim_sent(void) {
    n_out = 0;
    return out;
}

uint16_t shim_outputs(int16_t *to) {
    memcpy(to, outputs, n_outputs * 2u);
    return n_outputs;
}
