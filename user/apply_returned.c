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
#include "interface_record.h"
#include "links.h"
#include "pins.h"

/* A pin tells of an ifindex, which another interface may have by now. */
static bool is_ours(const char *instance, const struct link *link)
{
	return link->xdp != LINK_XDP_NONE &&
	       (!link->xdp_program || link->xdp_program == attach_xdp_program(instance, link->ifindex));
}

/* Not as what another name was: its rules are others. */
static bool is_filtered(const struct interface_record *record, const char *name, const struct link *link)
{
	const struct interface_value *interface = &record->interfaces[interface_record_find(record, name)];

	return interface->ifindex == link->ifindex && attach_is_alive(record->instance, interface) &&
	       is_ours(record->instance, link);
}

/* Sets `failure` where it is, and cannot be filtered. */
static bool is_unfiltered(const struct interface_record *record, const char *name, struct link *ret,
			  struct failure *failure)
{
	int r = links_get(name, ret);

	if (r == -ENODEV)
		return false;
	if (r) {
		failure_set(failure, r, "cannot look up the interface %s: %s", name, strerror(-r));
		return false;
	}
	if (is_filtered(record, name, ret) || links_check(name, ret, failure->text, sizeof(failure->text)))
		return false;
	if (ret->xdp == LINK_XDP_NONE || is_ours(record->instance, ret))
		return true;
	failure_set(failure, 0, "%s: another XDP program is attached to it (id %u)", name, ret->xdp_program);
	return false;
}

/* The next entry from `i` on whose name is that of an interface which is not filtered; record->n: none.
 * `failure` keeps the first reason why one was left out. */
static size_t next_unfiltered(const struct interface_record *record, size_t i, struct link *ret,
			      struct failure *failure)
{
	for (; i < record->n; i++) {
		const char *name = record->interfaces[i].name;
		struct failure why = {0};

		if (interface_record_find(record, name) != i)
			continue;
		if (is_unfiltered(record, name, ret, &why))
			return i;
		if (!failure->text[0])
			*failure = why;
	}
	return i;
}

int apply_count_returned(const char *instance, size_t *ret_n, struct failure *failure)
{
	struct interface_record record;
	int r = interface_record_read(instance, "current", &record);
	struct link link;

	*ret_n = 0;
	if (r == -ENOENT)
		return 0;
	if (r)
		return failure_set(failure, r, "cannot read the interfaces: %s", strerror(-r));
	for (size_t i = 0; (i = next_unfiltered(&record, i, &link, failure)) < record.n; i++)
		++*ret_n;
	return 0;
}

/* What is recorded stays so where it cannot be attached: that is what `status` warns of. */
static int filter(struct interface_record *current, struct interface_record *previous, size_t i,
		  const struct link *link, struct failure *failure)
{
	struct interface_value *interface = &current->interfaces[i];
	const struct attach_request request = {
		.instance = current->instance,
		.generation = current->generation,
		.previous = current->generation,
		.as_recorded = true,
	};
	int r = interface_record_move(current, interface->name, link->ifindex);

	/* Where that is not recorded, going back leaves it out. */
	interface_record_move(previous, interface->name, link->ifindex);
	if (r)
		return failure_set(failure, r, "%s: cannot record it: %s", interface->name, strerror(-r));
	if (!is_ours(current->instance, link))
		attach_remove(current->instance, link->ifindex);
	r = attach_add(&request, interface, failure);
	return r ?: interface_record_write(current);
}

static int filter_all(struct interface_record *current, struct interface_record *previous,
		      struct interface_value *ret, size_t *ret_n, struct failure *failure)
{
	struct failure ignored = {0};
	struct link link;
	int first = 0;

	for (size_t i = 0; (i = next_unfiltered(current, i, &link, &ignored)) < current->n; i++) {
		struct failure why = {0};
		int r = filter(current, previous, i, &link, &why);

		if (r == 0) {
			ret[(*ret_n)++] = current->interfaces[i];
		} else if (first == 0) {
			first = r;
			*failure = why;
		}
	}
	return first;
}

static int check_state(const char *instance, struct failure *failure)
{
	enum apply_state state;
	int r = apply_state_get(instance, &state, failure);

	if (r)
		return r;
	if (state == APPLY_ABSENT)
		return pins_no_instance(instance, failure);
	if (is_elsewhere(instance))
		return refuse_elsewhere(instance, failure);
	if (state == APPLY_HALF_MADE || state == APPLY_MIXED)
		return failure_set(failure, -EAGAIN,
				   "a change was interrupted: 'postern apply' or 'postern down' comes first");
	return 0;
}

int apply_returned(const char *instance, struct interface_value *ret, size_t *ret_n, struct failure *failure)
{
	CLEANUP_FD int lock = pins_lock(failure);
	struct interface_record current, previous;
	int r = lock < 0 ? lock : check_state(instance, failure);

	*ret_n = 0;
	if (r)
		return r;
	r = interface_record_read(instance, "current", &current);
	if (r == 0)
		r = interface_record_read(instance, "previous", &previous);
	if (r == 0 || r == -ENOENT)
		r = interface_record_forget_gone(&current);
	interface_record_forget_gone(&previous);
	if (r)
		return failure_set(failure, r, "cannot read the interfaces: %s", strerror(-r));
	r = filter_all(&current, &previous, ret, ret_n, failure);
	if (*ret_n)
		switch_log(instance);
	return r;
}
