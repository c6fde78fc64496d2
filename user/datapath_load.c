// SPDX-License-Identifier: GPL-2.0-only
// Loads a generation, fills its maps and pins it.
#include "datapath_load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_frags.h"
#include "datapath_internal.h"
#include "datapath_prepare.h"
#include "datapath_ranges.h"
#include "datapath_read.h"
#include "filter.skel.h"

struct generation {
	struct filter_bpf *filter;
	char instance[NAME_SIZE];
	uint32_t number;
};

const char *const generation_maps[] = {
	"ports",          "protocols",     "peers",          "narrowings",    "zone_sets",
	"zone_ranges4",   "zone_buckets4", "zone_ranges6",   "zone_buckets6", "block_ranges4",
	"block_buckets4", "block_ranges6", "block_buckets6", "own_addresses", "own_marks",
	"services",       "interfaces",    "generations",    "policy",        NULL,
};

void generation_free(struct generation *generation)
{
	if (!generation)
		return;
	filter_bpf__destroy(generation->filter);
	free(generation);
}

static size_t chunks_of(size_t size)
{
	return size / sizeof(struct policy_chunk) + 1; /* at least one zero behind the text */
}

/* From the policy's numbers of interfaces to the host's. */
static int fill_narrowings(const struct bpf_map *map, const struct generation_request *request)
{
	const struct compiled *compiled = request->compiled;
	size_t size = compiled->n_narrowings * sizeof(*compiled->narrowings);
	struct narrowing *narrowings CLEANUP_FREE = malloc(size);

	if (!narrowings)
		return -ENOMEM;
	memcpy(narrowings, compiled->narrowings, size);
	for (size_t i = 0; request->interfaces && i < compiled->n_narrowings; i++) {
		uint32_t number = narrowings[i].ifindex;

		if (!number)
			continue;
		if (number > request->n_interfaces)
			return -ENODEV;
		narrowings[i].ifindex = request->interfaces[number - 1].ifindex;
	}
	return map_fill(map, narrowings, compiled->n_narrowings);
}

static int fill_text(const struct bpf_map *map, const char *text, size_t size)
{
	size_t n = chunks_of(size);
	struct policy_chunk *chunks CLEANUP_FREE = calloc(n, sizeof(*chunks));

	if (!chunks)
		return -ENOMEM;
	memcpy(chunks, text, size);
	return map_fill(map, chunks, n);
}

static int fill_own_address(const struct filter_bpf *filter, const struct sockaddr *address)
{
	struct addr addr = {0};
	uint32_t mark, zero = 0;
	uint8_t one = 1;

	if (address->sa_family == AF_INET) {
		addr.word[2] = htonl(0xffff);
		addr.word[3] = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
	} else {
		memcpy(&addr, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(addr));
	}
	mark = own_mark(&addr);
	if (bpf_map_update_elem(bpf_map__fd(filter->maps.own_addresses), &addr, &zero, BPF_ANY) ||
	    bpf_map_update_elem(bpf_map__fd(filter->maps.own_marks), &mark, &one, BPF_ANY))
		return -errno;
	return 0;
}

/* Those of the current network namespace. */
static int fill_own_addresses(const struct filter_bpf *filter)
{
	struct ifaddrs *list, *entry;
	int r = 0;

	if (getifaddrs(&list))
		return -errno;
	for (entry = list; entry && r == 0; entry = entry->ifa_next) {
		sa_family_t family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;

		if (family == AF_INET || family == AF_INET6)
			r = fill_own_address(filter, entry->ifa_addr);
	}
	freeifaddrs(list);
	return r;
}

static int fill_maps(const struct filter_bpf *filter, const struct generation_request *request)
{
	const struct compiled *compiled = request->compiled;
	struct generation_value value = {
		.generation = request->number, .half = request->half, .flags = compiled->flags};
	int r = map_fill(filter->maps.ports, compiled->ports, N_PORT_RULES);

	if (r == 0)
		r = map_fill(filter->maps.protocols, compiled->protocols, N_PROTOCOL_RULES);
	if (r == 0)
		r = map_fill(filter->maps.peers, compiled->peers, compiled->n_peers);
	if (r == 0)
		r = fill_narrowings(filter->maps.narrowings, request);
	if (r == 0)
		r = map_fill(filter->maps.services, compiled->services, MAX_SERVICES);
	if (r == 0)
		r = map_fill(filter->maps.generations, &value, 1);
	if (r == 0)
		r = fill_own_addresses(filter);
	if (r == 0)
		r = fill_text(filter->maps.policy, request->text, request->size);
	return r ?: ranges_fill(filter, compiled);
}

