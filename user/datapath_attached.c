// SPDX-License-Identifier: GPL-2.0-only
// Tells what is attached to which interface, and detaches it.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "datapath_attach.h"
#include "datapath_hooks.h"
#include "datapath_internal.h"

int attach_get_interfaces(const char *instance, uint32_t generation, struct interface_value *ret)
{
	int fd = pin_open(instance, "generation/%u/interfaces", generation), r = 0;

	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < MAX_INTERFACES && r == 0; i++) {
		if (bpf_map_lookup_elem(fd, &i, &ret[i]))
			r = -errno;
	}
	close(fd);
	return r;
}

bool attach_is_among(const struct interface_value *interfaces, size_t n, uint32_t ifindex)
{
	for (size_t i = 0; i < n; i++) {
		if (interfaces[i].ifindex == ifindex)
			return true;
	}
	return false;
}

void attach_remove(const char *instance, uint32_t ifindex)
{
	hook_remove(instance, HOOK_XDP, ifindex);
	hook_remove(instance, HOOK_TCX, ifindex);
	hook_remove(instance, HOOK_CLSACT, ifindex);
}

int attach_drop(const char *instance, uint32_t from, const struct interface_value *keep, size_t n)
{
	struct interface_value interfaces[MAX_INTERFACES];
	int r = attach_get_interfaces(instance, from, interfaces);

	if (r)
		return r;
	for (size_t i = 0; i < MAX_INTERFACES; i++) {
		uint32_t ifindex = interfaces[i].ifindex;

		if (ifindex && !attach_is_among(keep, n, ifindex))
			attach_remove(instance, ifindex);
	}
	return 0;
}

int attach_check_modes(const struct attach_request *request, const struct interface_value *interfaces,
		       size_t n, struct failure *failure)
{
	static const char text[] = "%s: %s runs in %s mode; 'postern down' comes before a change of it";
	const char *instance = request->instance;

	for (size_t i = 0; i < n; i++) {
		uint32_t ifindex = interfaces[i].ifindex;
		bool is_generic = hook_xdp_is_generic(ifindex);

		if (request->xdp != XDP_AUTO && hook_program(instance, HOOK_XDP, ifindex) &&
		    is_generic != (request->xdp == XDP_GENERIC))
			return failure_set(failure, -EBUSY, text, interfaces[i].name, "xdp",
					   is_generic ? "generic" : "native");
		if (request->egress == EGRESS_CLSACT_ONLY && hook_program(instance, HOOK_TCX, ifindex))
			return failure_set(failure, -EBUSY, text, interfaces[i].name, "egress", "tcx");
		if (request->egress == EGRESS_TCX_ONLY && hook_program(instance, HOOK_CLSACT, ifindex))
			return failure_set(failure, -EBUSY, text, interfaces[i].name, "egress", "clsact");
	}
	return 0;
}

uint32_t attach_xdp_program(const char *instance, uint32_t ifindex)
{
	return hook_program(instance, HOOK_XDP, ifindex);
}

int attach_is_alive(const char *instance, const struct interface_value *interface)
{
	return hook_program(instance, HOOK_XDP, interface->ifindex) &&
	       hook_program(instance, interface->clsact ? HOOK_CLSACT : HOOK_TCX, interface->ifindex);
}

/* Links of interfaces that the generation does not have. */
static bool has_stray_link(const char *instance, const struct interface_value *interfaces)
{
	struct pin_path folder = pin_path(instance, "links");
	bool found = false;
	char **names;
	size_t n;

	if (pins_list(folder.text, &names, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned ifindex;
		char kind[4];

		if (sscanf(names[i], "%3[a-z]_%u", kind, &ifindex) == 2 &&
		    !attach_is_among(interfaces, MAX_INTERFACES, ifindex))
			found |= hook_program(instance, *kind == 'x' ? HOOK_XDP : HOOK_TCX, ifindex) != 0;
	}
	pins_free_names(names, n);
	return found;
}

/* A hook that is gone was detached by somebody or with its interface: that is no mixture. */
static bool runs_other(const char *instance, enum hook_kind kind, uint32_t ifindex, uint32_t program)
{
	uint32_t runs = hook_program(instance, kind, ifindex);

	return runs && runs != program;
}

bool attach_is_mixed(const char *instance, uint32_t generation, bool with_filters)
{
	struct interface_value interfaces[MAX_INTERFACES];
	uint32_t ingress = pinned_program(instance, generation, "ingress");
	uint32_t egress = pinned_program(instance, generation, "egress");

	if (!ingress || !egress || attach_get_interfaces(instance, generation, interfaces))
		return true;
	for (size_t i = 0; i < MAX_INTERFACES; i++) {
		uint32_t ifindex = interfaces[i].ifindex;

		if (ifindex && (runs_other(instance, HOOK_XDP, ifindex, ingress) ||
				runs_other(instance, HOOK_TCX, ifindex, egress) ||
				(with_filters && runs_other(instance, HOOK_CLSACT, ifindex, egress))))
			return true;
	}
	return has_stray_link(instance, interfaces);
}

bool attach_has_filter(const char *instance)
{
	struct pin_path generations = pin_path(instance, "generation");
	struct interface_value interfaces[MAX_INTERFACES];
	bool found = false;
	char **names;
	size_t n;

	if (pins_list(generations.text, &names, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (attach_get_interfaces(instance, strtoul(names[i], NULL, 10), interfaces))
			continue;
		for (size_t j = 0; j < MAX_INTERFACES; j++)
			found |= interfaces[j].ifindex && interfaces[j].clsact;
	}
	pins_free_names(names, n);
	return found;
}
