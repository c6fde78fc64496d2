// SPDX-License-Identifier: GPL-2.0-only
// Behind a redirect the kernel's tables do not tell which port a client has called: the policy's own verdict
// does, as far as it matters.
#include "apply_adopt.h"

#include "datapath_adopt.h"
#include "frame.h"

static bool is_redirected_to(const struct ftp_server *server, uint16_t port)
{
	for (size_t i = 0; i < server->n_sockets; i++)
		if (port >= server->sockets[i].first && port <= server->sockets[i].last)
			return true;
	return false;
}

/* Whether the client may open a connection to that port on any of the interfaces. */
static bool is_admitted(const struct adopt_request *request, const struct session *session, uint16_t port)
{
	const struct frame_request syn = {
		.src = session->client,
		.dst = session->local,
		.src_port = session->client_port,
		.dst_port = port,
		.is_opening = true,
	};
	uint8_t frame[FRAME_SIZE];
	size_t size = frame_build(&syn, frame);
	uint32_t verdict;

	for (size_t i = 0; i < request->n_interfaces; i++)
		if (generation_explain(request->generation, INBOUND, request->interfaces[i].ifindex, frame,
				       size, &verdict) == 0 &&
		    verdict >= COUNTER_LINK)
			return true;
	return false;
}

static uint16_t admitted_port(const struct adopt_request *request, const struct ftp_server *server,
			      const struct session *session)
{
	for (size_t i = 0; i < server->n_control; i++) {
		const struct service *service = &request->policy->services[server->control[i]];

		for (size_t r = 0; r < service->n_tcp; r++)
			for (unsigned port = service->tcp[r].first; port <= service->tcp[r].last; port++)
				if (is_admitted(request, session, (uint16_t)port))
					return (uint16_t)port;
	}
	return 0;
}

static uint16_t control_port(const void *context, const struct session *session)
{
	const struct adopt_request *request = context;
	uint16_t port = 0;

	for (size_t i = 0; i < request->policy->n_ftp && !port; i++)
		if (is_redirected_to(&request->policy->ftp[i], session->socket_port))
			port = admitted_port(request, &request->policy->ftp[i], session);
	return port ?: session->control_port;
}

int apply_adopt(const struct adopt_request *request, struct failure *failure)
{
	const struct adopt_choice choice = {.control_port = control_port, .context = request};

	return adopt_existing(request->instance, &choice, failure);
}
