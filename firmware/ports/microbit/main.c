/* BBC micro:bit, the first one (nRF51822, Cortex-M0), real or under QEMU: UART, TIMER0 for time, RNG for the boot id.
 *
 * There are no motors: outputs stay in `outputs`, for a debugger.
 */
#define REGISTER(at) (*(volatile uint32_t *)(at))
#define UART(at) REGISTER(0x40002000u + (at))
#define TIMER(at) REGISTER(0x40008000u + (at))
#define RNG(at) REGISTER(0x4000D000u + (at))

/* nRF51 Series Reference Manual: tasks are started and events cleared by a write */
#define START_RX 0x000u
#define START_TX 0x008u
#define RX_READY 0x108u
#define TX_READY 0x11Cu
#define INTERRUPTS_ON 0x304u
#define ENABLE 0x500u
#define PIN_TX 0x50Cu
#define PIN_RX 0x514u
#define RXD 0x518u
#define TXD 0x51Cu
#define BAUDRATE 0x524u
#define BAUD_115200 0x01D7E000u
#define CAPTURE 0x040u
#define BIT_MODE 0x508u
#define PRESCALER 0x510u
#define COUNT 0x540u
#define RNG_READY 0x100u
#define RNG_VALUE 0x508u
#define NVIC_ISER REGISTER(0xE000E100u)
#define UART_IRQ 2u

#define RING 256u /* powers of two */
#define UNSENT 1024u
#define OUTPUTS 32u
#define IMAGE_BYTES 5632u
#define RAM_BYTES 4608u

#include "../bare.h"

static __attribute__((section(".arena"))) uint32_t image[IMAGE_BYTES / 4u], ram[RAM_BYTES / 4u];
static uint8_t sends;

void reset(void);

static void on_uart(void) {
    while (UART(RX_READY)) {
        UART(RX_READY) = 0;
        received((uint8_t)UART(RXD));
    }
}

__attribute__((section(".vectors"), used)) static void (*const VECTORS[])(void) = {
    (void (*)(void))stack_top, reset,    on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault,
    on_fault,                  on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_uart,
};

uint32_t port_now_us(void) {
    TIMER(CAPTURE) = 1u;
    return TIMER(COUNT);
}

uint32_t port_cycles(void) { return port_now_us(); }

uint32_t port_boot_id(void) {
    uint32_t id = 0;

    RNG(START_RX) = 1u; /* START is at the same place */
    for (uint8_t k = 0; k < 4; k++) {
        while (!RNG(RNG_READY)) {
        }
        RNG(RNG_READY) = 0;
        id = id << 8 | RNG(RNG_VALUE);
    }
    return id;
}

/* The UART says when it has sent a byte, so the first one goes without being asked for. */
static void flush(void) {
    if (sends && UART(TX_READY)) {
        UART(TX_READY) = 0;
        sends = 0;
    }
    if (!sends && sent_out != sent_in) {
        sends = 1;
        UART(TXD) = unsent[sent_out++ % UNSENT];
    }
}

/* Does not sleep: no timer would wake it. */
void port_wait(void) { flush(); }

static void start_hardware(void) {
    UART(PIN_TX) = 24u;
    UART(PIN_RX) = 25u;
    UART(BAUDRATE) = BAUD_115200;
    UART(ENABLE) = 4u;
    UART(INTERRUPTS_ON) = 4u; /* a byte came */
    UART(START_TX) = 1u;
    UART(START_RX) = 1u;
    TIMER(BIT_MODE) = 3u; /* 32 bits */
    TIMER(PRESCALER) = 4u; /* 16 MHz / 2^4 */
    TIMER(START_RX) = 1u;
    NVIC_ISER = 1u << UART_IRQ;
}

void reset(void) {
    const struct firmware_memory memory = {"microbit", (uint8_t *)image, (uint8_t *)ram, sizeof image, sizeof ram};

    run(&memory);
}
