// SPDX-License-Identifier: GPL-2.0-only
// The sections `mode`, `deny`, `block` and `ping`.
#include "policy_yaml_reader.h"

#include <stdlib.h>

/* Whether the thing, last set at `old`, may be set at `place`: not what the main file has set, and, after a
 * report, not what another file has. */
static bool may_set(struct reader *reader, const char *what, struct place old, struct place place)
{
	if (old.line == 0)
		return true;
	if (!reader_is_redefined(reader, old, place))
		diags_add(reader->diags, DIAG_ERROR, place, "%s is already set at %s:%u", what, old.file,
			  old.line);
	return false;
}

void read_mode(struct reader *reader, const struct node *node)
{
	static const char *const words[] = {[MODE_ENFORCE] = "enforce", [MODE_AUDIT] = "audit", NULL};
	struct policy *policy = reader->policy;
	int word = reader_word(reader, node, words);

	if (word < 0 || !may_set(reader, "'mode'", policy->mode_place, node->place))
		return;
	policy->mode = (enum mode)word;
	policy->mode_place = node->place;
}

void read_deny(struct reader *reader, const struct node *node)
{
	static const char *const words[] = {[DENY_DROP] = "drop", [DENY_REJECT] = "reject", NULL};
	static const char *const names[] = {[INBOUND] = "'deny: inbound'", [OUTBOUND] = "'deny: outbound'"};
	struct field fields[] = {[INBOUND] = {.name = "inbound"}, [OUTBOUND] = {.name = "outbound"}, {0}};
	struct policy *policy = reader->policy;

	if (!reader_fields(reader, node, "'deny'", fields))
		return;
	for (size_t i = 0; i < N_DIRECTIONS; i++) {
		const struct node *value = fields[i].value;
		int word = value ? reader_word(reader, value, words) : -1;

		if (word < 0 || !may_set(reader, names[i], policy->deny_place[i], value->place))
			continue;
		policy->deny[i] = (enum deny)word;
		policy->deny_place[i] = value->place;
	}
}

static bool holds_family(const struct zone *zone, bool is_ipv4)
{
	for (size_t i = 0; i < zone->n_prefixes; i++)
		if (zone->prefixes[i].length == 0 && zone->prefixes[i].is_ipv4 == is_ipv4)
			return true;
	return false;
}

/* Whether nothing is left once the zone is blocked too. */
static bool shuts_everything(const struct policy *policy, const struct zone *zone)
{
	bool all4 = holds_family(zone, true), all6 = holds_family(zone, false);

	if (!all4 && !all6)
		return false;
	for (size_t i = 0; i < policy->n_block; i++) {
		all4 = all4 || holds_family(&policy->zones[policy->block[i]], true);
		all6 = all6 || holds_family(&policy->zones[policy->block[i]], false);
	}
	return all4 && all6;
}

static void add_blocked(struct reader *reader, const struct node *node, size_t zone)
{
	struct policy *policy = reader->policy;
	size_t *slot;

	if (shuts_everything(policy, &policy->zones[zone])) {
		reader_error(reader, node, "blocking '%s' leaves no address: it would shut everything",
			     node->text);
		return;
	}
	/* Each file may block for reasons of its own. */
	for (size_t i = 0; i < policy->n_block; i++)
		if (policy->block[i] == zone)
			return;
	slot = reader_grow(reader, &policy->block, &policy->n_block, sizeof(*slot));
	if (slot)
		*slot = zone;
}

void read_block(struct reader *reader, const struct node *node)
{
	const struct node *items = node->kind == NODE_LIST ? node->items : node;
	size_t before = diags_count(reader->diags, DIAG_ERROR), *peers = NULL, n = 0;

	if (node->kind == NODE_LIST && node->n_items == 0)
		return;
	reader_peers(reader, node, &peers, &n);
	/* Without an error there is a peer for each item, in their order. */
	if (diags_count(reader->diags, DIAG_ERROR) == before && !reader->out_of_memory)
		for (size_t i = 0; i < n; i++)
			add_blocked(reader, &items[i], peers[i]);
	free(peers);
}

void read_ping(struct reader *reader, const struct node *node)
{
	static const char *const names[] = {[INBOUND] = "'ping: from'", [OUTBOUND] = "'ping: to'"};
	struct field fields[] = {[INBOUND] = {.name = "from"}, [OUTBOUND] = {.name = "to"}, {0}};

	if (!reader_fields(reader, node, "'ping'", fields))
		return;
	for (size_t i = 0; i < N_DIRECTIONS; i++) {
		struct ping *ping = &reader->policy->ping[i], read = {0};

		if (!fields[i].value)
			continue;
		read.place = fields[i].value->place;
		/* One that is replaced must be right all the same. */
		reader_peers(reader, fields[i].value, &read.peers, &read.n_peers);
		if (may_set(reader, names[i], ping->place, read.place))
			*ping = read;
		else
			free(read.peers);
	}
	if (!fields[INBOUND].key && !fields[OUTBOUND].key && node->n_items == 0)
		reader_error(reader, node, "'ping' needs 'from' or 'to'");
}
