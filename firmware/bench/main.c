/* The core alone on an emulated microcontroller, without line or clock: it runs the images and ticks of a file.
 *
 * in.bin, little-endian: for each image u32 bytes, u32 ticks and the image; for each of its ticks u32 kind, u32 bytes,
 * u32 steps, u32 flags and i32 reward as TICK has them, and the data; u32 0 at the end. out.bin: for each tick u32
 * clocks that it took, u32 spikes, u32 digest of the state behind it, and the actions, i16 each. Both are files beside
 * QEMU, by semihosting; it ends where something is wrong, with less in out.bin. Under `-icount shift=6` an instruction
 * takes 64 ns, and so clocks are instructions.
 */
#include <stdint.h>
#include <string.h>

#include "core.h"
#include "protocol.h"

#define REGISTER(at) (*(volatile uint32_t *)(at))
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define MOST_CLOCKS 0xFFFFFFu

#define DATA_BYTES 1024u
#define MOST_ACTIONS 256u

/* Semihosting for AArch32, Arm IHI 0100 */
enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT = 0x18 };
enum { MODE_RB = 1, MODE_WB = 5 };
#define APPLICATION_EXIT 0x20026u

extern uint32_t data_begin[], data_end[], data_from[], bss_begin[], bss_end[], stack_top[];

static __attribute__((section(".arena"))) uint32_t image[IMAGE_BYTES / 4u], ram[RAM_BYTES / 4u];
static uint32_t in, out;

void reset(void);

static uint32_t host(uint32_t what, const void *with) {
    register uint32_t r0 __asm__("r0") = what;
    register const void *r1 __asm__("r1") = with;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void end(void) {
    for (;;) {
        host(SYS_EXIT, (const void *)APPLICATION_EXIT);
    }
}

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode) {
    const uint32_t block[] = {(uint32_t)name, mode, length};

    return host(SYS_OPEN, block);
}

/* All of it, or the end. */
static void take(void *to, uint32_t count) {
    const uint32_t block[] = {in, (uint32_t)to, count};

    if (host(SYS_READ, block) != 0) {
        end();
    }
}

static void give(const void *from, uint32_t count) {
    const uint32_t block[] = {out, (uint32_t)from, count};

    if (host(SYS_WRITE, block) != 0) {
        end();
    }
}

__attribute__((section(".vectors"), used)) static void (*const VECTORS[])(void) = {
    (void (*)(void))stack_top, reset, end, end, end, end, end, end, end, end, end, end, end, end, end, end,
};

static void run_tick(struct nb_core *core) {
    static uint8_t data[DATA_BYTES];
    uint32_t asked[5], told[3], before, step;
    struct nb_input input;
    uint16_t n_actions;
    const int16_t *actions;

    take(asked, sizeof asked);
    if (asked[1] > sizeof data) {
        end();
    }
    take(data, asked[1]);
    input.kind = (uint8_t)asked[0];
    input.data = data;
    input.count = asked[1];
    input.learn = (asked[3] & NB_TICK_FLAG_LEARN) != 0;
    input.forget = (asked[3] & NB_TICK_FLAG_FORGET) != 0;
    input.reward = (int32_t)asked[4];
    before = SYST_CVR;
    if (nb_core_tick(core, asked[2], &input) != 0) {
        end();
    }
    told[0] = (before - SYST_CVR) & MOST_CLOCKS; /* it counts down */
    told[1] = core->spikes;
    told[2] = nb_core_digest(core, &step);
    actions = nb_core_actions(core, &n_actions);
    give(told, sizeof told);
    give(actions, n_actions * 2u);
}

static void run_images(void) {
    struct nb_core core;
    uint32_t size, ticks;

    nb_core_init(&core, (uint8_t *)ram, sizeof ram);
    for (;;) {
        take(&size, sizeof size);
        if (size == 0 || size > sizeof image) {
            return;
        }
        take(&ticks, sizeof ticks);
        take(image, size);
        if (nb_core_load(&core, (const uint8_t *)image, size, MOST_ACTIONS) != 0) {
            return;
        }
        for (; ticks > 0; ticks--) {
            run_tick(&core);
        }
    }
}

void reset(void) {
    memcpy(data_begin, data_from, (size_t)((char *)data_end - (char *)data_begin));
    memset(bss_begin, 0, (size_t)((char *)bss_end - (char *)bss_begin));
    SYST_RVR = MOST_CLOCKS;
    SYST_CVR = 0;
    SYST_CSR = 5u; /* on, at the processor's clock, without interrupt */
    in = open_file("in.bin", 6u, MODE_RB);
    out = open_file("out.bin", 7u, MODE_WB);
    run_images();
    end();
}
