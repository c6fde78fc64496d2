/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host already had when its first policy came: connections and listeners become what they would be,
 * had the socket programs seen them begin. Run once each, in this order, with the socket programs live. */
#include "connection_find.bpf.h"
#include "data_open.bpf.h"
#include "flows.bpf.h"
#include "listen.bpf.h"
#include "pinholes.bpf.h"
#include "sessions.bpf.h"
#include "sock.bpf.h"

/* include/net/tcp_states.h */
enum { SYN_SENT = 2, SYN_RECV = 3, CLOSE = 7, TIME_WAIT = 6, LISTEN = 10, NEW_SYN_RECV = 12 };
enum { PROTOCOL_UDP = 17 };

/* Ports that something listens on: a connection at one came in, any other went out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_PORTS);
	__type(key, __u32);
	__type(value, __u8);
} listening SEC(".maps");

static __always_inline const struct settings *settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline bool is_in_namespace(const struct sock_common *sk)
{
	const struct settings *in_force = settings_get();

	return in_force && sk->skc_net.net->net_cookie == in_force->net_cookie;
}

static __always_inline bool port_listens(__u16 port)
{
	__u32 key = port;
	const __u8 *value = bpf_map_lookup_elem(&listening, &key);

	return value && *value;
}

/* A connection with a peer, of this namespace. */
static __always_inline bool is_connected(const struct sock_common *sk)
{
	__u8 state = sk->skc_state;

	if (state == CLOSE || state == LISTEN || state == TIME_WAIT || state == SYN_RECV ||
	    state == NEW_SYN_RECV)
		return false;
	return is_in_namespace(sk);
}

static __always_inline struct flow_key key_of(const struct sock_common *sk, __u8 protocol)
{
	struct flow_key key = {
		.local_port = sk->skc_num,
		.peer_port = bpf_ntohs(sk->skc_dport),
		.protocol = protocol,
	};

	sock_common_addrs(sk, &key.local, &key.peer);
	return key;
}

SEC("iter/tcp")
int adopt_listening(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	__u8 yes = 1;
	__u32 key;

	if (!sk || sk->skc_state != LISTEN || !is_in_namespace(sk))
		return 0;
	key = sk->skc_num;
	bpf_map_update_elem(&listening, &key, &yes, BPF_ANY);
	return 0;
}

SEC("iter/tcp")
int adopt_sessions(struct bpf_iter__tcp *ctx)
{
	const struct settings *in_force = settings_get();
	struct sock_common *sk = ctx->sk_common;
	const struct reply_reader lost = {.state = REPLY_LOST};
	struct flow_key key;

	if (!sk || !in_force || !is_connected(sk) || !port_listens(sk->skc_num))
		return 0;
	if (!ftp_port_get(in_force, sk->skc_num).control)
		return 0;
	key = key_of(sk, PROTOCOL_TCP);
	session_begin(&key, ftp_port_get(in_force, sk->skc_num).control_port, bpf_get_socket_cookie(sk),
		      &lost);
	return 0;
}

/* For bpf_for_each_map_elem: a session of the flow's peer. */
struct search {
	struct addr client;
	struct ftp_port port; /* which addresses are one client */
	__u16 control_port;   /* 0: none found */
	__u16 socket_port;
	__u16 data_port; /* 0: any; else its control connection's own port is the next (RFC 959, 3.2) */
	__u16 pad;
};

static long session_match(void *map, const __u64 *cookie, const struct session *session,
			  struct search *search)
{
	if (!is_same_client(&search->port, &session->client, &search->client) ||
	    (search->data_port && search->data_port != session->socket_port - 1))
		return 0;
	search->control_port = session->control_port;
	search->socket_port = session->socket_port;
	return 1;
}

/* A connection at a passive port, of a client that is logged in: the range's only lawful users. Where the
 * listener is still there, its pinhole, just adopted, is used up. */
