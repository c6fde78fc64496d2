/* SPDX-License-Identifier: GPL-2.0-only */
/* Why something failed, in words for the user, handed up beside the -errno. */
#ifndef POSTERN_FAILURE_H
#define POSTERN_FAILURE_H

/* Empty where there is nothing to add to the errno. */
struct failure {
	char text[512];
};

/* Sets the text and returns `error`, so that callers can return what they report. */
int failure_set(struct failure *failure, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
