/* SPDX-License-Identifier: GPL-2.0-only */
/* listen() in a passive range: whose port is it? Opens the pinhole, or says why not. */
#ifndef POSTERN_LISTEN_BPF_H
#define POSTERN_LISTEN_BPF_H

#include "listener.bpf.h"
#include "waiting.bpf.h"

/* Nobody has said whose the listener is. Another socket's at the same place stays. */
static __noinline void waiting_close(const struct pinhole_key *entry, __u64 cookie)
{
	struct waiting_key key = {.local = entry->local, .port = entry->port};
	const struct waiting *found = bpf_map_lookup_elem(&waiting_listeners, &key);
	struct waiting waiting;

	if (!found || found->listener != cookie)
		return;
	waiting = *found;
	if (waiting_remove(&key))
		report_waiting(&key, &waiting, EVENT_PINHOLE_REFUSED, waiting.refusal, ORIGIN_SOCKET, NULL);
}

static long listener_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			   __u64 *listener)
{
	struct pinhole_key copy = *key;

	if (pinhole->listener == *listener)
		pinhole_close(&copy, pinhole, EVENT_PINHOLE_CLOSED);
	return 0;
}

/* Pinholes that were added by hand to a listener that had one: `listeners` knows only one of them. */
static __noinline void listener_close_others(__u64 cookie)
{
	bpf_for_each_map_elem(&pinholes, listener_check, &cookie, 0);
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
	if (addr_is_zero(&key.client))
		waiting_close(&key, cookie);
	pinhole = bpf_map_lookup_elem(&pinholes, &key);
	if (pinhole && pinhole->listener == cookie)
		pinhole_close(&key, pinhole, EVENT_PINHOLE_CLOSED);
	if (port_has_pinhole(key.port))
		listener_close_others(cookie);
	bpf_map_delete_elem(&listeners, &cookie);
}

/* The process holds sessions of exactly one client. 0, or the enum refusal. */
static __always_inline int listener_claim(const struct sock *sk, const struct listener *listener,
					  const struct ftp_server_value *server,
					  const struct walk_found *found)
{
	struct pinhole_key key = {
		.client = found->client,
		.local = listener->local,
		.port = listener->port,
	};
	struct pinhole pinhole = {
		.listener = listener->cookie,
		.session = found->cookie,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.control_port = found->control_port,
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

/* The client is known, if the server is. A function of its own, for its room on the stack. */
static __noinline void listener_offer(const struct sock *sk, const struct settings *in_force,
				      const struct listener *listener, const struct walk_found *found)
{
	__u16 control = ftp_port_get(in_force, found->control_port).control & found->servers;
	const struct ftp_server_value *server = server_of(in_force, control);
	int refusal;

	if (!server)
		return;
	refusal = listener_claim(sk, listener, server, found);
	if (refusal) {
		report_refused(listener, refusal, found);
		return;
	}
	report_listener(listener, EVENT_PINHOLE_OPENED, 0, found);
	/* The session can have closed since the walk found it; its close found no pinhole then. */
	if (!bpf_map_lookup_elem(&sessions, &found->cookie))
		session_close_pinholes(found->cookie);
}

/* No session at all: not an FTP server's listener. Reported once for each socket. */
static __always_inline void listener_rogue(const struct listener *listener)
{
	__u64 cookie = listener->cookie, now = bpf_ktime_get_boot_ns();

	if (!bpf_map_update_elem(&rogues, &cookie, &now, BPF_NOEXIST) &&
	    sample_take(SAMPLE_ROGUES, ROGUES_PER_SECOND))
		report_listener(listener, EVENT_ROGUE_LISTENER, 0, NULL);
}

/* One process of this moment, for ever: numbers are given anew, and several may begin at once. */
static __always_inline __u64 holder_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, group_leader, start_time) ^ (__u64)BPF_CORE_READ(task, tgid) << 32;
}

static __always_inline __u8 listener_families(const struct sock *sk, const struct addr *local)
{
	const struct addr ipv4 = addr_of_ipv4(1), ipv6 = {.word = {1}};

	return (listener_accepts(sk, local, &ipv4) ? ACCEPTS_IPV4 : 0) |
	       (listener_accepts(sk, local, &ipv6) ? ACCEPTS_IPV6 : 0);
}

/* It is not known whose the listener is, because of `refusal`. It waits where a server is watched in another
 * way; else it is refused. */
static __noinline void listener_wait(const struct settings *in_force, const struct listener *listener,
				     int refusal)
{
	__u16 watched = servers_watched(in_force, listener->servers, (__u8) ~(1u << ORIGIN_SOCKET));
	const struct ftp_server_value *server = server_of(in_force, watched);
	struct waiting_key key = {.local = listener->local, .port = listener->port};
	struct pinhole_key entry = {.local = listener->local, .port = listener->port};
	struct waiting waiting = {.listener = listener->cookie,
				  .holder = listener->holder,
				  .servers = watched,
				  .accepts = listener->accepts,
				  .refusal = refusal};
	struct task_struct *task = listener->task;
	__u64 cookie = listener->cookie;

	if (!server) {
		report_refused(listener, refusal, NULL);
		return;
	}
	waiting.expires_ns = bpf_ktime_get_boot_ns() + server->ttl_ns;
	waiting.pid = BPF_CORE_READ(task, tgid);
	waiting.uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&waiting.comm, task, comm);
	if (bpf_map_update_elem(&listeners, &cookie, &entry, BPF_NOEXIST)) {
		report_refused(listener, REFUSED_FULL, NULL);
		return;
	}
	if (!bpf_map_update_elem(&waiting_listeners, &key, &waiting, BPF_NOEXIST))
		return;
	bpf_map_delete_elem(&listeners, &cookie);
	report_refused(listener,
		       bpf_map_lookup_elem(&waiting_listeners, &key) ? REFUSED_CLAIMED : REFUSED_FULL, NULL);
}

/* `claims_only`: say nothing where no pinhole can be opened. */
static __always_inline void listener_open(const struct sock *sk, const struct settings *in_force,
					  struct task_struct *task, bool claims_only)
{
	struct listener listener = {.task = task, .port = sk->__sk_common.skc_num};
	__u16 servers = ftp_port_get(in_force, listener.port).passive;
	__u64 cookie;
	struct walk_task what = {.half = in_force->half};
	struct walk_found found;

	if (!servers)
		return;
	listener.local = listener_local(sk);
	if (is_loopback(&listener.local))
		return;
	cookie = bpf_get_socket_cookie((void *)sk);
	if (bpf_map_lookup_elem(&listeners, &cookie))
		return;
	listener.cookie = cookie;
	listener.holder = holder_of(task);
	what.holder = listener.holder;
	what.servers = servers;
	walk_files(&found, task, &what);
	if (found.n_clients == 1 && !found.truncated &&
	    servers_watched(in_force, found.servers, 1u << ORIGIN_SOCKET)) {
		listener_offer(sk, in_force, &listener, &found);
		return;
	}
	/* Another process that has it may explain it better. */
	if (claims_only)
		return;
	if (!found.n_clients && !found.truncated) {
		listener_rogue(&listener);
		return;
	}
	listener.servers = found.truncated ? servers : found.servers;
	listener.accepts = listener_families(sk, &listener.local);
	if (found.truncated)
		listener.holder = 0;
	listener_wait(in_force, &listener,
		      found.truncated       ? REFUSED_FILES
		      : found.n_clients > 1 ? REFUSED_CLIENTS
					    : REFUSED_UNCLAIMED);
}

#endif
