/* A program that runs by itself: sense, tick, act. sense() and act() are yours; nothing else has to be changed.
 *
 *     cc -std=c99 -O2 *.c -o controller && ./controller <inputs
 *
 * Nothing is allocated, and no line or host is needed. The image lies in constant memory, what changes lies in ram.
 * A program that learns does so while input.learn is 1, from input.reward: that of the tick before, in
 * PROGRAM_REWARD_UNIT.
 * This file was written once by `neurobot export`, and is left alone from then on.
 */
#include <stdio.h>

#include "core.h"
#include "program.h"

static uint32_t ram[PROGRAM_RAM_BYTES / 4u];
static uint8_t data[PROGRAM_INPUT_BYTES];

/* What a tick brings, as program.h tells; 0 ends the loop. Here it is read, a tick after the other. */
static int sense(void) { return fread(data, sizeof data, 1, stdin) == 1; }

/* Actions, in units of program_unit above program_offset. Here they are printed, a line a tick. */
static void act(const int16_t *actions, uint16_t count) {
    for (uint16_t k = 0; k < count; k++) {
        printf("%d%c", actions[k], k + 1u < count ? ' ' : '\n');
    }
}

int main(void) {
    struct nb_core core;
    struct nb_input input = {0};
    uint16_t count;
    const int16_t *actions;

    nb_core_init(&core, (uint8_t *)ram, sizeof ram);
    if (nb_core_load(&core, (const uint8_t *)program_image, PROGRAM_BYTES, PROGRAM_ACTIONS) != 0) {
        return 1;
    }
    input.kind = PROGRAM_INPUT_KIND;
    input.data = data;
    input.count = sizeof data;
    while (sense()) { /* once in PROGRAM_PERIOD_US, by a clock of yours */
        if (nb_core_tick(&core, PROGRAM_STEPS, &input) != 0) {
            return 2; /* the data do not fit: a bit is set beyond the last channel */
        }
        actions = nb_core_actions(&core, &count);
        act(actions, count);
    }
    return 0;
}
