// SPDX-License-Identifier: GPL-2.0-only
/* Advice: each piece of it given where it is due, at its place, and not where it is not. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lint.h"
#include "policy_yaml.h"

/* What every case includes: definitions that nothing needs to use. */
static const char catalogue[] = "services:\n"
				"  http: {tcp: 80}\n"
				"  http-mobile: {tcp: 8080}\n"
				"  https: {tcp: 443}\n"
				"  https-mobile: {tcp: 8443}\n"
				"  explicit: {tcp: 21}\n"
				"  implicit: {tcp: 990}\n"
				"  ftp-data: {tcp: 20}\n"
				"  stunnel: {tcp: 33062}\n"
				"  ldap: {tcp: 389}\n"
				"  ldaps: {tcp: 636}\n"
				"  sql-browser: {udp: 1434}\n"
				"  sql: {tcp: 1433}\n"
				"  ntp: {udp: 123}\n"
				"  dns: {udp: 53, tcp: 53}\n"
				"  backup: {tcp: [9000, 9100-9110]}\n"
				"  vrrp: {ip: 112}\n"
				"  gre: {ip: 47}\n"
				"zones:\n"
				"  office: [10.20.0.0/16, \"2001:db8:20::/48\"]\n"
				"  relay: [10.20.0.25]\n"
				"  half: [0.0.0.0/1]\n";

#define FTP(rest) "ftp:\n  moveit: {control: [explicit, implicit], " rest "}\n"
#define CONTROL "inbound:\n  - {service: explicit, from: any}\n  - {service: implicit, from: any}\n"

