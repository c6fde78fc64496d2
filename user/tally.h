/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet counters of an instance, as commands print them. */
#ifndef POSTERN_TALLY_H
#define POSTERN_TALLY_H

#include "datapath.h"

struct tally {
	struct counter_value values[N_DIRECTIONS * N_COUNTERS];
	struct service_name services[MAX_SERVICES];
};

/* malloc()ed; NULL where it cannot be read (said on stderr). */
struct tally *tally_read(const struct datapath *datapath);

const struct counter_value *tally_of(const struct tally *tally, enum direction direction, unsigned counter);
/* The name under which `counter` is a service, NULL where nothing is counted under it. */
const char *tally_service(const struct tally *tally, unsigned counter);

/* Packets, over all services, and over all reasons. */
uint64_t tally_allowed(const struct tally *tally, enum direction direction);
uint64_t tally_denied(const struct tally *tally, enum direction direction);

#endif
