/* Arm's MPS2 boards with a Cortex-M3 (AN385), M4 (AN386) or M7 (AN500), real or under QEMU: UART0, SysTick for time.
 *
 * There are no motors: outputs stay in `outputs`, for a debugger.
 */
#define REGISTER(at) (*(volatile uint32_t *)(at))
#define CLOCK_HZ 25000000u
#define BAUD 115200u

/* CMSDK APB UART */
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_INTERRUPTS REGISTER(0x4000400Cu)
#define UART_BAUDDIV REGISTER(0x40004010u)
#define TX_FULL 1u
#define RX_FULL 2u
#define RX_OVERRUN 8u

/* the core's own */
#define SYST_CSR REGISTER(0xE000E010u)
#define SYST_RVR REGISTER(0xE000E014u)
#define SYST_CVR REGISTER(0xE000E018u)
#define NVIC_ISER0 REGISTER(0xE000E100u)

#define TICKS_MS (CLOCK_HZ / 1000u)
#define RING 1024u /* powers of two */
#define UNSENT 2048u
#define OUTPUTS 64u

#include "../bare.h"

static __attribute__((section(".arena"))) uint32_t image[(1u << 20) / 4u], ram[(1u << 20) / 4u];
static __attribute__((section(".noinit"))) uint32_t boots; /* kept over a reset, whatever it was at power-up */
static volatile uint32_t milliseconds;

void reset(void);
static void on_systick(void) { milliseconds++; }

static void on_receive(void) {
    UART_INTERRUPTS = 2u; /* cleared first: a byte that comes now asks again */
    while (UART_STATE & RX_FULL) {
        received((uint8_t)UART_DATA);
    }
    if (UART_STATE & RX_OVERRUN) {
        UART_STATE = RX_OVERRUN;
        lost++;
    }
}

__attribute__((section(".vectors"), used)) static void (*const VECTORS[])(void) = {
    (void (*)(void))stack_top, reset,    on_fault, on_fault, on_fault, on_fault, on_fault, on_fault, on_fault,
    on_fault,                  on_fault, on_fault, on_fault, on_fault, on_fault, on_systick, on_receive,
};

/* Since the start. The counter may have begun anew before its interrupt was served, so that a time would lie before one
 * that was told already: then that one is told again. */
static struct moment {
    uint32_t ms, clocks;
} now(void) {
    static struct moment told;
    struct moment t;
    uint32_t left;

    do {
        t.ms = milliseconds;
        left = SYST_CVR;
    } while (t.ms != milliseconds);
    t.clocks = TICKS_MS - 1u - left;
    if (t.ms != told.ms || t.clocks > told.clocks) {
        told = t;
    }
    return told;
}

uint32_t port_now_us(void) {
    struct moment t = now();

    return t.ms * 1000u + t.clocks / (CLOCK_HZ / 1000000u);
}

uint32_t port_cycles(void) {
    struct moment t = now();

    return t.ms * TICKS_MS + t.clocks;
}

uint32_t port_boot_id(void) { return ++boots * 2654435761u ^ port_cycles() * 40503u; }

static void flush(void) {
    while (sent_out != sent_in && !(UART_STATE & TX_FULL)) {
        UART_DATA = unsent[sent_out++ % UNSENT];
    }
}

/* Sleeps until a byte or the next millisecond comes, unless there is something to send. Interrupts are off meanwhile:
 * none is served between the look at the ring and the sleep, which a pending one ends. */
void port_wait(void) {
    flush();
    __asm volatile("cpsid i" ::: "memory");
    if (ring_out == ring_in && sent_out == sent_in) {
        __asm volatile("wfi");
    }
    __asm volatile("cpsie i" ::: "memory");
}

static void start_hardware(void) {
    UART_BAUDDIV = CLOCK_HZ / BAUD;
    UART_CTRL = 1u | 2u | 8u; /* send, receive, interrupt for what was received */
    SYST_RVR = TICKS_MS - 1u;
    SYST_CVR = 0;
    SYST_CSR = 7u; /* on, with interrupt, at the processor's clock */
    NVIC_ISER0 = 1u;
}

void reset(void) {
    const struct firmware_memory memory = {"mps2", (uint8_t *)image, (uint8_t *)ram, sizeof image, sizeof ram};

    run(&memory);
}
