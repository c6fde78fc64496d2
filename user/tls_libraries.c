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
#include "proc_tcp.h"

enum { MAX_INODES = 16384 /* sockets at these ports; with more, those listed first */ };

struct search {
	const uint64_t *ports;
	uint64_t *inodes; /* MAX_INODES; sorted once all are known */
	size_t n_inodes;
	struct tls_library *libraries;
	size_t n;
	bool is_full;
};

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static void add_socket(const struct proc_tcp *socket, void *data)
{
	struct search *search = data;

	if (socket->inode && search->ports[socket->local_port / 64] >> socket->local_port % 64 & 1 &&
	    search->n_inodes < MAX_INODES)
		search->inodes[search->n_inodes++] = socket->inode;
}

static int compare(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

static bool holds_socket(const struct search *search, const char *pid)
{
	DIR *directory CLEANUP(close_directory) = NULL;
	char path[PATH_MAX], target[64];
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		uint64_t inode;

		if (length < 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1 &&
		    bsearch(&inode, search->inodes, search->n_inodes, sizeof(inode), compare))
			return true;
	}
	return false;
}

static bool is_library(const char *name)
{
	return strncmp(name, "libssl.", 7) == 0 || strncmp(name, "libssl-", 7) == 0 ||
	       strncmp(name, "libgnutls.", 10) == 0 || strncmp(name, "libgnutls-", 10) == 0;
}

static void add_library(struct search *search, const struct tls_library *library)
{
	for (size_t i = 0; i < search->n; i++)
		if (search->libraries[i].inode == library->inode &&
		    strcmp(search->libraries[i].device, library->device) == 0)
			return;
	if (search->n < MAX_TLS_LIBRARIES)
		search->libraries[search->n++] = *library;
	else
		search->is_full = true;
}

/* A line of /proc/PID/maps. Its path has no slash at the front where it is not a file. */
static void take_mapping(struct search *search, const char *pid, const char *program, char *line)
{
	struct tls_library library = {.pid = (uint32_t)strtoul(pid, NULL, 10)};
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
	snprintf(library.path, sizeof(library.path), "/proc/%s/map_files/%s", pid, range);
	add_library(search, &library);
}

static void take_process(struct search *search, const char *pid)
{
	char path[64], program[PATH_MAX] = "", line[PATH_MAX + 256];
	FILE *file CLEANUP_STREAM = NULL;
	bool whole = true;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	length = readlink(path, program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		bool begins = whole;

		whole = strchr(line, '\n') != NULL;
		if (begins && whole)
			take_mapping(search, pid, program, line);
	}
}

int tls_libraries_find(const uint64_t ports[N_PORTS / 64], struct tls_library ret[MAX_TLS_LIBRARIES],
		       size_t *ret_n)
{
	uint64_t *inodes CLEANUP_FREE = calloc(MAX_INODES, sizeof(*inodes));
	struct search search = {.ports = ports, .inodes = inodes, .libraries = ret};
	DIR *processes CLEANUP(close_directory) = opendir("/proc");
	const struct dirent *entry;
	int r = inodes && processes ? proc_tcp_each("/proc", add_socket, &search) : -errno;

	if (r < 0)
		return r;
	qsort(inodes, search.n_inodes, sizeof(*inodes), compare);
	while (search.n_inodes && (entry = readdir(processes)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' && holds_socket(&search, entry->d_name))
			take_process(&search, entry->d_name);
	*ret_n = search.n;
	return search.is_full ? -ENOSPC : 0;
}
