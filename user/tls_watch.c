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

/* The ports of the control sockets of the servers that are watched by tls. */
static void find_ports(const struct policy *policy, uint64_t ports[N_PORTS / 64], struct tls_state *ret)
{
	memset(ports, 0, N_PORTS / 8);
	for (size_t i = 0; i < policy->n_ftp; i++) {
		const struct ftp_server *server = &policy->ftp[i];

		if (server->pinholes == FTP_PINHOLES_STATIC || !(server->watch & 1u << FTP_WATCH_TLS))
			continue;
		ret->wanted = true;
		ret->listed |= server->watch_listed;
		policy_control_sockets(policy, server, add_port, ports);
	}
}

/* Of a program that is not watched, nobody knows whether it holds a library. */
static void judge(const char *instance, const struct tls_library *libraries, size_t n, struct tls_state *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (datapath_tls_use(instance, &libraries[i]) == TLS_USE_WATCHED) {
			ret->watched++;
		} else if (!libraries[i].is_program) {
			ret->unwatched++;
			if (!libraries[i].serves_several)
				continue;
			ret->stale_pid = libraries[i].pid;
			memcpy(ret->stale, libraries[i].name, sizeof(ret->stale));
		}
	}
}

/* Returns -ENOSPC as tls_libraries_find() does. */
static int find(const struct policy *policy, struct tls_library *libraries, size_t *ret_n,
		struct tls_state *ret)
{
	uint64_t ports[N_PORTS / 64];

	*ret = (struct tls_state){.possible = datapath_tls_is_possible()};
	*ret_n = 0;
	find_ports(policy, ports, ret);
	return ret->wanted ? tls_libraries_find(ports, libraries, ret_n) : 0;
}

int tls_watch_listeners(const struct policy *policy, uint64_t *ret)
{
	uint64_t ports[N_PORTS / 64];
	struct tls_state state = {0};

	find_ports(policy, ports, &state);
	*ret = 0;
	return state.wanted ? tls_libraries_listeners(ports, ret) : 0;
}

int tls_watch_look(const char *instance, const struct policy *policy, struct tls_state *ret)
{
	struct tls_library libraries[MAX_TLS_LIBRARIES];
	size_t n;
	int r = find(policy, libraries, &n, ret);

	if (r && r != -ENOSPC)
		return r;
	judge(instance, libraries, n, ret);
	return 0;
}

/* Watches what is new among the libraries, and tells which of those that matter nothing had watched. */
static int watch(const char *instance, const struct tls_library *libraries, size_t n, size_t *ret_added,
		 struct tls_found *ret_found, struct failure *failure)
{
	struct tls_library new[MAX_TLS_LIBRARIES];
	size_t n_new = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		enum tls_use use = datapath_tls_use(instance, &libraries[i]);

		if (use == TLS_USE_NEW)
			new[n_new++] = libraries[i];
		if (use != TLS_USE_WATCHED && libraries[i].serves_several)
			ret_found->files[ret_found->n++] = libraries[i];
	}
	if (n_new)
		r = datapath_tls_add(instance, new, n_new, failure);
	for (size_t i = 0; i < n_new; i++)
		*ret_added += datapath_tls_use(instance, &new[i]) == TLS_USE_WATCHED;
	n = ret_found->n;
	ret_found->n = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_watched = datapath_tls_use(instance, &ret_found->files[i]) == TLS_USE_WATCHED;

		if (ret_found->files[i].is_program && !is_watched)
			continue;
		ret_found->files[ret_found->n] = ret_found->files[i];
		ret_found->is_watched[ret_found->n++] = is_watched;
	}
	return r;
}

int tls_watch_update(const char *instance, const struct policy *policy, struct tls_state *ret,
		     struct tls_found *ret_found, struct failure *failure)
{
	struct tls_library libraries[MAX_TLS_LIBRARIES];
	size_t n;
	int r = find(policy, libraries, &n, ret);

	ret_found->n = 0;
	if (r && r != -ENOSPC)
		return failure_set(failure, r, "cannot look for the servers' TLS libraries: %s",
				   strerror(-r));
	if (!ret->wanted) {
		datapath_tls_remove(instance);
		return 0;
	}
	if (r == 0) /* else it is not known what else there is */
		datapath_tls_keep(instance, libraries, n);
	r = watch(instance, libraries, n, &ret->added, ret_found, failure);
	judge(instance, libraries, n, ret);
	return r;
}
