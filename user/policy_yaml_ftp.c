// SPDX-License-Identifier: GPL-2.0-only
// The section `ftp`: the FTP servers of this host.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <string.h>

#define MS 1000000ull

enum { FIRST_PASSIVE_ANY = 1024, MAX_TTL_S = 3600, MIN_TTL_MS = 100 };
static const uint64_t default_ttl_ns = 30000 * MS;

/* The name of its counter is "ftp:NAME". */
enum { SERVER_NAME_SIZE = NAME_SIZE - 4 };

enum { CONTROL, SOCKETS, TLS, PASSIVE, PINHOLES, TTL, ACTIVE, PEER, OWNER, WATCH, LOG, N_KEYS };

static void read_control(struct reader *reader, const struct node *node, struct ftp_server *server)
{
	const struct node *items;
	size_t n, *slot;

	server->control_place = node->place;
	if (!reader_list(reader, node, "the name of a service or a list of them", &items, &n))
		return;
	if (n == 0)
		reader_error(reader, node, "expected at least one service");
	for (size_t i = 0; i < n; i++) {
		ssize_t service = reader_service(reader, &items[i]);
		bool seen = false;

		for (size_t j = 0; service >= 0 && j < server->n_control; j++)
			seen = seen || server->control[j] == (size_t)service;
		if (seen)
			reader_error(reader, &items[i], "'%s' appears twice in the list", items[i].text);
		if (seen || service < 0)
			continue;
		slot = reader_grow(reader, &server->control, &server->n_control, sizeof(*slot));
		if (slot)
			*slot = (size_t)service;
	}
}

static void read_passive(struct reader *reader, const struct node *node, struct ftp_server *server)
{
	struct port_range *slot;

	server->passive_place = node->place;
	if (node->kind != NODE_TEXT || strcmp(node->text, "any") != 0) {
		reader_ports(reader, node, &server->passive, &server->n_passive);
		return;
	}
	server->passive_any = true;
	slot = reader_grow(reader, &server->passive, &server->n_passive, sizeof(*slot));
	if (slot)
		*slot = (struct port_range){.first = FIRST_PASSIVE_ANY, .last = UINT16_MAX};
}

static void read_ttl(struct reader *reader, const struct node *node, uint64_t *ret_ns)
{
	const char *text = reader_text(reader, node, "a time, such as 30s");
	uint64_t ns;
	int r = text ? value_parse_duration(text, &ns) : 0;

	if (!text)
		return;
	if (r == -EINVAL)
		reader_error(reader, node, "expected a number with a unit (ms, s, m, h), found '%s'", text);
	else if (r < 0 || ns < MIN_TTL_MS * MS || ns > MAX_TTL_S * 1000 * MS)
		reader_error(reader, node, "%s is out of range: 'ttl' is from %dms to %ds", text, MIN_TTL_MS,
			     MAX_TTL_S);
	else
		*ret_ns = ns;
}

static void read_tls(struct reader *reader, const struct node *node, struct ftp_server *server)
{
	static const char *const words[] = {[FTP_TLS_REQUIRED] = "required",
					    [FTP_TLS_OPTIONAL] = "optional",
					    [FTP_TLS_NONE] = "none",
					    NULL};
	int word = reader_word(reader, node, words);

	if (word >= 0)
		server->tls = (enum ftp_tls)word;
}

static void read_pinholes(struct reader *reader, const struct node *node, struct ftp_server *server)
{
	static const char *const words[] = {[FTP_PINHOLES_SESSION] = "session",
					    [FTP_PINHOLES_STATIC] = "static",
					    [FTP_PINHOLES_CLIENTS] = "clients",
					    NULL};
	int word = reader_word(reader, node, words);

	if (word >= 0)
		server->pinholes = (enum ftp_pinholes)word;
}

static void read_server(struct reader *reader, const struct node *node, struct ftp_server *server)
{
	struct field fields[] = {[CONTROL] = {.name = "control", .required = true},
				 [SOCKETS] = {.name = "sockets"},
				 [TLS] = {.name = "tls"},
				 [PASSIVE] = {.name = "passive", .required = true},
				 [PINHOLES] = {.name = "pinholes"},
				 [TTL] = {.name = "ttl"},
				 [ACTIVE] = {.name = "active"},
				 [PEER] = {.name = "peer"},
				 [OWNER] = {.name = "owner"},
				 [WATCH] = {.name = "watch"},
				 [LOG] = {.name = "log"},
				 [N_KEYS] = {0}};

	if (!reader_fields(reader, node, "an FTP server", fields))
		return;
	if (fields[CONTROL].value)
		read_control(reader, fields[CONTROL].value, server);
	if (fields[PASSIVE].value)
		read_passive(reader, fields[PASSIVE].value, server);
	if (fields[TLS].value)
		read_tls(reader, fields[TLS].value, server);
	if (fields[PINHOLES].value)
		read_pinholes(reader, fields[PINHOLES].value, server);
	if (fields[TTL].value)
		read_ttl(reader, fields[TTL].value, &server->ttl_ns);
	read_sockets(reader, &fields[SOCKETS], server);
	if (fields[ACTIVE].value)
		reader_bool(reader, fields[ACTIVE].value, &server->active);
	read_ftp_peer(reader, &fields[PEER], &server->peer);
	read_owner(reader, &fields[OWNER], &server->owner);
	server->watch_listed = fields[WATCH].key;
	if (server->watch_listed)
		read_watch(reader, &fields[WATCH], &server->watch);
	read_log(reader, &fields[LOG], &fields[WATCH], server);
}

static const struct ftp_server *find_server(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->n_ftp; i++)
		if (strcmp(policy->ftp[i].name, name) == 0)
			return &policy->ftp[i];
	return NULL;
}

static bool may_define(struct reader *reader, const struct node *key)
{
	const struct ftp_server *old;

	if (!reader_name(reader, key, SERVER_NAME_SIZE))
		return false;
	old = find_server(reader->policy, key->text);
	if (old && !reader_is_redefined(reader, old->place, key->place))
		reader_error(reader, key, "FTP server '%s' is already defined at %s:%u", key->text,
			     old->place.file, old->place.line);
	return !old;
}

void read_ftp(struct reader *reader, const struct node *node)
{
	if (node->kind != NODE_MAP) {
		reader_error(reader, node,
			     "'ftp' must be a mapping {name: {control: SERVICES, passive: PORTS}, …}, not %s",
			     node_describe(node));
		return;
	}
	for (size_t i = 0; i < node->n_items; i += 2) {
		struct policy *policy = reader->policy;
		const struct node *key = &node->items[i];
		struct ftp_server server = {.place = key->place,
					    .ttl_ns = default_ttl_ns,
					    .watch = 1u << FTP_WATCH_SOCKET | 1u << FTP_WATCH_REPLY |
						     1u << FTP_WATCH_TLS},
				  *slot;
		bool is_new = may_define(reader, key);

		if (policy->n_ftp >= MAX_FTP_SERVERS) {
			reader_error(reader, key, "more than %d FTP servers", MAX_FTP_SERVERS);
			return;
		}
		/* One that is replaced must be right all the same. */
		read_server(reader, &node->items[i + 1], &server);
		server.name = is_new ? reader_strdup(reader, key->text) : NULL;
		slot = server.name ? reader_grow(reader, &policy->ftp, &policy->n_ftp, sizeof(*slot)) : NULL;
		if (slot)
			*slot = server;
		else
			ftp_server_clear(&server);
	}
}
