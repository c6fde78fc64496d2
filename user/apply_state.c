// SPDX-License-Identifier: GPL-2.0-only
// Reads what is in force, and notices what a death in the middle of a change left.
#include "apply_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "datapath.h"
#include "datapath_attach.h"
#include "datapath_sockets.h"
#include "pins.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* kernel 5.14 */
#endif

int net_cookie_get(uint64_t *ret, struct failure *failure)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	socklen_t size = sizeof(*ret);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &size))
		r = failure_set(failure, -errno, "cannot tell the network namespace: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

bool is_elsewhere(const char *instance)
{
	struct failure ignored;
	struct settings settings;
	uint64_t cookie;

	if (sockets_get_settings(instance, &settings) || settings.abi != POSTERN_ABI ||
	    net_cookie_get(&cookie, &ignored))
		return false;
	return settings.net_cookie != cookie;
}

int refuse_elsewhere(const char *instance, struct failure *failure)
{
	return failure_set(failure, -EXDEV, "instance '%s' is in force in another network namespace",
			   instance);
}

/* The settings are the first that a change writes, its name is the last. */
static bool is_mixed(const char *instance, uint32_t current, const struct settings *settings)
{
	uint32_t previous;

	if (pins_get_generation(instance, "previous", &previous) == 0 && previous == current)
		return true;
	return settings->generation != current || attach_is_mixed(instance, current, !is_elsewhere(instance));
}

int apply_state_get(const char *instance, enum apply_state *ret, struct failure *failure)
{
	struct datapath *datapath;
	struct settings settings;
	uint32_t current, previous;
	int r;

	if (!pins_exist(instance)) {
		*ret = APPLY_ABSENT;
		return 0;
	}
	r = pins_get_generation(instance, "current", &current);
	if (r == -ENOENT) {
		*ret = APPLY_HALF_MADE;
		return 0;
	}
	if (r == 0)
		r = datapath_open(instance, &datapath, failure);
	if (r)
		return r;
	r = datapath_settings(datapath, &settings);
	datapath_close(datapath);
	if (r)
		return r;
	if (is_mixed(instance, current, &settings))
		*ret = APPLY_MIXED;
	else if (pins_get_generation(instance, "previous", &previous))
		*ret = APPLY_WHOLE;
	else
		*ret = pins_is_held(instance) ? APPLY_WAITING : APPLY_UNGUARDED;
	return 0;
}

int apply_state_wait(const char *instance, enum apply_state *ret, struct failure *failure)
{
	int r = apply_state_get(instance, ret, failure), lock;

	if (r == 0 && (*ret == APPLY_WHOLE || *ret == APPLY_ABSENT || *ret == APPLY_WAITING))
		return 0;
	lock = pins_lock(failure);
	if (lock < 0)
		return lock;
	r = apply_state_get(instance, ret, failure);
	close(lock);
	return r;
}

void in_force_free(struct in_force *in_force)
{
	if (in_force)
		free(in_force->text);
	free(in_force);
}

int in_force_read(const char *instance, struct in_force *ret, struct failure *failure)
{
	struct datapath *datapath;
	int r = datapath_open(instance, &datapath, failure);

	if (r == -ENOENT)
		return 0;
	if (r)
		return r;
	r = pins_get_generation(instance, "current", &ret->current);
	if (r == 0)
		r = datapath_settings(datapath, &ret->settings);
	if (r == 0)
		r = datapath_services(datapath, ret->services);
	if (r == 0)
		r = datapath_policy(datapath, &ret->text, &ret->size);
	if (r == 0)
		r = attach_get_interfaces(instance, ret->current, ret->interfaces);
	datapath_close(datapath);
	return r ? failure_set(failure, r, "cannot read what is in force: %s", strerror(-r)) : 0;
}
