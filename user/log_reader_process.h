/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the process that reads logs. */
#ifndef POSTERN_LOG_READER_PROCESS_H
#define POSTERN_LOG_READER_PROCESS_H

#include "policy.h"

/* In the child: gives up what is not needed, reads logs, and writes messages to `fd` until that is closed. */
_Noreturn void log_reader_process(const struct policy *policy, int fd);

#endif
