/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose control connections does a process hold? A bounded walk over its file table. */
#ifndef POSTERN_WALK_BPF_H
#define POSTERN_WALK_BPF_H

#include "pinholes.bpf.h"
#include "sock.bpf.h"

enum {
	WALK_MAX_FILES = 512,    /* open files looked at */
	WALK_MOST_FILES = 16384, /* the same, where nothing else can tell whose a listener is */
	WALK_MAX_WORDS = 256,    /* words of 64 bits of the table's bitmap: 16,384 descriptors */
	WALK_TCP_CLOSE = 7,      /* TCP_CLOSE of include/net/tcp_states.h */
	WALK_BITS_PER_WORD = 64
};

/* What is asked. */
struct walk_task {
	struct addr wanted; /* where not all zero: the client that is looked for */
	__u64 holder;       /* where not 0: the process, which its sessions are told */
	__u32 half;
	__u16 servers;   /* only their sessions count */
	__u16 max_files; /* open files looked at */
};

/* What was found. */
struct walk_found {
	struct addr client; /* whose session it is */
	__u64 cookie;       /* of the newest session of the one client, or of the one wanted */
	__u64 since_ns;
	__u16 client_port;
	__u16 control_port;
	__u16 socket_port;
	__u16 servers;  /* whose sessions there are */
	__u8 n_clients; /* 0, 1, or 2 for several */
	__u8 truncated; /* the process has more files than we look at */
	__u8 has_wanted;
	__u8 pad[5];
};

struct walk {
	struct walk_task task;
	struct walk_found found;
	struct file **files;
	const unsigned long *open_fds;
	__u64 word; /* what is left to visit of the current word of the bitmap */
	__u32 next_word;
	__u32 n_words;
	__u32 n_files; /* visited */
	__u32 pad;
};

/* The kernel has bpf_rdonly_cast(). */
const volatile bool can_cast = false;

/* The socket cookie behind the file at a place of the file table, 0 where it is no socket that is still
 * connected. */
static __always_inline __u64 cast_cookie(struct file **place)
{
	/* A list_head begins with a pointer, as the place does. */
	const void *address = KERNEL_OBJECT(place, struct list_head)->next;
	const struct file *file = KERNEL_OBJECT(address, struct file);
	const struct sock *sk;

	if ((file->f_inode->i_mode & S_IFMT) != S_IFSOCK)
		return 0;
	sk = KERNEL_OBJECT(file->private_data, struct socket)->sk;
	if (sk->__sk_common.skc_state == WALK_TCP_CLOSE)
		return 0;
	return sk->__sk_common.skc_cookie.counter;
}

static __always_inline __u64 read_cookie(struct file **place)
{
	struct file *file = NULL;
	struct socket *socket;
	struct sock *sk;

	bpf_probe_read_kernel(&file, sizeof(file), place);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) == WALK_TCP_CLOSE)
		return 0;
	return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

static __always_inline void walk_take(struct walk_found *found, __u64 cookie, const struct session *session)
{
	found->client = session->client;
	found->cookie = cookie;
	found->since_ns = session->since_ns;
	found->client_port = session->client_port;
	found->control_port = session->control_port;
	found->socket_port = session->socket_port;
}

static __always_inline void walk_visit(struct walk *walk, __u64 cookie)
{
	struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	struct settings settings = {.half = walk->task.half};
	struct walk_found *found = &walk->found;
	struct ftp_port ftp;
	__u16 servers;

	if (!session)
		return;
	ftp = ftp_port_get(&settings, session->socket_port);
	servers = ftp.control & walk->task.servers;
	if (!servers)
		return;
	found->servers |= servers;
	if (walk->task.holder)
		session->holder = walk->task.holder;
	if (addr_equal(&walk->task.wanted, &session->client)) {
		found->has_wanted = 1;
		walk_take(found, cookie, session);
		return;
	}
	if (found->n_clients > 1 ||
	    (found->n_clients && !is_same_client(&ftp, &found->client, &session->client))) {
		found->n_clients = 2;
		return;
	}
	if (!found->n_clients || session->since_ns > found->since_ns)
		walk_take(found, cookie, session);
	found->n_clients = 1;
}

/* One step: fetch a word of the bitmap, or visit one file of it. 1 ends the loop. */
static long walk_step(__u32 step, struct walk *walk)
{
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
	if (walk->n_files >= walk->task.max_files) {
		walk->found.truncated = 1;
		return 1;
	}
	walk->n_files++;
	fd = (walk->next_word - 1) * WALK_BITS_PER_WORD + lowest_bit(walk->word);
	walk->word &= walk->word - 1;
	cookie = can_cast ? cast_cookie(walk->files + fd) : read_cookie(walk->files + fd);
	if (cookie)
		walk_visit(walk, cookie);
	return walk->found.has_wanted != 0;
}

/* Looks through the files of the task for sessions. A function of its own, for its room on the stack. */
static __noinline void walk_files(struct walk_found *ret, struct task_struct *task,
				  const struct walk_task *what)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	__u32 words = BPF_CORE_READ(table, max_fds) / WALK_BITS_PER_WORD;
	struct walk walk;

	/* Zeroes, of which the verifier must not know: before Linux 6.7 it follows walk_step() once only,
	 * with what the walk begins with, and removes as dead what a later step alone reaches. A read that
	 * fails zeroes its destination. */
	bpf_probe_read_kernel(&walk, sizeof(walk), NULL);
	walk.task = *what;
	walk.files = BPF_CORE_READ(table, fd);
	walk.open_fds = BPF_CORE_READ(table, open_fds);
	walk.n_words = words;
	if (words > WALK_MAX_WORDS) {
		walk.n_words = 0;
		walk.found.truncated = 1;
	}
	/* One step more, to see what lies beyond the last file. */
	bpf_loop(WALK_MOST_FILES + WALK_MAX_WORDS + 1, walk_step, &walk, 0);
	*ret = walk.found;
}

#endif
