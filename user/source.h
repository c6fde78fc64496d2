/* SPDX-License-Identifier: GPL-2.0-only */
/* The texts a policy is made of: the main file, what it includes, the files of its zones. They are
 * read once and kept together, so that what is in force can be shown, and put back, from its pins. */
#ifndef POSTERN_SOURCE_H
#define POSTERN_SOURCE_H

#include <stddef.h>

struct source {
	char *name; /* as messages show it: the path as given, behind the folder of the file that refers to it
		     */
	char *text; /* NUL-terminated; a NUL inside is refused when it is read */
	size_t size;
};

struct source_set; /* opaque */

/* A set that reads files from disk. NULL: out of memory. */
struct source_set *source_set_new(void);
void source_set_free(struct source_set *set);

/* The source of that name, read at first use; `relative_to` (may be NULL) is the name of the source
 * that refers to it. Only regular files, of at most 64 MiB in all. The source belongs to the set.
 * Errors: -errno of open or read, -EFBIG, -EINVAL (not a regular file, or a NUL in it), and -ENOENT for
 * a set made by source_set_parse() that does not hold the name. */
int source_get(struct source_set *set, const char *name, const char *relative_to, const struct source **ret);

/* Adds a text without reading a file. -EEXIST, -EFBIG or -EINVAL (a NUL in it). */
int source_set_add(struct source_set *set, const char *name, const char *text, size_t size);

/* The whole set as one text (JSON), and back. A parsed set never reads from disk. `interfaces` is the
 * NULL-terminated list given on the command line, or NULL; it is kept with the set. Formatting what is
 * not UTF-8 is -EILSEQ; no policy that loads is. Parsing what is not such a text is -EINVAL. */
int source_set_format(const struct source_set *set, char **ret_text, size_t *ret_size);
int source_set_parse(const char *text, size_t size, struct source_set **ret);

/* Copies the list; NULL takes it away. Returns 0 or -ENOMEM. */
int source_set_interfaces(struct source_set *set, char *const *interfaces);
char *const *source_set_get_interfaces(const struct source_set *set);

/* The main file's name: the first one that was read. */
const char *source_set_main(const struct source_set *set);

#endif
