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
	struct interface_state *interfaces; /* in force */
	size_t n_interfaces;
};

void judge_free(struct judge *judge)
{
	if (!judge)
		return;
	generation_free(judge->generation);
	compiled_free(judge->compiled);
	free(judge->interfaces);
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

	if (r == 0)
		r = datapath_interfaces(datapath, &judge->interfaces, &judge->n_interfaces);
	if (r) {
		judge_free(judge);
		return failure_set(failure, r, "cannot read what is in force: %s", strerror(-r));
	}
	*ret = judge;
	return 0;
}

/* NO_INTERFACE: it is none of those that are judged. */
static uint32_t interface_get(const struct judge *judge, const char *name)
{
	if (judge->generation)
		return policy_interface_number(judge->policy, name);
	for (size_t i = 0; i < judge->n_interfaces; i++)
		if (strcmp(judge->interfaces[i].name, name) == 0)
			return judge->interfaces[i].ifindex;
	return NO_INTERFACE;
}

bool judge_has_interface(const struct judge *judge, const char *name)
{
	/* A policy that lists none can be applied to any. */
	if (judge->generation && !judge->policy->n_interfaces)
		return policy_is_interface_name(name);
	return interface_get(judge, name) != NO_INTERFACE;
}

int judge_ask(const struct judge *judge, const struct explain_question *question, struct explanation *ret,
	      struct failure *failure)
{
	struct explain_question complete = *question;
	uint8_t frame[FRAME_SIZE];
	size_t size = explain_frame(judge->policy, question, frame);
	uint32_t verdict, ifindex;
	int r;

	explain_complete(judge->policy, &complete);
	ifindex = complete.on ? interface_get(judge, complete.on) : 0;
	if (judge->generation)
		r = generation_explain(judge->generation, question->direction, ifindex, frame, size,
				       &verdict);
	else
		r = datapath_explain(judge->instance, question->direction, ifindex, frame, size, &verdict);
	if (r)
		return failure_set(failure, r, "the kernel would not judge the packet: %s", strerror(-r));
	r = explain(judge->policy, &complete, verdict, judge->services, ret);
	return r ? failure_set(failure, r, "%s", strerror(-r)) : 0;
}
