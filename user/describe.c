// SPDX-License-Identifier: GPL-2.0-only
// Writes ports and peers of a policy as text and as JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"

enum { PREFIXES_SHOWN = 4 /* a zone with more is summed up */ };

static int format_range(const struct port_range *range, char *buf, size_t size)
{
	if (range->first == range->last)
		return snprintf(buf, size, "%u", range->first);
	return snprintf(buf, size, "%u-%u", range->first, range->last);
}

const char *describe_ranges(const struct port_range *ranges, size_t n, char *buf)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (used + 32 > PORTS_TEXT_SIZE) {
			strcpy(buf + used, ",…");
			break;
		}
		used += (size_t)sprintf(buf + used, "%s", i ? "," : "");
		used += (size_t)format_range(&ranges[i], buf + used, PORTS_TEXT_SIZE - used);
	}
	return buf;
}

const char *describe_protocols(const uint8_t *protocols, size_t n, char *buf)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (used + 16 > PORTS_TEXT_SIZE) {
			strcpy(buf + used, ",…");
			break;
		}
		used += (size_t)sprintf(buf + used, "%s%u", i ? "," : "", protocols[i]);
	}
	return buf;
}

json_t *json_protocols(const uint8_t *protocols, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(protocols[i]));
	return list;
}

json_t *json_ranges(const struct port_range *ranges, size_t n)
{
	json_t *list = json_array();
	char text[16];

	for (size_t i = 0; i < n; i++) {
		format_range(&ranges[i], text, sizeof(text));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static void print_zone(FILE *stream, const struct zone *zone)
{
	char text[ADDR_TEXT_SIZE];

	if (zone->name && zone->n_prefixes > PREFIXES_SHOWN) {
		fprintf(stream, "%s (%zu prefixes)", zone->name, zone->n_prefixes);
		return;
	}
	if (zone->name)
		fprintf(stream, "%s (", zone->name);
	for (size_t i = 0; i < zone->n_prefixes; i++)
		fprintf(stream, "%s%s", i ? ", " : "", value_format_prefix(&zone->prefixes[i], text));
	if (zone->name)
		fputs(zone->n_prefixes ? ")" : "no prefix)", stream);
}

char *describe_peers(const struct policy *policy, const size_t *peers, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ", " : "", stream);
		if (peers[i] == ZONE_ANY)
			fputs("any", stream);
		else
			print_zone(stream, &policy->zones[peers[i]]);
	}
	if (fclose(stream) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

const char *describe_scope(const struct scope *scope, char *buf)
{
	char at[ADDR_TEXT_SIZE] = "";

	if (scope->has_at)
		value_format_addr(&scope->at, at);
	snprintf(buf, SCOPE_TEXT_SIZE, "%s%s%s%s%s", scope->on ? "on " : "", scope->on ? scope->on : "",
		 scope->on && scope->has_at ? " " : "", scope->has_at ? "at " : "", at);
	return buf;
}

json_t *json_peers(const struct policy *policy, const size_t *peers, size_t n)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		const struct zone *zone = &policy->zones[peers[i]];
		json_t *prefixes = json_array();

		for (size_t j = 0; j < zone->n_prefixes; j++)
			json_array_append_new(prefixes,
					      json_string(value_format_prefix(&zone->prefixes[j], text)));
		json_array_append_new(list,
				      json_pack("{s:s?, s:o}", "zone", zone->name, "prefixes", prefixes));
	}
	return list;
}
