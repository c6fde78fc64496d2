// SPDX-License-Identifier: GPL-2.0-only
/* A SYN to a port that is open to nobody is denied by that alone: what else is wrong with it is not looked
 * at. Everywhere else it is, and nothing that is malformed is answered. */
#include <linux/bpf.h>

#include "prog.h"

enum { CLOSED_PORT = 444, OPEN_PORT = 443, ZONE_PORT = 9000, PASSIVE_PORT = 3000 };

/* What is wrong with a SYN, and the reason that says so where its port is not closed. */
struct fault {
	const char *what;
	void (*make)(struct frame *frame, enum family family);
	enum reason reason;
};

static void longer_than_frame(struct frame *frame, enum family family)
{
	uint32_t offset = frame->ip + (family == V4 ? 2 : 4);

	frame_set16(frame, offset, frame_get16(frame, offset) + 1);
}

static void from_port_zero(struct frame *frame, enum family family)
{
	(void)family;
	frame_set16(frame, frame->transport, 0);
}

static void short_header(struct frame *frame, enum family family)
{
	(void)family;
	frame->bytes[frame->transport + 12] = 4 << 4;
}

static void long_header(struct frame *frame, enum family family)
{
	(void)family;
	frame->bytes[frame->transport + 12] = 15 << 4;
}

/* 127.* and ff00::/8. */
static void denied_source(struct frame *frame, enum family family)
{
	frame->bytes[frame->ip + (family == V4 ? 12 : 8)] = family == V4 ? 127 : 0xff;
}

static const struct fault faults[] = {
	{"longer than its frame", longer_than_frame, REASON_LENGTH},
	{"from port 0", from_port_zero, REASON_PORT_ZERO},
	{"a header of 16 bytes", short_header, REASON_LENGTH},
	{"a header longer than the packet", long_header, REASON_LENGTH},
	{"a source that is none", denied_source, REASON_SOURCE},
};

static void build(struct frame *frame, enum family family, uint16_t port, const struct fault *fault)
{
	struct spec spec = {.src = stranger[family],
			    .dst = host[family],
			    .protocol = IPPROTO_TCP,
			    .src_port = 40000,
			    .dst_port = port};

	packet_build(frame, &spec);
	if (fault)
		fault->make(frame, family);
}

static void test_reasons(void **state)
{
	static const uint16_t other_ports[] = {OPEN_PORT, ZONE_PORT, PASSIVE_PORT};
	struct frame frame;

	for (unsigned i = 0; i < COUNT(faults) * N_FAMILIES; i++) {
		const struct fault *fault = &faults[i / N_FAMILIES];

		build(&frame, i % N_FAMILIES, CLOSED_PORT, fault);
		expect_counter(*state, INBOUND, &frame, REASON_PORT, "closed port, %s", fault->what);
		for (size_t p = 0; p < COUNT(other_ports); p++) {
			build(&frame, i % N_FAMILIES, other_ports[p], fault);
			expect_counter(*state, INBOUND, &frame, fault->reason, "port %u, %s", other_ports[p],
				       fault->what);
		}
	}
}

/* Only what is a SYN beyond doubt: one flag more, an option, a fragment or a tag, and all of it is read. */
static void test_near(void **state)
{
	struct frame frame;

	for (unsigned i = 0; i < COUNT(faults) * N_FAMILIES; i++) {
		const struct fault *fault = &faults[i / N_FAMILIES];

		build(&frame, i % N_FAMILIES, CLOSED_PORT, fault);
		frame.bytes[frame.transport + 13] = SYN | PSH;
		expect_counter(*state, INBOUND, &frame, fault->reason, "SYN and PSH, %s", fault->what);
		build(&frame, i % N_FAMILIES, CLOSED_PORT, fault);
		frame_add_tag(&frame, 0x8100, 7);
		expect_counter(*state, INBOUND, &frame, fault->reason, "a tag, %s", fault->what);
	}
}

/* A bit of the programs' own says so before any rule is read. Here it alone does. */
static void test_bit(void **state)
{
	struct prog *prog = prog_load_closed(GENERATION, OPEN_PORT);
	struct frame frame;

	(void)state;
	prog_fill_policy(prog);
	for (enum family family = V4; family <= V6; family++) {
		build(&frame, family, OPEN_PORT, NULL);
		expect_counter(prog, INBOUND, &frame, REASON_PORT, "the port of the bit");
		build(&frame, family, OPEN_PORT, &faults[0]);
		expect_counter(prog, INBOUND, &frame, REASON_PORT, "the same, %s", faults[0].what);
		build(&frame, family, CLOSED_PORT, NULL);
		expect_counter(prog, INBOUND, &frame, REASON_PORT, "one that no rule opens");
		build(&frame, family, 21, NULL);
		expect_counter(prog, INBOUND, &frame, COUNTER_SERVICES + CONTROL, "an open one");
	}
	prog_free(prog);
}

static void test_answers(void **state)
{
	struct prog *prog = prog_load_as(GENERATION, GENERATION_REJECT_INBOUND, NULL, NULL, 0);
	struct frame frame;

	(void)state;
	prog_fill_policy(prog);
	for (enum family family = V4; family <= V6; family++) {
		build(&frame, family, CLOSED_PORT, NULL);
		assert_int_equal(prog_action(prog, &frame), XDP_TX);
		for (size_t i = 0; i < COUNT(faults); i++) {
			build(&frame, family, CLOSED_PORT, &faults[i]);
			if (prog_action(prog, &frame) != XDP_DROP)
				fail_msg("answered: %s", faults[i].what);
		}
	}
	prog_free(prog);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_bit),
		cmocka_unit_test(test_answers),
	};

	return prog_main(tests, COUNT(tests), prog_setup, prog_teardown);
}
