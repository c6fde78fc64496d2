/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy in force says of FTP servers and their ports. */
#ifndef POSTERN_FTP_BPF_H
#define POSTERN_FTP_BPF_H

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
