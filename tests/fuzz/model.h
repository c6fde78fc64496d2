/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verdict on a packet has to be: a second opinion, told from the policy as it is written and from
 * lists of what is open. Nothing here looks at the compiled maps or at bpf/.
 *
 * Several reasons can fit one packet. These come first, in this order: what is wrong with the headers, from
 * the outermost in, each header's presence before its contents and those before the next header; the frame
 * that is shorter than its IP packet, before anything of the transport; then, inbound, the source; then what
 * the rules say; a blocked peer last, since what is denied anyway is not looked up. */
#ifndef POSTERN_FUZZ_MODEL_H
#define POSTERN_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* Unlike the maps' addresses, these know their family. */
struct model_addr {
	uint8_t bytes[16]; /* IPv4: the first four */
	bool is_ipv4;
};

/* A connection as this host sees it; an echo request has its identifier as local port. */
struct model_key {
	struct model_addr local;
	struct model_addr peer;
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t protocol;
};

struct model_flow {
	struct model_key key;
	bool is_used;       /* this entry of the table */
	bool is_over;       /* its time is up */
	bool is_foreign;    /* another policy admitted it */
	bool has_socket;    /* of TCP, and lives: a SYN without one changes nothing of it */
	bool is_connection; /* it is in the map `connections` */
	uint16_t service;   /* counter index */
	uint16_t control; /* data connections, active ones too: the control port; 0: none, of data connections
			     those through a pinhole by hand */
	uint32_t interface; /* where it was when it was last judged; 0: nobody knows */
};

struct model_pinhole {
	struct model_addr client;
	struct model_addr local;
	bool at_any_local;
	bool is_over;
	uint16_t port;
	uint16_t control; /* 0: added by hand, without a session */
};

struct model_peer {
	struct model_addr addr;
	bool is_over;
};

enum { MODEL_FLOW_SLOTS = 4096, MODEL_LIST = 64, MODEL_OWN = 8 };

/* How a packet is run. */
enum model_how {
	MODEL_REAL,      /* remembers what this host opens */
	MODEL_FORWARDED, /* outward, and came in elsewhere */
	MODEL_MADE       /* explained: remembers nothing */
};

/* How and where the packet that is judged is seen. */
struct model_sight {
	enum direction direction;
	enum model_how how;
	uint32_t interface; /* its place in the policy's list, from 1 */
};

struct model {
	const struct policy *policy;
	const uint16_t *service_index;             /* counter index of each of the policy's services */
	const uint16_t *ftp_index;                 /* and of each FTP server's data */
	struct model_flow flows[MODEL_FLOW_SLOTS]; /* by hash */
	size_t n_flows;
	size_t max_flows;
	size_t user_flows; /* how many more the one user may open */
	struct model_flow data_flows[MODEL_LIST];
	size_t n_data_flows;
	struct model_pinhole pinholes[MODEL_LIST];
	size_t n_pinholes;
	struct model_peer fragment_peers[MODEL_LIST];
	size_t n_fragment_peers;
	size_t max_fragment_peers;
	struct model_sight sight;         /* of the packet at hand */
	struct model_addr own[MODEL_OWN]; /* this host's addresses, as the policy knows them */
	size_t n_own;
};

enum model_fragment { WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT };

/* What a packet says. */
struct model_packet {
	const uint8_t *bytes;
	uint32_t length;
	uint32_t at;      /* the header to be read next */
	uint32_t payload; /* bytes that the IP packet has from there on, by its own word */
	bool is_link;
	struct model_addr src;
	struct model_addr dst;
	uint8_t protocol;
	uint8_t hop_limit;
	enum model_fragment fragment;
	uint16_t src_port;
	uint16_t dst_port;
	uint8_t tcp_flags;
	uint8_t type;
	uint16_t echo_id;
};

/* Reads a frame up to its ports; REASON_NONE, or why it cannot be admitted. */
enum reason model_parse(struct model_packet *packet, const uint8_t *bytes, uint32_t length);
/* The destination port of a whole frame whose TCP segment lies behind an IP header without options or
 * extension headers, and is a SYN and nothing else; 0 of all other frames. */
uint16_t model_bare_syn_port(const uint8_t *bytes, uint32_t length);

/* Reads the head of the packet that an ICMP error quotes; false where that is no TCP or UDP packet. */
bool model_parse_quote(struct model_packet *quote, const struct model_packet *error);

/* The counter that the packet belongs to: an enum reason below N_REASONS where it is denied. */
uint32_t model_judge(struct model *model, const struct model_sight *sight, const uint8_t *bytes,
		     uint32_t length);

bool model_addr_equal(const struct model_addr *a, const struct model_addr *b);
bool model_addr_in(const struct model_addr *addr, const struct prefix *prefix);
/* NULL where there is none. */
struct model_flow *model_find_flow(struct model *model, const struct model_key *key);
struct model_flow *model_find_data_flow(struct model *model, const struct model_key *key);
struct model_pinhole *model_find_pinhole(struct model *model, const struct model_key *key);
struct model_peer *model_find_peer(struct model *model, const struct model_addr *addr);
/* False where there is no room. What is already there is replaced. */
bool model_put_flow(struct model *model, const struct model_flow *flow);
void model_put_peer(struct model *model, const struct model_addr *addr, bool is_over);

#endif
