/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in force, as `postern status` prints it. */
#ifndef POSTERN_STATUS_H
#define POSTERN_STATUS_H

#include <jansson.h>
#include <stdio.h>

#include "apply_state.h"
#include "cmd.h"
#include "datapath.h"
#include "source.h"
#include "tally.h"
#include "tls_watch.h"

struct limit_use {
	const char *name;
	size_t used;
	size_t max;
};

enum {
	LIMIT_SESSIONS,
	LIMIT_PINHOLES,
	LIMIT_WAITING,
	LIMIT_FLOWS,
	LIMIT_CONNECTIONS,
	LIMIT_DATA_FLOWS,
	LIMIT_SERVICES,
	N_LIMITS
};

struct status {
	const char *instance;
	enum apply_state state;
	uint64_t goes_back_ms; /* where it waits to be confirmed: until it goes back by itself */
	struct source_set *sources;
	struct interface_state *interfaces;
	size_t n_interfaces;
	struct program_state *programs;
	size_t n_programs;
	struct tally *tally;
	struct totals totals;
	uint32_t flags; /* enum generation_flag */
	struct ftp_server_value servers[MAX_FTP_SERVERS];
	bool has_no_owner[MAX_FTP_SERVERS]; /* who that server's owner is could not be told */
	struct limit_use limits[N_LIMITS];
	size_t n_manual; /* open pinholes that were added by hand */
	struct tls_state tls;
};

/* EXIT_DONE, or EXIT_FAILED (said on stderr). */
int status_read(const struct datapath *datapath, const char *instance, struct status *ret);
void status_clear(struct status *status);

void status_print(const struct status *status, FILE *stream);
json_t *status_to_json(const struct status *status);

#endif
