// SPDX-License-Identifier: GPL-2.0-only
// The folders below tls/: the kernel goes on without us as long as they are there.
#include "tls_uses.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proc_process.h"

static struct pin_path tls_folder(const char *instance)
{
	return pin_path(instance, "tls");
}

static struct pin_path making_folder(const char *instance)
{
	return pin_path(instance, "tls/making");
}

static struct pin_path use_folder(const char *instance, const struct tls_library *library)
{
	return pin_path(instance, "tls/%" PRIu32 "_%" PRIx64 "_%s_%" PRIx64, library->process.pid,
			library->process.started, library->device, library->inode);
}

enum tls_use tls_use_get(const char *instance, const struct tls_library *library)
{
	struct pin_path folder = use_folder(instance, library);
	char **names;
	size_t n;

	if (pins_list(folder.text, &names, &n))
		return TLS_USE_NEW;
	pins_free_names(names, n);
	return n ? TLS_USE_WATCHED : TLS_USE_NOTHING;
}

int tls_uses_lock(const char *instance, struct failure *failure)
{
	struct pin_path folder = tls_folder(instance);

	return pins_lock_folder(folder.text, failure);
}

int tls_use_begin(const char *instance, struct failure *failure)
{
	struct pin_path folder = making_folder(instance);
	int r;

	pins_remove(folder.text);
	r = pins_make_folder(folder.text);
	return r ? failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r)) : 0;
}

struct pin_path tls_use_pin(const char *instance, const char *name)
{
	return pin_path(instance, "tls/making/%s", name);
}

int tls_use_finish(const char *instance, const struct tls_library *library, struct failure *failure)
{
	struct pin_path making = making_folder(instance), folder = use_folder(instance, library);

	return rename(making.text, folder.text)
		       ? failure_set(failure, -errno, "cannot name %s: %s", folder.text, strerror(errno))
		       : 0;
}

void tls_use_undo(const char *instance)
{
	struct pin_path folder = making_folder(instance);

	pins_remove(folder.text);
}

static bool is_over(const char *name)
{
	uint64_t is, was;
	uint32_t pid;

	return sscanf(name, "%" SCNu32 "_%" SCNx64 "_", &pid, &was) == 2 &&
	       (proc_started("/proc", pid, &is) || is != was);
}

void tls_uses_tidy(const char *instance)
{
	struct pin_path folder = tls_folder(instance);
	char **names;
	size_t n;

	if (pins_list(folder.text, &names, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct pin_path path = pin_path(instance, "tls/%s", names[i]);

		if (is_over(names[i]))
			pins_remove(path.text);
	}
	pins_free_names(names, n);
	tls_use_undo(instance);
}

void tls_uses_remove(const char *instance)
{
	struct pin_path folder = tls_folder(instance);

	pins_remove(folder.text);
}
