// SPDX-License-Identifier: GPL-2.0-only
// The transaction that puts a policy in force.
#include "apply.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply_back.h"
#include "apply_session.h"
#include "apply_state.h"
#include "apply_switch.h"
#include "cleanup.h"
#include "datapath_load.h"
#include "datapath_sockets.h"
#include "guard.h"
#include "links.h"
#include "owner.h"
#include "pins.h"

static void free_compiled(struct compiled **compiled)
{
	compiled_free(*compiled);
}

static void free_generation(struct generation **generation)
{
	generation_free(*generation);
}

static void free_in_force(struct in_force **in_force)
{
	in_force_free(*in_force);
}

static int resolve_interfaces(const struct policy *policy, struct apply_result *result,
			      struct failure *failure)
{
	if (!policy->n_interfaces)
		return failure_set(failure, -EINVAL,
				   "no interfaces: the policy names none, and there is no -i");
	if (policy->n_interfaces > MAX_INTERFACES)
		return failure_set(failure, -EINVAL, "at most %d interfaces", MAX_INTERFACES);
	for (size_t i = 0; i < policy->n_interfaces; i++) {
		struct interface_value *to = &result->interfaces[i];
		struct link link;
		int r = links_check(policy->interfaces[i], &link, failure->text, sizeof(failure->text));

		if (r)
			return r;
		memcpy(to->name, link.name, sizeof(to->name));
		to->ifindex = link.ifindex;
	}
	result->n_interfaces = policy->n_interfaces;
	return 0;
}

/* An interface under an XDP program that is not ours is somebody else's. */
static int check_foreign_xdp(const char *instance, const struct apply_result *result, struct failure *failure)
{
	for (size_t i = 0; i < result->n_interfaces; i++) {
		const struct interface_value *interface = &result->interfaces[i];
		uint32_t ours = attach_xdp_program(instance, interface->ifindex);
		struct link link;

		if (links_get(interface->name, &link))
			continue;
		if (link.xdp != LINK_XDP_NONE && link.xdp_program != ours)
			return failure_set(
				failure, -EBUSY,
				"%s: another XDP program is attached to it (id %u): another instance's, "
				"or somebody else's; 'bpftool prog show id %u' tells more",
				interface->name, link.xdp_program, link.xdp_program);
	}
	return 0;
}

/* The same names may mean others than before: a user or a mount that came since. */
static bool has_same_owners(const char *instance, const struct in_force *in_force,
			    const struct policy *policy)
{
	struct ftp_owner_value *now CLEANUP_FREE = calloc(2 * MAX_FTP_SERVERS, sizeof(*now));

	if (!now || sockets_get_owners(instance, in_force->settings.half & 1, now + MAX_FTP_SERVERS))
		return false;
	owners_resolve(policy, now);
	return memcmp(now, now + MAX_FTP_SERVERS, MAX_FTP_SERVERS * sizeof(*now)) == 0;
}

static bool is_same(const char *instance, const struct in_force *in_force, const struct apply_result *result,
		    const char *text, size_t size)
{
	size_t alive = 0, recorded = 0;

	if (!in_force->current || in_force->size != size || memcmp(in_force->text, text, size) != 0)
		return false;
	for (size_t i = 0; i < MAX_INTERFACES; i++)
		recorded += in_force->interfaces[i].ifindex != 0;
	for (size_t i = 0; i < result->n_interfaces; i++)
		for (size_t j = 0; j < MAX_INTERFACES; j++)
			alive += in_force->interfaces[j].ifindex == result->interfaces[i].ifindex &&
				 attach_is_alive(instance, &in_force->interfaces[j]);
	return alive == result->n_interfaces && recorded == alive;
}

