// SPDX-License-Identifier: GPL-2.0-only
// Nanoseconds of listen() on passive ports, in a process that holds one control connection and so many files.
// Usage: listen NAME SERVER-NETNS CLIENT-NETNS SERVER-ADDRESS FIRST-PORT N-PORTS ROUNDS N-FILES...
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONTROL_PORT = 21, CALLS = 50 };

struct server {
	struct sockaddr_in address;
	uint16_t first_port;
	uint16_t n_ports;
};

static int listener_bind(const struct server *server, uint16_t port)
{
	struct sockaddr_in address = server->address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	address.sin_port = htons(port);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die("bind to port %u: %s", port, strerror(errno));
	return fd;
}

/* The accepted end is this process's session; the client's end stays open with it. */
static void control_open(const struct server *server, int server_netns, int client_netns)
{
	struct sockaddr_in to = server->address;
	int listener, client;

	to.sin_port = htons(CONTROL_PORT);
	netns_enter(server_netns);
	listener = listener_bind(server, CONTROL_PORT);
	if (listen(listener, 1))
		die("listen: %s", strerror(errno));
	netns_enter(client_netns);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&to, sizeof(to)) || accept(listener, NULL, NULL) < 0)
		die("no control connection: %s", strerror(errno));
	close(listener);
	netns_enter(server_netns);
}

/* Until there are so many: every other one a socket, as a server with many clients has them. */
static void files_open(long n)
{
	int fd = 0;

	while (fd < n - 1) {
		fd = fd % 2 ? socket(AF_UNIX, SOCK_STREAM, 0) : open("/dev/null", O_RDONLY);
		if (fd < 0)
			die("cannot open %ld files: %s", n, strerror(errno));
	}
}

static double listen_ns(const struct server *server, unsigned call)
{
	int fd = listener_bind(server, server->first_port + call % server->n_ports);
	uint64_t start = now_ns(), end;

	if (listen(fd, 1))
		die("listen: %s", strerror(errno));
	end = now_ns();
	close(fd);
	return end - start;
}

static void measure(const char *name, const struct server *server, long rounds, long files)
{
	struct series medians = {0};
	char text[128];

	for (long round = 0; round < rounds; round++) {
		struct series calls = {0};

		for (unsigned call = 0; call < CALLS; call++)
			series_add(&calls, listen_ns(server, call));
		series_add(&medians, series_median(&calls));
	}
	snprintf(text, sizeof(text), "%s, %ld open files", name, files);
	row_print(text, &medians, 0, 0, "");
}

int main(int argc, char **argv)
{
	struct server server = {.address.sin_family = AF_INET};
	struct rlimit limit = {.rlim_cur = 20000, .rlim_max = 20000};

	if (argc < 9)
		die("usage: listen NAME SERVER-NETNS CLIENT-NETNS SERVER-ADDRESS FIRST-PORT N-PORTS ROUNDS "
		    "N-FILES...");
	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit: %s", strerror(errno));
	inet_pton(AF_INET, argv[4], &server.address.sin_addr);
	server.first_port = number_of(argv[5]);
	server.n_ports = number_of(argv[6]);
	control_open(&server, netns_open(argv[2]), netns_open(argv[3]));
	stay_in_front();
	for (int i = 8; i < argc; i++) {
		files_open(number_of(argv[i]));
		measure(argv[1], &server, number_of(argv[7]), number_of(argv[i]));
	}
	return 0;
}
