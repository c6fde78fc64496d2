// SPDX-License-Identifier: GPL-2.0-only
// YAML text to a tree of nodes: the only file that knows libyaml.
#include "policy_yaml_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	MAX_SIZE = 8 << 20,  /* bytes of one file */
	MAX_NODES = 1 << 19, /* of one file */
	MAX_TREE_DEPTH = 16  /* no policy needs more than 6 */
};

struct tree_parser {
	yaml_parser_t yaml;
	const struct source *source;
	struct diags *diags;
	size_t n_nodes;
};

static struct place place_of(const struct tree_parser *parser, const yaml_mark_t *mark)
{
	return (struct place){.file = parser->source->name,
			      .line = (unsigned)mark->line + 1,
			      .column = (unsigned)mark->column + 1};
}

/* The reader of libyaml knows an offset only. */
static struct place place_of_offset(const struct source *source, size_t offset)
{
	struct place place = {.file = source->name, .line = 1, .column = 1};

	for (size_t i = 0; i < offset && i < source->size; i++) {
		if (source->text[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (((unsigned char)source->text[i] & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

/* What mostly is wrong. Inside [] and {}, IPv6 addresses such as ::1 and 2001:db8:: are no YAML. */
static const char *advice(const struct source *source, struct place place, const char *context)
{
	const char *text = source->text;
	size_t length;

	for (unsigned line = 1; line < place.line && text; line++)
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	length = text ? strcspn(text, "\n") : 0;
	if (text && memchr(text, '\t', strspn(text, " \t")))
		return "; indent with spaces: YAML has no tabs";
	if (length && memmem(text, length, "::", 2))
		return "; an address that begins or ends with ':' needs quotes";
	if (context && strncmp(context, "while parsing a block", strlen("while parsing a block")) == 0)
		return "; is the line indented like those it belongs to?";
	return "";
}

static int report_yaml_error(struct tree_parser *parser, size_t skipped)
{
	const yaml_parser_t *yaml = &parser->yaml;
	struct place place = place_of(parser, &yaml->problem_mark);

	if (yaml->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (yaml->error == YAML_READER_ERROR)
		diags_add(parser->diags, DIAG_ERROR,
			  place_of_offset(parser->source, skipped + yaml->problem_offset), "%s",
			  yaml->problem);
	else if (yaml->context)
		diags_add(parser->diags, DIAG_ERROR, place, "%s (%s in line %zu)%s", yaml->problem,
			  yaml->context, yaml->context_mark.line + 1,
			  advice(parser->source, place, yaml->context));
	else
		diags_add(parser->diags, DIAG_ERROR, place, "%s%s", yaml->problem,
			  advice(parser->source, place, NULL));
	return -EINVAL;
}

static int next_event(struct tree_parser *parser, yaml_event_t *ret)
{
	size_t skipped = (size_t)((const char *)parser->yaml.input.string.start - parser->source->text);

	return yaml_parser_parse(&parser->yaml, ret) ? 0 : report_yaml_error(parser, skipped);
}

static int refuse(struct tree_parser *parser, const yaml_mark_t *mark, const char *what)
{
	diags_add(parser->diags, DIAG_ERROR, place_of(parser, mark), "%s", what);
	return -EINVAL;
}

/* Anchors are where aliases, and with them exponential growth, begin; tags have no meaning here. */
static int refuse_properties(struct tree_parser *parser, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return refuse(parser, &event->start_mark, "aliases (*name) are not allowed");
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return refuse(parser, &event->start_mark, "anchors (&name) are not allowed");
	if (tag)
		return refuse(parser, &event->start_mark, "tags (!name) are not allowed");
	return 0;
}

static int fill_text(struct tree_parser *parser, const yaml_event_t *event, struct node *node)
{
	const char *value = (const char *)event->data.scalar.value;

	if (memchr(value, '\0', event->data.scalar.length))
		return refuse(parser, &event->start_mark, "a NUL character is not allowed");
	node->kind = NODE_TEXT;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = strdup(value);
	return node->text ? 0 : -ENOMEM;
}

static int parse_node(struct tree_parser *parser, const yaml_event_t *event, unsigned depth,
		      struct node *node);

static int parse_items(struct tree_parser *parser, unsigned depth, struct node *node)
{
	yaml_event_type_t end = node->kind == NODE_LIST ? YAML_SEQUENCE_END_EVENT : YAML_MAPPING_END_EVENT;
	size_t capacity = 0;
	yaml_event_t event;
	int r;

	for (;;) {
		r = next_event(parser, &event);
		if (r < 0)
			return r;
		if (event.type == end) {
			yaml_event_delete(&event);
			return 0;
		}
		if (node->n_items == capacity) {
			struct node *grown;

			capacity = capacity ? capacity * 2 : 4;
			grown = reallocarray(node->items, capacity, sizeof(*grown));
			if (!grown) {
				yaml_event_delete(&event);
				return -ENOMEM;
			}
			node->items = grown;
		}
		node->items[node->n_items] = (struct node){0};
		r = parse_node(parser, &event, depth + 1, &node->items[node->n_items++]);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
}

static int parse_node(struct tree_parser *parser, const yaml_event_t *event, unsigned depth,
		      struct node *node)
{
	int r = refuse_properties(parser, event);

	if (r < 0)
		return r;
	if (depth > MAX_TREE_DEPTH)
		return refuse(parser, &event->start_mark, "nested too deep");
	if (++parser->n_nodes > MAX_NODES)
		return refuse(parser, &event->start_mark,
			      "too many values in one file: long lists belong in zone files");
	node->place = place_of(parser, &event->start_mark);
	if (event->type == YAML_SCALAR_EVENT)
		return fill_text(parser, event, node);
	node->kind = event->type == YAML_SEQUENCE_START_EVENT ? NODE_LIST : NODE_MAP;
	return parse_items(parser, depth, node);
}

/* `root` stays as it is when there is no document. */
static int parse_stream(struct tree_parser *parser, struct node *root)
{
	bool seen = false;
	yaml_event_t event;
	int r;

	for (;;) {
		r = next_event(parser, &event);
		if (r < 0)
			return r;
		if (event.type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&event);
			return 0;
		}
		if (event.type == YAML_DOCUMENT_START_EVENT && seen) {
			r = refuse(parser, &event.start_mark, "only one document is allowed in a file");
		} else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
			   event.type != YAML_DOCUMENT_END_EVENT) {
			seen = true;
			node_clear(root);
			*root = (struct node){0};
			r = parse_node(parser, &event, 0, root);
		}
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
}

int tree_parse(const struct source *source, struct diags *diags, struct node **ret)
{
	struct tree_parser parser = {.source = source, .diags = diags};
	/* Counted as a character, the byte order mark would shift the first line's columns. */
	size_t skip = strncmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct node *root;
	int r;

	if (source->size > MAX_SIZE) {
		diags_add(diags, DIAG_ERROR, (struct place){.file = source->name},
			  "larger than %d MiB: long lists belong in zone files", MAX_SIZE >> 20);
		return -EINVAL;
	}
	root = tree_new(source);
	if (!root || !yaml_parser_initialize(&parser.yaml)) {
		tree_free(root);
		return -ENOMEM;
	}
	yaml_parser_set_encoding(&parser.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser.yaml, (const unsigned char *)source->text + skip,
				     source->size - skip);
	r = parse_stream(&parser, root);
	yaml_parser_delete(&parser.yaml);
	if (r < 0)
		tree_free(root);
	else
		*ret = root;
	return r;
}
