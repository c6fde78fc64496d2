/* SPDX-License-Identifier: GPL-2.0-only */
/* listen() in a passive range: whose port is it? Opens the pinhole, or says why not. */
#ifndef POSTERN_LISTEN_BPF_H
#define POSTERN_LISTEN_BPF_H

#include "walk.bpf.h"

static __always_inline bool is_ipv4(const struct addr *addr)
{
	return !addr->word[0] && !addr->word[1] && addr->word[2] == bpf_htonl(0xffff);
}

static __always_inline bool is_loopback(const struct addr *addr)
{
	if (is_ipv4(addr))
		return (addr->word[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !addr->word[0] && !addr->word[1] && !addr->word[2] && addr->word[3] == bpf_htonl(1);
}

/* What the listener is bound to; all zero where it is any address. */
static __always_inline struct addr listener_local(const struct sock *sk)
{
	struct addr local = {}, unused;

	if (sk->__sk_common.skc_family == AF_INET && !sk->__sk_common.skc_rcv_saddr)
		return local;
	sock_addrs(sk, &local, &unused);
	return local;
}

/* Whether a connection from `client` could arrive at the listener at all. A pinhole for one that cannot
 * would lead to whoever else listens there in the other family. */
static __always_inline bool listener_accepts(const struct sock *sk, const struct addr *local,
					     const struct addr *client)
{
	if (sk->__sk_common.skc_family == AF_INET)
		return is_ipv4(client);
	if (!is_ipv4(client))
		return !is_ipv4(local);
	if (!addr_is_zero(local))
		return is_ipv4(local);
	return !BPF_CORE_READ_BITFIELD(&sk->__sk_common, skc_ipv6only);
}

/* For bpf_for_each_map_elem: does another listener hold a pinhole on an address that overlaps? */
struct claim {
	struct addr local;
	__u64 listener;
	__u16 port;
	__u16 taken;
	__u32 pad;
};

static long claim_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			struct claim *claim)
{
	if (key->port != claim->port || pinhole->listener == claim->listener)
		return 0;
	if (!addr_is_zero(&key->local) && !addr_is_zero(&claim->local) &&
	    !addr_equal(&key->local, &claim->local))
		return 0;
	claim->taken = 1;
	return 1;
}

/* listen() fails only after its state is told, so a listener that is about to be refused by the kernel
 * is seen here too. While another one holds a pinhole on the port it must not add a client to it. */
static __always_inline bool port_is_claimed(const struct addr *local, __u16 port, __u64 listener)
{
	struct claim claim = {.local = *local, .listener = listener, .port = port};

	if (!port_has_pinhole(port))
		return false;
	bpf_for_each_map_elem(&pinholes, claim_check, &claim, 0);
	return claim.taken;
}

/* What is known of a listener. */
struct listener {
	struct task_struct *task; /* that listens */
	struct addr local;        /* all zero: any address */
	__u64 cookie;
	__u16 port;
};

static __always_inline void report_listener(const struct listener *listener, enum event_kind kind,
					    __u8 reason, const struct session *session)
{
	struct task_struct *task = listener->task;
	__u64 sequence;
	struct event *event = report_begin(kind, &sequence);

	if (!event)
		return;
	if (session) {
		event->peer = session->client;
		event->peer_port = session->client_port;
	}
	event->local = listener->local;
	event->local_port = listener->port;
	event->cookie = listener->cookie;
	event->protocol = PROTOCOL_TCP;
	event->origin = ORIGIN_SOCKET;
	event->reason = reason;
	event->pid = BPF_CORE_READ(task, tgid);
	event->uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&event->comm, task, comm);
	event_end(event, sequence);
}

static __always_inline void report_refused(const struct listener *listener, enum refusal refusal,
					   const struct session *session)
{
	struct totals *totals = totals_get();

	if (totals)
		__sync_fetch_and_add(&totals->refused, 1);
	report_listener(listener, EVENT_PINHOLE_REFUSED, refusal, session);
}

static __always_inline void pinhole_close(const struct pinhole_key *key, const struct pinhole *pinhole,
					  enum event_kind kind)
{
	struct totals *totals = totals_get();
	struct pinhole copy = *pinhole;

	if (!pinhole_remove(key))
		return;
	if (totals)
		__sync_fetch_and_add(kind == EVENT_PINHOLE_EXPIRED ? &totals->expired : &totals->closed, 1);
	report_pinhole(kind, key, &copy, 0);
}

/* The listener is closed, or its listen() failed. Another socket's pinhole on the same port stays. */
static __always_inline void listener_close(__u64 cookie)
{
	const struct pinhole_key *entry = bpf_map_lookup_elem(&listeners, &cookie);
	const struct pinhole *pinhole;
	struct pinhole_key key;

	bpf_map_delete_elem(&rogues, &cookie);
	if (!entry)
		return;
	key = *entry;
	pinhole = bpf_map_lookup_elem(&pinholes, &key);
	if (pinhole && pinhole->listener == cookie)
		pinhole_close(&key, pinhole, EVENT_PINHOLE_CLOSED);
	bpf_map_delete_elem(&listeners, &cookie);
}

