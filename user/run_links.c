// SPDX-License-Identifier: GPL-2.0-only
// An interface that is made again begins without programs: it gets those that are in force.
#include "run_links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "apply_returned.h"

/* More than a message needs: many virtual functions make it long. */
enum { MESSAGE_SIZE = 1 << 15 };

/* Not everything that stands in the way tells when it is gone. What has failed says so each time. */
enum { RETRY_S = 1, RETRY_FAILED_S = 2 };
static const uint64_t second_ns = 1000000000;

static int filter_returned(const struct run_request *request)
{
	struct interface_value came[MAX_INTERFACES];
	struct failure failure = {0};
	size_t n;
	int r = apply_returned(request->context->instance, came, &n, &failure);

	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "postern run: %s was made again: it is filtered\n", came[i].name);
	if (r)
		fprintf(stderr, "postern run: %s\n", failure.text[0] ? failure.text : strerror(-r));
	return r ? EXIT_FAILED : EXIT_DONE;
}

int run_links_open(struct run_links *links)
{
	*links = (struct run_links){
		.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK),
		.child = {.work = filter_returned,
			  .failure = "an interface that was made again is not filtered"},
	};
	if (!links->socket || mnl_socket_bind(links->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return 0;
}

void run_links_close(struct run_links *links)
{
	if (links->socket)
		mnl_socket_close(links->socket);
}

int run_links_fd(const struct run_links *links)
{
	return mnl_socket_get_fd(links->socket);
}

/* Whether an interface may have come. */
static bool take_messages(const struct run_links *links)
{
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_SIZE];
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;
	bool came = false;

	while (true) {
		ssize_t length = mnl_socket_recvfrom(links->socket, buffer, sizeof(buffer));

		/* ENOBUFS, ENOSPC: something was lost, whatever it was. */
		if (length < 0 && errno != EINTR && errno != ENOBUFS && errno != ENOSPC)
			return came;
		came |= length < 0 ||
			(mnl_nlmsg_ok(header, (int)length) && header->nlmsg_type == RTM_NEWLINK);
	}
}

/* Each reason once, until there is none. */
static void tell(struct run_links *links, const struct failure *failure)
{
	if (failure->text[0] && strcmp(failure->text, links->told.text) != 0)
		fprintf(stderr, "postern run: not filtered: %s\n", failure->text);
	links->told = *failure;
}

void run_links_turn(struct run_links *links, const struct run_request *request, uint64_t now_ns)
{
	uint64_t wait_s = links->child.has_failed ? RETRY_FAILED_S : links->told.text[0] ? RETRY_S : 0;
	struct failure failure = {0};
	size_t n;
	int r;

	links->due |= take_messages(links);
	if (!links->due || links->child.pid > 0 || now_ns - links->looked_ns < wait_s * second_ns)
		return;
	r = apply_count_returned(request->context->instance, &n, &failure);
	tell(links, &failure);
	links->looked_ns = now_ns;
	links->due = r || n > 0 || failure.text[0];
	if (n > 0)
		run_child_begin(&links->child, request);
	else
		links->child.has_failed = false;
}
