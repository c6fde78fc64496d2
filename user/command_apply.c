// SPDX-License-Identifier: GPL-2.0-only
// From a policy file to a policy in force, with all that is said on the way.
#include "command_apply.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "host_check.h"
#include "lint.h"
#include "output.h"
#include "tls_watch.h"

int interface_names_add(struct interface_names *names, const char *name)
{
	if (names->n == MAX_INTERFACES) {
		fprintf(stderr, "postern: -i %s: expected fewer interfaces\n", name);
		return EXIT_USAGE;
	}
	names->names[names->n++] = (char *)name;
	return EXIT_DONE;
}

char *const *interface_names_get(const struct interface_names *names)
{
	return names->n ? names->names : NULL;
}

/* The policy is in force whether or not this works: where it does not, less opens. */
static void watch_tls(const struct apply_request *request, bool has_changed)
{
	struct failure failure = {""};
	struct tls_found found;
	struct tls_state state;
	int r = tls_watch_update(request->instance, request->policy, &state, &found, &failure);

	if (r && (state.listed || state.stale_pid || state.is_partial))
		fprintf(stderr, "postern: warning: watch: tls: %s\n", failure.text);
	else if (r == 0 && state.listed && !state.watched)
		fputs("postern: warning: watch: tls: no process serves the control ports yet, or none uses a "
		      "TLS library that is known: 'postern run' looks again, and so does another 'postern "
		      "apply'\n",
		      stderr);
	/* What else was done goes without saying. */
	if (state.added && !has_changed)
		fprintf(stderr, "postern: %zu TLS librar%s of server processes %s watched from now on\n",
			state.added, state.added == 1 ? "y" : "ies", state.added == 1 ? "is" : "are");
}

/* An interface that a policy forgets is wide open. */
static void warn_of_left(const struct apply_result *result, bool dry_run, struct diags *diags)
{
	for (size_t i = 0; i < result->n_left; i++) {
		char name[ESCAPED_SIZE(IF_NAMESIZE)], text[256];

		escape_bytes(result->left[i].name, IF_NAMESIZE, name);
		snprintf(text, sizeof(text), "%s %s filtered: it is not among the interfaces of the policy",
			 name, dry_run ? "would no longer be" : "is no longer");
		fprintf(stderr, "postern: warning: %s\n", text);
		diags_add(diags, DIAG_WARNING, (struct place){0}, "%s", text);
	}
}

int policy_apply(const char *path, char *const *interfaces, struct apply_request *request, struct loaded *ret,
		 struct apply_result *result)
{
	struct failure failure = {""};
	int status = policy_from_file(path, interfaces, ret), r;

	if (status == EXIT_DONE) {
		lint(ret->policy, ret->diags);
		host_check(ret->policy, ret->diags);
	}
	if (ret->diags)
		diags_print(ret->diags, stderr);
	if (status)
		return status;
	request->policy = ret->policy;
	request->sources = ret->sources;
	r = apply(request, result, &failure);
	if (result->undid_earlier)
		fputs("postern: an earlier change was interrupted, or waited with nobody left to undo it: it "
		      "was "
		      "undone first\n",
		      stderr);
	if (r == 0)
		warn_of_left(result, request->dry_run, ret->diags);
	if (r == 0 && !request->dry_run)
		watch_tls(request, result->changed);
	if (r == 0)
		return EXIT_DONE;
	fprintf(stderr, "postern: %s\n", *failure.text ? failure.text : strerror(-r));
	return r == -EINVAL || r == -ENODEV ? EXIT_USAGE : EXIT_FAILED;
}
