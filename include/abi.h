/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF programs and user space share: map keys and values, events, reasons and limits. */
#ifndef POSTERN_ABI_H
#define POSTERN_ABI_H

#include <asm/byteorder.h>
#include <linux/types.h>

/* Changes whenever a struct below or the meaning of a state map does. An instance that is in
 * force under another number cannot be updated in place: its state would be misread. */
#define POSTERN_ABI 11u

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

/* Map `ports`, of a generation; index from port_index(). */
enum port_flag {
	PORT_OPEN = 1,    /* a service; `peers` tells for whom */
	PORT_ANY = 2,     /* with PORT_OPEN, for every peer: `peers` need not be asked */
	PORT_PASSIVE = 4, /* an FTP server's passive port: pinholes open it */
	PORT_CONTROL = 8, /* an FTP server's control port */
	PORT_ACTIVE = 16, /* with PORT_CONTROL: of a server with `active: on` */
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

/* Map `settings`, one entry: what the socket programs need to know; they outlive a policy. */
struct settings {
	__u32 abi;             /* POSTERN_ABI */
	__u32 generation;      /* of the policy in force, counting from 1 */
	__u64 net_cookie;      /* of the network namespace the instance works in (5.14: SO_NETNS_COOKIE) */
	__u32 half;            /* which half of `ftp_ports` and `ftp_servers` is in force: 0 or 1 */
	__u32 last_generation; /* the highest ever loaded; a number is never given twice */
	__u64 confirm_by_ns;   /* CLOCK_BOOTTIME: when a change that still waits goes back; 0: it stays */
};

/* Map `ftp_ports`; index = half * N_PORTS + port. Bit n stands for FTP server n of that half. Nothing can
 * have port 0: `control` there are the servers with `active: on`. */
enum { ACTIVE_SERVERS = 0 };

struct ftp_port {
	__u16 control;      /* servers whose control sockets have this port */
	__u16 passive;      /* servers that may open this passive port; never an inbound service's */
	__u16 control_port; /* where `control`: the port that clients know it by, should a redirect lie in
			       front */
	/* So many trailing bits of a client's address may differ between its connections (`peer`); of an IPv4
	 * and of an IPv6 address. Servers that share a port agree on them. */
	__u8 host_bits4;
	__u8 host_bits6;
};

/* When a passive port opens, and for whom. */
enum pinhole_mode {
	PINHOLES_SESSION, /* for the client whose listener it is */
	PINHOLES_STATIC,  /* always, for whom the control services admit: there are no pinholes */
	PINHOLES_CLIENTS  /* for every client with a session in the process that listens */
};

/* Map `ftp_servers`; index = half * MAX_FTP_SERVERS + n. */
struct ftp_server_value {
	char name[NAME_SIZE];
	__u64 ttl_ns;  /* of a pinhole that nobody uses */
	__u16 service; /* "ftp:NAME" in `services`: counts its data connections */
	__u8 mode;     /* enum pinhole_mode */
	__u8 watch;    /* how the client of a listener is learned: a bit for each enum origin */
	__u8 pad[4];
};

/* By what the kernel knows a server's processes. */
enum owner_kind {
	OWNER_ANY,    /* every process */
	OWNER_NOBODY, /* none: who it is could not be told */
	OWNER_EXE, /* by the path of the program, in the filesystem that holds it: a rename over it keeps that
		    */
	OWNER_USER,  /* by the effective user */
	OWNER_CGROUP /* by the control group (version 2), or one within it */
};

enum { OWNER_LEVELS = 16, OWNER_NAME_SIZE = 64 /* the NUL included */ };

/* Map `ftp_owners`; index as in `ftp_servers`. */
struct ftp_owner_value {
	__u8 kind;   /* enum owner_kind */
	__u8 levels; /* of the path */
	__u8 pad[2];
	__u32 id; /* the user, or the device of the filesystem as the kernel has it: MAJOR << 20 | MINOR */
	/* The path from its end, a component each; of a program it begins at the root of its filesystem. Zero
	 * behind each. */
	char names[OWNER_LEVELS][OWNER_NAME_SIZE];
};

/* Where the reader of a control connection's replies is; see bpf/reply_line.bpf.h. */
struct reply_reader {
	__u32 next;     /* the sequence number of the next byte */
	__u32 pass;     /* bytes of a TLS record that are still to come */
	__u32 value;    /* the number that is being read */
	__u16 port;     /* that the line names */
	__u16 code;     /* of the line */
	__u16 several;  /* the code of a reply of several lines that goes on; 0: none does */
	__u8 state;     /* enum reply_state */
	__u8 count;     /* of digits, fields, delimiters */
	__u8 delimiter; /* of 229 */
	__u8 pad[3];
};

/* Map `tls_objects`: an object of a TLS library that writes to one connection (SSL *, gnutls_session_t). */
struct tls_key {
	__u64 object;  /* its address; 0: none */
	__u64 process; /* thread group id, in the first pid namespace */
};

struct tls_object {
	__u64 cookie;               /* of the control connection's socket */
	struct reply_reader reader; /* `next` is not used */
	struct reply_reader unsent; /* what it becomes once a write that has failed goes on; else the same */
};

/* Map `tls_writes`, by pid_tgid: the write that a thread is in. */
struct tls_write {
	struct tls_key key;
	__u64 stack; /* the stack pointer when it began: one that is nested in it lies lower */
	__u32 bytes;
	struct reply_reader before; /* the object's reader */
	struct reply_reader after;  /* the same, once the write has gone out */
};

/* Map `sessions`: live control connections by socket cookie. */
struct session {
	struct addr client;
	struct addr local;
	__u64 since_ns; /* CLOCK_BOOTTIME, as every time below */
	__u64 holder;   /* the process that held it when it last listened: see struct waiting; 0: none yet */
	__u16 client_port;  /* host byte order, as every port below */
	__u16 control_port; /* that the client connected to: its rules admit the client */
	__u16 socket_port; /* of the server's socket: tells whose session it is. Another one behind a redirect
			    */
	__u16 pad;
	struct reply_reader reader;
	struct tls_key tls; /* what writes to it inside TLS, once that is known */
};

/* Where the reader of a control connection's commands is; see bpf/command_line.bpf.h. It is replaced as a
 * whole, by one comparison with what it was. */
struct command_reader {
	__u32 next;  /* the sequence number of the next byte */
	__u16 asked; /* how many PASV and EPSV there were, modulo the size */
	__u8 state;  /* enum command_state */
	__u8 pad;
} __attribute__((aligned(8)));

/* Map `session_commands`: what the clients of `sessions` ask for, by their connections. Each of its counts
 * has one writer: the client's segments the one, the server's replies the other. */
struct commands {
	struct command_reader reader;
	__u16 answered; /* how many of them a reply has answered with a port */
	__u16 pad[3];
};

/* Map `pinholes`. */
struct pinhole_key {
	struct addr client; /* its trailing host_bits are zero and stand for any */
	struct addr local;  /* what the listener is bound to; all zero: any address */
	__u16 port;
	__u8 host_bits;
	__u8 pad;
};

/* Map `listeners`: where to look for what a listener's close ends. */
struct listener_value {
	struct pinhole_key key; /* its pinhole; with no client: it waits for one, or has several */
	__u8 is_shared;         /* it has several pinholes, each for another client */
	__u8 pad[3];
};

/* Map `waiting_listeners`: listeners of processes that hold the control connections of several clients, so
 * that only a reply or a log says whose each is. */
struct waiting_key {
	struct addr local; /* what it is bound to; all zero: any address */
	__u16 port;
	__u16 pad;
};

enum accepts { ACCEPTS_IPV4 = 1, ACCEPTS_IPV6 = 2 };

struct waiting {
	__u64 listener; /* socket cookie */
	__u64 holder;   /* its process: when it began (ns) and its number, mixed; 0: too many files to look
			   through */
	__u64 expires_ns;
	__u16 servers; /* that may listen there */
	__u8 accepts;  /* enum accepts: from which families */
	__u8 refusal;  /* enum refusal: why it waits */
	__u32 pid;
	__u32 uid;
	char comm[16];
	__u32 pad;
};

/* What user space asks the program claim_pinhole for. */
struct claim_request {
	struct addr client;
	__u16 port;
	__u16 servers;     /* of those in force, a bit each */
	__u16 client_port; /* of the session; 0: not known */
	__u8 origin;       /* enum origin */
	__u8 pad[9];
};

/* What user space asks the programs of bpf/manual.bpf.c for. */
struct manual_request {
	struct addr client;
	__u64 lifetime_ns; /* of the pinhole, if nobody uses it; not used by the program that closes */
	__u16 port;
	__u8 pad[6];
};

/* What became of a pinhole that was to be added by hand. */
enum manual_outcome {
	MANUAL_GONE,        /* the listener has closed meanwhile */
	MANUAL_OPENED,      /* it was added */
	MANUAL_NOT_PASSIVE, /* the port is no passive port of an FTP server in force */
	MANUAL_OPEN,        /* the client has it already */
	MANUAL_CLAIMED,     /* an FTP session, or another listener, holds a pinhole there */
	MANUAL_FULL         /* MAX_PINHOLES or MAX_LISTENERS is reached */
};

/* What they found and did. */
struct manual_answer {
	__u64 listener;  /* socket cookie of the last one that the client could reach */
	__u32 fitting;   /* listeners at the port that it could reach */
	__u32 unfitting; /* of the other address family */
	__u32 loopback;  /* that nobody outside this host could reach */
	__u32 closed;    /* pinholes that were closed */
	__u32 outcome;   /* enum manual_outcome */
	__u16 service;   /* of the pinhole that was added */
	__u16 pad;
	struct addr local; /* what its listener is bound to; all zero: any address */
};

enum origin { ORIGIN_SOCKET, ORIGIN_REPLY, ORIGIN_TLS, ORIGIN_LOG, ORIGIN_MANUAL, N_ORIGINS };

struct pinhole {
	__u64 listener; /* socket cookie; only that socket's close closes the pinhole */
	__u64 session;  /* socket cookie of the control connection it was opened for; 0: added by hand */
	__u64 opened_ns;
	__u64 expires_ns;
	__u16 control_port; /* 0: added by hand, good while its port is an FTP server's passive port */
	__u16 service;      /* counts its packets: "ftp:NAME" */
	__u8 origin;        /* enum origin */
	__u8 is_shared;     /* its listener has others: one connection uses up all */
	__u8 pad[2];
};

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
	__u32 uid;
	char comm[16];
};

