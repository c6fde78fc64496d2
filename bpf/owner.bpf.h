/* SPDX-License-Identifier: GPL-2.0-only */
/* Is a process the owner of an FTP server? Told by names that survive its restart and its upgrade, and that
 * only root can give to something else: a path within one filesystem is the same in every mount namespace.
 * Who may execute the program is not asked. */
#ifndef POSTERN_OWNER_BPF_H
#define POSTERN_OWNER_BPF_H

#include "ftp.bpf.h"
#include "kernel.bpf.h"

#include <bpf/bpf_core_read.h>

enum { OWNER_NAME_WORDS = OWNER_NAME_SIZE / sizeof(__u64), CGROUP_DEPTH = 64 };

/* Not 0 where the name differs. There is room for more than an owner's name can have, so that a longer one is
 * not cut off where it begins to differ. */
static __always_inline __u64 name_differs(const void *name, const char *wanted)
{
	const __u64 *words = (const __u64 *)wanted;
	__u64 read[OWNER_NAME_WORDS + 1] = {}, differs = 0;
	long size = bpf_probe_read_kernel_str(read, sizeof(read), name);

	for (int i = 0; i < OWNER_NAME_WORDS; i++)
		differs |= read[i] ^ words[i];
	return size > 0 ? differs : 1;
}

static __always_inline bool is_program(const struct task_struct *task, const struct ftp_owner_value *owner)
{
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);
	__u64 differs = !exe;

	differs |= BPF_CORE_READ(exe, f_inode, i_sb, s_dev) ^ owner->id;
	for (int i = 0; i < OWNER_LEVELS && i < owner->levels; i++) {
		differs |= name_differs(BPF_CORE_READ(dentry, d_name.name), owner->names[i]);
		dentry = BPF_CORE_READ(dentry, d_parent);
	}
	return !differs && dentry == BPF_CORE_READ(dentry, d_parent);
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___6_15 *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}

static __always_inline bool is_in_cgroup(const struct task_struct *task, const struct ftp_owner_value *owner)
{
	struct cgroup *cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);
	int above = BPF_CORE_READ(cgroup, level) - owner->levels;
	__u64 differs = !node;

	if (above < 0 || above > CGROUP_DEPTH)
		return false;
	for (int i = 0; i < CGROUP_DEPTH && i < above; i++)
		node = kernfs_parent(node);
	for (int i = 0; i < OWNER_LEVELS && i < owner->levels; i++) {
		differs |= name_differs(BPF_CORE_READ(node, name), owner->names[i]);
		node = kernfs_parent(node);
	}
	return !differs && node && !kernfs_parent(node);
}

/* Whose owner is asked for. In memory, as a global function takes no pointer to a task on older kernels. */
struct owner_question {
	const struct task_struct *task;
	__u32 half;
	__u32 servers;
};

/* 1 where the task is an owner of server `i`, and that is one of those asked for; else 0. A global function,
 * which is verified once for all its callers. */
__noinline int is_owner(const struct owner_question *question, __u32 i)
{
	const struct ftp_owner_value *owner;
	const struct task_struct *process;
	__u32 key = i & (MAX_FTP_SERVERS - 1);

	if (!question || !(question->servers >> key & 1))
		return 0;
	process = question->task;
	key += (question->half & 1) * MAX_FTP_SERVERS;
	owner = bpf_map_lookup_elem(&ftp_owners, &key);
	if (!owner)
		return 0;
	switch (owner->kind) {
	case OWNER_ANY:
		return 1;
	case OWNER_EXE:
		return is_program(process, owner);
	case OWNER_USER:
		return BPF_CORE_READ(process, cred, euid.val) == owner->id;
	case OWNER_CGROUP:
		return is_in_cgroup(process, owner);
	default:
		return 0;
	}
}

/* Those of a set of servers that not every process may be. A global function without branches: see
 * servers_for_clients(). */
__noinline int servers_with_owner(__u32 half, __u32 servers)
{
	__u32 ret = 0;

	for (__u32 i = 0; i < MAX_FTP_SERVERS; i++) {
		__u32 key = (half & 1) * MAX_FTP_SERVERS + i;
		const struct ftp_owner_value *owner = bpf_map_lookup_elem(&ftp_owners, &key);
		__u32 kind = owner ? owner->kind : 0;

		ret |= (kind | -kind) >> 31 << i;
	}
	return ret & servers;
}

/* Those of a set of servers that the task is an owner of. */
static __noinline __u16 servers_owned(const struct settings *in_force, const struct task_struct *task,
				      __u16 servers)
{
	const struct owner_question question = {.task = task, .half = in_force->half, .servers = servers};
	__u32 owned = 0;

	for (__u32 i = 0; i < MAX_FTP_SERVERS; i++)
		owned |= (__u32)is_owner(&question, i) << i;
	return owned & servers;
}

#endif
