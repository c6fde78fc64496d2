// SPDX-License-Identifier: GPL-2.0-only
// Looks up the rule or FTP server that a verdict is about.
#include "explain_rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "names.h"

#define FTP_PREFIX "ftp:" /* of the service that an FTP server's data is counted under */

static bool names_port(const struct port_range *ranges, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].first <= port && port <= ranges[i].last)
			return true;
	}
	return false;
}

static bool service_names(const struct service *service, const struct explain_question *question)
{
	return question->transport == TRANSPORT_TCP
		       ? names_port(service->tcp, service->n_tcp, question->port)
		       : names_port(service->udp, service->n_udp, question->port);
}

static bool peers_hold(const struct policy *policy, const struct rule *rule, const struct addr *peer)
{
	for (size_t i = 0; i < rule->n_peers; i++) {
		const struct zone *zone = &policy->zones[rule->peers[i]];

		for (size_t j = 0; j < zone->n_prefixes; j++) {
			if (value_prefix_contains(&zone->prefixes[j], peer))
				return true;
		}
	}
	return false;
}

/* The first rule that names the port, and holds the peer or does not. */
static const struct rule *find_rule(const struct policy *policy, const struct explain_question *question,
				    bool holds_peer)
{
	bool is_inbound = question->direction == INBOUND;
	const struct rule *rules = is_inbound ? policy->inbound : policy->outbound;
	size_t n = is_inbound ? policy->n_inbound : policy->n_outbound;

	for (size_t i = 0; i < n; i++) {
		if (service_names(&policy->services[rules[i].service], question) &&
		    peers_hold(policy, &rules[i], &question->peer) == holds_peer)
			return &rules[i];
	}
	return NULL;
}

static bool is_passive(const struct ftp_server *server, uint16_t port)
{
	return server->passive_any ? port >= 1024 : names_port(server->passive, server->n_passive, port);
}

/* By the name that the verdict counts for, or else by the port. */
static const struct ftp_server *find_server(const struct policy *policy,
					    const struct explain_question *question,
					    const struct explanation *explanation)
{
	enum ftp_pinholes pinholes =
		explanation->verdict == REASON_NO_PINHOLE ? FTP_PINHOLES_SESSION : FTP_PINHOLES_STATIC;

	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		if (explanation->is_allowed
			    ? strcmp(explanation->service + strlen(FTP_PREFIX), server->name) == 0
			    : server->pinholes == pinholes && is_passive(server, question->port))
			return server;
	}
	return NULL;
}

static int describe_rule(const struct policy *policy, const struct explain_question *question,
			 const struct rule *rule, struct explanation *explanation)
{
	char *peers = describe_peers(policy, rule->peers, rule->n_peers);
	int n = -1;

	if (peers)
		n = asprintf(&explanation->rule, "%s %s %s %s", direction_name(question->direction),
			     policy->services[rule->service].name,
			     question->direction == INBOUND ? "from" : "to", peers);
	free(peers);
	if (n < 0) {
		explanation->rule = NULL;
		return -ENOMEM;
	}
	explanation->where = rule->place;
	return 0;
}

static int describe_server(const struct ftp_server *server, struct explanation *explanation)
{
	const char *how = server->pinholes == FTP_PINHOLES_STATIC ? "always open to its clients"
								  : "open only through a session's pinhole";
	char ports[PORTS_TEXT_SIZE] = "1024-65535";

	if (!server->passive_any)
		describe_ranges(server->passive, server->n_passive, ports);
	if (asprintf(&explanation->rule, "ftp %s: passive ports %s, %s", server->name, ports, how) < 0) {
		explanation->rule = NULL;
		return -ENOMEM;
	}
	explanation->where = server->passive_place;
	return 0;
}

int explain_rule(const struct policy *policy, const struct explain_question *question,
		 struct explanation *explanation)
{
	bool is_data = strncmp(explanation->service, FTP_PREFIX, strlen(FTP_PREFIX)) == 0;
	bool is_inbound_tcp = question->direction == INBOUND && question->transport == TRANSPORT_TCP;
	const struct ftp_server *server = NULL;
	const struct rule *rule = NULL;

	if (*explanation->service ? !is_data : explanation->verdict == REASON_PEER)
		rule = find_rule(policy, question, explanation->is_allowed);
	if (rule)
		return describe_rule(policy, question, rule, explanation);
	if (is_data || explanation->verdict == REASON_NO_PINHOLE || explanation->verdict == REASON_PEER)
		server = is_inbound_tcp ? find_server(policy, question, explanation) : NULL;
	return server ? describe_server(server, explanation) : 0;
}
