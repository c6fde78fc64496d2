/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that outlive a policy: what this host's sockets did, and what was counted. */
#ifndef POSTERN_STATE_MAPS_BPF_H
#define POSTERN_STATE_MAPS_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>

#include "abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * N_PORTS);
	__type(key, __u32);
	__type(value, struct ftp_port);
} ftp_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * MAX_FTP_SERVERS);
	__type(key, __u32);
	__type(value, struct ftp_server_value);
} ftp_servers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * MAX_FTP_SERVERS);
	__type(key, __u32);
	__type(value, struct ftp_owner_value);
} ftp_owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SESSIONS);
	__type(key, __u64);
	__type(value, struct session);
} sessions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SESSIONS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow_key);
	__type(value, struct commands);
} session_commands SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PINHOLES);
	__type(key, struct pinhole_key);
	__type(value, struct pinhole);
} pinholes SEC(".maps");

/* Listeners that were given a pinhole or wait for one, by socket cookie: each is dealt with only once, and
 * its close finds what to close. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, __u64);
	__type(value, struct listener_value);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_WAITING);
	__type(key, struct waiting_key);
	__type(value, struct waiting);
} waiting_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SESSIONS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tls_key);
	__type(value, struct tls_object);
} tls_objects SEC(".maps");

/* Objects that write to anything else, data connections above all: they are not read. The oldest are
 * forgotten: that costs a second look and nothing else. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_TLS_OTHERS);
	__type(key, struct tls_key);
	__type(value, __u8);
} tls_others SEC(".maps");

/* A thread that is killed inside a write leaves its entry behind, so the oldest are forgotten: of a write
 * that still lasts, it is then not learned where it goes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_TLS_WRITES);
	__type(key, __u64);
	__type(value, struct tls_write);
} tls_writes SEC(".maps");

/* How many writes last, so that a send elsewhere costs no look-up. One that is killed or forgotten inside
 * stays counted: that costs time and nothing else. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} tls_lasting SEC(".maps");

/* Listeners that were reported as rogues, or as refused, by socket cookie. The oldest are forgotten: that
 * costs a second report and nothing else. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_ROGUES);
	__type(key, __u64);
	__type(value, __u64);
} rogues SEC(".maps");

/* How many pinholes are open at a port: while there is none, a packet to it costs no hash lookup. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} open_ports SEC(".maps");

/* Pinholes whose listener has closed before anybody saw a connection through them: see closed.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CLOSED);
	__type(key, struct pinhole_key);
	__type(value, struct pinhole);
} closed_pinholes SEC(".maps");

/* Until when (seconds of CLOCK_BOOTTIME) a port can have one of them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_PORTS);
	__type(key, __u32);
	__type(value, __u32);
} closed_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_FLOWS);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

/* MMAPABLE, so that it begins with a page, and each entry with a line of the CPU's cache. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CONNECTIONS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_DATA_FLOWS);
	__type(key, struct flow_key);
	__type(value, struct flow);
} data_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_ATTEMPTS);
	__type(key, __u32);
	__type(value, struct attempt);
} attempts SEC(".maps");

/* Where the attempt of that socket is, if it is still remembered. */
static __always_inline struct attempt *attempt_slot(__u64 cookie)
{
	__u32 key = cookie % MAX_ATTEMPTS;

	return bpf_map_lookup_elem(&attempts, &key);
}

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ACTIVES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct active);
} actives SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_ANSWERS);
	__type(key, struct flow_key);
	__type(value, __u64);
} answers SEC(".maps");

/* How many flows each user has in `flows`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_USERS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} users SEC(".maps");

/* The flow of a TCP socket, by its cookie, where addresses or ports are translated between the socket and the
 * wire. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_FLOWS + MAX_DATA_FLOWS);
	__type(key, __u64);
	__type(value, struct flow_key);
} flow_sockets SEC(".maps");

enum { TRACES_PER_WORD = 8 };

/* Bits of enum trace, by local port: see traces.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_PORTS / TRACES_PER_WORD);
	__type(key, __u32);
	__type(value, __u64);
} socket_traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_FRAGMENT_PEERS);
	__type(key, struct addr);
	__type(value, struct fragment_peer);
} fragment_peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, N_DIRECTIONS *N_COUNTERS);
	__type(key, __u32);
	__type(value, struct counter_value);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_EVENTS);
	__type(key, __u32);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_DENIALS);
	__type(key, __u32);
	__type(value, struct event);
} denials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event_heads);
} event_heads SEC(".maps");

/* Each CPU's allowances of what others can cause without end; those of denials are in `counters`. */
enum { SAMPLE_ROGUES, SAMPLE_PINGS, SAMPLE_ANSWERS, SAMPLE_CLAIMS, N_SAMPLES };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, N_SAMPLES);
	__type(key, __u32);
	__type(value, struct allowance);
} samples SEC(".maps");

#endif
