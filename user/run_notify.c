// SPDX-License-Identifier: GPL-2.0-only
// Tells the service manager how the daemon is.
#include "run_notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

void run_notify_begin(struct run_notify *notify, uint64_t now_ns)
{
	uint64_t watchdog_us;

	*notify = (struct run_notify){.since_ns = now_ns};
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		notify->watchdog_ns = watchdog_us * 1000;
}

void run_notify_reloading(struct run_notify *notify, uint64_t now_ns)
{
	notify->is_ready = false;
	notify->since_ns = now_ns;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_ns / 1000);
}

void run_notify_ready(struct run_notify *notify)
{
	notify->is_ready = true;
	sd_notify(0, "READY=1");
}

void run_notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

static void tell_status(struct run_notify *notify, uint32_t generation, const struct run_logs_totals *logs)
{
	char status[sizeof(notify->status)];
	int n = snprintf(status, sizeof(status), "policy %" PRIu32 " in force", generation);

	if (logs->logs > 0)
		snprintf(status + n, sizeof(status) - (size_t)n,
			 "; %zu of %zu logs read, %" PRIu64 " hints, %" PRIu64 " pinholes opened by them",
			 logs->reading, logs->logs, logs->hints, logs->opened);
	if (strcmp(status, notify->status) == 0)
		return;
	strcpy(notify->status, status);
	sd_notifyf(0, "STATUS=%s", status);
}

void run_notify_turn(struct run_notify *notify, uint32_t generation, const struct run_logs_totals *logs,
		     uint64_t now_ns)
{
	/* Often enough that one which comes late is no harm. */
	if (notify->watchdog_ns && now_ns - notify->alive_ns >= notify->watchdog_ns / 3) {
		notify->alive_ns = now_ns;
		sd_notify(0, "WATCHDOG=1");
	}
	tell_status(notify, generation, logs);
}
