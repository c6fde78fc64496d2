// SPDX-License-Identifier: GPL-2.0-only
// The sections `inbound` and `outbound`.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WHY = 200, MAX_RULES = 16384 };

/* C0, DEL or C1: `show` prints the text. */
static bool has_control(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] < 0xa0))
			return true;
	return false;
}

static void read_why(struct reader *reader, const struct node *node, struct rule *rule)
{
	const char *text = reader_text(reader, node, "a text that says why");

	if (!text)
		return;
	if (strlen(text) > MAX_WHY)
		reader_error(reader, node, "'why' is longer than %d bytes", MAX_WHY);
	else if (has_control(text))
		reader_error(reader, node, "'why' must be one line of text");
	else
		rule->why = reader_strdup(reader, text);
}

static void read_rule(struct reader *reader, const struct node *node, enum direction direction,
		      struct rule *rule)
{
	enum { SERVICE, PEERS, WHY, ON, AT };
	struct field fields[] = {[SERVICE] = {.name = "service", .required = true},
				 [PEERS] = {.name = direction == INBOUND ? "from" : "to", .required = true},
				 [WHY] = {.name = "why"},
				 [ON] = {.name = "on"},
				 [AT] = {.name = "at"},
				 {0}};
	ssize_t service;

	rule->place = node->place;
	if (!reader_fields(reader, node, "a rule", fields))
		return;
	if (fields[SERVICE].value) {
		service = reader_service(reader, fields[SERVICE].value);
		rule->service = service < 0 ? 0 : (size_t)service;
	}
	if (fields[PEERS].value)
		reader_peers(reader, fields[PEERS].value, &rule->peers, &rule->n_peers);
	if (fields[WHY].value)
		read_why(reader, fields[WHY].value, rule);
	reader_scope(reader, &fields[ON], &fields[AT], &rule->scope);
}

void read_rules(struct reader *reader, const struct node *node, enum direction direction)
{
	struct policy *policy = reader->policy;
	struct rule **rules = direction == INBOUND ? &policy->inbound : &policy->outbound;
	size_t *n = direction == INBOUND ? &policy->n_inbound : &policy->n_outbound;

	if (node->kind != NODE_LIST) {
		reader_error(reader, node, "'%s' must be a list of rules, not %s",
			     direction == INBOUND ? "inbound" : "outbound", node_describe(node));
		return;
	}
	for (size_t i = 0; i < node->n_items; i++) {
		struct rule *rule;

		if (*n >= MAX_RULES) {
			reader_error(reader, &node->items[i], "more than %d rules in one direction",
				     MAX_RULES);
			return;
		}
		rule = reader_grow(reader, rules, n, sizeof(*rule));
		if (!rule)
			return;
		read_rule(reader, &node->items[i], direction, rule);
	}
}
