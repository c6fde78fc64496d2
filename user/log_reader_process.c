// SPDX-License-Identifier: GPL-2.0-only
// The process that reads logs: everything that a client can write to, and nothing else.
#include "log_reader_process.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi.h"
#include "clock.h"
#include "log_reader.h"
#include "privileges.h"

static const uint64_t second_ns = 1000000000;
enum { OUR_FD = 3 };

struct followed {
	struct log_source *source; /* NULL: this server's log is not read */
	struct log_message state;  /* as it was told last */
	bool told;
	bool more;        /* waits to be read, so nothing need be told */
	uint64_t told_ns; /* when a state was told */
	uint64_t look_ns; /* when to read at the latest */
};

struct process {
	struct followed followed[MAX_FTP_SERVERS];
	size_t n;
	uint32_t server; /* whose log is just being read */
};

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Waits until there is room: what is not read yet stays in the log. Nobody there: there is nothing to do. */
static void tell(const struct log_message *message)
{
	if (send(OUR_FD, message, sizeof(*message), MSG_NOSIGNAL) < 0 && errno != EINTR)
		_exit(EXIT_SUCCESS);
}

static void tell_hint(void *context, const struct log_hint *hint)
{
	const struct process *process = context;
	const struct log_message message = {
		.kind = LOG_MESSAGE_HINT, .server = process->server, .hint = *hint};

	tell(&message);
}

static void tell_state(struct followed *followed, uint32_t server, int error, const struct failure *failure,
		       uint64_t now_ns)
{
	struct log_message message = {.kind = LOG_MESSAGE_STATE, .server = server, .state.error = error};
	bool counted;

	if (error)
		snprintf(message.state.reason, sizeof(message.state.reason), "%.*s", LOG_REASON_SIZE - 1,
			 failure->text);
	log_source_counts(followed->source, &message.state.counts);
	counted = memcmp(&message.state.counts, &followed->state.state.counts,
			 sizeof(message.state.counts)) != 0;
	if (followed->told && error == followed->state.state.error &&
	    (!counted || now_ns - followed->told_ns < second_ns))
		return;
	tell(&message);
	followed->state = message;
	followed->told = true;
	followed->told_ns = now_ns;
}

static void read_source(struct process *process, uint32_t server)
{
	struct followed *followed = &process->followed[server];
	struct failure failure = {""};
	uint64_t now_ns = now();
	int r;

	process->server = server;
	r = log_source_read(followed->source, now_ns, tell_hint, process, &failure);
	followed->more = r > 0;
	tell_state(followed, server, r < 0 ? r : 0, &failure, now_ns);
}

/* One look at every log; returns whether the other side is gone. */
static bool turn(struct process *process)
{
	struct pollfd fds[MAX_FTP_SERVERS + 1] = {{.fd = OUR_FD}};
	uint64_t now_ns = now(), at_ns = UINT64_MAX;

	for (size_t i = 0; i < process->n; i++) {
		struct followed *followed = &process->followed[i];

		fds[i + 1].fd = -1;
		if (!followed->source)
			continue;
		log_source_poll(followed->source, now_ns, &fds[i + 1], &followed->look_ns);
		if (followed->more)
			followed->look_ns = now_ns;
		if (followed->look_ns < at_ns)
			at_ns = followed->look_ns;
	}
	if (poll(fds, process->n + 1, at_ns <= now_ns ? 0 : (int)((at_ns - now_ns) / 1000000 + 1)) < 0 &&
	    errno != EINTR)
		return true;
	now_ns = now();
	for (uint32_t i = 0; i < process->n; i++) {
		struct followed *followed = &process->followed[i];

		if (followed->source && (fds[i + 1].revents || followed->look_ns <= now_ns))
			read_source(process, i);
	}
	return fds[0].revents != 0;
}

/* The folders that the logs are in, each as it is written and where it leads, and what libsystemd needs. */
static size_t folders_of(const struct policy *policy, char (*paths)[PATH_MAX], const char **ret)
{
	static const char *const journal[] = {"/run/log", "/var/log/journal", "/etc", "/usr", "/lib",
					      "/lib64"};
	char real[PATH_MAX];
	bool any_journal = false;
	size_t n = 0;

	for (size_t i = 0; i < policy->n_ftp; i++) {
		const char *file = policy->ftp[i].log.file;

		if (!log_reader_reads(&policy->ftp[i]))
			continue;
		any_journal = any_journal || !file;
		if (!file)
			continue;
		snprintf(paths[n++], PATH_MAX, "%s", file);
		if (realpath(file, real))
			memcpy(paths[n++], real, PATH_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		/* Of a folder that does not exist yet, the nearest that does. */
		do {
			*strrchr(paths[i], '/') = '\0';
		} while (*paths[i] && access(paths[i], F_OK) < 0);
		ret[i] = *paths[i] ? paths[i] : "/";
	}
	for (size_t i = 0; any_journal && i < sizeof(journal) / sizeof(journal[0]); i++)
		ret[n++] = journal[i];
	return n;
}

static int confine(const struct policy *policy, struct failure *failure)
{
	enum { MAX_FOLDERS = 2 * MAX_FTP_SERVERS + 8 };
	char(*paths)[PATH_MAX] = calloc(MAX_FOLDERS, sizeof(*paths));
	const char *folders[MAX_FOLDERS];
	int r;

	if (!paths)
		return -ENOMEM;
	r = privileges_reader(folders, folders_of(policy, paths, folders), failure);
	free(paths);
	return r;
}

/* The signals as a process finds them; only its descriptor stays open. */
static int isolate(int fd)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* It ends when its parent does; what is sent to the terminal's processes is for the parent. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (fd != OUR_FD && dup2(fd, OUR_FD) < 0)
		return -errno;
	return close_range(OUR_FD + 1, ~0u, 0) < 0 ? -errno : 0;
}

static int start(struct process *process, const struct policy *policy, struct failure *failure)
{
	int r = 0;

	process->n = policy->n_ftp;
	for (size_t i = 0; r == 0 && i < policy->n_ftp; i++)
		if (log_reader_reads(&policy->ftp[i]))
			r = log_source_new(&policy->ftp[i].log, &process->followed[i].source, failure);
	for (uint32_t i = 0; r == 0 && i < process->n; i++)
		if (process->followed[i].source)
			read_source(process, i);
	return r;
}

void log_reader_process(const struct policy *policy, int fd)
{
	struct process *process = calloc(1, sizeof(*process));
	struct failure failure = {""};
	int r = process ? isolate(fd) : -ENOMEM;

	prctl(PR_SET_NAME, "postern-logs", 0, 0, 0);
	if (r == 0)
		r = confine(policy, &failure);
	if (r == 0)
		r = start(process, policy, &failure);
	if (r < 0) {
		fprintf(stderr, "postern run: the reader of logs: %s\n",
			*failure.text ? failure.text : strerror(-r));
		_exit(EXIT_FAILURE);
	}
	while (!turn(process))
		;
	_exit(EXIT_SUCCESS);
}
