// SPDX-License-Identifier: GPL-2.0-only
// Loads the programs that read replies inside TLS and attaches them to the libraries of processes.
#include "datapath_tls.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_internal.h"
#include "tls.skel.h"

enum kind { FREE, WRITTEN, WRITE };

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

/* The name of a folder in tls/. */
struct use_name {
	char text[72];
};

static struct use_name use_name(const struct tls_library *library)
{
	struct use_name name;

	snprintf(name.text, sizeof(name.text), "%" PRIu32 "_%" PRIx64 "_%s_%" PRIx64, library->pid,
		 library->started, library->device, library->inode);
	return name;
}

static struct pin_path use_folder(const char *instance, const struct tls_library *library)
{
	return pin_path(instance, "tls/%s", use_name(library).text);
}

static struct pin_path function_pin(const char *instance, const struct tls_library *library,
				    const struct function *function)
{
	return pin_path(instance, "tls/%s/%s%s", use_name(library).text, function->name,
			function->kind == WRITTEN ? "_return" : "");
}

static bool is_watched(const char *instance, const struct tls_library *library)
{
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		struct pin_path path = function_pin(instance, library, &functions[i]);

		if (functions[i].kind == WRITE && access(path.text, F_OK) == 0)
			return true;
	}
	return false;
}

enum tls_use datapath_tls_use(const char *instance, const struct tls_library *library)
{
	struct pin_path path = use_folder(instance, library);

	if (access(path.text, F_OK))
		return TLS_USE_NEW;
	return is_watched(instance, library) ? TLS_USE_WATCHED : TLS_USE_NOTHING;
}

bool datapath_tls_is_possible(void)
{
	return libbpf_find_vmlinux_btf_id("sock_send_length", BPF_TRACE_RAW_TP) >= 0;
}

static int pin_link(struct bpf_link *link, struct pin_path path, struct failure *failure)
{
	int r = pin_fd(bpf_link__fd(link), path, failure);

	bpf_link__destroy(link);
	return r == -EEXIST ? 0 : r; /* another process has been faster */
}

static int add_function(const char *instance, const struct tls_bpf *tls, const struct tls_library *library,
			const struct function *function, struct failure *failure)
{
	const struct bpf_program *program = function->kind == FREE      ? tls->progs.tls_free
					    : function->kind == WRITTEN ? tls->progs.tls_written
									: tls->progs.tls_write;
	LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = function->name,
		    .retprobe = function->kind == WRITTEN);
	struct bpf_link *link =
		bpf_program__attach_uprobe_opts(program, (pid_t)library->pid, library->path, 0, &options);

	/* FORMAT: a program that is not stripped has what it calls of a shared library in both its symbol
	 * tables, undefined, and libbpf takes that for two functions. SRCH: the process has ended. */
	if (!link && (errno == ENOENT || errno == LIBBPF_ERRNO__FORMAT || errno == ESRCH))
		return 0;
	if (!link)
		return failure_set(failure, -errno, "cannot watch %s of %s: %s", function->name,
				   library->path, strerror(errno));
	return pin_link(link, function_pin(instance, library, function), failure);
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
	struct pin_path folder = pin_path(instance, "tls");
	struct tls_bpf *tls CLEANUP(close_tls) = NULL;
	int r;

	if (!datapath_tls_is_possible())
		return failure_set(failure, -EOPNOTSUPP,
				   "this kernel does not tell which connection a TLS library writes to (it "
				   "has no tracepoint sock_send_length, Linux 6.3)");
	tls = tls_bpf__open();
	r = tls ? maps_reuse(tls->obj, instance, failure)
		: load_failed(failure, -errno, "the programs for TLS");
	if (r)
		return r;
	r = tls_bpf__load(tls);
	if (r)
		return load_failed(failure, r, "the programs for TLS");
	r = pins_make_folder(folder.text);
	if (r)
		return failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	*ret = tls;
	tls = NULL;
	return 0;
}

static int add_use(const char *instance, const struct tls_bpf *tls, const struct tls_library *library,
		   struct failure *failure)
{
	struct pin_path folder = use_folder(instance, library);
	int r = pins_make_folder(folder.text);

	if (r)
		return failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	for (size_t i = 0; i < N_FUNCTIONS && r == 0; i++)
		r = add_function(instance, tls, library, &functions[i], failure);
	if (r)
		pins_remove(folder.text);
	return r;
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
		int err = add_use(instance, tls, &libraries[i], &one);

		if (err && r == 0) {
			r = err;
			*failure = one;
		}
	}
	return r;
}

static bool is_among(const char *name, const struct tls_library *libraries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(use_name(&libraries[i]).text, name) == 0)
			return true;
	return false;
}

/* Only folders stand for a use: the other programs have their links beside them. */
void datapath_tls_keep(const char *instance, const struct tls_library *libraries, size_t n)
{
	struct pin_path folder = pin_path(instance, "tls");
	char **names;
	size_t n_names;

	if (pins_list(folder.text, &names, &n_names))
		return;
	for (size_t i = 0; i < n_names; i++) {
		struct pin_path path = pin_path(instance, "tls/%s", names[i]);
		struct stat status;

		if (!is_among(names[i], libraries, n) && stat(path.text, &status) == 0 &&
		    S_ISDIR(status.st_mode))
			pins_remove(path.text);
	}
	pins_free_names(names, n_names);
}

void datapath_tls_remove(const char *instance)
{
	struct pin_path folder = pin_path(instance, "tls");

	pins_remove(folder.text);
}
