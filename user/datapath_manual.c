// SPDX-License-Identifier: GPL-2.0-only
// Loads the programs that add and remove pinholes by hand, for one request, and runs them.
#include "datapath_manual.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "datapath_internal.h"
#include "manual.skel.h"

static void close_manual(struct manual_bpf **manual)
{
	manual_bpf__destroy(*manual);
}

/* The caller destroys *ret, also after an error. */
static int load(const char *instance, const struct manual_request *request, struct manual_bpf **ret,
		struct failure *failure)
{
	struct manual_bpf *manual = *ret = manual_bpf__open();
	int r = manual ? maps_reuse(manual->obj, instance, failure)
		       : load_failed(failure, -errno, "the programs for pinholes by hand");

	if (r)
		return r;
	manual->rodata->request = *request;
	r = manual_bpf__load(manual);
	return r ? load_failed(failure, r, "the programs for pinholes by hand") : 0;
}

static int run(const struct bpf_program *program, struct failure *failure)
{
	int r = iterator_run(program);

	return r ? failure_set(failure, r, "cannot look through the host's sockets: %s", strerror(-r)) : 0;
}

int manual_add(const char *instance, const struct manual_request *request, struct manual_answer *ret,
	       struct failure *failure)
{
	struct manual_bpf *manual CLEANUP(close_manual) = NULL;
	int r = load(instance, request, &manual, failure);

	if (r == 0)
		r = run(manual->progs.find_listeners, failure);
	if (r == 0 && manual->bss->answer.fitting == 1)
		r = run(manual->progs.open_pinhole, failure);
	if (r == 0)
		*ret = manual->bss->answer;
	return r;
}

int manual_del(const char *instance, const struct manual_request *request, struct manual_answer *ret,
	       struct failure *failure)
{
	struct manual_bpf *manual CLEANUP(close_manual) = NULL;
	int r = load(instance, request, &manual, failure);
	char frame[64] = {0};
	uint32_t value;

	if (r)
		return r;
	r = program_run(bpf_program__fd(manual->progs.close_pinholes), frame, sizeof(frame), &value);
	if (r)
		return failure_set(failure, r, "cannot close the pinhole: %s", strerror(-r));
	*ret = manual->bss->answer;
	return 0;
}
