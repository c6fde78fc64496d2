// SPDX-License-Identifier: GPL-2.0-only
// Tells each file once, however many looks find it.
#include "tls_stale.h"

#include <string.h>

static bool is_same(const struct tls_library *a, const struct tls_library *b)
{
	return a->process.pid == b->process.pid && a->process.started == b->process.started &&
	       a->inode == b->inode && strcmp(a->device, b->device) == 0;
}

static bool was_told(const struct tls_told *told, const struct tls_library *file)
{
	for (size_t i = 0; i < told->n && i < MAX_TLS_LIBRARIES; i++)
		if (is_same(&told->files[i], file))
			return true;
	return false;
}

const struct tls_library *tls_stale_take(struct tls_told *told, const struct tls_found *found,
					 enum stale *ret_stale)
{
	const struct tls_library *chosen = NULL;

	for (size_t i = 0; i < found->n; i++) {
		const struct tls_library *file = &found->files[i];
		bool is_watched = found->is_watched[i];

		if (was_told(told, file))
			continue;
		if (!is_watched)
			told->files[told->n++ % MAX_TLS_LIBRARIES] = *file;
		if (!chosen || (*ret_stale == STALE_WATCHED && !is_watched)) {
			chosen = file;
			*ret_stale = is_watched ? STALE_WATCHED : STALE_UNWATCHED;
		}
	}
	return chosen;
}
