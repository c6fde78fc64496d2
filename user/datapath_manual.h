/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinholes that an administrator adds and removes. */
#ifndef POSTERN_DATAPATH_MANUAL_H
#define POSTERN_DATAPATH_MANUAL_H

#include "abi.h"
#include "failure.h"

/* Both work on an instance that is in force; *ret says what was found and done. 0, or -errno with its reason.
 */

/* Opens a pinhole for the client where exactly one listener at the port could take its connection: then
 * ret->fitting is 1, and ret->outcome tells what became of it. Listeners are looked for in our network
 * namespace, which must be the instance's. */
int manual_add(const char *instance, const struct manual_request *request, struct manual_answer *ret,
	       struct failure *failure);
/* Closes every pinhole that the client has at the port, whoever opened it; ret->closed is how many. */
int manual_del(const char *instance, const struct manual_request *request, struct manual_answer *ret,
	       struct failure *failure);

#endif
