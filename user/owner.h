/* SPDX-License-Identifier: GPL-2.0-only */
/* Who the owner of an FTP server is on this host: its policy's names in the form that the kernel compares. */
#ifndef POSTERN_OWNER_H
#define POSTERN_OWNER_H

#include "failure.h"
#include "policy.h"

/* Always fills *ret. 0; or, where it cannot be told, a -errno with the reason in `why`: then *ret is nobody.
 * A program that is not there yet can be told, if its folder is. */
int owner_resolve(const struct ftp_owner *owner, struct ftp_owner_value *ret, struct failure *why);

/* The owners of the policy's servers, MAX_FTP_SERVERS of them. */
void owners_resolve(const struct policy *policy, struct ftp_owner_value *ret);

#endif
