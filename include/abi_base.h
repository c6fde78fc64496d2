/* SPDX-License-Identifier: GPL-2.0-only */
/* What all the shared structs are made of: limits, addresses, and the reasons and counters of packets. */
#ifndef POSTERN_ABI_BASE_H
#define POSTERN_ABI_BASE_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define NAME_SIZE 32 /* of a service, zone or server, its NUL included */

enum limit {
	MAX_ZONES = 256,       /* named zones and peers written as addresses, together */
	MAX_PEER_SETS = 4096,  /* different sets of zones that ports are open for */
	MAX_NARROWINGS = 4096, /* rules that hold at one interface or address only, as ports share them */
	MAX_NARROWED = 32,     /* such rules for one port */
	MAX_RANGES = 1 << 22,  /* of one family, zones or block: so many are found in RANGE_STEPS */
	RANGE_STEPS = 22,
	MAX_WINDOW_BITS = 16,      /* of struct range_window */
	MAX_SERVICES = 4096,       /* distinct service names, FTP servers included */
	MAX_INTERFACES = 64,       /* of one instance */
	MAX_OWN_ADDRESSES = 4096,  /* of this host */
	MAX_FTP_SERVERS = 16,      /* one bit each in struct ftp_port */
	MAX_SESSIONS = 16384,      /* live control connections */
	MAX_LISTENERS = 16384,     /* listeners of FTP servers that were given a pinhole */
	MAX_PINHOLES = 4096,       /* open at one time */
	MAX_CLIENT_PINHOLES = 512, /* of them, for one client */
	MAX_WAITING = 4096,        /* listeners that wait for somebody to say whose they are */
	MAX_TLS_OTHERS =
		4096, /* objects of TLS libraries that are known not to write to a control connection */
	MAX_TLS_WRITES = 4096,      /* threads that are in a TLS library at one time */
	MAX_CLOSED = 1024,          /* pinholes whose listener closed unused; the oldest are forgotten */
	MAX_ROGUES = 1024,          /* remembered, so that each is reported once */
	MAX_ACTIVES = 16384,        /* data connections that FTP servers are opening to their clients */
	MAX_FLOWS = 65536,          /* opened outward by this host */
	MAX_FLOWS_PER_USER = 16384, /* of them */
	CONNECTION_PLACE_BITS = 12,
	MAX_CONNECTIONS = 1 << CONNECTION_PLACE_BITS, /* opened outward that are no flows */
	MAX_USERS = 65536,                            /* that have ever opened a flow */
	MAX_ANSWERS = 1024,         /* rejections on their way back to us; the oldest are forgotten */
	MAX_ATTEMPTS = 4096,        /* the oldest are forgotten */
	MAX_FRAGMENT_PEERS = 16384, /* that this host has live UDP flows with */
	MAX_DATA_FLOWS = 65536      /* established through a pinhole */
};

enum {
	TCP_LINGER_S = 60,  /* a flow outlives its socket so long, for the peer's last FIN */
	UDP_TIMEOUT_S = 60, /* a UDP flow that this host has not sent on for so long is over */
	FIN_LINGER_S =
		300, /* that long after our last segment once we have sent FIN, should the close go unseen */
	MIN_CLAIMED_PORT = 1024,  /* what a reply or a log names may be no lower */
	ACTIVE_FIRST_PORT = 1024, /* of a client; the ports below are those of services */
	CLOSED_GRACE_S = 5,       /* a connection that nobody saw is made up for so long after its listener */
	SWEEP_PERIOD_S = 1        /* how often what is over is removed and reported */
};

/* An address in network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that the
 * families share one key and cannot be confused: such a source is denied in an IPv6 packet. */
struct addr {
	__be32 word[4];
};

/* Whether it is IPv4's. In an IPv6 packet it would be taken for one: it is none on a wire (RFC
 * 4291, 2.5.5.2). */
static inline int addr_is_mapped(const struct addr *addr)
{
	return addr->word[2] == __constant_htonl(0xffff) && !(addr->word[0] | addr->word[1]);
}

enum direction { INBOUND, OUTBOUND, N_DIRECTIONS };

/* Why a packet was denied. The names are in user/names.c and are stable. */
enum reason {
	REASON_NONE,       /* admitted */
	REASON_TRUNCATED,  /* it ends before its headers do */
	REASON_LENGTH,     /* a length field contradicts the packet or another one */
	REASON_ETHERTYPE,  /* not IP, ARP or a need of the link */
	REASON_VLAN,       /* more than two VLAN tags */
	REASON_IP_HEADER,  /* version or header length is wrong */
	REASON_FRAGMENT,   /* of no live UDP flow, or made to deceive: too short, or at offset 8 */
	REASON_EXTENSION,  /* an IPv6 extension header out of place, or that leads elsewhere */
	REASON_SOURCE,     /* an address that no host may send from */
	REASON_PROTOCOL,   /* an IP protocol that nothing allows */
	REASON_TCP_FLAGS,  /* a combination that TCP does not have */
	REASON_PORT_ZERO,  /* source or destination port 0 */
	REASON_PORT,       /* no rule names the port; what else is wrong with a SYN to it does not count */
	REASON_PEER,       /* a rule names the port, but not for this peer */
	REASON_NO_PINHOLE, /* a passive port without a pinhole for this client */
	REASON_NO_FLOW,    /* belongs to no connection that is known */
	REASON_CUT,        /* belongs to one that the policy no longer allows */
	REASON_ICMP_TYPE,  /* an ICMP type that nothing allows */
	REASON_ICMP_QUOTE, /* an ICMP error about a packet that is none of ours */
	REASON_HOP_LIMIT,  /* link-local ICMPv6 that came from beyond the link */
	REASON_FLOWS_FULL, /* no room to remember a connection that this host opens */
	REASON_BLOCKED,    /* in a blocked zone */
	REASON_USER_FLOWS, /* its user has opened too many connections */
	REASON_RATE,       /* more echo requests than are answered */
	REASON_INTERNAL,   /* the data path itself failed */
	N_REASONS
};

/* Counter indexes of one direction: the reasons, what is admitted without a service, services. */
enum counter {
	COUNTER_LINK = 32,      /* ARP, LACP and its kin, 802.1X */
	COUNTER_ICMP = 33,      /* errors, neighbour discovery, multicast listener reports */
	COUNTER_FRAGMENTS = 34, /* later fragments of UDP datagrams */
	COUNTER_PING = 35,      /* echo requests and replies */
	COUNTER_ANSWERS = 36,   /* our own rejections of what this host tried */
	COUNTER_SERVICES = 64,
	N_COUNTERS = COUNTER_SERVICES + MAX_SERVICES
};

/* So many of something at once, and so many more each second. */
struct allowance {
	__u32 left;
	__u32 tick;   /* jiffies, the lower half, when the clock was last read */
	__u32 second; /* of the last refill */
	__u32 pad;
};

/* Map `counters`, per CPU; index from counter_index(). */
struct counter_value {
	__u64 packets;
	__u64 bytes;              /* of frames, Ethernet header included */
	struct allowance reports; /* of a reason: how many denials may be reported */
};

/* `counter`: an enum reason or an enum counter. Both directions of one are neighbours: a connection counts in
 * both, in one line of the CPU's cache. */
static inline __u32 counter_index(enum direction direction, __u32 counter)
{
	return counter * N_DIRECTIONS + direction;
}

#endif
