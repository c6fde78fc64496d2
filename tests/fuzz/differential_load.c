// SPDX-License-Identifier: GPL-2.0-only
/* The real programs under a compiled policy, with the state of the model in their maps. */
#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath_frags.h"
#include "datapath_internal.h"
#include "datapath_prepare.h"
#include "datapath_ranges.h"
#include "differential.h"
#include "filter.skel.h"

enum { GENERATION = 7, FOREIGN_GENERATION = 6, XDP_ALLOW = 2, TC_ALLOW = -1, SAMPLE_PINGS = 1 };

static const uint64_t second_ns = 1000000000;

struct programs {
	struct filter_bpf *filter;
};

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static int map_of(const struct programs *programs, const char *name)
{
	return bpf_object__find_map_fd_by_name(programs->filter->obj, name);
}

static int put(const struct programs *programs, const char *map, const void *key, const void *value)
{
	return bpf_map_update_elem(map_of(programs, map), key, value, BPF_ANY) ? -errno : 0;
}

static int put_array(const struct programs *programs, const char *map, const void *values, size_t n)
{
	uint32_t *keys = malloc((n + 1) * sizeof(*keys)), count = (uint32_t)n;
	int error = 0;

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		keys[i] = (uint32_t)i;
	if (n && bpf_map_update_batch(map_of(programs, map), keys, values, &count, NULL))
		error = -errno;
	free(keys);
	return error;
}

static int fill_policy(const struct programs *programs, const struct compiled *compiled)
{
	int error = put_array(programs, "ports", compiled->ports, N_PORT_RULES);

	if (!error)
		error = put_array(programs, "protocols", compiled->protocols, N_PROTOCOL_RULES);
	if (!error)
		error = put_array(programs, "peers", compiled->peers, compiled->n_peers);
	if (!error)
		error = put_array(programs, "narrowings", compiled->narrowings, compiled->n_narrowings);
	return error ? error : ranges_fill(programs->filter, compiled);
}

int programs_load(const struct compiled *compiled, const struct model *model, struct programs **ret)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	int error;

	if (!programs)
		return -ENOMEM;
	libbpf_set_print(print_warnings);
	programs->filter = filter_bpf__open();
	if (!programs->filter) {
		free(programs);
		return -errno;
	}
	programs_prepare(programs->filter, compiled, GENERATION);
	filter_take_frags(programs->filter);
	map_set_size(programs->filter->maps.flows, model->max_flows);
	map_set_size(programs->filter->maps.fragment_peers, model->max_fragment_peers);
	error = filter_bpf__load(programs->filter);
	if (!error)
		error = fill_policy(programs, compiled);
	if (error) {
		programs_free(programs);
		return error;
	}
	*ret = programs;
	return 0;
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	filter_bpf__destroy(programs->filter);
	free(programs);
}

/* As the maps have it. */
static struct addr map_addr(const struct model_addr *addr)
{
	struct addr made = {.word[2] = addr->is_ipv4 ? htonl(0xffff) : 0};

	if (addr->is_ipv4)
		memcpy(&made.word[3], addr->bytes, 4);
	else
		memcpy(&made, addr->bytes, 16);
	return made;
}

static struct flow_key map_key(const struct model_key *key)
{
	return (struct flow_key){.local = map_addr(&key->local),
				 .peer = map_addr(&key->peer),
				 .local_port = key->local_port,
				 .peer_port = key->peer_port,
				 .protocol = key->protocol};
}

static uint64_t boot_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * second_ns + (uint64_t)now.tv_nsec;
}

/* Long ago, where it is over; else as young as can be. */
static int put_flow(const struct programs *programs, const char *map, const struct model_flow *from)
{
	uint64_t now = boot_time(), then = from->is_over ? 1 : now;
	struct flow_key key = map_key(&from->key);
	struct flow flow = {.cookie = 1,
			    .since_ns = then,
			    .seen_ns = then,
			    .closing_ns = from->is_over ? then : 0,
			    .generation = from->is_foreign ? FOREIGN_GENERATION : GENERATION,
			    .service = from->service,
			    .control_port = from->control,
			    .ifindex = from->interface};

	return put(programs, map, &key, &flow);
}

static int put_connection(const struct programs *programs, const struct model_flow *from)
{
	struct flow_key key = map_key(&from->key);
	uint32_t place = connection_place(key.local_port);
	struct connection connection = {
		.tag = connection_tag(&key.local, &key.peer, key.local_port, key.peer_port),
		.generation = from->is_foreign ? FOREIGN_GENERATION : GENERATION,
		.local = key.local,
		.peer = key.peer,
		.cookie = 1,
		.ifindex = from->interface,
		.peer_port = key.peer_port,
		.service = from->service};

	return put(programs, "connections", &place, &connection);
}