/* The instance's folder, state maps and socket programs, where there are none yet. */
static int make_instance(const char *instance, struct in_force *in_force, struct failure *failure)
{
	struct pin_path folder = pin_path(instance, "%s", ""), generations = pin_path(instance, "generation");
	uint64_t cookie;
	int r;

	if (in_force->current)
		return 0;
	r = net_cookie_get(&cookie, failure);
	if (r)
		return r;
	r = pins_make_folder(folder.text);
	if (r == 0)
		r = pins_make_folder(generations.text);
	if (r == 0)
		r = pins_link_maps(instance, generation_maps);
	if (r)
		return failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	r = sockets_create(instance, cookie, failure);
	return r ?: sockets_get_settings(instance, &in_force->settings);
}

/* See struct settings. */
static uint64_t confirm_by(const struct apply_request *request)
{
	return request->confirm_seconds ? request->began_ns + request->confirm_seconds * NS_PER_SECOND : 0;
}

/* From the moment that "previous" is there, either a holder of the lock lives, or the change is to be undone.
 */
static int prepare_way_back(const struct apply_request *request, uint32_t current, uint32_t next,
			    struct failure *failure)
{
	const char *instance = request->instance;
	CLEANUP_FD int hold = pins_hold(instance);
	int r = hold < 0 ? hold : pins_set_generation(instance, "previous", current);

	if (r)
		return failure_set(failure, r, "cannot remember what to go back to: %s", strerror(-r));
	return guard_start(instance, next, confirm_by(request), hold, failure);
}

/* Loads the policy and switches to it. `result->interfaces` are resolved. */
static int change(const struct apply_request *request, struct in_force *in_force, const char *text,
		  size_t size, struct apply_result *result, struct failure *failure)
{
	struct compiled *compiled CLEANUP(free_compiled) = NULL;
	struct generation *generation CLEANUP(free_generation) = NULL;
	struct ftp_owner_value *owners CLEANUP_FREE = calloc(MAX_FTP_SERVERS, sizeof(*owners));
	const char *instance = request->instance, *limit = NULL;
	struct generation_request load = {
		.instance = instance,
		.number = in_force->settings.last_generation + 1,
		.half = in_force->current ? !in_force->settings.half : 0,
		.text = text,
		.size = size,
		.interfaces = result->interfaces,
		.n_interfaces = result->n_interfaces,
	};
	struct switch_request to = {
		.instance = instance,
		.settings = &in_force->settings,
		.confirm_by_ns = confirm_by(request),
		.half = load.half,
		.attach =
			{
				.instance = instance,
				.generation = load.number,
				.previous = in_force->current,
				.xdp = request->xdp,
				.egress = request->egress,
			},
	};
	int r = owners ? compile(request->policy, in_force->current ? in_force->services : NULL, &compiled,
				 &limit)
		       : -ENOMEM;

	if (r)
		return failure_set(failure, r == -E2BIG ? -EINVAL : r, "%s", limit ? limit : strerror(-r));
	load.compiled = compiled;
	owners_resolve(request->policy, owners);
	r = generation_load(&load, &generation, failure);
	if (r == 0 && !request->may_cut_session)
		r = apply_session_check(generation, result->interfaces, result->n_interfaces, failure);
	if (r || request->dry_run)
		return r;
	to.policy = request->policy;
	to.generation = generation;
	switch_remove_stale(instance, in_force->current, in_force->current);
	r = generation_pin(generation, failure);
	if (r == 0)
		r = sockets_write_half(instance, load.half, compiled, owners, failure);
	if (r == 0)
		r = sockets_reset_counters(instance, in_force->services, compiled->services, failure);
	if (r == 0 && request->confirm_seconds)
		r = prepare_way_back(request, in_force->current, load.number, failure);
	return r ?: switch_to(&to, result->interfaces, result->n_interfaces, failure);
}

static void clean_up(const char *instance, const struct in_force *in_force)
{
	struct pin_path previous = pin_path(instance, "previous");
	struct failure ignored;

	if (!in_force->current) {
		remove_instance(instance, &ignored);
		return;
	}
	pins_remove(previous.text);
	switch_remove_stale(instance, in_force->current, in_force->current);
}

