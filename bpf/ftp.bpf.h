/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy in force says of FTP servers and their ports. */
#ifndef POSTERN_FTP_BPF_H
#define POSTERN_FTP_BPF_H

#include "addr.bpf.h"
#include "state_maps.bpf.h"

/* The index of the lowest bit that is set; `word` is not 0. Branch-free, for the verifier. */
static __always_inline __u32 lowest_bit(__u64 word)
{
	__u64 bit = word & -word;

	return !!(bit & 0xaaaaaaaaaaaaaaaaull) | !!(bit & 0xccccccccccccccccull) << 1 |
	       !!(bit & 0xf0f0f0f0f0f0f0f0ull) << 2 | !!(bit & 0xff00ff00ff00ff00ull) << 3 |
	       !!(bit & 0xffff0000ffff0000ull) << 4 | !!(bit & 0xffffffff00000000ull) << 5;
}

static __always_inline struct ftp_port ftp_port_get(const struct settings *settings, __u16 port)
{
	__u32 key = (settings->half & 1) * N_PORTS + port;
	const struct ftp_port *entry = bpf_map_lookup_elem(&ftp_ports, &key);

	return entry ? *entry : (struct ftp_port){};
}

/* How many trailing bits of the client's address may differ between its connections. */
static __always_inline __u8 client_host_bits(const struct ftp_port *port, const struct addr *client)
{
	__u32 other = client->word[0] | client->word[1] | (client->word[2] ^ bpf_htonl(0xffff));
	__u8 is_ipv6 = (other | -other) >> 31; /* not addr_is_mapped(): without a branch, see addr_clear() */

	return (port->host_bits6 & -is_ipv6) | (port->host_bits4 & (is_ipv6 - 1));
}

/* Whether the two addresses are one client's, at that port. */
static __always_inline bool is_same_client(const struct ftp_port *port, const struct addr *a,
					   const struct addr *b)
{
	__u8 host_bits = client_host_bits(port, a);
	__u64 high = addr_half(a, 0) ^ addr_half(b, 0), low = addr_half(a, 1) ^ addr_half(b, 1);

	if (host_bits != client_host_bits(port, b))
		return false;
	return !((high & mask_high(host_bits)) | (low & mask_low(host_bits)));
}

/* The first of a set of servers, or NULL. */
static __always_inline const struct ftp_server_value *server_of(const struct settings *in_force,
								__u16 servers)
{
	__u32 key = (in_force->half & 1) * MAX_FTP_SERVERS;

	if (!servers)
		return NULL;
	key += lowest_bit(servers) & (MAX_FTP_SERVERS - 1);
	return bpf_map_lookup_elem(&ftp_servers, &key);
}

/* Those of a set of servers that are watched by any of `ways`, bits of enum origin. Without a branch for
 * each: older verifiers follow every combination of them. */
static __always_inline __u16 servers_watched(const struct settings *in_force, __u16 servers, __u8 ways)
{
	__u16 watched = 0;

	for (__u32 i = 0; i < MAX_FTP_SERVERS; i++) {
		__u32 key = (in_force->half & 1) * MAX_FTP_SERVERS + i;
		const struct ftp_server_value *server = bpf_map_lookup_elem(&ftp_servers, &key);

		__u32 how = server ? server->watch & ways : 0;

		watched |= (how | -how) >> 31 << i;
	}
	return watched & servers;
}

#endif
