// SPDX-License-Identifier: GPL-2.0-only
// Writes what is in force as text and as JSON.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "names.h"
#include "output.h"
#include "status.h"

static const char *xdp_name(enum xdp_mode mode)
{
	return mode == XDP_MODE_NATIVE ? "native" : "generic";
}

static const char *egress_name(enum egress_hook hook)
{
	return hook == EGRESS_TCX ? "tcx" : "clsact";
}

/* The interface may be gone: then only its number is left. */
static const char *interface_name(const struct interface_state *interface, char *buf)
{
	if (interface->name[0])
		return escape_bytes(interface->name, sizeof(interface->name), buf);
	sprintf(buf, "#%u", interface->ifindex);
	return buf;
}

static void print_state(const struct status *status, FILE *stream)
{
	if (status->state == APPLY_MIXED)
		fputs("change      WARNING: a change was interrupted: not all that filters is of the policy "
		      "shown "
		      "here;\n            'postern apply' undoes it first\n",
		      stream);
	else if (status->state == APPLY_UNGUARDED)
		fputs("change      WARNING: it waits to be confirmed, and the process that would undo it is "
		      "gone:\n            'postern confirm' keeps it, 'postern apply' undoes it first\n",
		      stream);
	else if (status->state == APPLY_WAITING)
		fprintf(stream,
			"change      waits to be confirmed: 'postern confirm' keeps it, in %" PRIu64
			" s it goes back by itself\n",
			(status->goes_back_ms + 999) / 1000);
}

static void print_interfaces(const struct status *status, FILE *stream)
{
	char name[ESCAPED_SIZE(16)];

	for (size_t i = 0; i < status->n_interfaces; i++) {
		const struct interface_state *interface = &status->interfaces[i];

		fprintf(stream, "interface   %s: xdp %s, egress %s%s\n", interface_name(interface, name),
			xdp_name(interface->xdp), egress_name(interface->egress),
			interface->attached ? ""
			: interface->name[0]
				? " - WARNING: no longer attached, this interface is not filtered"
				: " - WARNING: the interface is gone");
	}
}

static size_t flows_outbound(const struct status *status)
{
	return status->limits[LIMIT_FLOWS].used + status->limits[LIMIT_CONNECTIONS].used;
}

static void print_pinholes(const struct status *status, FILE *stream)
{
	const struct totals *totals = &status->totals;

	fprintf(stream,
		"pinholes    %zu open; %" PRIu64 " opened, %" PRIu64 " used, %" PRIu64 " expired, %" PRIu64
		" refused\n",
		status->limits[LIMIT_PINHOLES].used, (uint64_t)totals->opened, (uint64_t)totals->used,
		(uint64_t)totals->expired, (uint64_t)totals->refused);
	if (status->limits[LIMIT_WAITING].used)
		fprintf(stream, "            %zu listeners wait for a reply that says whose they are\n",
			status->limits[LIMIT_WAITING].used);
	if (totals->untracked)
		fprintf(stream,
			"            WARNING: %" PRIu64 " sessions or data connections found no room\n",
			(uint64_t)totals->untracked);
	if (status->n_manual)
		fprintf(stream,
			"            EXCEPTION: %zu of them added by hand: open while something listens "
			"there, "
			"without an FTP session\n",
			status->n_manual);
	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		if (status->servers[i].name[0] && status->servers[i].mode == PINHOLES_STATIC)
			fprintf(stream,
				"            EXCEPTION: ftp %s has pinholes: static, its passive ports are "
				"always "
				"open to whom the control services admit\n",
				status->servers[i].name);
	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		if (status->has_no_owner[i])
			fprintf(stream,
				"            WARNING: the owner of ftp %s could not be told, so that no "
				"passive "
				"port "
				"opens; 'postern apply' says why, and looks again\n",
				status->servers[i].name);
}

static void print_tls(const struct tls_state *tls, FILE *stream)
{
	char name[ESCAPED_SIZE(TLS_NAME_SIZE)];

	if (!tls->wanted)
		return;
	if (!tls->possible) {
		fputs("tls         not on this kernel: it has no tracepoint sock_send_length (Linux 6.3)\n",
		      stream);
		return;
	}
	fprintf(stream, "tls         %zu TLS librar%s of server processes watched", tls->watched,
		tls->watched == 1 ? "y" : "ies");
	if (tls->unwatched)
		fprintf(stream,
			", %zu not, which matters where one process serves several clients: 'postern run' "
			"or another 'postern apply' changes that",
			tls->unwatched);
	putc('\n', stream);
	if (tls->is_partial)
		fputs("            WARNING: there are more processes and files than are looked through: a "
		      "server among the others would not be watched\n",
		      stream);
	if (tls->stale_pid)
		fprintf(stream,
			"            WARNING: stale: process %" PRIu32
			" serves several clients and uses %s, which is not watched: its replies inside TLS "
			"open nothing\n",
			tls->stale_pid, escape_bytes(tls->stale, sizeof(tls->stale), name));
}

static const char *mode_name(const struct status *status)
{
	return status->flags & GENERATION_AUDIT ? "audit" : "enforce";
}

