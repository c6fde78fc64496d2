// SPDX-License-Identifier: GPL-2.0-only
/* How the texts of a policy are found, read once, kept as one text and brought back. */
#include <sys/stat.h>
#include <unistd.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source.h"

/* A folder of the test's own, with a few files. */
struct folder {
	char path[64];
};

static void path_in(const struct folder *folder, const char *name, char *ret, size_t size)
{
	snprintf(ret, size, "%s/%s", folder->path, name);
}

static void write_file(const struct folder *folder, const char *name, const char *text, size_t size)
{
	char path[128];
	FILE *file;

	path_in(folder, name, path, sizeof(path));
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));
	char path[128];

	snprintf(folder->path, sizeof(folder->path), "/tmp/pst-source-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	path_in(folder, "sub", path, sizeof(path));
	assert_int_equal(mkdir(path, 0700), 0);
	path_in(folder, "fifo", path, sizeof(path));
	assert_int_equal(mkfifo(path, 0600), 0);
	write_file(folder, "main.yaml", "main\n", 5);
	write_file(folder, "sub/a.yaml", "a\n", 2);
	write_file(folder, "sub/b.yaml", "b\n", 2);
	write_file(folder, "empty", "", 0);
	write_file(folder, "nul", "x\0y", 3);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"main.yaml", "sub/a.yaml", "sub/b.yaml", "empty",
					    "nul",       "fifo",       "big"};
	struct folder *folder = *state;
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_in(folder, names[i], path, sizeof(path));
		unlink(path);
	}
	path_in(folder, "sub", path, sizeof(path));
	rmdir(path);
	rmdir(folder->path);
	free(folder);
	return 0;
}

static void test_get(void **state)
{
	struct source_set *set = source_set_new();
	const struct source *first, *second, *again;
	char main_path[128], a_path[128];

	path_in(*state, "main.yaml", main_path, sizeof(main_path));
	path_in(*state, "sub/a.yaml", a_path, sizeof(a_path));
	assert_null(source_set_main(set));
	assert_int_equal(source_get(set, main_path, NULL, &first), 0);
	assert_string_equal(first->name, main_path);
	assert_string_equal(first->text, "main\n");
	assert_int_equal(first->size, 5);
	assert_int_equal(source_get(set, "sub/a.yaml", first->name, &second), 0);
	assert_string_equal(second->name, a_path);
	/* Relative to the file that refers to it, not to the main one. */
	assert_int_equal(source_get(set, "b.yaml", second->name, &again), 0);
	assert_string_equal(again->text, "b\n");
	/* Read once: the same source, although the file has changed. */
	write_file(*state, "sub/a.yaml", "changed", 7);
	assert_int_equal(source_get(set, "./sub/a.yaml", first->name, &again), 0);
	assert_ptr_equal(again, second);
	assert_string_equal(again->text, "a\n");
	assert_string_equal(source_set_main(set), main_path);
	source_set_free(set);
}

static int get_error(const struct folder *folder, const char *name)
{
	struct source_set *set = source_set_new();
	const struct source *source = NULL;
	char path[128];
	int r;

	path_in(folder, name, path, sizeof(path));
	r = source_get(set, path, NULL, &source);
	assert_true(r == 0 || !source);
	source_set_free(set);
	return r;
}

static void test_refused(void **state)
{
	assert_int_equal(get_error(*state, "empty"), 0);
	assert_int_equal(get_error(*state, "nul"), -EINVAL);
	assert_int_equal(get_error(*state, "sub"), -EINVAL);
	assert_int_equal(get_error(*state, "fifo"), -EINVAL);
	assert_int_equal(get_error(*state, "missing"), -ENOENT);
	assert_int_equal(get_error(*state, "main.yaml/x"), -ENOTDIR);
}

static void test_too_large(void **state)
{
	struct source_set *set = source_set_new();
	const struct source *source;
	char path[128];

	path_in(*state, "main.yaml", path, sizeof(path));
	assert_int_equal(source_get(set, path, NULL, &source), 0);
	write_file(*state, "big", "", 0);
	path_in(*state, "big", path, sizeof(path));
	/* 'x' and a hole of 64 MiB: within the limit alone, but not beside the main file. */
	assert_int_equal(truncate(path, 64 << 20), 0);
	assert_int_equal(source_get(set, path, NULL, &source), -EFBIG);
	source_set_free(set);
}

