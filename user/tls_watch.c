// SPDX-License-Identifier: GPL-2.0-only
// From the policy's servers to the libraries that are to be watched.
#include "tls_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "datapath_tls.h"

static bool add_port(void *context, uint16_t socket_port, uint16_t control_port)
{
	uint64_t *ports = context;

	(void)control_port; /* a redirect in front of it: no socket has it */
	ports[socket_port / 64] |= UINT64_C(1) << socket_port % 64;
	return true;
}

/* The ports of the control sockets of the servers that are watched by tls; whether there are any. */
static bool find_ports(const struct policy *policy, uint64_t ports[N_PORTS / 64])
{
	bool found = false;

	memset(ports, 0, N_PORTS / 8);
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		if (server->pinholes == FTP_PINHOLES_STATIC || !(server->watch & 1u << FTP_WATCH_TLS))
			continue;
		found = true;
		policy_control_sockets(policy, server, add_port, ports);
	}
	return found;
}

static void judge(const char *instance, const struct tls_library *libraries, size_t n, struct tls_state *ret)
{
	ret->watched = ret->unwatched = 0;
	for (size_t i = 0; i < n; i++) {
		if (datapath_tls_file(instance, &libraries[i]) == TLS_FILE_WATCHED) {
			ret->watched++;
		} else if (!libraries[i].is_program) {
			ret->unwatched++;
			memcpy(ret->stale, libraries[i].name, sizeof(ret->stale));
		}
	}
}

static int find(const struct policy *policy, struct tls_library *libraries, size_t *ret_n,
		struct tls_state *ret)
{
	uint64_t ports[N_PORTS / 64];
	int r;

	*ret = (struct tls_state){.wanted = find_ports(policy, ports)};
	*ret_n = 0;
	if (!ret->wanted)
		return 0;
	r = tls_libraries_find(ports, libraries, ret_n);
	return r == -ENOSPC ? 0 : r;
}

int tls_watch_look(const char *instance, const struct policy *policy, struct tls_state *ret)
{
	struct tls_library libraries[MAX_TLS_LIBRARIES];
	size_t n;
	int r = find(policy, libraries, &n, ret);

	if (r == 0)
		judge(instance, libraries, n, ret);
	return r;
}

/* Which of them are watched now. Of a program that is not, nobody knows whether it holds a library. */
static void judge_found(const char *instance, struct tls_found *found)
{
	size_t n = 0;

	for (size_t i = 0; i < found->n; i++) {
		bool is_watched = datapath_tls_file(instance, &found->files[i]) == TLS_FILE_WATCHED;

		if (found->files[i].is_program && !is_watched)
			continue;
		found->files[n] = found->files[i];
		found->is_watched[n++] = is_watched;
	}
	found->n = n;
}

int tls_watch_update(const char *instance, const struct policy *policy, struct tls_state *ret,
		     struct tls_found *ret_found, struct failure *failure)
{
	struct tls_library libraries[MAX_TLS_LIBRARIES];
	size_t n;
	int r = find(policy, libraries, &n, ret);

	ret_found->n = 0;
	if (r)
		return failure_set(failure, r, "cannot look for the servers' TLS libraries: %s",
				   strerror(-r));
	if (!ret->wanted) {
		datapath_tls_remove(instance);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (datapath_tls_file(instance, &libraries[i]) == TLS_FILE_NEW)
			ret_found->files[ret_found->n++] = libraries[i];
	if (ret_found->n) {
		ret_found->is_first = !datapath_tls_watches(instance);
		r = datapath_tls_add(instance, ret_found->files, ret_found->n, failure);
	}
	judge(instance, libraries, n, ret);
	judge_found(instance, ret_found);
	return r;
}
