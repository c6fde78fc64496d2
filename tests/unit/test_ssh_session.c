// SPDX-License-Identifier: GPL-2.0-only
/* Whose connection the caller's session runs in, told from trees that look like /proc and from the real one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw() */
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ssh_session.h"
#include "value.h"

#define HEADER                                                                                               \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define TAIL " 00000000:00000000 02:000A7E5B 00000000     0        0 "
#define END " 2 0000000000000000 20 4 30 10 -1\n"
#define ANY4 "00000000"
#define ANY6 "00000000000000000000000000000000"
#define SERVER4 "0A7100CB"                         /* 203.0.113.10, as a little-endian machine prints it */
#define CLIENT4 "076433C6"                         /* 198.51.100.7 */
#define SERVER6 "B80D0120000000000000000001000000" /* 2001:db8::1 */
#define CLIENT6 "B80D0120000000000000000002000000" /* 2001:db8::2 */
#define MAPPED4 "0000000000000000FFFF0000"
#define LISTEN4 "   0: " ANY4 ":0016 " ANY4 ":0000 0A" TAIL "500" END
#define LISTEN6 "   0: " ANY6 ":0016 " ANY6 ":0000 0A" TAIL "501" END
#define SESSION4 "   1: " SERVER4 ":0016 " CLIENT4 ":C350 01" TAIL "700" END

struct tree {
	char root[64];
};

static int setup(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	snprintf(tree->root, sizeof(tree->root), "/tmp/pst-ssh-%d-XXXXXX", (int)getpid());
	if (!mkdtemp(tree->root)) {
		free(tree);
		return -1;
	}
	*state = tree;
	return 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	(void)stat, (void)type, (void)where;
	return remove(path);
}

