// SPDX-License-Identifier: GPL-2.0-only
// The tables behind names.h: scripts rely on the names, so they never change.
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "names.h"

struct name {
	const char *name;
	const char *text;
};

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

static const struct name reasons[] = {
	[REASON_NONE] = {"none", "admitted"},
	[REASON_TRUNCATED] = {"truncated", "the packet ends before its headers do"},
	[REASON_LENGTH] = {"length", "a length field contradicts the packet or another field"},
	[REASON_ETHERTYPE] = {"ethertype", "not IP, ARP or a need of the link"},
	[REASON_VLAN] = {"vlan", "more than two VLAN tags"},
	[REASON_IP_HEADER] = {"ip-header", "the version or the header length is wrong"},
	[REASON_FRAGMENT] = {"fragment",
			     "of no live UDP flow, or made to deceive: too short, or at offset 8"},
	[REASON_EXTENSION] = {"extension", "an IPv6 extension header out of place, or that leads elsewhere"},
	[REASON_SOURCE] = {"source", "an address that no host may send from"},
	[REASON_PROTOCOL] = {"protocol", "an IP protocol that nothing allows"},
	[REASON_TCP_FLAGS] = {"tcp-flags", "a combination of flags that TCP does not have"},
	[REASON_PORT_ZERO] = {"port-zero", "source or destination port 0"},
	[REASON_PORT] = {"port", "no rule names the port"},
	[REASON_PEER] = {"peer", "a rule names the port, but not for this peer, or not at this place"},
	[REASON_NO_PINHOLE] = {"no-pinhole", "a passive port without a pinhole for this client"},
	[REASON_NO_FLOW] = {"no-flow", "belongs to no connection that is known"},
	[REASON_CUT] = {"cut", "belongs to a connection that the policy no longer allows"},
	[REASON_ICMP_TYPE] = {"icmp-type", "an ICMP type that nothing allows"},
	[REASON_ICMP_QUOTE] = {"icmp-quote", "an ICMP error about a packet that is none of ours"},
	[REASON_HOP_LIMIT] = {"hop-limit", "link-local ICMPv6 that came from beyond the link"},
	[REASON_FLOWS_FULL] = {"flows-full", "no room to remember a connection that this host opens"},
	[REASON_BLOCKED] = {"blocked", "in a blocked zone"},
	[REASON_USER_FLOWS] = {"user-flows", "its user has opened too many connections"},
	[REASON_RATE] = {"rate", "more echo requests than are answered"},
	[REASON_INTERNAL] = {"internal", "the data path itself failed"},
};
static_assert(LENGTH(reasons) == N_REASONS, "every reason has a name");

static const struct name event_kinds[] = {
	[EVENT_DENY] = {"deny", "a packet was denied (sampled)"},
	[EVENT_PINHOLE_OPENED] = {"pinhole-opened", "a passive port opened for one client"},
	[EVENT_PINHOLE_USED] = {"pinhole-used", "its data connection was established"},
	[EVENT_PINHOLE_EXPIRED] = {"pinhole-expired", "nobody used it in time"},
	[EVENT_PINHOLE_CLOSED] = {"pinhole-closed",
				  "its listener or control connection closed, or it was removed by hand"},
	[EVENT_PINHOLE_REFUSED] = {"pinhole-refused", "a listener of an FTP server got no pinhole"},
	[EVENT_ROGUE_LISTENER] =
		{"rogue-listener",
		 "a program that is no FTP server with a client listens in the passive range"},
	[EVENT_APPLIED] = {"applied", "a policy was put in force"},
	[EVENT_DOWN] = {"down", "the instance was taken down"},
	[EVENT_TLS_STALE] = {"tls-stale",
			     "a server of several clients uses a TLS library that was not watched: its "
			     "replies opened nothing"},
};
static_assert(LENGTH(event_kinds) == N_EVENT_KINDS, "every event kind has a name");

