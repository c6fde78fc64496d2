/* SPDX-License-Identifier: GPL-2.0-only */
/* Socket states: control connections become sessions, listen() of an FTP server opens a pinhole, an
 * established data connection becomes a flow, and what closes is forgotten.
 *
 * A tracing program is skipped while it is already active on its CPU, and a softirq or another task can
 * interrupt it anywhere. So each handler is attached twice: where one copy is skipped, the other runs. Both
 * may run for the same event, so every handler does nothing where its work is done already: twin.bpf.h. */
#include "active.bpf.h"
#include "claim_client.bpf.h"
#include "data_open.bpf.h"
#include "flows.bpf.h"
#include "listen.bpf.h"
#include "lookup.bpf.h"
#include "pinholes.bpf.h"
#include "sessions.bpf.h"
#include "sock.bpf.h"
#include "sweep.bpf.h"
#include "traces.bpf.h"
#include "twin.bpf.h"

/* include/net/tcp_states.h */
enum { ESTABLISHED = 1, SYN_SENT = 2, SYN_RECV = 3, CLOSE = 7, LAST_ACK = 9, LISTEN = 10 };

static __always_inline struct flow_key key_of(const struct sock *sk, __u16 local_port)
{
	struct flow_key key = {
		.local_port = local_port,
		.peer_port = sock_peer_port(sk),
		.protocol = PROTOCOL_TCP,
	};

	sock_addrs(sk, &key.local, &key.peer);
	return key;
}

/* A function of its own, for its room on the stack, as those below. */
static __noinline void on_control_connection(const struct sock *sk, __u16 control_port)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	/* With TCP Fast Open, commands may have come and replies gone out before. */
	const struct reply_reader reader = {
		.next = BPF_CORE_READ(tcp, snd_nxt),
		.state = BPF_CORE_READ(tcp, data_segs_out) ? REPLY_LOST : REPLY_LINE,
	};
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct flow_key key = key_of(sk, sk->__sk_common.skc_num);

	if (session_begin(&key, control_port, cookie, &reader) && control_port == key.local_port &&
	    !BPF_CORE_READ(tcp, bytes_received))
		session_read_commands(&key, cookie, BPF_CORE_READ(tcp, rcv_nxt));
}

static __noinline void on_data_connection(const struct sock *sk)
{
	struct flow_key key = key_of(sk, sk->__sk_common.skc_num);
	struct pinhole_key pinhole_key;
	struct pinhole *pinhole = pinhole_find(&key.peer, &key.local, key.local_port, &pinhole_key);

	if (pinhole)
		pinhole_use(&pinhole_key, pinhole, &key, bpf_get_socket_cookie((void *)sk));
}

/* A connection that a listener of ours accepted: most are neither. */
static __always_inline void on_established(const struct sock *sk, const struct settings *in_force)
{
	__u16 port = sk->__sk_common.skc_num;
	struct ftp_port ftp = ftp_port_get(in_force, port);

	if (ftp.control)
		on_control_connection(sk, ftp.control_port);
	else if (port_has_pinhole(port))
		on_data_connection(sk);
}

/* Its flows linger. */
static __noinline void on_flow_close(const struct sock *sk, __u64 cookie, __u32 traces)
{
	struct flow_key key = key_of(sk, sock_local_port(sk));
	const struct flow_key *translated;

	flow_socket_closed(&key, cookie, traces);
	if (!(traces & TRACE_TRANSLATED))
		return;
	/* It can have both: where addresses came to be translated while it connected. */
	translated = bpf_map_lookup_elem(&flow_sockets, &cookie);
	if (!translated)
		return;
	key = *translated;
	flow_socket_closed(&key, cookie, TRACE_FLOW | TRACE_DATA_FLOW);
	bpf_map_delete_elem(&flow_sockets, &cookie);
}

static __always_inline void on_session_close(__u64 cookie)
{
	const struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	struct tls_key tls;

	if (!session)
		return;
	tls = session->tls;
	if (tls.object)
		bpf_map_delete_elem(&tls_objects, &tls);
	session_forget(cookie, session);
	session_close_pinholes(cookie);
}

