// SPDX-License-Identifier: GPL-2.0-only
/* Which interfaces can be filtered, asked in a network namespace of the test's own. Needs root. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* unshare() */
#endif
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "links.h"

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void assert_refused(const char *name, int err, const char *why)
{
	struct link link = {.ifindex = 77};
	char text[256] = "";

	assert_int_equal(links_check(name, &link, text, sizeof(text)), err);
	assert_int_equal(link.ifindex, 77);
	if (!strstr(text, why))
		fail_msg("%s: \"%s\" does not say \"%s\"", name, text, why);
}

static struct link accepted(const char *name)
{
	struct link link;
	char text[256] = "";

	if (links_check(name, &link, text, sizeof(text)))
		fail_msg("%s: %s", name, text);
	assert_string_equal(text, "");
	return link;
}

static void names_are_validated(void **state)
{
	(void)state;
	assert_true(links_is_name("eth0"));
	assert_true(links_is_name("eth0.100"));
	assert_true(links_is_name("a23456789012345"));
	assert_false(links_is_name("a234567890123456"));
	assert_false(links_is_name(""));
	assert_false(links_is_name("."));
	assert_false(links_is_name(".."));
	assert_false(links_is_name("../eth0"));
	assert_false(links_is_name("eth 0"));
	assert_false(links_is_name("eth0\n"));
	assert_false(links_is_name("eth0:1"));
	assert_refused("a234567890123456", -EINVAL, "cannot be the name");
	assert_refused("", -EINVAL, "cannot be the name");
}

static void a_missing_interface_is_refused(void **state)
{
	(void)state;
	assert_refused("pstnone", -ENODEV, "no interface pstnone");
}

static void loopback_is_refused(void **state)
{
	(void)state;
	assert_refused("lo", -EINVAL, "loopback");
}

static void an_ethernet_device_is_accepted(void **state)
{
	struct link link;

	(void)state;
	run("ip link add pstv0 type veth peer name pstv1");
	link = accepted("pstv0");
	assert_string_equal(link.name, "pstv0");
	assert_string_equal(link.kind, "veth");
	assert_string_equal(link.master_name, "");
	assert_true(link.is_ethernet);
	assert_false(link.is_up);
	assert_int_equal(link.xdp, LINK_XDP_NONE);
	assert_int_equal(link.xdp_program, 0);
	run("ip link set pstv0 up");
	assert_true(accepted("pstv0").is_up);
	assert_int_equal(accepted("pstv0").ifindex, link.ifindex);
	run("ip link property add dev pstv0 altname pstothername");
	assert_string_equal(accepted("pstothername").name, "pstv0");
	run("ip link del pstv0");
	assert_refused("pstv0", -ENODEV, "pstv0");
}

static void a_bridge_member_names_its_bridge(void **state)
{
	(void)state;
	run("ip link add pstv0 type veth peer name pstv1");
	run("ip link add pstbr0 type bridge");
	run("ip link set pstv0 master pstbr0");
	assert_refused("pstv0", -EINVAL, "member of the bridge pstbr0; list pstbr0 instead");
	assert_string_equal(accepted("pstbr0").kind, "bridge");
	accepted("pstv1");
	run("ip link set pstv0 nomaster");
	accepted("pstv0");
	run("ip link del pstbr0");
	run("ip link del pstv0");
}

/* Not every kernel is built with bonds. */
static void a_bond_in_a_bridge_names_the_bridge(void **state)
{
	(void)state;
	if (system("ip link add pstbond0 type bond 2>/dev/null") != 0) {
		print_message("skipped: this kernel has no bonds\n");
		skip();
	}
	run("ip link add pstv0 type veth peer name pstv1");
	run("ip link set pstv0 master pstbond0");
	assert_refused("pstv0", -EINVAL, "member of the bond pstbond0; list pstbond0 instead");
	run("ip link add pstbr0 type bridge");
	run("ip link set pstbond0 master pstbr0");
	assert_refused("pstv0", -EINVAL, "member of the bond pstbond0; list pstbr0 instead");
	assert_refused("pstbond0", -EINVAL, "member of the bridge pstbr0; list pstbr0 instead");
	run("ip link del pstbr0");
	run("ip link del pstbond0");
	run("ip link del pstv0");
}

