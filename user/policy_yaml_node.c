// SPDX-License-Identifier: GPL-2.0-only
// The life of the nodes of a YAML tree.
#include "policy_yaml_tree.h"

#include <stdlib.h>
#include <string.h>

bool node_is_null(const struct node *node)
{
	return node->kind == NODE_TEXT && node->plain &&
	       (*node->text == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

void node_clear(struct node *node)
{
	free(node->text);
	for (size_t i = 0; i < node->n_items; i++)
		node_clear(&node->items[i]);
	free(node->items);
}

struct node *tree_new(const struct source *source)
{
	struct node *root = calloc(1, sizeof(*root));

	if (!root)
		return NULL;
	root->plain = true;
	root->place = (struct place){.file = source->name, .line = 1, .column = 1};
	root->text = strdup("");
	if (root->text)
		return root;
	free(root);
	return NULL;
}

void tree_free(struct node *root)
{
	if (!root)
		return;
	node_clear(root);
	free(root);
}
