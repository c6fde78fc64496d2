/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of `postern run` that turns log lines into claims: keeps the reader of logs running, and asks the
 * kernel about each of its hints. */
#ifndef POSTERN_RUN_LOGS_H
#define POSTERN_RUN_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "datapath.h"
#include "policy.h"

enum { RUN_LOGS_TURN = 256 /* messages that one call takes at most */ };

struct run_logs_totals {
	size_t logs;    /* that the policy wants to have read */
	size_t reading; /* of them */
	uint64_t hints;
	uint64_t opened; /* pinholes, by hints */
};

struct run_logs; /* opaque */

struct run_logs *run_logs_new(void); /* NULL: out of memory */
void run_logs_free(struct run_logs *logs);

/* From now on the logs of this policy, which must live as long as it is used. Where they are the same as
 * before they are read on, without a gap. Has said on stderr what went wrong. */
void run_logs_use(struct run_logs *logs, const struct policy *policy, uint64_t now_ns);

/* To poll for; -1: nothing. */
int run_logs_fd(const struct run_logs *logs);

/* Takes what the reader says; starts it again, at most once in a second, where it has ended. Returns whether
 * more waits. */
bool run_logs_turn(struct run_logs *logs, const struct datapath *datapath, uint64_t now_ns);

/* Whether the reader has said of every log whether it is read: what is written from then on is. */
bool run_logs_is_ready(const struct run_logs *logs);

void run_logs_totals(const struct run_logs *logs, struct run_logs_totals *ret);

#endif
