// SPDX-License-Identifier: GPL-2.0-only
/* A compiled policy's constants and sizes into the packet programs. */
#include "datapath_prepare.h"

#include <string.h>

#include "compile.h"
#include "datapath_internal.h"
#include "datapath_ranges.h"
#include "filter.skel.h"

void programs_prepare(struct filter_bpf *filter, const struct compiled *compiled, uint32_t generation)
{
	filter->rodata->generation = generation;
	filter->rodata->flags = compiled->flags;
	filter->rodata->last_ruled_port = compiled->last_ruled_port;
	memcpy((void *)&filter->rodata->open_tcp_ports, &compiled->open_tcp, sizeof(compiled->open_tcp));
	map_set_size(filter->maps.narrowings, compiled->n_narrowings);
	ranges_prepare(filter, compiled);
}
