/* SPDX-License-Identifier: GPL-2.0-only */
/* Facts about network interfaces of the current network namespace, from rtnetlink. */
#ifndef POSTERN_LINKS_H
#define POSTERN_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINK_NAME_SIZE = 16, /* IFNAMSIZ, the NUL included */
	LINK_KIND_SIZE = 32
};

enum link_xdp { LINK_XDP_NONE, LINK_XDP_NATIVE, LINK_XDP_GENERIC, LINK_XDP_OFFLOADED, LINK_XDP_SEVERAL };

struct link {
	char name[LINK_NAME_SIZE]; /* its own, also where it was looked up by an alternative one */
	char kind[LINK_KIND_SIZE]; /* "veth", "bond", "bridge", …; "" for hardware */
	uint32_t ifindex;
	uint32_t master; /* ifindex; 0: none */
	uint32_t lower;  /* ifindex of what carries it, or of a veth's peer; 0: none in this namespace */
	bool is_ethernet;
	bool is_loopback;
	bool is_up;
	enum link_xdp xdp;
	uint32_t xdp_program; /* id; 0: none */
	char master_name[LINK_NAME_SIZE];
	char master_kind[LINK_KIND_SIZE];
};

/* Whether the kernel would take it as the name of an interface. */
bool links_is_name(const char *name);

/* Returns 0, -EINVAL (no such name can exist), -ENODEV or another -errno. */
int links_get(const char *name, struct link *ret);

/* The same, for an interface that is to be filtered: -EINVAL for one that cannot be, and on any failure
 * says why, and what to list instead, in `ret_why`. */
int links_check(const char *name, struct link *ret, char *ret_why, size_t why_size);

#endif