static const struct lint_case {
	const char *name;
	const char *policy; /* behind the line that includes the catalogue */
	const char *warnings[4];
} cases[] = {
	{"nothing", "", {NULL}},
	{"http",
	 "inbound: [{service: http, from: any}, {service: https, from: any}]\n",
	 {"p.yaml:2:11: warning: http: tcp 80 is HTTP in the clear"}},
	{"http without https",
	 "inbound:\n  - {service: http, from: relay}\n",
	 {"p.yaml:3:5: warning: http: tcp 80 is HTTP in the clear",
	  "p.yaml:3:5: warning: tcp 80 is open and tcp 443 is not"}},
	{"mobile http",
	 "inbound:\n  - {service: http-mobile, from: any}\n  - {service: https-mobile, from: any}\n",
	 {"p.yaml:3:5: warning: http-mobile: tcp 8080 is HTTP in the clear"}},
	{"mobile http without https",
	 "inbound:\n  - {service: http-mobile, from: any}\n  - {service: https, from: any}\n",
	 {"p.yaml:3:5: warning: http-mobile: tcp 8080 is HTTP in the clear",
	  "p.yaml:3:5: warning: tcp 8080 is open and tcp 8443 is not"}},
	{"https alone", "inbound: [{service: https, from: any}]\n", {NULL}},
	{"http outbound", "outbound: [{service: http, to: relay}]\n", {NULL}},
	{"explicit alone",
	 "inbound: [{service: explicit, from: any}]\n",
	 {"p.yaml:2:11: warning: explicit FTPS (tcp 21) is open and implicit FTPS (tcp 990) is not"}},
	{"implicit alone",
	 "inbound: [{service: implicit, from: any}]\n",
	 {"p.yaml:2:11: warning: implicit FTPS (tcp 990) is open and explicit FTPS (tcp 21) is not"}},
	{"implicit, and explicit at another port",
	 "inbound: [{service: implicit, from: any}, {service: backup, from: office}]\nftp:\n  one:\n"
	 "    control: [implicit, backup]\n    owner: {user: root}\n    passive: 3000-3003\n",
	 {NULL}},
	{"both", CONTROL, {NULL}},
	{"a restricted range", CONTROL FTP("passive: 3000-3003"), {NULL}},
	{"no TLS",
	 "inbound: [{service: explicit, from: any}]\nftp:\n  old:\n    control: explicit\n"
	 "    tls: none\n    passive: 3000\n",
	 {"p.yaml:4:3: warning: ftp old: FTP without TLS"}},
	{"optional TLS",
	 CONTROL FTP("tls: optional, passive: 3000-3003"),
	 {"p.yaml:6:3: warning: ftp moveit: with optional TLS"}},
	{"static",
	 CONTROL FTP("passive: 3000-3003, pinholes: static"),
	 {"p.yaml:6:3: warning: ftp moveit: pinholes: static leaves"}},
	{"many ports",
	 CONTROL FTP("passive: 30000-30999"),
	 {"warning: ftp moveit: 1000 passive ports are not recommended where they stay open; they are safe "
	  "here"}},
	{"fewer ports", CONTROL FTP("passive: [30000-30499, 40000-40498]"), {NULL}},
	{"many static ports",
	 CONTROL FTP("passive: [30000-30499, 40000-40499], pinholes: static"),
	 {"warning: ftp moveit: pinholes: static leaves",
	  "warning: ftp moveit: 1000 passive ports that are always open are not recommended"}},
	{"any port",
	 CONTROL FTP("passive: any"),
	 {"warning: ftp moveit: 64512 passive ports are not recommended where they stay open; they are safe "
	  "here",
	  "warning: ftp moveit: the passive range covers 6000-6063"}},
	{"X Window, from below", CONTROL FTP("passive: 5990-6000"), {"the passive range covers 6000-6063"}},
	{"X Window, from above", CONTROL FTP("passive: 6063-6070"), {"the passive range covers 6000-6063"}},
	{"below X Window", CONTROL FTP("passive: 5990-5999"), {NULL}},
	{"above X Window", CONTROL FTP("passive: 6064-6070"), {NULL}},
	{"a service inside",
	 CONTROL "  - {service: backup, from: relay}\n" FTP("passive: 9110-9120"),
	 {"warning: ftp moveit: the passive range covers a port of backup"}},
	{"a service beside",
	 CONTROL "  - {service: backup, from: relay}\n" FTP("passive: 9111-9120"),
	 {NULL}},
	{"an outbound service inside",
	 CONTROL FTP("passive: 9110-9120") "outbound: [{service: backup, to: relay}]\n",
	 {NULL}},
	{"data port inbound",
	 "inbound: [{service: ftp-data, from: relay}]\n",
	 {"p.yaml:2:11: warning: ftp-data: no FTP client ever connects to tcp 20"}},
	{"data port outbound", "outbound: [{service: ftp-data, to: relay}]\n", {NULL}},
	{"stunnel",
	 "inbound: [{service: stunnel, from: relay}]\n",
	 {"stunnel: tcp 33062 (ODBC through stunnel)"}},
	{"stunnel outbound", "outbound: [{service: stunnel, to: relay}]\n", {NULL}},
	{"ldap",
	 "outbound: [{service: ldap, to: relay}]\n",
	 {"p.yaml:2:12: warning: ldap: tcp 389 is LDAP in the clear"}},
	{"ldaps", "outbound: [{service: ldaps, to: relay}]\n", {NULL}},
	{"sql tools", "outbound: [{service: sql-browser, to: relay}]\n", {"sql-browser: port 1434 serves"}},
	{"sql", "outbound: [{service: sql, to: relay}]\n", {NULL}},
	{"time from one server", "outbound: [{service: ntp, to: [relay, 192.0.2.0/24]}]\n", {NULL}},
	{"time from a wide zone",
	 "outbound: [{service: ntp, to: office}]\n",
	 {"ntp: udp 123 to so wide a zone"}},
	{"time from anywhere",
	 "outbound: [{service: ntp, to: any}]\n",
	 {"ntp: udp 123 to so wide a zone", "ntp: outbound to the whole Internet"}},
	{"outbound to any",
	 "outbound: [{service: https, to: any}]\n",
	 {"p.yaml:2:12: warning: https: outbound to the whole Internet"}},
	{"outbound to half of it",
	 "outbound: [{service: https, to: [relay, half]}]\n",
	 {"https: outbound to the whole Internet"}},
	{"outbound to some", "outbound: [{service: https, to: [office, 10.0.0.0/8]}]\n", {NULL}},
	{"udp from any",
	 "inbound: [{service: dns, from: any}]\n",
	 {"dns: UDP from anyone means replies to anyone"}},
	{"udp from the office", "inbound: [{service: dns, from: office}]\n", {NULL}},
	{"twice",
	 "inbound:\n  - {service: https, from: [office, 192.0.2.7]}\n"
	 "  - {service: https, from: [192.0.2.7, office]}\n",
	 {"p.yaml:4:5: warning: https: line 3 says the same"}},
	{"not quite twice",
	 "inbound:\n  - {service: https, from: [office, 192.0.2.7]}\n"
	 "  - {service: https, from: [192.0.2.8, office]}\n  - {service: https, from: office}\n",
	 {NULL}},
	{"twice, in two directions",
	 "inbound: [{service: https, from: relay}]\n"
	 "outbound: [{service: https, to: relay}]\n",
	 {NULL}},
	{"protocol from any",
	 "inbound: [{service: vrrp, from: any}, {service: vrrp, from: relay}]\n",
	 {"p.yaml:2:11: warning: vrrp: a protocol without ports from anyone"}},
	{"protocol to any",
	 "outbound: [{service: vrrp, to: half}]\n",
	 {"p.yaml:2:12: warning: vrrp: outbound to the whole Internet"}},
	{"tunnel",
	 "inbound: [{service: gre, from: relay}]\noutbound: [{service: gre, to: relay}]\n",
	 {"p.yaml:2:11: warning: gre: what comes through the tunnel of IP protocol 47 (GRE)",
	  "p.yaml:3:12: warning: gre: what comes through the tunnel of IP protocol 47 (GRE)"}},
	{"audit", "mode: audit\n", {"p.yaml:2:7: warning: mode: audit denies nothing"}},
	{"enforce", "mode: enforce\ndeny: {inbound: reject, outbound: reject}\n", {NULL}},
	{"ping to any",
	 "ping: {from: any, to: [relay, any]}\n",
	 {"p.yaml:2:23: warning: ping: echo requests to the whole Internet"}},
	{"ping to some", "ping: {from: half, to: [office, relay]}\n", {NULL}},
	{"a blocked peer",
	 "inbound: [{service: https, from: [192.0.2.1, office]}]\nblock: [10.0.0.0/8]\n",
	 {"p.yaml:2:11: warning: https: 10.20.0.0/16 is blocked (10.0.0.0/8): no rule opens"}},
	{"a blocked zone",
	 "outbound: [{service: https, to: [relay]}]\nblock: [office]\n",
	 {"p.yaml:2:12: warning: https: 10.20.0.25 is blocked (office: 10.20.0.0/16): no rule opens"}},
	{"blocked behind a nested one",
	 "inbound: [{service: https, from: 10.20.9.0/24}]\n"
	 "block: [10.20.1.0/24, office, 10.20.0.0/24, 10.0.0.0/9]\n",
	 {"p.yaml:2:11: warning: https: 10.20.9.0/24 is blocked (10.0.0.0/9)"}},
	{"blocked in part",
	 "inbound: [{service: https, from: office}]\nblock: [10.20.0.0/17, 10.20.128.0/17, 10.21.0.0/16]\n",
	 {NULL}},
	{"blocked out of any", "inbound: [{service: https, from: any}]\nblock: [office]\n", {NULL}},
	{"used by options only",
	 "inbound: [{service: https, from: any}]\nzones:\n  pinged: [192.0.2.1]\n  shut: [192.0.2.2]\n"
	 "ping: {to: pinged}\nblock: shut\n",
	 {NULL}},
	{"unused",
	 "inbound: [{service: https, from: relay}]\nzones:\n  home: [192.0.2.1]\nservices:\n"
	 "  web: {tcp: 81}\n",
	 {"p.yaml:4:3: warning: zone home is not used", "p.yaml:6:3: warning: service web is not used"}},
	{"used",
	 "inbound: [{service: web, from: home}]\nzones:\n  home: [192.0.2.1]\nservices:\n  web: {tcp: 81}\n",
	 {NULL}},
};

