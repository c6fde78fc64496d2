// SPDX-License-Identifier: GPL-2.0-only
// The daemon's loop: signals, hints, events, the service manager; none of them can hold up another.
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "command_apply.h"
#include "events.h"
#include "output.h"
#include "pins.h"
#include "privileges.h"
#include "run_child.h"
#include "run_events.h"
#include "run_links.h"
#include "run_logs.h"
#include "run_notify.h"
#include "run_tls.h"

enum { LOOK_MS = 100, READY_S = 5, LOST_S = 10 };
static const uint64_t second_ns = 1000000000;

struct daemon {
	const struct run_request *request;
	struct datapath *datapath; /* of the generation in force */
	uint32_t generation;
	struct loaded loaded; /* the policy in force */
	struct datapath *log; /* what the reader reads from; any generation's will do */
	struct event_reader *reader;
	struct run_events *events;
	struct run_logs *logs;
	struct run_tls tls;
	int signals;
	uint64_t told_lost_ns;
	struct run_notify notify;
	struct run_child reload;
	struct run_links links;
};

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void daemon_clear(struct daemon *daemon)
{
	run_logs_free(daemon->logs);
	run_events_free(daemon->events);
	event_reader_free(daemon->reader);
	loaded_clear(&daemon->loaded);
	datapath_close(daemon->datapath);
	datapath_close(daemon->log);
	run_links_close(&daemon->links);
	if (daemon->signals >= 0)
		close(daemon->signals);
}

/* Takes over what is in force now, whoever put it there. */
static int adopt_generation(struct daemon *daemon)
{
	struct datapath *datapath = NULL;
	struct loaded loaded = {0};
	uint32_t generation;
	int r = pins_get_generation(daemon->request->context->instance, "current", &generation), status;

	if (r < 0)
		return instance_failed("the policy in force", r);
	status = instance_open(daemon->request->context, &datapath);
	if (status == EXIT_DONE)
		status = policy_from_instance(datapath, &loaded);
	if (status != EXIT_DONE) {
		loaded_clear(&loaded);
		datapath_close(datapath);
		return status;
	}
	run_logs_use(daemon->logs, loaded.policy, now());
	loaded_clear(&daemon->loaded);
	datapath_close(daemon->datapath);
	daemon->loaded = loaded;
	daemon->datapath = datapath;
	daemon->generation = generation;
	daemon->tls.searched_ns = 0;
	daemon->links.due = true;
	return EXIT_DONE;
}

int run_apply(const struct run_request *request)
{
	struct apply_request again = {.instance = request->context->instance, .began_ns = boot_time_ns()};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	struct apply_result *result CLEANUP_FREE = calloc(1, sizeof(*result));

	return result ? policy_apply(request->path, request->interfaces, &again, &loaded, result)
		      : EXIT_FAILED;
}

static int start(struct daemon *daemon)
{
	const struct context *context = daemon->request->context;
	int status, r;

	daemon->signals = run_child_signals();
	daemon->events = run_events_new(context->instance, context->json);
	daemon->logs = run_logs_new();
	if (daemon->signals < 0 || !daemon->events || !daemon->logs)
		return instance_failed("run", daemon->signals < 0 ? daemon->signals : -ENOMEM);
	r = run_links_open(&daemon->links);
	if (r)
		return instance_failed("changes of interfaces", r);
	status = instance_open(context, &daemon->log);
	if (status == EXIT_DONE)
		status = adopt_generation(daemon);
	if (status != EXIT_DONE)
		return status;
	daemon->reader = event_reader_new(daemon->log);
	if (!daemon->reader)
		return instance_failed("run", -ENOMEM);
	run_notify_begin(&daemon->notify, now());
	return EXIT_DONE;
}

/* Ready is what reads every log that can be read. */
static void tell_manager(struct daemon *daemon, uint64_t now_ns)
{
	struct run_logs_totals totals;

	if (!daemon->notify.is_ready && daemon->reload.pid == 0 &&
	    (run_logs_is_ready(daemon->logs) || now_ns - daemon->notify.since_ns >= READY_S * second_ns))
		run_notify_ready(&daemon->notify);
	run_logs_totals(daemon->logs, &totals);
	run_notify_turn(&daemon->notify, daemon->generation, &totals, now_ns);
}

