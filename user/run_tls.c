// SPDX-License-Identifier: GPL-2.0-only
// Looks for TLS libraries that are not watched yet.
#include "run_tls.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_S = 5 };
static const uint64_t second_ns = 1000000000;

void run_tls_turn(struct run_tls *tls, const char *instance, const struct policy *policy, uint64_t now_ns)
{
	struct failure failure = {""};
	struct tls_state state;

	if (tls->looked_ns && now_ns - tls->looked_ns < LOOK_S * second_ns)
		return;
	tls->looked_ns = now_ns;
	if (tls_watch_update(instance, policy, &state, &failure)) {
		if (strcmp(tls->failed.text, failure.text) != 0)
			fprintf(stderr, "postern run: watch: tls: %s\n", failure.text);
	} else if (state.watched != tls->watched || *tls->failed.text) {
		fprintf(stderr, "postern run: watch: tls: %zu files with a TLS library are watched\n",
			state.watched);
		tls->watched = state.watched;
	}
	tls->failed = failure;
}
