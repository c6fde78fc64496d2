/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes by hand: an administrator names the client and the port; what listens there the kernel tells.
 * Loaded by the command alone, for one request. Run find_listeners, and where one fits, open_pinhole; or
 * close_pinholes. */
#include "bound.bpf.h"
#include "pinholes.bpf.h"
#include "sock.bpf.h"
#include "traces.bpf.h"
#include "waiting.bpf.h"

/* include/net/tcp_states.h */
enum { LISTEN = 10 };

const volatile struct manual_request request = {};
struct manual_answer answer = {};

static __always_inline const struct settings *settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct addr request_client(void)
{
	struct addr client;

	for (int i = 0; i < 4; i++)
		client.word[i] = request.client.word[i];
	return client;
}

static __always_inline struct pinhole_key request_key(const struct settings *in_force,
						      const struct addr *local)
{
	struct addr client = request_client();
	struct pinhole_key key;

	pinhole_key_make(&key, in_force, &client, local, request.port);
	return key;
}

/* What happened to a pinhole, by whom. */
static __always_inline void report_manual(enum event_kind kind, const struct pinhole_key *key, __u64 listener,
					  __u8 origin)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 sequence;
	struct event *event = report_begin(kind, &sequence);

	if (!event)
		return;
	event->peer = request_client();
	event->local = key->local;
	event->local_port = key->port;
	event->cookie = listener;
	event->origin = origin;
	event->protocol = PROTOCOL_TCP;
	event->pid = BPF_CORE_READ(task, tgid);
	event->uid = BPF_CORE_READ(task, cred, uid.val);
	BPF_CORE_READ_INTO(&event->comm, task, comm);
	event_end(event, sequence);
}

/* A listener at the port, in the instance's network namespace. */
static __always_inline bool is_asked_for(const struct sock_common *sk, const struct settings *in_force)
{
	return sk->skc_state == LISTEN && sk->skc_num == request.port &&
	       sk->skc_net.net->net_cookie == in_force->net_cookie;
}

SEC("iter/tcp")
int find_listeners(struct bpf_iter__tcp *ctx)
{
	const struct settings *in_force = settings_get();
	struct sock_common *sk = ctx->sk_common;
	struct addr local, client = request_client();

	if (!sk || !in_force || !is_asked_for(sk, in_force))
		return 0;
	local = listener_local((const struct sock *)sk);
	if (is_loopback(&local)) {
		answer.loopback++;
	} else if (!listener_accepts((const struct sock *)sk, &local, &client)) {
		answer.unfitting++;
	} else {
		answer.listener = bpf_get_socket_cookie(sk);
		answer.local = local;
		answer.fitting++;
	}
	return 0;
}

/* For bpf_for_each_map_elem: does anything but pinholes by hand, of the same listener, hold the port there?
 */
static long claim_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			struct overlap *overlap)
{
	if (!is_overlapping(key, overlap) || pinhole_is_over(pinhole) ||
	    (pinhole->listener == overlap->listener && pinhole->origin == ORIGIN_MANUAL))
		return 0;
	overlap->taken = 1;
	return 1;
}

static __noinline bool is_claimed(const struct pinhole_key *key, __u64 listener)
{
	struct overlap overlap = {.local = key->local, .listener = listener, .port = key->port};

	bpf_for_each_map_elem(&pinholes, claim_check, &overlap, 0);
	return overlap.taken;
}

/* Makes the listener's close find the pinhole. One that waits for somebody to say whose it is waits no more.
 * False where that is no longer so, or where there is no room. */
static __always_inline bool listener_take(const struct pinhole_key *key, __u64 listener)
{
	const struct listener_value entry = {.key = {.local = key->local, .port = key->port}, .is_shared = 1};
	struct waiting_key waiting_key = {.local = key->local, .port = key->port};
	const struct waiting *waiting = bpf_map_lookup_elem(&waiting_listeners, &waiting_key);

	if (waiting && waiting->listener == listener && !waiting_remove(&waiting_key))
		return false;
	trace_leave(key->port, TRACE_LISTENER);
	return !bpf_map_update_elem(&listeners, &listener, &entry, BPF_ANY);
}

/* Opens the pinhole; an enum manual_outcome. The iterator holds the listener's lock: it cannot close
 * meanwhile, and nobody else adds to it. */
static __always_inline __u32 manual_open(const struct settings *in_force, const struct pinhole_key *key,
					 __u64 listener)
{
	const struct ftp_server_value *server =
		server_of(in_force, ftp_port_get(in_force, key->port).passive);
	const struct pinhole *found = bpf_map_lookup_elem(&pinholes, key);
	struct totals *totals = totals_get();
	struct pinhole pinhole = {
		.listener = listener,
		.opened_ns = bpf_ktime_get_boot_ns(),
		.origin = ORIGIN_MANUAL,
	};

	if (!server)
		return MANUAL_NOT_PASSIVE;
	if (found && !pinhole_is_over(found))
		return MANUAL_OPEN;
	if (found)
		pinhole_close(key, found, EVENT_PINHOLE_EXPIRED);
	if (is_claimed(key, listener))
		return MANUAL_CLAIMED;
	pinhole.expires_ns = pinhole.opened_ns + request.lifetime_ns;
	pinhole.service = server->service;
	if (pinhole_open(key, &pinhole))
		return MANUAL_FULL;
	if (!listener_take(key, listener)) {
		if (pinhole_remove(key) && totals)
			__sync_fetch_and_add(&totals->opened, -1);
		return bpf_map_lookup_elem(&listeners, &listener) ? MANUAL_CLAIMED : MANUAL_FULL;
	}
	answer.service = server->service;
	report_manual(EVENT_PINHOLE_OPENED, key, listener, ORIGIN_MANUAL);
	return MANUAL_OPENED;
}

SEC("iter/tcp")
int open_pinhole(struct bpf_iter__tcp *ctx)
{
	const struct settings *in_force = settings_get();
	struct sock_common *sk = ctx->sk_common;
	struct pinhole_key key;
	struct addr local;
	__u64 cookie;

	if (!sk || !in_force || !is_asked_for(sk, in_force))
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	if (cookie != answer.listener)
		return 0;
	local = listener_local((const struct sock *)sk);
	key = request_key(in_force, &local);
	answer.outcome = manual_open(in_force, &key, cookie);
	return 0;
}

static long close_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			const struct pinhole_key *asked)
{
	struct pinhole_key copy = *key;
	__u64 listener = pinhole->listener;
	struct totals *totals = totals_get();
	__u8 origin = pinhole->origin;

	if (copy.port != asked->port || copy.host_bits != asked->host_bits ||
	    !addr_equal(&copy.client, &asked->client) || pinhole_is_over(pinhole) || !pinhole_remove(&copy))
		return 0;
	if (totals)
		__sync_fetch_and_add(&totals->closed, 1);
	report_manual(EVENT_PINHOLE_CLOSED, &copy, listener, origin);
	answer.closed++;
	return 0;
}

/* What the client has open at the port, whoever opened it. */
SEC("xdp")
int close_pinholes(struct xdp_md *ctx)
{
	const struct settings *in_force = settings_get();
	const struct addr any = {};
	struct pinhole_key asked;

	if (!in_force)
		return XDP_ABORTED;
	asked = request_key(in_force, &any);
	bpf_for_each_map_elem(&pinholes, close_check, &asked, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
