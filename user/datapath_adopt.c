// SPDX-License-Identifier: GPL-2.0-only
// Runs the iterators that adopt what the host already had.
#include "datapath_adopt.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "adopt.skel.h"
#include "cleanup.h"
#include "datapath_internal.h"

static void close_adopt(struct adopt_bpf **adopt)
{
	adopt_bpf__destroy(*adopt);
}

/* A session that closes meanwhile stays closed. */
static int choose_ports(int sessions, const struct adopt_choice *choice)
{
	uint64_t cookie, *previous = NULL;
	struct session session;
	uint16_t port;

	while (bpf_map_get_next_key(sessions, previous, &cookie) == 0) {
		previous = &cookie;
		if (bpf_map_lookup_elem(sessions, &cookie, &session))
			continue;
		port = choice->control_port(choice->context, &session);
		if (port == session.control_port)
			continue;
		session.control_port = port;
		if (bpf_map_update_elem(sessions, &cookie, &session, BPF_EXIST) && errno != ENOENT)
			return -errno;
	}
	return errno == ENOENT ? 0 : -errno;
}

static int run_all(const struct bpf_program *const *programs, size_t n, struct failure *failure)
{
	for (size_t i = 0; i < n; i++) {
		int r = iterator_run(programs[i]);

		if (r)
			return failure_set(failure, r, "cannot look through the host's sockets (%s): %s",
					   bpf_program__name(programs[i]), strerror(-r));
	}
	return 0;
}

int adopt_existing(const char *instance, const struct adopt_choice *choice, struct failure *failure)
{
	struct adopt_bpf *adopt CLEANUP(close_adopt) = adopt_bpf__open();
	int r = adopt ? maps_reuse(adopt->obj, instance, failure)
		      : load_failed(failure, -errno, "the iterators");

	if (r)
		return r;
	r = adopt_bpf__load(adopt);
	if (r)
		return load_failed(failure, r, "the iterators");

	/* Each builds on those before it. */
	const struct bpf_program *const sessions[] = {
		adopt->progs.adopt_listening,
		adopt->progs.adopt_sessions,
	};
	const struct bpf_program *const others[] = {
		adopt->progs.adopt_listeners,
		adopt->progs.adopt_connections,
		adopt->progs.adopt_datagrams,
		adopt->progs.adopt_rogues,
	};

	r = run_all(sessions, sizeof(sessions) / sizeof(sessions[0]), failure);
	if (r)
		return r;
	r = choose_ports(bpf_map__fd(adopt->maps.sessions), choice);
	if (r)
		return failure_set(failure, r, "cannot read the sessions: %s", strerror(-r));
	return run_all(others, sizeof(others) / sizeof(others[0]), failure);
}
