/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of an instance that outlives a policy: the state maps, the socket programs, their settings. */
#ifndef POSTERN_DATAPATH_SOCKETS_H
#define POSTERN_DATAPATH_SOCKETS_H

#include "compile.h"
#include "failure.h"

/* Makes the state maps and the settings of a new instance, pins them, attaches the socket programs and starts
 * the sweep. What was done before a failure stays pinned: the caller removes the instance. */
int sockets_create(const char *instance, uint64_t net_cookie, struct failure *failure);

int sockets_get_settings(const char *instance, struct settings *ret);
int sockets_set_settings(const char *instance, const struct settings *settings, struct failure *failure);

/* Writes the half of the FTP settings that is not in force. `owners`: MAX_FTP_SERVERS. */
int sockets_write_half(const char *instance, uint32_t half, const struct compiled *compiled,
		       const struct ftp_owner_value *owners, struct failure *failure);

/* The owners of a half, MAX_FTP_SERVERS of them. */
int sockets_get_owners(const char *instance, uint32_t half, struct ftp_owner_value *ret);

/* Zeroes the counters of services whose index had another name before. */
int sockets_reset_counters(const char *instance, const struct service_name *before,
			   const struct service_name *after, struct failure *failure);

#endif
