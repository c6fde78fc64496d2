/* SPDX-License-Identifier: GPL-2.0-only */
/* Which interfaces the names of a pinned generation stand for, and how that changes. */
#ifndef POSTERN_INTERFACE_RECORD_H
#define POSTERN_INTERFACE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* The first entry of a name is the interface that has it, further ones have had it: they were renamed, and
 * are filtered on. */
struct interface_record {
	const char *instance; /* not owned */
	uint32_t generation;
	struct interface_value interfaces[MAX_INTERFACES];
	size_t n;
};

/* `which`: "current" or "previous". 0 or -errno (-ENOENT: there is no such generation), then it is empty. */
int interface_record_read(const char *instance, const char *which, struct interface_record *ret);
int interface_record_write(const struct interface_record *record);

/* The first entry of the name; record->n: there is none. */
size_t interface_record_find(const struct interface_record *record, const char *name);

/* A name that is recorded is that of another interface now: its rules hold there. One that had it before is
 * kept as a further entry where it is filtered still. 0; -ENOSPC: there is no room for that; another -errno.
 */
int interface_record_move(struct interface_record *record, const char *name, uint32_t ifindex);

/* Forgets the further entries whose interfaces are gone. 0 or -errno. */
int interface_record_forget_gone(struct interface_record *record);

#endif