/* What was not a listener: a control connection, the connection of a flow. Cookies are unique on the host,
 * and no namespace needs to be asked: the connection of a macvlan or a container can be a flow here. */
static __always_inline void on_connection_close(const struct sock *sk, __u16 port, __u64 cookie,
						bool is_whole)
{
	__u32 traces = traces_of(port);

	if (traces & TRACE_SESSION)
		on_session_close(cookie);
	connection_socket_closed(port, cookie, is_whole);
	if (traces & (TRACE_FLOW | TRACE_DATA_FLOW | TRACE_TRANSLATED))
		on_flow_close(sk, cookie, traces);
	if (traces_of(TRACES_OF_ANY) & TRACE_ACTIVE)
		bpf_map_delete_elem(&actives, &cookie);
}

/* 0: nobody has asked for it yet, and the socket is in none of our maps, as most that a host closes. */
static __always_inline __u64 known_cookie(const struct sock *sk)
{
	return sk->__sk_common.skc_cookie.counter;
}

/* connect() in the process that calls it. The entry of an older attempt is taken over. Read from the task, as
 * each helper's code, which nothing else has run of late, costs more than what it does. */
static __always_inline void on_attempt(const struct sock *sk)
{
	__u64 cookie = bpf_get_socket_cookie((void *)sk);
	struct attempt *attempt = attempt_slot(cookie);
	const struct task_struct *task = (const struct task_struct *)bpf_get_current_task_btf();
	const __u64 *comm = (const __u64 *)task->comm;

	if (!attempt || attempt->cookie == cookie)
		return;
	attempt->cookie = 0;
	barrier();
	attempt->pid = task->tgid;
	attempt->uid = task->cred->uid.val;
	((__u64 *)attempt->comm)[0] = comm[0];
	((__u64 *)attempt->comm)[1] = comm[1];
	barrier();
	attempt->cookie = cookie;
}

/* As tcp_rcv_state_process() has it. Other ways from LAST_ACK to CLOSE are followed by a RST. */
static __always_inline bool is_whole(const struct tcp_sock *tcp, int old_state)
{
	return old_state == LAST_ACK && tcp->snd_una == tcp->write_seq;
}

static __noinline void on_close(const struct sock *sk, int old_state, enum twin twin)
{
	__u64 cookie = known_cookie(sk);
	const struct tcp_sock *tcp;

	if (!cookie || twin_has_done(twin, TOLD_STATE, sk, CLOSE))
		return;
	tcp = bpf_skc_to_tcp_sock((void *)sk);
	if (old_state == LISTEN)
		listener_close(sk);
	else if (tcp)
		on_connection_close(sk, tcp_local_port(tcp), cookie, is_whole(tcp, old_state));
	twin_done(twin, TOLD_STATE, sk, CLOSE);
}

static __noinline void on_connect(const struct sock *sk, enum twin twin)
{
	const struct settings *in_force = settings_for(sk);
	__u64 cookie = known_cookie(sk);

	if (!in_force || twin_has_done(twin, TOLD_STATE, sk, SYN_SENT))
		return;
	/* It may have been another connection before, whose close went unseen, and when it is destroyed
	 * nothing tells of that one's port any more. This one has not chosen its own yet. */
	if (cookie)
		connection_socket_closed(sock_local_port(sk), cookie, false);
	on_attempt(sk);
	if (ftp_port_get(in_force, ACTIVE_SERVERS).control)
		active_attempt(sk, in_force);
	twin_done(twin, TOLD_STATE, sk, SYN_SENT);
}

static __noinline void on_accepted(const struct sock *sk, enum twin twin)
{
	const struct settings *in_force;

	/* What nobody has accepted yet is a listener's child; a socket that some process holds has opened
	 * simultaneously (RFC 9293, 3.5), and is no server's. */
	if (sk->sk_socket)
		return;
	in_force = settings_for(sk);
	if (!in_force || twin_has_done(twin, TOLD_STATE, sk, ESTABLISHED))
		return;
	on_established(sk, in_force);
	twin_done(twin, TOLD_STATE, sk, ESTABLISHED);
}

