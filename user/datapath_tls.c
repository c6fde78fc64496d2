// SPDX-License-Identifier: GPL-2.0-only
// Loads the programs that read replies inside TLS and attaches them to the libraries of processes.
#include "datapath_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_internal.h"
#include "proc_process.h"
#include "tls.skel.h"
#include "tls_uses.h"

enum kind { FREE, WRITTEN, WRITE };

enum { MOST_BYTES = 128 << 20 /* of a file that is looked into */ };

/* Attached in this order: what is learned of an object must also be forgotten. */
static const struct function {
	const char *name;
	enum kind kind;
} functions[] = {
	{"SSL_free", FREE},        {"gnutls_deinit", FREE},         {"SSL_write", WRITTEN},
	{"SSL_write_ex", WRITTEN}, {"gnutls_record_send", WRITTEN}, {"SSL_write", WRITE},
	{"SSL_write_ex", WRITE},   {"gnutls_record_send", WRITE},
};

enum { N_FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };

static void close_tls(struct tls_bpf **tls)
{
	tls_bpf__destroy(*tls);
}

int datapath_tls_check(struct failure *failure)
{
	if (libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP) >= 0)
		return 0;
	return failure_set(failure, -EOPNOTSUPP,
			   "this kernel does not tell which connection a TLS library writes to (it has no "
			   "tracepoint sock_send_length, Linux 6.3)");
}

static int pin_link(struct bpf_link *link, struct pin_path path, struct failure *failure)
{
	int r = pin_fd(bpf_link__fd(link), path, failure);

	bpf_link__destroy(link);
	return r == -EEXIST ? 0 : r; /* those that every use needs are there */
}

/* `file` is the library's, as a path that leads to it and nothing else. */
static int add_function(const char *instance, const struct tls_bpf *tls, const struct tls_library *library,
			const char *file, const struct function *function, struct failure *failure)
{
	const struct bpf_program *program = function->kind == FREE      ? tls->progs.tls_free
					    : function->kind == WRITTEN ? tls->progs.tls_written
									: tls->progs.tls_write;
	LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = function->name,
		    .retprobe = function->kind == WRITTEN);
	struct bpf_link *link =
		bpf_program__attach_uprobe_opts(program, (pid_t)library->process.pid, file, 0, &options);
	char name[40];

	/* FORMAT: a program that is not stripped has what it calls of a shared library in both its symbol
	 * tables, undefined, and libbpf takes that for two functions. */
	if (!link && (errno == ENOENT || errno == LIBBPF_ERRNO__FORMAT))
		return 0;
	if (!link)
		return failure_set(failure, -errno, "cannot watch %s of %s: %s", function->name,
				   library->path, strerror(errno));
	snprintf(name, sizeof(name), "%s%s", function->name, function->kind == WRITTEN ? "_return" : "");
	return pin_link(link, tls_use_pin(instance, name), failure);
}

static int add_sends(const char *instance, const struct tls_bpf *tls, struct failure *failure)
{
	const struct bpf_program *const programs[] = {tls->progs.tls_send_1, tls->progs.tls_send_2};

	for (int i = 0; i < 2; i++) {
		struct bpf_link *link = bpf_program__attach(programs[i]);
		int r = link ? pin_link(link, pin_path(instance, "tls/%s", bpf_program__name(programs[i])),
					failure)
			     : load_failed(failure, -errno, "the programs for TLS");

		if (r)
			return r;
	}
	return 0;
}

static int load(const char *instance, struct tls_bpf **ret, struct failure *failure)
{
	struct tls_bpf *tls CLEANUP(close_tls) = NULL;
	int r = datapath_tls_check(failure);

	if (r)
		return r;
	tls = tls_bpf__open();
	r = tls ? maps_reuse(tls->obj, instance, failure)
		: load_failed(failure, -errno, "the programs for TLS");
	if (r)
		return r;
	r = tls_bpf__load(tls);
	if (r)
		return load_failed(failure, r, "the programs for TLS");
	*ret = tls;
	tls = NULL;
	return 0;
}

/* The mapped file itself, whatever the process maps there next; -ENOENT: it maps nothing there any more, or
 * has ended. libelf keeps whole sections in memory, so that a huge one is none for it. */
static int open_library(const struct tls_library *library, struct failure *failure)
{
	int fd = open(library->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = -ENOENT;
	struct stat status;

	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &status) == 0)
		r = S_ISREG(status.st_mode) && status.st_size <= MOST_BYTES ? 0 : -EFBIG;
	if (r)
		close(fd);
	return r == -EFBIG ? failure_set(failure, r, "cannot watch %s: it is too large", library->path)
			   : r ?: fd;
}

static int add_functions(const char *instance, const struct tls_bpf *tls, const struct tls_library *library,
			 int fd, struct failure *failure)
{
	char file[32];
	int r = 0;

	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < N_FUNCTIONS && r == 0; i++)
		r = add_function(instance, tls, library, file, &functions[i], failure);
	return r;
}

static bool is_same_process(const struct tls_process *process)
{
	uint64_t started;

	return proc_started("/proc", process->pid, &started) == 0 && started == process->started;
}

static int add_library(const char *instance, const struct tls_bpf *tls, const struct tls_library *library,
		       struct failure *failure)
{
	int fd = open_library(library, failure), r;
	bool is_same;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = tls_use_begin(instance, failure);
	if (r == 0)
		r = add_functions(instance, tls, library, fd, failure);
	close(fd);
	is_same = is_same_process(&library->process);
	if (r == 0 && is_same)
		r = tls_use_finish(instance, library, failure);
	if (r || !is_same)
		tls_use_undo(instance);
	return is_same ? r : 0;
}

int datapath_tls_add(const char *instance, const struct tls_library *libraries, size_t n,
		     struct failure *failure)
{
	struct tls_bpf *tls CLEANUP(close_tls) = NULL;
	int r = load(instance, &tls, failure);

	if (r == 0)
		r = add_sends(instance, tls, failure);
	if (r)
		return r;
	/* A file that cannot be watched does not keep the others from it: any user may map one. */
	for (size_t i = 0; i < n; i++) {
		struct failure one = {""};
		int err = add_library(instance, tls, &libraries[i], &one);

		if (err && r == 0) {
			r = err;
			*failure = one;
		}
	}
	return r;
}
