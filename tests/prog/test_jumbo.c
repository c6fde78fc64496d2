// SPDX-License-Identifier: GPL-2.0-only
/* Jumbo frames, which come in several buffers: judged by the headers in the first, measured by all of them.
 */
#include "prog.h"

enum { ETHERNET = 14, IP_LENGTH_4 = ETHERNET + 2, IP_LENGTH_6 = ETHERNET + 4, PAYLOAD = 8900 };

static struct spec jumbo(enum family family, uint16_t port)
{
	return (struct spec){.src = stranger[family],
			     .dst = host[family],
			     .protocol = IPPROTO_TCP,
			     .src_port = 40000,
			     .dst_port = port,
			     .tcp_flags = ACK,
			     .data = PAYLOAD};
}

/* Explain has no part in it: no made packet is that large. */
static void expect(const struct prog *prog, const struct frame *frame, uint32_t counter, const char *what)
{
	struct counts before, after;
	bool admitted;

	prog_counts(prog, &before);
	admitted = prog_run(prog, INBOUND, frame);
	prog_counts(prog, &after);
	if (admitted != (counter >= COUNTER_LINK))
		fail_msg("%s: %s", what, admitted ? "admitted" : "denied");
	if (after.values[INBOUND][counter].bytes - before.values[INBOUND][counter].bytes != frame->length)
		fail_msg("%s: not counted as %s, with all its %u bytes", what, prog_counter_name(counter),
			 frame->length);
}

static void test_ports(void **state)
{
	struct frame frame;

	if (!prog_takes_frags(*state)) {
		print_message("the kernel has no XDP frames in several buffers\n");
		skip();
	}
	for (enum family family = V4; family <= V6; family++) {
		struct spec open = jumbo(family, 443), closed = jumbo(family, 444);

		packet_build(&frame, &open);
		assert_true(frame.length > 4096);
		expect(*state, &frame, COUNTER_SERVICES + HTTPS, "to a service");
		packet_build(&frame, &closed);
		expect(*state, &frame, REASON_NO_FLOW, "to a closed port");
		open.vlan_tags = 2;
		packet_build(&frame, &open);
		expect(*state, &frame, COUNTER_SERVICES + HTTPS, "with two tags");
		open.vlan_tags = 3;
		packet_build(&frame, &open);
		expect(*state, &frame, REASON_VLAN, "with three");
	}
}

/* The packet may end with the last buffer, and not one byte behind it. */
static void test_length(void **state)
{
	struct frame frame;

	if (!prog_takes_frags(*state))
		skip();
	for (enum family family = V4; family <= V6; family++) {
		uint32_t offset = family == V4 ? IP_LENGTH_4 : IP_LENGTH_6;
		struct spec open = jumbo(family, 443);

		packet_build(&frame, &open);
		frame_set16(&frame, offset, frame_get16(&frame, offset) + 1);
		expect(*state, &frame, REASON_LENGTH, "one byte short");
		frame_set16(&frame, offset, frame_get16(&frame, offset) - 2);
		expect(*state, &frame, COUNTER_SERVICES + HTTPS, "one byte of padding");
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_length),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
