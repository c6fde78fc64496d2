// SPDX-License-Identifier: GPL-2.0-only
// Attaches generations to interfaces: XDP links, tcx links, and clsact filters where there is no tcx.
#include "datapath_attach.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "datapath_internal.h"

/* BPF_TCX_EGRESS, kernel 6.6; libbpf 1.1 does not know it. */
static const enum bpf_attach_type attach_tcx_egress = 47;

enum {
	LINK_BEFORE = 1 << 3,       /* BPF_F_BEFORE, kernel 6.6: run before those that are there */
	CLSACT_HANDLE = 0x706f7374, /* our own: other filters may share the priority */
	CLSACT_PRIORITY = 1
};

enum hook_kind { HOOK_XDP, HOOK_TCX, HOOK_CLSACT };

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

static struct pin_path link_path(const char *instance, enum hook_kind kind, uint32_t ifindex)
{
	return pin_path(instance, "links/%s_%u", kind == HOOK_XDP ? "xdp" : "tcx", ifindex);
}

static void remember(struct transaction *transaction, enum hook_kind kind, uint32_t ifindex, bool created)
{
	transaction->steps[transaction->n_steps++] = (struct step){kind, ifindex, created};
}

/* 0: switched; -ENOENT: there is no link, or its interface is gone; another -errno. */
static int link_switch(const struct pin_path *path, int program)
{
	int fd = bpf_obj_get(path->text), r = 0;

	if (fd < 0)
		return -errno;
	if (bpf_link_update(fd, program, NULL))
		r = errno == ENOLINK || errno == ENODEV ? -ENOENT : -errno;
	close(fd);
	return r;
}

static int link_make(const struct pin_path *path, int program, uint32_t ifindex, enum bpf_attach_type type,
		     uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int fd = bpf_link_create(program, ifindex, type, &options), r = 0;

	if (fd < 0)
		return -errno;
	unlink(path->text);
	if (bpf_obj_pin(fd, path->text))
		r = -errno;
	close(fd);
	return r;
}

static bool xdp_is_generic(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return bpf_xdp_query(ifindex, 0, &query) == 0 && query.attach_mode == XDP_ATTACHED_SKB;
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

static int xdp_make(const struct transaction *transaction, const struct pin_path *path, uint32_t ifindex)
{
	enum xdp_choice choice = transaction->request->xdp;
	int r = -EOPNOTSUPP;

	if (choice != XDP_GENERIC)
		r = link_make(path, transaction->ingress, ifindex, BPF_XDP, XDP_FLAGS_DRV_MODE);
	/* A driver can refuse for reasons of its own (MTU, queues): -EINVAL and others. */
	if (r && r != -EBUSY && r != -EEXIST && r != -EPERM && choice != XDP_NATIVE)
		r = link_make(path, transaction->ingress, ifindex, BPF_XDP, XDP_FLAGS_SKB_MODE);
	return r;
}

static int switch_ingress(struct transaction *transaction, struct interface_value *interface)
{
	enum xdp_choice choice = transaction->request->xdp;
	struct pin_path path = link_path(transaction->request->instance, HOOK_XDP, interface->ifindex);
	int r = link_switch(&path, transaction->ingress);
	bool created = false;

	if (r == -ENOENT) {
		created = true;
		r = xdp_make(transaction, &path, interface->ifindex);
	}
	if (r)
		return xdp_failed(transaction, interface, r);
	remember(transaction, HOOK_XDP, interface->ifindex, created);
	interface->xdp_generic = xdp_is_generic(interface->ifindex);
	if (choice != XDP_AUTO && interface->xdp_generic != (choice == XDP_GENERIC))
		return failure_set(transaction->failure, -EBUSY,
				   "%s: runs in %s mode; 'postern down' comes before a change of it",
				   interface->name, interface->xdp_generic ? "generic" : "native");
	return 0;
}

static int clsact_attach(int program, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .handle = CLSACT_HANDLE,
		    .priority = CLSACT_PRIORITY, .flags = BPF_TC_F_REPLACE);
	int r = bpf_tc_hook_create(&hook);

	if (r && r != -EEXIST)
		return r;
	return bpf_tc_attach(&hook, &options);
}

/* The qdisc stays: others may use it, and an empty one costs nothing. */
static int clsact_detach(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	return bpf_tc_detach(&hook, &options);
}

static bool clsact_is_attached(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);

	return bpf_tc_query(&hook, &options) == 0;
}

static int switch_clsact(struct transaction *transaction, struct interface_value *interface)
{
	bool created = !clsact_is_attached(interface->ifindex);
	int r = clsact_attach(transaction->egress, interface->ifindex);

	if (r)
		return failure_set(transaction->failure, r, "%s: cannot attach the egress program: %s",
				   interface->name, strerror(-r));
	remember(transaction, HOOK_CLSACT, interface->ifindex, created);
	interface->clsact = 1;
	return 0;
}

