// SPDX-License-Identifier: GPL-2.0-only
// The keys `on` and `at` of rules and tests.
#include "policy_yaml_reader.h"

static void read_on(struct reader *reader, const struct node *node, struct scope *scope)
{
	const char *text = reader_text(reader, node, "the name of an interface");

	if (!text)
		return;
	scope->on_place = node->place;
	if (policy_is_interface_name(text))
		scope->on = reader_strdup(reader, text);
	else
		reader_error(reader, node, "'%s' is not the name of an interface", text);
}

/* :: is no host's address, and means "every address" to the data path. */
static void read_at(struct reader *reader, const struct node *node, struct scope *scope)
{
	const char *text = reader_text(reader, node, "an address of this host");
	const struct addr unspecified = {{0}};
	struct addr addr;

	if (!text)
		return;
	scope->at_place = node->place;
	if (value_parse_addr(text, &addr) < 0 || value_addr_equal(&addr, &unspecified)) {
		reader_error(reader, node, "expected an address of this host, found '%s'", text);
		return;
	}
	scope->at = addr;
	scope->has_at = true;
}

void reader_scope(struct reader *reader, const struct field *on, const struct field *at, struct scope *ret)
{
	if (on->value)
		read_on(reader, on->value, ret);
	if (at->value)
		read_at(reader, at->value, ret);
}