/* Returns whether it is told to stop. */
static bool take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(daemon->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			run_notify_reloading(&daemon->notify, now());
			run_child_begin(&daemon->reload, daemon->request);
			break;
		case SIGCHLD:
			/* That the reader of logs has ended, its socket tells. */
			run_child_reap(&daemon->reload, daemon->request);
			run_child_reap(&daemon->links.child, daemon->request);
			break;
		default:
			stop = true;
		}
	}
	return stop;
}

/* Also one that another process has put in force, or that went back by itself. */
static void look_for_generation(struct daemon *daemon)
{
	uint32_t generation;

	if (pins_get_generation(daemon->request->context->instance, "current", &generation) < 0 ||
	    generation == daemon->generation)
		return;
	if (adopt_generation(daemon) != EXIT_DONE)
		/* Said once; the next change is looked at again. */
		daemon->generation = generation;
}

static void tell_lost(struct daemon *daemon, uint64_t lost, uint64_t now_ns)
{
	uint64_t denials, lines;

	if (lost > 0)
		fprintf(stderr, "postern run: %" PRIu64 " events were lost\n", lost);
	if (now_ns - daemon->told_lost_ns < LOST_S * second_ns)
		return;
	daemon->told_lost_ns = now_ns;
	run_events_take_lost(daemon->events, &denials, &lines);
	if (denials > 0)
		fprintf(stderr, "postern run: %" PRIu64 " more denied packets were not reported\n", denials);
	if (lines > 0)
		fprintf(stderr, "postern run: %" PRIu64 " events were not taken by standard output\n", lines);
}

static int report_events(struct daemon *daemon, uint64_t now_ns)
{
	int64_t offset = events_clock_offset();
	const struct event *events;
	uint64_t lost;
	size_t n;
	int r = event_reader_next(daemon->reader, &events, &n, &lost);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (events[i].time_ns >= daemon->request->began_ns)
			run_events_report(daemon->events, &events[i], offset);
	/* What was overwritten before the first look is older than the daemon. */
	tell_lost(daemon, daemon->notify.is_ready ? lost : 0, now_ns);
	return 0;
}

/* The log of events goes with the instance, so its end is told by whoever looks on. */
static int taken_down(struct daemon *daemon)
{
	const struct event event = {.kind = EVENT_DOWN, .time_ns = boot_time_ns()};

	run_events_report(daemon->events, &event, events_clock_offset());
	fputs("postern run: the instance was taken down: nothing is in force any more\n", stderr);
	return EXIT_DONE;
}

static int loop(struct daemon *daemon)
{
	uint64_t looked_ns = 0;
	bool more = false;

	while (true) {
		struct pollfd fds[] = {{.fd = daemon->signals, .events = POLLIN},
				       {.fd = run_logs_fd(daemon->logs), .events = POLLIN},
				       {.fd = run_links_fd(&daemon->links), .events = POLLIN}};
		uint64_t now_ns;

		if (poll(fds, sizeof(fds) / sizeof(fds[0]), more ? 0 : LOOK_MS) < 0 && errno != EINTR)
			return instance_failed("poll", -errno);
		if (take_signals(daemon))
			return EXIT_DONE;
		now_ns = now();
		run_links_turn(&daemon->links, daemon->request, now_ns);
		more = run_logs_turn(daemon->logs, daemon->datapath, now_ns);
		if (now_ns - looked_ns >= LOOK_MS * UINT64_C(1000000)) {
			int r = report_events(daemon, now_ns);

			looked_ns = now_ns;
			if (r == -ENOENT)
				return taken_down(daemon);
			if (r < 0)
				return instance_failed("events", r);
			look_for_generation(daemon);
			run_tls_turn(&daemon->tls, daemon->request->context->instance, daemon->datapath,
				     daemon->loaded.policy, now_ns);
		}
		tell_manager(daemon, now_ns);
	}
}

int run_daemon(const struct run_request *request)
{
	CLEANUP(daemon_clear)
	struct daemon daemon = {
		.request = request,
		.signals = -1,
		.reload = {.work = run_apply,
			   .failure = "the policy was not reloaded: the one in force stays"},
	};
	int status = privileges_no_new() < 0 ? EXIT_FAILED : start(&daemon);

	if (status == EXIT_DONE)
		status = loop(&daemon);
	run_notify_stopping();
	run_child_finish(&daemon.reload);
	run_child_finish(&daemon.links.child);
	return status;
}