static int put_pinhole(const struct programs *programs, const struct model_pinhole *from)
{
	struct pinhole_key key = {.client = map_addr(&from->client), .port = from->port};
	struct pinhole pinhole = {.listener = 11,
				  .session = from->control ? 12 : 0,
				  .opened_ns = 1,
				  .expires_ns = from->is_over ? 1 : boot_time() + 3600 * second_ns,
				  .control_port = from->control,
				  .service = 9,
				  .origin = from->control ? ORIGIN_SOCKET : ORIGIN_MANUAL};
	struct session session = {.client = key.client, .control_port = from->control};
	uint32_t port = from->port, n = 0;
	int error;

	if (!from->at_any_local)
		key.local = map_addr(&from->local);
	error = from->control ? put(programs, "sessions", &pinhole.session, &session) : 0;
	if (!error)
		error = put(programs, "pinholes", &key, &pinhole);
	if (error)
		return error;
	bpf_map_lookup_elem(map_of(programs, "open_ports"), &port, &n);
	n++;
	return put(programs, "open_ports", &port, &n);
}

/* Room for flows of user 0, whom the kernel's test runs act for; and all the echoes that are to be answered.
 */
static int put_allowances(const struct programs *programs, const struct model *model)
{
	uint64_t count = MAX_FLOWS_PER_USER - model->user_flows;
	uint32_t user = 0, pings = SAMPLE_PINGS;
	int cpus = libbpf_num_possible_cpus(), error;
	struct allowance *allowances = calloc((size_t)cpus, sizeof(*allowances));

	if (!allowances)
		return -ENOMEM;
	for (int i = 0; i < cpus; i++)
		allowances[i].left = UINT32_MAX;
	error = put(programs, "samples", &pings, allowances);
	free(allowances);
	return error ? error : put(programs, "users", &user, &count);
}

/* Who is not asked for by its mark is not found. */
static int put_own(const struct programs *programs, const struct model_addr *from)
{
	struct addr addr = map_addr(from);
	uint32_t mark = own_mark(&addr), value = 1;
	uint8_t marked = 1;
	int error = put(programs, "own_marks", &mark, &marked);

	return error ? error : put(programs, "own_addresses", &addr, &value);
}

int programs_fill_state(const struct programs *programs, const struct model *model)
{
	int error = put_allowances(programs, model);

	for (size_t i = 0; i < model->n_own && !error; i++)
		error = put_own(programs, &model->own[i]);
	for (size_t i = 0; i < MODEL_FLOW_SLOTS && !error; i++)
		if (model->flows[i].is_used)
			error = model->flows[i].is_connection ? put_connection(programs, &model->flows[i])
							      : put_flow(programs, "flows", &model->flows[i]);
	for (size_t i = 0; i < model->n_data_flows && !error; i++)
		error = put_flow(programs, "data_flows", &model->data_flows[i]);
	for (size_t i = 0; i < model->n_pinholes && !error; i++)
		error = put_pinhole(programs, &model->pinholes[i]);
	for (size_t i = 0; i < model->n_fragment_peers && !error; i++) {
		struct addr key = map_addr(&model->fragment_peers[i].addr);
		struct fragment_peer peer = {.seen_ns = model->fragment_peers[i].is_over ? 1 : boot_time()};

		error = put(programs, "fragment_peers", &key, &peer);
	}
	return error;
}

static const struct bpf_program *program_of(const struct programs *programs, enum direction direction,
					    enum model_how how)
{
	if (how == MODEL_MADE)
		return direction == INBOUND ? programs->filter->progs.explain_inbound
					    : programs->filter->progs.explain_outbound;
	return direction == INBOUND ? programs->filter->progs.ingress : programs->filter->progs.egress;
}

int programs_make_interfaces(void)
{
	static_assert(N_SCENE_INTERFACES == 3, "lo is 1, and a pair of others follows");

	if (unshare(CLONE_NEWNET))
		return -errno;
	if (system("ip link add pst-fuzz2 type veth peer name pst-fuzz3") != 0)
		return -EIO;
	return if_nametoindex("pst-fuzz2") + if_nametoindex("pst-fuzz3") == 2 + 3 ? 0 : -ENODEV;
}

/* Of a real frame the kernel tells the interface, of an explained one what is before it. */
static int run_frame(const struct programs *programs, const struct model_sight *sight, const uint8_t *bytes,
		     uint32_t length, uint32_t *ret)
{
	struct __sk_buff skb = {.ingress_ifindex = sight->how == MODEL_FORWARDED,
				.ifindex = sight->interface};
	struct xdp_md xdp = {.data_end = length, .ingress_ifindex = sight->interface};
	bool is_xdp = sight->how == MODEL_MADE || sight->direction == INBOUND;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = bytes, .data_size_in = length,
		    .ctx_in = is_xdp ? (void *)&xdp : (void *)&skb,
		    .ctx_size_in = is_xdp ? sizeof(xdp) : sizeof(skb));
	int error = bpf_prog_test_run_opts(
		bpf_program__fd(program_of(programs, sight->direction, sight->how)), &options);

	if (!error)
		*ret = options.retval;
	return error;
}

