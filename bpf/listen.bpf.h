/* SPDX-License-Identifier: GPL-2.0-only */
/* listen() in a passive range: whose port is it? Opens the pinhole, or says why not. */
#ifndef POSTERN_LISTEN_BPF_H
#define POSTERN_LISTEN_BPF_H

#include "listen_clients.bpf.h"
#include "owner.bpf.h"
#include "pinholes_shared.bpf.h"
#include "traces.bpf.h"
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

/* The listener closes, and its pinhole seems unused: see closed.bpf.h. */
static __noinline void closed_remember(const struct pinhole_key *key, const struct pinhole *pinhole)
{
	struct pinhole copy = *pinhole;
	__u64 now = bpf_ktime_get_boot_ns();
	__u32 port = key->port, until = now / NS_PER_S + CLOSED_GRACE_S;

	copy.expires_ns = now + CLOSED_GRACE_S * NS_PER_S;
	bpf_map_update_elem(&closed_pinholes, key, &copy, BPF_ANY);
	bpf_map_update_elem(&closed_ports, &port, &until, BPF_ANY);
}

/* What the listener's entry knows of it. */
static __always_inline void listener_forget(__u64 cookie, const struct listener_value *entry)
{
	struct pinhole_key key = entry->key;
	const struct pinhole *pinhole;

	if (entry->is_shared)
		listener_close_pinholes(cookie);
	else if (addr_is_zero(&key.client))
		waiting_close(&key, cookie);
	pinhole = bpf_map_lookup_elem(&pinholes, &key);
	if (pinhole && pinhole->listener == cookie) {
		closed_remember(&key, pinhole);
		pinhole_close(&key, pinhole, EVENT_PINHOLE_CLOSED);
	}
	bpf_map_delete_elem(&listeners, &cookie);
}

/* The listener is closed, or its listen() failed. Another socket's pinhole on the same port stays. Its entry
 * can be that of a claim which came at the same time as a pinhole by hand, or have been swept meanwhile: so
 * where the port is open still, all pinholes are looked through. */
static __always_inline void listener_close(const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	const struct listener_value *entry = bpf_map_lookup_elem(&listeners, &cookie);

	bpf_map_delete_elem(&rogues, &cookie);
	if (entry)
		listener_forget(cookie, entry);
	if (port_has_pinhole(sock_local_port(sk)))
		listener_close_pinholes(cookie);
}

/* The process holds sessions of exactly one client. 0, or the enum refusal; REFUSED_OPEN: it was dealt with.
 */
static __always_inline int listener_claim(const struct sock *sk, const struct settings *in_force,
					  const struct listener *listener,
					  const struct ftp_server_value *server,
					  const struct walk_found *found)
{
	struct listener_value entry = {};
	struct pinhole pinhole = {
		.listener = listener->cookie,
		.session = found->cookie,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.control_port = found->control_port,
		.service = server->service,
		.origin = ORIGIN_SOCKET,
	};
	__u64 cookie = listener->cookie;
	int refusal;

	pinhole.expires_ns = pinhole.opened_ns + server->ttl_ns;
	pinhole_key_make(&entry.key, in_force, &found->client, &listener->local, listener->port);
	refusal = listener_remember(cookie, &entry);
	if (refusal)
		return refusal;
	if (!listener_accepts(sk, &listener->local, &found->client))
		return REFUSED_FAMILY;
	if (port_is_claimed(&listener->local, listener->port, cookie))
		return REFUSED_CLAIMED;
	return pinhole_open(&entry.key, &pinhole);
}