static void test_round_trip(void **state)
{
	static char *const interfaces[] = {"eth0", "eth1", NULL};
	static const char text[] = "caf\xc3\xa9: \"quoted\" \\ \t\n";
	struct source_set *set = source_set_new(), *back;
	const struct source *source;
	char *formatted;
	size_t size;

	(void)state;
	assert_int_equal(source_set_add(set, "dir/main.yaml", text, sizeof(text) - 1), 0);
	assert_int_equal(source_set_add(set, "dir/zone.txt", "", 0), 0);
	assert_int_equal(source_set_interfaces(set, interfaces), 0);
	assert_int_equal(source_set_format(set, &formatted, &size), 0);
	assert_int_equal(size, strlen(formatted));
	source_set_free(set);
	assert_int_equal(source_set_parse(formatted, size, &back), 0);
	free(formatted);
	assert_string_equal(source_set_main(back), "dir/main.yaml");
	assert_int_equal(source_get(back, "dir/main.yaml", NULL, &source), 0);
	assert_string_equal(source->text, text);
	assert_int_equal(source_get(back, "zone.txt", "dir/main.yaml", &source), 0);
	assert_string_equal(source->text, "");
	assert_string_equal(source_set_get_interfaces(back)[0], "eth0");
	assert_string_equal(source_set_get_interfaces(back)[1], "eth1");
	assert_null(source_set_get_interfaces(back)[2]);
	assert_int_equal(source_set_interfaces(back, NULL), 0);
	assert_null(source_set_get_interfaces(back));
	source_set_free(back);
}

static void test_parsed_reads_nothing(void **state)
{
	static const char text[] =
		"{\"sources\": [{\"name\": \"m\", \"text\": \"x\"}], \"interfaces\": null}";
	struct source_set *set;
	const struct source *source;
	char path[128];

	path_in(*state, "main.yaml", path, sizeof(path));
	assert_int_equal(source_set_parse(text, sizeof(text) - 1, &set), 0);
	assert_null(source_set_get_interfaces(set));
	assert_int_equal(source_get(set, path, NULL, &source), -ENOENT);
	assert_int_equal(source_get(set, "m", NULL, &source), 0);
	source_set_free(set);
}

static void test_parse_errors(void **state)
{
	static const char *const wrong[] = {
		"",
		"{",
		"[]",
		"1",
		"{}",
		"{\"sources\": []}",
		"{\"sources\": {}}",
		"{\"sources\": [1]}",
		"{\"sources\": [{\"name\": \"a\"}]}",
		"{\"sources\": [{\"text\": \"a\"}]}",
		"{\"sources\": [{\"name\": 1, \"text\": \"a\"}]}",
		"{\"sources\": [{\"name\": \"a\", \"text\": \"b\\u0000c\"}]}",
		"{\"sources\": [{\"name\": \"a\", \"text\": \"\"}, {\"name\": \"a\", \"text\": \"\"}]}",
		"{\"sources\": [{\"name\": \"a\", \"text\": \"\"}], \"interfaces\": [1]}",
		"{\"sources\": [{\"name\": \"a\", \"text\": \"\"}], \"interfaces\": \"eth0\"}",
		"{\"sources\": [{\"name\": \"a\", \"text\": \"\"}]} x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct source_set *set = NULL;

		assert_int_equal(source_set_parse(wrong[i], strlen(wrong[i]), &set), -EINVAL);
		assert_null(set);
	}
}

static void test_add_errors(void **state)
{
	struct source_set *set = source_set_new();
	char *text;
	size_t size;

	(void)state;
	assert_int_equal(source_set_add(set, "a", "x", 1), 0);
	assert_int_equal(source_set_add(set, "a", "y", 1), -EEXIST);
	assert_int_equal(source_set_add(set, "b", "y\0z", 3), -EINVAL);
	assert_int_equal(source_set_add(set, "c", "\xff", 1), 0);
	assert_int_equal(source_set_format(set, &text, &size), -EILSEQ);
	source_set_free(set);
	source_set_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test_setup_teardown(test_parsed_reads_nothing, setup, teardown),
		cmocka_unit_test(test_parse_errors),
		cmocka_unit_test(test_add_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