int programs_run(const struct programs *programs, const struct model_sight *sight, const uint8_t *bytes,
		 uint32_t length, uint32_t *ret)
{
	struct explain_head head = {.ifindex = sight->interface};
	uint8_t made[sizeof(head) + length];
	struct model_sight at_lo = *sight;

	if (sight->how != MODEL_MADE)
		return run_frame(programs, sight, bytes, length, ret);
	at_lo.interface = 1;
	memcpy(made, &head, sizeof(head));
	memcpy(made + sizeof(head), bytes, length);
	return run_frame(programs, &at_lo, made, sizeof(made), ret);
}

bool programs_admit(enum direction direction, uint32_t value)
{
	return direction == INBOUND ? value == XDP_ALLOW : (int)value == TC_ALLOW;
}

int programs_counts(const struct programs *programs, uint64_t *ret)
{
	enum { ALL = N_DIRECTIONS * N_COUNTERS };
	int cpus = libbpf_num_possible_cpus(), error = 0;
	struct counter_value *values = calloc((size_t)cpus * ALL, sizeof(*values));
	uint32_t *keys = calloc(ALL, sizeof(*keys)), next, n = ALL;

	if (!values || !keys)
		error = -ENOMEM;
	else if (bpf_map_lookup_batch(map_of(programs, "counters"), NULL, &next, keys, values, &n, NULL) &&
		 errno != ENOENT)
		error = -errno;
	memset(ret, 0, ALL * sizeof(*ret));
	for (size_t i = 0; i < n * (size_t)cpus && !error; i++)
		ret[keys[i / (size_t)cpus]] += values[i].packets;
	free(values);
	free(keys);
	return error;
}

static size_t count_entries(int fd)
{
	uint8_t keys[2][sizeof(struct flow_key)];
	size_t n = 0;

	while (!bpf_map_get_next_key(fd, n ? keys[(n + 1) % 2] : NULL, keys[n % 2]))
		n++;
	return n;
}

static bool connection_differs(const struct programs *programs, const struct model_flow *flow)
{
	struct flow_key key = map_key(&flow->key);
	uint32_t place = connection_place(key.local_port);
	struct connection connection;

	return bpf_map_lookup_elem(map_of(programs, "connections"), &place, &connection) ||
	       connection.tag != connection_tag(&key.local, &key.peer, key.local_port, key.peer_port) ||
	       connection.generation != (flow->is_foreign ? FOREIGN_GENERATION : GENERATION) ||
	       connection.ifindex != flow->interface || connection.service != flow->service;
}

static const char *flows_difference(const struct programs *programs, const struct model *model)
{
	struct flow flow;

	for (size_t i = 0; i < MODEL_FLOW_SLOTS; i++) {
		const struct model_flow *wanted = &model->flows[i];
		struct flow_key key = map_key(&wanted->key);

		if (wanted->is_used && wanted->is_connection && connection_differs(programs, wanted))
			return "connections";
		if (wanted->is_used && !wanted->is_connection &&
		    bpf_map_lookup_elem(map_of(programs, "flows"), &key, &flow))
			return "flows";
	}
	return NULL;
}

const char *programs_difference(const struct programs *programs, const struct model *model)
{
	const char *flows = flows_difference(programs, model);
	uint64_t users;

	if (flows)
		return flows;
	for (size_t i = 0; i < model->n_fragment_peers; i++) {
		struct addr key = map_addr(&model->fragment_peers[i].addr);
		struct fragment_peer peer;

		if (bpf_map_lookup_elem(map_of(programs, "fragment_peers"), &key, &peer))
			return "fragment_peers";
	}
	if (count_entries(map_of(programs, "flows")) != model->n_flows)
		return "flows";
	if (count_entries(map_of(programs, "fragment_peers")) != model->n_fragment_peers)
		return "fragment_peers";
	if (count_entries(map_of(programs, "data_flows")) != model->n_data_flows)
		return "data_flows";
	if (count_entries(map_of(programs, "pinholes")) != model->n_pinholes)
		return "pinholes";
	if (bpf_map_lookup_elem(map_of(programs, "users"), &(uint32_t){0}, &users) ||
	    users != MAX_FLOWS_PER_USER - model->user_flows)
		return "users";
	return NULL;
}
