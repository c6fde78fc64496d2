// SPDX-License-Identifier: GPL-2.0-only
/* The places and tags of the map `connections`: which port an entry is of, and of whose addresses. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi.h"

enum { PEER_PORT = 443, SHARERS = N_PORTS / MAX_CONNECTIONS };

static const struct addr local6 = {{1, 2, 3, 4}}, peer6 = {{5, 6, 7, 8}};

static struct addr ipv4(uint32_t host_order)
{
	return (struct addr){{0, 0, htonl(0xffff), htonl(host_order)}};
}

static void every_port_comes_back(void **state)
{
	(void)state;
	for (uint32_t port = 0; port < N_PORTS; port++) {
		uint32_t tag = connection_tag(&local6, &peer6, (uint16_t)port, PEER_PORT);
		uint32_t place = connection_place((uint16_t)port);

		assert_true(place < MAX_CONNECTIONS);
		assert_int_equal(connection_local_port(place, tag), port);
	}
}

/* Whatever the rest of the tag is. */
static void those_of_a_place_differ(void **state)
{
	static const uint32_t port_bits = (1u << CONNECTION_HASH_SHIFT) - 1;
	uint32_t n[MAX_CONNECTIONS] = {0}, seen[MAX_CONNECTIONS][SHARERS];

	(void)state;
	for (uint32_t port = 0; port < N_PORTS; port++) {
		uint32_t tag = connection_tag(&local6, &peer6, (uint16_t)port, PEER_PORT) & port_bits;
		uint32_t place = connection_place((uint16_t)port);

		for (uint32_t i = 0; i < n[place]; i++)
			assert_int_not_equal(seen[place][i], tag);
		assert_true(n[place] < SHARERS);
		seen[place][n[place]++] = tag;
	}
}

static void a_tag_is_no_state(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		struct addr local = ipv4(i * 2654435761u), peer = ipv4(~i);
		uint32_t tag = connection_tag(&local, &peer, (uint16_t)(i * 40503u), PEER_PORT);

		assert_int_equal(tag & 1, 1);
		assert_int_not_equal(tag, CONNECTION_NONE);
		assert_int_not_equal(tag, CONNECTION_CLAIMED);
	}
}

static void families_are_told_apart(void **state)
{
	struct addr local4 = ipv4(0xc0000201), peer4 = ipv4(0xc6336407);

	(void)state;
	assert_true(connection_tag(&local4, &peer4, 1, PEER_PORT) & CONNECTION_IPV4);
	assert_false(connection_tag(&local6, &peer6, 1, PEER_PORT) & CONNECTION_IPV4);
	assert_false(connection_tag(&local4, &peer6, 1, PEER_PORT) & CONNECTION_IPV4);
	assert_false(connection_tag(&local6, &peer4, 1, PEER_PORT) & CONNECTION_IPV4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_port_comes_back),
		cmocka_unit_test(those_of_a_place_differ),
		cmocka_unit_test(a_tag_is_no_state),
		cmocka_unit_test(families_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