static long session_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			  __u64 *session)
{
	struct pinhole_key copy = *key;

	if (pinhole->session == *session)
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_CLOSED);
	return 0;
}

/* The control connection is closed: so is what was opened for it and not yet used. */
static __always_inline void session_close_pinholes(__u64 session)
{
	bpf_for_each_map_elem(&pinholes, session_check, &session, 0);
}

/* 0, or the enum refusal. */
static __always_inline int pinhole_open(const struct pinhole_key *key, const struct pinhole *pinhole)
{
	struct totals *totals = totals_get();
	__u64 listener = pinhole->listener;

	if (bpf_map_update_elem(&pinholes, key, pinhole, BPF_NOEXIST)) {
		bpf_map_delete_elem(&listeners, &listener);
		return bpf_map_lookup_elem(&pinholes, key) ? REFUSED_CLAIMED : REFUSED_FULL;
	}
	port_mark(key->port, 1);
	if (totals)
		__sync_fetch_and_add(&totals->opened, 1);
	return 0;
}

static __always_inline const struct ftp_server_value *server_of(const struct settings *in_force,
								__u16 servers)
{
	__u32 key = (in_force->half & 1) * MAX_FTP_SERVERS;

	if (!servers)
		return NULL;
	key += lowest_bit(servers) & (MAX_FTP_SERVERS - 1);
	return bpf_map_lookup_elem(&ftp_servers, &key);
}

/* The process holds sessions of exactly one client. 0, or the enum refusal. */
static __always_inline int listener_claim(const struct sock *sk, const struct listener *listener,
					  const struct ftp_server_value *server, const struct walk *walk)
{
	struct pinhole_key key = {
		.client = walk->session.client,
		.local = listener->local,
		.port = listener->port,
	};
	struct pinhole pinhole = {
		.listener = listener->cookie,
		.session = walk->cookie,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.control_port = walk->session.control_port,
		.service = server->service,
		.origin = ORIGIN_SOCKET,
	};
	__u64 cookie = listener->cookie;

	pinhole.expires_ns = pinhole.opened_ns + server->ttl_ns;
	if (!listener_accepts(sk, &key.local, &key.client))
		return REFUSED_FAMILY;
	if (port_is_claimed(&key.local, key.port, cookie))
		return REFUSED_CLAIMED;
	if (bpf_map_update_elem(&listeners, &cookie, &key, BPF_NOEXIST))
		return REFUSED_FULL;
	return pinhole_open(&key, &pinhole);
}

static __always_inline void listener_offer(const struct sock *sk, const struct settings *in_force,
					   const struct listener *listener, const struct walk *walk)
{
	__u16 control = ftp_port_get(in_force, walk->session.control_port).control & walk->servers;
	const struct ftp_server_value *server = server_of(in_force, control);
	int refusal;

	if (!server)
		return;
	refusal = listener_claim(sk, listener, server, walk);
	if (refusal) {
		report_refused(listener, refusal, &walk->session);
		return;
	}
	report_listener(listener, EVENT_PINHOLE_OPENED, 0, &walk->session);
	/* The session can have closed since the walk found it; its close found no pinhole then. */
	if (!bpf_map_lookup_elem(&sessions, &walk->cookie))
		session_close_pinholes(walk->cookie);
}

/* No session at all: not an FTP server's listener. Reported once for each socket. */
static __always_inline void listener_rogue(const struct listener *listener)
{
	__u64 cookie = listener->cookie, now = bpf_ktime_get_boot_ns();

	if (!bpf_map_update_elem(&rogues, &cookie, &now, BPF_NOEXIST) &&
	    sample_take(SAMPLE_ROGUES, ROGUES_PER_SECOND))
		report_listener(listener, EVENT_ROGUE_LISTENER, 0, NULL);
}

/* `claims_only`: say nothing where no pinhole can be opened. */
static __always_inline void listener_open(const struct sock *sk, const struct settings *in_force,
					  struct task_struct *task, bool claims_only)
{
	struct listener listener = {.task = task, .port = sk->__sk_common.skc_num};
	__u16 servers = ftp_port_get(in_force, listener.port).passive;
	struct walk walk;
	__u64 cookie;

	if (!servers)
		return;
	listener.local = listener_local(sk);
	if (is_loopback(&listener.local))
		return;
	cookie = bpf_get_socket_cookie((void *)sk);
	if (bpf_map_lookup_elem(&listeners, &cookie))
		return;
	listener.cookie = cookie;
	walk_files(&walk, task, servers, in_force->half, NULL);
	if (walk.n_clients == 1 && !walk.truncated)
		listener_offer(sk, in_force, &listener, &walk);
	else if (claims_only)
		return;
	else if (walk.truncated)
		report_refused(&listener, REFUSED_FILES, NULL);
	else if (walk.n_clients)
		report_refused(&listener, REFUSED_CLIENTS, NULL);
	else
		listener_rogue(&listener);
}

#endif
