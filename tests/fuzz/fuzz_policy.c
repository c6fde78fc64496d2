// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target: bytes as the main policy file, and behind a form feed as the file of a zone. Neither the
 * policies that load nor those that do not may crash, leak or read a file.
 *
 * clang -g -O1 -std=gnu17 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -Iinclude -Iuser \
 *	tests/fuzz/fuzz_policy.c user/{policy*,source*,near,value,diag,failure,log_line,log_formats}.c \
 *	-lyaml -ljansson -lpcre2-8 -o build/fuzz_policy */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_yaml.h"

#define CATALOGUE                                                                                            \
	"services: {ssh: {tcp: 22}, ftps: {tcp: 21}, dns: {tcp: 53, udp: 53}}\\n"                            \
	"zones: {office: [10.0.0.0/8, 2001:db8::/32]}\\n"

static const char base[] = "{\"sources\": [{\"name\": \"services.yaml\", \"text\": \"" CATALOGUE "\"}]}";

/* Formats what loaded and loads it again: what is in force must be readable from its pins. A zone file that
 * nothing refers to was not judged, and need not be UTF-8. */
static void reload(const struct source_set *sources, bool has_zone_file)
{
	struct diags *diags = diags_new();
	struct source_set *back = NULL;
	struct policy *policy = NULL;
	char *text = NULL;
	size_t size;
	int r = source_set_format(sources, &text, &size);

	if (r == -EILSEQ && has_zone_file) {
		diags_free(diags);
		return;
	}
	if (r < 0 || !diags || source_set_parse(text, size, &back) != 0 ||
	    policy_load(back, "main.yaml", diags, &policy) != 0)
		abort();
	policy_free(policy);
	source_set_free(back);
	diags_free(diags);
	free(text);
}

static void load(struct source_set *sources, bool has_zone_file)
{
	struct diags *diags = diags_new();
	struct policy *policy = NULL;
	int r = diags ? policy_load(sources, "main.yaml", diags, &policy) : -1;
	FILE *null = fopen("/dev/null", "w");

	/* Exactly one of a policy and an error. */
	if (!diags || !null || (r == 0) != (policy != NULL) ||
	    (r == 0) != (diags_count(diags, DIAG_ERROR) == 0))
		abort();
	diags_print(diags, null);
	fclose(null);
	policy_free(policy);
	diags_free(diags);
	if (r == 0)
		reload(sources, has_zone_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *split = size ? memchr(text, '\f', size) : NULL;
	size_t main_size = split ? (size_t)(split - text) : size;
	struct source_set *sources;

	if (source_set_parse(base, sizeof(base) - 1, &sources) != 0)
		abort();
	if (source_set_add(sources, "main.yaml", size ? text : "", main_size) == 0 &&
	    (!split || source_set_add(sources, "zone.txt", split + 1, size - main_size - 1) == 0))
		load(sources, split);
	source_set_free(sources);
	return 0;
}
