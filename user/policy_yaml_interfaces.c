// SPDX-License-Identifier: GPL-2.0-only
// The section `interfaces`, and the list of the command line that replaces it.
#include "policy_yaml_reader.h"

#include <stdlib.h>
#include <string.h>

static void add_interface(struct reader *reader, struct place place, const char *text)
{
	struct policy *policy = reader->policy;
	char **slot, *name;

	if (!policy_is_interface_name(text)) {
		diags_add(reader->diags, DIAG_ERROR, place, "'%s' is not the name of an interface", text);
		return;
	}
	for (size_t i = 0; i < policy->n_interfaces; i++)
		if (strcmp(policy->interfaces[i], text) == 0) {
			diags_add(reader->diags, DIAG_ERROR, place, "interface '%s' appears twice", text);
			return;
		}
	if (policy->n_interfaces == MAX_INTERFACES) {
		diags_add(reader->diags, DIAG_ERROR, place, "more than %d interfaces", MAX_INTERFACES);
		return;
	}
	name = reader_strdup(reader, text);
	slot = name ? reader_grow(reader, &policy->interfaces, &policy->n_interfaces, sizeof(*slot)) : NULL;
	if (slot)
		*slot = name;
	else
		free(name);
}

void read_interfaces(struct reader *reader, const struct node *node)
{
	const struct node *items;
	size_t n;

	if (node->place.file != reader->files[0].source->name) {
		reader_error(reader, node, "only the main file may list interfaces");
		return;
	}
	if (!reader_list(reader, node, "the name of an interface or a list of them", &items, &n))
		return;
	reader->policy->interfaces_place = node->place;
	if (n > MAX_INTERFACES) {
		reader_error(reader, node, "more than %d interfaces", MAX_INTERFACES);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const char *text = reader_text(reader, &items[i], "the name of an interface");

		if (text)
			add_interface(reader, items[i].place, text);
	}
}

void replace_interfaces(struct reader *reader)
{
	char *const *names = source_set_get_interfaces(reader->sources);
	struct policy *policy = reader->policy;

	if (!names)
		return;
	for (size_t i = 0; i < policy->n_interfaces; i++)
		free(policy->interfaces[i]);
	free(policy->interfaces);
	policy->interfaces = NULL;
	policy->n_interfaces = 0;
	for (; *names; names++)
		add_interface(reader, (struct place){0}, *names);
}
