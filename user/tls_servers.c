// SPDX-License-Identifier: GPL-2.0-only
// From ports to sockets, and from sockets to the processes that hold them.
#include "tls_servers.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "owner_process.h"
#include "proc_process.h"
#include "proc_tcp.h"

enum {
	MAX_SOCKETS = 16384,       /* at these ports; with more, those listed first */
	MAX_OWNERS = 256,          /* of processes: users whose files are counted */
	MAX_FILES_OF_USER = 32768, /* looked through: 0.1 s, or 1 s of a user who makes that slow */
};

struct control_socket {
	uint64_t inode;
	struct addr peer;
	bool listens;
};

/* What was looked through of one user's. */
struct user_files {
	uint32_t uid;
	size_t n;
};

struct search {
	const uint64_t *ports;
	struct owner_process owner;
	struct control_socket *sockets; /* MAX_SOCKETS; sorted once all are known */
	size_t n_sockets;
	struct user_files *users; /* MAX_OWNERS */
	size_t n_users;
	struct tls_servers *found;
};

enum serves { SERVES_ONE_AT_MOST, MAY_SERVE_SEVERAL, SERVES_SEVERAL };

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static bool is_at(const uint64_t ports[N_PORTS / 64], const struct proc_tcp *socket)
{
	return socket->inode && ports[socket->local_port / 64] >> socket->local_port % 64 & 1;
}

static void add_socket(const struct proc_tcp *socket, void *data)
{
	struct search *search = data;

	if (!is_at(search->ports, socket))
		return;
	if (search->n_sockets == MAX_SOCKETS)
		search->found->is_partial = true;
	else
		search->sockets[search->n_sockets++] =
			(struct control_socket){.inode = socket->inode,
						.peer = socket->peer,
						.listens = socket->state == PROC_TCP_LISTEN};
}

static int compare(const void *a, const void *b)
{
	const struct control_socket *one = a, *other = b;

	return (one->inode > other->inode) - (one->inode < other->inode);
}

/* NULL: there are too many users. */
static struct user_files *files_of_user(struct search *search, uint32_t uid)
{
	for (size_t i = 0; i < search->n_users; i++)
		if (search->users[i].uid == uid)
			return &search->users[i];
	if (search->n_users == MAX_OWNERS)
		return NULL;
	search->users[search->n_users].uid = uid;
	return &search->users[search->n_users++];
}

static const struct control_socket *socket_behind(const struct search *search, int directory,
						  const char *name)
{
	struct control_socket key;
	char target[64];
	ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);

	if (length < 0)
		return NULL;
	target[length] = '\0';
	if (sscanf(target, "socket:[%" SCNu64 "]", &key.inode) != 1)
		return NULL;
	return bsearch(&key, search->sockets, search->n_sockets, sizeof(key), compare);
}

static enum serves look_at_files(struct search *search, uint32_t pid, struct user_files *user)
{
	DIR *directory CLEANUP(close_directory) = NULL;
	const struct control_socket *client = NULL, *found;
	enum serves serves = SERVES_ONE_AT_MOST;
	const struct dirent *entry;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		if (user->n == MAX_FILES_OF_USER) {
			search->found->is_partial = true;
			break;
		}
		user->n++;
		found = socket_behind(search, dirfd(directory), entry->d_name);
		if (!found)
			continue;
		if (found->listens)
			serves = MAY_SERVE_SEVERAL;
		else if (!client)
			client = found;
		else if (memcmp(&client->peer, &found->peer, sizeof(found->peer)) != 0)
			return SERVES_SEVERAL;
	}
	return serves;
}

static void take_process(struct search *search, uint32_t pid)
{
	struct tls_process process = {.pid = pid};
	struct user_files *user;
	enum serves serves;
	uint32_t uids[N_PROC_UIDS];

	/* The owner first: who is not can hold any number of files. */
	if (proc_uids("/proc", pid, uids) || !owner_has_process(&search->owner, pid, uids))
		return;
	user = files_of_user(search, uids[PROC_UID_REAL]);
	if (!user || user->n == MAX_FILES_OF_USER) {
		search->found->is_partial = true;
		return;
	}
	serves = look_at_files(search, pid, user);
	if (serves == SERVES_ONE_AT_MOST || proc_started("/proc", pid, &process.started))
		return;
	process.serves_several = serves == SERVES_SEVERAL;
	if (search->found->n == MAX_TLS_PROCESSES)
		search->found->is_partial = true;
	else
		search->found->processes[search->found->n++] = process;
}

int tls_servers_find(const uint64_t ports[N_PORTS / 64], const struct ftp_owner *owner,
		     struct tls_servers *ret)
{
	struct control_socket *sockets CLEANUP_FREE = calloc(MAX_SOCKETS, sizeof(*sockets));
	struct user_files *users CLEANUP_FREE = calloc(MAX_OWNERS, sizeof(*users));
	struct search search = {.ports = ports,
				.owner = owner_process_of(owner),
				.sockets = sockets,
				.users = users,
				.found = ret};
	DIR *processes CLEANUP(close_directory) = opendir("/proc");
	const struct dirent *entry;
	int r = sockets && users && processes ? proc_tcp_each("/proc", add_socket, &search) : -errno;

	if (r < 0)
		return r;
	qsort(sockets, search.n_sockets, sizeof(*sockets), compare);
	while (search.n_sockets && (entry = readdir(processes)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			take_process(&search, (uint32_t)strtoul(entry->d_name, NULL, 10));
	return 0;
}

struct listeners {
	const uint64_t *ports;
	uint64_t sum;
};

/* The numbers are given one after the other: multiplied, their sums differ, too. */
static void add_listener(const struct proc_tcp *socket, void *data)
{
	struct listeners *listeners = data;

	if (is_at(listeners->ports, socket) && socket->state == PROC_TCP_LISTEN)
		listeners->sum += socket->inode * UINT64_C(0x9e3779b97f4a7c15) >> 16;
}

int tls_servers_listeners(const uint64_t ports[N_PORTS / 64], uint64_t *ret)
{
	struct listeners listeners = {.ports = ports};
	int r = proc_tcp_each("/proc", add_listener, &listeners);

	*ret = listeners.sum;
	return r;
}
