/* SPDX-License-Identifier: GPL-2.0-only */
/* What several commands begin with: a policy read from its file or from the instance in force. */
#ifndef POSTERN_COMMAND_H
#define POSTERN_COMMAND_H

#include "cmd.h"
#include "datapath.h"
#include "diag.h"
#include "policy.h"
#include "source.h"

struct loaded {
	struct source_set *sources;
	struct diags *diags;
	struct policy *policy;
};

void loaded_clear(struct loaded *loaded);

enum { POLICY_PATH_SIZE = 1024 };
/* The policy file of an instance where none is given; into `buf` of POLICY_PATH_SIZE, returned. */
const char *policy_default_path(const struct context *context, char *buf);

/* These have said why on stderr where they do not return EXIT_DONE. */

/* Reads the policy file; `interfaces` (NULL-terminated, or NULL) replaces the policy's own. Its errors are in
 * ret->diags and not printed yet: EXIT_USAGE. */
int policy_from_file(const char *path, char *const *interfaces, struct loaded *ret);
/* The policy that is in force. */
int policy_from_instance(const struct datapath *datapath, struct loaded *ret);
/* The instance that is in force. */
int instance_open(const struct context *context, struct datapath **ret);
/* The run() of a command without arguments that shows something of the instance in force: `show` prints it
 * and returns the exit status. */
int instance_show(const struct context *context, const struct command *command, int argc, char **argv,
		  int (*show)(const struct context *context, const struct datapath *datapath));
/* For what the data path could not tell: says what and why, returns EXIT_FAILED. */
int instance_failed(const char *what, int error);

void datapath_cleanup(struct datapath **datapath);

#endif
