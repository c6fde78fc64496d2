// SPDX-License-Identifier: GPL-2.0-only
// Builds the frames that are sent.
#include "bench.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct words {
	char kind[8];
	char src[64];
	char dst[64];
	unsigned src_port;
	unsigned dst_port;
	unsigned data;
};

/* RFC 1071 */
static uint32_t sum_add(uint32_t sum, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static uint16_t sum_end(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void transport_build(uint8_t *at, const struct words *words, size_t size, uint32_t addresses_sum)
{
	bool is_udp = strcmp(words->kind, "udp") == 0;
	uint32_t sum = addresses_sum + (is_udp ? IPPROTO_UDP : IPPROTO_TCP) + size;
	struct tcphdr *tcp = (struct tcphdr *)at;
	struct udphdr *udp = (struct udphdr *)at;

	tcp->source = htons(words->src_port);
	tcp->dest = htons(words->dst_port);
	if (is_udp) {
		udp->len = htons(size);
		udp->check = sum_end(sum_add(sum, at, size));
		return;
	}
	tcp->seq = htonl(1000);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->window = htons(64000);
	tcp->syn = strcmp(words->kind, "syn") == 0;
	tcp->ack = !tcp->syn;
	tcp->check = sum_end(sum_add(sum, at, size));
}

static void ipv4_build(struct frame *frame, const struct words *words, size_t transport)
{
	struct iphdr *ip = (struct iphdr *)(frame->bytes + ETH_HLEN);

	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->ttl = 64;
	ip->protocol = strcmp(words->kind, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	ip->tot_len = htons(sizeof(*ip) + transport);
	inet_pton(AF_INET, words->src, &ip->saddr);
	inet_pton(AF_INET, words->dst, &ip->daddr);
	ip->check = sum_end(sum_add(0, ip, sizeof(*ip)));
	transport_build((uint8_t *)(ip + 1), words, transport, sum_add(0, &ip->saddr, 8));
	frame->size = ETH_HLEN + sizeof(*ip) + transport;
}

static void ipv6_build(struct frame *frame, const struct words *words, size_t transport)
{
	struct ipv6hdr *ip = (struct ipv6hdr *)(frame->bytes + ETH_HLEN);

	ip->version = 6;
	ip->hop_limit = 64;
	ip->nexthdr = strcmp(words->kind, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	ip->payload_len = htons(transport);
	inet_pton(AF_INET6, words->src, &ip->saddr);
	inet_pton(AF_INET6, words->dst, &ip->daddr);
	transport_build((uint8_t *)(ip + 1), words, transport, sum_add(0, &ip->saddr, 32));
	frame->size = ETH_HLEN + sizeof(*ip) + transport;
}

void frame_build(struct frame *ret, const char *text)
{
	const uint8_t receiver[] = RECEIVER_MAC, sender[] = SENDER_MAC;
	struct ethhdr *eth = (struct ethhdr *)ret->bytes;
	struct words words;
	size_t transport;

	if (sscanf(text, "%7s %63s %u %63s %u %u", words.kind, words.src, &words.src_port, words.dst,
		   &words.dst_port, &words.data) != 6 ||
	    words.data > 1400)
		die("not a frame: %s", text);
	memset(ret, 0, sizeof(*ret));
	memcpy(eth->h_dest, receiver, sizeof(receiver));
	memcpy(eth->h_source, sender, sizeof(sender));
	eth->h_proto = htons(strchr(words.src, ':') ? ETH_P_IPV6 : ETH_P_IP);
	transport =
		(strcmp(words.kind, "udp") == 0 ? sizeof(struct udphdr) : sizeof(struct tcphdr)) + words.data;
	if (strchr(words.src, ':'))
		ipv6_build(ret, &words, transport);
	else
		ipv4_build(ret, &words, transport);
}
