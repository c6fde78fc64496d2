// SPDX-License-Identifier: GPL-2.0-only
// `postern events`: what happened, and with --follow what happens.
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "events.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "value.h"

enum { OPTION_FOLLOW, OPTION_KIND, OPTION_NEWEST };
enum { POLL_MS = 100 };

static const struct option_help options[] = {
	[OPTION_FOLLOW] = {"--follow", NULL, "go on until interrupted, or the instance is taken down"},
	[OPTION_KIND] = {"--kind", "KIND", "only these; may be given several times"},
	[OPTION_NEWEST] = {"-n", "N", "begin with the newest N"},
	{NULL, NULL, NULL},
};

struct request {
	bool json;
	bool follow;
	uint32_t kinds; /* a bit each; 0: all */
	uint64_t newest;
};

static void print_names(const char *title, const char *(*name)(unsigned), const char *(*text)(unsigned),
			unsigned n)
{
	printf("\n%s:\n", title);
	for (unsigned i = 1; i < n; i++)
		printf("  %-16s %s\n", name(i), text(i));
}

static void print_details(void)
{
	print_names("Kinds", event_kind_name, event_kind_text, N_EVENT_KINDS);
	print_names("Reasons of deny", reason_name, reason_text, N_REASONS);
	print_names("Reasons of pinhole-refused", refusal_name, refusal_text, N_REFUSALS);
	puts("\nOrigins of a pinhole:");
	for (unsigned i = 0; i < N_ORIGINS; i++)
		printf("  %-16s %s\n", origin_name(i), origin_text(i));
	puts("\nReading consumes nothing: several readers see the same. The log overwrites its oldest\n"
	     "entries; what was lost is said on standard error.");
}

/* Returns EXIT_DONE or EXIT_USAGE. */
static int parse(int argc, char **argv, struct request *request)
{
	struct option_reader reader = {.command = &cmd_events, .argc = argc, .argv = argv};
	unsigned kind;
	int option;

	while ((option = option_next(&reader)) != OPTION_END) {
		switch (option) {
		case OPTION_FOLLOW:
			request->follow = true;
			break;
		case OPTION_KIND:
			kind = event_kind_parse(reader.value);
			if (!kind) {
				fprintf(stderr,
					"postern events: no kind of event is called '%s'; "
					"see 'postern events --help'\n",
					reader.value);
				return EXIT_USAGE;
			}
			request->kinds |= UINT32_C(1) << kind;
			break;
		case OPTION_NEWEST:
			if (value_parse_number(reader.value, 0, UINT32_MAX, &request->newest) < 0) {
				fprintf(stderr, "postern events: -n needs a number, not '%s'\n",
					reader.value);
				return EXIT_USAGE;
			}
			break;
		case OPTION_OPERAND:
			return option_extra(&cmd_events, reader.value);
		default:
			return EXIT_USAGE;
		}
	}
	return EXIT_DONE;
}

static bool is_wanted(const struct request *request, const struct event *event)
{
	return !request->kinds || (event->kind < 32 && request->kinds & UINT32_C(1) << event->kind);
}

/* Prints what is wanted of it, the newest `limit`; returns whether the instance was taken down. */
static bool print(const struct request *request, const struct event *events, size_t n, uint64_t limit)
{
	int64_t offset = events_clock_offset();
	size_t n_wanted = 0;
	bool down = false;

	for (size_t i = 0; i < n; i++)
		n_wanted += is_wanted(request, &events[i]);
	for (size_t i = 0; i < n; i++) {
		down |= events[i].kind == EVENT_DOWN;
		if (!is_wanted(request, &events[i]) || n_wanted-- > limit)
			continue;
		if (request->json)
			json_print(event_to_json(&events[i], offset), JSON_LINE);
		else
			event_print(&events[i], offset, stdout);
	}
	fflush(stdout);
	return down;
}

/* The log goes with the instance, so its end is told by whoever looks on. */
static void print_down(const struct request *request)
{
	struct event event = {.kind = EVENT_DOWN, .time_ns = boot_time_ns()};

	print(request, &event, 1, UINT64_MAX);
}

/* Waits for the next look; returns true where there is to be none: a signal, or nobody reads. */
static bool is_over(int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = STDOUT_FILENO}};

	if (ferror(stdout))
		return true;
	if (poll(fds, 2, POLL_MS) < 0)
		return errno != EINTR;
	return fds[0].revents || fds[1].revents & (POLLERR | POLLNVAL);
}

static int follow(struct event_reader *reader, const struct request *request, int signals)
{
	uint64_t limit = request->newest, lost;
	const struct event *events;
	bool first = true, down;
	size_t n;
	int r;

	do {
		r = event_reader_next(reader, &events, &n, &lost);
		if (r == -ENOENT && !first) {
			print_down(request);
			return EXIT_DONE;
		}
		if (r < 0)
			return instance_failed("events", r);
		/* What was overwritten before we came is no loss to somebody who asked for the newest. */
		if (lost > 0 && first && limit == UINT64_MAX)
			fprintf(stderr, "postern events: %" PRIu64 " older events were overwritten\n", lost);
		else if (lost > 0 && !first)
			fprintf(stderr, "postern events: %" PRIu64 " events were lost\n", lost);
		down = print(request, events, n, limit) && !first;
		first = false;
		limit = UINT64_MAX;
	} while (request->follow && !down && !is_over(signals));
	/* That the reader has seen enough is no failure of ours. */
	if (ferror(stdout) && poll(&(struct pollfd){.fd = STDOUT_FILENO}, 1, 0) > 0)
		clearerr(stdout);
	return EXIT_DONE;
}

static void reader_clear(struct event_reader **reader)
{
	event_reader_free(*reader);
}

static int run(const struct context *context, int argc, char **argv)
{
	struct request request = {.json = context->json, .newest = UINT64_MAX};
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	struct event_reader *reader CLEANUP(reader_clear) = NULL;
	int signals CLEANUP_FD = -1;
	int status = parse(argc, argv, &request);
	sigset_t set;

	if (status == EXIT_DONE)
		status = instance_open(context, &datapath);
	if (status != EXIT_DONE)
		return status;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	reader = event_reader_new(datapath);
	if (signals < 0 || !reader)
		return instance_failed("events", signals < 0 ? -errno : -ENOMEM);
	return follow(reader, &request, signals);
}

const struct command cmd_events = {
	.name = "events",
	.synopsis = "[--follow] [--kind KIND]... [-n N]",
	.summary = "print what happened: denied packets, pinholes, rogue listeners",
	.print_details = print_details,
	.options = options,
	.needs_root = true,
	.run = run,
};
