/* The firmware as a process: on a pty, whose name it prints, or on a file descriptor that it was given.
 *
 *     neurobot-board            pty /dev/pts/7
 *     neurobot-board --fd 3     ends when the other side has hung up and the outputs are at rest
 *     neurobot-board --show     also prints what it does to its outputs: out, microseconds, the values
 */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../port.h"

#define IMAGE_BYTES (1u << 24)
#define RAM_BYTES (1u << 25)
#define UNSENT 8192u

static uint32_t image[IMAGE_BYTES / 4u], ram[RAM_BYTES / 4u];
static uint8_t unsent[UNSENT];
static uint16_t n_unsent;
static int line = -1, shows, hung_up;

static uint64_t now_ns(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t port_now_us(void) { return (uint32_t)(now_ns() / 1000u); }

uint32_t port_cycles(void) { return (uint32_t)now_ns(); }

uint32_t port_boot_id(void) {
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)now.tv_sec * 2654435761u ^ (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
}

uint32_t port_lost(void) { return 0; /* the kernel holds what was not read */ }

uint16_t port_read(uint8_t *bytes, uint16_t room) {
    ssize_t count = hung_up ? 0 : read(line, bytes, room);

    if (!hung_up && (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))) {
        hung_up = 1;
        line = -1; /* for which poll only waits */
    }
    return count > 0 ? (uint16_t)count : 0;
}

static void flush(void) {
    ssize_t sent = n_unsent ? write(line, unsent, n_unsent) : 0;

    if (sent > 0) {
        n_unsent = (uint16_t)(n_unsent - sent);
        memmove(unsent, unsent + sent, n_unsent);
    }
}

void port_write(const uint8_t *bytes, uint16_t count) {
    if (count <= UNSENT - n_unsent) {
        memcpy(unsent + n_unsent, bytes, count);
        n_unsent = (uint16_t)(n_unsent + count);
    }
    flush();
}

void port_actuate(const int16_t *values, uint16_t count) {
    if (!shows) {
        return;
    }
    printf("out %lu", (unsigned long)port_now_us());
    for (uint16_t k = 0; k < count; k++) {
        printf(" %d", values[k]);
    }
    printf("\n");
    fflush(stdout);
}

void port_wait(void) {
    struct pollfd one = {line, (short)(n_unsent ? POLLIN | POLLOUT : POLLIN), 0};

    poll(&one, 1, 1);
    flush();
}

static int fail(const char *what) {
    fprintf(stderr, "neurobot-board: %s: %s\n", what, strerror(errno));
    return 1;
}

/* A pty that passes all bytes as they are. Its other end stays open, so that a host may come and go. */
static int open_pty(void) {
    struct termios how;
    int other;

    line = posix_openpt(O_RDWR | O_NOCTTY);
    if (line < 0 || grantpt(line) != 0 || unlockpt(line) != 0 || (other = open(ptsname(line), O_RDWR | O_NOCTTY)) < 0) {
        return fail("no pty");
    }
    if (tcgetattr(other, &how) != 0) {
        return fail("no terminal");
    }
    cfmakeraw(&how);
    if (tcsetattr(other, TCSANOW, &how) != 0) {
        return fail("no raw terminal");
    }
    printf("pty %s\n", ptsname(line));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    const struct firmware_memory memory = {"posix", (uint8_t *)image, (uint8_t *)ram, IMAGE_BYTES, RAM_BYTES};

    for (int k = 1; k < argc; k++) {
        if (strcmp(argv[k], "--show") == 0) {
            shows = 1;
        } else if (strcmp(argv[k], "--fd") == 0 && k + 1 < argc) {
            line = atoi(argv[++k]);
        } else {
            fprintf(stderr, "usage: neurobot-board [--show] [--fd NUMBER]\n");
            return 2;
        }
    }
    if (line < 0 && open_pty() != 0) {
        return 1;
    }
    if (fcntl(line, F_SETFL, O_NONBLOCK) != 0) {
        return fail("no such line");
    }
    signal(SIGPIPE, SIG_IGN);
    firmware_start(&memory);
    while (!hung_up || firmware_armed()) {
        firmware_turn();
    }
    return 0;
}
