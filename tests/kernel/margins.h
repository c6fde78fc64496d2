/* SPDX-License-Identifier: GPL-2.0-only */
/* How deep the calls of a loaded program go. */
#ifndef POSTERN_TESTS_MARGINS_H
#define POSTERN_TESTS_MARGINS_H

#include <stdint.h>

enum {
	MAX_FUNCTIONS = 256,
	STACK_LIMIT = 512,
	MAX_CHAIN = 9 /* what the verifier has frames for, and one */
};

struct chain {
	uint32_t bytes; /* of all frames, each rounded up to 32 */
	uint32_t n_frames;
	const char *names[MAX_CHAIN];    /* from the program down; they belong to the program's BTF */
	uint32_t frame_bytes[MAX_CHAIN]; /* as the verifier says them, not rounded */
};

struct btf;

/* The deepest chain of calls in a loaded program, of which `depths` are what the verifier printed: the frame
 * of each function in turn. Code that the verifier removed is not seen. 0 or -errno. */
int chain_deepest(int program_fd, const struct btf *btf, const uint32_t *depths, uint32_t n_depths,
		  struct chain *ret);

#endif
