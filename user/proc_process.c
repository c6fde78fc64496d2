// SPDX-License-Identifier: GPL-2.0-only
// Reads /proc/PID/comm, /proc/PID/status and /proc/PID/stat.
#include "proc_process.h"

#include <errno.h>
#include <inttypes.h>
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

int proc_uids(const char *proc, uint32_t pid, uint32_t ret[N_PROC_UIDS])
{
	FILE *file CLEANUP_STREAM = open_file(proc, pid, "status");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Uid: %" SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu32, &ret[PROC_UID_REAL],
			   &ret[PROC_UID_EFFECTIVE], &ret[PROC_UID_SAVED],
			   &ret[PROC_UID_FILES]) == N_PROC_UIDS)
			return 0;
	return -ENOENT;
}

int proc_process(const char *proc, uint32_t pid, char ret_comm[16], uint32_t *ret_uid)
{
	uint32_t uids[N_PROC_UIDS];
	int r = proc_uids(proc, pid, uids);

	*ret_uid = r == 0 ? uids[PROC_UID_REAL] : *ret_uid;
	return r ?: read_comm(proc, pid, ret_comm);
}

/* Its name, in parentheses, can hold anything, a closing one as well: the fields begin after the last. */
int proc_started(const char *proc, uint32_t pid, uint64_t *ret)
{
	FILE *file CLEANUP_STREAM = open_file(proc, pid, "stat");
	char text[1024];
	size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	const char *fields;

	text[n] = '\0';
	fields = strrchr(text, ')');
	return fields && sscanf(fields,
				") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
				"%*d %*d %" SCNu64,
				ret) == 1
		       ? 0
		       : -ENOENT;
}
