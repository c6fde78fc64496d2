/* SPDX-License-Identifier: GPL-2.0-only */
/* What the BPF programs and user space share: map keys and values, events, reasons and limits. */
#ifndef POSTERN_ABI_H
#define POSTERN_ABI_H

#include "abi_base.h"
#include "abi_events.h"
#include "abi_flows.h"
#include "abi_ftp.h"
#include "abi_policy.h"

/* Changes whenever a struct in one of them or the meaning of a state map does. An instance that is in
 * force under another number cannot be updated in place: its state would be misread. */
#define POSTERN_ABI 12u

#endif
