// SPDX-License-Identifier: GPL-2.0-only
// The section `zones`, and references to zones and addresses.
#include "policy_yaml_reader.h"

#include <stdlib.h>
#include <string.h>

static const char *zone_name(const void *from, size_t i)
{
	const struct policy *policy = from;

	for (size_t z = 0; z < policy->n_zones; z++)
		if (policy->zones[z].name && i-- == 0)
			return policy->zones[z].name;
	return NULL;
}

static bool is_defined(const struct policy *policy, const char *name)
{
	return policy_find_zone(policy, name);
}

static void read_zone_list(struct reader *reader, const struct node *node, struct zone *zone)
{
	const char *form = "an address, a prefix or a list of them, or {file: NAME}";
	const struct node *items;
	size_t n;

	if (!reader_list(reader, node, form, &items, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		const char *text = reader_text(reader, &items[i], "an address or a prefix");

		if (text && is_defined(reader->policy, text))
			reader_error(reader, &items[i],
				     "'%s' is a zone: a zone holds addresses and prefixes, not other zones",
				     text);
		else if (text && !reader_add_prefix(reader, items[i].place, text, zone))
			return;
	}
}

static void read_zone(struct reader *reader, const struct node *node, struct zone *zone)
{
	struct field fields[] = {{.name = "file", .required = true}, {0}};

	if (node->kind != NODE_MAP)
		read_zone_list(reader, node, zone);
	else if (reader_fields(reader, node, "a zone", fields) && fields[0].value)
		read_zone_file(reader, fields[0].value, zone);
}

static bool may_define(struct reader *reader, const struct node *key)
{
	const struct zone *old;
	struct prefix prefix;

	if (!reader_name(reader, key, NAME_SIZE))
		return false;
	if (value_parse_prefix(key->text, &prefix, NULL) == 0) {
		reader_error(reader, key, "'%s' is an address: it cannot name a zone", key->text);
		return false;
	}
	old = policy_find_zone(reader->policy, key->text);
	if (!old)
		return true;
	if (old == &reader->policy->zones[ZONE_ANY])
		reader_error(reader, key, "zone 'any' is predefined and cannot be defined");
	else if (!reader_is_redefined(reader, old->place, key->place))
		reader_error(reader, key, "zone '%s' is already defined at %s:%u", key->text, old->place.file,
			     old->place.line);
	return false;
}

void read_zones(struct reader *reader, const struct node *node)
{
	if (node->kind != NODE_MAP) {
		reader_error(reader, node, "'zones' must be a mapping {name: [addresses], …}, not %s",
			     node_describe(node));
		return;
	}
	for (size_t i = 0; i < node->n_items; i += 2) {
		struct policy *policy = reader->policy;
		const struct node *key = &node->items[i];
		struct zone zone = {.place = key->place}, *slot;
		bool is_new = may_define(reader, key);

		if (policy->n_zones >= MAX_ZONES) {
			reader_error(reader, key, "more than %d zones, the predefined one included",
				     MAX_ZONES);
			return;
		}
		/* One that is replaced must be right all the same. */
		read_zone(reader, &node->items[i + 1], &zone);
		zone.name = is_new ? reader_strdup(reader, key->text) : NULL;
		slot = zone.name ? reader_grow(reader, &policy->zones, &policy->n_zones, sizeof(*slot))
				 : NULL;
		if (slot) {
			*slot = zone;
		} else {
			free(zone.name);
			free(zone.prefixes);
		}
	}
}

/* The zone without a name that stands for the prefix; the same prefix is one zone wherever it is written. */
static ssize_t anonymous_zone(struct reader *reader, const struct node *node, struct prefix prefix)
{
	struct policy *policy = reader->policy;
	struct zone *zone;
	struct prefix *slot;

	for (size_t i = 0; i < policy->n_zones; i++) {
		const struct prefix *old = policy->zones[i].prefixes;

		if (!policy->zones[i].name && old->is_ipv4 == prefix.is_ipv4 &&
		    old->length == prefix.length && value_addr_equal(&old->addr, &prefix.addr))
			return (ssize_t)i;
	}
	if (policy->n_zones == MAX_ZONES) {
		reader_error(reader, node, "more than %d zones, addresses written in rules included",
			     MAX_ZONES);
		return -1;
	}
	zone = reader_grow(reader, &policy->zones, &policy->n_zones, sizeof(*zone));
	if (!zone)
		return -1;
	zone->place = node->place;
	slot = reader_grow(reader, &zone->prefixes, &zone->n_prefixes, sizeof(*slot));
	if (!slot) {
		policy->n_zones--;
		return -1;
	}
	*slot = prefix;
	return (ssize_t)policy->n_zones - 1;
}

static ssize_t read_peer(struct reader *reader, const struct node *node)
{
	const char *text = reader_text(reader, node, "a zone or an address");
	const struct zone *zone = text ? policy_find_zone(reader->policy, text) : NULL;
	struct prefix prefix;
	const char *near;

	if (!text)
		return -1;
	if (zone)
		return zone - reader->policy->zones;
	/* A name without a dot is a zone misspelt, not a host. */
	if (value_is_name(text) && strspn(text, "0123456789.") != strlen(text)) {
		near = reader_nearest(reader, text, zone_name, reader->policy);
		if (near || !strchr(text, '.')) {
			reader_unknown(reader, node, "zone", near);
			return -1;
		}
	}
	return reader_prefix(reader, node->place, text, &prefix) ? anonymous_zone(reader, node, prefix) : -1;
}

void reader_peers(struct reader *reader, const struct node *node, size_t **ret, size_t *ret_n)
{
	const struct node *items;
	size_t n, *slot;

	if (!reader_list(reader, node, "a zone, an address or a list of them", &items, &n))
		return;
	if (n == 0)
		reader_error(reader, node,
			     "expected a zone, an address or a list of them, found an empty list");
	for (size_t i = 0; i < n; i++) {
		ssize_t peer = read_peer(reader, &items[i]);
		bool seen = false;

		for (size_t j = 0; peer >= 0 && j < *ret_n; j++)
			seen = seen || (*ret)[j] == (size_t)peer;
		if (seen)
			reader_error(reader, &items[i], "'%s' appears twice in the list", items[i].text);
		if (seen || peer < 0)
			continue;
		slot = reader_grow(reader, ret, ret_n, sizeof(*slot));
		if (slot)
			*slot = (size_t)peer;
	}
}
