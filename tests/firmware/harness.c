/* Loads images that came from anywhere, runs those that are valid, and says what happened: made to run with sanitizers.
 *
 * stdin: for each image u32 count, and its bytes. stdout: for each a line, the reason of a refusal and, of a valid one,
 * its digest after two ticks of zeros and one of ones. Every buffer has exactly the size that was promised.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "image.h"

#define MOST_RAM (1u << 22)

static void tick(struct nb_core *core, const nb_u32 *head, int value) {
    uint32_t substeps = head[NB_W_SUBSTEPS], n = head[NB_W_IN], currents = head[NB_W_INPUT];
    uint32_t size = currents ? 2u * n : substeps * ((n + 7u) / 8u);
    uint8_t *data = malloc(size);
    struct nb_input input = {(uint8_t)(currents ? 1 : 0), data, size, 1, 0, value ? 1000 : -1000};

    memset(data, value, size);
    for (uint32_t k = 1; !currents && n % 8u && k <= substeps; k++) {
        data[k * ((n + 7u) / 8u) - 1u] &= (uint8_t)(0xFFu >> (8u - n % 8u));
    }
    if (nb_core_tick(core, substeps, &input) != 0) {
        abort();
    }
    free(data);
}

static void try_image(const uint8_t *image, uint32_t count) {
    const nb_u32 *head = (const nb_u32 *)(const void *)image;
    uint64_t wanted = count >= 4u * NB_HEADER_WORDS ? (uint64_t)head[NB_W_STATE] + head[NB_W_SCRATCH] : 0;
    uint32_t size = wanted < MOST_RAM ? (uint32_t)wanted : MOST_RAM, reason, step = 0;
    uint8_t *ram = malloc(size);
    struct nb_core core;

    nb_core_init(&core, ram, size);
    reason = nb_core_load(&core, image, count, 32767);
    if (reason == 0) {
        tick(&core, head, 0);
        tick(&core, head, 0);
        tick(&core, head, 0xFF);
        printf("0 %lu\n", (unsigned long)nb_core_digest(&core, &step));
    } else {
        printf("%lu\n", (unsigned long)reason);
    }
    free(ram);
}

int main(void) {
    uint32_t count;

    while (fread(&count, 4, 1, stdin) == 1) {
        uint8_t *image = malloc(count);
        if (fread(image, 1, count, stdin) != count) {
            return 1;
        }
        try_image(image, count);
        free(image);
    }
    return 0;
}
