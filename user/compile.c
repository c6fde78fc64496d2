// SPDX-License-Identifier: GPL-2.0-only
/* Turns a valid policy into the map entries of one generation. */
#include "compile.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compile_parts.h"

static_assert(MAX_ZONES == 256 && MAX_FTP_SERVERS == 16, "the limits are spelled out below");

static const char *exceeded_limit(const struct policy *policy)
{
	if (policy->n_zones > MAX_ZONES)
		return "at most 256 zones, addresses written in rules included";
	if (policy->n_ftp > MAX_FTP_SERVERS)
		return "at most 16 FTP servers";
	return NULL;
}

static struct compiled *compiled_new(void)
{
	struct compiled *compiled = calloc(1, sizeof(*compiled));

	if (!compiled)
		return NULL;
	compiled->ports = calloc(N_PORT_RULES, sizeof(*compiled->ports));
	compiled->protocols = calloc(N_PROTOCOL_RULES, sizeof(*compiled->protocols));
	compiled->narrowings = calloc(MAX_NARROWINGS, sizeof(*compiled->narrowings));
	compiled->n_narrowings = 1;
	compiled->services = calloc(MAX_SERVICES, sizeof(*compiled->services));
	compiled->ftp_ports = calloc(N_PORTS, sizeof(*compiled->ftp_ports));
	if (compiled->ports && compiled->protocols && compiled->narrowings && compiled->services &&
	    compiled->ftp_ports)
		return compiled;
	compiled_free(compiled);
	return NULL;
}

void compiled_free(struct compiled *compiled)
{
	if (!compiled)
		return;
	free(compiled->ports);
	free(compiled->protocols);
	free(compiled->peers);
	free(compiled->narrowings);
	free(compiled->zone_sets);
	range_table_free(&compiled->zones4);
	range_table_free(&compiled->zones6);
	range_table_free(&compiled->block4);
	range_table_free(&compiled->block6);
	free(compiled->services);
	free(compiled->ftp_ports);
	free(compiled);
}

static void add_used_zones(const struct rule *rules, size_t n, struct zone_set *used)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < rules[i].n_peers; k++)
			zone_set_add(used, rules[i].peers[k]);
}

static void compile_ftp_servers(const struct policy *policy, const struct service_indexes *indexes,
				struct ftp_server_value *values)
{
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		snprintf(values[i].name, sizeof(values[i].name), "%s", server->name);
		values[i].ttl_ns = server->ttl_ns;
		values[i].service = indexes->ftp[i];
		values[i].mode = (__u8)server->pinholes;
		values[i].watch = (__u8)server->watch;
		values[i].is_audited = policy->mode == MODE_AUDIT;
	}
}

/* Bits of the two mean the same. */
static_assert((int)FTP_WATCH_SOCKET == ORIGIN_SOCKET && (int)FTP_WATCH_REPLY == ORIGIN_REPLY &&
		      (int)FTP_WATCH_TLS == ORIGIN_TLS && (int)FTP_WATCH_LOG == ORIGIN_LOG,
	      "ways to watch are origins of pinholes");
static_assert((int)FTP_PINHOLES_SESSION == PINHOLES_SESSION && (int)FTP_PINHOLES_STATIC == PINHOLES_STATIC &&
		      (int)FTP_PINHOLES_CLIENTS == PINHOLES_CLIENTS,
	      "they are the same modes");

static bool reads_replies(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (policy->ftp[i].pinholes != FTP_PINHOLES_STATIC &&
		    policy->ftp[i].watch & 1u << FTP_WATCH_REPLY)
			return true;
	return false;
}

static uint32_t flags_of(const struct policy *policy, const struct compiled *compiled)
{
	return (policy->mode == MODE_AUDIT ? GENERATION_AUDIT : 0u) |
	       (policy->deny[INBOUND] == DENY_REJECT ? GENERATION_REJECT_INBOUND : 0u) |
	       (policy->deny[OUTBOUND] == DENY_REJECT ? GENERATION_REJECT_OUTBOUND : 0u) |
	       (compiled->block4.n_ranges || compiled->block6.n_ranges ? GENERATION_BLOCK : 0u) |
	       (reads_replies(policy) ? GENERATION_REPLY : 0u) |
	       (compiled->n_narrowings > 1 ? GENERATION_NARROWED : 0u);
}

static int compile_rules(const struct policy *policy, const struct service_indexes *indexes,
			 struct compiled *compiled, const char **ret_limit)
{
	struct peer_sets *sets = peer_sets_new(policy, ret_limit);
	struct narrower narrower = {.policy = policy, .compiled = compiled, .sets = sets, .limit = ret_limit};
	int err = sets ? compile_ports(policy, indexes, &narrower, compiled) : -ENOMEM;

	if (!err)
		err = compile_protocols(policy, indexes, &narrower, compiled);
	if (!err)
		peer_sets_take(sets, compiled);
	peer_sets_free(sets);
	return err;
}

static int compile_into(const struct policy *policy, const struct service_name *previous,
			struct compiled *compiled, struct service_indexes *indexes, const char **ret_limit)
{
	struct zone_set used = {0};
	int err;

	err = compile_services(policy, previous, compiled, indexes, ret_limit);
	if (!err)
		err = compile_rules(policy, indexes, compiled, ret_limit);
	if (!err)
		err = compile_block(policy, compiled, ret_limit);
	if (err)
		return err;
	compile_ftp_servers(policy, indexes, compiled->ftp_servers);
	compiled->flags = flags_of(policy, compiled);
	add_used_zones(policy->inbound, policy->n_inbound, &used);
	add_used_zones(policy->outbound, policy->n_outbound, &used);
	for (int d = 0; d < N_DIRECTIONS; d++)
		for (size_t i = 0; i < policy->ping[d].n_peers; i++)
			zone_set_add(&used, policy->ping[d].peers[i]);
	return compile_prefixes(policy, &used, compiled, ret_limit);
}

int compile(const struct policy *policy, const struct service_name *previous, struct compiled **ret,
	    const char **ret_limit)
{
	const char *limit = exceeded_limit(policy);
	struct service_indexes indexes = {0};
	struct compiled *compiled;
	int err = -ENOMEM;

	if (limit) {
		*ret_limit = limit;
		return -E2BIG;
	}
	compiled = compiled_new();
	indexes.services = calloc(policy->n_services + 1, sizeof(*indexes.services));
	if (compiled && indexes.services)
		err = compile_into(policy, previous, compiled, &indexes, ret_limit);
	free(indexes.services);
	if (err) {
		compiled_free(compiled);
		return err;
	}
	*ret = compiled;
	return 0;
}
