// SPDX-License-Identifier: GPL-2.0-only
// Checked access to YAML nodes: keys of a mapping, lists, texts, words.
#include "policy_yaml_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *reader_grow(struct reader *reader, void *array, size_t *n, size_t size)
{
	char *elements;

	memcpy(&elements, array, sizeof(elements));
	/* Doubling at each power of two needs no capacity beside the count. */
	if ((*n & (*n - 1)) == 0) {
		elements = reallocarray(elements, *n ? *n * 2 : 1, size);
		if (!elements) {
			reader->out_of_memory = true;
			return NULL;
		}
		memcpy(array, &elements, sizeof(elements));
	}
	return memset(elements + (*n)++ * size, 0, size);
}

char *reader_strdup(struct reader *reader, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		reader->out_of_memory = true;
	return copy;
}

const char *node_describe(const struct node *node)
{
	if (node_is_null(node))
		return "nothing";
	return node->kind == NODE_TEXT ? "a text" : node->kind == NODE_LIST ? "a list" : "a mapping";
}

void reader_unknown(struct reader *reader, const struct node *node, const char *what, const char *near)
{
	if (near)
		reader_error(reader, node, "unknown %s '%s' (did you mean '%s'?)", what, node->text, near);
	else
		reader_error(reader, node, "unknown %s '%s'", what, node->text);
}

static const char *field_name(const void *from, size_t i)
{
	return ((const struct field *)from)[i].name;
}

static void take_field(struct reader *reader, const struct node *key, const struct node *value,
		       struct field *fields)
{
	const char *near;

	if (key->kind != NODE_TEXT) {
		reader_error(reader, key, "a key must be a text, not %s", node_describe(key));
		return;
	}
	for (struct field *field = fields; field->name; field++) {
		if (strcmp(field->name, key->text) != 0)
			continue;
		if (field->key) {
			reader_error(reader, key, "key '%s' appears twice: first in line %u", key->text,
				     field->key->place.line);
			return;
		}
		field->key = key;
		field->value = value;
		return;
	}
	near = reader_nearest(reader, key->text, field_name, fields);
	for (struct field *field = fields; near && field->name; field++)
		field->misspelt = field->misspelt || field->name == near;
	reader_unknown(reader, key, "key", near);
}

bool reader_fields(struct reader *reader, const struct node *node, const char *what, struct field *fields)
{
	if (node->kind != NODE_MAP) {
		reader_error(reader, node, "%s must be a mapping {key: value, …}, not %s", what,
			     node_describe(node));
		return false;
	}
	for (size_t i = 0; i + 1 < node->n_items; i += 2)
		take_field(reader, &node->items[i], &node->items[i + 1], fields);
	for (const struct field *field = fields; field->name; field++)
		if (field->required && !field->key && !field->misspelt)
			reader_error(reader, node, "%s needs '%s'", what, field->name);
	return true;
}

bool reader_list(struct reader *reader, const struct node *node, const char *form,
		 const struct node **ret_items, size_t *ret_n)
{
	if (node->kind == NODE_MAP || node_is_null(node)) {
		reader_error(reader, node, "expected %s, found %s", form, node_describe(node));
		return false;
	}
	*ret_items = node->kind == NODE_LIST ? node->items : node;
	*ret_n = node->kind == NODE_LIST ? node->n_items : 1;
	return true;
}

const char *reader_text(struct reader *reader, const struct node *node, const char *form)
{
	if (node->kind == NODE_TEXT && !node_is_null(node) && *node->text)
		return node->text;
	reader_error(reader, node, "expected %s, found %s", form,
		     node->kind == NODE_TEXT ? "nothing" : node_describe(node));
	return NULL;
}

static const char *word_at(const void *from, size_t i)
{
	return ((const char *const *)from)[i];
}

int reader_word(struct reader *reader, const struct node *node, const char *const *words)
{
	char form[160] = "one of", *end = form + sizeof(form);
	const char *text, *near;
	char *at = form + strlen(form);

	for (size_t i = 0; words[i] && at < end; i++)
		at += snprintf(at, (size_t)(end - at), "%s %s", i ? "," : "", words[i]);
	text = reader_text(reader, node, form);
	if (!text)
		return -1;
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	near = reader_nearest(reader, text, word_at, words);
	if (near)
		reader_error(reader, node, "expected %s, found '%s' (did you mean '%s'?)", form, text, near);
	else
		reader_error(reader, node, "expected %s, found '%s'", form, text);
	return -1;
}

bool reader_bool(struct reader *reader, const struct node *node, bool *ret)
{
	const char *text = reader_text(reader, node, "on or off");

	if (text && value_parse_bool(text, ret) < 0) {
		reader_error(reader, node, "expected on or off, found '%s'", text);
		text = NULL;
	}
	return text;
}

bool reader_number(struct reader *reader, const struct node *node, const char *form, uint64_t min,
		   uint64_t max)
{
	const char *text = reader_text(reader, node, form);
	uint64_t number;
	int r = text ? value_parse_number(text, min, max, &number) : 0;

	if (r == -ERANGE)
		reader_error(reader, node, "%s is out of range: %s is from %llu to %llu", text, form,
			     (unsigned long long)min, (unsigned long long)max);
	else if (r < 0)
		reader_error(reader, node, "expected %s, found '%s'", form, text);
	return text && r == 0;
}

bool reader_name(struct reader *reader, const struct node *node, size_t size)
{
	if (node->kind != NODE_TEXT) {
		reader_error(reader, node, "a name must be a text, not %s", node_describe(node));
		return false;
	}
	if (value_is_name(node->text) && strlen(node->text) < size)
		return true;
	reader_error(
		reader, node,
		"'%s' is not a name: a letter or digit, then letters, digits, '.', '_' or '-', at most %zu",
		node->text, size - 1);
	return false;
}

bool reader_is_redefined(const struct reader *reader, struct place old, struct place new)
{
	const char *main_file = reader->files[0].source->name;

	return old.file == main_file && new.file != main_file;
}