static int teardown(void **state)
{
	struct tree *tree = *state;
	int err = nftw(tree->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(tree);
	return err;
}

static void path_in(const struct tree *tree, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s/%s", tree->root, name);
	for (char *at = path + strlen(tree->root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			fail_msg("mkdir %s: %s", path, strerror(errno));
		*at = '/';
	}
}

static void put(const struct tree *tree, const char *name, const char *content, size_t length)
{
	char path[PATH_MAX];
	FILE *file;

	path_in(tree, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void put_text(const struct tree *tree, const char *name, const char *content)
{
	put(tree, name, content, strlen(content));
}

static void put_process(const struct tree *tree, int pid, const char *comm, int parent)
{
	char name[64], text[256];

	snprintf(name, sizeof(name), "%d/stat", pid);
	snprintf(text, sizeof(text), "%d (%s) S %d 1 1 0 -1 4194560 0\n", pid, comm, parent);
	put_text(tree, name, text);
}

static void put_fd(const struct tree *tree, int pid, int fd, const char *target)
{
	char name[64], path[PATH_MAX];

	snprintf(name, sizeof(name), "%d/fd/%d", pid, fd);
	path_in(tree, name, path);
	assert_int_equal(symlink(target, path), 0);
}

static void put_tables(const struct tree *tree, const char *tcp, const char *tcp6)
{
	put_text(tree, "thread-self/net/tcp", tcp);
	if (tcp6)
		put_text(tree, "thread-self/net/tcp6", tcp6);
}

static size_t find(const struct tree *tree, int pid, struct ssh_connection *ret)
{
	struct ssh_query query = {.proc = tree->root, .pid = pid};
	size_t n = 99;

	assert_int_equal(ssh_session_find(&query, ret, &n), 0);
	assert_true(n <= MAX_SSH_CONNECTIONS);
	return n;
}

static void assert_connection(const struct ssh_connection *c, const char *local, int local_port,
			      const char *peer, int peer_port)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(value_format_addr(&c->local, text), local);
	assert_string_equal(value_format_addr(&c->peer, text), peer);
	assert_int_equal(c->local_port, local_port);
	assert_int_equal(c->peer_port, peer_port);
}

/* postern (400) under sudo (300) under a shell (200) under sshd (100). */
static void put_session(const struct tree *tree)
{
	put_process(tree, 400, "postern", 300);
	put_process(tree, 300, "sudo", 200);
	put_process(tree, 200, "bash", 100);
	put_process(tree, 100, "sshd", 1);
	put_process(tree, 1, "systemd", 0);
	put_fd(tree, 400, 0, "/dev/pts/0");
	put_fd(tree, 400, 3, "socket:[999]");
	put_fd(tree, 100, 4, "socket:[700]");
	put_fd(tree, 100, 5, "anon_inode:[eventpoll]");
}

static void the_session_of_an_ancestor_is_found(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_session(*state);
	put_tables(*state, HEADER LISTEN4 SESSION4, NULL);
	assert_int_equal(find(*state, 400, c), 1);
	assert_connection(&c[0], "203.0.113.10", 22, "198.51.100.7", 50000);
}

static void both_families_are_read(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_session(*state);
	put_fd(*state, 200, 9, "socket:[702]");
	put_tables(*state, HEADER,
		   HEADER LISTEN6 "   1: " MAPPED4 SERVER4 ":0016 " MAPPED4 CLIENT4 ":C350 01" TAIL "700" END
				  "   2: " SERVER6 ":0016 " CLIENT6 ":C351 01" TAIL "702" END);
	assert_int_equal(find(*state, 400, c), 2);
	assert_connection(&c[0], "203.0.113.10", 22, "198.51.100.7", 50000);
	assert_connection(&c[1], "2001:db8::1", 22, "2001:db8::2", 50001);
}

static void other_connections_are_not_taken_for_it(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_session(*state);
	put_fd(*state, 100, 6, "socket:[701]");
	put_fd(*state, 100, 7, "socket:[702]");
	put_fd(*state, 100, 8, "socket:[703]");
	put_tables(*state,
		   HEADER LISTEN4
		   /* made by this host; from this host; closing; held by a stranger; orphaned */
		   "   1: " SERVER4 ":C350 " CLIENT4 ":0016 01" TAIL "701" END
		   "   2: 0100007F:0016 0200007F:C350 01" TAIL "702" END "   3: " SERVER4 ":0016 " CLIENT4
		   ":C351 08" TAIL "703" END "   4: " SERVER4 ":0016 " CLIENT4 ":C352 01" TAIL "704" END
		   "   5: " SERVER4 ":0016 " CLIENT4 ":C353 01" TAIL "0" END,
		   HEADER
		   "   1: 00000000000000000000000001000000:0016 00000000000000000000000001000000:C350 01" TAIL
		   "700" END);
	assert_int_equal(find(*state, 400, c), 0);
}

static void a_name_cannot_forge_an_ancestor(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_session(*state);
	put_process(*state, 300, ") R 1 (", 200);
	put_process(*state, 200, "a b) S 7 1\n(c)", 100);
	put_tables(*state, HEADER LISTEN4 SESSION4, NULL);
	assert_int_equal(find(*state, 400, c), 1);
	/* Nor lead to a session that is somebody else's. */
	put_process(*state, 300, "x) S 100 (", 1);
	assert_int_equal(find(*state, 400, c), 0);
}

static void loops_end(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_session(*state);
	put_process(*state, 100, "sshd", 400);
	put_tables(*state, HEADER LISTEN4 SESSION4, NULL);
	assert_int_equal(find(*state, 400, c), 1);
	put_process(*state, 400, "self", 400);
	assert_int_equal(find(*state, 400, c), 0);
}

static void what_is_missing_ends_the_walk(void **state)
{
	static const char *const broken[] = {"",
					     "400",
					     "400 (postern",
					     "400 (postern)",
					     "400 (x) S",
					     "400 (x) S x",
					     "400 (x) S -5",
					     "400 x S 100",
					     "400 (x) S 55"};
	struct ssh_connection c[MAX_SSH_CONNECTIONS];
	struct ssh_query query = {.proc = ((struct tree *)*state)->root, .pid = 400};
	size_t n = 99;

	put_session(*state);
	assert_int_equal(ssh_session_find(&query, c, &n), -ENOENT);
	assert_int_equal(n, 99);
	put_tables(*state, HEADER LISTEN4 SESSION4, NULL);
	assert_int_equal(find(*state, 12345, c), 0);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		put_text(*state, "400/stat", broken[i]);
		assert_int_equal(find(*state, 400, c), 0);
	}
	put_process(*state, 400, "postern", 300);
	assert_int_equal(find(*state, 400, c), 1);
}

static void huge_files_are_bounded(void **state)
{
	enum { HUGE = 1 << 21 };
	struct ssh_connection c[MAX_SSH_CONNECTIONS];
	char *huge = malloc(HUGE);
	char line[256];
	FILE *file;

	put_session(*state);
	memset(huge, 'x', HUGE);
	memcpy(huge + HUGE - 16, "SSH_CONNECTION=", 16);
	put(*state, "200/environ", huge, HUGE);
	/* A line without an end that goes on like a socket of this session. */
	put_tables(*state, "", NULL);
	snprintf(line, sizeof(line), "%s/thread-self/net/tcp", ((struct tree *)*state)->root);
	file = fopen(line, "w");
	assert_non_null(file);
	fputs(HEADER LISTEN4, file);
	fwrite(huge, 1, 511, file);
	fputs("   1: " SERVER4 ":0016 " CLIENT4 ":C350 01" TAIL "700" END, file);
	fputs("   2: " SERVER4 "00:0016 " CLIENT4 ":C350 01" TAIL "700" END, file);
	fputs("   3: " SERVER4 ":0016\n\n   4: zz\n", file);
	fputs("   5: " SERVER4 ":0016 " CLIENT4 ":C355 01" TAIL "700" END, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(find(*state, 400, c), 1);
	assert_int_equal(c[0].peer_port, 0xc355);

	memset(huge, ' ', HUGE);
	memcpy(huge, "400 (x) S 300 ", 14);
	put(*state, "400/stat", huge, HUGE);
	assert_int_equal(find(*state, 400, c), 0);
	free(huge);
}

static void the_list_is_bounded(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];
	char path[128];
	FILE *file;

	put_session(*state);
	put_tables(*state, "", NULL);
	snprintf(path, sizeof(path), "%s/thread-self/net/tcp", ((struct tree *)*state)->root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(HEADER LISTEN4, file);
	for (unsigned i = 0; i < 3 * MAX_SSH_CONNECTIONS; i++)
		fprintf(file, "   1: " SERVER4 ":0016 " CLIENT4 ":%04X 01" TAIL "700" END, 1000 + i);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(find(*state, 400, c), MAX_SSH_CONNECTIONS);
}

/* Inside a terminal multiplexer no ancestor is sshd, but one still has its environment. */
static void a_named_connection_must_exist(void **state)
{
	static const char environ[] = "A=B\0SSH_CONNECTION=198.51.100.7 50000 203.0.113.10 22\0C=D";
	static const char stale[] = "SSH_CONNECTION=198.51.100.7 50009 203.0.113.10 22";
	static const char *const broken[] = {
		"SSH_CONNECTION=", "SSH_CONNECTION=198.51.100.7 50000 203.0.113.10",
		"SSH_CONNECTION=198.51.100.7 99999 203.0.113.10 22",
		"SSH_CONNECTION=host 50000 203.0.113.10 22",
		"XSSH_CONNECTION=198.51.100.7 50000 203.0.113.10 22"};
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_process(*state, 400, "postern", 200);
	put_process(*state, 200, "bash", 150);
	put_process(*state, 150, "tmux: server", 1);
	put_tables(*state, HEADER LISTEN4 SESSION4, NULL);
	assert_int_equal(find(*state, 400, c), 0);
	put(*state, "200/environ", environ, sizeof(environ));
	assert_int_equal(find(*state, 400, c), 1);
	assert_connection(&c[0], "203.0.113.10", 22, "198.51.100.7", 50000);
	put(*state, "200/environ", stale, sizeof(stale));
	assert_int_equal(find(*state, 400, c), 0);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		put_text(*state, "200/environ", broken[i]);
		assert_int_equal(find(*state, 400, c), 0);
	}
	/* Nothing listens there any more: it did not come in. */
	put(*state, "200/environ", environ, sizeof(environ));
	put_tables(*state, HEADER SESSION4, NULL);
	assert_int_equal(find(*state, 400, c), 0);
}

static void a_link_local_connection_is_named_with_its_interface(void **state)
{
	struct ssh_connection c[MAX_SSH_CONNECTIONS];

	put_process(*state, 400, "postern", 1);
	put_text(*state, "400/environ", "SSH_CONNECTION=fe80::2%eth0 50001 fe80::1%eth0 22");
	put_tables(*state, HEADER,
		   HEADER LISTEN6 "   1: 000080FE000000000000000001000000:0016 "
				  "000080FE000000000000000002000000:C351 01" TAIL "700" END);
	assert_int_equal(find(*state, 400, c), 1);
	assert_connection(&c[0], "fe80::1", 22, "fe80::2", 50001);
}

struct pair {
	int listener, client, server;
	uint16_t server_port, client_port;
};

static void connect_pair(struct pair *pair)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(addr);

	pair->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(pair->listener, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(listen(pair->listener, 1), 0);
	assert_int_equal(getsockname(pair->listener, (struct sockaddr *)&addr, &size), 0);
	pair->server_port = ntohs(addr.sin_port);
	pair->client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair->client, (struct sockaddr *)&addr, size), 0);
	pair->server = accept(pair->listener, (struct sockaddr *)&addr, &size);
	assert_true(pair->server >= 0);
	pair->client_port = ntohs(addr.sin_port);
}