void status_print(const struct status *status, FILE *stream)
{
	const char *file = source_set_main(status->sources);
	CLEANUP_FREE char *escaped = malloc(ESCAPED_SIZE(strlen(file)));

	fprintf(stream, "instance    %s\npolicy      %s\nmode        %s\n", status->instance,
		escaped ? escape_bytes(file, strlen(file), escaped) : "?",
		status->flags & GENERATION_AUDIT
			? "audit: every packet passes, what would be denied is counted as denied"
			: mode_name(status));
	print_state(status, stream);
	print_interfaces(status, stream);
	for (unsigned i = 0; i < N_DIRECTIONS; i++)
		fprintf(stream, "%-11s %" PRIu64 " packets allowed, %" PRIu64 " denied\n", direction_name(i),
			tally_allowed(status->tally, i), tally_denied(status->tally, i));
	print_pinholes(status, stream);
	print_tls(&status->tls, stream);
	fprintf(stream, "sessions    %zu\nflows       %zu outbound, %zu data connections\n",
		status->limits[LIMIT_SESSIONS].used, flows_outbound(status),
		status->limits[LIMIT_DATA_FLOWS].used);
	fputs("limits     ", stream);
	for (size_t i = 0; i < N_LIMITS; i++)
		fprintf(stream, " %s %zu/%zu%s", status->limits[i].name, status->limits[i].used,
			status->limits[i].max, i + 1 < N_LIMITS ? "," : "\n");
	for (size_t i = 0; i < status->n_programs; i++)
		if (status->programs[i].recursion_misses)
			fprintf(stream, "program     %s: recursion_misses %" PRIu64 "\n",
				status->programs[i].name, status->programs[i].recursion_misses);
}

static const char *state_name(enum apply_state state)
{
	return state == APPLY_MIXED       ? "interrupted"
	       : state == APPLY_UNGUARDED ? "unguarded"
	       : state == APPLY_WAITING   ? "waiting"
					  : "none";
}

static json_t *interfaces_to_json(const struct status *status)
{
	json_t *list = json_array();
	char name[ESCAPED_SIZE(16)];

	for (size_t i = 0; i < status->n_interfaces; i++) {
		const struct interface_state *interface = &status->interfaces[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:b}", "name", interface_name(interface, name),
					"xdp", xdp_name(interface->xdp), "egress",
					egress_name(interface->egress), "attached", interface->attached));
	}
	return list;
}

static json_t *verdicts_to_json(const struct status *status, enum direction direction)
{
	return json_pack("{s:I, s:I}", "allowed", (json_int_t)tally_allowed(status->tally, direction),
			 "denied", (json_int_t)tally_denied(status->tally, direction));
}

static json_t *pinholes_to_json(const struct status *status)
{
	const struct totals *totals = &status->totals;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "open",
			 (json_int_t)status->limits[LIMIT_PINHOLES].used, "manual",
			 (json_int_t)status->n_manual, "opened", (json_int_t)totals->opened, "used",
			 (json_int_t)totals->used, "expired", (json_int_t)totals->expired, "closed",
			 (json_int_t)totals->closed, "refused", (json_int_t)totals->refused, "repaired",
			 (json_int_t)totals->repaired, "untracked", (json_int_t)totals->untracked);
}

static json_t *rest_to_json(const struct status *status)
{
	json_t *limits = json_object(), *programs = json_array(), *open = json_array();
	json_t *ownerless = json_array();

	for (size_t i = 0; i < N_LIMITS; i++)
		json_object_set_new(limits, status->limits[i].name,
				    json_pack("{s:I, s:I}", "used", (json_int_t)status->limits[i].used, "max",
					      (json_int_t)status->limits[i].max));
	for (size_t i = 0; i < status->n_programs; i++)
		json_array_append_new(programs, json_pack("{s:s, s:I}", "name", status->programs[i].name,
							  "recursion_misses",
							  (json_int_t)status->programs[i].recursion_misses));
	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		if (status->servers[i].name[0] && status->servers[i].mode == PINHOLES_STATIC)
			json_array_append_new(open, json_string(status->servers[i].name));
	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		if (status->has_no_owner[i])
			json_array_append_new(ownerless, json_string(status->servers[i].name));
	return json_pack("{s:o, s:o, s:o, s:o, s:{s:b, s:b, s:I, s:I, s:b}}", "limits", limits, "programs",
			 programs, "static_servers", open, "ownerless_servers", ownerless, "tls", "wanted",
			 status->tls.wanted, "possible", status->tls.possible, "watched",
			 (json_int_t)status->tls.watched, "unwatched", (json_int_t)status->tls.unwatched,
			 "stale", status->tls.stale_pid != 0);
}

json_t *status_to_json(const struct status *status)
{
	const char *file = source_set_main(status->sources);
	json_t *rest = rest_to_json(status);
	json_t *root = json_pack(
		"{s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I}", "instance", status->instance, "policy",
		json_bytes(file, strlen(file)), "mode", mode_name(status), "change",
		state_name(status->state), "interfaces", interfaces_to_json(status), "inbound",
		verdicts_to_json(status, INBOUND), "outbound", verdicts_to_json(status, OUTBOUND), "pinholes",
		pinholes_to_json(status), "sessions", (json_int_t)status->limits[LIMIT_SESSIONS].used,
		"flows", (json_int_t)(flows_outbound(status) + status->limits[LIMIT_DATA_FLOWS].used));

	if (status->state == APPLY_WAITING)
		json_object_set_new(root, "goes_back_in_ms", json_integer((json_int_t)status->goes_back_ms));
	if (json_object_update(root, rest) < 0) {
		json_decref(root);
		root = NULL;
	}
	json_decref(rest);
	return root;
}
