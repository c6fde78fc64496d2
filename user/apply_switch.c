// SPDX-License-Identifier: GPL-2.0-only
// Switches an instance from one generation to another.
#include "apply_switch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_sockets.h"
#include "pins.h"

void switch_remove_stale(const char *instance, uint32_t current, uint32_t previous)
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

void switch_log(const char *instance)
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

static struct settings next_settings(const struct switch_request *request)
{
	struct settings next = *request->settings;

	next.generation = request->attach.generation;
	next.half = request->half;
	next.confirm_by_ns = request->confirm_by_ns;
	if (next.generation > next.last_generation)
		next.last_generation = next.generation;
	return next;
}

static void settings_back(const struct switch_request *request)
{
	struct settings settings = *request->settings;
	struct failure ignored;

	settings.last_generation = next_settings(request).last_generation;
	sockets_set_settings(request->instance, &settings, &ignored);
}

/* Where nothing was in force there is nothing to switch back to. */
static void switch_back(const struct switch_request *request)
{
	struct attach_request attach = request->attach;
	struct interface_value interfaces[MAX_INTERFACES];
	struct failure ignored;
	size_t n = 0;

	if (!attach.previous || attach_get_interfaces(attach.instance, attach.previous, interfaces))
		return;
	while (n < MAX_INTERFACES && interfaces[n].ifindex)
		n++;
	attach.generation = request->attach.previous;
	attach.previous = request->attach.generation;
	attach.as_recorded = true;
	settings_back(request);
	attach_switch(&attach, interfaces, n, &ignored);
	attach_drop(attach.instance, request->attach.generation, interfaces, n);
}

int switch_to(const struct switch_request *request, struct interface_value *interfaces, size_t n,
	      struct failure *failure)
{
	struct settings next = next_settings(request);
	const struct adopt_request adopt = {
		.instance = request->instance,
		.policy = request->policy,
		.generation = request->generation,
		.interfaces = interfaces,
		.n_interfaces = n,
	};
	int r = sockets_set_settings(request->instance, &next, failure);

	if (r == 0 && !request->attach.previous)
		r = apply_adopt(&adopt, failure);
	if (r)
		return r;
	r = attach_switch(&request->attach, interfaces, n, failure);
	if (r) {
		settings_back(request);
		return r;
	}
	r = pins_set_generation(request->instance, "current", request->attach.generation);
	if (r) {
		failure_set(failure, r, "cannot name the new generation: %s", strerror(-r));
		switch_back(request);
	}
	return r;
}
