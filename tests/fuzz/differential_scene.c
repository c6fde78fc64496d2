// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, ports and connections near the edges of a policy. */
#include <string.h>

#include "differential.h"
#include "model_rules.h"

enum { FOREIGN_SERVICES = 3000, MOST_STATE = 24 };

static const char *const hosts[2][N_HOSTS] = {
	{"2001:db8:1::10", "2001:db8:1::11", "fe80::1", "::ffff:192.0.2.10", "2001:db8:20::1"},
	{"192.0.2.10", "192.0.2.11", "10.20.0.1", "192.0.2.10", "192.0.2.10"},
};

/* Some of them may send nothing. */
static const char *const special[2][12] = {
	{"::", "::1", "ff02::1", "::ffff:198.51.100.7", "::fffe:1.2.3.4", "fe80::2", "2001:db8:99::7", "::2",
	 "feff::1", "2001:db8:20::4", "::ffff:192.0.2.10", "2001:db8:99::8"},
	{"0.0.0.1", "127.0.0.1", "224.0.0.1", "223.255.255.255", "240.0.0.1", "255.255.255.255",
	 "198.51.100.7", "0.0.0.0", "1.0.0.0", "126.255.255.255", "128.0.0.0", "10.20.0.25"},
};

struct place_of place_of(const struct model_addr *addr)
{
	struct place_of place = {.addr = *addr};

	inet_ntop(addr->is_ipv4 ? AF_INET : AF_INET6, addr->bytes, place.text, sizeof(place.text));
	return place;
}

static struct place_of place_of_text(const char *text, bool is_ipv4)
{
	struct model_addr addr = {.is_ipv4 = is_ipv4};

	inet_pton(is_ipv4 ? AF_INET : AF_INET6, text, addr.bytes);
	return place_of(&addr);
}

/* Inside, at an end, or just outside. */
static struct place_of near_prefix(const struct prefix *prefix, struct random *random)
{
	struct model_addr addr = {.is_ipv4 = prefix->is_ipv4};
	unsigned bits = prefix->is_ipv4 ? 32 : 128, fill = random_below(random, 3);

	memcpy(addr.bytes, (const uint8_t *)&prefix->addr + (prefix->is_ipv4 ? 12 : 0), bits / 8);
	for (unsigned bit = prefix->length; bit < bits; bit++)
		if (fill == 0 || (fill == 1 && random_chance(random, 50)))
			addr.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	if (prefix->length && random_chance(random, 35)) {
		unsigned bit = random_chance(random, 70) ? prefix->length - 1u
							 : random_below(random, prefix->length);

		addr.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	return place_of(&addr);
}

static void fill_strangers(struct scene *scene, struct random *random, const struct policy *policy)
{
	size_t n[2] = {0, 0};

	for (int family = 0; family < 2; family++)
		while (n[family] < LENGTH(special[family])) {
			scene->strangers[family][n[family]] =
				place_of_text(special[family][n[family]], family);
			n[family]++;
		}
	for (unsigned tries = 0; tries < 2000; tries++) {
		const struct zone *zone = &policy->zones[random_below(random, (uint32_t)policy->n_zones)];
		const struct prefix *prefix =
			&zone->prefixes[random_below(random, (uint32_t)zone->n_prefixes)];

		if (n[prefix->is_ipv4] < N_STRANGERS)
			scene->strangers[prefix->is_ipv4][n[prefix->is_ipv4]++] = near_prefix(prefix, random);
	}
	for (int family = 0; family < 2; family++)
		for (; n[family] < N_STRANGERS; n[family]++)
			scene->strangers[family][n[family]] = scene->strangers[family][6];
}

static struct port_range any_range(struct random *random, const struct policy *policy)
{
	const struct service *service = &policy->services[random_below(random, (uint32_t)policy->n_services)];

