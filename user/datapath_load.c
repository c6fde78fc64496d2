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
#include "datapath_internal.h"
#include "datapath_trie.h"
#include "filter.skel.h"

struct generation {
	struct filter_bpf *filter;
	char instance[NAME_SIZE];
	uint32_t number;
};

const char *const generation_maps[] = {
	"ports",         "protocols", "peers",    "zones4",     "zones6",      "block4", "block6",
	"own_addresses", "own_marks", "services", "interfaces", "generations", "policy", NULL,
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

/* The kernel refuses maps without entries. */
static uint32_t at_least_one(size_t n)
{
	return n ? (uint32_t)n : 1;
}

static void size_maps(struct filter_bpf *filter, const struct generation_request *request)
{
	const struct compiled *compiled = request->compiled;

	bpf_map__set_max_entries(filter->maps.zones4, at_least_one(compiled->n_prefixes4));
	bpf_map__set_max_entries(filter->maps.zones6,
				 at_least_one(compiled->n_prefixes - compiled->n_prefixes4));
	bpf_map__set_max_entries(filter->maps.block4, at_least_one(compiled->n_block4));
	bpf_map__set_max_entries(filter->maps.block6, at_least_one(compiled->n_block - compiled->n_block4));
	bpf_map__set_max_entries(filter->maps.policy, at_least_one(chunks_of(request->size)));
}

/* Writes entries 0 to n-1 of an array map. */
static int fill_array(const struct bpf_map *map, const void *values, size_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t *keys CLEANUP_FREE = NULL, count = n;

	if (!n)
		return 0;
	keys = malloc(n * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		keys[i] = i;
	return bpf_map_update_batch(bpf_map__fd(map), keys, values, &count, &options) ? -errno : 0;
}

static int fill_text(const struct bpf_map *map, const char *text, size_t size)
{
	size_t n = chunks_of(size);
	struct policy_chunk *chunks CLEANUP_FREE = calloc(n, sizeof(*chunks));

	if (!chunks)
		return -ENOMEM;
	memcpy(chunks, text, size);
	return fill_array(map, chunks, n);
}

static int fill_tries(const struct filter_bpf *filter, const struct compiled *compiled)
{
	struct trie_entries zones = {compiled->prefixes, sizeof(*compiled->prefixes),
				     offsetof(struct compiled_prefix, zones), sizeof(struct zone_set)};
	struct trie_entries block = {compiled->block, sizeof(*compiled->block), TRIE_NO_VALUE,
				     sizeof(uint32_t)};
	size_t n4 = compiled->n_prefixes4, block4 = compiled->n_block4;
	int r = trie_fill(filter->maps.zones4, &zones, 0, n4);

	r = r ?: trie_fill(filter->maps.zones6, &zones, n4, compiled->n_prefixes - n4);
	r = r ?: trie_fill(filter->maps.block4, &block, 0, block4);
	return r ?: trie_fill(filter->maps.block6, &block, block4, compiled->n_block - block4);
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
	int r = fill_array(filter->maps.ports, compiled->ports, N_PORT_RULES);

	if (r == 0)
		r = fill_array(filter->maps.protocols, compiled->protocols, N_PROTOCOL_RULES);
	if (r == 0)
		r = fill_array(filter->maps.peers, compiled->peers, compiled->n_peers);
	if (r == 0)
		r = fill_array(filter->maps.services, compiled->services, MAX_SERVICES);
	if (r == 0)
		r = fill_array(filter->maps.generations, &value, 1);
	if (r == 0)
		r = fill_own_addresses(filter);
	if (r == 0)
		r = fill_text(filter->maps.policy, request->text, request->size);
	return r ?: fill_tries(filter, compiled);
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
		generation->filter->rodata->generation = request->number;
		generation->filter->rodata->flags = request->compiled->flags;
		size_maps(generation->filter, request);
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

int generation_explain(const struct generation *generation, enum direction direction, const void *frame,
		       size_t size, uint32_t *ret_verdict)
{
	const struct bpf_program *program = direction == INBOUND ? generation->filter->progs.explain_inbound
								 : generation->filter->progs.explain_outbound;

	return program_run(bpf_program__fd(program), frame, size, ret_verdict);
}
