// SPDX-License-Identifier: GPL-2.0-only
/* Events: what a reader of the overwriting log sees and loses, their order, and how they are written. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "events.h"
#include "value.h"

enum { SIZE = 8 };

/* The kernel's side: event `sequence` in its entry, an unfinished one as 0. */
static void write_event(struct event *log, uint64_t sequence)
{
	log[sequence % SIZE].sequence = sequence;
	log[sequence % SIZE].time_ns = sequence * 10;
}

static void assert_taken(const struct event *found, size_t n, uint64_t first, size_t expected)
{
	assert_int_equal(n, expected);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(found[i].sequence, first + i);
}

static void new_events_once(void **state)
{
	struct event log[SIZE] = {0}, found[SIZE];
	struct log_cursor cursor = {0}, other = {0};
	uint64_t lost = 0;

	(void)state;
	assert_int_equal(log_take(&cursor, log, SIZE, 0, found, &lost), 0);
	for (uint64_t i = 1; i <= 3; i++)
		write_event(log, i);
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 1, 3);
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 0, 0);
	for (uint64_t i = 4; i <= 10; i++)
		write_event(log, i);
	assert_taken(found, log_take(&cursor, log, SIZE, 10, found, &lost), 4, 7);
	assert_int_equal(lost, 0);
	/* Another reader consumes nothing of it, and finds what there is. */
	assert_taken(found, log_take(&other, log, SIZE, 10, found, &lost), 3, 8);
	assert_int_equal(lost, 2);
}

static void overwritten_is_counted(void **state)
{
	struct event log[SIZE] = {0}, found[SIZE];
	struct log_cursor cursor = {0};
	uint64_t lost = 0;

	(void)state;
	write_event(log, 1);
	assert_taken(found, log_take(&cursor, log, SIZE, 1, found, &lost), 1, 1);
	for (uint64_t i = 2; i <= 30; i++)
		write_event(log, i);
	assert_taken(found, log_take(&cursor, log, SIZE, 30, found, &lost), 23, 8);
	assert_int_equal(lost, 21); /* 2 to 22 */
}

/* The head was read after the log: what may have changed under the reader's hands is not believed. */
static void overwritten_while_read(void **state)
{
	struct event log[SIZE] = {0}, found[SIZE];
	struct log_cursor cursor = {0};
	uint64_t lost = 0;

	(void)state;
	for (uint64_t i = 1; i <= 8; i++)
		write_event(log, i);
	assert_taken(found, log_take(&cursor, log, SIZE, 10, found, &lost), 3, 6);
	assert_int_equal(lost, 2);
	write_event(log, 9);
	write_event(log, 10);
	assert_taken(found, log_take(&cursor, log, SIZE, 10, found, &lost), 9, 2);
	assert_int_equal(lost, 2);
}

static void unfinished_is_waited_for(void **state)
{
	struct event log[SIZE] = {0}, found[SIZE];
	struct log_cursor cursor = {0};
	uint64_t lost = 0;

	(void)state;
	write_event(log, 1);
	write_event(log, 3); /* 2 is being written on another CPU */
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 1, 1);
	write_event(log, 2);
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 2, 2);
	assert_int_equal(lost, 0);
}

static void never_written_is_lost(void **state)
{
	struct event log[SIZE] = {0}, found[SIZE];
	struct log_cursor cursor = {0};
	uint64_t lost = 0;

	(void)state;
	write_event(log, 3);
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 0, 0);
	assert_taken(found, log_take(&cursor, log, SIZE, 3, found, &lost), 3, 1);
	assert_int_equal(lost, 2);
}

static void ordered_by_time(void **state)
{
	struct event events[] = {
		{.sequence = 1, .time_ns = 30},
		{.sequence = 2, .time_ns = 10},
		{.sequence = 9, .time_ns = 20},
		{.sequence = 4, .time_ns = 20},
	};

	(void)state;
	events_order(events, 4);
	assert_int_equal(events[0].sequence, 2);
	assert_int_equal(events[1].sequence, 4);
	assert_int_equal(events[2].sequence, 9);
	assert_int_equal(events[3].sequence, 1);
}

static struct addr addr(const char *text)
{
	struct addr made = {0};

	assert_int_equal(value_parse_addr(text, &made), 0);
	return made;
}

