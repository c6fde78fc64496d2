/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the data path share; the only header that shows libbpf. */
#ifndef POSTERN_DATAPATH_INTERNAL_H
#define POSTERN_DATAPATH_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "failure.h"
#include "pins.h"

/* A descriptor of a pinned map, program or link of the instance, or -errno. */
int pin_open(const char *instance, const char *format, ...) __attribute__((format(printf, 2, 3)));
int pin_fd(int fd, struct pin_path path, struct failure *failure);

/* Lets every map that is pinned in the instance's folder be shared by the object. 0 or -errno. */
int maps_reuse(struct bpf_object *object, const char *instance, struct failure *failure);

/* Before the map is made. The kernel refuses maps without entries: at least one. */
void map_set_size(struct bpf_map *map, size_t n);
/* Writes entries 0 to n - 1 of an array map. 0 or -errno. */
int map_fill(const struct bpf_map *map, const void *values, size_t n);

/* Runs a program once on `size` bytes; its return value, or -errno. */
int program_run(int fd, const void *data, size_t size, uint32_t *ret_value);

/* Runs an iterator program on every item of its kind; those of sockets, on the ones of our network namespace.
 * 0 or -errno. */
int iterator_run(const struct bpf_program *program);

/* Runs an explain program on a frame at an interface; its verdict, or -errno. */
int explain_run(int fd, uint32_t ifindex, const void *frame, size_t size, uint32_t *ret_verdict);

/* A failed load in words: what the user can do about it. */
int load_failed(struct failure *failure, int error, const char *what);

#endif
