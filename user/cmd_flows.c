// SPDX-License-Identifier: GPL-2.0-only
// `postern flows`: the connections that this host opened, and data connections through pinholes.
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "instance_names.h"
#include "output.h"

static const char *kind(const struct flow_entry *entry)
{
	return entry->map == FLOW_MAP_DATA_FLOWS ? "data" : "outbound";
}

static const char *protocol(const struct flow_entry *entry)
{
	return entry->key.protocol == IPPROTO_TCP ? "tcp" : "udp";
}

static const char *state(const struct flow_entry *entry)
{
	return entry->flow.closing_ns ? "closing" : "open";
}

/* NULL where no policy has judged it yet: a connection that the first apply has found. */
static const char *service(const struct flow_entry *entry, const struct service_name *services)
{
	const struct flow *flow = &entry->flow;

	return flow->generation || flow->control_port ? service_in_force(services, flow->service) : NULL;
}

static uint64_t age_ns(const struct flow_entry *entry, uint64_t now)
{
	return now > entry->flow.since_ns ? now - entry->flow.since_ns : 0;
}

static int print_json(const struct flow_entry *entries, size_t n, const struct service_name *services)
{
	json_t *list = json_array();
	uint64_t now = boot_time_ns();
	char local[ADDR_TEXT_SIZE], peer[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		const struct flow_key *key = &entries[i].key;

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:i, s:s, s:i, s:s?, s:s, s:I}", "kind", kind(&entries[i]),
				  "protocol", protocol(&entries[i]), "local",
				  value_format_addr(&key->local, local), "local_port", key->local_port,
				  "peer", value_format_addr(&key->peer, peer), "peer_port", key->peer_port,
				  "service", service(&entries[i], services), "state", state(&entries[i]),
				  "since_ms", (json_int_t)(age_ns(&entries[i], now) / 1000000)));
	}
	return json_print(list, 0);
}

static void add_endpoint(struct table *table, const struct addr *addr, unsigned port)
{
	char text[ADDR_TEXT_SIZE];
	const char *name = value_format_addr(addr, text);

	table_add(table, strchr(name, ':') ? "[%s]:%u" : "%s:%u", name, port);
}

static int print_text(const struct flow_entry *entries, size_t n, const struct service_name *services)
{
	static const char *const headings[] = {"KIND",    "PROTOCOL", "LOCAL",  "PEER",
					       "SERVICE", "STATE",    ">SINCE", NULL};
	struct table *table = table_new(headings);
	uint64_t now = boot_time_ns();
	char duration[DURATION_TEXT_SIZE];

	for (size_t i = 0; table && i < n; i++) {
		const struct flow_key *key = &entries[i].key;
		const char *name = service(&entries[i], services);

		table_add(table, "%s", kind(&entries[i]));
		table_add(table, "%s", protocol(&entries[i]));
		add_endpoint(table, &key->local, key->local_port);
		add_endpoint(table, &key->peer, key->peer_port);
		table_add(table, "%s", name ? name : "-");
		table_add(table, "%s", state(&entries[i]));
		table_add(table, "%s", format_duration(age_ns(&entries[i], now), duration));
	}
	return table_finish(table);
}

static int show(const struct context *context, const struct datapath *datapath)
{
	CLEANUP_FREE struct service_name *services = NULL;
	CLEANUP_FREE struct flow_entry *entries = NULL;
	size_t n = 0;
	int r;

	services = instance_services(datapath);
	if (!services)
		return EXIT_FAILED;
	r = datapath_flows(datapath, &entries, &n);
	if (r < 0)
		return instance_failed("flows", r);
	return context->json ? print_json(entries, n, services) : print_text(entries, n, services);
}

static int run(const struct context *context, int argc, char **argv)
{
	return instance_show(context, &cmd_flows, argc, argv, show);
}

const struct command cmd_flows = {
	.name = "flows",
	.synopsis = "",
	.summary = "list connections that this host opened, and FTP data connections",
	.details = "A TCP flow that is closing outlives its socket for the peer's last FIN.",
	.needs_root = true,
	.run = run,
};
