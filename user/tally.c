// SPDX-License-Identifier: GPL-2.0-only
// Reads the packet counters of an instance and adds them up.
#include <errno.h>
#include <stdlib.h>

#include "command.h"
#include "names.h"
#include "tally.h"

struct tally *tally_read(const struct datapath *datapath)
{
	struct tally *tally = calloc(1, sizeof(*tally));
	int r = tally ? datapath_counters(datapath, tally->values) : -ENOMEM;

	if (r == 0)
		r = datapath_services(datapath, tally->services);
	if (r == 0)
		return tally;
	free(tally);
	instance_failed("counters", r);
	return NULL;
}

const struct counter_value *tally_of(const struct tally *tally, enum direction direction, unsigned counter)
{
	return &tally->values[counter_index(direction, counter)];
}

const char *tally_service(const struct tally *tally, unsigned counter)
{
	const char *name;

	if (counter < COUNTER_SERVICES)
		return counter_name(counter);
	name = tally->services[counter - COUNTER_SERVICES].name;
	return *name ? name : NULL;
}

uint64_t tally_allowed(const struct tally *tally, enum direction direction)
{
	uint64_t packets = 0;

	for (unsigned i = N_REASONS; i < N_COUNTERS; i++)
		packets += tally_of(tally, direction, i)->packets;
	return packets;
}

uint64_t tally_denied(const struct tally *tally, enum direction direction)
{
	uint64_t packets = 0;

	for (unsigned i = REASON_NONE + 1; i < N_REASONS; i++)
		packets += tally_of(tally, direction, i)->packets;
	return packets;
}
