// SPDX-License-Identifier: GPL-2.0-only
// Runs the iterators that adopt what the host already had.
#include "datapath_adopt.h"

#include <errno.h>
#include <string.h>

#include "adopt.skel.h"
#include "cleanup.h"
#include "datapath_cast.h"
#include "datapath_internal.h"

static void close_adopt(struct adopt_bpf **adopt)
{
	adopt_bpf__destroy(*adopt);
}

int adopt_existing(const char *instance, struct failure *failure)
{
	struct adopt_bpf *adopt CLEANUP(close_adopt) = adopt_bpf__open();
	int r = adopt ? maps_reuse(adopt->obj, instance, failure)
		      : load_failed(failure, -errno, "the iterators");

	if (r)
		return r;
	adopt->rodata->can_cast = kernel_can_cast();
	r = adopt_bpf__load(adopt);
	if (r)
		return load_failed(failure, r, "the iterators");

	/* Each builds on those before it. */
	const struct bpf_program *const programs[] = {
		adopt->progs.adopt_listening,   adopt->progs.adopt_sessions,  adopt->progs.adopt_listeners,
		adopt->progs.adopt_connections, adopt->progs.adopt_datagrams, adopt->progs.adopt_rogues,
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		r = iterator_run(programs[i]);
		if (r)
			return failure_set(failure, r, "cannot look through the host's sockets (%s): %s",
					   bpf_program__name(programs[i]), strerror(-r));
	}
	return 0;
}
