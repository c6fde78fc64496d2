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

enum fit {
	FITS_NOT,
	FITS_PORT,      /* but not the peer */
	FITS_PEER,      /* but not the place */
	FITS_PERHAPS,   /* the place too, where the question does not name it */
	FITS_BY_CHANCE, /* at the place that was chosen, since the question does not name it */
	FITS
};

/* What of the rule the question meets. */
static enum fit fit_of(const struct policy *policy, const struct explain_question *question,
		       const struct rule *rule)
{
	const struct scope *scope = &rule->scope;
	bool is_here = !scope->has_at || value_addr_equal(&scope->at, &question->local);
	bool may_be_here = !question->names_local &&
			   value_addr_is_ipv4(&scope->at) == value_addr_is_ipv4(&question->peer);

	if (!service_names(&policy->services[rule->service], question))
		return FITS_NOT;
	if (!peers_hold(policy, rule, &question->peer))
		return FITS_PORT;
	if ((scope->on && question->on && strcmp(scope->on, question->on) != 0) || (!is_here && !may_be_here))
		return FITS_PEER;
	if ((scope->on && !question->on) || !is_here)
		return FITS_PERHAPS;
	return scope->has_at && !question->names_local ? FITS_BY_CHANCE : FITS;
}

/* The first of the rules that fit best. */
static const struct rule *find_rule(const struct policy *policy, const struct explain_question *question,
				    enum fit *ret_fit)
{
	const struct rule *found = NULL;
	bool is_inbound = question->direction == INBOUND;
	const struct rule *rules = is_inbound ? policy->inbound : policy->outbound;
	size_t n = is_inbound ? policy->n_inbound : policy->n_outbound;

	*ret_fit = FITS_NOT;
	for (size_t i = 0; i < n; i++) {
		enum fit fit = fit_of(policy, question, &rules[i]);

		if (fit > *ret_fit) {
			*ret_fit = fit;
			found = &rules[i];
		}
	}
	return found;
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
	bool is_static = explanation->verdict != REASON_NO_PINHOLE;

	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		if (explanation->is_allowed
			    ? strcmp(explanation->service + strlen(FTP_PREFIX), server->name) == 0
			    : (server->pinholes == FTP_PINHOLES_STATIC) == is_static &&
				      is_passive(server, question->port))
			return server;
	}
	return NULL;
}

static int describe_rule(const struct policy *policy, const struct explain_question *question,
			 const struct rule *rule, struct explanation *explanation)
{
	char *peers = describe_peers(policy, rule->peers, rule->n_peers), scope[SCOPE_TEXT_SIZE];
	int n = -1;

	if (peers)
		n = asprintf(&explanation->rule, "%s %s %s %s%s%s", direction_name(question->direction),
			     policy->services[rule->service].name,
			     question->direction == INBOUND ? "from" : "to", peers,
			     policy_is_narrowed(&rule->scope) ? ", only " : "",
			     describe_scope(&rule->scope, scope));
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
								  : "open only through a pinhole";
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

static void note_dependence(const struct explain_question *question, const struct rule *rule, enum fit fit,
			    struct explanation *explanation)
{
	if (fit != FITS_PERHAPS && fit != FITS_BY_CHANCE)
		return;
	explanation->depends_on_interface = rule->scope.on && !question->on;
	explanation->depends_on_address = rule->scope.has_at && !question->names_local;
}

/* A range that is always open admits whom the control services do, there. */
static void note_control(const struct policy *policy, const struct explain_question *question,
			 const struct ftp_server *server, struct explanation *explanation)
{
	struct explain_question control = *question;
	const struct rule *best = NULL;
	enum fit best_fit = FITS_NOT;

	for (size_t i = 0; i < server->n_control; i++) {
		const struct rule *rule;
		enum fit fit;

		control.port = policy->services[server->control[i]].tcp[0].first;
		rule = find_rule(policy, &control, &fit);
		if (fit <= best_fit)
			continue;
		best = rule;
		best_fit = fit;
	}
	if (best)
		note_dependence(question, best, best_fit, explanation);
}

int explain_rule(const struct policy *policy, const struct explain_question *question,
		 struct explanation *explanation)
{
	bool is_data = strncmp(explanation->service, FTP_PREFIX, strlen(FTP_PREFIX)) == 0;
	bool is_inbound_tcp = question->direction == INBOUND && question->transport == TRANSPORT_TCP;
	const struct ftp_server *server = NULL;
	const struct rule *rule = NULL;
	enum fit fit;

	if (*explanation->service ? !is_data : explanation->verdict == REASON_PEER)
		rule = find_rule(policy, question, &fit);
	if (rule && explanation->is_allowed && fit < FITS_BY_CHANCE)
		rule = NULL;
	if (rule)
		note_dependence(question, rule, fit, explanation);
	if (rule)
		return describe_rule(policy, question, rule, explanation);
	if (is_data || explanation->verdict == REASON_NO_PINHOLE || explanation->verdict == REASON_PEER)
		server = is_inbound_tcp ? find_server(policy, question, explanation) : NULL;
	if (server && server->pinholes == FTP_PINHOLES_STATIC)
		note_control(policy, question, server, explanation);
	return server ? describe_server(server, explanation) : 0;
}
