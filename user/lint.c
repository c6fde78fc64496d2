// SPDX-License-Identifier: GPL-2.0-only
// Advice about the rules of a policy.
#include "lint.h"

#include <string.h>

#include "lint_rules.h"

/* As wide as the Internet: `any`, or a prefix that no organisation has. */
enum { WIDE_BITS4 = 8, WIDE_BITS6 = 16 };
/* More than "one or a few servers". */
enum { SERVERS_BITS4 = 24, SERVERS_BITS6 = 64 };

bool lint_has_port(const struct port_range *ranges, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ranges[i].first <= port && port <= ranges[i].last)
			return true;
	return false;
}

const struct rule *lint_inbound_tcp(const struct policy *policy, uint16_t port)
{
	for (size_t i = 0; i < policy->n_inbound; i++) {
		const struct service *service = &policy->services[policy->inbound[i].service];

		if (lint_has_port(service->tcp, service->n_tcp, port))
			return &policy->inbound[i];
	}
	return NULL;
}

static bool reaches_wider(const struct policy *policy, const size_t *peers, size_t n, unsigned bits4,
			  unsigned bits6)
{
	for (size_t i = 0; i < n; i++) {
		const struct zone *zone = &policy->zones[peers[i]];

		if (peers[i] == ZONE_ANY)
			return true;
		for (size_t j = 0; j < zone->n_prefixes; j++)
			if (zone->prefixes[j].length < (zone->prefixes[j].is_ipv4 ? bits4 : bits6))
				return true;
	}
	return false;
}

bool lint_is_wide(const struct policy *policy, const size_t *peers, size_t n)
{
	return reaches_wider(policy, peers, n, WIDE_BITS4, WIDE_BITS6);
}

enum { TCP = 1, UDP = 2 };

/* Advice that a rule earns by opening one port. */
static const struct port_advice {
	enum direction direction;
	unsigned transports;
	uint16_t port;
	const char *text;
} port_advice[] = {
	{INBOUND, TCP, 80,
	 "tcp 80 is HTTP in the clear: passwords and files can be read on the way; open it only to redirect "
	 "to "
	 "HTTPS (443), or leave it out"},
	{INBOUND, TCP, 8080,
	 "tcp 8080 is HTTP in the clear: passwords and files can be read on the way; open it only to "
	 "redirect to "
	 "HTTPS (8443), or leave it out"},
	{INBOUND, TCP, 20,
	 "no FTP client ever connects to tcp 20: it is the port that active FTP is sent from; remove it"},
	{INBOUND, TCP, 33062,
	 "tcp 33062 (ODBC through stunnel) is largely obsolete: remove it unless an Automation host still "
	 "uses "
	 "it, and admit that host only"},
	{OUTBOUND, TCP, 389,
	 "tcp 389 is LDAP in the clear: passwords can be read on the way; use LDAPS, tcp 636"},
	{OUTBOUND, TCP | UDP, 1434,
	 "port 1434 serves SQL Server's tools, not its applications: open it only if such tools run on this "
	 "host"},
};

static void lint_ports(const struct policy *policy, const struct rule *rule, enum direction direction,
		       struct diags *diags)
{
	const struct service *service = &policy->services[rule->service];

	for (size_t i = 0; i < sizeof(port_advice) / sizeof(port_advice[0]); i++) {
		const struct port_advice *advice = &port_advice[i];
		bool tcp =
			advice->transports & TCP && lint_has_port(service->tcp, service->n_tcp, advice->port);
		bool udp =
			advice->transports & UDP && lint_has_port(service->udp, service->n_udp, advice->port);

		if (advice->direction == direction && (tcp || udp))
			ADVISE(diags, rule->place, "%s: %s", service->name, advice->text);
	}
}

static void lint_http_alone(const struct policy *policy, struct diags *diags)
{
	static const uint16_t pairs[][2] = {{80, 443}, {8080, 8443}};

	for (size_t i = 0; i < 2; i++) {
		const struct rule *clear = lint_inbound_tcp(policy, pairs[i][0]);

		if (clear && !lint_inbound_tcp(policy, pairs[i][1]))
			ADVISE(diags, clear->place,
			       "tcp %u is open and tcp %u is not: HTTP has no HTTPS to redirect to; open %u",
			       pairs[i][0], pairs[i][1], pairs[i][1]);
	}
}

static void lint_ntp(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	const struct service *service = &policy->services[rule->service];

	if (lint_has_port(service->udp, service->n_udp, 123) &&
	    reaches_wider(policy, rule->peers, rule->n_peers, SERVERS_BITS4, SERVERS_BITS6))
		ADVISE(diags, rule->place,
		       "%s: udp 123 to so wide a zone lets anything be sent as if it were time; name the one "
		       "or "
		       "few time servers",
		       service->name);
}

static void lint_outbound_any(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	if (lint_is_wide(policy, rule->peers, rule->n_peers))
		ADVISE(diags, rule->place,
		       "%s: outbound to the whole Internet is the easy way out for stolen data; name the "
		       "hosts "
		       "that are needed",
		       policy->services[rule->service].name);
}

static void lint_udp_from_any(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	const struct service *service = &policy->services[rule->service];

	if (service->n_udp > 0 && lint_is_wide(policy, rule->peers, rule->n_peers))
		ADVISE(diags, rule->place,
		       "%s: UDP from anyone means replies to anyone: sources can be faked, and this host be "
		       "used "
		       "to flood others; name the clients, or limit the rate of replies in the service",
		       service->name);
}

static void lint_protocols(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	static const struct {
		uint8_t protocol;
		const char *name;
	} tunnels[] = {{4, "IPv4 in IP"}, {41, "IPv6 in IP"}, {47, "GRE"}, {50, "ESP"}};
	const struct service *service = &policy->services[rule->service];

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
		if (service->n_ip && memchr(service->ip, tunnels[i].protocol, service->n_ip))
			ADVISE(diags, rule->place,
			       "%s: what comes through the tunnel of IP protocol %u (%s) is not judged; open "
			       "it "
			       "only for peers that you trust like this host",
			       service->name, tunnels[i].protocol, tunnels[i].name);
}

static void lint_protocol_from_any(const struct policy *policy, const struct rule *rule, struct diags *diags)
{
	const struct service *service = &policy->services[rule->service];

	if (service->n_ip > 0 && lint_is_wide(policy, rule->peers, rule->n_peers))
		ADVISE(diags, rule->place,
		       "%s: a protocol without ports from anyone: sources can be faked; name the peers",
		       service->name);
}

void lint(const struct policy *policy, struct diags *diags)
{
	for (size_t i = 0; i < policy->n_inbound; i++) {
		lint_ports(policy, &policy->inbound[i], INBOUND, diags);
		lint_udp_from_any(policy, &policy->inbound[i], diags);
		lint_protocols(policy, &policy->inbound[i], diags);
		lint_protocol_from_any(policy, &policy->inbound[i], diags);
	}
	for (size_t i = 0; i < policy->n_outbound; i++) {
		lint_ports(policy, &policy->outbound[i], OUTBOUND, diags);
		lint_ntp(policy, &policy->outbound[i], diags);
		lint_outbound_any(policy, &policy->outbound[i], diags);
		lint_protocols(policy, &policy->outbound[i], diags);
	}
	lint_http_alone(policy, diags);
	lint_overlap(policy, diags);
	lint_ftp(policy, diags);
	lint_options(policy, diags);
	lint_unused(policy, diags);
}