/* How often it finds the pair's connection from a child that does not hold it. */
static int ask_in_child(const struct pair *pair, bool allow_loopback)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct ssh_query query = {.proc = "/proc", .pid = getpid(), .allow_loopback = allow_loopback};
		struct ssh_connection c[MAX_SSH_CONNECTIONS];
		size_t n = 0;
		int count = 0;

		close(pair->listener);
		close(pair->client);
		close(pair->server);
		if (ssh_session_find(&query, c, &n))
			_exit(99);
		for (size_t i = 0; i < n; i++)
			count += c[i].local_port == pair->server_port && c[i].peer_port == pair->client_port;
		_exit(count);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_real_connection_of_the_parent_is_found(void **state)
{
	struct pair pair;

	(void)state;
	connect_pair(&pair);
	assert_int_equal(ask_in_child(&pair, true), 1);
	assert_int_equal(ask_in_child(&pair, false), 0);
	close(pair.listener);
	assert_int_equal(ask_in_child(&pair, true), 0);
	close(pair.client);
	close(pair.server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_session_of_an_ancestor_is_found),
		TEST(both_families_are_read),
		TEST(other_connections_are_not_taken_for_it),
		TEST(a_name_cannot_forge_an_ancestor),
		TEST(loops_end),
		TEST(what_is_missing_ends_the_walk),
		TEST(huge_files_are_bounded),
		TEST(the_list_is_bounded),
		TEST(a_named_connection_must_exist),
		TEST(a_link_local_connection_is_named_with_its_interface),
		cmocka_unit_test(a_real_connection_of_the_parent_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