/* Map `fragment_peers`: with whom this host has live UDP flows; only their later fragments pass, since those
 * carry no ports to be judged by. */
struct fragment_peer {
	__u64 seen_ns; /* when this host last sent to it */
};

/* Map `totals`, one entry: what happened to pinholes since the instance began. */
struct totals {
	__u64 opened;
	__u64 used;
	__u64 expired;
	__u64 closed;
	__u64 refused;
	__u64 repaired;  /* sessions and data connections that only our own first segment showed */
	__u64 untracked; /* sessions or data connections that there was no room to remember */
};

/* What `events` reports. The names are in user/names.c and are stable. */
enum event_kind {
	EVENT_DENY = 1,
	EVENT_PINHOLE_OPENED,
	EVENT_PINHOLE_USED,
	EVENT_PINHOLE_EXPIRED,
	EVENT_PINHOLE_CLOSED,
	EVENT_PINHOLE_REFUSED,
	EVENT_ROGUE_LISTENER,
	EVENT_APPLIED,
	EVENT_DOWN,
	EVENT_TLS_STALE,
	N_EVENT_KINDS
};

/* Why a listener of an FTP server got no pinhole, or an active data connection was refused; `reason` of
 * EVENT_PINHOLE_REFUSED. */
enum refusal {
	REFUSED_CLIENTS = 1, /* its process holds control connections of several clients */
	REFUSED_FILES,       /* its process has too many files to look through */
	REFUSED_CLAIMED,     /* another listener holds a pinhole on that port */
	REFUSED_FAMILY,      /* it cannot accept that client: the address family differs */
	REFUSED_FULL,        /* MAX_PINHOLES or MAX_LISTENERS is reached */
	REFUSED_CLIENT_FULL, /* MAX_CLIENT_PINHOLES is reached */
	REFUSED_BOUNCE,      /* active FTP: to an address that has no control connection with the process */
	REFUSED_LOW_PORT,    /* active FTP: to a port below ACTIVE_FIRST_PORT */
	REFUSED_UNCLAIMED,   /* its server is not watched by socket, and nothing has said whose it is */
	REFUSED_LISTENER,    /* a reply or a log names a port at which no listener of the server waits */
	REFUSED_HOLDER,      /* the listener belongs to another process than the control connection */
	REFUSED_SESSION,     /* a log names a client without a control connection to the server */
	REFUSED_OWNER,       /* the process is not the server's owner */
	REFUSED_UNASKED,     /* a reply names a port and its client has not asked for one */
	REFUSED_OPEN,        /* the client has it already; never reported */
	N_REFUSALS
};

