// SPDX-License-Identifier: GPL-2.0-only
// Writes one event as a line of text and as JSON.
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "events.h"
#include "names.h"
#include "output.h"

static bool is_pinhole(const struct event *event)
{
	return event->kind >= EVENT_PINHOLE_OPENED && event->kind <= EVENT_PINHOLE_REFUSED;
}

static bool is_icmp(const struct event *event)
{
	return event->protocol == IPPROTO_ICMP || event->protocol == IPPROTO_ICMPV6;
}

static bool has_ports(const struct event *event)
{
	return event->protocol == IPPROTO_TCP || event->protocol == IPPROTO_UDP;
}

static bool is_unset(const struct addr *addr)
{
	static const struct addr unset;

	return memcmp(addr, &unset, sizeof(unset)) == 0;
}

/* "tcp", or the number of a protocol that has no name here; into `buf` of 16, returned. */
static const char *protocol_name(unsigned protocol, char *buf)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	default:
		snprintf(buf, 16, "%u", protocol);
		return buf;
	}
}

/* The interface may be gone since: then it is "#INDEX". */
static const char *interface_name(unsigned ifindex, char *buf)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name))
		return escape_bytes(name, sizeof(name), buf);
	snprintf(buf, ESCAPED_SIZE(IF_NAMESIZE), "#%u", ifindex);
	return buf;
}

static void print_endpoint(FILE *stream, const struct addr *addr, bool with_port, unsigned port)
{
	char text[ADDR_TEXT_SIZE];
	const char *name = is_unset(addr) ? "*" : value_format_addr(addr, text);

	if (!with_port)
		fputs(name, stream);
	else if (strchr(name, ':'))
		fprintf(stream, "[%s]:%u", name, port);
	else
		fprintf(stream, "%s:%u", name, port);
}

static void print_deny(const struct event *event, FILE *stream)
{
	bool inbound = event->direction == INBOUND, ports = has_ports(event);
	char number[16], name[ESCAPED_SIZE(IF_NAMESIZE)];

	fprintf(stream, " %s", direction_name(event->direction));
	if (event->protocol) {
		fprintf(stream, " %s ", protocol_name(event->protocol, number));
		if (is_icmp(event))
			fprintf(stream, "type %u code %u ", event->peer_port, event->local_port);
		print_endpoint(stream, inbound ? &event->peer : &event->local, ports,
			       inbound ? event->peer_port : event->local_port);
		fputs(" -> ", stream);
		print_endpoint(stream, inbound ? &event->local : &event->peer, ports,
			       inbound ? event->local_port : event->peer_port);
	}
	if (event->ifindex)
		fprintf(stream, " on %s", interface_name(event->ifindex, name));
	fprintf(stream, ": %s%s", reason_name(event->reason), event->is_audited ? " (audit: it passed)" : "");
}

static void print_pinhole(const struct event *event, FILE *stream)
{
	fputc(' ', stream);
	print_endpoint(stream, &event->peer, event->peer_port != 0, event->peer_port);
	fputs(" -> ", stream);
	print_endpoint(stream, &event->local, true, event->local_port);
	if (event->kind == EVENT_PINHOLE_REFUSED)
		fprintf(stream, ": %s", refusal_name(event->reason));
	else if (event->kind == EVENT_PINHOLE_OPENED)
		fprintf(stream, " by %s", origin_name(event->origin));
}

/* The name of the library's file is where others have a peer. */
static void print_stale(const struct event *event, FILE *stream)
{
	char name[ESCAPED_SIZE(sizeof(event->peer))];

	fprintf(stream, " a server of several clients uses %s, which %s",
		escape_bytes((const char *)&event->peer, sizeof(event->peer), name),
		event->reason == STALE_WATCHED ? "was not watched until now" : "is not watched");
}