static int switch_egress(struct transaction *transaction, struct interface_value *interface)
{
	enum egress_choice choice = transaction->request->egress;
	struct pin_path path = link_path(transaction->request->instance, HOOK_TCX, interface->ifindex);
	bool created = false;
	int r = link_switch(&path, transaction->egress);

	if (r == -ENOENT && choice != EGRESS_CLSACT_ONLY) {
		created = true;
		r = link_make(&path, transaction->egress, interface->ifindex, attach_tcx_egress, LINK_BEFORE);
	}
	/* Kernels before 6.6 do not know the attach type. */
	if ((r == -EINVAL && choice == EGRESS_AUTO) || (r == -ENOENT && choice == EGRESS_CLSACT_ONLY))
		return switch_clsact(transaction, interface);
	if (r)
		return failure_set(transaction->failure, r, "%s: cannot attach the egress program: %s",
				   interface->name, strerror(-r));
	remember(transaction, HOOK_TCX, interface->ifindex, created);
	interface->clsact = 0;
	return 0;
}

static void hook_remove(const char *instance, enum hook_kind kind, uint32_t ifindex)
{
	struct pin_path path = link_path(instance, kind, ifindex);
	int fd;

	if (kind == HOOK_CLSACT) {
		if (clsact_is_attached(ifindex))
			clsact_detach(ifindex);
		return;
	}
	fd = bpf_obj_get(path.text);
	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	unlink(path.text);
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
		struct pin_path path = link_path(request->instance, step->kind, step->ifindex);

		if (step->created)
			hook_remove(request->instance, step->kind, step->ifindex);
		else if (step->kind == HOOK_CLSACT)
			clsact_attach(egress, step->ifindex);
		else
			link_switch(&path, step->kind == HOOK_XDP ? ingress : egress);
	}
	if (ingress >= 0)
		close(ingress);
	if (egress >= 0)
		close(egress);
}

static int record_interfaces(const struct attach_request *request, const struct interface_value *interfaces,
			     size_t n)
{
	int fd = pin_open(request->instance, "generation/%u/interfaces", request->generation), r = 0;
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

static int switch_all(struct transaction *transaction, struct interface_value *interfaces, size_t n)
{
	/* Recorded before as well as after: who is killed in between leaves a trace to clean up by. */
	int r = record_interfaces(transaction->request, interfaces, n);

	if (r)
		return failure_set(transaction->failure, r, "cannot record the interfaces: %s", strerror(-r));
	for (size_t i = 0; i < n && r == 0; i++) {
		r = switch_egress(transaction, &interfaces[i]);
		if (r == 0)
			r = switch_ingress(transaction, &interfaces[i]);
	}
	if (r == 0) {
		r = record_interfaces(transaction->request, interfaces, n);
		if (r)
			failure_set(transaction->failure, r, "cannot record the interfaces: %s",
				    strerror(-r));
	}
	if (r)
		undo(transaction);
	return r;
}

int attach_switch(const struct attach_request *request, struct interface_value *interfaces, size_t n,
		  struct failure *failure)
{
	struct transaction transaction = {.request = request, .failure = failure};
	struct pin_path folder = pin_path(request->instance, "links");
	int r = pins_make_folder(folder.text);

	if (r)
		return failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	transaction.ingress = pin_open(request->instance, "generation/%u/ingress", request->generation);
	transaction.egress = pin_open(request->instance, "generation/%u/egress", request->generation);
	if (transaction.ingress < 0 || transaction.egress < 0)
		r = failure_set(failure, -ENOENT, "the programs of generation %u are not pinned",
				request->generation);
	else
		r = switch_all(&transaction, interfaces, n);
	if (transaction.ingress >= 0)
		close(transaction.ingress);
	if (transaction.egress >= 0)
		close(transaction.egress);
	return r;
}

int attach_get_interfaces(const char *instance, uint32_t generation, struct interface_value *ret)
{
	int fd = pin_open(instance, "generation/%u/interfaces", generation), r = 0;

	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < MAX_INTERFACES && r == 0; i++) {
		if (bpf_map_lookup_elem(fd, &i, &ret[i]))
			r = -errno;
	}
	close(fd);
	return r;
}

int attach_drop(const char *instance, uint32_t from, const struct interface_value *keep, size_t n)
{
	struct interface_value interfaces[MAX_INTERFACES];
	int r = attach_get_interfaces(instance, from, interfaces);

	if (r)
		return r;
	for (size_t i = 0; i < MAX_INTERFACES; i++) {
		bool kept = interfaces[i].ifindex == 0;

		for (size_t j = 0; j < n && !kept; j++)
			kept = keep[j].ifindex == interfaces[i].ifindex;
		if (kept)
			continue;
		hook_remove(instance, HOOK_XDP, interfaces[i].ifindex);
		hook_remove(instance, HOOK_TCX, interfaces[i].ifindex);
		hook_remove(instance, HOOK_CLSACT, interfaces[i].ifindex);
	}
	return 0;
}

static bool link_is_alive(const struct pin_path *path)
{
	struct bpf_link_info info = {0};
	uint32_t size = sizeof(info);
	int fd = bpf_obj_get(path->text), r;

	if (fd < 0)
		return false;
	r = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	/* Both kinds of link begin with the ifindex, which is 0 once the interface is gone. */
	return r == 0 && info.xdp.ifindex != 0;
}

int attach_is_alive(const char *instance, const struct interface_value *interface)
{
	struct pin_path xdp = link_path(instance, HOOK_XDP, interface->ifindex);
	struct pin_path tcx = link_path(instance, HOOK_TCX, interface->ifindex);

	return link_is_alive(&xdp) &&
	       (interface->clsact ? clsact_is_attached(interface->ifindex) : link_is_alive(&tcx));
}