/* What became of a TLS library that a server of several clients used unwatched; `reason` of EVENT_TLS_STALE.
 */
enum stale {
	STALE_WATCHED,  /* it is watched now */
	STALE_UNWATCHED /* it could not be, or holds nothing to watch */
};

/* Maps `events` (what this host did) and `denials` (what the network did, sampled): a log that
 * overwrites its oldest entries. Entry i holds the event whose sequence number is i modulo the
 * size; `sequence` is written last and is 0 meanwhile, so that a reader can tell. */
struct event {
	__u64 sequence; /* from 1 */
	__u64 time_ns;
	struct addr peer;  /* the client, or the other end of a denied packet; of EVENT_TLS_STALE, which has
			      none, the bytes of a file's name, cut where it is long */
	struct addr local; /* of a refused active connection: where it leads */
	__u64 cookie;      /* of the listener, where there is one */
	__u32 ifindex;
	__u32 pid;
	__u32 uid;
	__u16 peer_port;  /* or the ICMP type */
	__u16 local_port; /* or the ICMP code */
	__u8 kind;        /* enum event_kind */
	__u8 direction;   /* enum direction */
	__u8 protocol;    /* IP protocol, 0 where the packet is not IP */
	__u8 reason;      /* enum reason, enum refusal or enum stale */
	__u8 origin;      /* enum origin */
	__u8 is_audited;  /* a deny of `mode: audit`: the packet passed */
	__u8 pad[2];
	char comm[16]; /* as the process calls itself: any bytes */
};

enum {
	N_EVENTS = 4096,
	N_DENIALS = 4096,
	DENIALS_PER_SECOND = 32,   /* of each reason, sampled on each CPU */
	PINGS_PER_SECOND = 100,    /* echo requests answered on each CPU */
	ANSWERS_PER_SECOND = 1000, /* of `deny: reject`, on each CPU */
	CLAIMS_PER_SECOND = 32,    /* that are refused, on each CPU: clients can cause them */
	ROGUES_PER_SECOND = 8      /* on each CPU: any local user can make them */
};

/* Map `event_heads`, one entry: how many events were ever written to each log. */
struct event_heads {
	__u64 events;
	__u64 denials;
};

#endif
