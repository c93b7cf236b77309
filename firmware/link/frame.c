/* See frame.h. */
#include "frame.h"

/* CRC-32 by half bytes: 64 bytes of table, a quarter of the work of going bit by bit. */
static const uint32_t HALF[16] = {
    0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u, 0x4DB26158u, 0x5005713Cu,
    0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu, 0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu,
};

uint32_t nb_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count) {
    crc = ~crc;
    for (uint32_t k = 0; k < count; k++) {
        crc ^= bytes[k];
        crc = (crc >> 4) ^ HALF[crc & 15u];
        crc = (crc >> 4) ^ HALF[crc & 15u];
    }
    return ~crc;
}

/* A COBS encoder that is given byte after byte: code counts the bytes of the block that began at begin. */
struct stuffer {
    uint8_t *line;
    uint16_t at, begin, code;
};

static void next_block(struct stuffer *s) {
    s->line[s->begin] = (uint8_t)s->code;
    s->begin = s->at++;
    s->code = 1;
}

static void put(struct stuffer *s, uint8_t byte) {
    if (s->code == NB_BLOCK + 1u) { /* only now: a full block at the very end needs nothing after it */
        next_block(s);
    }
    if (byte == 0) {
        next_block(s);
    } else {
        s->line[s->at++] = byte;
        s->code++;
    }
}

uint16_t nb_encode(uint8_t *line, uint8_t type, uint8_t seq, const uint8_t *payload, uint16_t count) {
    const uint8_t head[2] = {type, seq};
    uint32_t crc = nb_crc32(nb_crc32(0, head, 2), payload, count);
    struct stuffer s = {line, 2, 1, 1};

    line[0] = 0;
    put(&s, type);
    put(&s, seq);
    for (uint16_t k = 0; k < count; k++) {
        put(&s, payload[k]);
    }
    for (uint8_t k = 0; k < 4; k++) {
        put(&s, (uint8_t)(crc >> (8u * k)));
    }
    line[s.begin] = (uint8_t)s.code;
    line[s.at++] = 0;
    return s.at;
}

/* Takes COBS off in place, which is possible because nothing ever grows. Returns the bytes, or 0: it was not COBS. */
static uint16_t unstuff(uint8_t *bytes, uint16_t count) {
    uint16_t from = 0, to = 0;

    while (from < count) {
        uint8_t code = bytes[from];
        if (code > count - from) {
            return 0;
        }
        for (uint16_t k = 1; k < code; k++) {
            bytes[to++] = bytes[from + k];
        }
        from = (uint16_t)(from + code);
        if (code <= NB_BLOCK && from < count) {
            bytes[to++] = 0;
        }
    }
    return to;
}

/* What stood between two 00. */
static enum nb_found complete(struct nb_decoder *d) {
    uint16_t size = unstuff(d->bytes, d->count);
    uint32_t crc = 0;

    if (size < NB_OVERHEAD) {
        d->cobs_err++;
        return NB_DAMAGED;
    }
    if (size > NB_BODY) {
        d->too_long++;
        return NB_DAMAGED;
    }
    for (uint8_t k = 4; k > 0; k--) {
        crc = (crc << 8) | d->bytes[size - 5u + k];
    }
    if (nb_crc32(0, d->bytes, size - 4u) != crc) {
        d->crc_err++;
        return NB_DAMAGED;
    }
    d->ok++;
    d->count = (uint16_t)(size - NB_OVERHEAD);
    d->whole = 1;
    return NB_WHOLE;
}

enum nb_found nb_decode(struct nb_decoder *d, uint8_t byte) {
    enum nb_found found = NB_NOTHING;

    if (d->whole) {
        d->whole = 0;
        d->count = 0;
    }
    if (byte == 0) {
        if (d->count > 0) {
            found = complete(d);
        }
        d->skips = 0;
        if (!d->whole) {
            d->count = 0;
        }
    } else if (!d->skips) {
        if (d->count == NB_ENCODED) {
            d->too_long++;
            d->skips = 1;
            d->count = 0;
            return NB_DAMAGED;
        }
        d->bytes[d->count++] = byte;
    }
    return found;
}
