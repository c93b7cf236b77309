/* What a test has to know of struct nb_device. */
#include <stddef.h>

#include "device.h"

size_t shim_size(void) { return sizeof(struct nb_device); }
uint8_t shim_state(const struct nb_device *d) { return d->state; }
uint32_t shim_last_tick(const struct nb_device *d) { return d->last_tick; }
uint32_t shim_trip_count(const struct nb_device *d) { return d->trip_count; }
void shim_overrun(struct nb_device *d, uint32_t n) { d->ring_overrun = n; }
