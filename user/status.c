// SPDX-License-Identifier: GPL-2.0-only
// Collects what is in force and what it did.
#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "command.h"
#include "output.h"
#include "status.h"

void status_clear(struct status *status)
{
	source_set_free(status->sources);
	free(status->interfaces);
	free(status->programs);
	free(status->tally);
	*status = (struct status){0};
}

static int read_policy(const struct datapath *datapath, struct source_set **ret)
{
	CLEANUP_FREE char *text = NULL;
	size_t size;
	int r = datapath_policy(datapath, &text, &size);

	if (r == 0)
		r = source_set_parse(text, size, ret);
	return r == 0 && !source_set_main(*ret) ? -EINVAL : r;
}

/* Limits, and what of it was made by hand. */
static int read_limits(const struct datapath *datapath, struct limit_use *limits, size_t *ret_manual)
{
	CLEANUP_FREE struct session_entry *sessions = NULL;
	CLEANUP_FREE struct pinhole_entry *pinholes = NULL;
	CLEANUP_FREE struct flow_entry *flows = NULL;
	size_t n_sessions = 0, n_pinholes = 0, n_waiting = 0, n_flows = 0, n_in[N_FLOW_MAPS] = {0};
	int r = datapath_sessions(datapath, &sessions, &n_sessions);

	if (r == 0)
		r = datapath_pinholes(datapath, &pinholes, &n_pinholes);
	if (r == 0)
		r = datapath_waiting(datapath, &n_waiting);
	if (r == 0)
		r = datapath_flows(datapath, &flows, &n_flows);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_flows; i++)
		n_in[flows[i].map]++;
	*ret_manual = 0;
	for (size_t i = 0; i < n_pinholes; i++)
		*ret_manual += pinholes[i].pinhole.origin == ORIGIN_MANUAL;
	limits[LIMIT_SESSIONS] = (struct limit_use){"sessions", n_sessions, MAX_SESSIONS};
	limits[LIMIT_PINHOLES] = (struct limit_use){"pinholes", n_pinholes, MAX_PINHOLES};
	limits[LIMIT_WAITING] = (struct limit_use){"waiting_listeners", n_waiting, MAX_WAITING};
	limits[LIMIT_FLOWS] = (struct limit_use){"flows", n_in[FLOW_MAP_FLOWS], MAX_FLOWS};
	limits[LIMIT_CONNECTIONS] =
		(struct limit_use){"connections", n_in[FLOW_MAP_CONNECTIONS], MAX_CONNECTIONS};
	limits[LIMIT_DATA_FLOWS] =
		(struct limit_use){"data_flows", n_in[FLOW_MAP_DATA_FLOWS], MAX_DATA_FLOWS};
	return 0;
}

/* Nothing is left of a deadline that has passed: it goes back at this moment. */
static int read_deadline(const struct datapath *datapath, uint64_t *ret_ms)
{
	struct settings settings;
	int r = datapath_settings(datapath, &settings);
	uint64_t now = boot_time_ns();

	*ret_ms = r == 0 && settings.confirm_by_ns > now ? (settings.confirm_by_ns - now) / 1000000 : 0;
	return r;
}

/* A large policy takes long to read: only where a server in force is watched by tls. */
static int read_tls(const struct datapath *datapath, struct status *ret)
{
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	bool wanted = false;
	int status, r;

	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		wanted |= ret->servers[i].watch >> ORIGIN_TLS & 1;
	if (!wanted)
		return EXIT_DONE;
	status = policy_from_instance(datapath, &loaded);
	if (status != EXIT_DONE)
		return status;
	r = tls_watch_look(ret->instance, loaded.policy, &ret->tls);
	return r < 0 ? instance_failed("status", r) : EXIT_DONE;
}

int status_read(const struct datapath *datapath, const char *instance, struct status *ret)
{
	size_t n_services = 0;
	int r;

	ret->instance = instance;
	r = read_policy(datapath, &ret->sources);
	if (r == 0)
		r = datapath_interfaces(datapath, &ret->interfaces, &ret->n_interfaces);
	if (r == 0)
		r = datapath_programs(datapath, &ret->programs, &ret->n_programs);
	if (r == 0)
		r = datapath_totals(datapath, &ret->totals);
	if (r == 0)
		r = datapath_flags(datapath, &ret->flags);
	if (r == 0)
		r = read_deadline(datapath, &ret->goes_back_ms);
	if (r == 0)
		r = datapath_ftp_servers(datapath, ret->servers);
	if (r == 0)
		r = datapath_ftp_ownerless(datapath, ret->has_no_owner);
	if (r == 0)
		r = read_limits(datapath, ret->limits, &ret->n_manual);
	if (r < 0)
		return instance_failed("status", r);
	ret->tally = tally_read(datapath);
	if (!ret->tally)
		return EXIT_FAILED;
	for (size_t i = 0; i < MAX_SERVICES; i++)
		n_services += ret->tally->services[i].name[0] != '\0';
	ret->limits[LIMIT_SERVICES] = (struct limit_use){"services", n_services, MAX_SERVICES};
	return read_tls(datapath, ret);
}
