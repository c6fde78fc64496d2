// SPDX-License-Identifier: GPL-2.0-only
// TCP over veth with both ends in one thread, so that one core's work is measured and not the scheduler's.
// Usage, in the client's namespace: tcp ROUNDS MS [COMMAND], see load_anew(); stdin:
// "NAME|INTERFACE|SERVER-NETNS|SERVER-ADDRESS|CLIENT-ADDRESS|TARGET", the bare one first.
#include "bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SERVICE_PORT = 443, OUTWARD_PORT = 8443, BLOCK = 65536, BACKLOG = 64, STUCK_S = 10 };

struct host {
	int netns;
	int listener;
	struct sockaddr_in address; /* of the listener */
};

struct pair {
	int ksoftirqd;
	struct line line;
	struct host server;
	struct host client;
	struct series rate;
	struct series ratio;
};

struct connection {
	int opener;
	int acceptor;
};

/* The kernel thread that serves the softirqs of our CPU when there are too many. */
static int ksoftirqd_open(int cpu)
{
	char expected[32], path[300], comm[32] = "";
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int found = -1;

	snprintf(expected, sizeof(expected), "ksoftirqd/%d\n", cpu);
	while (proc && found < 0 && (entry = readdir(proc))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(comm, sizeof(comm), file) && strcmp(comm, expected) == 0) {
			snprintf(path, sizeof(path), "/proc/%s/schedstat", entry->d_name);
			found = open(path, O_RDONLY | O_CLOEXEC);
		}
		fclose(file);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* CPU time that the packets took: ours, and that of the softirqs that were not served in it. Where the kernel
 * does not tell (CONFIG_SCHED_INFO), the latter is missing. */
static double work_ns(int ksoftirqd)
{
	char text[64] = "0";

	if (ksoftirqd >= 0 && pread(ksoftirqd, text, sizeof(text) - 1, 0) < 0)
		die("/proc: %s", strerror(errno));
	return thread_ns() + strtod(text, NULL);
}

struct test {
	const char *heading;
	double (*run)(const struct pair *pair, uint64_t ns);
};

static void listen_on(struct host *host, const char *address, uint16_t port)
{
	int one = 1;

	host->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, address, &host->address.sin_addr);
	netns_enter(host->netns);
	host->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(host->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(host->listener, (struct sockaddr *)&host->address, sizeof(host->address)) ||
	    listen(host->listener, BACKLOG))
		die("cannot listen on %s:%u: %s", address, port, strerror(errno));
}

/* Both ends have XDP: it changes how veth batches, so that a peer without it measures something else. */
static void pair_open(struct pair *pair, int home)
{
	pair->server.netns = netns_open(pair->line.fields[2]);
	pair->client.netns = home;
	listen_on(&pair->server, pair->line.fields[3], SERVICE_PORT);
	if (!xdp_is_attached("eth0"))
		xdp_attach(program_xdp(XDP_PASS), "eth0");
	listen_on(&pair->client, pair->line.fields[4], OUTWARD_PORT);
	xdp_attach(program_xdp(XDP_PASS), pair->line.fields[1]);
}