/* Most changes are none of these, and end here before a look at the socket. */
static __always_inline int on_state(const struct sock *sk, int old_state, int new_state, enum twin twin)
{
	bool is_accepted = new_state == ESTABLISHED && old_state == SYN_RECV;

	if (new_state != CLOSE && new_state != SYN_SENT && !is_accepted)
		return 0;
	if (sk->sk_protocol != PROTOCOL_TCP)
		return 0;
	if (new_state == CLOSE)
		on_close(sk, old_state, twin);
	else if (new_state == SYN_SENT)
		on_connect(sk, twin);
	else
		on_accepted(sk, twin);
	return 0;
}

/* Both look: what the first has done, the second finds in `listeners`. */
static __always_inline int on_listen(const struct sock *sk, int new_state, enum twin twin)
{
	const struct settings *in_force;

	if (new_state != LISTEN)
		return 0;
	in_force = settings_for(sk);
	if (in_force)
		listener_open(sk, in_force, (struct task_struct *)bpf_get_current_task_btf(), false);
	twin_done(twin, TOLD_STATE, sk, LISTEN);
	return 0;
}

static __always_inline int on_destroy(const struct sock *sk, enum twin twin)
{
	__u64 cookie = known_cookie(sk);
	const struct tcp_sock *tcp;
	__u16 port;

	if (!cookie || twin_has_done(twin, TOLD_DESTROYED, sk, 0))
		return 0;
	tcp = bpf_skc_to_tcp_sock((void *)sk);
	if (!tcp)
		return 0;
	port = tcp_local_port(tcp);
	if (traces_of(port) & TRACE_LISTENER)
		listener_close(sk);
	on_connection_close(sk, port, cookie, false);
	twin_done(twin, TOLD_DESTROYED, sk, 0);
	return 0;
}

/* Programs of their own, for their room on the stack: called by those below, as every program that is
 * attached costs time at every change of any socket's state. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(listen_1, const struct sock *sk, int old_state, int new_state)
{
	return on_listen(sk, new_state, TWIN_FIRST);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(listen_2, const struct sock *sk, int old_state, int new_state)
{
	return on_listen(sk, new_state, TWIN_SECOND);
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} listen_programs SEC(".maps");

/* Where the kernel does not let a program with functions call another one (arm64 before Linux 6.0), they are
 * attached themselves. */
const volatile bool listens_apart = false;

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_1, const struct sock *sk, int old_state, int new_state)
{
	if (new_state == LISTEN && !listens_apart)
		bpf_tail_call(ctx, &listen_programs, 0);
	return on_state(sk, old_state, new_state, TWIN_FIRST);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_2, const struct sock *sk, int old_state, int new_state)
{
	if (new_state == LISTEN && !listens_apart)
		bpf_tail_call(ctx, &listen_programs, 1);
	return on_state(sk, old_state, new_state, TWIN_SECOND);
}

/* A second way to learn of a close, often in another context than the first. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_1, const struct sock *sk)
{
	return on_destroy(sk, TWIN_FIRST);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(destroy_2, const struct sock *sk)
{
	return on_destroy(sk, TWIN_SECOND);
}

/* In the instance's network namespace, where a listener is looked for. */
SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx)
{
	return listener_lookup(ctx);
}

/* Run once by user space; the timer goes on by itself. */
SEC("tc")
int start_sweep(struct __sk_buff *skb)
{
	return sweep_start();
}

/* For user space: the frame is a struct claim_request. */
SEC("xdp")
int claim_pinhole(struct xdp_md *ctx)
{
	const struct claim_request *from = (void *)(long)ctx->data;
	struct claim_request request;

	if ((void *)(from + 1) > (void *)(long)ctx->data_end)
		return REFUSED_LISTENER;
	request = *from;
	return claim_for_client(&request);
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
