// SPDX-License-Identifier: GPL-2.0-only
// `postern show`: the effective rules of a policy file, or of the policy in force.
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "describe.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "show_ftp.h"
#include "show_options.h"

/* "tcp/53 udp/53 ip/112" in one cell. */
static void add_ports(struct table *table, const struct service *service)
{
	char tcp[PORTS_TEXT_SIZE], udp[PORTS_TEXT_SIZE], ip[PORTS_TEXT_SIZE];

	describe_ranges(service->tcp, service->n_tcp, tcp);
	describe_ranges(service->udp, service->n_udp, udp);
	describe_protocols(service->ip, service->n_ip, ip);
	table_add(table, "%s%s%s%s%s%s%s%s", *tcp ? "tcp/" : "", tcp, *tcp && *udp ? " " : "",
		  *udp ? "udp/" : "", udp, (*tcp || *udp) && *ip ? " " : "", *ip ? "ip/" : "", ip);
}

static bool is_any_narrowed(const struct rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (policy_is_narrowed(&rules[i].scope))
			return true;
	return false;
}

static void add_rules(struct table *table, const struct policy *policy, enum direction direction,
		      bool with_scope)
{
	const struct rule *rules = direction == INBOUND ? policy->inbound : policy->outbound;
	size_t n = direction == INBOUND ? policy->n_inbound : policy->n_outbound;

	for (size_t i = 0; i < n; i++) {
		const struct service *service = &policy->services[rules[i].service];
		CLEANUP_FREE char *peers = describe_peers(policy, rules[i].peers, rules[i].n_peers);
		char scope[SCOPE_TEXT_SIZE];

		table_add(table, "%s", direction_name(direction));
		table_add(table, "%s", service->name);
		add_ports(table, service);
		table_add(table, "%s", peers ? peers : "?");
		if (with_scope)
			table_add(table, "%s", describe_scope(&rules[i].scope, scope));
		table_add(table, "%s", rules[i].why ? rules[i].why : "");
	}
}

static int print_rules(const struct policy *policy)
{
	static const char *const plain[] = {"DIRECTION", "SERVICE", "PORTS", "PEERS", "WHY", NULL};
	static const char *const scoped[] = {"DIRECTION", "SERVICE", "PORTS", "PEERS", "ONLY", "WHY", NULL};
	bool with_scope = is_any_narrowed(policy->inbound, policy->n_inbound) ||
			  is_any_narrowed(policy->outbound, policy->n_outbound);
	struct table *table;

	if (policy->n_inbound + policy->n_outbound == 0) {
		bool ping = policy->ping[INBOUND].n_peers + policy->ping[OUTBOUND].n_peers > 0;

		puts(policy->mode == MODE_AUDIT ? "no rules"
		     : ping                     ? "no rules: everything but ping is denied"
						: "no rules: everything is denied");
		return EXIT_DONE;
	}
	table = table_new(with_scope ? scoped : plain);
	if (table) {
		add_rules(table, policy, INBOUND, with_scope);
		add_rules(table, policy, OUTBOUND, with_scope);
	}
	return table_finish(table);
}

static json_t *json_where(const struct place *place)
{
	char text[512];

	snprintf(text, sizeof(text), "%s:%u", place->file, place->line);
	return json_bytes(text, sizeof(text));
}

static json_t *json_rule(const struct policy *policy, const struct rule *rule)
{
	const struct service *service = &policy->services[rule->service];
	const struct scope *scope = &rule->scope;
	char at[ADDR_TEXT_SIZE];
	json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:s?, s:o}", "service", service->name, "tcp",
				 json_ranges(service->tcp, service->n_tcp), "udp",
				 json_ranges(service->udp, service->n_udp), "ip",
				 json_protocols(service->ip, service->n_ip), "peers",
				 json_peers(policy, rule->peers, rule->n_peers), "why", rule->why, "where",
				 json_where(&rule->place));

	json_object_set_new(json, "on", scope->on ? json_bytes(scope->on, strlen(scope->on)) : json_null());
	json_object_set_new(json, "at",
			    scope->has_at ? json_string(value_format_addr(&scope->at, at)) : json_null());
	return json;
}

static json_t *json_rules(const struct policy *policy, const struct rule *rules, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_rule(policy, &rules[i]));
	return list;
}

static int print_json(const struct policy *policy, const char *file)
{
	json_t *interfaces = json_array(), *root;

	for (size_t i = 0; i < policy->n_interfaces; i++)
		json_array_append_new(interfaces, json_bytes(policy->interfaces[i], 256));
	root = json_pack("{s:o, s:o, s:o, s:o, s:o}", "policy", json_bytes(file, strlen(file)), "interfaces",
			 interfaces, "inbound", json_rules(policy, policy->inbound, policy->n_inbound),
			 "outbound", json_rules(policy, policy->outbound, policy->n_outbound), "ftp",
			 show_ftp_json(policy));
	show_options_add(policy, root);
	return json_print(root, 0);
}

static int load(const struct context *context, const char *path, struct loaded *ret)
{
	struct datapath *datapath CLEANUP(datapath_cleanup) = NULL;
	int status;

	if (path) {
		status = policy_from_file(path, NULL, ret);
		if (status == EXIT_USAGE)
			diags_print(ret->diags, stderr);
		return status;
	}
	if (geteuid() != 0) {
		fputs("postern show: the policy in force is shown to root only; name a policy file\n",
		      stderr);
		return EXIT_FAILED;
	}
	status = instance_open(context, &datapath);
	return status == EXIT_DONE ? policy_from_instance(datapath, ret) : status;
}

static int run(const struct context *context, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_show, .argc = argc, .argv = argv};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	const char *path = NULL;
	int option, status;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (path)
			return option_extra(&cmd_show, reader.value);
		path = reader.value;
	}
	status = load(context, path, &loaded);
	if (status != EXIT_DONE)
		return status;
	if (context->json)
		return print_json(loaded.policy, source_set_main(loaded.sources));
	status = print_rules(loaded.policy);
	if (status == EXIT_DONE)
		status = show_ftp_print(loaded.policy);
	if (status == EXIT_DONE)
		status = show_ftp_print_clients(loaded.policy);
	if (status == EXIT_DONE)
		status = show_ftp_print_logs(loaded.policy);
	return status == EXIT_DONE ? show_options_print(loaded.policy) : status;
}

const struct command cmd_show = {
	.name = "show",
	.synopsis = "[POLICY]",
	.summary = "print the effective rules of a policy, without one those in force",
	.details = "What is not listed is denied. The policy in force is kept with its pins: the files it\n"
		   "came from need not exist any more.",
	.run = run,
};
