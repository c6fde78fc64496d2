// SPDX-License-Identifier: GPL-2.0-only
// Matches a log line against a format, within limits, and takes the client and the port from it.
#define PCRE2_CODE_UNIT_WIDTH 8

#include "log_line.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "log_formats.h"
#include "value.h"

enum { GROUP_CLIENT, GROUP_CLIENT_PORT, GROUP_PORT, GROUP_HIGH, GROUP_LOW, N_GROUPS };

static const char *const group_names[N_GROUPS] = {[GROUP_CLIENT] = "client",
						  [GROUP_CLIENT_PORT] = "client_port",
						  [GROUP_PORT] = "port",
						  [GROUP_HIGH] = "p1",
						  [GROUP_LOW] = "p2"};

struct log_format {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	int groups[N_GROUPS]; /* numbers; 0: the pattern has none of that name */
};

const char *log_format_name(size_t i)
{
	const struct log_pattern *pattern = log_pattern_at(i);

	return pattern ? pattern->name : NULL;
}

void log_format_free(struct log_format *format)
{
	if (!format)
		return;
	pcre2_match_data_free(format->match);
	pcre2_match_context_free(format->limits);
	pcre2_code_free(format->code);
	free(format);
}

static void free_format(struct log_format **format)
{
	log_format_free(*format);
}

static int compile(const char *text, pcre2_code **ret, struct failure *failure)
{
	/* The whole line, always: what a client writes can stand anywhere inside. */
	const uint32_t flags = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF |
			       PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_UCHAR message[160];
	PCRE2_SIZE offset;
	int error;

	if (strlen(text) > LOG_PATTERN_MAX)
		return failure_set(failure, -EINVAL, "the pattern is longer than %d bytes", LOG_PATTERN_MAX);
	*ret = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, flags, &error, &offset, NULL);
	if (*ret)
		return 0;
	if (error == PCRE2_ERROR_NOMEMORY)
		return -ENOMEM;
	pcre2_get_error_message(error, message, sizeof(message));
	return failure_set(failure, -EINVAL, "the pattern is wrong at character %zu: %s", offset + 1,
			   (const char *)message);
}

static int find_groups(struct log_format *format, struct failure *failure)
{
	for (unsigned i = 0; i < N_GROUPS; i++) {
		int number = pcre2_substring_number_from_name(format->code, (PCRE2_SPTR)group_names[i]);

		if (number == PCRE2_ERROR_NOUNIQUESUBSTRING)
			return failure_set(failure, -EINVAL, "the pattern has several groups named '%s'",
					   group_names[i]);
		format->groups[i] = number > 0 ? number : 0;
	}
	if (!format->groups[GROUP_CLIENT])
		return failure_set(failure, -EINVAL, "the pattern needs a group (?<client>…)");
	if (!format->groups[GROUP_HIGH] != !format->groups[GROUP_LOW])
		return failure_set(failure, -EINVAL,
				   "of the groups (?<p1>…) and (?<p2>…) the pattern has only one");
	if (!format->groups[GROUP_PORT] && !format->groups[GROUP_HIGH])
		return failure_set(failure, -EINVAL,
				   "the pattern needs a group (?<port>…), or (?<p1>…) and (?<p2>…)");
	return 0;
}

int log_format_new(const char *text, struct log_format **ret, struct failure *failure)
{
	const struct log_pattern *known = log_pattern_find(text);
	CLEANUP(free_format) struct log_format *format = calloc(1, sizeof(*format));
	int r = format ? compile(known ? known->text : text, &format->code, failure) : -ENOMEM;

	if (r == 0)
		r = find_groups(format, failure);
	if (r < 0)
		return r;
	format->limits = pcre2_match_context_create(NULL);
	format->match = pcre2_match_data_create_from_pattern(format->code, NULL);
	if (!format->limits || !format->match)
		return -ENOMEM;
	pcre2_set_match_limit(format->limits, LOG_MATCH_LIMIT);
	pcre2_set_depth_limit(format->limits, LOG_DEPTH_LIMIT);
	pcre2_set_heap_limit(format->limits, LOG_HEAP_LIMIT);
	*ret = format;
	format = NULL;
	return 0;
}

/* Copies what a group matched; false where it matched nothing, or what can be no such text. */
static bool get(const struct log_format *format, unsigned group, const char *line, char *buf, size_t size)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(format->match);
	int number = format->groups[group];
	PCRE2_SIZE begin = number ? offsets[2 * number] : PCRE2_UNSET;
	PCRE2_SIZE end = number ? offsets[2 * number + 1] : PCRE2_UNSET;

	/* \K can put the begin of a match behind its end. */
	if (begin == PCRE2_UNSET || end == PCRE2_UNSET || end <= begin || end - begin >= size)
		return false;
	memcpy(buf, line + begin, end - begin);
	buf[end - begin] = '\0';
	return memchr(buf, '\0', end - begin) == NULL;
}

static bool get_client(const struct log_format *format, const char *line, struct addr *ret)
{
	static const char mapped[] = "::ffff:";
	char text[LOG_CLIENT_MAX];
	const char *addr = text;

	if (!get(format, GROUP_CLIENT, line, text, sizeof(text)))
		return false;
	text[strcspn(text, "%")] = '\0';
	if (strncasecmp(addr, mapped, sizeof(mapped) - 1) == 0 && strchr(addr, '.'))
		addr += sizeof(mapped) - 1;
	return value_parse_addr(addr, ret) == 0;
}

static bool get_number(const struct log_format *format, unsigned group, const char *line, uint64_t max,
		       uint64_t *ret)
{
	char text[8];

	return get(format, group, line, text, sizeof(text)) && value_parse_number(text, 0, max, ret) == 0;
}

static bool get_port(const struct log_format *format, const char *line, uint16_t *ret)
{
	uint64_t port, low;

	if (!get_number(format, GROUP_PORT, line, UINT16_MAX, &port)) {
		if (!get_number(format, GROUP_HIGH, line, UINT8_MAX, &port) ||
		    !get_number(format, GROUP_LOW, line, UINT8_MAX, &low))
			return false;
		port = port << 8 | low;
	}
	*ret = (uint16_t)port;
	return port >= LOG_FIRST_PORT;
}

enum log_verdict log_line_read(struct log_format *format, const char *line, size_t size, struct log_hint *ret)
{
	struct log_hint hint = {0};
	uint64_t client_port;
	int n;

	if (size > LOG_LINE_MAX)
		return LOG_TOO_MUCH;
	/* The journal keeps what a file would show as several lines: no server ends one inside such a reply.
	 */
	if (memchr(line, '\n', size))
		return LOG_NOTHING;
	n = pcre2_match(format->code, (PCRE2_SPTR)line, size, 0, 0, format->match, format->limits);
	if (n == PCRE2_ERROR_NOMATCH)
		return LOG_NOTHING;
	if (n < 0)
		return LOG_TOO_MUCH;
	if (!get_client(format, line, &hint.client) || !get_port(format, line, &hint.port))
		return LOG_UNUSABLE;
	if (get_number(format, GROUP_CLIENT_PORT, line, UINT16_MAX, &client_port))
		hint.client_port = (uint16_t)client_port;
	*ret = hint;
	return LOG_HINT;
}