/* One second before 2024-03-01 in real time is 1 s after boot. */
static const int64_t offset = INT64_C(1709251198000000000);

static void assert_written(const struct event *event, const char *text, const char *json)
{
	char *written = NULL;
	size_t size;
	FILE *stream = open_memstream(&written, &size);
	json_t *object = event_to_json(event, offset), *expected = json_loads(json, 0, NULL);

	event_print(event, offset, stream);
	fclose(stream);
	assert_string_equal(written, text);
	assert_non_null(expected);
	free(written);
	written = json_dumps(object, JSON_COMPACT);
	if (!json_equal(object, expected))
		fail_msg("%s", written);
	assert_null(strchr(written, '\n'));
	free(written);
	json_decref(object);
	json_decref(expected);
}

static void deny_is_written(void **state)
{
	struct event event = {.time_ns = 1234567890,
			      .kind = EVENT_DENY,
			      .direction = INBOUND,
			      .protocol = 6,
			      .reason = REASON_PORT,
			      .peer = addr("198.51.100.7"),
			      .peer_port = 40000,
			      .local = addr("192.0.2.1"),
			      .local_port = 445};

	(void)state;
	assert_written(
		&event,
		"2024-02-29T23:59:59.234Z deny inbound tcp 198.51.100.7:40000 -> 192.0.2.1:445: port\n",
		"{\"time\":\"2024-02-29T23:59:59.234Z\",\"kind\":\"deny\",\"direction\":\"inbound\","
		"\"protocol\":\"tcp\",\"peer\":\"198.51.100.7\",\"peer_port\":40000,"
		"\"local\":\"192.0.2.1\",\"local_port\":445,\"reason\":\"port\"}");
	event.direction = OUTBOUND;
	event.protocol = 17;
	event.peer = addr("2001:db8::7");
	event.local = addr("2001:db8::1");
	event.pid = 12;
	strcpy(event.comm, "curl");
	assert_written(
		&event,
		"2024-02-29T23:59:59.234Z deny outbound udp [2001:db8::1]:445 -> [2001:db8::7]:40000: port "
		"(curl, pid 12, uid 0)\n",
		"{\"time\":\"2024-02-29T23:59:59.234Z\",\"kind\":\"deny\",\"direction\":\"outbound\","
		"\"protocol\":\"udp\",\"peer\":\"2001:db8::7\",\"peer_port\":40000,"
		"\"local\":\"2001:db8::1\",\"local_port\":445,\"reason\":\"port\",\"process\":\"curl\","
		"\"pid\":12,\"uid\":0}");
}

static void deny_without_ports(void **state)
{
	struct event icmp = {.kind = EVENT_DENY,
			     .protocol = 1,
			     .reason = REASON_ICMP_TYPE,
			     .peer_port = 8,
			     .peer = addr("198.51.100.7"),
			     .local = addr("192.0.2.1")};
	struct event gre = {.kind = EVENT_DENY,
			    .protocol = 47,
			    .reason = REASON_PROTOCOL,
			    .peer = addr("198.51.100.7"),
			    .local = addr("192.0.2.1")};
	struct event link = {.kind = EVENT_DENY, .reason = REASON_ETHERTYPE, .ifindex = 1};

	(void)state;
	assert_written(&icmp,
		       "2024-02-29T23:59:58.000Z deny inbound icmp type 8 code 0 198.51.100.7 -> 192.0.2.1: "
		       "icmp-type\n",
		       "{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"deny\",\"direction\":\"inbound\","
		       "\"protocol\":\"icmp\",\"peer\":\"198.51.100.7\",\"icmp_type\":8,\"icmp_code\":0,"
		       "\"local\":\"192.0.2.1\",\"reason\":\"icmp-type\"}");
	assert_written(&gre, "2024-02-29T23:59:58.000Z deny inbound 47 198.51.100.7 -> 192.0.2.1: protocol\n",
		       "{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"deny\",\"direction\":\"inbound\","
		       "\"protocol\":\"47\",\"peer\":\"198.51.100.7\",\"local\":\"192.0.2.1\","
		       "\"reason\":\"protocol\"}");
	assert_written(&link, "2024-02-29T23:59:58.000Z deny inbound on lo: ethertype\n",
		       "{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"deny\",\"direction\":\"inbound\","
		       "\"interface\":\"lo\",\"reason\":\"ethertype\"}");
}

