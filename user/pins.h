/* SPDX-License-Identifier: GPL-2.0-only */
/* Where an instance lives in bpffs, and the changes of its names that must not be half done.
 *
 *   /sys/fs/bpf/postern/NAME/
 *     sessions, pinholes, flows, …   the maps that outlive a policy
 *     sockets/                       links of the socket programs
 *     links/                         links of interfaces: xdp_IFINDEX, tcx_IFINDEX
 *     generation/N/                  maps and programs of policy N
 *     current -> generation/N        the one in force
 *     previous -> generation/M       only while `apply --confirm` waits; dangling where there was none
 *     ports -> current/ports, …      so that a map of the policy has a name that stays
 *
 * bpffs refuses dots in names. */
#ifndef POSTERN_PINS_H
#define POSTERN_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "failure.h"

enum { PIN_PATH_SIZE = 192 };

struct pin_path {
	char text[PIN_PATH_SIZE];
};

/* The path of a pin of the instance; an empty format names the instance's own folder. */
struct pin_path pin_path(const char *instance, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Mounts bpffs where it is not, and makes the folder of all instances. 0 or -errno with its reason. */
int pins_prepare(struct failure *failure);

/* -ENOENT, and says that there is no such instance, or that it could not be seen from here. */
int pins_no_instance(const char *instance, struct failure *failure);

/* One change at a time, over all instances: the returned descriptor holds the lock until it is closed. */
int pins_lock(struct failure *failure);

/* Makes the folder where it is not, and waits until it is this process's; as above. */
int pins_lock_folder(const char *path, struct failure *failure);

/* Held by the process that goes back by itself, for as long as it lives: it ends with the last copy of the
 * descriptor, however its holders end. Others may hold it too. Returns the descriptor or -errno. */
int pins_hold(const char *instance);
bool pins_is_held(const char *instance);

/* Claims the instance for the one daemon that stays with it, as long as the returned descriptor is open;
 * -EWOULDBLOCK: another has it; -ENOENT: there is no such instance. */
int pins_claim(const char *instance);

bool pins_exist(const char *instance);
int pins_make_folder(const char *path);
/* Removes a file or a folder with all in it; what is not there is fine. */
int pins_remove(const char *path);

/* The names in a folder of the instance, sorted; frees with pins_free_names(). */
int pins_list(const char *path, char ***ret_names, size_t *ret_n);
void pins_free_names(char **names, size_t n);

/* The generation that the symbolic link `name` ("current", "previous") points to; -ENOENT without one. */
int pins_get_generation(const char *instance, const char *name, uint32_t *ret);
/* Points it to another generation at once (rename(2)). */
int pins_set_generation(const char *instance, const char *name, uint32_t generation);

/* "NAME -> current/NAME" for every map of the policy. */
int pins_link_maps(const char *instance, const char *const *names);

#endif
