// SPDX-License-Identifier: GPL-2.0-only
/* Rules that hold only on one interface or at one address: chains in one table, shared by the ports that have
 * the same. */
#include <assert.h>
#include <errno.h>

#include "compile_parts.h"

static_assert(MAX_NARROWINGS == 4096 && MAX_NARROWED == 32, "the limits are spelled out below");
static_assert(sizeof(struct narrowing) == 28, "a hole would hold anything");
static const char too_many[] = "at most 4095 combinations of rules with 'on' or 'at'";
static const char too_long[] = "at most 32 rules with 'on' or 'at' for one port";

/* Whether both open a port for the same peers at the same place. */
static bool says_the_same(const struct narrowing *a, const struct narrowing *b)
{
	return value_addr_equal(&a->at, &b->at) && a->ifindex == b->ifindex &&
	       a->rule.peers == b->rule.peers && a->rule.flags == b->rule.flags;
}

/* The entry that is `wanted`, its place in a chain included. */
static int intern(struct narrower *narrower, const struct narrowing *wanted, uint16_t *ret_index)
{
	struct compiled *compiled = narrower->compiled;

	/* The newest is the likeliest. */
	for (size_t i = compiled->n_narrowings; i-- > 1;) {
		const struct narrowing *entry = &compiled->narrowings[i];

		if (says_the_same(entry, wanted) && entry->rule.narrowed == wanted->rule.narrowed &&
		    entry->rule.service == wanted->rule.service) {
			*ret_index = (uint16_t)i;
			return 0;
		}
	}
	if (compiled->n_narrowings == MAX_NARROWINGS) {
		*narrower->limit = too_many;
		return -E2BIG;
	}
	compiled->narrowings[compiled->n_narrowings] = *wanted;
	*ret_index = (uint16_t)compiled->n_narrowings++;
	return 0;
}

int narrower_begin(struct narrower *narrower, const struct rule *rule, uint16_t service, uint16_t *ret_head)
{
	struct zone_set peers = zone_set_of(rule->peers, rule->n_peers);
	struct narrowing narrowing = {.rule = {.service = service, .flags = PORT_OPEN}};
	int err = peer_sets_assign(narrower->sets, &peers, &narrowing.rule);

	if (rule->scope.has_at)
		narrowing.at = rule->scope.at;
	if (rule->scope.on)
		narrowing.ifindex = policy_interface_number(narrower->policy, rule->scope.on);
	return err ? err : intern(narrower, &narrowing, ret_head);
}

/* Adds the entry to the chain, unless it has it. */
static int add(struct narrower *narrower, uint16_t *head, struct narrowing entry)
{
	const struct narrowing *narrowings = narrower->compiled->narrowings;
	size_t length = 0;

	for (uint16_t i = *head; i; i = narrowings[i].rule.narrowed, length++)
		if (says_the_same(&narrowings[i], &entry))
			return 0;
	if (length == MAX_NARROWED) {
		*narrower->limit = too_long;
		return -E2BIG;
	}
	entry.rule.narrowed = *head;
	return intern(narrower, &entry, head);
}

int narrower_extend(struct narrower *narrower, uint16_t *head, uint16_t addition)
{
	const struct narrowing *narrowings = narrower->compiled->narrowings;
	uint16_t extended = *head;
	int err = 0;

	if (!addition || *head == addition)
		return 0;
	if (!*head) {
		*head = addition;
		return 0;
	}
	if (*head == narrower->head && addition == narrower->addition) {
		*head = narrower->extended;
		return 0;
	}
	for (uint16_t i = addition; i && !err; i = narrowings[i].rule.narrowed)
		err = add(narrower, &extended, narrowings[i]);
	if (err)
		return err;
	narrower->head = *head;
	narrower->addition = addition;
	narrower->extended = extended;
	*head = extended;
	return 0;
}
