// SPDX-License-Identifier: GPL-2.0-only
/* Gives every service of a policy its counter index, the one that it had before where it had one. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile_parts.h"

#define FTP_PREFIX "ftp:" /* no service's name has a colon */

static_assert(MAX_SERVICES == 4096, "the limit is spelled out below");
static_assert(NAME_SIZE - sizeof(FTP_PREFIX) == 27, "the limit is spelled out below");

static const char too_many[] = "at most 4096 services in rules, FTP servers included";
static const char long_name[] = "names of services of at most 31 characters, of FTP servers at most 27";

struct name_slot {
	char name[NAME_SIZE];
	uint16_t *index; /* where the answer goes */
};

struct name_slots {
	struct name_slot *slots;
	size_t n;
};

static int add_name(struct name_slots *names, const char *prefix, const char *name, uint16_t *index,
		    const char **ret_limit)
{
	struct name_slot *slot = &names->slots[names->n];
	int length;

	if (names->n == MAX_SERVICES) {
		*ret_limit = too_many;
		return -E2BIG;
	}
	length = snprintf(slot->name, sizeof(slot->name), "%s%s", prefix, name);
	if (length < 0 || (size_t)length >= sizeof(slot->name)) {
		*ret_limit = long_name;
		return -E2BIG;
	}
	slot->index = index;
	names->n++;
	return 0;
}

static void mark_services(const struct rule *rules, size_t n, bool *used)
{
	for (size_t i = 0; i < n; i++)
		used[rules[i].service] = true;
}

static int collect_names(const struct policy *policy, bool *used, struct service_indexes *indexes,
			 struct name_slots *names, const char **ret_limit)
{
	int err = 0;

	mark_services(policy->inbound, policy->n_inbound, used);
	mark_services(policy->outbound, policy->n_outbound, used);
	for (size_t i = 0; i < policy->n_services && !err; i++)
		if (used[i])
			err = add_name(names, "", policy->services[i].name, &indexes->services[i], ret_limit);
	for (size_t i = 0; i < policy->n_ftp && !err; i++)
		err = add_name(names, FTP_PREFIX, policy->ftp[i].name, &indexes->ftp[i], ret_limit);
	return err;
}

static int compare_slots(const void *a, const void *b)
{
	return strcmp(((const struct name_slot *)a)->name, ((const struct name_slot *)b)->name);
}

static void place_name(struct name_slot *slot, size_t index, struct service_name *services)
{
	memcpy(services[index].name, slot->name, sizeof(slot->name));
	*slot->index = (uint16_t)index;
	slot->index = NULL;
}

static void keep_indexes(struct name_slots *names, const struct service_name *previous,
			 struct service_name *services)
{
	struct name_slot key;
	struct name_slot *slot;

	qsort(names->slots, names->n, sizeof(*names->slots), compare_slots);
	for (size_t i = 0; i < MAX_SERVICES; i++) {
		snprintf(key.name, sizeof(key.name), "%.*s", NAME_SIZE - 1, previous[i].name);
		slot = bsearch(&key, names->slots, names->n, sizeof(*names->slots), compare_slots);
		if (slot && slot->index)
			place_name(slot, i, services);
	}
}

/* The next free index from `i` on; `fresh`: only one that the previous generation did not use. */
static size_t next_free(const struct service_name *services, const struct service_name *previous, size_t i,
			bool fresh)
{
	while (i < MAX_SERVICES && (services[i].name[0] || (fresh && previous && previous[i].name[0])))
		i++;
	return i;
}

/* An index that was just freed is taken last: until the switch, the generation in force still counts
 * for its old name there. */
static void give_indexes(struct name_slots *names, const struct service_name *previous,
			 struct service_name *services)
{
	bool fresh = true;
	size_t next = 0;

	for (size_t i = 0; i < names->n; i++) {
		if (!names->slots[i].index)
			continue;
		next = next_free(services, previous, next, fresh);
		if (next == MAX_SERVICES) {
			fresh = false;
			next = next_free(services, previous, 0, fresh);
		}
		place_name(&names->slots[i], next, services);
	}
}

int compile_services(const struct policy *policy, const struct service_name *previous,
		     struct compiled *compiled, struct service_indexes *ret, const char **ret_limit)
{
	struct name_slots names = {0};
	bool *used;
	int err = -ENOMEM;

	names.slots = calloc(MAX_SERVICES, sizeof(*names.slots));
	used = calloc(policy->n_services + 1, sizeof(*used));
	if (names.slots && used)
		err = collect_names(policy, used, ret, &names, ret_limit);
	if (!err) {
		if (previous)
			keep_indexes(&names, previous, compiled->services);
		give_indexes(&names, previous, compiled->services);
	}
	free(used);
	free(names.slots);
	return err;
}
