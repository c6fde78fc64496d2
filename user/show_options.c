// SPDX-License-Identifier: GPL-2.0-only
// What `show` says beside rules and FTP servers: ping, block, deny, mode.
#include "show_options.h"

#include <stdio.h>

#include "cleanup.h"
#include "cmd.h"
#include "describe.h"
#include "output.h"

static const char *const deny_names[] = {[DENY_DROP] = "drop", [DENY_REJECT] = "reject"};
static const char *const mode_names[] = {[MODE_ENFORCE] = "enforce", [MODE_AUDIT] = "audit"};

static bool is_default(const struct policy *policy)
{
	return policy->mode == MODE_ENFORCE && policy->deny[INBOUND] == DENY_DROP &&
	       policy->deny[OUTBOUND] == DENY_DROP && policy->n_block == 0 &&
	       policy->ping[INBOUND].n_peers == 0 && policy->ping[OUTBOUND].n_peers == 0;
}

static void add_peers(struct table *table, const char *name, const struct policy *policy, const size_t *peers,
		      size_t n)
{
	CLEANUP_FREE char *text = n ? describe_peers(policy, peers, n) : NULL;

	if (n == 0)
		return;
	table_add(table, "%s", name);
	table_add(table, "%s", text ? text : "?");
}

static void add_deny(struct table *table, const char *name, enum deny deny)
{
	if (deny == DENY_DROP)
		return;
	table_add(table, "%s", name);
	table_add(table, "reject (what is denied is answered: RST or ICMP)");
}

int show_options_print(const struct policy *policy)
{
	static const char *const headings[] = {"OPTION", "VALUE", NULL};
	struct table *table;

	if (is_default(policy))
		return EXIT_DONE;
	table = table_new(headings);
	putchar('\n');
	if (table) {
		add_peers(table, "ping from", policy, policy->ping[INBOUND].peers,
			  policy->ping[INBOUND].n_peers);
		add_peers(table, "ping to", policy, policy->ping[OUTBOUND].peers,
			  policy->ping[OUTBOUND].n_peers);
		add_peers(table, "block", policy, policy->block, policy->n_block);
		add_deny(table, "deny inbound", policy->deny[INBOUND]);
		add_deny(table, "deny outbound", policy->deny[OUTBOUND]);
		if (policy->mode == MODE_AUDIT) {
			table_add(table, "mode");
			table_add(table, "audit (nothing is denied: denies are counted and reported)");
		}
	}
	return table_finish(table);
}

void show_options_add(const struct policy *policy, json_t *object)
{
	const struct ping *in = &policy->ping[INBOUND], *out = &policy->ping[OUTBOUND];

	json_object_set_new(object, "ping",
			    json_pack("{s:o, s:o}", "from", json_peers(policy, in->peers, in->n_peers), "to",
				      json_peers(policy, out->peers, out->n_peers)));
	json_object_set_new(object, "block", json_peers(policy, policy->block, policy->n_block));
	json_object_set_new(object, "deny",
			    json_pack("{s:s, s:s}", "inbound", deny_names[policy->deny[INBOUND]], "outbound",
				      deny_names[policy->deny[OUTBOUND]]));
	json_object_set_new(object, "mode", json_string(mode_names[policy->mode]));
}
