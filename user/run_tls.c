// SPDX-License-Identifier: GPL-2.0-only
// Looks for TLS libraries that are not watched yet.
#include "run_tls.h"

#include <stdio.h>
#include <string.h>

#include "proc_process.h"

/* A server that has replaced its library, or is the same with other processes, may have the same listener:
 * that is seen after SEARCH_S only. */
enum { LOOK_S = 5, SEARCH_S = 60 };
static const uint64_t second_ns = 1000000000;

/* That the log does not take it changes nothing of what is watched. */
static void log_stale(const struct datapath *datapath, const struct tls_library *library, enum stale stale)
{
	struct event event = {.kind = EVENT_TLS_STALE, .reason = (__u8)stale};

	memcpy(&event.peer, library->name, strnlen(library->name, sizeof(event.peer)));
	/* A process that has ended meanwhile is not named. */
	if (proc_process("/proc", library->process.pid, event.comm, &event.uid) == 0)
		event.pid = library->process.pid;
	datapath_log_event(datapath, &event);
}

static void tell_stale(struct tls_told *told, const struct datapath *datapath, const struct tls_found *found)
{
	enum stale stale;
	const struct tls_library *library = tls_stale_take(told, found, &stale);

	if (library)
		log_stale(datapath, library, stale);
}

/* Since it was last asked. What cannot be read is told by the search. */
static bool listeners_changed(struct run_tls *tls, const struct policy *policy)
{
	uint64_t before = tls->listeners;
	int r = tls_watch_listeners(policy, &tls->listeners);

	return r || tls->listeners != before;
}

static bool is_due(struct run_tls *tls, const struct policy *policy, uint64_t now_ns)
{
	if (tls->looked_ns && now_ns - tls->looked_ns < LOOK_S * second_ns)
		return false;
	tls->looked_ns = now_ns;
	return listeners_changed(tls, policy) || !tls->searched_ns ||
	       now_ns - tls->searched_ns >= SEARCH_S * second_ns;
}

void run_tls_turn(struct run_tls *tls, const char *instance, const struct datapath *datapath,
		  const struct policy *policy, uint64_t now_ns)
{
	struct failure failure = {""};
	struct tls_found found;
	struct tls_state state;
	int r;

	if (!is_due(tls, policy, now_ns))
		return;
	r = tls_watch_update(instance, policy, &state, &found, &failure);
	/* Soon again only where that opens what stays shut, or a server came or went meanwhile: the search
	 * may have found one that ends before the next look. */
	tls->searched_ns = state.stale_pid || listeners_changed(tls, policy) ? 0 : now_ns;
	/* A policy that asks for no watch ends every one: the next begins anew. */
	if (!state.wanted)
		tls->told.n = 0;
	tell_stale(&tls->told, datapath, &found);
	if (r) {
		if (strcmp(tls->failed.text, failure.text) != 0)
			fprintf(stderr, "postern run: watch: tls: %s\n", failure.text);
	} else if (state.watched != tls->watched || *tls->failed.text) {
		fprintf(stderr, "postern run: watch: tls: %zu TLS librar%s of server processes watched\n",
			state.watched, state.watched == 1 ? "y" : "ies");
		tls->watched = state.watched;
	}
	tls->failed = failure;
}
