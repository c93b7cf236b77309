/* A toy board that is a process: its line is a pseudo-terminal, its outputs are lines of a file.
 *
 *     board TRACE       prints the terminal's name, then runs until it is killed
 *
 * The state machine of a microcontroller around the core of toy_core.c, for tests that need real time and real
 * processes. Outputs are written to TRACE as "microseconds count value...". Linux and macOS.
 */
#define _XOPEN_SOURCE 600
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "toy_core.h"

#define ARENA 65536u
#define TURN_MS 1

static FILE *trace;
static int line = -1;

static uint32_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u);
}

static void actuate(void *self, const int16_t *values, uint16_t count) {
    (void)self;
    fprintf(trace, "%lu %u", (unsigned long)now_us(), (unsigned)count);
    for (uint16_t k = 0; k < count; k++) {
        fprintf(trace, " %d", values[k]);
    }
    fputc('\n', trace);
    fflush(trace);
}

/* Never waits: what the terminal does not take is dropped, and the host asks again. */
static void write_line(void *self, const uint8_t *bytes, uint16_t count) {
    (void)self;
    if (write(line, bytes, count) < 0) {
        return;
    }
}

/* Opens a terminal that passes all bytes as they are. Keeps the other end open too, or else reading would fail while
 * no host is there. Returns 0, or -1. */
static int open_line(void) {
    struct termios raw;
    int host;

    line = posix_openpt(O_RDWR | O_NOCTTY);
    if (line < 0 || grantpt(line) != 0 || unlockpt(line) != 0) {
        return -1;
    }
    host = open(ptsname(line), O_RDWR | O_NOCTTY);
    if (host < 0 || tcgetattr(host, &raw) != 0) {
        return -1;
    }
    raw.c_iflag = 0;
    raw.c_oflag = 0;
    raw.c_lflag = 0;
    if (tcsetattr(host, TCSANOW, &raw) != 0) {
        return -1;
    }
    return fcntl(line, F_SETFL, O_NONBLOCK);
}

/* Differs from start to start. */
static uint32_t boot_id(void) { return now_us() ^ ((uint32_t)getpid() << 16); }

static void turn(struct nb_device *device) {
    static uint8_t bytes[1024];
    struct pollfd waits = {0, POLLIN, 0};
    ssize_t count;

    waits.fd = line;
    if (poll(&waits, 1, TURN_MS) > 0) {
        count = read(line, bytes, sizeof bytes);
        if (count > 0) {
            nb_receive(device, bytes, (uint16_t)count, now_us());
        }
    }
    nb_poll(device, now_us());
}

int main(int argc, char **argv) {
    static uint32_t arena[ARENA / 4]; /* of words, so that an image is aligned */
    static struct nb_device device;
    struct nb_board board = {"posix", 0, 0, ARENA, 0};
    struct nb_ops ops = nb_core_ops;

    trace = argc == 2 ? fopen(argv[1], "w") : 0;
    if (!trace || open_line() != 0) {
        fprintf(stderr, "usage: board TRACE, a file that can be written; and a pseudo-terminal is needed\n");
        return 2;
    }
    ops.actuate = actuate;
    ops.write = write_line;
    board.arithmetic = nb_core_arithmetic;
    board.arena = (uint8_t *)arena;
    board.boot_id = boot_id();
    nb_start(&device, &board, &ops, now_us());
    printf("%s\n", ptsname(line));
    fflush(stdout);
    for (;;) {
        turn(&device);
    }
}
