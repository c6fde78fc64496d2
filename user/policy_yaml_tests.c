// SPDX-License-Identifier: GPL-2.0-only
// The section `tests`: a policy's own tests.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <string.h>

static void read_target(struct reader *reader, const struct node *node, struct policy_test *test)
{
	const char *form = "tcp/PORT or udp/PORT", *text = reader_text(reader, node, form);
	int r = -EINVAL;

	if (!text)
		return;
	if (strncmp(text, "tcp/", 4) == 0 || strncmp(text, "udp/", 4) == 0)
		r = value_parse_port(text + 4, &test->port);
	if (r == -ERANGE)
		reader_error(reader, node, "%s is out of range: ports are from 1 to 65535", text);
	else if (r < 0)
		reader_error(reader, node, "expected %s, found '%s'", form, text);
	test->transport = *text == 'u' ? TRANSPORT_UDP : TRANSPORT_TCP;
}

static void read_peer(struct reader *reader, const struct node *node, struct policy_test *test)
{
	const char *text = reader_text(reader, node, "an address");

	if (text && value_parse_addr(text, &test->peer) < 0)
		reader_error(reader, node, "expected an address, found '%s'", text);
}

static void read_expect(struct reader *reader, const struct node *node, struct policy_test *test)
{
	static const char *const words[] = {"allow", "deny", NULL};

	test->expect_allow = reader_word(reader, node, words) == 0;
}

static void read_test(struct reader *reader, const struct node *node, struct policy_test *test)
{
	enum { INTO, OUT, FROM, TO, ON, AT, EXPECT };
	struct field fields[] = {[INTO] = {.name = "inbound"},
				 [OUT] = {.name = "outbound"},
				 [FROM] = {.name = "from"},
				 [TO] = {.name = "to"},
				 [ON] = {.name = "on"},
				 [AT] = {.name = "at"},
				 [EXPECT] = {.name = "expect", .required = true},
				 {0}};
	const struct field *target, *peer, *wrong;

	test->place = node->place;
	if (!reader_fields(reader, node, "a test", fields))
		return;
	if (!fields[INTO].key == !fields[OUT].key) {
		reader_error(reader, node, "a test needs 'inbound' or 'outbound', and not both");
		return;
	}
	test->direction = fields[INTO].key ? INBOUND : OUTBOUND;
	target = &fields[test->direction == INBOUND ? INTO : OUT];
	peer = &fields[test->direction == INBOUND ? FROM : TO];
	wrong = &fields[test->direction == INBOUND ? TO : FROM];
	if (wrong->key)
		reader_error(reader, wrong->key, "an %s test has '%s', not '%s'", target->name, peer->name,
			     wrong->name);
	else if (!peer->key)
		reader_error(reader, node, "an %s test needs '%s'", target->name, peer->name);
	read_target(reader, target->value, test);
	if (peer->value)
		read_peer(reader, peer->value, test);
	reader_scope(reader, &fields[ON], &fields[AT], &test->scope);
	if (peer->value && test->scope.has_at &&
	    value_addr_is_ipv4(&test->scope.at) != value_addr_is_ipv4(&test->peer))
		reader_error(reader, fields[AT].value, "'at' and '%s' must be of the same family",
			     peer->name);
	if (fields[EXPECT].value)
		read_expect(reader, fields[EXPECT].value, test);
}

void read_tests(struct reader *reader, const struct node *node)
{
	struct policy *policy = reader->policy;

	if (node->kind != NODE_LIST) {
		reader_error(reader, node, "'tests' must be a list, not %s", node_describe(node));
		return;
	}
	for (size_t i = 0; i < node->n_items; i++) {
		struct policy_test *test =
			reader_grow(reader, &policy->tests, &policy->n_tests, sizeof(*test));

		if (!test)
			return;
		read_test(reader, &node->items[i], test);
	}
}
