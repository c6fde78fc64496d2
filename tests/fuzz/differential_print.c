// SPDX-License-Identifier: GPL-2.0-only
/* A policy as text, for who has to understand a difference. */
#include "differential.h"

static void print_zones(const struct policy *policy, const size_t *zones, size_t n, FILE *stream)
{
	fputc('[', stream);
	for (size_t i = 0; i < n; i++)
		fprintf(stream, "%s%s", i ? ", " : "", policy->zones[zones[i]].name);
	fputc(']', stream);
}

static void print_ranges(const char *key, const struct port_range *ranges, size_t n, FILE *stream)
{
	if (!n)
		return;
	fprintf(stream, "%s: [", key);
	for (size_t i = 0; i < n; i++)
		fprintf(stream, "%s%u-%u", i ? ", " : "", ranges[i].first, ranges[i].last);
	fputs("], ", stream);
}

static void print_rules(const struct policy *policy, const char *key, const char *peers,
			const struct rule *rules, size_t n, FILE *stream)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(stream, "%s:\n", key);
	for (size_t i = 0; i < n; i++) {
		fprintf(stream, "  - {service: %s, %s: ", policy->services[rules[i].service].name, peers);
		print_zones(policy, rules[i].peers, rules[i].n_peers, stream);
		if (rules[i].scope.on)
			fprintf(stream, ", on: %s", rules[i].scope.on);
		if (rules[i].scope.has_at)
			fprintf(stream, ", at: %s", value_format_addr(&rules[i].scope.at, text));
		fputs("}\n", stream);
	}
}

static void print_servers(const struct policy *policy, FILE *stream)
{
	fputs("ftp:\n", stream);
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		fprintf(stream, "  %s: {control: [", server->name);
		for (size_t k = 0; k < server->n_control; k++)
			fprintf(stream, "%s%s", k ? ", " : "", policy->services[server->control[k]].name);
		fputs("], ", stream);
		print_ranges("passive", server->passive, server->n_passive, stream);
		fprintf(stream, "pinholes: %s, active: %s}\n",
			server->pinholes == FTP_PINHOLES_STATIC ? "static" : "session",
			server->active ? "on" : "off");
	}
}

static void print_options(const struct policy *policy, FILE *stream)
{
	static const char *const deny[] = {[DENY_DROP] = "drop", [DENY_REJECT] = "reject"};

	fputs("ping: {from: ", stream);
	print_zones(policy, policy->ping[INBOUND].peers, policy->ping[INBOUND].n_peers, stream);
	fputs(", to: ", stream);
	print_zones(policy, policy->ping[OUTBOUND].peers, policy->ping[OUTBOUND].n_peers, stream);
	fprintf(stream, "}\ndeny: {inbound: %s, outbound: %s}\nblock: ", deny[policy->deny[INBOUND]],
		deny[policy->deny[OUTBOUND]]);
	print_zones(policy, policy->block, policy->n_block, stream);
	fprintf(stream, "\nmode: %s\n", policy->mode == MODE_AUDIT ? "audit" : "enforce");
}

void policy_print(const struct policy *policy, FILE *stream)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < policy->n_interfaces; i++)
		fprintf(stream, "%s%s%s", i ? ", " : "interfaces: [", policy->interfaces[i],
			i + 1 == policy->n_interfaces ? "]\n" : "");
	fputs("zones:\n", stream);
	for (size_t i = 1; i < policy->n_zones; i++) {
		fprintf(stream, "  %s: [", policy->zones[i].name);
		for (size_t k = 0; k < policy->zones[i].n_prefixes; k++)
			fprintf(stream, "%s%s", k ? ", " : "",
				value_format_prefix(&policy->zones[i].prefixes[k], text));
		fputs("]\n", stream);
	}
	fputs("services:\n", stream);
	for (size_t i = 0; i < policy->n_services; i++) {
		const struct service *service = &policy->services[i];

		fprintf(stream, "  %s: {", service->name);
		print_ranges("tcp", service->tcp, service->n_tcp, stream);
		print_ranges("udp", service->udp, service->n_udp, stream);
		for (size_t k = 0; k < service->n_ip; k++)
			fprintf(stream, "ip: %u, ", service->ip[k]);
		fputs("}\n", stream);
	}
	print_rules(policy, "inbound", "from", policy->inbound, policy->n_inbound, stream);
	print_rules(policy, "outbound", "to", policy->outbound, policy->n_outbound, stream);
	print_servers(policy, stream);
	print_options(policy, stream);
}
