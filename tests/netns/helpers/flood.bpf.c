// SPDX-License-Identifier: GPL-2.0-only
// Makes every SYN that passes through it another one: source, ports and sequence number at random, checksums
// right. Sends it to an interface.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdbool.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

const volatile struct flood_settings settings = {};
struct flood_counts counts = {};

/* What is rewritten in the IP and the TCP header, of which both checksums tell. */
struct varied {
	__be32 source[4]; /* IPv4: the first only */
	__be16 ports[2];
	__be32 sequence;
};

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* RFC 1624 */
static __always_inline __u16 check_update(__u16 check, struct varied *before, struct varied *after,
					  __u32 size)
{
	return fold((__u32)bpf_csum_diff((__be32 *)before, size, (__be32 *)after, size, (__u16)~check));
}

/* One in eight to what is open, two into the passive range, the rest anywhere. */
static __always_inline __u16 destination_port(void)
{
	__u32 random = bpf_get_prandom_u32(), kind = random & 7;

	random >>= 3;
	if (kind == 0) {
		__sync_fetch_and_add(&counts.open, 1);
		return settings.open[random & (FLOOD_OPEN_PORTS - 1)];
	}
	__sync_fetch_and_add(&counts.other, 1);
	if (kind <= 2)
		return settings.passive_min + random % settings.n_passive;
	return random | 1;
}

static __always_inline void tcp_vary(struct varied *ret)
{
	ret->ports[0] = bpf_htons(bpf_get_prandom_u32() | 1);
	ret->ports[1] = bpf_htons(destination_port());
	ret->sequence = bpf_get_prandom_u32();
}

/* One in 64 says that it comes from the client. */
static __always_inline bool is_as_client(void)
{
	return !(bpf_get_prandom_u32() & 63);
}

/* Any address that a host may have (RFC 6890), this network's among them. */
static __always_inline __be32 source4(void)
{
	__u32 random = bpf_get_prandom_u32(), first = 1 + (random >> 8) % 223;

	if (is_as_client())
		return settings.client4;
	if (first == 127)
		first++;
	return bpf_htonl(first << 24 | (random & 0xff) << 16 | (bpf_get_prandom_u32() & 0xffff));
}

/* 2000::/3 */
static __always_inline void source6(__be32 *ret)
{
	bool as_client = is_as_client();

#pragma unroll
	for (int i = 0; i < 4; i++)
		ret[i] = as_client ? settings.client6[i] : bpf_get_prandom_u32();
	if (!as_client)
		ret[0] = (ret[0] & bpf_htonl(0x1fffffff)) | bpf_htonl(0x20000000);
}

static __always_inline void tcp_rewrite(struct tcphdr *tcp, struct varied *before, struct varied *after)
{
	before->ports[0] = tcp->source;
	before->ports[1] = tcp->dest;
	before->sequence = tcp->seq;
	tcp_vary(after);
	tcp->source = after->ports[0];
	tcp->dest = after->ports[1];
	tcp->seq = after->sequence;
	tcp->check = check_update(tcp->check, before, after, sizeof(*before));
}

static __always_inline void rewrite4(struct iphdr *ip, struct tcphdr *tcp)
{
	struct varied before = {.source[0] = ip->saddr}, after = {.source[0] = source4()};

	ip->saddr = after.source[0];
	ip->check = check_update(ip->check, &before, &after, sizeof(before.source));
	tcp_rewrite(tcp, &before, &after);
}

static __always_inline void rewrite6(struct ipv6hdr *ip, struct tcphdr *tcp)
{
	struct varied before = {}, after = {};

	__builtin_memcpy(before.source, &ip->saddr, sizeof(before.source));
	source6(after.source);
	__builtin_memcpy(&ip->saddr, after.source, sizeof(after.source));
	tcp_rewrite(tcp, &before, &after);
}

/* Its frames are those of the program that runs it: anything else is not sent. */
SEC("xdp")
int flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip4 = data + sizeof(*eth);
	struct ipv6hdr *ip6 = data + sizeof(*eth);

	if ((void *)(ip4 + 1) + sizeof(struct tcphdr) > end)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		rewrite4(ip4, (struct tcphdr *)(ip4 + 1));
	} else {
		if ((void *)(ip6 + 1) + sizeof(struct tcphdr) > end)
			return XDP_DROP;
		rewrite6(ip6, (struct tcphdr *)(ip6 + 1));
	}
	return bpf_redirect(settings.ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
