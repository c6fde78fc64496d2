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
	WALK_BITS_PER_WORD = 64,
	WALK_BITS_PER_STEP = 8
};

/* What is asked. */
struct walk_task {
	struct addr wanted; /* where not all zero: the client that is looked for */
	__u64 holder;       /* where not 0: the process, which its sessions are told */
	const struct file_operations *socket_files; /* see socket_files_like() */
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

/* Where it is: at a word of the table's bitmap. */
struct walk_cursor {
	struct file **place;           /* of the lowest bit of `word` */
	const unsigned long *open_fds; /* the next word */
	__u64 word;                    /* what is left to visit of this one */
	__u16 bits;                    /* of it that are done */
	__u16 n_words;                 /* still to come */
	__u16 n_files;                 /* visited */
	__u16 pad;
};

struct walk {
	struct walk_task task;
	struct walk_found found;
	struct walk_cursor cursor;
};

/* The kernel has bpf_rdonly_cast(). */
const volatile bool can_cast = false;

/* What files that are sockets have, and no others: reading that of the file itself costs less than its inode.
 */
static __always_inline const struct file_operations *socket_files_like(const struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_socket, file, f_op);
}

/* Looks at what lies together in a socket, before its cookie: most that a server has open is something else.
 */
static __always_inline bool is_live_inet(__u16 family, __u8 state)
{
	return (family == AF_INET || family == AF_INET6) && state != WALK_TCP_CLOSE;
}

/* The socket cookie behind the file at a place of the file table, 0 where it is no socket that is still
 * connected. */
static __always_inline __u64 cast_cookie(struct file **place, const struct file_operations *socket_files)
{
	/* A list_head begins with a pointer, as the place does. */
	const void *address = KERNEL_OBJECT(place, struct list_head)->next;
	const struct file *file = KERNEL_OBJECT(address, struct file);
	const struct sock *sk;

	if (file->f_op != socket_files)
		return 0;
	sk = KERNEL_OBJECT(file->private_data, struct socket)->sk;
	if (!is_live_inet(sk->__sk_common.skc_family, sk->__sk_common.skc_state))
		return 0;
	return sk->__sk_common.skc_cookie.counter;
}

static __always_inline __u64 read_cookie(struct file **place, const struct file_operations *socket_files)
{
	struct file *file = NULL;
	struct socket *socket;
	struct sock *sk;

	bpf_probe_read_kernel(&file, sizeof(file), place);
	if (!file || BPF_CORE_READ(file, f_op) != socket_files)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || !is_live_inet(BPF_CORE_READ(sk, __sk_common.skc_family),
				 BPF_CORE_READ(sk, __sk_common.skc_state)))
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

/* Verified by itself, once: the steps below call it in many places. */
__noinline int walk_visit(struct walk *walk, __u64 cookie)
{
	struct session *session = bpf_map_lookup_elem(&sessions, &cookie);
	struct settings settings = {};
	struct walk_found *found;
	struct ftp_port ftp;
	__u16 servers;

	if (!session || !walk)
		return 0;
	found = &walk->found;
	settings.half = walk->task.half;
	ftp = ftp_port_get(&settings, session->socket_port);
	servers = ftp.control & walk->task.servers;
	if (!servers)
		return 0;
	found->servers |= servers;
	if (walk->task.holder)
		session->holder = walk->task.holder;
	if (addr_equal(&walk->task.wanted, &session->client)) {
		found->has_wanted = 1;
		walk_take(found, cookie, session);
		return 0;
	}
	if (found->n_clients > 1 ||
	    (found->n_clients && !is_same_client(&ftp, &found->client, &session->client))) {
		found->n_clients = 2;
		return 0;
	}
	if (!found->n_clients || session->since_ns > found->since_ns)
		walk_take(found, cookie, session);
	found->n_clients = 1;
	return 0;
}

/* Visits the files of the lowest byte of the word. 1 ends the loop. */
static __always_inline long walk_byte(struct walk *walk)
{
	__u16 n_files = walk->cursor.n_files, max_files = walk->task.max_files;
	struct file **place = walk->cursor.place;
	__u64 bits = walk->cursor.word;

	for (int i = 0; i < WALK_BITS_PER_STEP; i++) {
		__u64 cookie;

		if (!(bits >> i & 1))
			continue;
		if (n_files++ >= max_files) {
			walk->found.truncated = 1;
			return 1;
		}
		cookie = can_cast ? cast_cookie(place + i, walk->task.socket_files)
				  : read_cookie(place + i, walk->task.socket_files);
		if (cookie)
			walk_visit(walk, cookie);
	}
	walk->cursor.n_files = n_files;
	walk->cursor.place += WALK_BITS_PER_STEP;
	walk->cursor.word >>= WALK_BITS_PER_STEP;
	walk->cursor.bits += WALK_BITS_PER_STEP;
	return walk->found.has_wanted != 0;
}

/* One step: fetch a word of the bitmap, or visit the files of a byte of it. 1 ends the loop. */
static long walk_step(__u32 step, struct walk *walk)
{
	if (walk->cursor.word)
		return walk_byte(walk);
	if (!walk->cursor.n_words)
		return 1;
	if (bpf_probe_read_kernel(&walk->cursor.word, sizeof(walk->cursor.word), walk->cursor.open_fds))
		walk->cursor.word = 0;
	walk->cursor.place += WALK_BITS_PER_WORD - walk->cursor.bits;
	walk->cursor.bits = 0;
	walk->cursor.open_fds++;
	walk->cursor.n_words--;
	return 0;
}

/* Looks through the files of the task for sessions: takes `task` of it and sets `found`. */
static __noinline void walk_files(struct walk *walk, struct task_struct *task)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	__u32 words = BPF_CORE_READ(table, max_fds) / WALK_BITS_PER_WORD;

	/* Zeroes, of which the verifier must not know: before Linux 6.7 it follows walk_step() once only,
	 * with what the walk begins with, and removes as dead what a later step alone reaches. A read that
	 * fails zeroes its destination. */
	bpf_probe_read_kernel(&walk->found, sizeof(walk->found), NULL);
	bpf_probe_read_kernel(&walk->cursor, sizeof(walk->cursor), NULL);
	walk->cursor.place = BPF_CORE_READ(table, fd) - WALK_BITS_PER_WORD;
	walk->cursor.open_fds = BPF_CORE_READ(table, open_fds);
	walk->cursor.n_words = words;
	if (words > WALK_MAX_WORDS) {
		walk->cursor.n_words = 0;
		walk->found.truncated = 1;
	}
	bpf_loop(WALK_MAX_WORDS * (1 + WALK_BITS_PER_WORD / WALK_BITS_PER_STEP) + 1, walk_step, walk, 0);
}

#endif
