/* SPDX-License-Identifier: GPL-2.0-only */
/* The places of an interface where a program of ours runs: XDP link, tcx link, clsact filter. */
#ifndef POSTERN_DATAPATH_HOOKS_H
#define POSTERN_DATAPATH_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

enum hook_kind { HOOK_XDP, HOOK_TCX, HOOK_CLSACT };

/* Replaces the program without a gap. -ENOENT: there is no link, or its interface is gone. */
int hook_switch(const char *instance, enum hook_kind kind, uint32_t ifindex, int program);
/* `generic` is for XDP. A clsact filter is replaced where there is one. */
int hook_make(const char *instance, enum hook_kind kind, uint32_t ifindex, int program, bool generic);
/* Nothing where none of ours is there. */
void hook_remove(const char *instance, enum hook_kind kind, uint32_t ifindex);

/* The id of the program that our hook runs, 0: there is none of ours, or its interface is gone. Filters are
 * looked for in the caller's network namespace. */
uint32_t hook_program(const char *instance, enum hook_kind kind, uint32_t ifindex);

bool hook_xdp_is_generic(uint32_t ifindex);

/* The id of a pinned program, 0 without one. */
uint32_t pinned_program(const char *instance, uint32_t generation, const char *name);

#endif
