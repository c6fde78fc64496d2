// SPDX-License-Identifier: GPL-2.0-only
// Keeps or undoes the change that waits, undoes what was interrupted, and removes instances.
#include "apply_back.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "apply_switch.h"
#include "cleanup.h"
#include "datapath_load.h"
#include "datapath_sockets.h"
#include "links.h"
#include "pins.h"

/* Detaches what the generations are, or were about to be, attached to. */
static void drop_all(const char *instance, const struct interface_value *keep, size_t n_keep)
{
	struct pin_path generations = pin_path(instance, "generation");
	char **names;
	size_t n;

	if (pins_list(generations.text, &names, &n))
		return;
	for (size_t i = 0; i < n; i++)
		attach_drop(instance, strtoul(names[i], NULL, 10), keep, n_keep);
	pins_free_names(names, n);
}

int remove_instance(const char *instance, struct failure *failure)
{
	struct pin_path folder = pin_path(instance, "%s", ""), links = pin_path(instance, "links");
	int r;

	/* clsact filters have no pin of their own: the generations tell where they are. */
	drop_all(instance, NULL, 0);
	pins_remove(links.text);
	r = pins_remove(folder.text);
	return r ? failure_set(failure, r, "cannot remove %s: %s", folder.text, strerror(-r)) : 0;
}

/* A hook that is alive is switched wherever its interface is and whatever it is called now. */
static bool still_exists(const char *instance, const struct interface_value *interface)
{
	struct link link;

	return attach_is_alive(instance, interface) ||
	       (links_get(interface->name, &link) == 0 && link.ifindex == interface->ifindex);
}

/* Those that still exist come first; returns how many there are. */
static size_t sort_interfaces(const char *instance, struct interface_value *interfaces)
{
	size_t n = 0;

	for (size_t i = 0; i < MAX_INTERFACES && interfaces[i].ifindex; i++) {
		struct interface_value interface = interfaces[i];

		if (!still_exists(instance, &interface))
			continue;
		interfaces[i] = interfaces[n];
		interfaces[n++] = interface;
	}
	return n;
}

/* Their order stays: the first of a name is the interface that has it. */
static void take_modes(struct interface_value *recorded, const struct interface_value *interfaces, size_t n)
{
	for (size_t i = 0; i < MAX_INTERFACES; i++)
		for (size_t j = 0; j < n; j++)
			if (recorded[i].ifindex == interfaces[j].ifindex)
				recorded[i] = interfaces[j];
}

/* Makes a generation that is still pinned the one in force, on those of its interfaces that still exist, and
 * removes every other. */
static int back_to(const char *instance, uint32_t generation, struct failure *failure)
{
	struct interface_value interfaces[MAX_INTERFACES], recorded[MAX_INTERFACES];
	struct pin_path previous = pin_path(instance, "previous");
	struct settings settings;
	struct switch_request request = {
		.instance = instance,
		.settings = &settings,
		.attach = {.instance = instance, .generation = generation, .as_recorded = true},
	};
	size_t n = 0;
	int r = sockets_get_settings(instance, &settings);

	if (r == 0)
		r = generation_get_half(instance, generation, &request.half);
	if (r == 0)
		r = attach_get_interfaces(instance, generation, interfaces);
	if (r)
		return failure_set(failure, r, "cannot read what to go back to: %s", strerror(-r));
	request.attach.previous = settings.generation;
	memcpy(recorded, interfaces, sizeof(recorded));
	n = sort_interfaces(instance, interfaces);
	r = switch_to(&request, interfaces, n, failure);
	if (r == 0)
		take_modes(recorded, interfaces, n);
	/* Those that are gone stay recorded: the policy names them, and `status` says that they are gone. */
	attach_set_interfaces(instance, generation, recorded, MAX_INTERFACES);
	if (r)
		return r;
	drop_all(instance, interfaces, n);
	r = pins_remove(previous.text);
	switch_remove_stale(instance, generation, generation);
	switch_log(instance);
	return r ? failure_set(failure, r, "cannot remove %s: %s", previous.text, strerror(-r)) : 0;
}

int back_to_whole(const char *instance, struct failure *failure)
{
	uint32_t generation;
	int r = pins_get_generation(instance, "previous", &generation);

	if (r == -ENOENT)
		r = pins_get_generation(instance, "current", &generation);
	if (r == -ENOENT)
		generation = 0;
	else if (r)
		return failure_set(failure, r, "cannot read what to go back to: %s", strerror(-r));
	return generation ? back_to(instance, generation, failure) : remove_instance(instance, failure);
}

int apply_confirm(const char *instance, struct failure *failure)
{
	struct pin_path path = pin_path(instance, "previous");
	CLEANUP_FD int lock = -1;
	enum apply_state state;
	uint32_t previous, current;
	int r;

	if (!pins_exist(instance))
		return pins_no_instance(instance, failure);
	lock = pins_lock(failure);
	if (lock < 0)
		return lock;
	r = pins_get_generation(instance, "previous", &previous);
	if (r)
		return failure_set(failure, -ENOENT,
				   "nothing waits to be confirmed: what did was confirmed, or has gone back");
	r = apply_state_get(instance, &state, failure);
	if (r)
		return r;
	if (state == APPLY_MIXED || state == APPLY_HALF_MADE) {
		if (is_elsewhere(instance))
			return refuse_elsewhere(instance, failure);
		r = back_to_whole(instance, failure);
		return r
			       ?: failure_set(
					  failure, -ECANCELED,
					  "the change was interrupted before it was in force: it is undone");
	}
	r = pins_get_generation(instance, "current", &current);
	if (r == 0)
		r = pins_remove(path.text);
	if (r)
		return failure_set(failure, r, "cannot confirm: %s", strerror(-r));
	switch_remove_stale(instance, current, current);
	return 0;
}

int apply_go_back(const char *instance, uint32_t generation, struct failure *failure)
{
	CLEANUP_FD int lock = pins_lock(failure);
	struct settings settings;
	uint32_t previous;

	if (lock < 0)
		return lock;
	if (pins_get_generation(instance, "previous", &previous))
		return 0;
	/* While it waited for the lock this one may have been confirmed, and another be waiting now. */
	if (sockets_get_settings(instance, &settings) == 0 && settings.last_generation > generation)
		return 0;
	return back_to_whole(instance, failure);
}

int apply_down(const char *instance, bool force, struct failure *failure)
{
	CLEANUP_FD int lock = -1;

	if (!pins_exist(instance))
		return pins_no_instance(instance, failure);
	lock = pins_lock(failure);
	if (lock < 0)
		return lock;
	if (!force && is_elsewhere(instance) && attach_has_filter(instance))
		return failure_set(
			failure, -EXDEV,
			"instance '%s' has a clsact filter in another network namespace, which can "
			"only be removed there: use --netns, or --force where that namespace is gone",
			instance);
	return remove_instance(instance, failure);
}
