// SPDX-License-Identifier: GPL-2.0-only
// Reads /proc/PID/maps.
#include "tls_libraries.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

struct libraries {
	struct tls_library *files; /* MAX_TLS_OF_PROCESS */
	size_t n;
	struct tls_library program; /* inode 0: not found yet */
};

static bool is_library(const char *name)
{
	return strncmp(name, "libssl.", 7) == 0 || strncmp(name, "libssl-", 7) == 0 ||
	       strncmp(name, "libgnutls.", 10) == 0 || strncmp(name, "libgnutls-", 10) == 0;
}

static void add_library(struct libraries *libraries, const struct tls_library *library)
{
	for (size_t i = 0; i < libraries->n; i++)
		if (libraries->files[i].inode == library->inode &&
		    strcmp(libraries->files[i].device, library->device) == 0)
			return;
	if (libraries->n < MAX_TLS_OF_PROCESS)
		libraries->files[libraries->n++] = *library;
}

/* A line of /proc/PID/maps. Its path has no slash at the front where it is not a file. */
static void take_mapping(struct libraries *libraries, const struct tls_process *process, const char *program,
			 char *line)
{
	struct tls_library library = {.process = *process};
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
	snprintf(library.path, sizeof(library.path), "/proc/%" PRIu32 "/map_files/%s", process->pid, range);
	if (library.is_program)
		libraries->program = library;
	else
		add_library(libraries, &library);
}

size_t tls_libraries_of(const struct tls_process *process, struct tls_library ret[MAX_TLS_OF_PROCESS])
{
	char path[64], program[PATH_MAX] = "", line[PATH_MAX + 256];
	struct libraries libraries = {.files = ret};
	FILE *file CLEANUP_STREAM = NULL;
	bool whole = true;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", process->pid);
	length = readlink(path, program, sizeof(program) - 1);
	program[length > 0 ? length : 0] = '\0';
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", process->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		bool begins = whole;

		whole = strchr(line, '\n') != NULL;
		if (begins && whole)
			take_mapping(&libraries, process, program, line);
	}
	if (!libraries.n && libraries.program.inode)
		add_library(&libraries, &libraries.program);
	return libraries.n;
}
