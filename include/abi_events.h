/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of what happened: totals and events. They outlive a policy. */
#ifndef POSTERN_ABI_EVENTS_H
#define POSTERN_ABI_EVENTS_H

#include "abi_base.h"

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
