// SPDX-License-Identifier: GPL-2.0-only
// Follows names from one interface to another, with the rules that hold only there.
#include "interface_record.h"

#include <errno.h>
#include <string.h>

#include "datapath_attach.h"
#include "datapath_load.h"
#include "pins.h"

int interface_record_read(const char *instance, const char *which, struct interface_record *ret)
{
	uint32_t generation;
	int r = pins_get_generation(instance, which, &generation);

	*ret = (struct interface_record){.instance = instance};
	if (r)
		return r;
	r = attach_get_interfaces(instance, generation, ret->interfaces);
	if (r)
		return r;
	ret->generation = generation;
	while (ret->n < MAX_INTERFACES && ret->interfaces[ret->n].ifindex)
		ret->n++;
	return 0;
}

int interface_record_write(const struct interface_record *record)
{
	return attach_set_interfaces(record->instance, record->generation, record->interfaces, record->n);
}

size_t interface_record_find(const struct interface_record *record, const char *name)
{
	size_t i = 0;

	while (i < record->n && strcmp(record->interfaces[i].name, name) != 0)
		i++;
	return i;
}

/* An ifindex that no interface has. */
static uint32_t unused_ifindex(const struct interface_record *record)
{
	uint32_t unused = UINT32_MAX;
	size_t i = 0;

	while (i < record->n) {
		if (record->interfaces[i++].ifindex != unused)
			continue;
		unused--;
		i = 0;
	}
	return unused;
}

static int change_ifindex(struct interface_record *record, size_t i, uint32_t ifindex)
{
	uint32_t *entry = &record->interfaces[i].ifindex;
	int r = generation_move_narrowings(record->instance, record->generation, *entry, ifindex);

	if (r == 0)
		*entry = ifindex;
	return r;
}

/* The ifindex of one that is gone can be that of another one now: its rules must not hold there. */
static int vacate(struct interface_record *record, uint32_t ifindex)
{
	int r = 0;

	for (size_t i = 0; i < record->n && r == 0; i++)
		if (record->interfaces[i].ifindex == ifindex)
			r = change_ifindex(record, i, unused_ifindex(record));
	return r;
}

int interface_record_move(struct interface_record *record, const char *name, uint32_t ifindex)
{
	size_t i = interface_record_find(record, name);
	struct interface_value before;
	bool was_renamed;
	int r;

	if (i == record->n || record->interfaces[i].ifindex == ifindex)
		return 0;
	before = record->interfaces[i];
	was_renamed = attach_is_alive(record->instance, &before);
	if (was_renamed && record->n == MAX_INTERFACES)
		return -ENOSPC;
	r = vacate(record, ifindex);
	if (r == 0)
		r = change_ifindex(record, i, ifindex);
	if (r)
		return r;
	if (was_renamed)
		record->interfaces[record->n++] = before;
	else
		attach_remove(record->instance, before.ifindex);
	return interface_record_write(record);
}

int interface_record_forget_gone(struct interface_record *record)
{
	size_t n = 0;

	for (size_t i = 0; i < record->n; i++) {
		struct interface_value interface = record->interfaces[i];

		if (interface_record_find(record, interface.name) == i ||
		    attach_is_alive(record->instance, &interface))
			record->interfaces[n++] = interface;
		else
			attach_remove(record->instance, interface.ifindex);
	}
	if (n == record->n)
		return 0;
	record->n = n;
	return interface_record_write(record);
}
