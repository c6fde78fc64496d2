/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of connections that live: flows, connections, and whose they are. They outlive a policy. */
#ifndef POSTERN_ABI_FLOWS_H
#define POSTERN_ABI_FLOWS_H

#include "abi_base.h"

/* Maps `flows` (opened outward) and `data_flows` (through a pinhole). */
struct flow_key {
	struct addr local;
	struct addr peer;
	__u16 local_port;
	__u16 peer_port;
	__u8 protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	__u8 pad[3];
};

struct flow {
	__u64 cookie; /* of the socket; its close begins the linger */
	__u64 since_ns;
	__u64 seen_ns;    /* UDP: when this host last sent */
	__u64 closing_ns; /* TCP: from when on it lingers; 0 while its socket lives */
	__u32 generation; /* of the policy that last admitted it; another one judges it anew */
	__u16 service;
	__u16 control_port; /* data connections of FTP, active ones too: lives while this service admits the
			       client; else 0. In `data_flows` 0: through a pinhole that was added by hand */
	__u32 uid;          /* of the user who opened it; 0 for data connections */
	__u32 ifindex;      /* where it was last judged to be: opened outward, the interface it leaves by; 0:
			       unknown */
};

/* Map `connections`, by connection_place(): a TCP connection that this host opened, while its socket lives.
 * Its segments cost no hash lookup. Another one with the same place is in `flows`, and so are those of a port
 * that a service has, of active FTP, without a socket of the same addresses and ports, from before the first
 * apply, and what lingers. A line of the CPU's cache; all of them fit into the cache behind the first, which
 * an entry for each port would not. */
struct connection {
	__u32 tag;        /* connection_tag() of the key; or enum connection_state. Written last */
	__u32 generation; /* as in struct flow, like the others below */
	struct addr local;
	struct addr peer;
	__u64 cookie;
	__u32 since; /* CLOCK_MONOTONIC_COARSE, in units of 1 << CONNECTION_SINCE_BITS ns */
	__u32 uid;
	__u32 ifindex;
	__u16 peer_port;
	__u16 service;
};

enum connection_state { CONNECTION_NONE = 0, CONNECTION_CLAIMED = 2 }; /* tags are odd */

/* Of a tag, from its lowest bit on: 1, whether the addresses are IPv4's, the part of the local port that
 * connection_place() leaves out; the rest is a hash. */
enum {
	CONNECTION_IPV4 = 2,
	CONNECTION_PORT_SHIFT = 2,
	CONNECTION_HASH_SHIFT = 6,
	CONNECTION_SINCE_BITS = 26
};

/* Linux gives connect() even ports first: the lowest bit becomes the highest, so that they have all places.
 */
static inline __u32 connection_turned_port(__u16 local_port)
{
	return local_port >> 1 | (local_port & 1u) << 15;
}

/* Which entry of the map one from that local port may have. */
static inline __u32 connection_place(__u16 local_port)
{
	return connection_turned_port(local_port) & (MAX_CONNECTIONS - 1);
}

/* A reader can meet a writer: with the tag, it takes no mixture of two connections for a third one, whatever
 * order the CPU's memory has; it compares each of them besides. The hash is multilinear, with fixed odd keys.
 */
static inline __u32 connection_tag(const struct addr *local, const struct addr *peer, __u16 local_port,
				   __u16 peer_port)
{
	__u32 hash = local->word[0] * 0x9e3779b1u + local->word[1] * 0x85ebca77u +
		     local->word[2] * 0xc2b2ae3du + local->word[3] * 0x27d4eb2fu +
		     peer->word[0] * 0x165667b1u + peer->word[1] * 0xd3a2646du + peer->word[2] * 0xfd7046c5u +
		     peer->word[3] * 0xb55a4f09u + peer_port * 0x2545f491u;
	__u32 port_part = connection_turned_port(local_port) >> CONNECTION_PLACE_BITS;
	__u32 tag = (hash & ~0u << CONNECTION_HASH_SHIFT) | port_part << CONNECTION_PORT_SHIFT | 1;

	return addr_is_mapped(local) && addr_is_mapped(peer) ? tag | CONNECTION_IPV4 : tag;
}

/* The local port of the connection with that tag at `place`. */
static inline __u16 connection_local_port(__u32 place, __u32 tag)
{
	__u32 port_part = tag >> CONNECTION_PORT_SHIFT & 15;
	__u32 turned = port_part << CONNECTION_PLACE_BITS | place;

	return (__u16)(turned << 1 | turned >> 15);
}

/* How old it is at `now_ns`, CLOCK_MONOTONIC; right for four years. The clocks of two CPUs may differ by one
 * unit. */
static inline __u64 connection_age_ns(const struct connection *connection, __u64 now_ns)
{
	__s32 age = (__s32)((__u32)(now_ns >> CONNECTION_SINCE_BITS) - connection->since);

	return age > 0 ? (__u64)age << CONNECTION_SINCE_BITS : 0;
}

/* Map `actives`: what the process of an FTP session connects to, from connect() to close, by socket cookie;
 * of servers with `active: on`. */
struct active {
	struct addr client; /* who may have asked for it; all zero: one of several */
	__u64 session;      /* socket cookie of the control connection it is opened for */
	__u16 port;         /* of the client */
	__u16 control_port;
	__u16 service;    /* counts its packets: "ftp:NAME" */
	__u8 refusal;     /* enum refusal; 0: it may be opened */
	__u8 is_reported; /* that it is refused */
};

/* Map `attempts`: who tries to connect, for reports of a denied attempt: the SYN can leave in another
 * process's context. Entry i holds the newest attempt of a socket whose cookie is i modulo the size. */
struct attempt {
	__u64 cookie; /* written last, and 0 meanwhile */
	__u32 pid;
	__u32 uid; /* as the host itself numbers it, whatever user namespace the process is in */
	char comm[16];
};

/* Map `fragment_peers`: with whom this host has live UDP flows; only their later fragments pass, since those
 * carry no ports to be judged by. */
struct fragment_peer {
	__u64 seen_ns; /* when this host last sent to it */
};

#endif
