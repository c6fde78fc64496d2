/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the YAML reader share: checked access to nodes, and the sections. */
#ifndef POSTERN_POLICY_YAML_READER_H
#define POSTERN_POLICY_YAML_READER_H

#include <sys/types.h>

#include "policy.h"
#include "policy_yaml_tree.h"
#include "source.h"

enum { MAX_FILES = 32, MAX_PREFIXES = 1 << 22 /* of all zones together */ };

struct file {
	const struct source *source;
	struct node *root;
	bool loading; /* its includes are being read: another include of it is a cycle */
};

/* Errors of form go to `diags`, and reading goes on; running out of memory is remembered here, so that
 * sections need not return it. */
struct reader {
	struct source_set *sources;
	struct diags *diags;
	struct policy *policy;
	struct file files[MAX_FILES]; /* the main file first */
	size_t n_files;
	size_t n_prefixes; /* of all zones */
	bool incomplete;   /* a file could not be read: what refers to it would look wrong */
	bool out_of_memory;
};

#define reader_error(reader, node, ...) diags_add((reader)->diags, DIAG_ERROR, (node)->place, __VA_ARGS__)

/* A key that a mapping may have, and what was found. A table of them ends with a NULL name. */
struct field {
	const char *name;
	bool required;
	bool misspelt;            /* a near key is there: that it is missing need not be said as well */
	const struct node *key;   /* NULL: absent */
	const struct node *value; /* NULL: absent */
};

/* Fills the values of `fields`; reports unknown, duplicate and missing keys. `what` is the thing in
 * words, with its article ("a rule"). Returns false, after a report, unless the node is a mapping. */
bool reader_fields(struct reader *reader, const struct node *node, const char *what, struct field *fields);

/* A list, or a single text in its place. Returns false after a report; `form` says what was expected. */
bool reader_list(struct reader *reader, const struct node *node, const char *form,
		 const struct node **ret_items, size_t *ret_n);
/* NULL after a report. */
const char *reader_text(struct reader *reader, const struct node *node, const char *form);
/* The index of the node's word in the NULL-terminated list, or -1 after a report. */
int reader_word(struct reader *reader, const struct node *node, const char *const *words);
bool reader_bool(struct reader *reader, const struct node *node, bool *ret);
bool reader_number(struct reader *reader, const struct node *node, const char *form, uint64_t min,
		   uint64_t max);
/* "a port" … lists of ports and ranges that do not overlap. Absent outputs on failure. */
void reader_ports(struct reader *reader, const struct node *node, struct port_range **ret, size_t *ret_n);
/* Numbers of IP protocols that have no ports, each once. */
void reader_protocols(struct reader *reader, const struct node *node, uint8_t **ret, size_t *ret_n);
/* A prefix written at `place`. */
bool reader_prefix(struct reader *reader, struct place place, const char *text, struct prefix *ret);
/* Adds the prefix to the zone, or reports why not. False: there is no room for any more. */
bool reader_add_prefix(struct reader *reader, struct place place, const char *text, struct zone *zone);
/* A usable name for a new thing; false after a report. */
bool reader_name(struct reader *reader, const struct node *node, size_t size);
/* A file that could not be read: `error` is what source_get() returned. */
void reader_file_error(struct reader *reader, struct place place, const char *name, int error);
/* Names what the node is, for "found …". */
const char *node_describe(const struct node *node);

/* The nearest of what next() yields to `text`, or NULL; next() returns NULL at the end. NULL also once there
 * are many errors: where names are many, the search is slow. */
const char *reader_nearest(const struct reader *reader, const char *text,
			   const char *(*next)(const void *from, size_t i), const void *from);
/* Reports "TEXT (did you mean 'NEAR'?)"; `near` may be NULL. */
void reader_unknown(struct reader *reader, const struct node *node, const char *what, const char *near);

/* Index of a zone or service, or -1 after a report. */
ssize_t reader_service(struct reader *reader, const struct node *node);
/* Zones and addresses; an address becomes a zone without a name. */
void reader_peers(struct reader *reader, const struct node *node, size_t **ret, size_t *ret_n);

/* `on` and `at`, where they are given. */
void reader_scope(struct reader *reader, const struct field *on, const struct field *at, struct scope *ret);

/* Makes room for one more element of *array and returns it zeroed; NULL: out of memory, remembered. */
void *reader_grow(struct reader *reader, void *array, size_t *n, size_t size);
char *reader_strdup(struct reader *reader, const char *text);

/* Whether a name that is defined at `old` may be defined again at `new` without an effect: the main
 * file's definition, read first, replaces those of the files that it includes. */
bool reader_is_redefined(const struct reader *reader, struct place old, struct place new);

/* Keys of an FTP server, where they are given. */
void read_sockets(struct reader *reader, const struct field *field, struct ftp_server *server);
void read_ftp_peer(struct reader *reader, const struct field *field, struct ftp_peer *ret);
void read_owner(struct reader *reader, const struct field *field, struct ftp_owner *ret);
/* Bits of enum ftp_watch. */
void read_watch(struct reader *reader, const struct field *field, unsigned *ret_watch);

/* `log`, where it is given, and whether `watch` asks for it. */
void read_log(struct reader *reader, const struct field *log, const struct field *watch,
	      struct ftp_server *server);

/* One for each section; `node` is its value. */
void read_interfaces(struct reader *reader, const struct node *node);
/* Replaces the policy's interfaces with those of the command line, if any. */
void replace_interfaces(struct reader *reader);
void read_zones(struct reader *reader, const struct node *node);
void read_zone_file(struct reader *reader, const struct node *name, struct zone *zone);
void read_services(struct reader *reader, const struct node *node);
void read_rules(struct reader *reader, const struct node *node, enum direction direction);
void read_ftp(struct reader *reader, const struct node *node);
void read_ping(struct reader *reader, const struct node *node);
void read_deny(struct reader *reader, const struct node *node);
void read_block(struct reader *reader, const struct node *node);
void read_mode(struct reader *reader, const struct node *node);
void read_tests(struct reader *reader, const struct node *node);

#endif
