// SPDX-License-Identifier: GPL-2.0-only
// Starts and ends the process that reads logs, and takes what it says with distrust.
#include "log_reader.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log_reader_process.h"

struct log_reader {
	pid_t pid;
	int fd;
};

bool log_reader_reads(const struct ftp_server *server)
{
	return (server->log.file || server->log.journal) && server->watch & 1u << FTP_WATCH_LOG;
}

static bool has_logs(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (log_reader_reads(&policy->ftp[i]))
			return true;
	return false;
}

int log_reader_start(const struct policy *policy, struct log_reader **ret, struct failure *failure)
{
	struct log_reader *reader;
	int fds[2];

	*ret = NULL;
	if (!has_logs(policy))
		return 0;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		int r = -errno;

		free(reader);
		return failure_set(failure, r, "cannot start the reader of logs: %s", strerror(-r));
	}
	reader->pid = fork();
	if (reader->pid == 0)
		log_reader_process(policy, fds[1]);
	close(fds[1]);
	reader->fd = fds[0];
	if (reader->pid < 0) {
		int r = -errno;

		log_reader_stop(reader);
		return failure_set(failure, r, "cannot start the reader of logs: %s", strerror(-r));
	}
	*ret = reader;
	return 0;
}

void log_reader_stop(struct log_reader *reader)
{
	if (!reader)
		return;
	close(reader->fd);
	if (reader->pid > 0) {
		kill(reader->pid, SIGKILL);
		while (waitpid(reader->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(reader);
}

int log_reader_fd(const struct log_reader *reader)
{
	return reader->fd;
}

int log_reader_next(struct log_reader *reader, uint32_t n_servers, struct log_message *ret)
{
	struct log_message message;
	ssize_t n = recv(reader->fd, &message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
	if (n == 0)
		return -EPIPE;
	if (n != sizeof(message) || message.server >= n_servers ||
	    (message.kind != LOG_MESSAGE_HINT && message.kind != LOG_MESSAGE_STATE))
		return -EBADMSG;
	message.state.reason[LOG_REASON_SIZE - 1] = '\0';
	*ret = message;
	return 1;
}
