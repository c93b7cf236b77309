/* libFuzzer: images that come from anywhere, and ticks on those that are valid.
 *
 * An input is u16 words, so many words of an image, and ticks: u8 kind, u8 what (1 learn, 2 forget, 4
 * an episode ends, 8 outputs are held behind it), i32 reward, u16 bytes, the data. Magic, versions, length and checksum
 * are put right first, so that what is behind them is reached; and every block is copied to where nothing
 * lies beside it, so that AddressSanitizer sees the first byte too many.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../link/bytes.h"
#include "core.h"
#include "fuzz.h"
#include "image.h"

#define MOST_RAM (1u << 16)
#define MOST_WORK 20000u /* of a tick, in neurons and synapses */
#define MOST_ACTIONS 64u
#define MOST_TICKS 6u
#define TICK_HEAD 8u
#define HEAD(image) ((nb_u32 *)(void *)(image))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

static void seal(uint8_t *image, uint32_t size) {
    if (size >= 4u * (NB_W_LENGTH + 2u)) {
        HEAD(image)[NB_W_MAGIC] = NB_MAGIC;
        HEAD(image)[NB_W_FORMAT] = NB_FORMAT;
        HEAD(image)[NB_W_ARITHMETIC] = NB_ARITHMETIC;
        HEAD(image)[NB_W_LENGTH] = size;
        HEAD(image)[size / 4u - 1u] = nb_crc32(0, image, size - 4u);
    }
}

static void check_bounds(const struct nb_core *core) {
    const nb_u32 *head = HEAD(core->image);

    for (uint32_t r = 0; r < head[NB_W_OPS]; r++) {
        const nb_u32 *row = head + NB_HEADER_WORDS + r * NB_ROW;
        const nb_i32 *v = (const nb_i32 *)(void *)(core->ram + row[NB_V_AT]);
        for (uint32_t j = 0; row[0] == NB_OP_NEURON && j < row[NB_N]; j++) {
            need(v[j] >= -NB_BOUND && v[j] <= NB_BOUND);
        }
    }
}

/* One tick, or a refusal that changes nothing; returns the bytes that it took. */
static size_t run_tick(struct nb_core *core, const uint8_t *data, size_t size) {
    uint32_t before, step, count = nb_get_u16(data + 6), steps = HEAD(core->image)[NB_W_SUBSTEPS];
    struct nb_input input;
    uint8_t *exact;
    uint16_t n_actions;

    count = count < size - TICK_HEAD ? count : (uint32_t)(size - TICK_HEAD);
    input.data = exact = copied(data + TICK_HEAD, count);
    input.count = count;
    input.kind = data[0];
    input.learn = data[1] & 1u;
    input.forget = data[1] & 2u;
    input.reward = (int32_t)nb_get_u32(data + 2);
    before = nb_core_digest(core, &step);
    if (nb_core_tick(core, data[1] & 4u ? 0 : steps, &input) != 0) {
        need(nb_core_digest(core, &step) == before);
    }
    free(exact);
    check_bounds(core);
    nb_core_idle(core, data[1] & 8u, &n_actions);
    need(n_actions == HEAD(core->image)[NB_W_ACT]);
    return TICK_HEAD + count;
}

static void run(struct nb_core *core, const uint8_t *data, size_t size) {
    const nb_u32 *head = HEAD(core->image);
    uint64_t work = ((uint64_t)head[NB_W_NEURONS] + head[NB_W_SYNAPSES]) * head[NB_W_SUBSTEPS];

    for (uint32_t k = 0; k < MOST_TICKS && size >= TICK_HEAD && work < MOST_WORK; k++) {
        size_t taken = run_tick(core, data, size);
        data += taken;
        size -= taken;
    }
    nb_core_reset(core);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct nb_core core;
    uint32_t count, needs = 0;
    uint8_t *image, *ram;

    if (size < 2u) {
        return 0;
    }
    count = 4u * nb_get_u16(data);
    count = count < size - 2u ? count : ((uint32_t)size - 2u) & ~3u;
    image = copied(data + 2, count);
    seal(image, count);
    if (count >= 4u * NB_HEADER_WORDS) {
        needs = HEAD(image)[NB_W_STATE] + HEAD(image)[NB_W_SCRATCH];
    }
    needs = needs < MOST_RAM ? needs : MOST_RAM;
    ram = copied(0, needs);
    nb_core_init(&core, ram, needs);
    if (nb_core_load(&core, image, count, MOST_ACTIONS) == 0) {
        run(&core, data + 2u + count, size - 2u - count);
    }
    free(ram);
    free(image);
    return 0;
}

/* Words of an image are changed as wholes half of the time: by little, or to what they are bounded by. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
    static const uint32_t VALUES[] = {0, 1, 2, 255, 32767, 32768, 65535, 65536, 1u << 24, 1u << 30, 1u << 31, ~0u};
    uint32_t at, value, how = seed >> 1 & 7u;

    if ((seed & 1u) || size < 8u) {
        return LLVMFuzzerMutate(data, size, most);
    }
    at = 2u + 4u * ((seed >> 4) % ((uint32_t)(size - 2u) / 4u));
    value = nb_get_u32(data + at);
    value = how == 0 ? value + 1u : how == 1 ? value - 1u : how == 2 ? value + 4u : how == 3 ? value - 4u
          : how == 4 ? value ^ 1u << (seed >> 27) : VALUES[(seed >> 20) % (sizeof VALUES / sizeof VALUES[0])];
    nb_put_u32(data + at, value);
    return size;
}
