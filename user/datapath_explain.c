// SPDX-License-Identifier: GPL-2.0-only
// Runs the pinned explain programs.
#include "datapath_explain.h"

#include <unistd.h>

#include "datapath_internal.h"

int datapath_explain(const char *instance, enum direction direction, uint32_t ifindex, const void *frame,
		     size_t size, uint32_t *ret_verdict)
{
	int fd = pin_open(instance, "current/%s",
			  direction == INBOUND ? "explain_inbound" : "explain_outbound");
	int r;

	if (fd < 0)
		return fd;
	r = explain_run(fd, ifindex, frame, size, ret_verdict);
	close(fd);
	return r;
}