static void pinholes_are_written(void **state)
{
	struct event event = {.kind = EVENT_PINHOLE_OPENED,
			      .peer = addr("198.51.100.7"),
			      .local_port = 30004,
			      .origin = ORIGIN_SOCKET,
			      .pid = 9,
			      .uid = 33,
			      .comm = "vsftpd"};

	(void)state;
	assert_written(
		&event,
		"2024-02-29T23:59:58.000Z pinhole-opened 198.51.100.7 -> *:30004 by socket (vsftpd, pid 9, "
		"uid 33)\n",
		"{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"pinhole-opened\","
		"\"client\":\"198.51.100.7\",\"port\":30004,\"origin\":\"socket\",\"process\":\"vsftpd\","
		"\"pid\":9,\"uid\":33}");
	event.kind = EVENT_PINHOLE_REFUSED;
	event.reason = REFUSED_FILES;
	event.pid = 0;
	assert_written(&event, "2024-02-29T23:59:58.000Z pinhole-refused 198.51.100.7 -> *:30004: files\n",
		       "{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"pinhole-refused\","
		       "\"client\":\"198.51.100.7\",\"port\":30004,\"reason\":\"files\"}");
	event.reason = REFUSED_BOUNCE;
	event.local = addr("203.0.113.9");
	event.local_port = 25;
	assert_written(
		&event, "2024-02-29T23:59:58.000Z pinhole-refused 198.51.100.7 -> 203.0.113.9:25: bounce\n",
		"{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"pinhole-refused\","
		"\"client\":\"198.51.100.7\",\"to\":\"203.0.113.9\",\"port\":25,\"reason\":\"bounce\"}");
}

static void hostile_names(void **state)
{
	struct event event = {.kind = EVENT_ROGUE_LISTENER, .local_port = 3001, .pid = 5, .uid = 1000};

	(void)state;
	memcpy(event.comm, "\033]0;\xff\n\"}\\aaaaaaa", 16); /* without a NUL */
	assert_written(
		&event,
		"2024-02-29T23:59:58.000Z rogue-listener *:3001 (\\x1b]0;\\xff\\x0a\"}\\\\aaaaaaa, pid 5, "
		"uid "
		"1000)\n",
		"{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"rogue-listener\",\"port\":3001,"
		"\"process\":\"\\\\x1b]0;\\\\xff\\\\x0a\\\"}\\\\\\\\aaaaaaa\",\"pid\":5,\"uid\":1000}");
}

static void stale_libraries(void **state)
{
	struct event event = {
		.kind = EVENT_TLS_STALE, .reason = STALE_WATCHED, .pid = 9, .uid = 33, .comm = "pyftpd"};

	(void)state;
	memcpy(&event.peer, "libssl.so.3", 11);
	assert_written(
		&event,
		"2024-02-29T23:59:58.000Z tls-stale a server of several clients uses libssl.so.3, which was "
		"not watched until "
		"now (pyftpd, pid 9, uid 33)\n",
		"{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"tls-stale\",\"library\":\"libssl.so.3\","
		"\"state\":\"watched\",\"process\":\"pyftpd\",\"pid\":9,\"uid\":33}");
	/* Whoever has a socket at the port chooses the name; nothing ends it where it is cut. */
	event.reason = STALE_UNWATCHED;
	event.pid = 0;
	memcpy(&event.peer, "libssl.\033]0;\n\"xyz", 16);
	assert_written(&event,
		       "2024-02-29T23:59:58.000Z tls-stale a server of several clients uses "
		       "libssl.\\x1b]0;\\x0a\"xyz, which is not "
		       "watched\n",
		       "{\"time\":\"2024-02-29T23:59:58.000Z\",\"kind\":\"tls-stale\","
		       "\"library\":\"libssl.\\\\x1b]0;\\\\x0a\\\"xyz\",\"state\":\"unwatched\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_events_once),        cmocka_unit_test(overwritten_is_counted),
		cmocka_unit_test(overwritten_while_read), cmocka_unit_test(unfinished_is_waited_for),
		cmocka_unit_test(never_written_is_lost),  cmocka_unit_test(ordered_by_time),
		cmocka_unit_test(deny_is_written),        cmocka_unit_test(deny_without_ports),
		cmocka_unit_test(pinholes_are_written),   cmocka_unit_test(hostile_names),
		cmocka_unit_test(stale_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
