// SPDX-License-Identifier: GPL-2.0-only
// Attaches generations to interfaces: XDP links, tcx links, and clsact filters where there is no tcx.
#include "datapath_attach.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "datapath_hooks.h"
#include "datapath_internal.h"

/* One hook that was changed, so that it can be changed back. */
struct step {
	enum hook_kind kind;
	uint32_t ifindex;
	bool created;
};

enum { MAX_STEPS = 2 * MAX_INTERFACES };

struct transaction {
	const struct attach_request *request;
	int ingress;
	int egress;
	struct step steps[MAX_STEPS];
	size_t n_steps;
	struct failure *failure;
};

static void remember(struct transaction *transaction, enum hook_kind kind, uint32_t ifindex, bool created)
{
	transaction->steps[transaction->n_steps++] = (struct step){kind, ifindex, created};
}

static int xdp_failed(struct transaction *transaction, const struct interface_value *interface, int r)
{
	if (r == -EBUSY || r == -EEXIST)
		return failure_set(transaction->failure, r, "%s: another XDP program is attached to it",
				   interface->name);
	if (r == -EOPNOTSUPP)
		return failure_set(transaction->failure, r,
				   "%s: its driver has no native XDP; try --xdp generic", interface->name);
	return failure_set(transaction->failure, r, "%s: cannot attach the XDP program: %s", interface->name,
			   strerror(-r));
}

static int xdp_make(const struct transaction *transaction, const struct interface_value *interface)
{
	const struct attach_request *request = transaction->request;
	enum xdp_choice choice = request->xdp;
	int r = -EOPNOTSUPP;

	if (request->as_recorded && interface->xdp_generic)
		choice = XDP_GENERIC;
	if (choice != XDP_GENERIC)
		r = hook_make(request->instance, HOOK_XDP, interface->ifindex, transaction->ingress, false);
	/* A driver can refuse for reasons of its own (MTU, queues): -EINVAL and others. */
	if (r && r != -EBUSY && r != -EEXIST && r != -EPERM && choice != XDP_NATIVE)
		r = hook_make(request->instance, HOOK_XDP, interface->ifindex, transaction->ingress, true);
	return r;
}

static int switch_ingress(struct transaction *transaction, struct interface_value *interface)
{
	const char *instance = transaction->request->instance;
	int r = hook_switch(instance, HOOK_XDP, interface->ifindex, transaction->ingress);
	bool created = false;

	if (r == -ENOENT) {
		created = true;
		r = xdp_make(transaction, interface);
	}
	if (r)
		return xdp_failed(transaction, interface, r);
	remember(transaction, HOOK_XDP, interface->ifindex, created);
	interface->xdp_generic = hook_xdp_is_generic(interface->ifindex);
	return 0;
}

/* A filter stays a filter where the kernel has tcx, too: to replace its program leaves no moment in which
 * both or none judge a packet. */
static int switch_egress(struct transaction *transaction, struct interface_value *interface)
{
	const struct attach_request *request = transaction->request;
	bool filter = request->egress == EGRESS_CLSACT_ONLY ||
		      (request->as_recorded && interface->clsact &&
		       !hook_program(request->instance, HOOK_TCX, interface->ifindex));
	bool has_filter = hook_program(request->instance, HOOK_CLSACT, interface->ifindex);
	enum hook_kind kind = filter || has_filter ? HOOK_CLSACT : HOOK_TCX;
	bool created = false;
	int r = hook_switch(request->instance, kind, interface->ifindex, transaction->egress);

	if (r == -ENOENT) {
		created = true;
		r = hook_make(request->instance, kind, interface->ifindex, transaction->egress, false);
	}
	/* Kernels before 6.6 do not know the attach type. */
	if (r == -EINVAL && kind == HOOK_TCX && request->egress == EGRESS_AUTO) {
		kind = HOOK_CLSACT;
		r = hook_make(request->instance, kind, interface->ifindex, transaction->egress, false);
	}
	if (r)
		return failure_set(transaction->failure, r, "%s: cannot attach the egress program: %s",
				   interface->name, strerror(-r));
	remember(transaction, kind, interface->ifindex, created);
	interface->clsact = kind == HOOK_CLSACT;
	return 0;
}

