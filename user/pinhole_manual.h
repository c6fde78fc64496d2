/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes by hand, with words for what stands against one. */
#ifndef POSTERN_PINHOLE_MANUAL_H
#define POSTERN_PINHOLE_MANUAL_H

#include <stdint.h>

#include "datapath.h"
#include "failure.h"

/* Opens a pinhole for the client at a passive port where something listens that could take its connection;
 * the kernel reports it in `events`, with this process. *ret says where. 0; -EXDEV: the instance is of
 * another network namespace than this process; -EPERM: there can be none; or another -errno; with the reason
 * in words. */
int pinhole_add(const char *instance, const struct datapath *datapath, const struct manual_request *request,
		struct manual_answer *ret, struct failure *failure);

/* Closes what the client has open at the port, whoever opened it; *ret is how many pinholes that were. 0;
 * -ENOENT: none; or another -errno; with the reason in words. */
int pinhole_del(const char *instance, const struct manual_request *request, uint32_t *ret,
		struct failure *failure);

#endif