void event_print(const struct event *event, int64_t clock_offset, FILE *stream)
{
	char time[TIME_TEXT_SIZE], comm[ESCAPED_SIZE(sizeof(event->comm))];

	fprintf(stream, "%s %s", format_time((int64_t)event->time_ns + clock_offset, time),
		event_kind_name(event->kind));
	if (event->kind == EVENT_DENY) {
		print_deny(event, stream);
	} else if (is_pinhole(event)) {
		print_pinhole(event, stream);
	} else if (event->kind == EVENT_ROGUE_LISTENER) {
		fputc(' ', stream);
		print_endpoint(stream, &event->local, true, event->local_port);
	} else if (event->kind == EVENT_TLS_STALE) {
		print_stale(event, stream);
	}
	if (event->pid)
		fprintf(stream, " (%s, pid %u, uid %u)", escape_bytes(event->comm, sizeof(event->comm), comm),
			event->pid, event->uid);
	fputc('\n', stream);
}

static void set_addr(json_t *object, const char *key, const struct addr *addr)
{
	char text[ADDR_TEXT_SIZE];

	if (!is_unset(addr))
		json_object_set_new(object, key, json_string(value_format_addr(addr, text)));
}

static void set_deny(json_t *object, const struct event *event)
{
	char number[16], name[ESCAPED_SIZE(IF_NAMESIZE)];

	json_object_set_new(object, "direction", json_string(direction_name(event->direction)));
	json_object_set_new(object, "reason", json_string(reason_name(event->reason)));
	if (event->ifindex)
		json_object_set_new(object, "interface", json_string(interface_name(event->ifindex, name)));
	if (event->protocol)
		json_object_set_new(object, "protocol", json_string(protocol_name(event->protocol, number)));
	set_addr(object, "peer", &event->peer);
	set_addr(object, "local", &event->local);
	if (has_ports(event)) {
		json_object_set_new(object, "peer_port", json_integer(event->peer_port));
		json_object_set_new(object, "local_port", json_integer(event->local_port));
	} else if (is_icmp(event)) {
		json_object_set_new(object, "icmp_type", json_integer(event->peer_port));
		json_object_set_new(object, "icmp_code", json_integer(event->local_port));
	}
	if (event->is_audited)
		json_object_set_new(object, "audit", json_true());
}

/* An active connection that was refused: `local` is where it leads. */
static bool leads_outward(const struct event *event)
{
	return event->kind == EVENT_PINHOLE_REFUSED &&
	       (event->reason == REFUSED_BOUNCE || event->reason == REFUSED_LOW_PORT);
}

static void set_pinhole(json_t *object, const struct event *event)
{
	set_addr(object, "client", &event->peer);
	if (event->peer_port)
		json_object_set_new(object, "client_port", json_integer(event->peer_port));
	set_addr(object, leads_outward(event) ? "to" : "local", &event->local);
	json_object_set_new(object, "port", json_integer(event->local_port));
	if (event->kind == EVENT_PINHOLE_REFUSED)
		json_object_set_new(object, "reason", json_string(refusal_name(event->reason)));
	else
		json_object_set_new(object, "origin", json_string(origin_name(event->origin)));
}

static void set_stale(json_t *object, const struct event *event)
{
	json_object_set_new(object, "library", json_bytes((const char *)&event->peer, sizeof(event->peer)));
	json_object_set_new(object, "state",
			    json_string(event->reason == STALE_WATCHED ? "watched" : "unwatched"));
}

json_t *event_to_json(const struct event *event, int64_t clock_offset)
{
	char time[TIME_TEXT_SIZE];
	json_t *object =
		json_pack("{s:s, s:s}", "time", format_time((int64_t)event->time_ns + clock_offset, time),
			  "kind", event_kind_name(event->kind));

	if (event->kind == EVENT_DENY) {
		set_deny(object, event);
	} else if (is_pinhole(event)) {
		set_pinhole(object, event);
	} else if (event->kind == EVENT_ROGUE_LISTENER) {
		set_addr(object, "local", &event->local);
		json_object_set_new(object, "port", json_integer(event->local_port));
	} else if (event->kind == EVENT_TLS_STALE) {
		set_stale(object, event);
	}
	if (event->pid) {
		json_object_set_new(object, "process", json_bytes(event->comm, sizeof(event->comm)));
		json_object_set_new(object, "pid", json_integer(event->pid));
		json_object_set_new(object, "uid", json_integer(event->uid));
	}
	return object;
}
