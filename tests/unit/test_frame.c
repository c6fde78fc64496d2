// SPDX-License-Identifier: GPL-2.0-only
/* Made packets, byte by byte: what the parser of the data path will see. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "value.h"

enum { GUARD = 0xa5, GUARD_SIZE = 16 };

enum { TCP_FLAGS = 13, FLAG_SYN = 0x02, FLAG_ACK = 0x10 };

static struct addr addr(const char *text)
{
	struct addr made;

	assert_int_equal(value_parse_addr(text, &made), 0);
	return made;
}

static struct frame_request request(const char *src, const char *dst, enum transport transport)
{
	return (struct frame_request){
		.src = addr(src),
		.dst = addr(dst),
		.transport = transport,
		.src_port = 0x1234,
		.dst_port = 443,
		.is_opening = true,
	};
}

static unsigned be16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* Nothing behind what is said to be used is touched. */
static size_t build(const struct frame_request *request, uint8_t *frame)
{
	size_t size;

	memset(frame, GUARD, FRAME_SIZE + GUARD_SIZE);
	size = frame_build(request, frame);
	assert_true(size <= FRAME_SIZE);
	for (size_t i = size; i < FRAME_SIZE + GUARD_SIZE; i++)
		assert_int_equal(frame[i], GUARD);
	return size;
}

static void ipv4_tcp(void **state)
{
	static const uint8_t src[] = {192, 0, 2, 1}, dst[] = {203, 0, 113, 9};
	struct frame_request asked = request("192.0.2.1", "203.0.113.9", TRANSPORT_TCP);
	uint8_t frame[FRAME_SIZE + GUARD_SIZE];
	const uint8_t *ip = frame + 14, *tcp = ip + 20;

	(void)state;
	assert_int_equal(build(&asked, frame), 14 + 20 + 20);
	assert_int_equal(be16(frame + 12), 0x0800);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(be16(ip + 2), 40);
	assert_int_equal(be16(ip + 6), 0); /* no fragment */
	assert_int_not_equal(ip[8], 0);
	assert_int_equal(ip[9], IPPROTO_TCP);
	assert_memory_equal(ip + 12, src, sizeof(src));
	assert_memory_equal(ip + 16, dst, sizeof(dst));
	assert_int_equal(be16(tcp), 0x1234);
	assert_int_equal(be16(tcp + 2), 443);
	assert_int_equal(tcp[12] >> 4, 5);
	assert_int_equal(tcp[TCP_FLAGS], FLAG_SYN);
}

static void ipv6_tcp(void **state)
{
	struct frame_request asked = request("2001:db8::1", "2001:db8::2", TRANSPORT_TCP);
	uint8_t frame[FRAME_SIZE + GUARD_SIZE];
	const uint8_t *ip = frame + 14, *tcp = ip + 40;

	(void)state;
	assert_int_equal(build(&asked, frame), 14 + 40 + 20);
	assert_int_equal(be16(frame + 12), 0x86dd);
	assert_int_equal(ip[0] >> 4, 6);
	assert_int_equal(be16(ip + 4), 20);
	assert_int_equal(ip[6], IPPROTO_TCP);
	assert_int_not_equal(ip[7], 0);
	assert_memory_equal(ip + 8, &asked.src, 16);
	assert_memory_equal(ip + 24, &asked.dst, 16);
	assert_int_equal(be16(tcp + 2), 443);
	assert_int_equal(tcp[TCP_FLAGS], FLAG_SYN);
}

static void udp(void **state)
{
	struct frame_request asked = request("192.0.2.1", "203.0.113.9", TRANSPORT_UDP);
	uint8_t frame[FRAME_SIZE + GUARD_SIZE];

	(void)state;
	assert_int_equal(build(&asked, frame), 14 + 20 + 8);
	assert_int_equal(be16(frame + 14 + 2), 28);
	assert_int_equal(frame[14 + 9], IPPROTO_UDP);
	assert_int_equal(be16(frame + 34), 0x1234);
	assert_int_equal(be16(frame + 36), 443);
	assert_int_equal(be16(frame + 38), 8);
	asked = request("2001:db8::1", "2001:db8::2", TRANSPORT_UDP);
	assert_int_equal(build(&asked, frame), 14 + 40 + 8);
	assert_int_equal(be16(frame + 14 + 4), 8);
	assert_int_equal(frame[14 + 6], IPPROTO_UDP);
	assert_int_equal(be16(frame + 54 + 4), 8);
}

static void middle_of_a_connection(void **state)
{
	struct frame_request asked = request("192.0.2.1", "203.0.113.9", TRANSPORT_TCP);
	uint8_t frame[FRAME_SIZE + GUARD_SIZE];

	(void)state;
	asked.is_opening = false;
	build(&asked, frame);
	assert_int_equal(frame[34 + TCP_FLAGS], FLAG_ACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_tcp),
		cmocka_unit_test(ipv6_tcp),
		cmocka_unit_test(udp),
		cmocka_unit_test(middle_of_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
