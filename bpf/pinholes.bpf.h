/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes: open, find, use, remove. Whoever removes one, once, counts and reports it. */
#ifndef POSTERN_PINHOLES_BPF_H
#define POSTERN_PINHOLES_BPF_H

#include "addr.bpf.h"
#include "report.bpf.h"

static __always_inline bool port_has_pinhole(__u16 port)
{
	__u32 key = port;
	__u32 *open = bpf_map_lookup_elem(&open_ports, &key);

	return open && *open;
}

static __always_inline void port_mark(__u16 port, int change)
{
	__u32 key = port;
	__u32 *open = bpf_map_lookup_elem(&open_ports, &key);

	if (open)
		__sync_fetch_and_add(open, change);
}

/* `peer_port` is 0 while no data connection is known. */
static __always_inline void report_pinhole(enum event_kind kind, const struct pinhole_key *key,
					   const struct pinhole *pinhole, __u16 peer_port)
{
	__u64 sequence;
	struct event *event = report_begin(kind, &sequence);

	if (!event)
		return;
	event->peer = key->client;
	event->peer_port = peer_port;
	event->local = key->local;
	event->local_port = key->port;
	event->cookie = pinhole->listener;
	event->origin = pinhole->origin;
	event->protocol = 6; /* TCP */
	event_end(event, sequence);
}

/* Time or the control connection can end before anybody has removed it. */
static __always_inline bool pinhole_is_over(const struct pinhole *pinhole)
{
	__u64 session = pinhole->session;

	return bpf_ktime_get_boot_ns() > pinhole->expires_ns || !bpf_map_lookup_elem(&sessions, &session);
}

/* The pinhole that `client` has open at `local`:`port`, or NULL; *key says which it is. One that is over is
 * none, whether or not it has been swept. */
static __always_inline struct pinhole *pinhole_find(const struct addr *client, const struct addr *local,
						    __u16 port, struct pinhole_key *key)
{
	struct pinhole *pinhole;

	if (!port_has_pinhole(port))
		return NULL;
	__builtin_memset(key, 0, sizeof(*key));
	key->client = *client;
	key->local = *local;
	key->port = port;
	pinhole = bpf_map_lookup_elem(&pinholes, key);
	if (!pinhole) {
		__builtin_memset(&key->local, 0, sizeof(key->local));
		pinhole = bpf_map_lookup_elem(&pinholes, key);
	}
	if (!pinhole || pinhole_is_over(pinhole))
		return NULL;
	return pinhole;
}

/* Removes it; false where somebody else just has. */
static __always_inline bool pinhole_remove(const struct pinhole_key *key)
{
	if (bpf_map_delete_elem(&pinholes, key))
		return false;
	port_mark(key->port, -1);
	return true;
}

/* A data connection through `pinhole` is established: it goes on as a flow, and the pinhole is used up.
 * The flow comes first, so that no packet in between finds neither. Safe to call again for the same
 * connection: the pinhole is gone then. False where there is no room for the flow or where another connection
 * has used the pinhole: this one is not admitted. A function of its own, for its room on the stack. */
static __noinline bool pinhole_use(const struct pinhole_key *key, const struct pinhole *pinhole,
				   const struct flow_key *flow_key, __u64 cookie)
{
	struct totals *totals = totals_get();
	struct flow flow = {
		.cookie = cookie,
		.since_ns = bpf_ktime_get_boot_ns(),
		.service = pinhole->service,
		.control_port = pinhole->control_port,
	};
	struct pinhole copy = *pinhole; /* a removed entry can be given to another pinhole at once */
	long error = bpf_map_update_elem(&data_flows, flow_key, &flow, BPF_ANY);

	if (error && totals)
		__sync_fetch_and_add(&totals->untracked, 1);
	if (!pinhole_remove(key)) {
		bpf_map_delete_elem(&data_flows, flow_key);
		return false;
	}
	bpf_map_update_elem(&flow_sockets, &cookie, flow_key, BPF_ANY);
	if (totals)
		__sync_fetch_and_add(&totals->used, 1);
	report_pinhole(EVENT_PINHOLE_USED, key, &copy, flow_key->peer_port);
	return !error;
}

#endif