static void a_vrf_member_is_accepted(void **state)
{
	struct link link;

	(void)state;
	if (system("ip link add pstvrf0 type vrf table 10 2>/dev/null") != 0) {
		print_message("skipped: this kernel has no VRF\n");
		skip();
	}
	run("ip link add pstv0 type veth peer name pstv1");
	run("ip link set pstv0 master pstvrf0");
	link = accepted("pstv0");
	assert_string_equal(link.master_name, "pstvrf0");
	assert_string_equal(link.master_kind, "vrf");
	run("ip link del pstvrf0");
	run("ip link del pstv0");
}

static void a_device_without_ethernet_header_is_refused(void **state)
{
	(void)state;
	run("ip tuntap add dev psttun0 mode tun");
	run("ip tuntap add dev psttap0 mode tap");
	assert_refused("psttun0", -EINVAL, "no Ethernet header; list the interface that carries");
	accepted("psttap0");
	run("ip tuntap del dev psttun0 mode tun");
	run("ip tuntap del dev psttap0 mode tap");
}

static void a_tunnel_names_the_interface_that_carries_it(void **state)
{
	(void)state;
	run("ip link add pstv0 type veth peer name pstv1");
	if (system("ip link add pstgre0 type gre local 192.0.2.1 remote 192.0.2.2 dev pstv0 2>/dev/null")) {
		run("ip link del pstv0");
		print_message("skipped: this kernel has no GRE\n");
		skip();
	}
	assert_refused("pstgre0", -EINVAL, "no Ethernet header; list pstv0, which carries it");
	run("ip link del pstgre0");
	run("ip link del pstv0");
}

static void a_device_on_top_of_another_is_accepted(void **state)
{
	(void)state;
	run("ip link add pstv0 type veth peer name pstv1");
	run("ip link add pstmac0 link pstv0 type macvlan");
	assert_string_equal(accepted("pstmac0").kind, "macvlan");
	assert_int_equal(accepted("pstmac0").lower, accepted("pstv0").ifindex);
	run("ip link del pstmac0");
	run("ip link del pstv0");
}

static int load_xdp(void)
{
	static const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)pass,
		.insn_cnt = 2,
		.license = (uintptr_t) "GPL",
	};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void assert_xdp(uint32_t flags, enum link_xdp expected)
{
	uint32_t ifindex = accepted("pstv0").ifindex;
	union bpf_attr attr = {0};
	int program = load_xdp();
	int attached;

	assert_true(program >= 0);
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = flags;
	attached = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	assert_true(attached >= 0);
	assert_int_equal(accepted("pstv0").xdp, expected);
	assert_true(accepted("pstv0").xdp_program > 0);
	close(attached);
	assert_int_equal(accepted("pstv0").xdp, LINK_XDP_NONE);
	assert_int_equal(accepted("pstv0").xdp_program, 0);
	close(program);
}

static void an_attached_xdp_program_is_seen(void **state)
{
	(void)state;
	run("ip link add pstv0 type veth peer name pstv1");
	assert_xdp(XDP_FLAGS_DRV_MODE, LINK_XDP_NATIVE);
	assert_xdp(XDP_FLAGS_SKB_MODE, LINK_XDP_GENERIC);
	run("ip link del pstv0");
}

/* In a namespace of its own, which goes away with the process, whatever happens. */
static int group_setup(void **state)
{
	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		print_error("needs root, for a network namespace of its own\n");
		return -1;
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_validated),
		cmocka_unit_test(a_missing_interface_is_refused),
		cmocka_unit_test(loopback_is_refused),
		cmocka_unit_test(an_ethernet_device_is_accepted),
		cmocka_unit_test(a_bridge_member_names_its_bridge),
		cmocka_unit_test(a_bond_in_a_bridge_names_the_bridge),
		cmocka_unit_test(a_vrf_member_is_accepted),
		cmocka_unit_test(a_device_without_ethernet_header_is_refused),
		cmocka_unit_test(a_tunnel_names_the_interface_that_carries_it),
		cmocka_unit_test(a_device_on_top_of_another_is_accepted),
		cmocka_unit_test(an_attached_xdp_program_is_seen),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
