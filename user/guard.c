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

static void guard_run(const char *instance, uint32_t generation, int timer, int watch)
{
	struct failure failure = {""};

	leave_terminal();
	leave_cgroup();
	/* Retried: a shortage of memory may pass, and nobody else will come. */
	while (wait_for_end(instance, timer, watch) == 1) {
		if (apply_go_back(instance, generation, &failure) == 0)
			break;
		sleep(1);
	}
}

static int open_timer(unsigned seconds)
{
	struct itimerspec after = {.it_value.tv_sec = seconds};
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

	if (fd >= 0 && timerfd_settime(fd, 0, &after, NULL)) {
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

int guard_start(const char *instance, uint32_t generation, unsigned seconds, int close_fd,
		struct failure *failure)
{
	int timer = open_timer(seconds), watch = open_watch(instance), status = 0, r = 0;
	pid_t child;

	if (timer < 0 || watch < 0) {
		r = -errno;
	} else {
		child = fork();
		if (child < 0)
			r = -errno;
		if (child == 0) {
			/* A second fork gives it to init, so that the caller has no child to wait for. */
			pid_t guard = fork();

			if (guard)
				_exit(guard < 0);
			close(close_fd);
			guard_run(instance, generation, timer, watch);
			_exit(0);
		}
		if (r == 0 && (waitpid(child, &status, 0) < 0 || status))
			r = -EAGAIN;
	}
	if (timer >= 0)
		close(timer);
	if (watch >= 0)
		close(watch);
	return r ? failure_set(failure, r, "cannot start the process that would go back: %s", strerror(-r))
		 : 0;
}