	if (policy->n_ftp && random_chance(random, 25)) {
		const struct ftp_server *server = &policy->ftp[random_below(random, (uint32_t)policy->n_ftp)];

		return server->passive[random_below(random, (uint32_t)server->n_passive)];
	}
	if (service->n_tcp && random_chance(random, 60))
		return service->tcp[random_below(random, (uint32_t)service->n_tcp)];
	if (service->n_udp)
		return service->udp[random_below(random, (uint32_t)service->n_udp)];
	return (struct port_range){40000, 40003};
}

static void fill_ports(struct scene *scene, struct random *random, const struct policy *policy)
{
	for (size_t i = 0; i < N_SCENE_PORTS; i++) {
		struct port_range range = any_range(random, policy);
		uint16_t at = random_chance(random, 50) ? range.first : range.last;

		if (random_chance(random, 25))
			at = (uint16_t)(range.first +
					random_below(random, (uint32_t)(range.last - range.first) + 1));
		scene->ports[i] =
			(uint16_t)(at + (random_chance(random, 30) ? random_below(random, 3) - 1 : 0));
	}
}

void scene_fill(struct scene *scene, struct random *random, const struct policy *policy)
{
	memset(scene, 0, sizeof(*scene));
	for (int family = 0; family < 2; family++)
		for (size_t i = 0; i < N_HOSTS; i++)
			scene->hosts[family][i] = place_of_text(hosts[family][i], family);
	fill_strangers(scene, random, policy);
	fill_ports(scene, random, policy);
}

const struct place_of *scene_host(const struct scene *scene, struct random *random, bool is_ipv4)
{
	return &scene->hosts[is_ipv4][random_chance(random, 70) ? 0 : random_below(random, N_HOSTS)];
}

const struct place_of *scene_stranger(const struct scene *scene, struct random *random, bool is_ipv4)
{
	return &scene->strangers[is_ipv4][random_below(random, N_STRANGERS)];
}

uint16_t scene_port(const struct scene *scene, struct random *random)
{
	if (random_chance(random, 12))
		return (uint16_t)random_below(random, 65536);
	if (random_chance(random, 30))
		return (uint16_t)(40000 + random_below(random, 4));
	return scene->ports[random_below(random, N_SCENE_PORTS)];
}

static struct model_key fresh_key(const struct scene *scene, struct random *random)
{
	bool is_ipv4 = random_chance(random, 50);
	uint8_t protocol = random_chance(random, 60) ? TCP : UDP;

	return (struct model_key){
		.local = scene_host(scene, random, is_ipv4)->addr,
		.peer = scene_stranger(scene, random, is_ipv4)->addr,
		.local_port = scene_port(scene, random),
		.peer_port = scene_port(scene, random),
		.protocol = protocol,
	};
}

/* No connection has such addresses: their packets are denied. */
static bool is_mapped(const struct model_addr *addr)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !addr->is_ipv4 && memcmp(addr->bytes, prefix, sizeof(prefix)) == 0;
}

/* As a connection that this host can have. */
static struct model_key real_key(const struct scene *scene, struct random *random)
{
	struct model_key key;

	do
		key = fresh_key(scene, random);
	while (is_mapped(&key.local) || is_mapped(&key.peer));
	return key;
}

/* The addresses as the other family would spell them, where it can. */
static void confuse(struct model_key *key)
{
	struct model_addr *both[] = {&key->local, &key->peer};

	for (int i = 0; i < 2; i++) {
		struct model_addr ipv6 = {.bytes = {[10] = 0xff, [11] = 0xff}};

		if (!both[i]->is_ipv4)
			return;
		memcpy(ipv6.bytes + 12, both[i]->bytes, 4);
		*both[i] = ipv6;
	}
}

static void nudge(struct model_key *key, const struct scene *scene, struct random *random)
{
	switch (random_below(random, 6)) {
	case 0:
		key->local_port = (uint16_t)(key->local_port + 1 - 2 * random_below(random, 2));
		break;
	case 1:
		key->peer_port = (uint16_t)(key->peer_port + 1 - 2 * random_below(random, 2));
		break;
	case 2:
		key->peer = scene_stranger(scene, random, key->peer.is_ipv4)->addr;
		break;
	case 3:
		key->local = scene_host(scene, random, key->local.is_ipv4)->addr;
		break;
	case 4:
		key->protocol = key->protocol == TCP ? UDP : TCP;
		break;
	default:
		confuse(key);
	}
}

static struct model_key known_key(struct scene *scene, struct random *random, const struct model *model)
{
	uint32_t kind = random_below(random, 4), n = scene->n_recent < N_RECENT ? scene->n_recent : N_RECENT;
	struct model_key key = fresh_key(scene, random);

	if (kind == 0 && model->n_data_flows)
		return model->data_flows[random_below(random, (uint32_t)model->n_data_flows)].key;
	if (kind == 1 && model->n_pinholes) {
		const struct model_pinhole *pinhole =
			&model->pinholes[random_below(random, (uint32_t)model->n_pinholes)];

		key.peer = pinhole->client;
		key.local = pinhole->at_any_local ? scene_host(scene, random, key.peer.is_ipv4)->addr
						  : pinhole->local;
		key.local_port = pinhole->port;
		key.protocol = TCP;
		return key;
	}
	if (kind == 2 && scene->n_first)
		return scene->first[random_below(random, scene->n_first)];
	return n ? scene->recent[random_below(random, n)] : key;
}

struct model_key scene_key(struct scene *scene, struct random *random, const struct model *model)
{
	struct model_key key =
		random_chance(random, 50) ? fresh_key(scene, random) : known_key(scene, random, model);

