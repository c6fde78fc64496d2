/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes: open, find, use, remove. Whoever removes one, once, counts and reports it. */
#ifndef POSTERN_PINHOLES_BPF_H
#define POSTERN_PINHOLES_BPF_H

#include "ftp.bpf.h"
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

/* `peer` and its port are of a connection; the address of the key and 0 where none is known. */
static __always_inline void report_pinhole(enum event_kind kind, const struct pinhole_key *key,
					   const struct pinhole *pinhole, const struct addr *peer,
					   __u16 peer_port)
{
	__u64 sequence;
	struct event *event = report_begin(kind, &sequence);

	if (!event)
		return;
	event->peer = *peer;
	event->peer_port = peer_port;
	event->local = key->local;
	event->local_port = key->port;
	event->cookie = pinhole->listener;
	event->origin = pinhole->origin;
	event->protocol = 6; /* TCP */
	event_end(event, sequence);
}

/* Its control connection lives, or it needs none: one that was added by hand. */
static __always_inline bool pinhole_has_session(const struct pinhole *pinhole)
{
	__u64 session = pinhole->session;

	return pinhole->origin == ORIGIN_MANUAL || bpf_map_lookup_elem(&sessions, &session);
}

/* Time or the control connection can end before anybody has removed it. */
static __always_inline bool pinhole_is_over(const struct pinhole *pinhole)
{
	return bpf_ktime_get_boot_ns() > pinhole->expires_ns || !pinhole_has_session(pinhole);
}

/* For the client of that address, and the addresses that are one client with it at the port. */
static __always_inline void pinhole_key_set_client(struct pinhole_key *key, const struct settings *in_force,
						   const struct addr *client)
{
	const struct ftp_port ftp = ftp_port_get(in_force, key->port);

	key->client = *client;
	key->host_bits = client_host_bits(&ftp, client);
	addr_clear(&key->client, key->host_bits);
}

static __always_inline void pinhole_key_make(struct pinhole_key *key, const struct settings *in_force,
					     const struct addr *client, const struct addr *local, __u16 port)
{
	__builtin_memset(key, 0, sizeof(*key));
	key->local = *local;
	key->port = port;
	pinhole_key_set_client(key, in_force, client);
}

/* The pinhole that `client` has open at `local`:`port`, or NULL; *key says which it is. One that is over is
 * none, whether or not it has been swept. */
static __always_inline struct pinhole *pinhole_find(const struct addr *client, const struct addr *local,
						    __u16 port, struct pinhole_key *key)
{
	__u32 zero = 0;
	const struct settings *in_force;
	struct pinhole *pinhole;

	if (!port_has_pinhole(port))
		return NULL;
	in_force = bpf_map_lookup_elem(&settings, &zero);
	if (!in_force)
		return NULL;
	pinhole_key_make(key, in_force, client, local, port);
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

/* For bpf_for_each_map_elem: does another listener hold a pinhole on an address that overlaps? */
struct overlap {
	struct addr local;
	__u64 listener;
	__u16 port;
	__u16 taken;
	__u32 pad;
};

static __always_inline bool is_overlapping(const struct pinhole_key *key, const struct overlap *overlap)
{
	return key->port == overlap->port && (addr_is_zero(&key->local) || addr_is_zero(&overlap->local) ||
					      addr_equal(&key->local, &overlap->local));
}

static long overlap_check(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			  struct overlap *overlap)
{
	if (pinhole->listener == overlap->listener || !is_overlapping(key, overlap))
		return 0;
	overlap->taken = 1;
	return 1;
}

/* listen() fails only after its state is told, so a listener that is about to be refused by the kernel
 * is seen here too. While another one holds a pinhole on the port it must not add a client to it. */
static __always_inline bool port_is_claimed(const struct addr *local, __u16 port, __u64 listener)
{
	struct overlap overlap = {.local = *local, .listener = listener, .port = port};

	if (!port_has_pinhole(port))
		return false;
	bpf_for_each_map_elem(&pinholes, overlap_check, &overlap, 0);
	return overlap.taken;
}

/* For bpf_for_each_map_elem: how many pinholes has the client? */
struct client_count {
	struct addr client;
	__u32 n;
};

static long client_count(void *map, const struct pinhole_key *key, const struct pinhole *pinhole,
			 struct client_count *count)
{
	count->n += addr_equal(&key->client, &count->client);
	return 0;
}

/* While there are fewer in all than one client may have, there is nothing to count. */
static __always_inline bool client_is_full(const struct totals *totals, const struct pinhole_key *key)
{
	struct client_count count;

	if (totals->opened - totals->used - totals->expired - totals->closed < MAX_CLIENT_PINHOLES)
		return false;
	/* A zero of which the verifier must not know: it would follow every number that can come of it. */
	bpf_probe_read_kernel(&count, sizeof(count), NULL);
	count.client = key->client;
	bpf_for_each_map_elem(&pinholes, client_count, &count, 0);
	return count.n >= MAX_CLIENT_PINHOLES;
}

/* 0, or the enum refusal. A function of its own, for its room on the stack. */
static __noinline int pinhole_open(const struct pinhole_key *key, const struct pinhole *pinhole)
{
	struct totals *totals = totals_get();

	if (!totals || client_is_full(totals, key))
		return REFUSED_CLIENT_FULL;
	if (bpf_map_update_elem(&pinholes, key, pinhole, BPF_NOEXIST))
		return bpf_map_lookup_elem(&pinholes, key) ? REFUSED_CLAIMED : REFUSED_FULL;
	port_mark(key->port, 1);
	__sync_fetch_and_add(&totals->opened, 1);
	return 0;
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
	report_pinhole(kind, key, &copy, &key->client, 0);
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

#endif
