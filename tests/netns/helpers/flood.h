/* SPDX-License-Identifier: GPL-2.0-only */
/* What the flood's program and whoever runs it share. */
#ifndef POSTERN_TESTS_FLOOD_H
#define POSTERN_TESTS_FLOOD_H

#include <linux/types.h>

enum { FLOOD_OPEN_PORTS = 4 }; /* a power of two */

struct flood_settings {
	__u32 ifindex;
	__be32 client4; /* one in 64 packets pretends to be from there */
	__be32 client6[4];
	__u16 open[FLOOD_OPEN_PORTS]; /* host byte order, as the ports below */
	__u16 passive_min;
	__u16 n_passive;
};

struct flood_counts {
	__u64 open;  /* to an open port */
	__u64 other; /* to any other */
};

#endif
