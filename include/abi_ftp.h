/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps of what FTP servers may do and do: settings, sessions, listeners, pinholes. They outlive a policy.
 */
#ifndef POSTERN_ABI_FTP_H
#define POSTERN_ABI_FTP_H

#include "abi_base.h"

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
	__u64 ttl_ns;    /* of a pinhole that nobody uses */
	__u16 service;   /* "ftp:NAME" in `services`: counts its data connections */
	__u8 mode;       /* enum pinhole_mode */
	__u8 watch;      /* how the client of a listener is learned: a bit for each enum origin */
	__u8 is_audited; /* 1: the policy denies nothing */
	__u8 pad[3];
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

#endif