static struct source_set *sources_of(const char *policy)
{
	static const char include[] = "include: [services.yaml]\n";
	json_t *root =
		json_pack("{s:n, s:[{s:s, s:s++}, {s:s, s:s}]}", "interfaces", "sources", "name", "p.yaml",
			  "text", include, policy, "", "name", "services.yaml", "text", catalogue);
	char *text = json_dumps(root, 0);
	struct source_set *sources = NULL;

	assert_non_null(text);
	assert_int_equal(source_set_parse(text, strlen(text), &sources), 0);
	free(text);
	json_decref(root);
	return sources;
}

static void check_case(const struct lint_case *lint_case)
{
	struct source_set *sources = sources_of(lint_case->policy);
	struct diags *diags = diags_new();
	struct policy *policy = NULL;
	size_t n = 0;

	if (policy_load(sources, "p.yaml", diags, &policy) != 0) {
		diags_print(diags, stderr);
		fail_msg("%s: the policy is not valid", lint_case->name);
	}
	lint(policy, diags);
	for (; n < 4 && lint_case->warnings[n]; n++) {
		bool found = false;

		for (size_t i = 0; diags_warning(diags, i); i++)
			found |= strstr(diags_warning(diags, i), lint_case->warnings[n]) != NULL;
		if (!found)
			diags_print(diags, stderr);
		if (!found)
			fail_msg("%s: no warning '%s'", lint_case->name, lint_case->warnings[n]);
	}
	if (diags_count(diags, DIAG_WARNING) != n) {
		diags_print(diags, stderr);
		fail_msg("%s: %zu warnings, not %zu", lint_case->name, diags_count(diags, DIAG_WARNING), n);
	}
	policy_free(policy);
	diags_free(diags);
	source_set_free(sources);
}

static void advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(advice)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
