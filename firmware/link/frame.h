/* Frames on the line: 00 | COBS( type | seq | payload | CRC-32 ) | 00.
 *
 * The same as neurobot/link/frame.py, count for count; why it is so stands there. Nothing here allocates, and the
 * largest frame is known: a decoder holds one.
 */
#ifndef NB_FRAME_H
#define NB_FRAME_H

#include <stdint.h>

#include "protocol.h"

#define NB_OVERHEAD 6u                              /* type, seq, CRC-32 */
#define NB_BODY (NB_PAYLOAD + NB_OVERHEAD)          /* bytes of the longest frame before COBS */
#define NB_BLOCK 254u                               /* bytes without a 00 after which COBS writes one more */
#define NB_ENCODED (NB_BODY + 1u + NB_BODY / NB_BLOCK) /* bytes of the longest frame between its 00 */
#define NB_LINE (NB_ENCODED + 2u)

/* The CRC-32 of zlib. crc is 0, or what an earlier call gave for the bytes before. */
uint32_t nb_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count);

/* Writes a frame to line, which has room for NB_LINE bytes; returns how many it took. count is at most NB_PAYLOAD. */
uint16_t nb_encode(uint8_t *line, uint8_t type, uint8_t seq, const uint8_t *payload, uint16_t count);

enum nb_found { NB_NOTHING, NB_WHOLE, NB_DAMAGED };

struct nb_decoder {
    uint32_t received; /* bytes that came; who calls nb_decode counts them */
    uint32_t ok, crc_err, cobs_err, too_long;
    uint16_t count; /* bytes of the frame that is not complete yet; after NB_WHOLE, bytes of its payload */
    uint8_t skips;  /* the rest of a frame that was too long */
    uint8_t whole;  /* bytes hold a frame: the next byte begins another */
    uint8_t bytes[NB_ENCODED]; /* after NB_WHOLE: type, seq, payload */
};

/* Takes one byte from the line. NB_WHOLE: a frame lies in bytes, until the next call. NB_DAMAGED: one was dropped. */
enum nb_found nb_decode(struct nb_decoder *decoder, uint8_t byte);

#endif