/* What an earlier change left, where it was interrupted. */
static int make_whole(const struct apply_request *request, bool *ret_undid, struct failure *failure)
{
	const char *instance = request->instance;
	enum apply_state state;
	int r = apply_state_get(instance, &state, failure);

	if (r || state == APPLY_ABSENT)
		return r;
	if (is_elsewhere(instance) && (state != APPLY_HALF_MADE || attach_has_filter(instance)))
		return refuse_elsewhere(instance, failure);
	if (state == APPLY_WHOLE)
		return 0;
	if (state == APPLY_WAITING)
		return failure_set(
			failure, -EBUSY,
			"a change waits to be confirmed: 'postern confirm' keeps it, waiting undoes it");
	if (request->dry_run)
		return failure_set(failure, -EBUSY,
				   "an earlier apply was interrupted, which a dry run does not repair: "
				   "'postern apply' or 'postern down' comes first");
	r = back_to_whole(instance, failure);
	if (r == 0)
		*ret_undid = true;
	return r;
}

/* What is filtered still and not among the interfaces of the policy. */
static void find_left(const char *instance, const struct in_force *in_force, struct apply_result *result)
{
	for (size_t i = 0; i < MAX_INTERFACES && in_force->interfaces[i].ifindex; i++) {
		struct interface_value interface = in_force->interfaces[i];

		if (attach_is_among(result->interfaces, result->n_interfaces, interface.ifindex) ||
		    !attach_is_alive(instance, &interface))
			continue;
		if_indextoname(interface.ifindex, interface.name);
		result->left[result->n_left++] = interface;
	}
}

/* With the lock, in a whole instance. */
static int put_in_force(const struct apply_request *request, struct in_force *in_force, const char *text,
			size_t size, struct apply_result *result, struct failure *failure)
{
	const char *instance = request->instance;
	struct attach_request modes = {.instance = instance, .xdp = request->xdp, .egress = request->egress};
	int r = in_force_read(instance, in_force, failure);

	if (r == 0)
		r = check_foreign_xdp(instance, result, failure);
	if (r == 0)
		r = attach_check_modes(&modes, result->interfaces, result->n_interfaces, failure);
	if (r)
		return r;
	if (is_same(instance, in_force, result, text, size) &&
	    has_same_owners(instance, in_force, request->policy)) {
		memcpy(result->interfaces, in_force->interfaces, sizeof(result->interfaces));
		result->changed = result->undid_earlier;
		return 0;
	}
	find_left(instance, in_force, result);
	r = make_instance(instance, in_force, failure);
	if (r == 0)
		r = change(request, in_force, text, size, result, failure);
	if (r || request->dry_run) {
		clean_up(instance, in_force);
	} else {
		if (in_force->current)
			attach_drop(instance, in_force->current, result->interfaces, result->n_interfaces);
		if (!request->confirm_seconds)
			switch_remove_stale(instance, in_force->settings.last_generation + 1, 0);
		switch_log(instance);
	}
	result->changed = true;
	return r;
}

int apply(const struct apply_request *request, struct apply_result *ret, struct failure *failure)
{
	struct in_force *in_force CLEANUP(free_in_force) = calloc(1, sizeof(*in_force));
	struct apply_result result = {0};
	CLEANUP_FREE char *text = NULL;
	CLEANUP_FD int lock = -1;
	size_t size;
	int r = in_force ? resolve_interfaces(request->policy, &result, failure) : -ENOMEM;

	if (r)
		return r;
	r = source_set_format(request->sources, &text, &size);
	if (r)
		return failure_set(failure, r, "cannot keep the policy: %s", strerror(-r));
	r = pins_prepare(failure);
	if (r)
		return r;
	lock = pins_lock(failure);
	if (lock < 0)
		return lock;
	/* While it waited for the lock, one of them may have been made again and filtered: its filter would
	 * seem somebody else's. */
	r = resolve_interfaces(request->policy, &result, failure);
	if (r)
		return r;
	r = make_whole(request, &result.undid_earlier, failure);
	ret->undid_earlier = result.undid_earlier;
	if (r == 0)
		r = put_in_force(request, in_force, text, size, &result, failure);
	if (r)
		return r;
	*ret = result;
	return 0;
}
