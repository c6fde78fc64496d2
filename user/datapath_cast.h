/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the kernel has bpf_rdonly_cast() (Linux 6.2): the programs that look through file tables read them
 * faster with it, and have another way without. */
#ifndef POSTERN_DATAPATH_CAST_H
#define POSTERN_DATAPATH_CAST_H

#include <stdbool.h>

bool kernel_can_cast(void);

#endif