	if (random_chance(random, 25))
		nudge(&key, scene, random);
	if (key.protocol != TCP && key.protocol != UDP)
		key.protocol = UDP;
	scene->recent[scene->n_recent++ % N_RECENT] = key;
	return key;
}

static void add_pinhole(const struct scene *scene, struct random *random, struct model *model)
{
	struct model_key key = real_key(scene, random);
	struct model_pinhole *pinhole = &model->pinholes[model->n_pinholes];

	*pinhole =
		(struct model_pinhole){.client = key.peer,
				       .local = key.local,
				       .at_any_local = random_chance(random, 50),
				       .is_over = random_chance(random, 20),
				       .port = key.local_port,
				       .control = random_chance(random, 75) ? scene_port(scene, random) : 0};
	for (size_t i = 0; i < model->n_pinholes; i++) {
		const struct model_pinhole *other = &model->pinholes[i];

		if (other->port == pinhole->port && other->at_any_local == pinhole->at_any_local &&
		    model_addr_equal(&other->client, &pinhole->client) &&
		    (pinhole->at_any_local || model_addr_equal(&other->local, &pinhole->local)))
			return;
	}
	model->n_pinholes++;
}

static struct model_flow random_flow(const struct scene *scene, struct random *random)
{
	struct model_flow flow = {.key = real_key(scene, random),
				  .is_used = true,
				  .is_over = random_chance(random, 20),
				  .is_foreign = random_chance(random, 40),
				  .service = (uint16_t)(FOREIGN_SERVICES + random_below(random, 9)),
				  .control = scene_port(scene, random),
				  .interface = random_below(random, N_SCENE_INTERFACES + 1)};

	if (random_chance(random, 15)) {
		flow.key.protocol = flow.key.local.is_ipv4 ? ICMP : ICMPV6;
		flow.key.local_port = (uint16_t)random_below(random, 4);
		flow.key.peer_port = 0;
	}
	return flow;
}

/* Where `connections` would have it: a port that has a service, or FTP's, is asked before it, and of a peer
 * that is blocked, this host itself or no source no policy has said that it may go on unasked. */
static bool can_be_connection(const struct model *model, const struct model_flow *flow,
			      const struct port_rule *rule)
{
	if (!flow->is_used || !flow->has_socket || flow->control)
		return false;
	if (flow->is_foreign)
		return !(rule->flags & PORT_PASSIVE);
	return !rule->flags && !model_is_blocked(model, &flow->key.peer) &&
	       !model_is_own(model, &flow->key.peer) && !model_is_no_source(&flow->key.peer);
}

void scene_choose_connections(struct random *random, struct model *model, const struct compiled *compiled)
{
	bool taken[MAX_CONNECTIONS] = {false};

	for (size_t i = 0; i < MODEL_FLOW_SLOTS; i++) {
		struct model_flow *flow = &model->flows[i];
		uint16_t port = flow->key.local_port;
		uint32_t place = connection_place(port);
		const struct port_rule *rule = &compiled->ports[port_index(INBOUND, TRANSPORT_TCP, port)];

		if (!can_be_connection(model, flow, rule) || taken[place] || random_chance(random, 30))
			continue;
		flow->is_connection = taken[place] = true;
		model->n_flows--;
	}
}

void scene_fill_state(struct scene *scene, struct random *random, struct model *model)
{
	for (unsigned k = random_below(random, MODEL_OWN); k; k--) {
		struct model_key key = real_key(scene, random);

		model->own[model->n_own++] = random_chance(random, 75) ? key.local : key.peer;
	}
	for (unsigned k = random_below(random, MOST_STATE); k; k--) {
		struct model_flow flow = random_flow(scene, random);

		/* Some are active FTP's. */
		if (flow.key.protocol != TCP || !random_chance(random, 25))
			flow.control = 0;
		flow.has_socket = flow.key.protocol == TCP && !flow.is_over;
		if (model_put_flow(model, &flow))
			scene->first[scene->n_first++ % N_RECENT] = flow.key;
	}
	for (unsigned k = random_below(random, MOST_STATE); k; k--) {
		struct model_flow flow = random_flow(scene, random);

		flow.key.protocol = TCP;
		if (random_chance(random, 25))
			flow.control = 0;
		if (!model_find_data_flow(model, &flow.key))
			model->data_flows[model->n_data_flows++] = flow;
	}
	for (unsigned k = random_below(random, MOST_STATE); k; k--)
		add_pinhole(scene, random, model);
	for (unsigned k = random_below(random, 12); k; k--) {
		struct model_key key = real_key(scene, random);

		model_put_peer(model, &key.peer, random_chance(random, 30));
	}
}
