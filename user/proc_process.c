// SPDX-License-Identifier: GPL-2.0-only
// Reads /proc/PID/comm and /proc/PID/status.
#include "proc_process.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

static FILE *open_file(const char *proc, uint32_t pid, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%u/%s", proc, pid, name);
	return fopen(path, "re");
}

/* A line end may be part of the name: only the last one is the file's. */
static int read_comm(const char *proc, uint32_t pid, char ret[16])
{
	FILE *file CLEANUP_STREAM = open_file(proc, pid, "comm");
	char text[17] = "";
	size_t n = file ? fread(text, 1, sizeof(text), file) : 0;

	if (n == 0)
		return -ENOENT;
	if (text[n - 1] == '\n')
		text[n - 1] = '\0';
	memcpy(ret, text, 16);
	return 0;
}

int proc_process(const char *proc, uint32_t pid, char ret_comm[16], uint32_t *ret_uid)
{
	FILE *file CLEANUP_STREAM = open_file(proc, pid, "status");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Uid: %u", ret_uid) == 1)
			return read_comm(proc, pid, ret_comm);
	return -ENOENT;
}
