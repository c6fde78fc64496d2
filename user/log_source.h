/* SPDX-License-Identifier: GPL-2.0-only */
/* The log of one FTP server, a file or the journal: hints out of its lines. */
#ifndef POSTERN_LOG_SOURCE_H
#define POSTERN_LOG_SOURCE_H

#include <poll.h>
#include <stdint.h>

#include "failure.h"
#include "log_line.h"
#include "policy.h"

struct log_counts {
	uint64_t lines; /* read to their end */
	uint64_t hints;
	uint64_t unusable; /* that fitted, but named no address or no passive port */
	uint64_t too_much; /* too long, or matching them took too much */
};

struct log_source; /* opaque */

/* What the log holds now is not read. The log need not be there yet. Returns 0, or -errno with its reason. */
int log_source_new(const struct ftp_log *log, struct log_source **ret, struct failure *failure);
void log_source_free(struct log_source *source);

/* What to poll for (fd -1: nothing), and the CLOCK_MONOTONIC time in ns when to read though nothing was told.
 */
void log_source_poll(const struct log_source *source, uint64_t now_ns, struct pollfd *ret,
		     uint64_t *ret_at_ns);

/* Hands on the hints of the lines that came since, a bounded number of lines. Returns 1 where more wait, 0,
 * or why the log cannot be read at present, with the reason; it is tried again by the next call. */
int log_source_read(struct log_source *source, uint64_t now_ns,
		    void (*take)(void *context, const struct log_hint *hint), void *context,
		    struct failure *failure);

void log_source_counts(const struct log_source *source, struct log_counts *ret);

#endif
