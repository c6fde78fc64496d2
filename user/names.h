/* SPDX-License-Identifier: GPL-2.0-only */
/* Stable names for the numbers that the data path counts and reports, and what they mean. */
#ifndef POSTERN_NAMES_H
#define POSTERN_NAMES_H

/* Numbers that a newer data path may know get the name "unknown" and an empty text. */
const char *reason_name(unsigned reason);
const char *reason_text(unsigned reason);
const char *event_kind_name(unsigned kind);
const char *event_kind_text(unsigned kind);
const char *refusal_name(unsigned refusal);
const char *refusal_text(unsigned refusal);
const char *origin_name(unsigned origin);
const char *origin_text(unsigned origin);

/* Of what is admitted without a service (below COUNTER_SERVICES); NULL where nothing is counted. */
const char *counter_name(unsigned counter);
const char *counter_text(unsigned counter);

/* The enum event_kind of that name, 0 if there is none. */
unsigned event_kind_parse(const char *name);

const char *direction_name(unsigned direction);

#endif
