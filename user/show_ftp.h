/* SPDX-License-Identifier: GPL-2.0-only */
/* What `show` says about FTP servers. */
#ifndef POSTERN_SHOW_FTP_H
#define POSTERN_SHOW_FTP_H

#include <jansson.h>

#include "policy.h"

/* Each a table behind an empty line; nothing where no server has what it shows. Return an enum exit_status.
 */
int show_ftp_print(const struct policy *policy);
int show_ftp_print_clients(const struct policy *policy);
int show_ftp_print_logs(const struct policy *policy);

/* All of them, as an array of objects; the caller owns it. */
json_t *show_ftp_json(const struct policy *policy);

#endif
