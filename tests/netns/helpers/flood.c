// SPDX-License-Identifier: GPL-2.0-only
// Floods a host with SYNs from everywhere, as fast as its interface takes them: flood INTERFACE MAC SERVER4
// SERVER6 CLIENT4 CLIENT6 PACKETS PASSIVE-MIN PASSIVE-MAX OPEN-PORT... (four). INTERFACE is the other end of
// the host's veth. IPv4 and IPv6 take turns. Prints `sent PACKETS open N other N seconds S`.
#include "flood.h"
#include "bench.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/helpers/flood.skel.h"

enum { BATCH = 64, TURN = 64 * 500 };

static void mac_set(struct frame *frame, const char *text)
{
	unsigned part[6];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", &part[0], &part[1], &part[2], &part[3], &part[4], &part[5]) !=
	    6)
		die("not a link address: %s", text);
	for (int i = 0; i < 6; i++)
		frame->bytes[i] = part[i];
}

static void frame_make(struct frame *ret, const char *client, const char *server, const char *mac)
{
	char words[LINE_SIZE];

	snprintf(words, sizeof(words), "syn %s 1 %s 1 0", client, server);
	frame_build(ret, words);
	mac_set(ret, mac);
}

static void settings_make(struct flood_settings *ret, char **argv)
{
	*ret = (struct flood_settings){
		.ifindex = if_nametoindex(argv[1]),
		.passive_min = number_of(argv[8]),
		.n_passive = number_of(argv[9]) - number_of(argv[8]) + 1,
	};
	if (!ret->ifindex || inet_pton(AF_INET, argv[5], &ret->client4) != 1 ||
	    inet_pton(AF_INET6, argv[6], &ret->client6) != 1)
		die("no such interface, or not an address: %s %s %s", argv[1], argv[5], argv[6]);
	for (int i = 0; i < FLOOD_OPEN_PORTS; i++)
		ret->open[i] = number_of(argv[10 + i]);
}

static void send_turn(int program, const struct frame *frame, long packets)
{
	struct xdp_md context = {.data_end = frame->size};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes, .data_size_in = frame->size,
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = packets,
		    .batch_size = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	if (bpf_prog_test_run_opts(program, &options))
		die("live frames: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct flood_bpf *object;
	struct flood_settings settings;
	struct frame frames[2];
	uint64_t start;
	long packets;

	if (argc != 10 + FLOOD_OPEN_PORTS)
		die("usage: flood INTERFACE MAC SERVER4 SERVER6 CLIENT4 CLIENT6 PACKETS PASSIVE-MIN "
		    "PASSIVE-MAX OPEN-PORT...");
	packets = number_of(argv[7]);
	settings_make(&settings, argv);
	frame_make(&frames[0], argv[5], argv[3], argv[2]);
	frame_make(&frames[1], argv[6], argv[4], argv[2]);
	object = flood_bpf__open();
	if (!object)
		die("cannot open the program");
	memcpy((void *)&object->rodata->settings, &settings, sizeof(settings));
	if (flood_bpf__load(object))
		die("cannot load the program: %s", strerror(errno));
	start = now_ns();
	for (long sent = 0, turn = 0; sent < packets; sent += TURN, turn++)
		send_turn(bpf_program__fd(object->progs.flood), &frames[turn % 2],
			  packets - sent < TURN ? packets - sent : TURN);
	printf("sent %ld open %llu other %llu seconds %.2f\n", packets, object->bss->counts.open,
	       object->bss->counts.other, (now_ns() - start) / 1e9);
	flood_bpf__destroy(object);
	return 0;
}
