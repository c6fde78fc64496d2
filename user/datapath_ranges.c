// SPDX-License-Identifier: GPL-2.0-only
/* Tables of ranges into maps. */
#include "datapath_ranges.h"

#include "compile.h"
#include "datapath_internal.h"
#include "filter.skel.h"

static void size_maps(struct bpf_map *ranges, struct bpf_map *buckets, const struct range_table *table)
{
	map_set_size(ranges, table->n_ranges);
	map_set_size(buckets, table->n_buckets);
}

void ranges_prepare(struct filter_bpf *filter, const struct compiled *compiled)
{
	map_set_size(filter->maps.zone_sets, compiled->n_zone_sets);
	size_maps(filter->maps.zone_ranges4, filter->maps.zone_buckets4, &compiled->zones4);
	size_maps(filter->maps.zone_ranges6, filter->maps.zone_buckets6, &compiled->zones6);
	size_maps(filter->maps.block_ranges4, filter->maps.block_buckets4, &compiled->block4);
	size_maps(filter->maps.block_ranges6, filter->maps.block_buckets6, &compiled->block6);
	filter->rodata->zone_window4 = compiled->zones4.window;
	filter->rodata->zone_window6 = compiled->zones6.window;
	filter->rodata->block_window4 = compiled->block4.window;
	filter->rodata->block_window6 = compiled->block6.window;
}

static int fill(const struct bpf_map *ranges, const struct bpf_map *buckets, const struct range_table *table)
{
	const void *values = table->ranges4 ? (const void *)table->ranges4 : table->ranges6;

	return map_fill(ranges, values, table->n_ranges)
		       ?: map_fill(buckets, table->buckets, table->n_buckets);
}

int ranges_fill(const struct filter_bpf *filter, const struct compiled *compiled)
{
	int r = map_fill(filter->maps.zone_sets, compiled->zone_sets, compiled->n_zone_sets);

	r = r ?: fill(filter->maps.zone_ranges4, filter->maps.zone_buckets4, &compiled->zones4);
	r = r ?: fill(filter->maps.zone_ranges6, filter->maps.zone_buckets6, &compiled->zones6);
	r = r ?: fill(filter->maps.block_ranges4, filter->maps.block_buckets4, &compiled->block4);
	return r ?: fill(filter->maps.block_ranges6, filter->maps.block_buckets6, &compiled->block6);
}
