// SPDX-License-Identifier: GPL-2.0-only
// The transaction that puts a policy in force.
#include "apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apply_session.h"
#include "cleanup.h"
#include "datapath.h"
#include "datapath_adopt.h"
#include "datapath_load.h"
#include "datapath_sockets.h"
#include "guard.h"
#include "links.h"
#include "pins.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* kernel 5.14 */
#endif

static void unlock(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void free_compiled(struct compiled **compiled)
{
	compiled_free(*compiled);
}

static void free_generation(struct generation **generation)
{
	generation_free(*generation);
}

/* What is in force while an apply works; `current` is 0 where nothing is. */
struct in_force {
	uint32_t current;
	struct settings settings;
	struct interface_value interfaces[MAX_INTERFACES];
	struct service_name services[MAX_SERVICES];
	char *text;
	size_t size;
};

static void in_force_free(struct in_force **in_force)
{
	if (*in_force)
		free((*in_force)->text);
	free(*in_force);
}

static int net_cookie_get(uint64_t *ret, struct failure *failure)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	socklen_t size = sizeof(*ret);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &size))
		r = failure_set(failure, -errno, "cannot tell the network namespace: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

/* Nothing in force leaves everything zero. An instance that was left half made is none. */
static int in_force_read(const char *instance, struct in_force *ret, struct failure *failure)
{
	struct datapath *datapath;
	int r = datapath_open(instance, &datapath, failure);

	if (r == -ENOENT)
		return 0;
	if (r)
		return r;
	r = pins_get_generation(instance, "current", &ret->current);
	if (r == 0)
		r = datapath_settings(datapath, &ret->settings);
	if (r == 0)
		r = datapath_services(datapath, ret->services);
	if (r == 0)
		r = datapath_policy(datapath, &ret->text, &ret->size);
	if (r == 0)
		r = attach_get_interfaces(instance, ret->current, ret->interfaces);
	datapath_close(datapath);
	return r ? failure_set(failure, r, "cannot read what is in force: %s", strerror(-r)) : 0;
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

/* An interface of ours that already carries an XDP program that is not ours is somebody else's. */
static int check_foreign_xdp(const char *instance, const struct apply_result *result,
			     const struct in_force *in_force, struct failure *failure)
{
	for (size_t i = 0; i < result->n_interfaces; i++) {
		const struct interface_value *interface = &result->interfaces[i];
		struct link link;
		bool ours = false;

		if (links_get(interface->name, &link))
			continue;
		for (size_t j = 0; in_force->current && j < MAX_INTERFACES; j++)
			ours |= in_force->interfaces[j].ifindex == interface->ifindex &&
				attach_is_alive(instance, &in_force->interfaces[j]);
		if (link.xdp != LINK_XDP_NONE && !ours)
			return failure_set(
				failure, -EBUSY,
				"%s: another XDP program is attached to it (id %u): another instance's, "
				"or somebody else's",
				interface->name, link.xdp_program);
	}
	return 0;
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

/* Everything of the instance, whether or not it is whole. */
static int remove_instance(const char *instance, struct failure *failure)
{
	struct pin_path folder = pin_path(instance, "%s", ""), links = pin_path(instance, "links");
	struct pin_path generations = pin_path(instance, "generation");
	char **names;
	size_t n;
	int r;

	/* clsact filters have no pin of their own: the generations tell where they are. */
	if (pins_list(generations.text, &names, &n) == 0) {
		for (size_t i = 0; i < n; i++)
			attach_drop(instance, strtoul(names[i], NULL, 10), NULL, 0);
		pins_free_names(names, n);
	}
	pins_remove(links.text);
	r = pins_remove(folder.text);
	return r ? failure_set(failure, r, "cannot remove %s: %s", folder.text, strerror(-r)) : 0;
}

/* The instance's folder, state maps and socket programs, where there are none yet. */
static int make_instance(const char *instance, struct in_force *in_force, struct failure *failure)
{
	struct pin_path folder = pin_path(instance, "%s", ""), generations = pin_path(instance, "generation");
	uint64_t cookie;
	int r = net_cookie_get(&cookie, failure);

	if (r)
		return r;
	if (in_force->current) {
		if (in_force->settings.net_cookie != cookie)
			return failure_set(failure, -EXDEV,
					   "instance '%s' is in force in another network namespace",
					   instance);
		return 0;
	}
	/* What a first apply that was killed left behind was never in force: it goes first. */
	r = remove_instance(instance, failure);
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

/* Folders of generations that neither are in force nor may be gone back to: left by a kill. */
static void remove_stale(const char *instance, uint32_t current, uint32_t previous)
{
	struct pin_path folder = pin_path(instance, "generation");
	char **names;
	size_t n;

	if (pins_list(folder.text, &names, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned long number = strtoul(names[i], NULL, 10);
		struct pin_path path = pin_path(instance, "generation/%s", names[i]);

		if (number != current && number != previous)
			pins_remove(path.text);
	}
	pins_free_names(names, n);
}

static int put_half(const char *instance, const struct settings *settings, uint32_t generation, uint32_t half,
		    struct failure *failure)
{
	struct settings next = *settings;

	next.generation = generation;
	next.half = half;
	if (generation > next.last_generation)
		next.last_generation = generation;
	return sockets_set_settings(instance, &next, failure);
}

static void log_applied(const char *instance)
{
	struct event event = {.kind = EVENT_APPLIED, .pid = getpid(), .uid = getuid()};
	struct failure ignored;
	struct datapath *datapath;

	snprintf(event.comm, sizeof(event.comm), "%s", "postern");
	if (datapath_open(instance, &datapath, &ignored))
		return;
	datapath_log_event(datapath, &event);
	datapath_close(datapath);
}

/* A new instance has nothing to switch back to: its caller removes it. */
static void switch_back(const struct attach_request *failed, const struct in_force *in_force)
{
	struct attach_request attach = *failed;
	struct interface_value interfaces[MAX_INTERFACES];
	struct failure ignored;
	size_t n = 0;

	if (!failed->previous || attach_get_interfaces(failed->instance, failed->previous, interfaces))
		return;
	while (n < MAX_INTERFACES && interfaces[n].ifindex)
		n++;
	attach.generation = failed->previous;
	attach.previous = failed->generation;
	sockets_set_settings(failed->instance, &in_force->settings, &ignored);
	attach_switch(&attach, interfaces, n, &ignored);
	attach_drop(failed->instance, failed->generation, interfaces, n);
}

/* Socket settings, links, names: in this order, and back in the other one. */
static int switch_to(const struct apply_request *request, const struct in_force *in_force,
		     uint32_t generation, uint32_t half, struct apply_result *result, struct failure *failure)
{
	const char *instance = request->instance;
	struct attach_request attach = {
		.instance = instance,
		.generation = generation,
		.previous = in_force->current,
		.xdp = request->xdp,
		.egress = request->egress,
	};
	int r = put_half(instance, &in_force->settings, generation, half, failure);

	if (r == 0 && !in_force->current)
		r = adopt_existing(instance, failure);
	if (r)
		return r;
	r = attach_switch(&attach, result->interfaces, result->n_interfaces, failure);
	if (r) {
		struct failure ignored;

		put_half(instance, &in_force->settings, in_force->current, in_force->settings.half, &ignored);
		return r;
	}
	r = pins_set_generation(instance, "current", generation);
	if (r) {
		failure_set(failure, r, "cannot name the new generation: %s", strerror(-r));
		switch_back(&attach, in_force);
	}
	return r;
}

/* Loads the policy and switches to it. `result->interfaces` are resolved. */
static int change(const struct apply_request *request, struct in_force *in_force, const char *text,
		  size_t size, int lock, struct apply_result *result, struct failure *failure)
{
	struct compiled *compiled CLEANUP(free_compiled) = NULL;
	struct generation *generation CLEANUP(free_generation) = NULL;
	const char *instance = request->instance, *limit = NULL;
	struct generation_request load = {
		.instance = instance,
		.number = in_force->settings.last_generation + 1,
		.half = in_force->current ? !in_force->settings.half : 0,
		.text = text,
		.size = size,
	};
	int r = compile(request->policy, in_force->current ? in_force->services : NULL, &compiled, &limit);

	if (r)
		return failure_set(failure, r == -E2BIG ? -EINVAL : r, "%s", limit ? limit : strerror(-r));
	load.compiled = compiled;
	r = generation_load(&load, &generation, failure);
	if (r == 0 && !request->may_cut_session)
		r = apply_session_check(generation, result->interfaces, result->n_interfaces, failure);
	if (r || request->dry_run)
		return r;
	remove_stale(instance, in_force->current, in_force->current);
	r = generation_pin(generation, failure);
	if (r == 0)
		r = sockets_write_half(instance, load.half, compiled, failure);
	if (r == 0)
		r = sockets_reset_counters(instance, in_force->services, compiled->services, failure);
	if (r == 0 && request->confirm_seconds) {
		r = pins_set_generation(instance, "previous", in_force->current);
		r = r ? failure_set(failure, r, "cannot remember what to go back to: %s", strerror(-r))
		      : guard_start(instance, load.number, request->confirm_seconds, lock, failure);
	}
	return r ?: switch_to(request, in_force, load.number, load.half, result, failure);
}

static void clean_up(const char *instance, bool is_new, const struct in_force *in_force)
{
	struct pin_path previous = pin_path(instance, "previous");
	struct failure ignored;

	if (is_new) {
		remove_instance(instance, &ignored);
		return;
	}
	pins_remove(previous.text);
	remove_stale(instance, in_force->current, in_force->current);
}

static int refuse_while_waiting(const char *instance, struct failure *failure)
{
	uint32_t previous;

	if (pins_get_generation(instance, "previous", &previous))
		return 0;
	return failure_set(failure, -EBUSY,
			   "a change waits to be confirmed: 'postern confirm' keeps it, waiting undoes it");
}

int apply(const struct apply_request *request, struct apply_result *ret, struct failure *failure)
{
	struct in_force *in_force CLEANUP(in_force_free) = calloc(1, sizeof(*in_force));
	struct apply_result result = {0};
	CLEANUP_FREE char *text = NULL;
	CLEANUP(unlock) int lock = -1;
	const char *instance = request->instance;
	size_t size;
	bool is_new;
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
	r = refuse_while_waiting(instance, failure);
	if (r == 0)
		r = in_force_read(instance, in_force, failure);
	if (r == 0)
		r = check_foreign_xdp(instance, &result, in_force, failure);
	if (r)
		return r;
	is_new = !in_force->current;
	if (is_same(instance, in_force, &result, text, size)) {
		memcpy(result.interfaces, in_force->interfaces, sizeof(result.interfaces));
		*ret = result;
		return 0;
	}
	r = make_instance(instance, in_force, failure);
	if (r == 0)
		r = change(request, in_force, text, size, lock, &result, failure);
	if (r || request->dry_run) {
		clean_up(instance, is_new, in_force);
	} else {
		if (!is_new)
			attach_drop(instance, in_force->current, result.interfaces, result.n_interfaces);
		if (!request->confirm_seconds)
			remove_stale(instance, in_force->settings.last_generation + 1, 0);
		log_applied(instance);
	}
	if (r)
		return r;
	result.changed = true;
	*ret = result;
	return 0;
}

int apply_confirm(const char *instance, struct failure *failure)
{
	struct pin_path path = pin_path(instance, "previous");
	CLEANUP(unlock) int lock = -1;
	uint32_t previous, current;
	int r;

	if (!pins_exist(instance))
		return failure_set(failure, -ENOENT, "nothing is in force: no instance '%s'", instance);
	lock = pins_lock(failure);
	if (lock < 0)
		return lock;
	r = pins_get_generation(instance, "previous", &previous);
	if (r == 0)
		r = pins_get_generation(instance, "current", &current);
	if (r)
		return failure_set(failure, -ENOENT, "nothing waits to be confirmed");
	r = pins_remove(path.text);
	if (r)
		return failure_set(failure, r, "cannot confirm: %s", strerror(-r));
	remove_stale(instance, current, current);
	return 0;
}

static int go_back(const char *instance, uint32_t generation, uint32_t previous, struct failure *failure)
{
	struct apply_request request = {.instance = instance};
	struct apply_result result = {0};
	struct in_force in_force = {.current = generation};
	struct pin_path path = pin_path(instance, "previous");
	uint32_t half = 0;
	int r = sockets_get_settings(instance, &in_force.settings);

	if (r == 0)
		r = generation_get_half(instance, previous, &half);
	if (r == 0)
		r = attach_get_interfaces(instance, previous, result.interfaces);
	if (r)
		return failure_set(failure, r, "cannot read what to go back to: %s", strerror(-r));
	while (result.n_interfaces < MAX_INTERFACES && result.interfaces[result.n_interfaces].ifindex)
		result.n_interfaces++;
	r = switch_to(&request, &in_force, previous, half, &result, failure);
	if (r)
		return r;
	attach_drop(instance, generation, result.interfaces, result.n_interfaces);
	r = pins_remove(path.text);
	remove_stale(instance, previous, previous);
	log_applied(instance);
	return r;
}

int apply_go_back(const char *instance, uint32_t generation, struct failure *failure)
{
	CLEANUP(unlock) int lock = pins_lock(failure);
	uint32_t previous;

	if (lock < 0)
		return lock;
	if (pins_get_generation(instance, "previous", &previous))
		return 0;
	return previous ? go_back(instance, generation, previous, failure)
			: remove_instance(instance, failure);
}

int apply_down(const char *instance, struct failure *failure)
{
	CLEANUP(unlock) int lock = -1;

	if (!pins_exist(instance))
		return failure_set(failure, -ENOENT, "nothing is in force: no instance '%s'", instance);
	lock = pins_lock(failure);
	return lock < 0 ? lock : remove_instance(instance, failure);
}