int generation_load(const struct generation_request *request, struct generation **ret,
		    struct failure *failure)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	int r;

	if (!generation)
		return failure_set(failure, -ENOMEM, "out of memory");
	generation->number = request->number;
	strncpy(generation->instance, request->instance, sizeof(generation->instance) - 1);
	generation->filter = filter_bpf__open();
	r = generation->filter ? 0 : load_failed(failure, -errno, "the packet programs");
	if (r == 0) {
		programs_prepare(generation->filter, request->compiled, request->number);
		map_set_size(generation->filter->maps.policy, chunks_of(request->size));
		filter_take_frags(generation->filter);
		r = maps_reuse(generation->filter->obj, request->instance, failure);
	}
	if (r == 0) {
		r = filter_bpf__load(generation->filter);
		if (r)
			load_failed(failure, r, "the packet programs");
	}
	if (r == 0) {
		r = fill_maps(generation->filter, request);
		if (r)
			failure_set(failure, r, "cannot write the policy into its maps: %s", strerror(-r));
	}
	if (r) {
		generation_free(generation);
		return r;
	}
	*ret = generation;
	return 0;
}

int generation_pin(const struct generation *generation, struct failure *failure)
{
	struct pin_path folder = pin_path(generation->instance, "generation/%u", generation->number);
	const struct {
		const struct bpf_program *program;
		const char *name;
	} programs[] = {
		{generation->filter->progs.ingress, "ingress"},
		{generation->filter->progs.egress, "egress"},
		{generation->filter->progs.explain_inbound, "explain_inbound"},
		{generation->filter->progs.explain_outbound, "explain_outbound"},
	};
	int r = pins_make_folder(folder.text);

	if (r)
		return failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	for (size_t i = 0; r == 0 && i < sizeof(programs) / sizeof(programs[0]); i++)
		r = pin_fd(bpf_program__fd(programs[i].program),
			   pin_path(generation->instance, "generation/%u/%s", generation->number,
				    programs[i].name),
			   failure);
	for (size_t i = 0; r == 0 && generation_maps[i]; i++) {
		const struct bpf_map *map =
			bpf_object__find_map_by_name(generation->filter->obj, generation_maps[i]);

		r = pin_fd(bpf_map__fd(map),
			   pin_path(generation->instance, "generation/%u/%s", generation->number,
				    generation_maps[i]),
			   failure);
	}
	return r;
}

int generation_get_half(const char *instance, uint32_t number, uint32_t *ret)
{
	int fd = pin_open(instance, "generation/%u/generations", number), r = 0;
	struct generation_value value;
	uint32_t zero = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &value))
		r = -errno;
	else
		*ret = value.half;
	close(fd);
	return r;
}

int generation_move_narrowings(const char *instance, uint32_t number, uint32_t from, uint32_t to)
{
	CLEANUP_FD int fd = pin_open(instance, "generation/%u/narrowings", number);
	struct narrowing narrowing;
	uint32_t n = 0;
	int r = fd < 0 ? fd : map_size(fd, &n);

	for (uint32_t i = 0; r == 0 && i < n; i++) {
		if (bpf_map_lookup_elem(fd, &i, &narrowing))
			return -errno;
		if (narrowing.ifindex != from)
			continue;
		narrowing.ifindex = to;
		if (bpf_map_update_elem(fd, &i, &narrowing, BPF_EXIST))
			r = -errno;
	}
	return r;
}

int generation_explain(const struct generation *generation, enum direction direction, uint32_t ifindex,
		       const void *frame, size_t size, uint32_t *ret_verdict)
{
	const struct bpf_program *program = direction == INBOUND ? generation->filter->progs.explain_inbound
								 : generation->filter->progs.explain_outbound;

	return explain_run(bpf_program__fd(program), ifindex, frame, size, ret_verdict);
}
