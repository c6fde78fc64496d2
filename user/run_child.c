// SPDX-License-Identifier: GPL-2.0-only
// Does the daemon's changes in processes of their own.
#include "run_child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

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

int run_child_signals(void)
{
	sigset_t set = daemon_signals();
	int fd;

	/* That nobody reads standard output is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

void run_child_begin(struct run_child *child, const struct run_request *request)
{
	sigset_t set = daemon_signals();

	if (child->pid > 0) {
		child->again = true;
		return;
	}
	child->pid = fork();
	if (child->pid == 0) {
		/* A change that was begun is brought to its end, also where the daemon is told to stop. */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		_exit(child->work(request));
	}
	if (child->pid < 0) {
		instance_failed("run", -errno);
		child->pid = 0;
		child->has_failed = true;
	}
}

void run_child_reap(struct run_child *child, const struct run_request *request)
{
	int status;

	if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->pid = 0;
	child->has_failed = !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_DONE;
	if (child->has_failed)
		fprintf(stderr, "postern run: %s\n", child->failure);
	if (child->again) {
		child->again = false;
		run_child_begin(child, request);
	}
}

void run_child_finish(const struct run_child *child)
{
	while (child->pid > 0 && waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
