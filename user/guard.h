/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that goes back by itself when nobody confirms a change. */
#ifndef POSTERN_GUARD_H
#define POSTERN_GUARD_H

#include <stdint.h>

#include "failure.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Starts it before the change is made, so that no death of the caller can leave the change without it. It is
 * in a session of its own, leaves the caller's cgroup where it can (systemd-logind may kill a login's), and
 * ends as soon as nothing waits any more. `hold` (pins_hold()) tells others that it lives; of the caller's
 * descriptors it keeps no other. It goes back at `deadline_ns` (CLOCK_BOOTTIME). 0 or -errno. */
int guard_start(const char *instance, uint32_t generation, uint64_t deadline_ns, int hold,
		struct failure *failure);

#endif
