/* SPDX-License-Identifier: GPL-2.0-only */
/* Active FTP (RFC 959, 3.2; RFC 2428): the server opens the data connection. At connect(), in the process
 * that calls it, is decided whether it may: to a client that it has a control connection with, and to no
 * other. */
#ifndef POSTERN_ACTIVE_BPF_H
#define POSTERN_ACTIVE_BPF_H

#include "listen.bpf.h"
#include "traces.bpf.h"

/* What is decided of the socket's attempt. A function of its own, for its room on the stack. */
static __noinline void active_decide(const struct sock *sk, const struct walk *walk, __u16 service)
{
	const struct walk_found *found = &walk->found;
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct active active = {.port = sock_peer_port(sk),
				.session = found->cookie,
				.control_port = found->control_port,
				.service = service};

	if (!found->has_wanted)
		active.refusal = REFUSED_BOUNCE;
	else if (active.port < ACTIVE_FIRST_PORT)
		active.refusal = REFUSED_LOW_PORT;
	if (found->has_wanted || found->n_clients == 1)
		active.client = found->client;
	trace_leave(TRACES_OF_ANY, TRACE_ACTIVE);
	bpf_map_update_elem(&actives, &cookie, &active, BPF_NOEXIST);
}

/* For processes that hold no session of such a server, or are not its owner, nothing: they are no FTP
 * servers. One with so many files that its sessions were not found is none, either. */
static __noinline void active_attempt(const struct sock *sk, const struct settings *in_force)
{
	__u16 servers = ftp_port_get(in_force, ACTIVE_SERVERS).control;
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	const struct ftp_server_value *server;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct addr local;
	struct walk walk = {.task = {.half = in_force->half,
				     .max_files = WALK_MAX_FILES,
				     .servers = servers,
				     .socket_files = socket_files_like(sk)}};

	if (bpf_map_lookup_elem(&actives, &cookie))
		return;
	sock_addrs(sk, &local, &walk.task.wanted);
	if (is_loopback(&walk.task.wanted))
		return;
	walk_files(&walk, task);
	if (!walk.found.has_wanted && !walk.found.n_clients)
		return;
	servers &= ftp_port_get(in_force, walk.found.socket_port).control;
	server = server_of(in_force, servers_owned(in_force, task, servers));
	if (server)
		active_decide(sk, &walk, server->service);
}

/* Its control connection is closed: what has not begun will not, and what has is a flow. */
static long active_sweep(void *map, const __u64 *cookie, const struct active *active, void *unused)
{
	__u64 copy = *cookie, session = active->session;

	if (!bpf_map_lookup_elem(&sessions, &session))
		bpf_map_delete_elem(map, &copy);
	return 0;
}

#endif
