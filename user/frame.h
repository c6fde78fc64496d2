/* SPDX-License-Identifier: GPL-2.0-only */
/* A made packet: the smallest frame that asks the data path one question. */
#ifndef POSTERN_FRAME_H
#define POSTERN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

enum { FRAME_SIZE = 14 + 40 + 20 };

struct frame_request {
	struct addr src; /* both of one family */
	struct addr dst;
	enum transport transport;
	uint16_t src_port; /* host byte order */
	uint16_t dst_port;
	bool is_opening; /* TCP: SYN; otherwise ACK */
};

/* Fills `frame` (FRAME_SIZE) and returns how much of it is used. Checksums are 0: the data path leaves them
 * to the host. */
size_t frame_build(const struct frame_request *request, uint8_t *frame);

#endif
