// SPDX-License-Identifier: GPL-2.0-only
// From ports to sockets, from sockets to processes, from processes to the files they have mapped.
#include "tls_libraries.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "proc_process.h"
#include "proc_tcp.h"

enum { MAX_SOCKETS = 16384 /* at these ports; with more, those listed first */ };

struct control_socket {
	uint64_t inode;
	struct addr peer;
	bool listens;
};

enum serves { SERVES_ONE_AT_MOST, MAY_SERVE_SEVERAL, SERVES_SEVERAL };

struct search {
	const uint64_t *ports;
	struct control_socket *sockets; /* MAX_SOCKETS; sorted once all are known */
	size_t n_sockets;
	struct tls_library *libraries;
	size_t n;
	bool is_full;
};

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

	if (is_at(search->ports, socket) && search->n_sockets < MAX_SOCKETS)
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

static enum serves look_at_files(const struct search *search, const char *pid)
{
	const struct control_socket *client = NULL, *found;
	enum serves serves = SERVES_ONE_AT_MOST;
	DIR *directory CLEANUP(close_directory) = NULL;
	char path[PATH_MAX], target[64];
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		struct control_socket key;

		if (length < 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &key.inode) != 1)
			continue;
		found = bsearch(&key, search->sockets, search->n_sockets, sizeof(key), compare);
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

static bool is_library(const char *name)
{
	return strncmp(name, "libssl.", 7) == 0 || strncmp(name, "libssl-", 7) == 0 ||
	       strncmp(name, "libgnutls.", 10) == 0 || strncmp(name, "libgnutls-", 10) == 0;
}

static void add_library(struct search *search, const struct tls_library *library)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->libraries[i].pid == library->pid &&
		    search->libraries[i].inode == library->inode &&
		    strcmp(search->libraries[i].device, library->device) == 0)
			return;
	if (search->n < MAX_TLS_LIBRARIES)
		search->libraries[search->n++] = *library;
	else
		search->is_full = true;
}

/* A line of /proc/PID/maps. Its path has no slash at the front where it is not a file. */
static void take_mapping(struct search *search, struct tls_library library, const char *program, char *line)
{
	char range[48], flags[8], device[16];
	int path = 0;
	char *colon;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%47s %7s %*x %15s %" SCNu64 " %n", range, flags, device, &library.inode, &path) !=
		    4 ||
	    !path || line[path] != '/' || flags[2] != 'x')
		return;
	library.is_program = strcmp(line + path, program) == 0;
	snprintf(library.name, sizeof(library.name), "%s", strrchr(line, '/') + 1);
	if (!library.is_program && !is_library(library.name))
		return;
	colon = strchr(device, ':');
	if (!colon)
		return;
	snprintf(library.device, sizeof(library.device), "%.*s%s", (int)(colon - device), device, colon + 1);
	snprintf(library.path, sizeof(library.path), "/proc/%" PRIu32 "/map_files/%s", library.pid, range);
	add_library(search, &library);
}

static void take_process(struct search *search, const char *pid, bool serves_several)
{
	struct tls_library library = {.pid = (uint32_t)strtoul(pid, NULL, 10),
				      .serves_several = serves_several};
	char path[64], program[PATH_MAX] = "", line[PATH_MAX + 256];
	FILE *file CLEANUP_STREAM = NULL;
	bool whole = true;
	ssize_t length;

	if (proc_started("/proc", library.pid, &library.started))
		return;
	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	length = readlink(path, program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		bool begins = whole;

		whole = strchr(line, '\n') != NULL;
		if (begins && whole)
			take_mapping(search, library, program, line);
	}
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

int tls_libraries_listeners(const uint64_t ports[N_PORTS / 64], uint64_t *ret)
{
	struct listeners listeners = {.ports = ports};
	int r = proc_tcp_each("/proc", add_listener, &listeners);

	*ret = listeners.sum;
	return r;
}

int tls_libraries_find(const uint64_t ports[N_PORTS / 64], struct tls_library ret[MAX_TLS_LIBRARIES],
		       size_t *ret_n)
{
	struct control_socket *sockets CLEANUP_FREE = calloc(MAX_SOCKETS, sizeof(*sockets));
	struct search search = {.ports = ports, .sockets = sockets, .libraries = ret};
	DIR *processes CLEANUP(close_directory) = opendir("/proc");
	const struct dirent *entry;
	int r = sockets && processes ? proc_tcp_each("/proc", add_socket, &search) : -errno;

	if (r < 0)
		return r;
	qsort(sockets, search.n_sockets, sizeof(*sockets), compare);
	while (search.n_sockets && (entry = readdir(processes))) {
		enum serves serves = SERVES_ONE_AT_MOST;

		if (*entry->d_name >= '1' && *entry->d_name <= '9')
			serves = look_at_files(&search, entry->d_name);
		if (serves != SERVES_ONE_AT_MOST)
			take_process(&search, entry->d_name, serves == SERVES_SEVERAL);
	}
	*ret_n = search.n;
	return search.is_full ? -ENOSPC : 0;
}
