// SPDX-License-Identifier: GPL-2.0-only
// `postern pinholes`: the passive ports that are open now, and for whom.
#include <jansson.h>
#include <stdio.h>

#include "cleanup.h"
#include "command.h"
#include "instance_names.h"
#include "names.h"
#include "output.h"

static uint64_t between(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* NULL where the listener is bound to any address. */
static const char *format_local(const struct addr *local, char *buf)
{
	static const struct addr any;

	return value_addr_equal(local, &any) ? NULL : value_format_addr(local, buf);
}

/* The client: an address, or a prefix where `peer` widens it. */
static const char *format_client(const struct pinhole_key *key, char *buf)
{
	bool is_ipv4 = value_addr_is_ipv4(&key->client);
	struct prefix prefix;

	if (!key->host_bits)
		return value_format_addr(&key->client, buf);
	prefix = value_prefix_of(&key->client, is_ipv4, (uint8_t)((is_ipv4 ? 32 : 128) - key->host_bits));
	return value_format_prefix(&prefix, buf);
}

static int print_json(const struct pinhole_entry *entries, size_t n, const struct service_name *services)
{
	json_t *list = json_array();
	uint64_t now = boot_time_ns();
	char client[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		const struct pinhole *pinhole = &entries[i].pinhole;

		json_array_append_new(
			list,
			json_pack("{s:s, s:i, s:s?, s:s?, s:s, s:I, s:I}", "client",
				  format_client(&entries[i].key, client), "port", entries[i].key.port,
				  "server", server_of_service(services, pinhole->service), "local",
				  format_local(&entries[i].key.local, local), "origin",
				  origin_name(pinhole->origin), "age_ms",
				  (json_int_t)(between(pinhole->opened_ns, now) / 1000000), "expires_in_ms",
				  (json_int_t)(between(now, pinhole->expires_ns) / 1000000)));
	}
	return json_print(list, 0);
}

static int print_text(const struct pinhole_entry *entries, size_t n, const struct service_name *services)
{
	static const char *const headings[] = {"CLIENT", ">PORT",       "SERVER", "ORIGIN",
					       ">AGE",   ">EXPIRES IN", NULL};
	struct table *table = table_new(headings);
	uint64_t now = boot_time_ns();
	char text[ADDR_TEXT_SIZE], duration[DURATION_TEXT_SIZE];

	for (size_t i = 0; table && i < n; i++) {
		const struct pinhole *pinhole = &entries[i].pinhole;
		const char *server = server_of_service(services, pinhole->service);

		table_add(table, "%s", format_client(&entries[i].key, text));
		table_add(table, "%u", entries[i].key.port);
		table_add(table, "%s", server ? server : "-");
		table_add(table, "%s", origin_name(pinhole->origin));
		table_add(table, "%s", format_duration(between(pinhole->opened_ns, now), duration));
		table_add(table, "%s", format_duration(between(now, pinhole->expires_ns), duration));
	}
	return table_finish(table);
}

static int show(const struct context *context, const struct datapath *datapath)
{
	CLEANUP_FREE struct service_name *services = NULL;
	CLEANUP_FREE struct pinhole_entry *entries = NULL;
	size_t n = 0;
	int r;

	services = instance_services(datapath);
	if (!services)
		return EXIT_FAILED;
	r = datapath_pinholes(datapath, &entries, &n);
	if (r < 0)
		return instance_failed("pinholes", r);
	return context->json ? print_json(entries, n, services) : print_text(entries, n, services);
}

static int run(const struct context *context, int argc, char **argv)
{
	return instance_show(context, &cmd_pinholes, argc, argv, show);
}

const struct command cmd_pinholes = {
	.name = "pinholes",
	.synopsis = "",
	.summary = "list the passive ports that are open now, and for whom",
	.needs_root = true,
	.run = run,
};
