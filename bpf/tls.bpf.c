/* SPDX-License-Identifier: GPL-2.0-only */
/* Replies inside TLS, read as the server hands them to its TLS library: the pinhole is open before they are
 * encrypted. Which control connection a library's object writes to is learned from what the thread sends
 * while it is inside the library's write: any reply tells, and the login has several before the first PASV.
 */
#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

#include "claim.bpf.h"
#include "reply_line.bpf.h"
#include "sock.bpf.h"

enum {
	TLS_MOST_BYTES = 4096, /* of one write that are read; more makes the rest unreadable */
	TLS_MOST_CLAIMS = 4    /* of one write */
};

struct tls_text {
	struct reply_reader reader;
	__u64 at; /* of the next byte, in the process */
	__u32 left;
	__u32 port;
};

/* Takes a byte. 1 ends the loop. A TLS record has no place in what is to be encrypted. */
static long tls_step(__u32 step, struct tls_text *text)
{
	__u8 byte = 0;

	if (!text->left)
		return 1;
	if (text->reader.pass || bpf_probe_read_user(&byte, 1, (void *)text->at)) {
		text->reader.state = REPLY_LOST;
		return 1;
	}
	text->at++;
	text->left--;
	text->port = reply_read_byte(&text->reader, byte);
	return text->port || text->reader.state == REPLY_LOST;
}

/* `cookie` is the session's; 0: it is not known yet, and nothing can be claimed. */
static __noinline void tls_read(struct tls_text *text, __u64 cookie)
{
	for (int i = 0; i < TLS_MOST_CLAIMS; i++) {
		bpf_loop(TLS_MOST_BYTES, tls_step, text, 0);
		if (!text->port)
			break;
		if (cookie)
			claim(cookie, text->port, ORIGIN_TLS, true);
		text->port = 0;
	}
	if (text->left)
		text->reader.state = REPLY_LOST;
}

static __always_inline struct tls_key tls_key_of(const void *object)
{
	return (struct tls_key){.object = (__u64)object, .process = bpf_get_current_pid_tgid() >> 32};
}

static __always_inline __u64 *tls_lasting_writes(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&tls_lasting, &only);
}

/* SSL_write(SSL *, const void *, int), SSL_write_ex(SSL *, const void *, size_t, size_t *),
 * gnutls_record_send(gnutls_session_t, const void *, size_t). */
SEC("uprobe")
int BPF_KPROBE(tls_write, const void *object, const void *data, __u64 size)
{
	__u64 thread = bpf_get_current_pid_tgid(), cookie = 0, *lasting = tls_lasting_writes();
	struct tls_write write = {.key = tls_key_of(object), .stack = PT_REGS_SP(ctx), .bytes = size};
	struct tls_object *known;
	const struct tls_write *outer;
	struct tls_text text;

	if (bpf_map_lookup_elem(&tls_others, &write.key))
		return 0;
	/* One of these functions may call another of them. */
	outer = bpf_map_lookup_elem(&tls_writes, &thread);
	if (outer && outer->key.object == write.key.object && write.stack < outer->stack)
		return 0;
	/* Zeroes of which the verifier must not know: see walk_files(). */
	bpf_probe_read_kernel(&text, sizeof(text), NULL);
	known = bpf_map_lookup_elem(&tls_objects, &write.key);
	if (known) {
		text.reader = known->reader;
		cookie = known->cookie;
	}
	write.before = text.reader;
	/* GnuTLS has what it could not send, and goes on with it when it is given nothing. */
	if (known && !write.bytes)
		text.reader = known->unsent;
	text.at = (__u64)data;
	text.left = write.bytes;
	tls_read(&text, cookie);
	if (known)
		known->reader = known->unsent = text.reader;
	write.after = text.reader;
	if (bpf_map_update_elem(&tls_writes, &thread, &write, BPF_ANY) == 0 && !outer && lasting)
		__sync_fetch_and_add(lasting, 1);
	return 0;
}

/* What was not written will be given again, and is then read again; or GnuTLS keeps it: see tls_write(). */
SEC("uretprobe")
int BPF_KRETPROBE(tls_written, int result)
{
	__u64 thread = bpf_get_current_pid_tgid();
	const struct tls_write *write = bpf_map_lookup_elem(&tls_writes, &thread);
	__u64 *lasting = tls_lasting_writes();
	struct tls_object *object;
	struct tls_key key;
	__u8 other = 1;

	if (!write)
		return 0;
	key = write->key;
	object = bpf_map_lookup_elem(&tls_objects, &key);
	if (object && result <= 0)
		object->reader = write->before;
	else if (object && result > 1 && (__u32)result < write->bytes) /* 1: SSL_write_ex has succeeded */
		object->reader.state = REPLY_LOST;
	else if (!object && result > 0)
		bpf_map_update_elem(&tls_others, &key, &other, BPF_ANY);
	if (bpf_map_delete_elem(&tls_writes, &thread) == 0 && lasting)
		__sync_fetch_and_add(lasting, -1);
	return 0;
}

/* SSL_free(SSL *), gnutls_deinit(gnutls_session_t): its address may be given to another connection's. */
SEC("uprobe")
int BPF_KPROBE(tls_free, const void *object)
{
	struct tls_key key = tls_key_of(object);

	if (bpf_map_delete_elem(&tls_others, &key))
		bpf_map_delete_elem(&tls_objects, &key);
	return 0;
}

/* The thread has sent on that socket. Does nothing where that is known, as both copies see it. */
static __always_inline int on_send(const struct sock *sk, int result)
{
	__u64 thread = bpf_get_current_pid_tgid(), cookie;
	const __u64 *lasting = tls_lasting_writes();
	const struct tls_object *known;
	const struct tls_write *write;
	struct tls_object object = {};
	struct session *session;
	struct tls_key key;

	if (!lasting || !*(volatile const __u64 *)lasting)
		return 0;
	write = bpf_map_lookup_elem(&tls_writes, &thread);
	if (!write || result <= 0 || !sk->__sk_common.skc_cookie.counter)
		return 0;
	cookie = bpf_get_socket_cookie((void *)sk);
	session = bpf_map_lookup_elem(&sessions, &cookie);
	if (!session)
		return 0;
	key = write->key;
	known = bpf_map_lookup_elem(&tls_objects, &key);
	if (known && known->cookie == cookie)
		return 0;
	object.cookie = cookie;
	object.reader = write->after;
	/* What it has read belongs to another connection: its end was not seen. */
	if (known)
		object.reader.state = REPLY_LOST;
	object.unsent = object.reader;
	if (session->tls.object &&
	    (session->tls.object != key.object || session->tls.process != key.process)) {
		struct tls_key old = session->tls;

		bpf_map_delete_elem(&tls_objects, &old);
	}
	session->tls = key;
	bpf_map_update_elem(&tls_objects, &key, &object, BPF_ANY);
	return 0;
}

/* Linux 6.3. Twice, as the programs in sockets.bpf.c. */
SEC("tp_btf/sock_send_length")
int BPF_PROG(tls_send_1, const struct sock *sk, int result, int flags)
{
	return on_send(sk, result);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(tls_send_2, const struct sock *sk, int result, int flags)
{
	return on_send(sk, result);
}

char _license[] SEC("license") = "GPL";
