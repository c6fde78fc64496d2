/* SPDX-License-Identifier: GPL-2.0-only */
/* One YAML document as a tree of nodes, each with its place: the subset of YAML that policies use. */
#ifndef POSTERN_POLICY_YAML_TREE_H
#define POSTERN_POLICY_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "source.h"

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool plain; /* text without quotes */
	struct place place;
	char *text;         /* of NODE_TEXT, else NULL */
	struct node *items; /* of a list; of a map: key, value, key, value, … */
	size_t n_items;
};

/* Returns 0, -ENOMEM, or -EINVAL when it is not such a document (then `diags` says why). A file that
 * holds nothing gives an empty text. */
int tree_parse(const struct source *source, struct diags *diags, struct node **ret);
void tree_free(struct node *root);

/* An empty text, which is what an empty file holds. */
struct node *tree_new(const struct source *source);
/* Frees what the node holds, not the node. */
void node_clear(struct node *node);

/* Written as nothing, "~" or "null". */
bool node_is_null(const struct node *node);

#endif
