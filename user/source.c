// SPDX-License-Identifier: GPL-2.0-only
// The texts a policy is made of, as one set: found by name, formatted as JSON, parsed from it.
#include "source.h"
#include "source_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOTAL_SIZE = 64 << 20 };

struct source_set {
	struct source **sources; /* the main file first; pointers, so that they stay where they are */
	size_t n_sources;
	size_t total_size;
	char **interfaces;
	bool parsed; /* complete: files are not read */
};

static void source_free(struct source *source)
{
	if (!source)
		return;
	free(source->name);
	free(source->text);
	free(source);
}

static void interfaces_free(char **interfaces)
{
	for (size_t i = 0; interfaces && interfaces[i]; i++)
		free(interfaces[i]);
	free(interfaces);
}

struct source_set *source_set_new(void)
{
	return calloc(1, sizeof(struct source_set));
}

void source_set_free(struct source_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n_sources; i++)
		source_free(set->sources[i]);
	free(set->sources);
	interfaces_free(set->interfaces);
	free(set);
}

static const struct source *find(const struct source_set *set, const char *name)
{
	for (size_t i = 0; i < set->n_sources; i++)
		if (strcmp(set->sources[i]->name, name) == 0)
			return set->sources[i];
	return NULL;
}

/* Takes over `text`, also when it fails. */
static int add(struct source_set *set, const char *name, char *text, size_t size)
{
	struct source *source = calloc(1, sizeof(*source));
	struct source **sources;

	if (!source) {
		free(text);
		return -ENOMEM;
	}
	*source = (struct source){.name = strdup(name), .text = text, .size = size};
	sources = reallocarray(set->sources, set->n_sources + 1, sizeof(struct source *));
	if (sources)
		set->sources = sources;
	if (!sources || !source->name) {
		source_free(source);
		return -ENOMEM;
	}
	set->sources[set->n_sources++] = source;
	set->total_size += size;
	return 0;
}

int source_set_add(struct source_set *set, const char *name, const char *text, size_t size)
{
	char *copy;

	if (find(set, name))
		return -EEXIST;
	if (size > MAX_TOTAL_SIZE - set->total_size)
		return -EFBIG;
	if (memchr(text, '\0', size))
		return -EINVAL;
	copy = malloc(size + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	copy[size] = '\0';
	return add(set, name, copy, size);
}

/* "a/main.yaml" that refers to "b.yaml" means "a/b.yaml". */
static char *resolve(const char *name, const char *relative_to)
{
	const char *slash = relative_to ? strrchr(relative_to, '/') : NULL;
	char *path;

	while (slash && strncmp(name, "./", 2) == 0)
		name += 2;
	if (!slash || *name == '/')
		return strdup(name);
	return asprintf(&path, "%.*s/%s", (int)(slash - relative_to), relative_to, name) < 0 ? NULL : path;
}

int source_get(struct source_set *set, const char *name, const char *relative_to, const struct source **ret)
{
	char *path = resolve(name, relative_to), *text;
	const struct source *source;
	size_t size;
	int r = 0;

	if (!path)
		return -ENOMEM;
	source = find(set, path);
	if (!source && set->parsed) {
		r = -ENOENT;
	} else if (!source) {
		r = source_read_file(path, MAX_TOTAL_SIZE - set->total_size, &text, &size);
		if (r == 0)
			r = add(set, path, text, size);
		if (r == 0)
			source = set->sources[set->n_sources - 1];
	}
	free(path);
	if (r == 0)
		*ret = source;
	return r;
}

int source_set_interfaces(struct source_set *set, char *const *interfaces)
{
	char **copy = NULL;
	size_t n = 0;

	while (interfaces && interfaces[n])
		n++;
	if (interfaces) {
		copy = calloc(n + 1, sizeof(char *));
		if (!copy)
			return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(interfaces[i]);
		if (!copy[i]) {
			interfaces_free(copy);
			return -ENOMEM;
		}
	}
	interfaces_free(set->interfaces);
	set->interfaces = copy;
	return 0;
}

char *const *source_set_get_interfaces(const struct source_set *set)
{
	return set->interfaces;
}

const char *source_set_main(const struct source_set *set)
{
	return set->n_sources > 0 ? set->sources[0]->name : NULL;
}

static json_t *format_interfaces(const struct source_set *set)
{
	json_t *list = set->interfaces ? json_array() : json_null();

	for (size_t i = 0; list && set->interfaces && set->interfaces[i]; i++)
		if (json_array_append_new(list, json_string(set->interfaces[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

int source_set_format(const struct source_set *set, char **ret_text, size_t *ret_size)
{
	json_t *root = json_object(), *list = json_array();
	bool whole = json_object_set_new(root, "interfaces", format_interfaces(set)) == 0;
	char *text = NULL;

	for (size_t i = 0; whole && i < set->n_sources; i++) {
		const struct source *source = set->sources[i];

		whole = json_array_append_new(list, json_pack("{s:s, s:s%}", "name", source->name, "text",
							      source->text, source->size)) == 0;
	}
	whole = json_object_set_new(root, "sources", list) == 0 && whole;
	if (whole)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		return whole ? -ENOMEM : -EILSEQ;
	*ret_text = text;
	*ret_size = strlen(text);
	return 0;
}

static int parse_interfaces(struct source_set *set, const json_t *list)
{
	size_t n = json_array_size(list);
	const char **names;
	int r = -EINVAL;

	if (!list || json_is_null(list))
		return 0;
	names = calloc(n + 1, sizeof(char *));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		names[i] = json_string_value(json_array_get(list, i));
		if (!names[i])
			goto out;
	}
	if (json_is_array(list))
		r = source_set_interfaces(set, (char *const *)names);
out:
	free(names);
	return r;
}

int source_set_parse(const char *text, size_t size, struct source_set **ret)
{
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(root, "sources");
	struct source_set *set = source_set_new();
	int r = !set ? -ENOMEM : json_array_size(list) > 0 ? 0 : -EINVAL;

	if (r == 0)
		r = parse_interfaces(set, json_object_get(root, "interfaces"));
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *name = json_string_value(json_object_get(item, "name"));
		const json_t *content = json_object_get(item, "text");

		r = name && json_is_string(content) ? source_set_add(set, name, json_string_value(content),
								     json_string_length(content))
						    : -EINVAL;
	}
	json_decref(root);
	if (r < 0) {
		source_set_free(set);
		return r == -EEXIST ? -EINVAL : r;
	}
	set->parsed = true;
	*ret = set;
	return 0;
}
