/* SPDX-License-Identifier: GPL-2.0-only */
/* The process that reads the logs of a policy's FTP servers, without privileges but to read them; what it
 * finds comes through a socket. */
#ifndef POSTERN_LOG_READER_H
#define POSTERN_LOG_READER_H

#include "log_source.h"

enum log_message_kind { LOG_MESSAGE_HINT = 1, LOG_MESSAGE_STATE };
enum { LOG_REASON_SIZE = 160 };

/* How it is with one log: told at first, when it can or cannot be read any more, and once a second where a
 * count has changed. */
struct log_state {
	int32_t error;                /* -errno; 0: it is being read */
	char reason[LOG_REASON_SIZE]; /* of the error */
	struct log_counts counts;
};

struct log_message {
	uint32_t kind;   /* enum log_message_kind */
	uint32_t server; /* index in policy.ftp */
	struct log_hint hint;
	struct log_state state;
};

struct log_reader; /* opaque */

/* Whether `run` reads the log of this server. */
bool log_reader_reads(const struct ftp_server *server);

/* Starts the process; *ret is NULL where the policy has no log to read. Returns 0 or -errno. */
int log_reader_start(const struct policy *policy, struct log_reader **ret, struct failure *failure);
/* Ends it; NULL is fine. */
void log_reader_stop(struct log_reader *reader);

/* Readable (POLLIN) when there are messages, or when it has ended. */
int log_reader_fd(const struct log_reader *reader);
/* The next message: 1; 0: none at present; -EPIPE: it has ended; -EBADMSG: it wrote nonsense. What is
 * returned is of this form, and no more is known of it: `server` is below `n_servers`. */
int log_reader_next(struct log_reader *reader, uint32_t n_servers, struct log_message *ret);

#endif
