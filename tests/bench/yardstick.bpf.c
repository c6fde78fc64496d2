/* SPDX-License-Identifier: GPL-2.0-only */
/* A plain filter of ports, to compare with: what it does with a SYN that it denies is a look at the headers,
 * one load from an array, one counter of this CPU, one look whether an event is due. It judges nothing else,
 * and is no filter to be used. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum { N_PORTS = 65536, IP4_PLAIN = 0x45, IP_FRAGMENTED = 0x3fff, PROTO_TCP = 6, TCP_SYN = 0x02 };

struct counter {
	__u64 packets;
	__u64 bytes;
	__u32 tick;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_PORTS);
	__type(key, __u32);
	__type(value, __u64);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} events SEC(".maps");

static __always_inline void event_add(void)
{
	__u32 zero = 0;
	__u64 *event = bpf_map_lookup_elem(&events, &zero);

	if (event)
		*event = bpf_ktime_get_boot_ns();
}

SEC("xdp")
int yardstick(struct xdp_md *ctx)
{
	const void *frame = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct iphdr *ip = frame + ETH_HLEN;
	const struct tcphdr *tcp = (const void *)(ip + 1);
	__u32 key, zero = 0, tick;
	struct counter *counter;
	const __u64 *open;

	if ((const void *)(tcp + 1) > end || *(const __be16 *)(frame + ETH_HLEN - 2) != bpf_htons(ETH_P_IP) ||
	    *(const __u8 *)ip != IP4_PLAIN || ip->frag_off & bpf_htons(IP_FRAGMENTED) ||
	    ip->protocol != PROTO_TCP || ((const __u8 *)tcp)[13] != TCP_SYN)
		return XDP_PASS;
	key = bpf_ntohs(tcp->dest);
	open = bpf_map_lookup_elem(&ports, &key);
	if (!open || *open)
		return XDP_PASS;
	counter = bpf_map_lookup_elem(&counters, &zero);
	if (!counter)
		return XDP_DROP;
	counter->packets++;
	counter->bytes += end - frame;
	tick = bpf_jiffies64();
	if (counter->tick != tick) {
		counter->tick = tick;
		event_add();
	}
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
