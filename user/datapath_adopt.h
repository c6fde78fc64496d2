/* SPDX-License-Identifier: GPL-2.0-only */
/* The connections and listeners that the host had before its first policy. */
#ifndef POSTERN_DATAPATH_ADOPT_H
#define POSTERN_DATAPATH_ADOPT_H

#include <stdint.h>

#include "abi.h"
#include "failure.h"

/* By which of its server's control ports a session's client came, where the socket does not tell; host byte
 * order. */
struct adopt_choice {
	uint16_t (*control_port)(const void *context, const struct session *session);
	const void *context;
};

/* Takes them over from the kernel's socket tables into the instance's state maps: control connections as
 * sessions, data connections and outward ones as flows, listeners in a passive range as pinholes. The socket
 * programs are live and the settings are written; nothing is attached to an interface yet. Whether the policy
 * allows a flow is judged at its next packet. `choice` is asked for each session. 0 or -errno with its
 * reason. */
int adopt_existing(const char *instance, const struct adopt_choice *choice, struct failure *failure);

#endif
