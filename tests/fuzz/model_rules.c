// SPDX-License-Identifier: GPL-2.0-only
/* What the rules of a policy say: every question goes through all of them. */
#include "model_rules.h"

#include <string.h>

static bool zone_has(const struct policy *policy, size_t zone, const struct model_addr *addr)
{
	const struct zone *z = &policy->zones[zone];

	if (zone == ZONE_ANY)
		return true;
	for (size_t i = 0; i < z->n_prefixes; i++)
		if (model_addr_in(addr, &z->prefixes[i]))
			return true;
	return false;
}

static bool zones_have(const struct policy *policy, const size_t *zones, size_t n,
		       const struct model_addr *addr)
{
	for (size_t i = 0; i < n; i++)
		if (zone_has(policy, zones[i], addr))
			return true;
	return false;
}

static bool ranges_have(const struct port_range *ranges, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].first <= port && port <= ranges[i].last)
			return true;
	return false;
}

/* `number` is a port of TCP and UDP, and nothing otherwise. */
static bool service_has(const struct service *service, uint8_t protocol, uint16_t number)
{
	if (protocol == TCP)
		return ranges_have(service->tcp, service->n_tcp, number);
	if (protocol == UDP)
		return ranges_have(service->udp, service->n_udp, number);
	for (size_t i = 0; i < service->n_ip; i++)
		if (service->ip[i] == protocol)
			return true;
	return false;
}

/* `on`: only on this interface; `at`: only at this address of ours. */
static bool holds_there(const struct policy *policy, const struct rule *rule,
			const struct model_meeting *meeting)
{
	const struct scope *scope = &rule->scope;
	const uint8_t *at = (const uint8_t *)&scope->at;
	bool at_ipv4 = scope->at.word[0] == 0 && scope->at.word[1] == 0 && at[8] == 0 && at[9] == 0 &&
		       at[10] == 0xff && at[11] == 0xff;

	if (scope->on && (!meeting->interface || meeting->interface > policy->n_interfaces ||
			  strcmp(scope->on, policy->interfaces[meeting->interface - 1]) != 0))
		return false;
	if (!scope->has_at)
		return true;
	if (meeting->local.is_ipv4 != at_ipv4)
		return false;
	return memcmp(meeting->local.bytes, at_ipv4 ? at + 12 : at, at_ipv4 ? 4 : 16) == 0;
}

static bool any_narrows(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].scope.on || rules[i].scope.has_at)
			return true;
	return false;
}

bool model_narrows(const struct model *model)
{
	return any_narrows(model->policy->inbound, model->policy->n_inbound) ||
	       any_narrows(model->policy->outbound, model->policy->n_outbound);
}

static struct opinion ask_rules(const struct model *model, enum direction direction, uint8_t protocol,
				uint16_t number, const struct model_meeting *meeting)
{
	const struct policy *policy = model->policy;
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;
	struct opinion opinion = {0};

	for (size_t i = 0; i < n; i++) {
		if (!service_has(&policy->services[rules[i].service], protocol, number))
			continue;
		if (!opinion.is_named)
			opinion.service = model->service_index[rules[i].service];
		opinion.is_named = true;
		if (zones_have(policy, rules[i].peers, rules[i].n_peers, &meeting->peer) &&
		    holds_there(policy, &rules[i], meeting))
			opinion.is_admitted = true;
	}
	return opinion;
}

/* Whether any control port of the server admits the client. */
static bool control_admits(const struct model *model, const struct ftp_server *server,
			   const struct model_meeting *client)
{
	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &model->policy->services[server->control[i]];

		for (size_t r = 0; r < service->n_tcp; r++)
			for (unsigned port = service->tcp[r].first; port <= service->tcp[r].last; port++)
				if (ask_rules(model, INBOUND, TCP, (uint16_t)port, client).is_admitted)
					return true;
	}
	return false;
}

bool model_may_connect(const struct model *model, uint16_t control)
{
	const struct policy *policy = model->policy;

	for (size_t i = 0; i < policy->n_ftp; i++)
		for (size_t k = 0; policy->ftp[i].active && k < policy->ftp[i].n_control; k++)
			if (service_has(&policy->services[policy->ftp[i].control[k]], TCP, control))
				return true;
	return false;
}

static bool is_in_passive(const struct ftp_server *server, uint16_t port)
{
	return server->passive_any ? port >= 1024 : ranges_have(server->passive, server->n_passive, port);
}

/* A service's port keeps to its rules. Else a static server's range is open to whom its control admits, and
 * needs no pinhole of another server; else the range of the others is for pinholes. */
static struct opinion ask_inbound_tcp(const struct model *model, uint16_t port,
				      const struct model_meeting *meeting)
{
	const struct policy *policy = model->policy;
	struct opinion opinion = ask_rules(model, INBOUND, TCP, port, meeting);
	struct opinion passive = {0};

	if (opinion.is_named)
		return opinion;
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];
		bool is_static = server->pinholes == FTP_PINHOLES_STATIC;
		struct opinion *which = is_static ? &opinion : &passive;

		if (!is_in_passive(server, port))
			continue;
		if (!which->is_named)
			which->service = model->ftp_index[i];
		which->is_named = true;
		if (is_static && control_admits(model, server, meeting))
			opinion.is_admitted = true;
	}
	if (opinion.is_named || !passive.is_named)
		return opinion;
	return (struct opinion){.is_passive = true, .service = passive.service};
}

struct opinion model_ask(const struct model *model, enum direction direction, uint8_t protocol,
			 uint16_t number, const struct model_meeting *meeting)
{
	if (direction == INBOUND && protocol == TCP)
		return ask_inbound_tcp(model, number, meeting);
	return ask_rules(model, direction, protocol, number, meeting);
}

bool model_ping_admits(const struct model *model, enum direction direction, const struct model_addr *peer)
{
	const struct ping *ping = &model->policy->ping[direction];

	return zones_have(model->policy, ping->peers, ping->n_peers, peer);
}

bool model_is_blocked(const struct model *model, const struct model_addr *peer)
{
	return zones_have(model->policy, model->policy->block, model->policy->n_block, peer);
}

static bool starts_with(const struct model_addr *addr, const uint8_t *bytes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (addr->bytes[i] != bytes[i])
			return false;
	return true;
}

bool model_is_no_source(const struct model_addr *addr)
{
	static const uint8_t zero[16], one[16] = {[15] = 1};

	if (addr->is_ipv4)
		return addr->bytes[0] == 0 || addr->bytes[0] == 127 || addr->bytes[0] >= 224;
	return addr->bytes[0] == 0xff || starts_with(addr, zero, 16) || starts_with(addr, one, 16);
}

bool model_is_own(const struct model *model, const struct model_addr *addr)
{
	for (size_t i = 0; i < model->n_own; i++)
		if (model_addr_equal(addr, &model->own[i]))
			return true;
	return false;
}
