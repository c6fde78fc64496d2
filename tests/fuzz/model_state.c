// SPDX-License-Identifier: GPL-2.0-only
/* The model's lists of what is open: found by comparing every field. */
#include <string.h>

#include "model.h"

bool model_addr_equal(const struct model_addr *a, const struct model_addr *b)
{
	return a->is_ipv4 == b->is_ipv4 && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool model_addr_in(const struct model_addr *addr, const struct prefix *prefix)
{
	const uint8_t *bytes = (const uint8_t *)&prefix->addr + (prefix->is_ipv4 ? 12 : 0);

	if (addr->is_ipv4 != prefix->is_ipv4)
		return false;
	for (unsigned bit = 0; bit < prefix->length; bit++)
		if ((addr->bytes[bit / 8] ^ bytes[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

static bool key_equal(const struct model_key *a, const struct model_key *b)
{
	return a->local_port == b->local_port && a->peer_port == b->peer_port && a->protocol == b->protocol &&
	       model_addr_equal(&a->local, &b->local) && model_addr_equal(&a->peer, &b->peer);
}

static uint32_t key_hash(const struct model_key *key)
{
	uint32_t hash = key->local_port * 65537u + key->peer_port * 31u + key->protocol;

	for (unsigned i = 0; i < 16; i++)
		hash = hash * 16777619u + key->peer.bytes[i] + key->local.bytes[i] * 257u;
	return hash;
}

/* The entry of the key, or the free one where it would be. */
static struct model_flow *flow_slot(struct model *model, const struct model_key *key)
{
	uint32_t slot = key_hash(key) % MODEL_FLOW_SLOTS;

	while (model->flows[slot].is_used && !key_equal(&model->flows[slot].key, key))
		slot = (slot + 1) % MODEL_FLOW_SLOTS;
	return &model->flows[slot];
}

struct model_flow *model_find_flow(struct model *model, const struct model_key *key)
{
	struct model_flow *flow = flow_slot(model, key);

	return flow->is_used ? flow : NULL;
}

bool model_put_flow(struct model *model, const struct model_flow *flow)
{
	struct model_flow *slot = flow_slot(model, &flow->key);

	if (!slot->is_used && model->n_flows == model->max_flows)
		return false;
	model->n_flows += !slot->is_used;
	*slot = *flow;
	slot->is_used = true;
	return true;
}

struct model_flow *model_find_data_flow(struct model *model, const struct model_key *key)
{
	for (size_t i = 0; i < model->n_data_flows; i++)
		if (key_equal(&model->data_flows[i].key, key))
			return &model->data_flows[i];
	return NULL;
}

/* A listener at one address takes the packets to it from the one at all addresses: so does its pinhole. */
struct model_pinhole *model_find_pinhole(struct model *model, const struct model_key *key)
{
	struct model_pinhole *found = NULL;

	for (size_t i = 0; i < model->n_pinholes; i++) {
		struct model_pinhole *pinhole = &model->pinholes[i];

		if (pinhole->port != key->local_port || !model_addr_equal(&pinhole->client, &key->peer))
			continue;
		if (pinhole->at_any_local)
			found = found ? found : pinhole;
		else if (model_addr_equal(&pinhole->local, &key->local))
			found = pinhole;
	}
	return found && !found->is_over ? found : NULL;
}

struct model_peer *model_find_peer(struct model *model, const struct model_addr *addr)
{
	for (size_t i = 0; i < model->n_fragment_peers; i++)
		if (model_addr_equal(&model->fragment_peers[i].addr, addr))
			return &model->fragment_peers[i];
	return NULL;
}

void model_put_peer(struct model *model, const struct model_addr *addr, bool is_over)
{
	struct model_peer *peer = model_find_peer(model, addr);

	if (!peer) {
		if (model->n_fragment_peers == model->max_fragment_peers)
			return;
		peer = &model->fragment_peers[model->n_fragment_peers++];
	}
	*peer = (struct model_peer){.addr = *addr, .is_over = is_over};
}