/* Both ends fail rather than wait for ever where the link loses what they send. */
static struct connection connection_open(const struct pair *pair, const struct host *to)
{
	const struct timeval limit = {.tv_sec = STUCK_S};
	struct connection connection = {.opener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	setsockopt(connection.opener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(connection.opener, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(connection.opener, (const struct sockaddr *)&to->address, sizeof(to->address)))
		die("%s: connect: %s", pair->line.fields[0], strerror(errno));
	connection.acceptor = accept4(to->listener, NULL, NULL, SOCK_CLOEXEC);
	if (connection.acceptor < 0)
		die("%s: accept: %s", pair->line.fields[0], strerror(errno));
	setsockopt(connection.acceptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return connection;
}

static void send_byte(const struct pair *pair, int from, int to)
{
	char byte = 'x';

	if (send(from, &byte, 1, MSG_NOSIGNAL) != 1 || recv(to, &byte, 1, 0) != 1)
		die("%s: a byte was lost: %s", pair->line.fields[0], strerror(errno));
}

/* Thousand connections a second of CPU time: opened, a byte each way, closed by the listener's side first. */
static double connections(const struct pair *pair, const struct host *from, const struct host *to,
			  uint64_t ns)
{
	uint64_t start = now_ns();
	double work = work_ns(pair->ksoftirqd);
	unsigned long n = 0;
	char byte;

	netns_enter(from->netns);
	do {
		struct connection connection = connection_open(pair, to);

		send_byte(pair, connection.opener, connection.acceptor);
		send_byte(pair, connection.acceptor, connection.opener);
		close(connection.acceptor);
		if (recv(connection.opener, &byte, 1, 0))
			die("%s: a connection does not end: %s", pair->line.fields[0], strerror(errno));
		close(connection.opener);
		n++;
	} while (now_ns() - start < ns);
	return n * 1e6 / (work_ns(pair->ksoftirqd) - work);
}

static size_t drain(int socket, char *block)
{
	size_t total = 0;
	ssize_t n;

	while ((n = recv(socket, block, BLOCK, MSG_DONTWAIT)) > 0)
		total += n;
	return total;
}

/* Gigabits a second of CPU time that arrive. */
static double transfer(const struct pair *pair, int from, int to, uint64_t ns)
{
	static char block[BLOCK];
	uint64_t start = now_ns(), end, bytes = 0, last = start;
	double work = work_ns(pair->ksoftirqd);

	do {
		size_t taken;

		if (send(from, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			die("%s: send: %s", pair->line.fields[0], strerror(errno));
		taken = drain(to, block);
		bytes += taken;
		end = now_ns();
		last = taken ? end : last;
		if (end - last > STUCK_S * 1000000000ull)
			die("%s: nothing arrives any more", pair->line.fields[0]);
	} while (end - start < ns);
	return bytes * 8.0 / (work_ns(pair->ksoftirqd) - work);
}

static double transfer_over(const struct pair *pair, const struct host *from, const struct host *to,
			    bool is_upload, uint64_t ns)
{
	struct connection connection;
	double rate;

	netns_enter(from->netns);
	connection = connection_open(pair, to);
	if (is_upload)
		rate = transfer(pair, connection.opener, connection.acceptor, ns);
	else
		rate = transfer(pair, connection.acceptor, connection.opener, ns);
	close(connection.opener);
	close(connection.acceptor);
	return rate;
}

static double connections_in(const struct pair *pair, uint64_t ns)
{
	return connections(pair, &pair->client, &pair->server, ns);
}

static double connections_out(const struct pair *pair, uint64_t ns)
{
	return connections(pair, &pair->server, &pair->client, ns);
}

static double upload(const struct pair *pair, uint64_t ns)
{
	return transfer_over(pair, &pair->client, &pair->server, true, ns);
}

static double download(const struct pair *pair, uint64_t ns)
{
	return transfer_over(pair, &pair->client, &pair->server, false, ns);
}

static const struct test tests[] = {
	{"gigabits a second to a service", upload},
	{"gigabits a second from a service", download},
	{"thousand connections a second to a service", connections_in},
	{"thousand connections a second opened by the host", connections_out},
};

static void test_run(const struct test *test, struct pair *pairs, size_t n, long rounds, uint64_t ns,
		     const char *command)
{
	for (size_t i = 0; i < n; i++)
		pairs[i].rate.n = pairs[i].ratio.n = 0;
	for (long round = 0; round < rounds; round++) {
		load_anew(command, round, rounds);
		for (size_t i = 1; i < n; i++) {
			double bare = test->run(&pairs[0], ns), rate = test->run(&pairs[i], ns);

			if (i == 1) {
				series_add(&pairs[0].rate, bare);
				series_add(&pairs[0].ratio, 1);
			}
			series_add(&pairs[i].rate, rate);
			series_add(&pairs[i].ratio, rate / bare);
		}
	}
	printf(" %s\n", test->heading);
	for (size_t i = 0; i < n; i++)
		row_print(pairs[i].line.fields[0], &pairs[i].rate, 2, series_median(&pairs[i].ratio),
			  pairs[i].line.fields[5]);
}

int main(int argc, char **argv)
{
	static struct pair pairs[MAX_CASES];
	int home = netns_current(), ksoftirqd;
	size_t n = 0;
	long rounds, ms;

	if (argc != 3 && argc != 4)
		die("usage: tcp ROUNDS MS [COMMAND]");
	rounds = number_of(argv[1]);
	ms = number_of(argv[2]);
	ksoftirqd = ksoftirqd_open(stay_in_front());
	for (; n < MAX_CASES && line_read(&pairs[n].line); n++) {
		pairs[n].ksoftirqd = ksoftirqd;
		pair_open(&pairs[n], home);
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		test_run(&tests[i], pairs, n, rounds, ms * 1000000ull, argv[3]);
	return 0;
}
