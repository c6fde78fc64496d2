// SPDX-License-Identifier: GPL-2.0-only
/* This process as a server on loopback: what it holds there, and what it has mapped. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc_process.h"
#include "tls_libraries.h"

static const struct ftp_owner anybody = {.kind = OWNER_ANY};

/* Listens on a port that the kernel chooses. */
static int server_open(uint16_t *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	return fd;
}

/* A client with an address of its own; returns the server's end, and keeps the client's open. */
static int client_open(int server, uint16_t port, uint32_t from)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(from)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	accepted = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	return accepted;
}

static struct tls_servers find(uint16_t port, const struct ftp_owner *owner)
{
	struct tls_servers servers = {0};
	uint64_t ports[N_PORTS / 64] = {0};

	ports[port / 64] = UINT64_C(1) << port % 64;
	assert_int_equal(tls_servers_find(ports, owner, &servers), 0);
	assert_false(servers.is_partial);
	return servers;
}

static uint64_t listeners_at(uint16_t port)
{
	uint64_t ports[N_PORTS / 64] = {0}, sum;

	ports[port / 64] = UINT64_C(1) << port % 64;
	assert_int_equal(tls_servers_listeners(ports, &sum), 0);
	return sum;
}

static void serves(void **state)
{
	const struct ftp_owner other = {.kind = OWNER_EXE, .name = (char *)"/bin/true"};
	struct tls_servers servers;
	uint64_t before, since;
	int fd, clients[3];
	uint16_t port;

	(void)state;
	fd = server_open(&port);
	before = listeners_at(port);
	assert_true(before != 0);
	servers = find(port, &anybody);
	assert_int_equal(servers.n, 1);
	assert_int_equal(servers.processes[0].pid, getpid());
	assert_false(servers.processes[0].serves_several);
	assert_int_equal(proc_started("/proc", (uint32_t)getpid(), &since), 0);
	assert_int_equal(servers.processes[0].started, since);
	assert_int_equal(find(port, &other).n, 0);

	/* Two connections of one client, then another's. The clients' ends are at other ports. */
	clients[0] = client_open(fd, port, 0x7f000002);
	clients[1] = client_open(fd, port, 0x7f000002);
	assert_false(find(port, &anybody).processes[0].serves_several);
	clients[2] = client_open(fd, port, 0x7f000003);
	assert_true(find(port, &anybody).processes[0].serves_several);
	assert_int_equal(listeners_at(port), before);

	/* Without the listener it is one still, and with the connections of a single client none. */
	close(fd);
	assert_int_equal(listeners_at(port), 0);
	assert_true(find(port, &anybody).processes[0].serves_several);
	close(clients[2]);
	assert_int_equal(find(port, &anybody).n, 0);
	close(clients[0]);
	close(clients[1]);
}

static void *map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *mapped;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	mapped = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	return mapped;
}

static void libraries(void **state)
{
	static const char *const names[] = {"libssl.so.3", "libgnutls.so.30", "libssl-odd name", "libssl.4",
					    "libssl.5",    "libsslx.so",      "libcrypto.so.3"};
	struct tls_process process = {.pid = (uint32_t)getpid()};
	struct tls_library found[MAX_TLS_OF_PROCESS];
	char folder[] = "/tmp/pst-unit.XXXXXX", path[128];
	void *mapped[7];

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(tls_libraries_of(&process, found), 1);
	assert_true(found[0].is_program);
	for (int i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		mapped[i] = map_file(path);
		unlink(path); /* what is deleted is used on */
	}
	rmdir(folder);
	assert_int_equal(tls_libraries_of(&process, found), MAX_TLS_OF_PROCESS);
	for (int i = 0; i < MAX_TLS_OF_PROCESS; i++) {
		assert_false(found[i].is_program);
		assert_true(strncmp(found[i].name, "libssl", 6) == 0 ||
			    strncmp(found[i].name, "libgnutls", 9) == 0);
		assert_int_equal(access(found[i].path, R_OK), 0);
	}
	for (int i = 1; i < 7; i++)
		munmap(mapped[i], 4096);
	assert_int_equal(tls_libraries_of(&process, found), 1);
	assert_string_equal(found[0].name, "libssl.so.3 (deleted)");
	munmap(mapped[0], 4096);
	process.pid = UINT32_MAX;
	assert_int_equal(tls_libraries_of(&process, found), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serves),
		cmocka_unit_test(libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