static void undo(const struct transaction *transaction)
{
	const struct attach_request *request = transaction->request;
	int ingress = -1, egress = -1;

	if (request->previous) {
		ingress = pin_open(request->instance, "generation/%u/ingress", request->previous);
		egress = pin_open(request->instance, "generation/%u/egress", request->previous);
	}
	for (size_t i = transaction->n_steps; i-- > 0;) {
		const struct step *step = &transaction->steps[i];

		if (step->created)
			hook_remove(request->instance, step->kind, step->ifindex);
		else
			hook_switch(request->instance, step->kind, step->ifindex,
				    step->kind == HOOK_XDP ? ingress : egress);
	}
	if (ingress >= 0)
		close(ingress);
	if (egress >= 0)
		close(egress);
}

int attach_set_interfaces(const char *instance, uint32_t generation, const struct interface_value *interfaces,
			  size_t n)
{
	int fd = pin_open(instance, "generation/%u/interfaces", generation), r = 0;
	const struct interface_value none = {0};

	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < MAX_INTERFACES && r == 0; i++) {
		if (bpf_map_update_elem(fd, &i, i < n ? &interfaces[i] : &none, BPF_ANY))
			r = -errno;
	}
	close(fd);
	return r;
}

/* Recorded before as well as after: who is killed in between leaves a trace to clean up by. Which hook it
 * will be is not known yet, so that a filter is possible. */
static int record_intent(const struct attach_request *request, const struct interface_value *interfaces,
			 size_t n)
{
	struct interface_value intended[MAX_INTERFACES];

	for (size_t i = 0; i < n; i++) {
		intended[i] = interfaces[i];
		intended[i].clsact |= !request->as_recorded && request->egress != EGRESS_TCX_ONLY;
	}
	return attach_set_interfaces(request->instance, request->generation, intended, n);
}

static int switch_one(struct transaction *transaction, struct interface_value *interface)
{
	int r = switch_egress(transaction, interface);

	return r ?: switch_ingress(transaction, interface);
}

static int switch_all(struct transaction *transaction, struct interface_value *interfaces, size_t n)
{
	const struct attach_request *request = transaction->request;
	int r = record_intent(request, interfaces, n);

	if (r)
		return failure_set(transaction->failure, r, "cannot record the interfaces: %s", strerror(-r));
	for (size_t i = 0; i < n && r == 0; i++)
		r = switch_one(transaction, &interfaces[i]);
	if (r == 0) {
		r = attach_set_interfaces(request->instance, request->generation, interfaces, n);
		if (r)
			failure_set(transaction->failure, r, "cannot record the interfaces: %s",
				    strerror(-r));
	}
	if (r)
		undo(transaction);
	return r;
}

static int open_programs(struct transaction *transaction)
{
	const struct attach_request *request = transaction->request;
	struct pin_path folder = pin_path(request->instance, "links");
	int r = pins_make_folder(folder.text);

	if (r)
		return failure_set(transaction->failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	transaction->ingress = pin_open(request->instance, "generation/%u/ingress", request->generation);
	transaction->egress = pin_open(request->instance, "generation/%u/egress", request->generation);
	if (transaction->ingress < 0 || transaction->egress < 0)
		return failure_set(transaction->failure, -ENOENT,
				   "the programs of generation %u are not pinned", request->generation);
	return 0;
}

static void close_programs(const struct transaction *transaction)
{
	if (transaction->ingress >= 0)
		close(transaction->ingress);
	if (transaction->egress >= 0)
		close(transaction->egress);
}

int attach_switch(const struct attach_request *request, struct interface_value *interfaces, size_t n,
		  struct failure *failure)
{
	struct transaction transaction = {
		.request = request, .ingress = -1, .egress = -1, .failure = failure};
	int r = open_programs(&transaction);

	if (r == 0)
		r = switch_all(&transaction, interfaces, n);
	close_programs(&transaction);
	return r;
}

int attach_add(const struct attach_request *request, struct interface_value *interface,
	       struct failure *failure)
{
	struct transaction transaction = {
		.request = request, .ingress = -1, .egress = -1, .failure = failure};
	int r = open_programs(&transaction);

	if (r == 0)
		r = switch_one(&transaction, interface);
	if (r)
		undo(&transaction);
	close_programs(&transaction);
	return r;
}
