// SPDX-License-Identifier: GPL-2.0-only
// SYNs that wait for their neighbour, and leave while their socket is being closed: late_syn INTERFACE
// ADDRESS PORT FIRST-PORT N-PORTS ROUNDS. One thread makes the neighbour known, which sends the SYN on
// another CPU than the one that closes; local ports are taken in turn, every second one from FIRST-PORT on.
// The neighbour must not exist.
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_SPINS = 2000, STOP = -1 };

/* What the two threads share: who has seen `turn` closes `fd` after `spins`, and says so in `done`. */
struct race {
	atomic_int turn;
	atomic_int done;
	int fd;
	int spins;
	int cpu;
};

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *closer(void *argument)
{
	struct race *race = argument;
	int last = 0, turn;

	stay_on(race->cpu);
	while ((turn = atomic_load(&race->turn)) != STOP) {
		if (turn == last)
			continue;
		last = turn;
		for (volatile int i = 0; i < race->spins; i++)
			;
		close(race->fd);
		atomic_store(&race->done, turn);
	}
	return NULL;
}

struct neighbour {
	struct nlmsghdr header;
	struct ndmsg message;
	struct rtattr destination;
	struct in_addr address;
	struct rtattr link;
	unsigned char mac[8];
};

static void neighbour_set(int netlink, unsigned interface, struct in_addr address, bool is_known)
{
	struct neighbour request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = is_known ? RTM_NEWNEIGH : RTM_DELNEIGH,
			   .nlmsg_flags = NLM_F_REQUEST | (is_known ? NLM_F_CREATE | NLM_F_REPLACE : 0)},
		.message = {.ndm_family = AF_INET,
			    .ndm_ifindex = (int)interface,
			    .ndm_state = is_known ? NUD_REACHABLE : 0},
		.destination = {.rta_type = NDA_DST, .rta_len = RTA_LENGTH(sizeof(address))},
		.address = address,
		.link = {.rta_type = NDA_LLADDR, .rta_len = RTA_LENGTH(6)},
		.mac = {2, 0, 0, 0, 0, 1},
	};

	if (send(netlink, &request, sizeof(request), 0) < 0)
		fail("netlink");
}

static int begin(const struct sockaddr_in *peer, in_port_t local_port)
{
	struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = local_port};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)))
		fail("bind");
	if (connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) && errno != EINPROGRESS)
		fail("connect");
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	struct race race = {.fd = -1, .cpu = 1};
	pthread_t thread;
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	unsigned interface;

	if (argc != 7 || inet_pton(AF_INET, argv[2], &peer.sin_addr) != 1)
		return 2;
	interface = if_nametoindex(argv[1]);
	peer.sin_port = htons((uint16_t)atoi(argv[3]));
	stay_on(0);
	if (pthread_create(&thread, NULL, closer, &race))
		fail("pthread_create");
	for (int round = 1; round <= atoi(argv[6]); round++) {
		race.fd = begin(&peer, htons((uint16_t)(atoi(argv[4]) + 2 * round % atoi(argv[5]))));
		race.spins = rand() % MOST_SPINS;
		atomic_store(&race.turn, round);
		neighbour_set(netlink, interface, peer.sin_addr, true);
		while (atomic_load(&race.done) != round)
			;
		neighbour_set(netlink, interface, peer.sin_addr, false);
	}
	atomic_store(&race.turn, STOP);
	pthread_join(thread, NULL);
	return 0;
}
