/* The core that is linked into a firmware. */
#ifndef NB_CORE_H
#define NB_CORE_H

#include "device.h"

extern const struct nb_ops nb_core_ops;    /* all but actuate and write, which are the port's */
extern const uint8_t nb_core_arithmetic;   /* its version of the arithmetic */

#endif
