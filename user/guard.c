// SPDX-License-Identifier: GPL-2.0-only
// Waits for the confirmation of a change, and takes the change back when it does not come.
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply.h"
#include "pins.h"

enum { KEPT_TIMER, KEPT_WATCH, KEPT_HOLD, N_KEPT };

enum { FIRST_KEPT = STDERR_FILENO + 1 };

/* The descriptors become FIRST_KEPT and those after it; everything else of the caller's, its lock and the
 * pipes that others wait on the end of among it, is closed. */
static bool keep_only(int *fds)
{
	for (int i = 0; i < N_KEPT; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_KEPT + N_KEPT);
		if (fds[i] < 0)
			return false;
	}
	for (int i = 0; i < N_KEPT; i++) {
		if (dup2(fds[i], FIRST_KEPT + i) < 0)
			return false;
		fds[i] = FIRST_KEPT + i;
	}
	return close_range(FIRST_KEPT + N_KEPT, ~0U, 0) == 0;
}

static void leave_terminal(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
	int null = open("/dev/null", O_RDWR);

	setsid();
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	if (chdir("/"))
		return;
}

static void leave_cgroup(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup/cgroup.procs",
					    "/sys/fs/cgroup/unified/cgroup.procs"};

	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		int fd = open(roots[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		dprintf(fd, "%d\n", getpid());
		close(fd);
		return;
	}
}

static bool still_waits(const char *instance)
{
	uint32_t previous;

	return pins_get_generation(instance, "previous", &previous) == 0;
}

/* Until the timer fires: 1; or nothing waits any more: 0. */
static int wait_for_end(const char *instance, int timer, int watch)
{
	struct pollfd fds[] = {{.fd = timer, .events = POLLIN}, {.fd = watch, .events = POLLIN}};

	while (still_waits(instance)) {
		char events[4096];

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (fds[0].revents)
			return 1;
		if (fds[1].revents && read(watch, events, sizeof(events)) < 0 && errno != EINTR)
			return 1;
	}
	return 0;
}

static void guard_run(const char *instance, uint32_t generation, const int *fds)
{
	struct failure failure = {""};

	leave_terminal();
	leave_cgroup();
	/* Retried: a shortage of memory may pass, and nobody else will come. */
	while (wait_for_end(instance, fds[KEPT_TIMER], fds[KEPT_WATCH]) == 1) {
		if (apply_go_back(instance, generation, &failure) == 0)
			break;
		sleep(1);
	}
}

static int open_timer(uint64_t deadline_ns)
{
	struct itimerspec at = {
		.it_value = {.tv_sec = deadline_ns / NS_PER_SECOND, .tv_nsec = deadline_ns % NS_PER_SECOND},
	};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_watch(const char *instance)
{
	struct pin_path folder = pin_path(instance, "%s", "");
	int fd = inotify_init1(IN_CLOEXEC);

	if (fd >= 0 && inotify_add_watch(fd, folder.text, IN_DELETE | IN_DELETE_SELF | IN_MOVED_TO) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A second fork gives it to init, so that the caller has no child to wait for. */
static int start(const char *instance, uint32_t generation, int *fds)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0) {
		pid_t guard = fork();

		if (guard)
			_exit(guard < 0);
		if (keep_only(fds))
			guard_run(instance, generation, fds);
		_exit(0);
	}
	return waitpid(child, &status, 0) < 0 || status ? -EAGAIN : 0;
}

int guard_start(const char *instance, uint32_t generation, uint64_t deadline_ns, int hold,
		struct failure *failure)
{
	int fds[N_KEPT] = {
		[KEPT_TIMER] = open_timer(deadline_ns),
		[KEPT_WATCH] = open_watch(instance),
		[KEPT_HOLD] = hold,
	};
	int r = fds[KEPT_TIMER] < 0 || fds[KEPT_WATCH] < 0 ? -errno : start(instance, generation, fds);

	if (fds[KEPT_TIMER] >= 0)
		close(fds[KEPT_TIMER]);
	if (fds[KEPT_WATCH] >= 0)
		close(fds[KEPT_WATCH]);
	return r ? failure_set(failure, r, "cannot start the process that would go back: %s", strerror(-r))
		 : 0;
}
