/* SPDX-License-Identifier: GPL-2.0-only */
/* The few kernel structures the socket programs read, by name only: CO-RE finds the real offsets when
 * they are loaded (Documentation/bpf/libbpf). Building needs no BTF of the build host. */
#ifndef POSTERN_KERNEL_BPF_H
#define POSTERN_KERNEL_BPF_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct socket;

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
};

struct net {
	__u64 net_cookie; /* 5.12; unlike ns.inum it is never used again */
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	__s64 counter;
} atomic64_t;

typedef struct {
	__u32 val;
} kuid_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	unsigned char skc_ipv6only : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	__u16 sk_protocol;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_received;
	__u32 rcv_nxt;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 data_segs_out;
};

struct file;
struct file_operations;

struct socket {
	struct file *file;
	struct sock *sk;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	struct super_block *i_sb;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent; /* itself at the root of the filesystem */
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	const struct file_operations *f_op;
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
};

struct mm_struct {
	struct file *exe_file;
};

struct kernfs_node {
	const char *name;
	struct kernfs_node *parent;
};

struct kernfs_node___6_15 { /* since Linux 6.15 */
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* of the hierarchy of version 2 */
};

struct list_head {
	struct list_head *next;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};

struct files_struct {
	struct fdtable *fdt;
};

struct cred {
	kuid_t uid;
	kuid_t euid;
};

struct task_struct {
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct files_struct *files;
	const struct cred *cred;
	int tgid;
	__u64 start_time; /* of CLOCK_MONOTONIC, ns */
	struct task_struct *group_leader;
	char comm[16];
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	__u32 uid;
};

struct udp_sock {
	struct inet_sock inet;
};

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
	__u32 uid;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct file *file;
};

#pragma clang attribute pop

/* Makes the address of a kernel object of that type one that is read like a variable: what cannot be read
 * there is 0. Since Linux 6.2; several times as fast as bpf_probe_read_kernel(). */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;
#define KERNEL_OBJECT(address, type) ((const type *)bpf_rdonly_cast((address), bpf_core_type_id_kernel(type)))

enum { AF_INET = 2, AF_INET6 = 10 };

#endif
