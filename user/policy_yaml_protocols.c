// SPDX-License-Identifier: GPL-2.0-only
// Numbers of IP protocols in YAML nodes: those that a service may name, and what to write instead of the
// others.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define PROTOCOLS_FORM "the number of an IP protocol, 0-255, or a list of them"

/* What is no protocol of its own, or is judged by more than its number. */
static const char *const refused[N_PROTOCOLS] = {
	[IPPROTO_ICMP] = "ICMP is judged by its types: write 'ping' for echo requests; errors need no rule",
	[IPPROTO_TCP] = "TCP has ports: write {tcp: PORTS}",
	[IPPROTO_UDP] = "UDP has ports: write {udp: PORTS}",
	[IPPROTO_ICMPV6] = "ICMPv6 is judged by its types: write 'ping' for echo requests; errors and "
			   "neighbour discovery need no rule",
	[IPPROTO_HOPOPTS] = "an IPv6 extension header (hop-by-hop options) is looked through: write the "
			    "protocol behind it",
	[IPPROTO_ROUTING] =
		"an IPv6 extension header (routing) is looked through: write the protocol behind it",
	[IPPROTO_FRAGMENT] =
		"an IPv6 extension header (fragment) is looked through: write the protocol behind it",
	[IPPROTO_AH] = "an authentication header (AH) is looked through: write the protocol behind it",
	[IPPROTO_NONE] = "an IPv6 packet with no next header carries nothing: it is always denied",
	[IPPROTO_DSTOPTS] = "an IPv6 extension header (destination options) is looked through: write the "
			    "protocol behind it",
};

static bool read_protocol(struct reader *reader, const struct node *node, uint8_t *ret)
{
	const char *text = reader_text(reader, node, PROTOCOLS_FORM);
	uint64_t number = 0;
	int r = text ? value_parse_number(text, 0, N_PROTOCOLS - 1, &number) : -ENODATA;

	if (r == 0 && refused[number])
		reader_error(reader, node, "protocol %s: %s", text, refused[number]);
	else if (r == -ERANGE)
		reader_error(reader, node, "%s is out of range: IP protocols are from 0 to %d", text,
			     N_PROTOCOLS - 1);
	else if (r == -EINVAL && value_is_name(text) && strspn(text, "0123456789") == 0)
		reader_error(reader, node, "'%s': protocols are written as numbers (112 for VRRP)", text);
	else if (r == -EINVAL)
		reader_error(reader, node, "expected %s, found '%s'", PROTOCOLS_FORM, text);
	if (r < 0 || refused[number])
		return false;
	*ret = (uint8_t)number;
	return true;
}

void reader_protocols(struct reader *reader, const struct node *node, uint8_t **ret, size_t *ret_n)
{
	const struct node *items;
	size_t n;

	if (!reader_list(reader, node, PROTOCOLS_FORM, &items, &n))
		return;
	if (n == 0)
		reader_error(reader, node, "expected %s, found an empty list", PROTOCOLS_FORM);
	for (size_t i = 0; i < n; i++) {
		uint8_t protocol, *slot;

		if (!read_protocol(reader, &items[i], &protocol))
			continue;
		if (*ret_n && memchr(*ret, protocol, *ret_n)) {
			reader_error(reader, &items[i], "%s appears twice in the list", items[i].text);
			continue;
		}
		slot = reader_grow(reader, ret, ret_n, sizeof(*slot));
		if (!slot)
			return;
		*slot = protocol;
	}
}
