// SPDX-License-Identifier: GPL-2.0-only
// From the policy's servers to the libraries that are to be watched.
#include "tls_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_tls.h"
#include "tls_uses.h"

/* What was found. */
struct look {
	struct tls_state state;
	size_t n;
	struct tls_library libraries[MAX_TLS_LIBRARIES];
};

static bool add_port(void *context, uint16_t socket_port, uint16_t control_port)
{
	uint64_t *ports = context;

	(void)control_port; /* a redirect in front of it: no socket has it */
	ports[socket_port / 64] |= UINT64_C(1) << socket_port % 64;
	return true;
}

static bool is_watched_by_tls(const struct ftp_server *server)
{
	return server->pinholes != FTP_PINHOLES_STATIC && server->watch & 1u << FTP_WATCH_TLS;
}

static void add_libraries(const struct tls_process *process, struct look *ret)
{
	struct tls_library found[MAX_TLS_OF_PROCESS];
	size_t n = tls_libraries_of(process, found);

	for (size_t i = 0; i < n; i++) {
		if (ret->n == MAX_TLS_LIBRARIES)
			ret->state.is_partial = true;
		else
			ret->libraries[ret->n++] = found[i];
	}
}

static bool is_known(const struct look *look, const struct tls_process *process)
{
	for (size_t i = 0; i < look->n; i++)
		if (look->libraries[i].process.pid == process->pid)
			return true;
	return false;
}

static int look_at(const struct policy *policy, const struct ftp_server *server, struct look *ret)
{
	struct tls_servers servers = {0};
	uint64_t ports[N_PORTS / 64] = {0};
	int r;

	policy_control_sockets(policy, server, add_port, ports);
	r = tls_servers_find(ports, &server->owner, &servers);
	ret->state.is_partial |= servers.is_partial;
	for (size_t i = 0; i < servers.n && r == 0; i++)
		if (!is_known(ret, &servers.processes[i]))
			add_libraries(&servers.processes[i], ret);
	return r;
}

static int look(const struct policy *policy, struct look *ret)
{
	struct failure ignored;
	int r = 0;

	for (size_t i = 0; i < policy->n_ftp && r == 0; i++) {
		if (!is_watched_by_tls(&policy->ftp[i]))
			continue;
		ret->state.wanted = true;
		ret->state.listed |= policy->ftp[i].watch_listed;
		ret->state.possible = datapath_tls_check(&ignored) == 0;
		if (ret->state.possible)
			r = look_at(policy, &policy->ftp[i], ret);
	}
	return r;
}

/* Of a program that is not watched, nobody knows whether it holds a library. */
static void judge(const char *instance, const struct tls_library *libraries, size_t n, struct tls_state *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (tls_use_get(instance, &libraries[i]) == TLS_USE_WATCHED) {
			ret->watched++;
		} else if (!libraries[i].is_program) {
			ret->unwatched++;
			if (!libraries[i].process.serves_several)
				continue;
			ret->stale_pid = libraries[i].process.pid;
			memcpy(ret->stale, libraries[i].name, sizeof(ret->stale));
		}
	}
}

int tls_watch_listeners(const struct policy *policy, uint64_t *ret)
{
	uint64_t ports[N_PORTS / 64] = {0};
	bool wanted = false;

	for (size_t i = 0; i < policy->n_ftp; i++) {
		if (!is_watched_by_tls(&policy->ftp[i]))
			continue;
		wanted = true;
		policy_control_sockets(policy, &policy->ftp[i], add_port, ports);
	}
	*ret = 0;
	return wanted ? tls_servers_listeners(ports, ret) : 0;
}

int tls_watch_look(const char *instance, const struct policy *policy, struct tls_state *ret)
{
	struct look found = {0};
	int r = look(policy, &found);

	judge(instance, found.libraries, found.n, &found.state);
	*ret = found.state;
	return r;
}

/* Watches what is new among the libraries, and tells which of those that matter nothing had watched. */
static int watch(const char *instance, const struct look *look, size_t *ret_added,
		 struct tls_found *ret_found, struct failure *failure)
{
	struct tls_library new[MAX_TLS_LIBRARIES];
	size_t n_new = 0, n;
	int r = 0;

	for (size_t i = 0; i < look->n; i++) {
		const struct tls_library *library = &look->libraries[i];
		enum tls_use use = tls_use_get(instance, library);

		if (use == TLS_USE_NEW)
			new[n_new++] = *library;
		if (use != TLS_USE_WATCHED && library->process.serves_several)
			ret_found->files[ret_found->n++] = *library;
	}
	if (n_new)
		r = datapath_tls_add(instance, new, n_new, failure);
	for (size_t i = 0; i < n_new; i++)
		*ret_added += tls_use_get(instance, &new[i]) == TLS_USE_WATCHED;
	n = ret_found->n;
	ret_found->n = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_watched = tls_use_get(instance, &ret_found->files[i]) == TLS_USE_WATCHED;

		if (ret_found->files[i].is_program && !is_watched)
			continue;
		ret_found->files[ret_found->n] = ret_found->files[i];
		ret_found->is_watched[ret_found->n++] = is_watched;
	}
	return r;
}

/* With the lock: what another looker finds new is not changed by this one. */
static int update(const char *instance, const struct policy *policy, struct look *found,
		  struct tls_found *ret_found, struct failure *failure)
{
	int r = look(policy, found);

	if (r)
		return failure_set(failure, r, "cannot look for the servers' TLS libraries: %s",
				   strerror(-r));
	if (!found->state.possible)
		return datapath_tls_check(failure);
	tls_uses_tidy(instance);
	r = watch(instance, found, &found->state.added, ret_found, failure);
	judge(instance, found->libraries, found->n, &found->state);
	if (r == 0 && found->state.is_partial)
		r = failure_set(failure, -ENOSPC,
				"there are more processes and files than are looked through: a server among "
				"the others would not be watched");
	return r;
}

int tls_watch_update(const char *instance, const struct policy *policy, struct tls_state *ret,
		     struct tls_found *ret_found, struct failure *failure)
{
	struct look found = {0};
	bool wanted = false;
	int lock, r;

	ret_found->n = 0;
	for (size_t i = 0; i < policy->n_ftp; i++)
		wanted |= is_watched_by_tls(&policy->ftp[i]);
	*ret = found.state;
	if (!wanted) {
		/* What may be gone back to may need it. */
		if (!pins_is_held(instance))
			tls_uses_remove(instance);
		return 0;
	}
	lock = tls_uses_lock(instance, failure);
	if (lock < 0)
		return lock;
	r = update(instance, policy, &found, ret_found, failure);
	*ret = found.state;
	close(lock);
	return r;
}
