// SPDX-License-Identifier: GPL-2.0-only
// Hints of log lines become claims; what is wrong with a log is said, not more often than it helps.
#include "run_logs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log_reader.h"
#include "output.h"
#include "pinhole_claim.h"

static const uint64_t second_ns = 1000000000;
enum { COMPLAIN_S = 60 /* about lines, of one log */ };

struct log_status {
	bool told;
	struct log_state state; /* as the reader said last */
	uint64_t complained;    /* how many bad lines that was about */
	uint64_t complained_ns;
};

struct run_logs {
	const struct policy *policy;
	struct log_reader *reader; /* NULL: there is nothing to read, or it has ended */
	bool wanted;
	uint64_t started_ns;
	struct log_status status[MAX_FTP_SERVERS];
	uint64_t hints;
	uint64_t opened;
};

struct run_logs *run_logs_new(void)
{
	return calloc(1, sizeof(struct run_logs));
}

void run_logs_free(struct run_logs *logs)
{
	if (!logs)
		return;
	log_reader_stop(logs->reader);
	free(logs);
}

/* "ftp NAME: log NAME: " begins what is said of a log. */
static void complain(const struct ftp_server *server, const char *text)
{
	const char *name = server->log.file ? server->log.file : server->log.journal;
	char *escaped = malloc(ESCAPED_SIZE(strlen(name)));

	fprintf(stderr, "postern run: ftp %s: log %s: %s\n", server->name,
		escaped ? escape_bytes(name, strlen(name), escaped) : "?", text);
	free(escaped);
}

static void start(struct run_logs *logs, uint64_t now_ns)
{
	struct failure failure = {""};
	int r = log_reader_start(logs->policy, &logs->reader, &failure);

	logs->started_ns = now_ns;
	for (size_t i = 0; i < MAX_FTP_SERVERS; i++)
		logs->status[i].told = false;
	logs->wanted = r < 0 || logs->reader;
	if (r < 0)
		fprintf(stderr, "postern run: %s\n", *failure.text ? failure.text : strerror(-r));
}

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether the reader need not know of the change: what is written while another starts would not be read. */
static bool has_same_logs(const struct policy *a, const struct policy *b)
{
	if (a->n_ftp != b->n_ftp)
		return false;
	for (size_t i = 0; i < a->n_ftp; i++) {
		const struct ftp_log *one = &a->ftp[i].log, *other = &b->ftp[i].log;

		if (strcmp(a->ftp[i].name, b->ftp[i].name) != 0 ||
		    log_reader_reads(&a->ftp[i]) != log_reader_reads(&b->ftp[i]) ||
		    !is_same_text(one->file, other->file) || !is_same_text(one->journal, other->journal) ||
		    !is_same_text(one->format, other->format))
			return false;
	}
	return true;
}

void run_logs_use(struct run_logs *logs, const struct policy *policy, uint64_t now_ns)
{
	bool is_same = logs->reader && has_same_logs(logs->policy, policy);

	logs->policy = policy;
	if (is_same)
		return;
	log_reader_stop(logs->reader);
	logs->reader = NULL;
	memset(logs->status, 0, sizeof(logs->status));
	start(logs, now_ns);
}

int run_logs_fd(const struct run_logs *logs)
{
	return logs->reader ? log_reader_fd(logs->reader) : -1;
}

/* What can be told of a hint without the kernel: whether the server would listen there at all. */
static bool is_passive(const struct policy *policy, const struct ftp_server *server, uint16_t port)
{
	for (size_t i = 0; i < server->n_passive; i++)
		if (server->passive[i].first <= port && port <= server->passive[i].last)
			return !policy_is_inbound_port(policy, TRANSPORT_TCP, port);
	return false;
}

static void take_hint(struct run_logs *logs, const struct ftp_server *server, const struct log_hint *hint,
		      const struct datapath *datapath)
{
	logs->hints++;
	/* A claim that the kernel refuses is an event of its own. */
	if (is_passive(logs->policy, server, hint->port) &&
	    pinhole_claim(datapath, server->name, &hint->client, hint->client_port, hint->port, ORIGIN_LOG) ==
		    0)
		logs->opened++;
}

static void complain_of_lines(const struct ftp_server *server, struct log_status *status, uint64_t now_ns)
{
	const struct log_counts *counts = &status->state.counts;
	uint64_t bad = counts->unusable + counts->too_much;
	char text[160];

	if (bad == status->complained ||
	    (status->complained > 0 && now_ns - status->complained_ns < COMPLAIN_S * second_ns))
		return;
	snprintf(text, sizeof(text),
		 "%" PRIu64 " lines were too long or took too long to match, %" PRIu64
		 " named no address or no passive port",
		 counts->too_much, counts->unusable);
	complain(server, text);
	status->complained = bad;
	status->complained_ns = now_ns;
}

static void take_state(const struct ftp_server *server, struct log_status *status,
		       const struct log_state *state, uint64_t now_ns)
{
	char reason[ESCAPED_SIZE(LOG_REASON_SIZE)];

	if (state->error && (!status->told || state->error != status->state.error))
		complain(server, escape_bytes(state->reason, sizeof(state->reason), reason));
	else if (!state->error && status->state.error)
		complain(server, "is read");
	status->state = *state;
	status->told = true;
	complain_of_lines(server, status, now_ns);
}

bool run_logs_turn(struct run_logs *logs, const struct datapath *datapath, uint64_t now_ns)
{
	struct log_message message;
	int r = 0;

	if (!logs->reader && logs->wanted && now_ns - logs->started_ns >= second_ns)
		start(logs, now_ns);
	for (int i = 0; logs->reader && i < RUN_LOGS_TURN; i++) {
		const struct ftp_server *server;

		r = log_reader_next(logs->reader, (uint32_t)logs->policy->n_ftp, &message);
		if (r <= 0)
			break;
		server = &logs->policy->ftp[message.server];
		if (message.kind == LOG_MESSAGE_HINT)
			take_hint(logs, server, &message.hint, datapath);
		else
			take_state(server, &logs->status[message.server], &message.state, now_ns);
	}
	if (r < 0) {
		fprintf(stderr, "postern run: the reader of logs %s: it is started again\n",
			r == -EPIPE ? "has ended" : "wrote nonsense");
		log_reader_stop(logs->reader);
		logs->reader = NULL;
	}
	return r > 0;
}

bool run_logs_is_ready(const struct run_logs *logs)
{
	for (size_t i = 0; logs->wanted && i < logs->policy->n_ftp; i++)
		if (log_reader_reads(&logs->policy->ftp[i]) && !logs->status[i].told)
			return false;
	return true;
}

void run_logs_totals(const struct run_logs *logs, struct run_logs_totals *ret)
{
	*ret = (struct run_logs_totals){.hints = logs->hints, .opened = logs->opened};
	for (size_t i = 0; logs->policy && i < logs->policy->n_ftp; i++) {
		if (!log_reader_reads(&logs->policy->ftp[i]))
			continue;
		ret->logs++;
		ret->reading += logs->reader && logs->status[i].told && logs->status[i].state.error == 0;
	}
}
