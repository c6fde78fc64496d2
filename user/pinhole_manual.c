// SPDX-License-Identifier: GPL-2.0-only
// Adds and removes pinholes by hand, and says why where it cannot.
#include "pinhole_manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apply_state.h"
#include "cleanup.h"
#include "datapath_manual.h"
#include "value.h"

/* Why none was added, for the text "PORT: …"; NULL where one was. */
static const char *refusal_of(const struct manual_answer *answer)
{
	if (answer->fitting > 1)
		return "several sockets that listen there could take the connection";
	if (!answer->fitting && answer->unfitting)
		return "what listens there does not accept that client: its address family differs";
	if (!answer->fitting)
		return answer->loopback
			       ? "what listens there is bound to loopback, where no client comes from"
			       : "nothing listens there";
	switch (answer->outcome) {
	case MANUAL_OPENED:
		return NULL;
	case MANUAL_NOT_PASSIVE:
		return "it is no passive port of an FTP server in force that needs pinholes; a port of an "
		       "inbound service never is";
	case MANUAL_OPEN:
		return "it is open for that client already";
	case MANUAL_CLAIMED:
		return "an FTP session or another listener has a pinhole there";
	case MANUAL_FULL:
		return "there is no room: see limits in 'postern status'";
	default:
		return "what listened there has closed";
	}
}

/* What is wrong with the port comes before what listens there. */
static int look_at_port(const struct datapath *datapath, uint16_t port, bool *ret_is_passive,
			struct failure *failure)
{
	CLEANUP_FREE struct ftp_port *ports = calloc(N_PORTS, sizeof(*ports));
	int r = ports ? datapath_ftp_ports(datapath, ports) : -ENOMEM;

	if (r)
		return failure_set(failure, r, "cannot read the FTP ports: %s", strerror(-r));
	*ret_is_passive = ports[port].passive != 0;
	return 0;
}

int pinhole_add(const char *instance, const struct datapath *datapath, const struct manual_request *request,
		struct manual_answer *ret, struct failure *failure)
{
	bool is_passive = false;
	const char *refusal;
	int r = look_at_port(datapath, request->port, &is_passive, failure);

	if (r)
		return r;
	if (is_elsewhere(instance))
		return failure_set(failure, -EXDEV,
				   "instance '%s' is in force in another network namespace: name it with "
				   "--netns",
				   instance);
	*ret = (struct manual_answer){.fitting = 1, .outcome = MANUAL_NOT_PASSIVE};
	if (is_passive)
		r = manual_add(instance, request, ret, failure);
	if (r)
		return r;
	refusal = refusal_of(ret);
	return refusal ? failure_set(failure, -EPERM, "port %u: %s", request->port, refusal) : 0;
}

int pinhole_del(const char *instance, const struct manual_request *request, uint32_t *ret,
		struct failure *failure)
{
	struct manual_answer answer = {0};
	char client[ADDR_TEXT_SIZE];
	int r = manual_del(instance, request, &answer, failure);

	if (r)
		return r;
	*ret = answer.closed;
	if (answer.closed)
		return 0;
	return failure_set(failure, -ENOENT, "port %u: no pinhole is open there for %s", request->port,
			   value_format_addr(&request->client, client));
}
