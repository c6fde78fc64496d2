/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose control connections does a process hold? A bounded walk over its file table. */
#ifndef POSTERN_WALK_BPF_H
#define POSTERN_WALK_BPF_H

#include "pinholes.bpf.h"
#include "sock.bpf.h"

enum {
	WALK_MAX_FILES = 512, /* open files looked at */
	WALK_MAX_WORDS = 256, /* words of 64 bits of the table's bitmap: 16,384 descriptors */
	WALK_TCP_CLOSE = 7,   /* TCP_CLOSE of include/net/tcp_states.h */
	WALK_BITS_PER_WORD = 64
};

struct walk {
	struct file **files;
	const unsigned long *open_fds;
	__u64 word; /* what is left to visit of the current word of the bitmap */
	__u32 next_word;
	__u32 n_words;
	__u32 n_files;   /* visited */
	__u16 servers;   /* only their sessions count */
	__u16 n_clients; /* 0, 1, or 2 for several */
	__u32 half;
	__u32 truncated; /* the process has more files than we look at */
	__u64 cookie;    /* the newest session of the one client */
	struct session session;
	struct addr wanted; /* where not all zero: the client that is looked for among them */
	__u32 found;        /* it is the one in `session` */
	__u32 pad;
};

/* The index of the lowest bit that is set; `word` is not 0. Branch-free, for the verifier. */
static __always_inline __u32 lowest_bit(__u64 word)
{
	__u64 bit = word & -word;

	return !!(bit & 0xaaaaaaaaaaaaaaaaull) | !!(bit & 0xccccccccccccccccull) << 1 |
	       !!(bit & 0xf0f0f0f0f0f0f0f0ull) << 2 | !!(bit & 0xff00ff00ff00ff00ull) << 3 |
	       !!(bit & 0xffff0000ffff0000ull) << 4 | !!(bit & 0xffffffff00000000ull) << 5;
}

/* The socket cookie behind a file, 0 where it is no socket that is still connected. */
static __always_inline __u64 file_cookie(struct file *file)
{
	struct socket *socket;
	struct sock *sk;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) == WALK_TCP_CLOSE)
		return 0;
	return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

static __always_inline void walk_visit(struct walk *walk, __u64 cookie)
{
	const struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	struct settings settings = {.half = walk->half};

	if (!session || !(ftp_port_get(&settings, session->control_port).control & walk->servers))
		return;
	if (addr_equal(&walk->wanted, &session->client)) {
		walk->found = 1;
		walk->cookie = cookie;
		walk->session = *session;
		return;
	}
	if (walk->n_clients && !addr_equal(&walk->session.client, &session->client)) {
		walk->n_clients = 2;
		return;
	}
	if (!walk->n_clients || session->since_ns > walk->session.since_ns) {
		walk->cookie = cookie;
		walk->session = *session;
	}
	walk->n_clients = 1;
}

/* One step: fetch a word of the bitmap, or visit one file of it. 1 ends the loop. */
static long walk_step(__u32 step, struct walk *walk)
{
	struct file *file = NULL;
	__u64 cookie;
	__u32 fd;

	if (!walk->word) {
		if (walk->next_word >= walk->n_words)
			return 1;
		if (bpf_probe_read_kernel(&walk->word, sizeof(walk->word), walk->open_fds + walk->next_word))
			walk->word = 0;
		walk->next_word++;
		return 0;
	}
	if (walk->n_files >= WALK_MAX_FILES) {
		walk->truncated = 1;
		return 1;
	}
	walk->n_files++;
	fd = (walk->next_word - 1) * WALK_BITS_PER_WORD + lowest_bit(walk->word);
	walk->word &= walk->word - 1;
	if (bpf_probe_read_kernel(&file, sizeof(file), walk->files + fd))
		return 0;
	cookie = file_cookie(file);
	if (cookie)
		walk_visit(walk, cookie);
	return walk->found || (walk->n_clients > 1 && addr_is_zero(&walk->wanted));
}

/* Fills walk->n_clients, ->truncated, ->cookie and ->session for the task; with `wanted`, ->found. */
static __always_inline void walk_files(struct walk *walk, struct task_struct *task, __u16 servers, __u32 half,
				       const struct addr *wanted)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	__u32 words = BPF_CORE_READ(table, max_fds) / WALK_BITS_PER_WORD;

	/* Zeroes, of which the verifier must not know: before Linux 6.7 it follows walk_step() once only,
	 * with what the walk begins with, and removes as dead what a later step alone reaches. A read that
	 * fails zeroes its destination. */
	bpf_probe_read_kernel(walk, sizeof(*walk), NULL);
	walk->files = BPF_CORE_READ(table, fd);
	walk->open_fds = BPF_CORE_READ(table, open_fds);
	walk->servers = servers;
	walk->half = half;
	if (wanted)
		walk->wanted = *wanted;
	walk->n_words = words;
	if (words > WALK_MAX_WORDS) {
		walk->n_words = 0;
		walk->truncated = 1;
	}
	/* One step more, to see what lies beyond the last file. */
	bpf_loop(WALK_MAX_FILES + WALK_MAX_WORDS + 1, walk_step, walk, 0);
}

#endif
