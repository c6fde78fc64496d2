// SPDX-License-Identifier: GPL-2.0-only
// Applies the policy anew in a process of its own: loading programs takes seconds, in which hints must not
// wait.
#include "run_reload.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "command_apply.h"
#include "output.h"

static sigset_t daemon_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	return set;
}

int run_reload_signals(void)
{
	sigset_t set = daemon_signals();
	int fd;

	/* That nobody reads standard output is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int run_apply(const struct run_request *request)
{
	struct apply_request again = {.instance = request->context->instance, .began_ns = boot_time_ns()};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	struct apply_result *result CLEANUP_FREE = calloc(1, sizeof(*result));

	return result ? policy_apply(request->path, request->interfaces, &again, &loaded, result)
		      : EXIT_FAILED;
}

void run_reload_begin(struct run_reload *reload, const struct run_request *request)
{
	sigset_t set = daemon_signals();

	if (reload->pid > 0) {
		reload->again = true;
		return;
	}
	reload->pid = fork();
	if (reload->pid == 0) {
		/* A change that was begun is brought to its end, also where the daemon is told to stop. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		_exit(run_apply(request));
	}
	if (reload->pid < 0) {
		instance_failed("reload", -errno);
		reload->pid = 0;
	}
}

void run_reload_reap(struct run_reload *reload, const struct run_request *request)
{
	int status;

	if (reload->pid == 0 || waitpid(reload->pid, &status, WNOHANG) != reload->pid)
		return;
	reload->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_DONE)
		fputs("postern run: the policy was not reloaded: the one in force stays\n", stderr);
	if (reload->again) {
		reload->again = false;
		run_reload_begin(reload, request);
	}
}

void run_reload_finish(const struct run_reload *reload)
{
	while (reload->pid > 0 && waitpid(reload->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
