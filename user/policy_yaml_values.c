// SPDX-License-Identifier: GPL-2.0-only
// Ports and prefixes of YAML nodes, with errors that say what to write instead.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_FORM "a port, a range FIRST-LAST or a list of them"

static bool parse_range(struct reader *reader, const struct node *node, struct port_range *ret)
{
	const char *text = reader_text(reader, node, PORTS_FORM);
	int r = text ? value_parse_port_range(text, ret) : -EINVAL;

	if (r == -ERANGE)
		reader_error(reader, node, "%s is out of range: ports are from 1 to 65535", text);
	else if (r < 0 && text)
		reader_error(reader, node, "expected %s, found '%s'", PORTS_FORM, text);
	return r == 0;
}

/* Marks the range in a bitmap of all ports; false when one of them was marked before. */
static bool mark_ports(uint8_t *bitmap, struct port_range range)
{
	for (unsigned port = range.first; port <= range.last; port++) {
		if (bitmap[port / 8] & 1u << port % 8)
			return false;
		bitmap[port / 8] |= (uint8_t)(1u << port % 8);
	}
	return true;
}

void reader_ports(struct reader *reader, const struct node *node, struct port_range **ret, size_t *ret_n)
{
	uint8_t bitmap[N_PORTS / 8] = {0};
	const struct node *items;
	size_t n;

	if (!reader_list(reader, node, PORTS_FORM, &items, &n))
		return;
	if (n == 0)
		reader_error(reader, node, "expected %s, found an empty list", PORTS_FORM);
	for (size_t i = 0; i < n; i++) {
		struct port_range range, *slot;

		if (!parse_range(reader, &items[i], &range))
			continue;
		if (!mark_ports(bitmap, range)) {
			reader_error(reader, &items[i], "%s overlaps another entry of the list",
				     items[i].text);
			return;
		}
		slot = reader_grow(reader, ret, ret_n, sizeof(*slot));
		if (!slot)
			return;
		*slot = range;
	}
}

/* Letters, digits, dots and dashes that are no address: somebody's host. */
static bool looks_like_host(const char *text)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	return strspn(text, allowed) == strlen(text) && strspn(text, "0123456789.") != strlen(text);
}

static void report_host_bits(struct reader *reader, struct place place, const char *text)
{
	char addr_text[ADDR_TEXT_SIZE], network[ADDR_TEXT_SIZE];
	size_t size = strcspn(text, "/");
	struct prefix prefix;
	struct addr addr;
	uint64_t length;

	memcpy(addr_text, text, size);
	addr_text[size] = '\0';
	if (value_parse_addr(addr_text, &addr) < 0 ||
	    value_parse_number(text + size + 1, 0, 128, &length) < 0)
		return;
	prefix = value_prefix_of(&addr, value_addr_is_ipv4(&addr), (uint8_t)length);
	diags_add(reader->diags, DIAG_ERROR, place,
		  "'%s' has bits set behind its length: write %s for the network or %s for the host", text,
		  value_format_prefix(&prefix, network), addr_text);
}

bool reader_prefix(struct reader *reader, struct place place, const char *text, struct prefix *ret)
{
	bool host_bits = false;
	int r = value_parse_prefix(text, ret, &host_bits);

	if (r == 0)
		return true;
	if (host_bits)
		report_host_bits(reader, place, text);
	else if (r == -ERANGE)
		diags_add(reader->diags, DIAG_ERROR, place, "the length of '%s' is out of range: 0 to %d",
			  text, strchr(text, ':') ? 128 : 32);
	else if (strncasecmp(text, "::ffff:", 7) == 0)
		diags_add(reader->diags, DIAG_ERROR, place,
			  "'%s' is an IPv4-mapped address: write it as IPv4", text);
	else if (looks_like_host(text))
		diags_add(reader->diags, DIAG_ERROR, place,
			  "'%s' is not an address; host names are not resolved: write the address", text);
	else
		diags_add(reader->diags, DIAG_ERROR, place, "expected an address or prefix, found '%s'",
			  text);
	return false;
}

bool reader_add_prefix(struct reader *reader, struct place place, const char *text, struct zone *zone)
{
	struct prefix prefix, *slot;

	if (!reader_prefix(reader, place, text, &prefix))
		return true;
	if (reader->n_prefixes == MAX_PREFIXES) {
		diags_add(reader->diags, DIAG_ERROR, place, "more than %d prefixes in all zones",
			  MAX_PREFIXES);
		return false;
	}
	slot = reader_grow(reader, &zone->prefixes, &zone->n_prefixes, sizeof(*slot));
	if (!slot)
		return false;
	*slot = prefix;
	reader->n_prefixes++;
	return true;
}
