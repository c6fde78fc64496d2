// SPDX-License-Identifier: GPL-2.0-only
// Puts questions into frames and verdicts into words.
#include "explain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain_rule.h"
#include "names.h"
#include "output.h"

/* Of a client's socket (RFC 6335, 6). */
enum { FIRST_EPHEMERAL = 49152, LAST_EPHEMERAL = 65535 };

void explanation_clear(struct explanation *explanation)
{
	free(explanation->rule);
	*explanation = (struct explanation){0};
}

int explain_parse_target(const char *text, enum transport *ret_transport, uint16_t *ret_port)
{
	enum transport transport = strncmp(text, "udp/", 4) == 0 ? TRANSPORT_UDP : TRANSPORT_TCP;
	int r;

	if (transport == TRANSPORT_TCP && strncmp(text, "tcp/", 4) != 0)
		return -EINVAL;
	r = value_parse_port(text + 4, ret_port);
	if (r == 0)
		*ret_transport = transport;
	return r;
}

struct addr explain_local(const struct addr *peer)
{
	/* RFC 5737 and RFC 3849 */
	static const char *const candidates[2][2] = {
		{"2001:db8::1", "2001:db8::2"},
		{"203.0.113.1", "203.0.113.2"},
	};
	bool is_ipv4 = value_addr_is_ipv4(peer);
	struct addr local = {{0}};

	value_parse_addr(candidates[is_ipv4][0], &local);
	if (value_addr_equal(&local, peer))
		value_parse_addr(candidates[is_ipv4][1], &local);
	return local;
}

void explain_complete(const struct policy *policy, struct explain_question *question)
{
	if (!question->on && policy->n_interfaces == 1)
		question->on = policy->interfaces[0];
}

/* Out of a port of an inbound service, UDP would leave as a reply. */
static uint16_t client_port(const struct policy *policy, const struct explain_question *question)
{
	for (unsigned port = FIRST_EPHEMERAL; port <= LAST_EPHEMERAL; port++) {
		if (question->direction == INBOUND ||
		    !policy_is_inbound_port(policy, question->transport, (uint16_t)port))
			return (uint16_t)port;
	}
	return FIRST_EPHEMERAL;
}

size_t explain_frame(const struct policy *policy, const struct explain_question *question, uint8_t *frame)
{
	bool is_inbound = question->direction == INBOUND;
	struct frame_request request = {
		.src = is_inbound ? question->peer : question->local,
		.dst = is_inbound ? question->local : question->peer,
		.transport = question->transport,
		.src_port = client_port(policy, question),
		.dst_port = question->port,
		.is_opening = true,
	};

	return frame_build(&request, frame);
}

int explain(const struct policy *policy, const struct explain_question *question, uint32_t verdict,
	    const struct service_name *services, struct explanation *ret)
{
	struct explanation made = {.verdict = verdict, .is_allowed = verdict >= COUNTER_LINK};
	int r;

	made.is_audited = policy->mode == MODE_AUDIT && !made.is_allowed;
	if (verdict >= COUNTER_SERVICES && verdict < N_COUNTERS)
		snprintf(made.service, sizeof(made.service), "%.*s", NAME_SIZE - 1,
			 services[verdict - COUNTER_SERVICES].name);
	r = explain_rule(policy, question, &made);
	if (r == 0)
		*ret = made;
	return r;
}

const char *explain_format_question(const struct explain_question *question, char *buf)
{
	char peer[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE];

	value_format_addr(&question->local, local);
	snprintf(buf, EXPLAIN_TEXT_SIZE, "%s %s/%u %s %s%s%s%s%s", direction_name(question->direction),
		 question->transport == TRANSPORT_TCP ? "tcp" : "udp", question->port,
		 question->direction == INBOUND ? "from" : "to", value_format_addr(&question->peer, peer),
		 question->on ? " on " : "", question->on ? question->on : "",
		 question->names_local ? " at " : "", question->names_local ? local : "");
	return buf;
}

const char *explain_format_verdict(const struct explanation *explanation, char *buf)
{
	if (*explanation->service)
		snprintf(buf, EXPLAIN_TEXT_SIZE, "allow (service %s)", explanation->service);
	else if (explanation->is_allowed)
		snprintf(buf, EXPLAIN_TEXT_SIZE, "allow");
	else
		snprintf(buf, EXPLAIN_TEXT_SIZE, "deny (%s)", reason_name(explanation->verdict));
	return buf;
}

char *explain_format_place(const struct place *place)
{
	char *text = NULL, *file;
	size_t length;

	if (!place->line)
		return NULL;
	length = strlen(place->file);
	file = malloc(ESCAPED_SIZE(length));
	if (file && asprintf(&text, "%s:%u", escape_bytes(place->file, length, file), place->line) < 0)
		text = NULL;
	free(file);
	return text;
}

const char *explain_format_dependence(const struct explanation *explanation)
{
	if (explanation->depends_on_interface && explanation->depends_on_address)
		return "the verdict depends on the interface and on this host's address: say --on and --at";
	if (explanation->depends_on_interface)
		return "the verdict depends on the interface: say --on";
	return explanation->depends_on_address ? "the verdict depends on this host's address: say --at"
					       : NULL;
}

json_t *explain_json(const struct explanation *explanation)
{
	json_t *depends = json_array();
	char *where = explain_format_place(&explanation->where);
	const char *service = *explanation->service ? explanation->service : NULL;
	json_t *json = json_pack(
		"{s:s, s:s, s:s?, s:s?, s:s?, s:o}", "verdict", explanation->is_allowed ? "allow" : "deny",
		"reason", reason_name(explanation->is_allowed ? REASON_NONE : explanation->verdict),
		"service", service, "rule", explanation->rule, "where", where, "depends", depends);

	if (explanation->depends_on_interface)
		json_array_append_new(depends, json_string("on"));
	if (explanation->depends_on_address)
		json_array_append_new(depends, json_string("at"));
	if (explanation->is_audited)
		json_object_set_new(json, "audit", json_true());
	free(where);
	return json;
}
