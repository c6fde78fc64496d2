// SPDX-License-Identifier: GPL-2.0-only
// Packets a second that a receiver takes from a flood over veth, beside a receiver that only drops. Usage, in
// the sender's namespace: flood ROUNDS MS [COMMAND], see load_anew(); stdin:
// "NAME|INTERFACE|NETNS|FRAME|TARGET", the bare one first.
#include "bench.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { PROBE = 50000, BATCH = 64, MAX_STATS = 1024 };

struct receiver {
	struct line line;
	int socket;   /* in its namespace */
	int sender;   /* the program that redirects there */
	long packets; /* of one run */
	struct frame frame;
	struct series rate;
	struct series ratio;
};

static int ethtool(const struct receiver *receiver, void *data)
{
	struct ifreq request = {.ifr_name = "eth0", .ifr_data = data};

	return ioctl(receiver->socket, SIOCETHTOOL, &request);
}

/* What its queues have taken, whether a program or the stack got it. */
static uint64_t packets_taken(const struct receiver *receiver)
{
	static union {
		struct ethtool_gstrings header;
		char room[sizeof(struct ethtool_gstrings) + MAX_STATS * ETH_GSTRING_LEN];
	} names;
	static union {
		struct ethtool_stats header;
		char room[sizeof(struct ethtool_stats) + MAX_STATS * sizeof(uint64_t)];
	} stats;
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	uint64_t packets = 0;

	/* Newer kernels give nothing where they are asked for another number than they have. */
	if (ethtool(receiver, &driver) || driver.n_stats > MAX_STATS)
		die("%s: ethtool: %s", receiver->line.fields[0], strerror(errno));
	names.header = (struct ethtool_gstrings){ETHTOOL_GSTRINGS, ETH_SS_STATS, driver.n_stats};
	stats.header = (struct ethtool_stats){ETHTOOL_GSTATS, driver.n_stats};
	if (ethtool(receiver, &names) || ethtool(receiver, &stats))
		die("%s: ethtool: %s", receiver->line.fields[0], strerror(errno));
	for (uint32_t i = 0; i < stats.header.n_stats; i++) {
		const char *name = (const char *)names.header.data + i * ETH_GSTRING_LEN;

		if (strncmp(name, "rx_queue_", 9) == 0 && strstr(name, "_xdp_packets"))
			packets += stats.header.data[i];
	}
	return packets;
}

/* A receiver without XDP takes what is redirected to it only with GRO on. */
static void gro_set(const struct receiver *receiver, bool on)
{
	struct ethtool_value gro = {.cmd = ETHTOOL_SGRO, .data = on};

	if (ethtool(receiver, &gro))
		die("%s: cannot turn GRO on or off: %s", receiver->line.fields[0], strerror(errno));
}

static void receiver_open(struct receiver *receiver, bool is_bare, int home)
{
	receiver->sender = program_redirect(if_nametoindex(receiver->line.fields[1]));
	frame_build(&receiver->frame, receiver->line.fields[3]);
	netns_enter(netns_open(receiver->line.fields[2]));
	receiver->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (is_bare)
		xdp_attach(program_xdp(XDP_DROP), "eth0");
	else if (!xdp_is_attached("eth0"))
		gro_set(receiver, true);
	netns_enter(home);
}

/* Million packets a second of this CPU's time: the receiver works in it too, in softirq, so that other
 * processes do not count. A kernel that accounts softirqs apart still says how long the run lasted, in whole
 * nanoseconds. Where the receiver falls behind, what it loses does not count. */
static double flood(const struct receiver *receiver, long packets)
{
	uint64_t before = packets_taken(receiver), taken;
	struct xdp_md context = {.data_end = receiver->frame.size};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = receiver->frame.bytes,
		    .data_size_in = receiver->frame.size, .ctx_in = &context, .ctx_size_in = sizeof(context),
		    .repeat = packets, .batch_size = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	double start = thread_ns(), ns;

	if (bpf_prog_test_run_opts(receiver->sender, &options) || !options.duration)
		die("%s: live frames: %s", receiver->line.fields[0], strerror(errno));
	ns = (thread_ns() - start) / packets;
	if (ns < options.duration)
		ns = options.duration;
	taken = packets_taken(receiver) - before;
	if (taken < (uint64_t)packets / 2)
		die("%s: it took %llu of %ld packets", receiver->line.fields[0], (unsigned long long)taken,
		    packets);
	return 1e3 / ns * taken / packets;
}

/* So many packets that a run takes the time given. */
static long calibrate(const struct receiver *receiver, long ms)
{
	return flood(receiver, PROBE) * 1000 * ms;
}

int main(int argc, char **argv)
{
	static struct receiver receivers[MAX_CASES];
	int home = netns_current();
	size_t n = 0;
	long rounds, ms;

	if (argc != 3 && argc != 4)
		die("usage: flood ROUNDS MS [COMMAND]");
	rounds = number_of(argv[1]);
	ms = number_of(argv[2]);
	for (; n < MAX_CASES && line_read(&receivers[n].line); n++)
		receiver_open(&receivers[n], n == 0, home);
	stay_in_front();
	for (size_t i = 0; i < n; i++)
		receivers[i].packets = calibrate(&receivers[i], ms);
	for (long round = 0; round < rounds; round++) {
		load_anew(argv[3], round, rounds);
		for (size_t i = 1; i < n; i++) {
			double bare = flood(&receivers[0], receivers[0].packets);
			double rate = flood(&receivers[i], receivers[i].packets);

			if (i == 1) {
				series_add(&receivers[0].rate, bare);
				series_add(&receivers[0].ratio, 1);
			}
			series_add(&receivers[i].rate, rate);
			series_add(&receivers[i].ratio, rate / bare);
		}
	}
	for (size_t i = 0; i < n; i++)
		row_print(receivers[i].line.fields[0], &receivers[i].rate, 2,
			  series_median(&receivers[i].ratio), receivers[i].line.fields[4]);
	for (size_t i = 0; i < n; i++)
		gro_set(&receivers[i], false);
	return 0;
}
