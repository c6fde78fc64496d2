// SPDX-License-Identifier: GPL-2.0-only
// Runs questions through the verdict of a generation.
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "datapath.h"
#include "datapath_explain.h"
#include "datapath_load.h"

/* Shares no maps: no instance can have this name, see is_instance_name(). */
#define NO_INSTANCE "(none)"

struct judge {
	const struct policy *policy;
	struct compiled *compiled;     /* NULL: in force */
	struct generation *generation; /* NULL: in force */
	char instance[NAME_SIZE];
	struct service_name services[MAX_SERVICES];
};

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	generation_free(judge->generation);
	compiled_free(judge->compiled);
	free(judge);
}

void judge_cleanup(struct judge **judge)
{
	judge_free(*judge);
}

static struct judge *judge_new(const struct policy *policy, const char *instance)
{
	struct judge *judge = calloc(1, sizeof(*judge));

	if (judge) {
		judge->policy = policy;
		strncpy(judge->instance, instance, sizeof(judge->instance) - 1);
	}
	return judge;
}

int judge_load(const struct policy *policy, struct judge **ret, struct failure *failure)
{
	struct judge *judge = judge_new(policy, NO_INSTANCE);
	struct generation_request request = {.instance = NO_INSTANCE, .number = 1, .text = ""};
	const char *limit = NULL;
	int r = judge ? 0 : failure_set(failure, -ENOMEM, "out of memory");

	if (r == 0) {
		r = compile(policy, NULL, &judge->compiled, &limit);
		if (r)
			failure_set(failure, r, "%s", limit ? limit : strerror(-r));
	}
	if (r == 0) {
		memcpy(judge->services, judge->compiled->services, sizeof(judge->services));
		request.compiled = judge->compiled;
		r = generation_load(&request, &judge->generation, failure);
		/* The verifier's limits are none of the policy's. */
		r = r == -E2BIG ? -EIO : r;
	}
	if (r) {
		judge_free(judge);
		return r;
	}
	*ret = judge;
	return 0;
}

int judge_open(const char *instance, const struct datapath *datapath, const struct policy *policy,
	       struct judge **ret, struct failure *failure)
{
	struct judge *judge = judge_new(policy, instance);
	int r = judge ? datapath_services(datapath, judge->services) : -ENOMEM;

	if (r) {
		judge_free(judge);
		return failure_set(failure, r, "cannot read what is in force: %s", strerror(-r));
	}
	*ret = judge;
	return 0;
}

int judge_ask(const struct judge *judge, const struct explain_question *question, struct explanation *ret,
	      struct failure *failure)
{
	uint8_t frame[FRAME_SIZE];
	size_t size = explain_frame(judge->policy, question, frame);
	uint32_t verdict;
	int r;

	if (judge->generation)
		r = generation_explain(judge->generation, question->direction, frame, size, &verdict);
	else
		r = datapath_explain(judge->instance, question->direction, frame, size, &verdict);
	if (r)
		return failure_set(failure, r, "the kernel would not judge the packet: %s", strerror(-r));
	r = explain(judge->policy, question, verdict, judge->services, ret);
	return r ? failure_set(failure, r, "%s", strerror(-r)) : 0;
}
