// SPDX-License-Identifier: GPL-2.0-only
// Builds frames for BPF_PROG_TEST_RUN.
#include "frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

#include "value.h"

enum { HOP_LIMIT = 64 };

static size_t put_transport(const struct frame_request *request, uint8_t *at)
{
	struct tcphdr tcp = {
		.source = htons(request->src_port),
		.dest = htons(request->dst_port),
		.doff = sizeof(tcp) / 4,
		.syn = request->is_opening,
		.ack = !request->is_opening,
	};
	struct udphdr udp = {
		.source = htons(request->src_port),
		.dest = htons(request->dst_port),
		.len = htons(sizeof(udp)),
	};

	if (request->transport == TRANSPORT_TCP) {
		memcpy(at, &tcp, sizeof(tcp));
		return sizeof(tcp);
	}
	memcpy(at, &udp, sizeof(udp));
	return sizeof(udp);
}

size_t frame_build(const struct frame_request *request, uint8_t *frame)
{
	uint8_t protocol = request->transport == TRANSPORT_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	bool is_ipv4 = value_addr_is_ipv4(&request->src);
	struct ether_header ether = {.ether_type = htons(is_ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6)};
	size_t header = is_ipv4 ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
	size_t payload = put_transport(request, frame + sizeof(ether) + header);
	struct iphdr ip4 = {
		.version = 4,
		.ihl = sizeof(ip4) / 4,
		.tot_len = htons(header + payload),
		.ttl = HOP_LIMIT,
		.protocol = protocol,
		.saddr = request->src.word[3],
		.daddr = request->dst.word[3],
	};
	struct ip6_hdr ip6 = {
		.ip6_flow = htonl(6u << 28),
		.ip6_plen = htons(payload),
		.ip6_nxt = protocol,
		.ip6_hlim = HOP_LIMIT,
	};

	memcpy(&ip6.ip6_src, &request->src, sizeof(ip6.ip6_src));
	memcpy(&ip6.ip6_dst, &request->dst, sizeof(ip6.ip6_dst));
	memcpy(frame, &ether, sizeof(ether));
	memcpy(frame + sizeof(ether), is_ipv4 ? (const void *)&ip4 : &ip6, header);
	return sizeof(ether) + header + payload;
}
