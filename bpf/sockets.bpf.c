/* SPDX-License-Identifier: GPL-2.0-only */
/* Socket states: control connections become sessions, listen() of an FTP server opens a pinhole, an
 * established data connection becomes a flow, and what closes is forgotten.
 *
 * A tracing program is skipped while it is already active on its CPU, and a softirq or another task can
 * interrupt it anywhere. So each handler is attached twice: where one copy is skipped, the other runs. Both
 * may run for the same event, so every handler does nothing where its work is done already. */
#include "listen.bpf.h"
#include "pinholes.bpf.h"
#include "sock.bpf.h"
#include "sweep.bpf.h"

/* include/net/tcp_states.h */
enum { ESTABLISHED = 1, SYN_RECV = 3, CLOSE = 7, LISTEN = 10 };

/* A connection that a listener of ours accepted. */
static __always_inline void on_established(const struct sock *sk, const struct settings *in_force)
{
	__u16 port = sock_local_port(sk);
	struct ftp_port ftp = ftp_port_get(in_force, port);
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct flow_key key = {.local_port = port, .peer_port = sock_peer_port(sk), .protocol = PROTOCOL_TCP};
	struct pinhole_key pinhole_key;
	struct pinhole *pinhole;

	sock_addrs(sk, &key.local, &key.peer);
	if (ftp.control) {
		struct session session = {
			.client = key.peer,
			.local = key.local,
			.client_port = key.peer_port,
			.control_port = port,
			.since_ns = bpf_ktime_get_boot_ns(),
		};
		struct totals *totals = totals_get();

		/* -EEXIST is the other copy's work, told from a full map by looking. */
		if (bpf_map_update_elem(&sessions, &cookie, &session, BPF_NOEXIST) &&
		    !bpf_map_lookup_elem(&sessions, &cookie) && totals)
			__sync_fetch_and_add(&totals->untracked, 1);
		return;
	}
	pinhole = pinhole_find(&key.peer, &key.local, port, &pinhole_key);
	if (pinhole)
		pinhole_use(&pinhole_key, pinhole, &key, cookie);
}

static __always_inline bool flow_begin_linger(void *map, const struct flow_key *key, __u64 cookie)
{
	struct flow *flow = bpf_map_lookup_elem(map, key);

	if (!flow)
		return false;
	if (flow->cookie == cookie && !flow->closing_ns)
		flow->closing_ns = bpf_ktime_get_boot_ns();
	return true;
}

static __always_inline void on_close(const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct flow_key key = {
		.local_port = sock_local_port(sk),
		.peer_port = sock_peer_port(sk),
		.protocol = PROTOCOL_TCP,
	};

	if (!bpf_map_delete_elem(&sessions, &cookie)) {
		session_close_pinholes(cookie);
		return;
	}
	sock_addrs(sk, &key.local, &key.peer);
	if (!flow_begin_linger(&flows, &key, cookie))
		flow_begin_linger(&data_flows, &key, cookie);
}

static __always_inline int on_state(const struct sock *sk, int old_state, int new_state)
{
	const struct settings *in_force;

	if (new_state != CLOSE && !(new_state == ESTABLISHED && old_state == SYN_RECV))
		return 0;
	in_force = settings_for(sk);
	if (!in_force)
		return 0;
	if (new_state == ESTABLISHED)
		on_established(sk, in_force);
	else if (old_state == LISTEN)
		listener_close(bpf_get_socket_cookie((void *)sk));
	else
		on_close(sk);
	return 0;
}

static __always_inline int on_listen(const struct sock *sk, int new_state)
{
	const struct settings *in_force;

	if (new_state != LISTEN)
		return 0;
	in_force = settings_for(sk);
	if (in_force)
		listener_open(sk, in_force, (struct task_struct *)bpf_get_current_task_btf(), false);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_1, const struct sock *sk, int old_state, int new_state)
{
	return on_state(sk, old_state, new_state);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_2, const struct sock *sk, int old_state, int new_state)
{
	return on_state(sk, old_state, new_state);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(listen_1, const struct sock *sk, int old_state, int new_state)
{
	return on_listen(sk, new_state);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(listen_2, const struct sock *sk, int old_state, int new_state)
{
	return on_listen(sk, new_state);
}

/* Run once by user space; the timer goes on by itself. */
SEC("tc")
int start_sweep(struct __sk_buff *skb)
{
	return sweep_start();
}

/* For user space's own events: the frame is a struct event. Only a program can add to the log without
 * losing what another CPU adds at the same time. */
SEC("xdp")
int append_event(struct xdp_md *ctx)
{
	const struct event *from = (void *)(long)ctx->data;
	struct event *event;
	__u64 sequence, now;

	if ((void *)(from + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	event = report_begin(from->kind, &sequence);
	if (!event)
		return XDP_ABORTED;
	now = event->time_ns;
	*event = *from;
	event->time_ns = now;
	event->sequence = 0;
	event_end(event, sequence);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
