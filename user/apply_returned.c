// SPDX-License-Identifier: GPL-2.0-only
// Names stay in force where their interfaces go: what comes back under one of them is filtered again.
#include "apply_returned.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apply_state.h"
#include "apply_switch.h"
#include "cleanup.h"
#include "datapath_attach.h"
#include "datapath_load.h"
#include "links.h"
#include "pins.h"

/* Of a generation: the interfaces as they are recorded, and as they are to be. */
struct change {
	const char *instance;
	uint32_t generation;
	struct interface_value before[MAX_INTERFACES];
	struct interface_value interfaces[MAX_INTERFACES];
	size_t n;
	struct {
		uint32_t from; /* the ifindex that the name stood for */
		uint32_t to;
	} moves[MAX_INTERFACES];
	size_t n_moves;
};

static int read_change(const char *instance, struct change *ret)
{
	int r = pins_get_generation(instance, "current", &ret->generation);

	if (r == 0)
		r = attach_get_interfaces(instance, ret->generation, ret->before);
	if (r)
		return r;
	ret->instance = instance;
	memcpy(ret->interfaces, ret->before, sizeof(ret->interfaces));
	while (ret->n < MAX_INTERFACES && ret->interfaces[ret->n].ifindex)
		ret->n++;
	return 0;
}

static bool is_filtered(const struct change *change, uint32_t ifindex)
{
	for (size_t i = 0; i < change->n; i++)
		if (change->interfaces[i].ifindex == ifindex &&
		    attach_is_alive(change->instance, &change->interfaces[i]))
			return true;
	return false;
}

static bool can_be_filtered(const struct change *change, const char *name, struct failure *failure)
{
	struct link link;

	if (links_check(name, &link, failure->text, sizeof(failure->text)))
		return false;
	if (link.xdp == LINK_XDP_NONE ||
	    link.xdp_program == attach_xdp_program(change->instance, link.ifindex))
		return true;
	failure_set(failure, 0, "%s: another XDP program is attached to it (id %u)", name, link.xdp_program);
	return false;
}

/* One that was renamed is filtered on, beside the one that has its name now. */
static void take(struct change *change, size_t i, uint32_t ifindex)
{
	struct interface_value *to = &change->interfaces[i];

	change->moves[change->n_moves].from = to->ifindex;
	change->moves[change->n_moves++].to = ifindex;
	if (attach_is_alive(change->instance, to)) {
		change->interfaces[change->n] = *to;
		to = &change->interfaces[change->n++];
	}
	to->ifindex = ifindex;
}

static int find(const char *instance, struct change *change, struct interface_value *ret, size_t *ret_n,
		struct failure *failure)
{
	int r = read_change(instance, change);
	size_t n = change->n;

	*ret_n = 0;
	for (size_t i = 0; r == 0 && i < n && change->n < MAX_INTERFACES; i++) {
		struct interface_value came = change->interfaces[i];
		struct link link;

		if (links_get(came.name, &link) || is_filtered(change, link.ifindex) ||
		    !can_be_filtered(change, came.name, failure))
			continue;
		take(change, i, link.ifindex);
		came.ifindex = link.ifindex;
		ret[(*ret_n)++] = came;
	}
	return r;
}

int apply_find_returned(const char *instance, struct interface_value *ret, size_t *ret_n,
			struct failure *failure)
{
	struct change change = {0};

	return find(instance, &change, ret, ret_n, failure);
}

/* What is left of those that are gone. */
static void drop_gone(const struct change *change)
{
	for (size_t i = 0; i < MAX_INTERFACES && change->before[i].ifindex; i++)
		if (!is_filtered(change, change->before[i].ifindex))
			attach_remove(change->instance, change->before[i].ifindex);
}

static int move_narrowings(const struct change *change)
{
	int r = 0;

	for (size_t i = 0; i < change->n_moves && r == 0; i++)
		r = generation_move_narrowings(change->instance, change->generation, change->moves[i].from,
					       change->moves[i].to);
	return r;
}

static void move_narrowings_back(const struct change *change)
{
	for (size_t i = change->n_moves; i-- > 0;)
		generation_move_narrowings(change->instance, change->generation, change->moves[i].to,
					   change->moves[i].from);
}

static int filter(struct change *change, struct failure *failure)
{
	const struct attach_request request = {
		.instance = change->instance,
		.generation = change->generation,
		.previous = change->generation,
		.as_recorded = true,
	};
	size_t n = interfaces_sort_existing(change->instance, change->interfaces);
	int r = move_narrowings(change);

	if (r)
		failure_set(failure, r, "cannot move the rules of an interface: %s", strerror(-r));
	else
		r = attach_switch(&request, change->interfaces, n, failure);
	if (r)
		move_narrowings_back(change);
	/* Those that are gone stay recorded: the policy names them. */
	attach_set_interfaces(change->instance, change->generation, r ? change->before : change->interfaces,
			      MAX_INTERFACES);
	if (r)
		return r;
	drop_gone(change);
	switch_log(change->instance);
	return 0;
}

int apply_returned(const char *instance, struct interface_value *ret, size_t *ret_n, struct failure *failure)
{
	CLEANUP_FD int lock = pins_lock(failure);
	struct change change = {0};
	enum apply_state state;
	int r = lock < 0 ? lock : apply_state_get(instance, &state, failure);

	*ret_n = 0;
	if (r || (state != APPLY_WHOLE && state != APPLY_WAITING))
		return r;
	r = find(instance, &change, ret, ret_n, failure);
	if (r)
		return failure_set(failure, r, "cannot read the interfaces: %s", strerror(-r));
	return *ret_n ? filter(&change, failure) : 0;
}
