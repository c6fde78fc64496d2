// SPDX-License-Identifier: GPL-2.0-only
/* Matches the sockets that a process and its ancestors hold with the connections of the host. */
#include "ssh_session.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "proc_tcp.h"
#include "value.h"

static_assert(ADDR_TEXT_SIZE == 64, "add_hint() names the width");

enum {
	MAX_ANCESTORS = 64, /* ends a loop too */
	MAX_INODES = 16384, /* sockets that they hold together */
	MAX_HINTS = 16,
	STAT_SIZE = 4096,
	ENVIRON_SIZE = 1 << 18
};

struct search {
	const struct ssh_query *query;
	uint64_t *inodes; /* MAX_INODES; sorted once all are known */
	size_t n_inodes;
	struct ssh_connection hints[MAX_HINTS];
	size_t n_hints;
	uint64_t listening[N_PORTS / 64]; /* a bit for each local port */
	struct ssh_connection found[MAX_SSH_CONNECTIONS];
	size_t n_found;
};

/* Reads at most size - 1 bytes and ends them with NUL; returns their number, -1 on failure. */
static ssize_t read_file(const struct search *search, pid_t pid, const char *name, char *buffer, size_t size)
{
	char path[PATH_MAX];
	size_t length = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%d/%s", search->query->proc, (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	buffer[length] = '\0';
	return (ssize_t)length;
}

/* 0 where there is none, or where it cannot be told. */
static pid_t parent_of(const struct search *search, pid_t pid)
{
	char stat[STAT_SIZE];
	ssize_t length = read_file(search, pid, "stat", stat, sizeof(stat));
	const char *comm_end;
	int parent;

	if (length < 0 || length == STAT_SIZE - 1)
		return 0;
	/* A process may call itself anything: what follows the last parenthesis is the kernel's. */
	comm_end = strrchr(stat, ')');
	if (!comm_end || sscanf(comm_end, ") %*c %d", &parent) != 1 || parent < 0)
		return 0;
	return parent;
}

static void collect_inodes(struct search *search, pid_t pid)
{
	char path[PATH_MAX], target[64];
	const struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/%d/fd", search->query->proc, (int)pid);
	directory = opendir(path);
	if (!directory)
		return;
	while (search->n_inodes < MAX_INODES && (entry = readdir(directory))) {
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		uint64_t inode;

		if (length < 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%" SCNu64 "]", &inode) == 1)
			search->inodes[search->n_inodes++] = inode;
	}
	closedir(directory);
}

static bool same_connection(const struct ssh_connection *a, const struct ssh_connection *b)
{
	return a->local_port == b->local_port && a->peer_port == b->peer_port &&
	       value_addr_equal(&a->local, &b->local) && value_addr_equal(&a->peer, &b->peer);
}

static bool is_among(const struct ssh_connection *list, size_t n, const struct ssh_connection *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (same_connection(&list[i], wanted))
			return true;
	return false;
}

/* An address as sshd writes it: a link-local one with its interface. */
static bool parse_hint_addr(char *text, struct addr *ret)
{
	text[strcspn(text, "%")] = '\0';
	return value_parse_addr(text, ret) == 0;
}

static void add_hint(struct search *search, const char *text)
{
	char peer[ADDR_TEXT_SIZE], peer_port[8], local[ADDR_TEXT_SIZE], local_port[8];
	struct ssh_connection hint;

	if (search->n_hints == MAX_HINTS ||
	    sscanf(text, "%63s %7s %63s %7s", peer, peer_port, local, local_port) != 4 ||
	    !parse_hint_addr(peer, &hint.peer) || !parse_hint_addr(local, &hint.local) ||
	    value_parse_port(peer_port, &hint.peer_port) || value_parse_port(local_port, &hint.local_port))
		return;
	if (!is_among(search->hints, search->n_hints, &hint))
		search->hints[search->n_hints++] = hint;
}

static void collect_hints(struct search *search, pid_t pid, char *buffer)
{
	static const char key[] = "SSH_CONNECTION=";
	ssize_t length = read_file(search, pid, "environ", buffer, ENVIRON_SIZE);

	for (const char *at = buffer; at - buffer < length; at += strlen(at) + 1)
		if (!strncmp(at, key, sizeof(key) - 1))
			add_hint(search, at + sizeof(key) - 1);
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool is_loopback(const struct addr *addr)
{
	const struct addr loopback6 = {.word = {0, 0, 0, htonl(1)}};

	if (value_addr_is_ipv4(addr))
		return ntohl(addr->word[3]) >> 24 == 127;
	return value_addr_equal(addr, &loopback6);
}

static void note_listener(const struct proc_tcp *socket, void *data)
{
	struct search *search = data;

	if (socket->state == PROC_TCP_LISTEN)
		search->listening[socket->local_port / 64] |= UINT64_C(1) << socket->local_port % 64;
}

static void match_socket(const struct proc_tcp *socket, void *data)
{
	struct search *search = data;
	struct ssh_connection connection = {.local = socket->local,
					    .peer = socket->peer,
					    .local_port = socket->local_port,
					    .peer_port = socket->peer_port};

	if (socket->state != PROC_TCP_ESTABLISHED ||
	    !(search->listening[socket->local_port / 64] >> socket->local_port % 64 & 1) ||
	    (!search->query->allow_loopback && is_loopback(&socket->peer)))
		return;
	if (!bsearch(&socket->inode, search->inodes, search->n_inodes, sizeof(socket->inode),
		     compare_inodes) &&
	    !is_among(search->hints, search->n_hints, &connection))
		return;
	if (search->n_found < MAX_SSH_CONNECTIONS && !is_among(search->found, search->n_found, &connection))
		search->found[search->n_found++] = connection;
}

static void look_through_ancestors(struct search *search, char *buffer)
{
	pid_t pid = search->query->pid;

	for (int i = 0; i < MAX_ANCESTORS && pid > 0; i++) {
		collect_inodes(search, pid);
		collect_hints(search, pid, buffer);
		pid = parent_of(search, pid);
	}
	qsort(search->inodes, search->n_inodes, sizeof(*search->inodes), compare_inodes);
}

int ssh_session_find(const struct ssh_query *query, struct ssh_connection ret[MAX_SSH_CONNECTIONS],
		     size_t *ret_n)
{
	struct search search = {.query = query};
	CLEANUP_FREE uint64_t *inodes = calloc(MAX_INODES, sizeof(*inodes));
	CLEANUP_FREE char *buffer = malloc(ENVIRON_SIZE);
	int err;

	if (!inodes || !buffer)
		return -ENOMEM;
	search.inodes = inodes;
	look_through_ancestors(&search, buffer);
	err = proc_tcp_each(query->proc, note_listener, &search);
	if (!err)
		err = proc_tcp_each(query->proc, match_socket, &search);
	if (err)
		return err;
	memcpy(ret, search.found, search.n_found * sizeof(*ret));
	*ret_n = search.n_found;
	return 0;
}