static const struct name refusals[] = {
	[REFUSED_CLIENTS] = {"clients",
			     "the process holds control connections of several clients, and no reply "
			     "that was read said whose it is"},
	[REFUSED_FILES] = {"files", "the process has too many files to look through, and no reply that was "
				    "read said whose it is"},
	[REFUSED_CLAIMED] = {"claimed", "another listener holds a pinhole on that port"},
	[REFUSED_FAMILY] = {"family", "the listener cannot accept that client: the address family differs"},
	[REFUSED_FULL] = {"full", "the limit of pinholes or listeners is reached"},
	[REFUSED_CLIENT_FULL] = {"client-full", "the client has as many pinholes as one may have"},
	[REFUSED_BOUNCE] = {"bounce",
			    "active FTP: the process holds no control connection with that address"},
	[REFUSED_UNCLAIMED] = {"unclaimed", "nothing has said whose the listener is"},
	[REFUSED_LISTENER] = {"listener", "no listener of that server waits at the port that is named"},
	[REFUSED_HOLDER] = {"holder", "the listener belongs to another process than the control connection"},
	[REFUSED_SESSION] = {"session", "the client that is named has no control connection to the server"},
	[REFUSED_OWNER] = {"owner", "the process holds control connections, but is not the server's owner"},
	[REFUSED_UNASKED] = {"unasked", "a reply names a port, but its client has sent no PASV or EPSV"},
	[REFUSED_OPEN] = {"open", "the client has that pinhole already"},
	[REFUSED_LOW_PORT] = {"low-port", "active FTP: to a port below 1024 of the client"},
};
static_assert(LENGTH(refusals) == N_REFUSALS, "every refusal has a name");

static const struct name origins[] = {
	[ORIGIN_SOCKET] = {"socket", "the process that listens holds the client's control connection"},
	[ORIGIN_REPLY] = {"reply", "a reply in clear named the port"},
	[ORIGIN_TLS] = {"tls", "a reply inside TLS named the port"},
	[ORIGIN_LOG] = {"log", "the server's log named the port"},
	[ORIGIN_MANUAL] = {"manual", "added by hand"},
};
static_assert(LENGTH(origins) == N_ORIGINS, "every origin has a name");

static const struct name counters[] = {
	[COUNTER_LINK] = {"link", "ARP, LACP and its kin, 802.1X"},
	[COUNTER_ICMP] = {"icmp", "ICMP errors, neighbour discovery, multicast listener reports"},
	[COUNTER_ANSWERS] = {"answers", "our own rejections of what this host tried"},
	[COUNTER_PING] = {"ping", "echo requests and replies"},
	[COUNTER_FRAGMENTS] = {"fragments", "later fragments of UDP datagrams"},
};
static_assert(LENGTH(counters) <= COUNTER_SERVICES, "they lie below the services");
static_assert((int)N_REASONS <= (int)COUNTER_LINK, "reasons and the rest share one range");

static const struct name directions[] = {
	[INBOUND] = {"inbound", ""},
	[OUTBOUND] = {"outbound", ""},
};
static_assert(LENGTH(directions) == N_DIRECTIONS, "every direction has a name");

static const struct name unknown = {"unknown", ""};

static const struct name *look_up(const struct name *table, size_t length, unsigned index)
{
	return index < length && table[index].name ? &table[index] : &unknown;
}

#define LOOK_UP(table, index) look_up(table, LENGTH(table), index)

const char *reason_name(unsigned reason)
{
	return LOOK_UP(reasons, reason)->name;
}

const char *reason_text(unsigned reason)
{
	return LOOK_UP(reasons, reason)->text;
}

const char *event_kind_name(unsigned kind)
{
	return LOOK_UP(event_kinds, kind)->name;
}

const char *event_kind_text(unsigned kind)
{
	return LOOK_UP(event_kinds, kind)->text;
}

const char *refusal_name(unsigned refusal)
{
	return LOOK_UP(refusals, refusal)->name;
}

const char *refusal_text(unsigned refusal)
{
	return LOOK_UP(refusals, refusal)->text;
}

const char *origin_name(unsigned origin)
{
	return LOOK_UP(origins, origin)->name;
}

const char *origin_text(unsigned origin)
{
	return LOOK_UP(origins, origin)->text;
}

const char *counter_name(unsigned counter)
{
	return counter < LENGTH(counters) ? counters[counter].name : NULL;
}

const char *counter_text(unsigned counter)
{
	return counter < LENGTH(counters) ? counters[counter].text : NULL;
}

unsigned event_kind_parse(const char *name)
{
	for (unsigned kind = 1; kind < N_EVENT_KINDS; kind++)
		if (strcmp(event_kinds[kind].name, name) == 0)
			return kind;
	return 0;
}

const char *direction_name(unsigned direction)
{
	return LOOK_UP(directions, direction)->name;
}
