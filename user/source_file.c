// SPDX-License-Identifier: GPL-2.0-only
// Reads a whole text file of bounded size.
#include "source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 64 << 10 };

/* Reads to the end: the size that stat() tells is 0 for some regular files and may grow. */
static int read_all(int fd, size_t max_size, char **ret_text, size_t *ret_size)
{
	char *text = NULL, *grown;
	size_t size = 0, capacity = 0;
	ssize_t n;

	for (;;) {
		if (size == capacity) {
			capacity = capacity ? capacity * 2 : READ_SIZE;
			grown = realloc(text, capacity + 1);
			if (!grown) {
				free(text);
				return -ENOMEM;
			}
			text = grown;
		}
		n = read(fd, text + size, capacity - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size += (size_t)n;
		if (size > max_size)
			break;
	}
	if (n < 0 || size > max_size || memchr(text, '\0', size)) {
		int r = n < 0 ? -errno : size > max_size ? -EFBIG : -EINVAL;

		free(text);
		return r;
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
}

int source_read_file(const char *path, size_t max_size, char **ret_text, size_t *ret_size)
{
	/* Opening a FIFO would wait for its writer, hence O_NONBLOCK. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else
		r = read_all(fd, max_size, ret_text, ret_size);
	close(fd);
	return r;
}
