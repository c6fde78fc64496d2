// SPDX-License-Identifier: GPL-2.0-only
// YAML to policy: the main file, what it includes, and the order of the sections.
#include "policy_yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy_yaml_reader.h"

enum { MAX_INCLUDE_DEPTH = 8 };

enum section {
	INCLUDE,
	INTERFACES,
	ZONES,
	SERVICES,
	INBOUND_RULES,
	OUTBOUND_RULES,
	FTP,
	PING,
	DENY,
	BLOCK,
	MODE,
	TESTS,
	N_SECTIONS
};

static const char *const section_names[N_SECTIONS] = {
	[INCLUDE] = "include",
	[INTERFACES] = "interfaces",
	[ZONES] = "zones",
	[SERVICES] = "services",
	[INBOUND_RULES] = "inbound",
	[OUTBOUND_RULES] = "outbound",
	[FTP] = "ftp",
	[PING] = "ping",
	[DENY] = "deny",
	[BLOCK] = "block",
	[MODE] = "mode",
	[TESTS] = "tests",
};

void reader_file_error(struct reader *reader, struct place place, const char *name, int error)
{
	const char *why = error == -EINVAL  ? "not a text file"
			  : error == -EFBIG ? "too large"
					    : strerror(-error);

	if (error == -ENOMEM)
		reader->out_of_memory = true;
	else
		diags_add(reader->diags, DIAG_ERROR, place, "cannot read '%s': %s", name, why);
	reader->incomplete = true;
}

static void load_file(struct reader *reader, const struct source *source, unsigned depth);

static void include(struct reader *reader, const struct node *node, unsigned depth)
{
	const char *text = reader_text(reader, node, "the name of a file");
	const struct source *source;
	int r;

	if (!text)
		return;
	if (depth == MAX_INCLUDE_DEPTH) {
		reader_error(reader, node, "included more than %d files deep", MAX_INCLUDE_DEPTH);
		return;
	}
	r = source_get(reader->sources, text, node->place.file, &source);
	if (r < 0) {
		reader_file_error(reader, node->place, text, r);
		return;
	}
	for (size_t i = 0; i < reader->n_files; i++) {
		if (reader->files[i].source != source)
			continue;
		if (reader->files[i].loading)
			reader_error(reader, node, "'%s' includes itself", source->name);
		return;
	}
	if (reader->n_files == MAX_FILES)
		reader_error(reader, node, "more than %d files", MAX_FILES);
	else
		load_file(reader, source, depth + 1);
}

/* The value of a section, NULL where it is absent or left blank. */
static const struct node *find_section(const struct node *root, enum section section)
{
	for (size_t i = 0; root && root->kind == NODE_MAP && i < root->n_items; i += 2)
		if (root->items[i].kind == NODE_TEXT &&
		    strcmp(root->items[i].text, section_names[section]) == 0)
			return node_is_null(&root->items[i + 1]) ? NULL : &root->items[i + 1];
	return NULL;
}

static void check_sections(struct reader *reader, const struct node *root)
{
	struct field fields[N_SECTIONS + 1] = {0};

	for (size_t i = 0; i < N_SECTIONS; i++)
		fields[i].name = section_names[i];
	if (node_is_null(root) || (root->kind == NODE_MAP && root->n_items == 0))
		reader_error(reader, root, "the file is empty");
	else
		reader_fields(reader, root, "a policy", fields);
}

static void load_file(struct reader *reader, const struct source *source, unsigned depth)
{
	struct file *file = &reader->files[reader->n_files++];
	const struct node *includes, *items;
	size_t n;
	int r;

	*file = (struct file){.source = source, .loading = true};
	r = tree_parse(source, reader->diags, &file->root);
	reader->out_of_memory = reader->out_of_memory || r == -ENOMEM;
	reader->incomplete = reader->incomplete || r < 0;
	if (r == 0) {
		check_sections(reader, file->root);
		includes = find_section(file->root, INCLUDE);
		if (includes &&
		    reader_list(reader, includes, "the name of a file or a list of them", &items, &n))
			for (size_t i = 0; i < n; i++)
				include(reader, &items[i], depth);
	}
	file->loading = false;
}

static void read_section(struct reader *reader, enum section section, const struct node *node)
{
	switch (section) {
	case INTERFACES:
		return read_interfaces(reader, node);
	case ZONES:
		return read_zones(reader, node);
	case SERVICES:
		return read_services(reader, node);
	case INBOUND_RULES:
		return read_rules(reader, node, INBOUND);
	case OUTBOUND_RULES:
		return read_rules(reader, node, OUTBOUND);
	case FTP:
		return read_ftp(reader, node);
	case PING:
		return read_ping(reader, node);
	case DENY:
		return read_deny(reader, node);
	case BLOCK:
		return read_block(reader, node);
	case MODE:
		return read_mode(reader, node);
	case TESTS:
		return read_tests(reader, node);
	case INCLUDE:
	case N_SECTIONS:
		return;
	}
}

static void define_any(struct reader *reader)
{
	struct policy *policy = reader->policy;
	struct zone *zone = reader_grow(reader, &policy->zones, &policy->n_zones, sizeof(*zone));
	static const char *const texts[] = {"0.0.0.0/0", "::/0"};

	if (!zone)
		return;
	zone->name = reader_strdup(reader, "any");
	for (size_t i = 0; i < 2; i++) {
		struct prefix *prefix =
			reader_grow(reader, &zone->prefixes, &zone->n_prefixes, sizeof(*prefix));

		if (prefix)
			value_parse_prefix(texts[i], prefix, NULL);
	}
}

static void read_all(struct reader *reader, const struct source *source)
{
	load_file(reader, source, 0);
	if (reader->incomplete)
		return;
	define_any(reader);
	/* Section by section through all files, so that no reference depends on the order of either. */
	for (enum section section = 0; section < N_SECTIONS && !reader->out_of_memory; section++)
		for (size_t i = 0; i < reader->n_files; i++) {
			const struct node *node = find_section(reader->files[i].root, section);

			if (node)
				read_section(reader, section, node);
		}
	replace_interfaces(reader);
}

int policy_load(struct source_set *sources, const char *main_file, struct diags *diags, struct policy **ret)
{
	struct reader reader = {.sources = sources, .diags = diags};
	size_t before = diags_count(diags, DIAG_ERROR);
	const struct source *source;
	int r = source_get(sources, main_file, NULL, &source);

	reader.policy = r == -ENOMEM ? NULL : calloc(1, sizeof(*reader.policy));
	if (!reader.policy)
		return -ENOMEM;
	if (r < 0)
		reader_file_error(&reader, (struct place){.file = main_file}, main_file, r);
	else
		read_all(&reader, source);
	for (size_t i = 0; i < reader.n_files; i++)
		tree_free(reader.files[i].root);
	r = diags_count(diags, DIAG_ERROR) > before ? -EINVAL : 0;
	if (reader.out_of_memory)
		r = -ENOMEM;
	if (r == 0)
		r = policy_validate(reader.policy, diags);
	if (r < 0)
		policy_free(reader.policy);
	else
		*ret = reader.policy;
	return r;
}
