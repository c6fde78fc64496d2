/* SPDX-License-Identifier: GPL-2.0-only */
/* From a question about a connection to the frame that asks it, and from the verdict to its words. Nothing
 * here decides: the rule is looked up for display. */
#ifndef POSTERN_EXPLAIN_H
#define POSTERN_EXPLAIN_H

#include <jansson.h>

#include "frame.h"
#include "policy.h"

/* Whether a connection may be opened. */
struct explain_question {
	enum direction direction;
	enum transport transport;
	uint16_t port;
	struct addr peer;
	struct addr local; /* of the peer's family */
	bool names_local;  /* false: it was only chosen */
	const char *on;    /* the interface; NULL: none is named */
};

struct explanation {
	bool is_allowed;
	bool is_audited;         /* it is not, and passes all the same: `mode: audit` */
	uint32_t verdict;        /* a counter index, see enum counter */
	char service[NAME_SIZE]; /* "" where it is denied */
	char *rule;              /* what decided, in words; NULL where it is no rule */
	struct place where;      /* of the rule */
	/* The rule holds at one place only, and the question leaves open whether it is there. */
	bool depends_on_interface;
	bool depends_on_address;
};

void explanation_clear(struct explanation *explanation);

/* "tcp/443": 0, -EINVAL or -ERANGE, as value_parse_port(). */
int explain_parse_target(const char *text, enum transport *ret_transport, uint16_t *ret_port);

/* An address that this host could have, where the question names none: documentation ranges, not `peer`. */
struct addr explain_local(const struct addr *peer);

/* Names the interface where there is only one. */
void explain_complete(const struct policy *policy, struct explain_question *question);

/* Fills `frame` (FRAME_SIZE); returns its size. */
size_t explain_frame(const struct policy *policy, const struct explain_question *question, uint8_t *frame);

/* `services` has MAX_SERVICES entries. 0 or -ENOMEM. */
int explain(const struct policy *policy, const struct explain_question *question, uint32_t verdict,
	    const struct service_name *services, struct explanation *ret);

enum { EXPLAIN_TEXT_SIZE = 160 };
/* "inbound tcp/445 from 192.0.2.1"; into `buf` of EXPLAIN_TEXT_SIZE, returned. */
const char *explain_format_question(const struct explain_question *question, char *buf);
/* "allow (service https)", "deny (no-pinhole)"; into `buf` of EXPLAIN_TEXT_SIZE, returned. */
const char *explain_format_verdict(const struct explanation *explanation, char *buf);
/* "FILE:LINE", NULL where the place is nowhere; malloc()ed. */
char *explain_format_place(const struct place *place);

/* What the verdict depends on and nobody said, in a sentence for people; NULL: nothing. Static text. */
const char *explain_format_dependence(const struct explanation *explanation);

/* {verdict, reason, service, rule, where, depends}: the last a list of "on" and "at". */
json_t *explain_json(const struct explanation *explanation);

#endif
