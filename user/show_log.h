/* SPDX-License-Identifier: GPL-2.0-only */
/* What `show` says about the logs of FTP servers. */
#ifndef POSTERN_SHOW_LOG_H
#define POSTERN_SHOW_LOG_H

#include <jansson.h>

#include "policy.h"

/* A table behind an empty line; nothing where no server has a log. Returns an enum exit_status. */
int show_log_print(const struct policy *policy);
enum { WATCH_TEXT_SIZE = 32 }; /* all of them, separated by commas */

/* The ways to watch, bits of enum ftp_watch, as the policy calls them. */
const char *show_watch(unsigned watch, char text[static WATCH_TEXT_SIZE]);

/* Adds `watch` and `log` to the object of an FTP server. */
void show_log_add(const struct ftp_server *server, json_t *object);

#endif
