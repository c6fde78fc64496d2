// SPDX-License-Identifier: GPL-2.0-only
/* Asks rtnetlink about network interfaces and tells which of them can be filtered. */
#include "links.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static_assert(LINK_NAME_SIZE == IFNAMSIZ, "names of interfaces");

/* More than one reply about one interface needs: many virtual functions make it long. */
enum { REPLY_SIZE = 1 << 18, MAX_MASTERS = 8 };

bool links_is_name(const char *name)
{
	size_t length = strnlen(name, IFNAMSIZ);

	if (!length || length == IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || isspace((unsigned char)*name))
			return false;
	return true;
}

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	snprintf(to, size, "%.*s", (int)mnl_attr_get_payload_len(attr), mnl_attr_get_str(attr));
}

static void read_kind(const struct nlattr *info, struct link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, info) if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		copy_text(link->kind, sizeof(link->kind), attr);
}

static enum link_xdp xdp_mode(uint8_t attached)
{
	static const enum link_xdp modes[] = {
		[XDP_ATTACHED_NONE] = LINK_XDP_NONE,
		[XDP_ATTACHED_DRV] = LINK_XDP_NATIVE,
		[XDP_ATTACHED_SKB] = LINK_XDP_GENERIC,
		[XDP_ATTACHED_HW] = LINK_XDP_OFFLOADED,
	};

	return attached < sizeof(modes) / sizeof(modes[0]) ? modes[attached] : LINK_XDP_SEVERAL;
}

static void read_xdp(const struct nlattr *xdp, struct link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp)
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_XDP_ATTACHED:
			if (!mnl_attr_validate(attr, MNL_TYPE_U8))
				link->xdp = xdp_mode(mnl_attr_get_u8(attr));
			break;
		case IFLA_XDP_PROG_ID:
		case IFLA_XDP_DRV_PROG_ID:
		case IFLA_XDP_SKB_PROG_ID:
		case IFLA_XDP_HW_PROG_ID:
			if (!link->xdp_program && !mnl_attr_validate(attr, MNL_TYPE_U32))
				link->xdp_program = mnl_attr_get_u32(attr);
			break;
		}
	}
}

static void read_attr(const struct nlattr *attr, struct link *link)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		copy_text(link->name, sizeof(link->name), attr);
		break;
	case IFLA_MASTER:
		link->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		link->lower = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		read_kind(attr, link);
		break;
	case IFLA_XDP:
		read_xdp(attr, link);
		break;
	}
}

static int read_link(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link *link = data;
	const struct nlattr *attr;
	bool elsewhere = false;

	link->ifindex = (uint32_t)info->ifi_index;
	link->is_ethernet = info->ifi_type == ARPHRD_ETHER;
	link->is_loopback = info->ifi_flags & IFF_LOOPBACK;
	link->is_up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		elsewhere |= mnl_attr_get_type(attr) == IFLA_LINK_NETNSID;
		read_attr(attr, link);
	}
	if (elsewhere || link->lower == link->ifindex)
		link->lower = 0;
	return MNL_CB_OK;
}

static void close_socket(struct mnl_socket **socket)
{
	if (*socket)
		mnl_socket_close(*socket);
}

static int ask(const struct nlmsghdr *request, struct link *ret)
{
	CLEANUP(close_socket) struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
	CLEANUP_FREE char *buffer = malloc(REPLY_SIZE);
	struct link link = {0};
	ssize_t length;

	if (!socket)
		return -errno;
	if (!buffer)
		return -ENOMEM;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	length = mnl_socket_recvfrom(socket, buffer, REPLY_SIZE);
	if (length < 0 || mnl_cb_run(buffer, (size_t)length, request->nlmsg_seq,
				     mnl_socket_get_portid(socket), read_link, &link) < 0)
		return -errno;
	if (!link.ifindex)
		return -EPROTO;
	*ret = link;
	return 0;
}

/* By name, or by index where `name` is NULL. */
static int query(const char *name, uint32_t ifindex, struct link *ret)
{
	_Alignas(struct nlmsghdr) char request[256];
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct ifinfomsg *info;

	header->nlmsg_type = RTM_GETLINK;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_seq = 1;
	info = mnl_nlmsg_put_extra_header(header, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = (int)ifindex;
	mnl_attr_put_u32(header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		mnl_attr_put_strz(header, IFLA_IFNAME, name);
	return ask(header, ret);
}

int links_get(const char *name, struct link *ret)
{
	struct link link, master;
	int err;

	if (!links_is_name(name))
		return -EINVAL;
	err = query(name, 0, &link);
	if (err)
		return err;
	if (link.master) {
		err = query(NULL, link.master, &master);
		if (err)
			return err;
		memcpy(link.master_name, master.name, sizeof(link.master_name));
		memcpy(link.master_kind, master.kind, sizeof(link.master_kind));
	}
	*ret = link;
	return 0;
}

/* Whether the packets of a member appear on its master instead. */
static bool takes_packets(const char *kind)
{
	static const char *const kinds[] = {"bond", "bridge", "team"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

/* A bond can be a member of a bridge: the name to list is that of the outermost. */
static void find_outermost(const struct link *link, char *ret_name)
{
	struct link master = *link;

	for (int i = 0; i < MAX_MASTERS && takes_packets(master.master_kind); i++) {
		snprintf(ret_name, LINK_NAME_SIZE, "%s", master.master_name);
		if (links_get(ret_name, &master))
			return;
	}
}

static int refuse(const struct link *link, char *ret_why, size_t size)
{
	char other[LINK_NAME_SIZE] = "";
	struct link lower;

	if (link->is_loopback)
		snprintf(ret_why, size, "%s is the loopback interface, which is never filtered", link->name);
	else if (!link->is_ethernet && link->lower && !query(NULL, link->lower, &lower))
		snprintf(ret_why, size, "%s has no Ethernet header; list %s, which carries it", link->name,
			 lower.name);
	else if (!link->is_ethernet)
		snprintf(ret_why, size,
			 "%s has no Ethernet header; list the interface that carries its packets",
			 link->name);
	else if (takes_packets(link->master_kind)) {
		find_outermost(link, other);
		snprintf(ret_why, size, "%s is a member of the %s %s; list %s instead", link->name,
			 link->master_kind, link->master_name, other);
	} else {
		return 0;
	}
	return -EINVAL;
}

int links_check(const char *name, struct link *ret, char *ret_why, size_t why_size)
{
	struct link link;
	int err = links_get(name, &link);

	if (err == -EINVAL)
		snprintf(ret_why, why_size, "\"%.64s\" cannot be the name of an interface", name);
	else if (err == -ENODEV)
		snprintf(ret_why, why_size, "there is no interface %s", name);
	else if (err)
		snprintf(ret_why, why_size, "cannot look up the interface %s: %s", name, strerror(-err));
	else
		err = refuse(&link, ret_why, why_size);
	if (!err)
		*ret = link;
	return err;
}
