/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes and reads what the data path remembers: flows, pinholes, logs. */
#ifndef POSTERN_TESTS_STATE_H
#define POSTERN_TESTS_STATE_H

#include "prog.h"

#define SECOND_NS 1000000000ull

/* Ports of what state_fill() makes. */
enum {
	CLIENT_PORT = 40000,
	OUT_PORT = 50000,
	CONNECTION_PORT = 45555,
	DATA_PORT = 3002,
	PINHOLE_PORT = 3003
};

/* CLOCK_BOOTTIME, as the data path's times. */
uint64_t state_now(void);

struct flow_key state_flow_key(uint8_t protocol, const char *local, uint16_t local_port, const char *peer,
			       uint16_t peer_port);
/* `map`: "flows", "data_flows" or "connections". */
void state_put_flow(const struct prog *prog, const char *map, const struct flow_key *key,
		    const struct flow *flow);
/* As the map `connections` has a flow that lives. */
struct connection state_connection(const struct flow_key *key, const struct flow *flow);
void state_put_connection(const struct prog *prog, uint16_t local_port, const struct connection *connection);
/* False where there is none. */
bool state_get_flow(const struct prog *prog, const char *map, const struct flow_key *key, struct flow *ret);
/* A flow that lives: just seen, of the test's generation. */
struct flow state_live_flow(enum service service);

/* Opens it, for ten seconds, with its mark and its session, one for all; `local` NULL: at any address. */
struct pinhole_key state_put_pinhole(const struct prog *prog, const char *client, const char *local,
				     uint16_t port, uint16_t control_port);
/* The same, added by hand: without a session or a control port. */
struct pinhole_key state_put_manual(const struct prog *prog, const char *client, const char *local,
				    uint16_t port);
void state_expire_pinhole(const struct prog *prog, const struct pinhole_key *key);
/* Of all pinholes: their control connection is closed. */
void state_end_session(const struct prog *prog);
void state_drop_pinhole(const struct prog *prog, const struct pinhole_key *key);

/* As if this host had sent UDP to `peer` so long ago. */
void state_put_fragment_peer(const struct prog *prog, const char *peer, uint64_t ago_ns);
/* When this host last sent UDP to `peer`; 0: no entry. */
uint64_t state_fragment_peer_seen(const struct prog *prog, const char *peer);

/* One of each, in both families, between `host` and `stranger`: a flow to tcp 8443 and one to udp 1812 from
 * OUT_PORT (so `stranger` may send fragments), a connection to tcp 8443 from CONNECTION_PORT + the family,
 * a data connection of CLIENT_PORT with DATA_PORT, and a pinhole
 * at PINHOLE_PORT. */
void state_fill(const struct prog *prog);

size_t state_n_entries(const struct prog *prog, const char *map);
struct event_heads state_heads(const struct prog *prog);
/* Gives every CPU its whole allowance of denials back. */
void state_reset_reports(const struct prog *prog);

/* The bytes of everything that outlives a policy, but for counters and the log of denials. */
struct snapshot;
struct snapshot *state_snapshot(const struct prog *prog);
/* The name of the first map that differs, or NULL. */
const char *state_difference(const struct snapshot *before, const struct snapshot *after);
void state_snapshot_free(struct snapshot *snapshot);

#endif