/* The client is known, if the server is. A function of its own, for its room on the stack. */
static __noinline void listener_offer(const struct sock *sk, const struct settings *in_force,
				      const struct listener *listener, const struct walk_found *found)
{
	__u16 control = ftp_port_get(in_force, found->socket_port).control & found->servers;
	const struct ftp_server_value *server = server_of(in_force, control);
	int refusal;

	if (!server)
		return;
	refusal = listener_claim(sk, in_force, listener, server, found);
	if (refusal) {
		if (refusal != REFUSED_OPEN)
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

/* Reported once for each socket. It takes no place of a listener that can have a pinhole: any local user
 * could take them all. */
static __noinline void listener_refuse(const struct listener *listener, int refusal)
{
	__u64 cookie = listener->cookie, now = bpf_ktime_get_boot_ns();

	if (!bpf_map_update_elem(&rogues, &cookie, &now, BPF_NOEXIST))
		report_refused(listener, refusal, NULL);
}

/* It is not known whose the listener is, because of `refusal`. It waits where a server is watched in another
 * way; else it is refused. */
static __noinline void listener_wait(const struct settings *in_force, const struct listener *listener,
				     int refusal)
{
	__u16 watched = servers_watched(in_force, listener->servers, (__u8) ~(1u << ORIGIN_SOCKET));
	const struct ftp_server_value *server = server_of(in_force, watched);
	struct waiting_key key = {.local = listener->local, .port = listener->port};
	struct listener_value entry = {.key = {.local = listener->local, .port = listener->port}};
	struct waiting waiting = {.listener = listener->cookie,
				  .holder = listener->holder,
				  .servers = watched,
				  .accepts = listener->accepts,
				  .refusal = refusal};
	struct task_struct *task = listener->task;
	__u64 cookie = listener->cookie;
	int known = server ? listener_remember(cookie, &entry) : refusal;

	if (known == REFUSED_OPEN)
		return;
	if (known) {
		listener_refuse(listener, known);
		return;
	}
	waiting.expires_ns = bpf_ktime_get_boot_ns() + server->ttl_ns;
	waiting.pid = BPF_CORE_READ(task, tgid);
	waiting.uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&waiting.comm, task, comm);
	if (bpf_map_update_elem(&waiting_listeners, &key, &waiting, BPF_NOEXIST)) {
		bpf_map_delete_elem(&listeners, &cookie);
		listener_refuse(listener, bpf_map_lookup_elem(&waiting_listeners, &key) ? REFUSED_CLAIMED
											: REFUSED_FULL);
	}
}

/* `claims_only`: say nothing where no pinhole can be opened. */
static __always_inline void listener_open(const struct sock *sk, const struct settings *in_force,
					  struct task_struct *task, bool claims_only)
{
	struct listener listener = {.task = task, .port = sk->__sk_common.skc_num};
	__u16 servers = ftp_port_get(in_force, listener.port).passive;
	__u64 cookie;
	struct walk walk = {.task = {.half = in_force->half, .socket_files = socket_files_like(sk)}};
	struct walk_found *found = &walk.found;
	__u16 with_owner;
	bool is_watched;

	if (!servers)
		return;
	listener.local = listener_local(sk);
	if (is_loopback(&listener.local))
		return;
	cookie = bpf_get_socket_cookie((void *)sk);
	if (bpf_map_lookup_elem(&listeners, &cookie))
		return;
	trace_leave(listener.port, TRACE_LISTENER);
	listener.cookie = cookie;
	listener.holder = holder_of(task);
	walk.task.holder = listener.holder;
	walk.task.servers = servers;
	with_owner = servers_with_owner(in_force->half, servers);
	walk.task.max_files =
		servers_for_clients(in_force->half, servers) | with_owner ? WALK_MOST_FILES : WALK_MAX_FILES;
	walk_files(&walk, task);
	found->servers = servers_owned(in_force, task, found->truncated ? servers : found->servers);
	is_watched = !found->truncated && servers_watched(in_force, found->servers, 1u << ORIGIN_SOCKET);
	if (found->n_clients == 1 && is_watched) {
		listener_offer(sk, in_force, &listener, found);
		return;
	}
	listener.servers = found->servers;
	listener.accepts = listener_families(sk, &listener.local);
	/* Where the process serves another server's clients too, the listener may be one of theirs. */
	if (found->n_clients && is_watched &&
	    servers_for_clients(in_force->half, found->servers) == found->servers) {
		listener_offer_clients(in_force, &listener);
		return;
	}
	/* Another process that has it may explain it better. */
	if (claims_only)
		return;
	if (!found->n_clients && !found->truncated) {
		listener_rogue(&listener);
		return;
	}
	/* Without a holder, any process with a session could answer for it: one that is not the owner, too.
	 */
	if (found->truncated) {
		listener.holder = 0;
		listener.servers &= ~with_owner;
	}
	listener_wait(in_force, &listener,
		      !found->servers        ? REFUSED_OWNER
		      : found->truncated     ? REFUSED_FILES
		      : found->n_clients > 1 ? REFUSED_CLIENTS
					     : REFUSED_UNCLAIMED);
}

#endif