static __always_inline bool adopt_data(const struct settings *in_force, const struct flow_key *key,
				       __u64 cookie)
{
	struct search search = {.client = key->peer, .port = ftp_port_get(in_force, key->local_port)};
	struct flow flow = {.cookie = cookie, .since_ns = bpf_ktime_get_boot_ns()};
	const struct ftp_server_value *server;
	struct pinhole_key pinhole_key;
	struct pinhole *pinhole;

	if (!search.port.passive)
		return false;
	pinhole = pinhole_find(&key->peer, &key->local, key->local_port, &pinhole_key);
	if (pinhole)
		return pinhole_use(&pinhole_key, pinhole, key, cookie);
	bpf_for_each_map_elem(&sessions, session_match, &search, 0);
	if (!search.control_port)
		return false;
	server = server_of(in_force, ftp_port_get(in_force, search.socket_port).control);
	flow.control_port = search.control_port;
	flow.service = server ? server->service : 0;
	data_flow_insert(key, &flow, BPF_NOEXIST);
	return true;
}

/* A connection from a server's own data port to a client that is logged in. From another port it looks like
 * any other that this host opened. */
static __always_inline void adopt_active(const struct settings *in_force, const struct flow_key *key,
					 struct flow *flow)
{
	struct search search = {.client = key->peer, .data_port = key->local_port};
	__u16 servers = ftp_port_get(in_force, ACTIVE_SERVERS).control;
	const struct ftp_server_value *server;

	if (key->protocol != PROTOCOL_TCP || !servers || key->peer_port < ACTIVE_FIRST_PORT)
		return;
	bpf_for_each_map_elem(&sessions, session_match, &search, 0);
	server = server_of(in_force, ftp_port_get(in_force, search.socket_port).control & servers);
	if (!search.control_port || !server)
		return;
	flow->control_port = search.control_port;
	flow->service = server->service;
}

/* Generation 0 is nobody's: the policy judges the flow at its next packet. */
static __always_inline void adopt_flow(const struct settings *in_force, const struct flow_key *key,
				       __u64 cookie, __u32 uid)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct flow flow = {.cookie = cookie, .since_ns = now, .seen_ns = now, .uid = uid};

	if (connection_find(key))
		return; /* it has sent something meanwhile */
	adopt_active(in_force, key, &flow);
	if (flow_insert(key, &flow))
		return;
	if (key->protocol == PROTOCOL_UDP)
		fragment_peer_touch(&key->peer, now);
}

SEC("iter/tcp")
int adopt_connections(struct bpf_iter__tcp *ctx)
{
	const struct settings *in_force = settings_get();
	struct sock_common *sk = ctx->sk_common;
	struct flow_key key;
	__u64 cookie;

	if (!sk || !in_force || !is_connected(sk))
		return 0;
	key = key_of(sk, PROTOCOL_TCP);
	cookie = bpf_get_socket_cookie(sk);
	if (!adopt_data(in_force, &key, cookie) && !port_listens(key.local_port))
		adopt_flow(in_force, &key, cookie, ctx->uid);
	return 0;
}

SEC("iter/udp")
int adopt_datagrams(struct bpf_iter__udp *ctx)
{
	const struct settings *in_force = settings_get();
	struct udp_sock *udp = ctx->udp_sk;
	struct sock_common *sk;
	struct flow_key key;

	if (!udp || !in_force)
		return 0;
	sk = &udp->inet.sk.__sk_common;
	if (!sk->skc_dport || !is_in_namespace(sk))
		return 0;
	key = key_of(sk, PROTOCOL_UDP);
	adopt_flow(in_force, &key, bpf_get_socket_cookie(sk), ctx->uid);
	return 0;
}

/* A listener is claimed once, so it does not matter how many processes hold it. `claims_only`: leave what no
 * session explains for the second round, when every process had its chance. */
static __always_inline int adopt_listener(struct bpf_iter__task_file *ctx, bool claims_only)
{
	const struct settings *in_force = settings_get();
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!file || !task || !in_force)
		return 0;
	socket = bpf_sock_from_file((void *)file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || sk->__sk_common.skc_state != LISTEN || !settings_for(sk))
		return 0;
	listener_open(sk, in_force, task, claims_only);
	return 0;
}

SEC("iter/task_file")
int adopt_listeners(struct bpf_iter__task_file *ctx)
{
	return adopt_listener(ctx, true);
}

SEC("iter/task_file")
int adopt_rogues(struct bpf_iter__task_file *ctx)
{
	return adopt_listener(ctx, false);
}

char _license[] SEC("license") = "GPL";
