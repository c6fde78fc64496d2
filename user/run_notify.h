/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told (sd_notify(3)); where there is none, nothing happens. */
#ifndef POSTERN_RUN_NOTIFY_H
#define POSTERN_RUN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "run_logs.h"

/* Times are CLOCK_MONOTONIC, in ns. */
struct run_notify {
	bool is_ready;        /* it was told so */
	uint64_t since_ns;    /* when the start or the reload began that it waits for */
	uint64_t watchdog_ns; /* how often it wants a sign of life; 0: never */
	uint64_t alive_ns;    /* when the last one was given */
	char status[160];     /* as it was told last */
};

void run_notify_begin(struct run_notify *notify, uint64_t now_ns);
/* Not ready until run_notify_ready(), while the policy is read again. */
void run_notify_reloading(struct run_notify *notify, uint64_t now_ns);
void run_notify_ready(struct run_notify *notify);
void run_notify_stopping(void);

/* Called each turn: the sign of life, and a status where it has changed. */
void run_notify_turn(struct run_notify *notify, uint32_t generation, const struct run_logs_totals *logs,
		     uint64_t now_ns);

#endif
