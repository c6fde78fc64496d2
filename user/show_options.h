/* SPDX-License-Identifier: GPL-2.0-only */
/* What `show` says beside rules and FTP servers: ping, block, deny, mode. */
#ifndef POSTERN_SHOW_OPTIONS_H
#define POSTERN_SHOW_OPTIONS_H

#include <jansson.h>

#include "policy.h"

/* Prints those that differ from the defaults. An exit status. */
int show_options_print(const struct policy *policy);
/* Adds all of them to the object. */
void show_options_add(const struct policy *policy, json_t *object);

#endif
