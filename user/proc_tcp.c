// SPDX-License-Identifier: GPL-2.0-only
/* Reads the TCP sockets of a network namespace from procfs. */
#include "proc_tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512, HEX_SIZE = 33 };

/* The kernel prints each 32-bit word of an address as it lies in memory, read as a number. */
static bool parse_addr(const char *hex, struct addr *ret)
{
	struct addr addr = {.word = {0, 0, htonl(0xffff), 0}};
	size_t length = strlen(hex);
	int first = length == 8 ? 3 : 0;

	if (length != 8 && length != 32)
		return false;
	for (int i = first; i < 4; i++)
		if (sscanf(hex + (size_t)(i - first) * 8, "%8" SCNx32, &addr.word[i]) != 1)
			return false;
	*ret = addr;
	return true;
}

static bool parse_line(const char *line, struct proc_tcp *ret)
{
	char local[HEX_SIZE], peer[HEX_SIZE];
	unsigned local_port, peer_port;
	struct proc_tcp entry;

	if (sscanf(line,
		   " %*u: %32[0-9A-Fa-f]:%4x %32[0-9A-Fa-f]:%4x %2x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
		   local, &local_port, peer, &peer_port, &entry.state, &entry.inode) != 6)
		return false;
	if (!parse_addr(local, &entry.local) || !parse_addr(peer, &entry.peer))
		return false;
	entry.local_port = (uint16_t)local_port;
	entry.peer_port = (uint16_t)peer_port;
	*ret = entry;
	return true;
}

/* A line that does not fit is no socket, and neither is the rest of it. */
static void read_lines(FILE *file, void (*each)(const struct proc_tcp *socket, void *data), void *data)
{
	char line[LINE_SIZE];
	struct proc_tcp entry;
	bool whole = true;

	while (fgets(line, sizeof(line), file)) {
		bool begins = whole;

		whole = strchr(line, '\n') != NULL;
		if (begins && whole && parse_line(line, &entry))
			each(&entry, data);
	}
}

int proc_tcp_each(const char *proc, void (*each)(const struct proc_tcp *socket, void *data), void *data)
{
	static const char *const tables[] = {"tcp", "tcp6"};
	char path[PATH_MAX];

	for (int i = 0; i < 2; i++) {
		FILE *file;
		int err;

		/* Not /proc/net: that is the namespace of the process, not of a thread that changed it. */
		snprintf(path, sizeof(path), "%s/thread-self/net/%s", proc, tables[i]);
		file = fopen(path, "re");
		if (!file && i && errno == ENOENT) /* a kernel without IPv6 */
			return 0;
		if (!file)
			return -errno;
		read_lines(file, each, data);
		err = ferror(file) ? -EIO : 0;
		fclose(file);
		if (err)
			return err;
	}
	return 0;
}
