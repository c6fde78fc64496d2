// SPDX-License-Identifier: GPL-2.0-only
// The section `services`, and references to services.
#include "policy_yaml_reader.h"

#include <stdlib.h>

static const char *service_name(const void *from, size_t i)
{
	const struct policy *policy = from;

	return i < policy->n_services ? policy->services[i].name : NULL;
}

ssize_t reader_service(struct reader *reader, const struct node *node)
{
	const char *text = reader_text(reader, node, "the name of a service");
	const struct service *service = text ? policy_find_service(reader->policy, text) : NULL;

	if (service)
		return service - reader->policy->services;
	if (text)
		reader_unknown(reader, node, "service",
			       reader_nearest(reader, text, service_name, reader->policy));
	return -1;
}

static void read_service(struct reader *reader, const struct node *node, struct service *service)
{
	enum { TCP, UDP, IP };
	struct field fields[] = {
		[TCP] = {.name = "tcp"}, [UDP] = {.name = "udp"}, [IP] = {.name = "ip"}, {0}};

	if (!reader_fields(reader, node, "a service", fields))
		return;
	if (fields[TCP].value)
		reader_ports(reader, fields[TCP].value, &service->tcp, &service->n_tcp);
	if (fields[UDP].value)
		reader_ports(reader, fields[UDP].value, &service->udp, &service->n_udp);
	if (!fields[TCP].key && !fields[UDP].key && !fields[IP].key)
		reader_error(reader, node, "a service needs 'tcp', 'udp' or 'ip'");
	if (fields[IP].value)
		reader_protocols(reader, fields[IP].value, &service->ip, &service->n_ip);
}

static bool may_define(struct reader *reader, const struct node *key)
{
	const struct service *old;

	if (!reader_name(reader, key, NAME_SIZE))
		return false;
	old = policy_find_service(reader->policy, key->text);
	if (old && !reader_is_redefined(reader, old->place, key->place))
		reader_error(reader, key, "service '%s' is already defined at %s:%u", key->text,
			     old->place.file, old->place.line);
	return !old;
}

void read_services(struct reader *reader, const struct node *node)
{
	if (node->kind != NODE_MAP) {
		reader_error(reader, node, "'services' must be a mapping {name: {tcp: PORTS}, …}, not %s",
			     node_describe(node));
		return;
	}
	for (size_t i = 0; i < node->n_items; i += 2) {
		struct policy *policy = reader->policy;
		const struct node *key = &node->items[i];
		struct service service = {.place = key->place}, *slot;
		bool is_new = may_define(reader, key);

		if (policy->n_services >= MAX_SERVICES) {
			reader_error(reader, key, "more than %d services", MAX_SERVICES);
			return;
		}
		/* One that is replaced must be right all the same. */
		read_service(reader, &node->items[i + 1], &service);
		service.name = is_new ? reader_strdup(reader, key->text) : NULL;
		slot = service.name
			       ? reader_grow(reader, &policy->services, &policy->n_services, sizeof(*slot))
			       : NULL;
		if (slot) {
			*slot = service;
		} else {
			free(service.name);
			free(service.ip);
			free(service.tcp);
			free(service.udp);
		}
	}
}
