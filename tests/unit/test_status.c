// SPDX-License-Identifier: GPL-2.0-only
/* What `status` says of an instance: sums, promised fields, and warnings that must not be missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

static const char sources[] = "{\"interfaces\":null,\"sources\":[{\"name\":\"/etc/p.yaml\",\"text\":\"\"}]}";

static void set_up(struct status *status)
{
	struct counter_value *values;

	*status =
		(struct status){.instance = "blue", .n_interfaces = 2, .totals = {.opened = 5, .refused = 2}};
	assert_int_equal(source_set_parse(sources, strlen(sources), &status->sources), 0);
	status->interfaces = calloc(2, sizeof(*status->interfaces));
	status->tally = calloc(1, sizeof(*status->tally));
	assert_non_null(status->interfaces);
	assert_non_null(status->tally);
	status->interfaces[0] =
		(struct interface_state){.name = "eth\033\xff", .xdp = XDP_MODE_NATIVE, .attached = true};
	status->interfaces[1] = (struct interface_state){
		.name = "eth1", .xdp = XDP_MODE_GENERIC, .egress = EGRESS_CLSACT, .attached = true};
	for (size_t i = 0; i < N_LIMITS; i++)
		status->limits[i] = (struct limit_use){"limit", i + 1, 100};
	values = status->tally->values;
	values[counter_index(INBOUND, REASON_NONE)].packets = 1000; /* counts nothing */
	values[counter_index(INBOUND, REASON_TRUNCATED)].packets = 1;
	values[counter_index(INBOUND, N_REASONS - 1)].packets = 2;
	values[counter_index(INBOUND, COUNTER_LINK)].packets = 4;
	values[counter_index(INBOUND, COUNTER_ICMP)].packets = 8;
	values[counter_index(INBOUND, COUNTER_SERVICES)].packets = 16;
	values[counter_index(INBOUND, N_COUNTERS - 1)].packets = 32;
	values[counter_index(OUTBOUND, REASON_PORT)].packets = 64;
	values[counter_index(OUTBOUND, COUNTER_SERVICES)].packets = 128;
}

static void sums(void **state)
{
	struct status status;

	(void)state;
	set_up(&status);
	assert_int_equal(tally_denied(status.tally, INBOUND), 3);
	assert_int_equal(tally_allowed(status.tally, INBOUND), 60);
	assert_int_equal(tally_denied(status.tally, OUTBOUND), 64);
	assert_int_equal(tally_allowed(status.tally, OUTBOUND), 128);
	status_clear(&status);
}

static void promised_fields(void **state)
{
	static const char *const fields[] = {"instance", "policy",   "mode",     "interfaces", "inbound",
					     "outbound", "pinholes", "sessions", "flows",      "limits"};
	struct status status;
	json_t *root, *interface;
	const char *name, *xdp, *egress;
	int allowed, denied, opened, refused, open, manual;

	(void)state;
	set_up(&status);
	status.n_manual = 7;
	root = status_to_json(&status);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_non_null(json_object_get(root, fields[i]));
	assert_int_equal(json_unpack(root, "{s:{s:i, s:i}, s:{s:i, s:i, s:i, s:i}}", "inbound", "allowed",
				     &allowed, "denied", &denied, "pinholes", "opened", &opened, "refused",
				     &refused, "open", &open, "manual", &manual),
			 0);
	assert_int_equal(allowed, 60);
	assert_int_equal(denied, 3);
	assert_int_equal(opened, 5);
	assert_int_equal(refused, 2);
	assert_int_equal(open, LIMIT_PINHOLES + 1);
	assert_int_equal(manual, 7);
	interface = json_array_get(json_object_get(root, "interfaces"), 1);
	assert_int_equal(
		json_unpack(interface, "{s:s, s:s, s:s}", "name", &name, "xdp", &xdp, "egress", &egress), 0);
	assert_string_equal(name, "eth1");
	assert_string_equal(xdp, "generic");
	assert_string_equal(egress, "clsact");
	json_decref(root);
	status_clear(&status);
}

static void assert_says(const struct status *status, const char *text, bool expected)
{
	char *written = NULL;
	size_t size;
	FILE *stream = open_memstream(&written, &size);

	status_print(status, stream);
	fclose(stream);
	if ((strstr(written, text) != NULL) != expected)
		fail_msg("'%s' should%s be in:\n%s", text, expected ? "" : " not", written);
	free(written);
}

static void warnings(void **state)
{
	struct status status;

	(void)state;
	set_up(&status);
	assert_says(&status, "eth\\x1b\\xff: xdp native, egress tcx\n", true);
	assert_says(&status, "WARNING", false);
	assert_says(&status, "EXCEPTION", false);
	status.interfaces[0].attached = false;
	assert_says(&status, "WARNING: no longer attached", true);
	status.interfaces[1] = (struct interface_state){.ifindex = 7};
	assert_says(&status, "#7: xdp generic, egress tcx - WARNING: the interface is gone", true);
	strcpy(status.servers[3].name, "moveit");
	assert_says(&status, "EXCEPTION", false);
	status.servers[3].mode = PINHOLES_STATIC;
	assert_says(&status, "EXCEPTION: ftp moveit has pinholes: static", true);
	assert_says(&status, "by hand", false);
	status.n_manual = 2;
	assert_says(&status, "EXCEPTION: 2 of them added by hand", true);
	status.totals.untracked = 9;
	assert_says(&status, "WARNING: 9 sessions or data connections found no room", true);
	status_clear(&status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(promised_fields),
		cmocka_unit_test(warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
