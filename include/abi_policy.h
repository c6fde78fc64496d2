/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of one generation: a policy as compiled. */
#ifndef POSTERN_ABI_POLICY_H
#define POSTERN_ABI_POLICY_H

#include "abi_base.h"

/* Map `ports`, of a generation; index from port_index(). */
enum port_flag {
	PORT_OPEN = 1,    /* a service; `peers` tells for whom */
	PORT_ANY = 2,     /* with PORT_OPEN, for every peer: `peers` need not be asked */
	PORT_PASSIVE = 4, /* an FTP server's passive port: pinholes open it */
	PORT_CONTROL = 8, /* an FTP server's control port */
	PORT_ACTIVE = 16, /* with PORT_CONTROL: of a server with `active: on` */
	PORT_ADMITS = PORT_OPEN | PORT_PASSIVE, /* without both it is closed to everybody, at all times */
};

struct port_rule {
	__u16 service;  /* counter index is COUNTER_SERVICES + service */
	__u16 peers;    /* index in `peers` */
	__u16 narrowed; /* index in `narrowings` of what else opens the port; 0: nothing */
	__u8 flags;     /* enum port_flag */
	__u8 pad;
};

/* Map `narrowings`, of a generation: rules that hold only at one interface or address of this host. Entry 0
 * is none: there the chains end that `narrowed` makes. */
struct narrowing {
	struct addr at;        /* all zero: at every address */
	__u32 ifindex;         /* 0: on every interface */
	struct port_rule rule; /* for whom, and the next of the chain */
};

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, N_TRANSPORTS };
#define N_PORTS 65536u
#define N_PORT_RULES (N_DIRECTIONS * N_TRANSPORTS * N_PORTS)

/* `port` in host byte order. */
static inline __u32 port_index(enum direction direction, enum transport transport, __u16 port)
{
	return ((__u32)direction * N_TRANSPORTS + transport) * N_PORTS + port;
}

/* A bit for each port, the lowest of a byte first. It is read without a lookup. */
struct port_bits {
	__u8 bytes[N_PORTS / 8];
};

static inline int port_bit(const volatile struct port_bits *bits, __u16 port)
{
	return bits->bytes[port / 8] >> port % 8 & 1;
}

/* Map `protocols`, of a generation; index from protocol_index(): services without ports. The entry of ICMP
 * (1) is that of echo requests, in both families. */
enum { N_PROTOCOLS = 256, N_PROTOCOL_RULES = N_DIRECTIONS * N_PROTOCOLS };

static inline __u32 protocol_index(enum direction direction, __u8 protocol)
{
	return (__u32)direction * N_PROTOCOLS + protocol;
}

/* Map `own_marks`, of a generation: 1 where one of this host's addresses has that mark. Only then is
 * `own_addresses` asked: it would cost every packet a hash. */
#define N_OWN_MARKS 4096u

static inline __u32 own_mark(const struct addr *addr)
{
	__u32 mixed = addr->word[0] ^ addr->word[1] ^ addr->word[2] ^ addr->word[3];

	return (mixed ^ mixed >> 12 ^ mixed >> 20) & (N_OWN_MARKS - 1);
}

/* A set of zones: value of `peers` and of `zone_sets`. */
struct zone_set {
	__u64 bits[MAX_ZONES / 64];
};

/* Maps `zone_ranges4` and `zone_ranges6`, `block_ranges4` and `block_ranges6`, of a generation: all addresses
 * of a family, cut into ranges where an answer changes. In order; the first range begins at address 0, and
 * each lasts until the next one begins. Addresses in host byte order, so that they compare as numbers. */
struct range4 {
	__u32 from;
	__u32 value; /* zones: index in `zone_sets`, 0: in no zone; block: 1: blocked, 0: not */
};

struct range6 {
	__u64 from_high;
	__u64 from_low;
	__u32 value; /* as in struct range4 */
	__u32 pad;
};

/* Maps `zone_buckets4` and so on, of a generation: the ranges that hold the first and the last address of a
 * bucket. Those between them hold its others. */
struct range_bucket {
	__u32 first;
	__u32 last;
};

/* Which bucket an address belongs to: behind the first `skip` bits, which it shares with every prefix of the
 * table or is in none of them, the next `bits` are its number. IPv4 addresses are the upper half of `high`.
 */
struct range_window {
	__u64 common_high; /* the bits that all prefixes share, zero behind them */
	__u64 common_low;
	__u32 skip;
	__u32 bits; /* 0: the table has no prefix */
};

/* Before a frame that is to be explained: where it comes in or leaves; 0: at no interface. */
struct explain_head {
	__u32 ifindex;
};

/* Map `services`: for people, and to carry counters over from one generation to the next. */
struct service_name {
	char name[NAME_SIZE]; /* "" where the index is free; an FTP server's data is "ftp:NAME" */
};

/* Map `interfaces`, of a generation: where it is attached; entries with ifindex 0 are unused. */
struct interface_value {
	char name[16];
	__u32 ifindex;
	__u8 xdp_generic; /* 0: native XDP */
	__u8 clsact;      /* 0: a tcx link; 1: a clsact filter, where the kernel has no tcx */
	__u8 pad[2];
};

/* Map `generations`, of a generation, one entry. */
enum generation_flag {
	GENERATION_AUDIT = 1,          /* denies are counted and reported, and pass */
	GENERATION_REJECT_INBOUND = 2, /* answer what is denied: RST or ICMP */
	GENERATION_REJECT_OUTBOUND = 4,
	GENERATION_BLOCK = 8,     /* a zone is blocked */
	GENERATION_REPLY = 32,    /* replies of FTP servers are read */
	GENERATION_NARROWED = 16, /* `narrowings` has more than entry 0 */
};

struct generation_value {
	__u32 generation;
	__u32 half;  /* of `ftp_ports` and `ftp_servers` */
	__u32 flags; /* enum generation_flag */
	__u32 pad;
};

/* Map `policy`, of a generation: the text of the policy with all it includes, zero-filled at the end. */
struct policy_chunk {
	char text[4096];
};

#endif
