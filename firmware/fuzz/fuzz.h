/* What the fuzz targets share. */
#ifndef NB_FUZZ_H
#define NB_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* What has to hold: libFuzzer keeps the input where it does not. */
static inline void need(int holds) {
    if (!holds) {
        abort();
    }
}

/* Bytes with nothing beside them; of 0, zeros. The caller frees them. */
static inline uint8_t *copied(const uint8_t *bytes, size_t count) {
    uint8_t *out = calloc(count > 0 ? count : 1u, 1u);

    need(out != 0);
    if (bytes && count > 0) {
        memcpy(out, bytes, count);
    }
    return out;
}

#endif
