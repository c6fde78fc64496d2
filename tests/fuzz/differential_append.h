/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow by one. */
#ifndef POSTERN_FUZZ_DIFFERENTIAL_APPEND_H
#define POSTERN_FUZZ_DIFFERENTIAL_APPEND_H

#include <stdlib.h>
#include <string.h>

/* One more zeroed element; `array_at` points to the pointer to the first. */
static inline void *append(void *array_at, size_t *n, size_t size)
{
	void *array;

	memcpy(&array, array_at, sizeof(array));
	array = reallocarray(array, *n + 1, size);
	if (!array)
		abort();
	memcpy(array_at, &array, sizeof(array));
	return memset((char *)array + (*n)++ * size, 0, size);
}

#define APPEND(array, n) ((__typeof__(array))append(&(array), &(n), sizeof(*(array))))

#endif
