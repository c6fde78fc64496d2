// SPDX-License-Identifier: GPL-2.0-only
// The policy model: lookups, destruction, and what must hold between its parts.
#include "policy.h"
#include "policy_ftp.h"
#include "policy_scope.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum {
	SMB_MIN_LENGTH4 = 8, /* anything shorter counts as the Internet */
	SMB_MIN_LENGTH6 = 16
};

static void rules_free(struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(rules[i].peers);
		free(rules[i].why);
		free(rules[i].scope.on);
	}
	free(rules);
}

void ftp_server_clear(struct ftp_server *server)
{
	free(server->name);
	free(server->control);
	free(server->sockets);
	free(server->passive);
	free(server->owner.name);
	free(server->log.file);
	free(server->log.journal);
	free(server->log.format);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->n_interfaces; i++)
		free(policy->interfaces[i]);
	free(policy->interfaces);
	for (size_t i = 0; i < policy->n_zones; i++) {
		free(policy->zones[i].name);
		free(policy->zones[i].prefixes);
	}
	free(policy->zones);
	for (size_t i = 0; i < policy->n_services; i++) {
		free(policy->services[i].name);
		free(policy->services[i].ip);
		free(policy->services[i].tcp);
		free(policy->services[i].udp);
	}
	free(policy->services);
	rules_free(policy->inbound, policy->n_inbound);
	rules_free(policy->outbound, policy->n_outbound);
	for (size_t i = 0; i < policy->n_ftp; i++)
		ftp_server_clear(&policy->ftp[i]);
	free(policy->ftp);
	for (size_t i = 0; i < N_DIRECTIONS; i++)
		free(policy->ping[i].peers);
	free(policy->block);
	for (size_t i = 0; i < policy->n_tests; i++)
		free(policy->tests[i].scope.on);
	free(policy->tests);
	free(policy);
}

const struct zone *policy_find_zone(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_zones; i++)
		if (policy->zones[i].name && strcmp(policy->zones[i].name, name) == 0)
			return &policy->zones[i];
	return NULL;
}

const struct service *policy_find_service(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_services; i++)
		if (strcmp(policy->services[i].name, name) == 0)
			return &policy->services[i];
	return NULL;
}

static bool ranges_contain(const struct port_range *ranges, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (port >= ranges[i].first && port <= ranges[i].last)
			return true;
	return false;
}

static bool service_has_port(const struct service *service, enum transport transport, uint16_t port)
{
	return transport == TRANSPORT_TCP ? ranges_contain(service->tcp, service->n_tcp, port)
					  : ranges_contain(service->udp, service->n_udp, port);
}

bool policy_is_interface_name(const char *text)
{
	size_t size = strlen(text);

	if (size == 0 || size >= IFNAMSIZ || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text == 0x7f || *text == '/' || *text == ':')
			return false;
	return true;
}

bool policy_is_inbound_port(const struct policy *policy, enum transport transport, uint16_t port)
{
	for (size_t i = 0; i < policy->n_inbound; i++)
		if (service_has_port(&policy->services[policy->inbound[i].service], transport, port))
			return true;
	return false;
}

/* The prefix of the zone that is too wide for SMB, or NULL. */
static const struct prefix *widest_for_smb(const struct zone *zone)
{
	for (size_t i = 0; i < zone->n_prefixes; i++)
		if (zone->prefixes[i].length <
		    (zone->prefixes[i].is_ipv4 ? SMB_MIN_LENGTH4 : SMB_MIN_LENGTH6))
			return &zone->prefixes[i];
	return NULL;
}

static void validate_smb(const struct policy *policy, const struct rule *rule, enum direction direction,
			 struct diags *diags)
{
	const struct service *service = &policy->services[rule->service];
	char text[ADDR_TEXT_SIZE];

	if (!service_has_port(service, TRANSPORT_TCP, PORT_SMB))
		return;
	for (size_t i = 0; i < rule->n_peers; i++) {
		const struct prefix *wide = widest_for_smb(&policy->zones[rule->peers[i]]);

		if (!wide)
			continue;
		diags_add(diags, DIAG_ERROR, rule->place,
			  "service '%s' is SMB (tcp 445), which may not be open %s %s: only to prefixes of "
			  "at least "
			  "/%d in IPv4 and /%d in IPv6",
			  service->name, direction == INBOUND ? "from" : "to",
			  rule->peers[i] == ZONE_ANY ? "any" : value_format_prefix(wide, text),
			  SMB_MIN_LENGTH4, SMB_MIN_LENGTH6);
		return;
	}
}

/* Marks the TCP ports of inbound services, in N_PORTS bytes. */
static void mark_inbound(const struct policy *policy, bool *ports)
{
	for (size_t i = 0; i < policy->n_inbound; i++) {
		const struct service *service = &policy->services[policy->inbound[i].service];

		for (size_t r = 0; r < service->n_tcp; r++)
			memset(&ports[service->tcp[r].first], true,
			       (size_t)(service->tcp[r].last - service->tcp[r].first) + 1);
	}
}

static void validate_limits(const struct policy *policy, struct diags *diags)
{
	if (policy->n_zones > MAX_ZONES)
		diags_add(diags, DIAG_ERROR, policy->zones[MAX_ZONES].place,
			  "more than %d zones, the predefined one and addresses written in rules included",
			  MAX_ZONES);
	if (policy->n_ftp > MAX_FTP_SERVERS)
		diags_add(diags, DIAG_ERROR, policy->ftp[MAX_FTP_SERVERS].place, "more than %d FTP servers",
			  MAX_FTP_SERVERS);
	if (policy->n_services + policy->n_ftp > MAX_SERVICES)
		diags_add(diags, DIAG_ERROR, policy->services[policy->n_services - 1].place,
			  "more than %d services, FTP servers included", MAX_SERVICES);
}

int policy_validate(const struct policy *policy, struct diags *diags)
{
	size_t before = diags_count(diags, DIAG_ERROR);
	bool inbound_ports[N_PORTS] = {false};
	int r;

	mark_inbound(policy, inbound_ports);
	validate_limits(policy, diags);
	validate_scopes(policy, diags);
	for (size_t i = 0; i < policy->n_inbound; i++)
		validate_smb(policy, &policy->inbound[i], INBOUND, diags);
	for (size_t i = 0; i < policy->n_outbound; i++)
		validate_smb(policy, &policy->outbound[i], OUTBOUND, diags);
	r = validate_ftp(policy, inbound_ports, diags);
	if (r)
		return r;
	return diags_count(diags, DIAG_ERROR) > before ? -EINVAL : 0;
}
