// SPDX-License-Identifier: GPL-2.0-only
// Loads, attaches and configures the socket programs.
#include "datapath_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "datapath_cast.h"
#include "datapath_internal.h"
#include "sockets.skel.h"

static void close_sockets(struct sockets_bpf **sockets)
{
	sockets_bpf__destroy(*sockets);
}

static int pin_maps(const struct bpf_object *object, const char *instance, struct failure *failure)
{
	const struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, object)
	{
		if (!bpf_map__is_internal(map))
			r = pin_fd(bpf_map__fd(map), pin_path(instance, "%s", bpf_map__name(map)), failure);
		if (r)
			return r;
	}
	return 0;
}

/* NULL, and errno. */
static struct bpf_link *attach_lookup(const struct bpf_program *program)
{
	CLEANUP_FD int netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return netns < 0 ? NULL : bpf_program__attach_netns(program, netns);
}

static bool is_attached(const struct sockets_bpf *sockets, const struct bpf_program *program)
{
	if (program == sockets->progs.listen_1 || program == sockets->progs.listen_2)
		return sockets->rodata->listens_apart;
	return bpf_program__type(program) == BPF_PROG_TYPE_TRACING || program == sockets->progs.lookup;
}

/* Links keep the programs attached as long as they are pinned. */
static int attach_programs(const struct sockets_bpf *sockets, const char *instance, struct failure *failure)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, sockets->obj)
	{
		struct bpf_link *link;
		int r;

		if (!is_attached(sockets, program))
			continue;
		link = program == sockets->progs.lookup ? attach_lookup(program)
							: bpf_program__attach(program);
		if (!link)
			return load_failed(failure, -errno, "the socket programs");
		r = pin_fd(bpf_link__fd(link), pin_path(instance, "sockets/%s", bpf_program__name(program)),
			   failure);
		bpf_link__destroy(link);
		if (r)
			return r;
	}
	return 0;
}

static int start_sweep(const struct sockets_bpf *sockets, struct failure *failure)
{
	char frame[64] = {0};
	uint32_t value = 0;
	int r = program_run(bpf_program__fd(sockets->progs.start_sweep), frame, sizeof(frame), &value);

	if (r == 0 && value != 0)
		r = -EIO;
	return r ? failure_set(failure, r, "cannot start the kernel's timer: %s", strerror(-r)) : 0;
}

/* The state programs call those of listen(). */
static int set_listen_programs(const struct sockets_bpf *sockets)
{
	const struct bpf_program *const programs[] = {sockets->progs.listen_1, sockets->progs.listen_2};

	for (uint32_t i = 0; i < 2; i++) {
		int program = bpf_program__fd(programs[i]);

		if (bpf_map_update_elem(bpf_map__fd(sockets->maps.listen_programs), &i, &program, BPF_ANY))
			return -errno;
	}
	return 0;
}

static int load_sockets(struct sockets_bpf **ret, bool can_cast, bool listens_apart)
{
	int r;

	*ret = sockets_bpf__open();
	if (!*ret)
		return -errno;
	(*ret)->rodata->can_cast = can_cast;
	(*ret)->rodata->listens_apart = listens_apart;
	r = sockets_bpf__load(*ret);
	return r || listens_apart ? r : set_listen_programs(*ret);
}

/* In the first way that the kernel takes: a verifier that refuses a cast where it is made here, or a call of
 * another program, still takes the other way. */
static int load_any(struct sockets_bpf **ret, struct failure *failure)
{
	int r = 0;

	for (int way = kernel_can_cast() ? 0 : 2; way < 4; way++) {
		r = load_sockets(ret, way < 2, way & 1);
		if (r == 0)
			return 0;
		sockets_bpf__destroy(*ret);
		*ret = NULL;
	}
	return load_failed(failure, r, "the socket programs");
}

int sockets_create(const char *instance, uint64_t net_cookie, struct failure *failure)
{
	struct settings settings = {.abi = POSTERN_ABI, .net_cookie = net_cookie};
	struct pin_path folder = pin_path(instance, "%s", "sockets");
	struct sockets_bpf *sockets CLEANUP(close_sockets) = NULL;
	int r = load_any(&sockets, failure);

	if (r)
		return r;
	r = pin_maps(sockets->obj, instance, failure);
	if (r == 0)
		r = pin_fd(bpf_program__fd(sockets->progs.append_event), pin_path(instance, "append_event"),
			   failure);
	if (r == 0)
		r = pin_fd(bpf_program__fd(sockets->progs.claim_pinhole), pin_path(instance, "claim_pinhole"),
			   failure);
	if (r == 0)
		r = sockets_set_settings(instance, &settings, failure);
	if (r == 0)
		r = start_sweep(sockets, failure);
	if (r == 0 && (r = pins_make_folder(folder.text)))
		failure_set(failure, r, "cannot make %s: %s", folder.text, strerror(-r));
	return r ?: attach_programs(sockets, instance, failure);
}

int sockets_get_settings(const char *instance, struct settings *ret)
{
	int fd = pin_open(instance, "settings"), r = 0;
	struct settings settings;
	uint32_t zero = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &zero, &settings))
		r = -errno;
	else
		*ret = settings;
	close(fd);
	return r;
}

int sockets_set_settings(const char *instance, const struct settings *settings, struct failure *failure)
{
	int fd = pin_open(instance, "settings"), r = 0;
	uint32_t zero = 0;

	if (fd >= 0 && bpf_map_update_elem(fd, &zero, settings, BPF_ANY))
		r = -errno;
	if (fd >= 0)
		close(fd);
	else
		r = fd;
	return r ? failure_set(failure, r, "cannot write the settings: %s", strerror(-r)) : 0;
}

static int write_array(const char *instance, const char *name, uint32_t first, const void *values, uint32_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	uint32_t *keys CLEANUP_FREE = malloc(n * sizeof(*keys));
	int fd, r = 0;

	if (!keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		keys[i] = first + i;
	fd = pin_open(instance, "%s", name);
	if (fd < 0)
		return fd;
	if (bpf_map_update_batch(fd, keys, values, &n, &options))
		r = -errno;
	close(fd);
	return r;
}

int sockets_write_half(const char *instance, uint32_t half, const struct compiled *compiled,
		       const struct ftp_owner_value *owners, struct failure *failure)
{
	int r = write_array(instance, "ftp_ports", half * N_PORTS, compiled->ftp_ports, N_PORTS);

	if (r == 0)
		r = write_array(instance, "ftp_servers", half * MAX_FTP_SERVERS, compiled->ftp_servers,
				MAX_FTP_SERVERS);
	if (r == 0)
		r = write_array(instance, "ftp_owners", half * MAX_FTP_SERVERS, owners, MAX_FTP_SERVERS);
	return r ? failure_set(failure, r, "cannot write the FTP settings: %s", strerror(-r)) : 0;
}

int sockets_get_owners(const char *instance, uint32_t half, struct ftp_owner_value *ret)
{
	int fd = pin_open(instance, "ftp_owners"), r = 0;

	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < MAX_FTP_SERVERS && r == 0; i++) {
		uint32_t key = half * MAX_FTP_SERVERS + i;

		if (bpf_map_lookup_elem(fd, &key, &ret[i]))
			r = -errno;
	}
	close(fd);
	return r;
}

int sockets_reset_counters(const char *instance, const struct service_name *before,
			   const struct service_name *after, struct failure *failure)
{
	int n_cpus = libbpf_num_possible_cpus(), fd = pin_open(instance, "counters"), r = 0;
	struct counter_value *zeros CLEANUP_FREE = calloc(n_cpus > 0 ? n_cpus : 1, sizeof(*zeros));

	if (fd < 0 || n_cpus < 0 || !zeros)
		r = fd < 0 ? fd : -ENOMEM;
	for (uint32_t i = 0; i < MAX_SERVICES && r == 0; i++) {
		if (!*after[i].name || strncmp(before[i].name, after[i].name, NAME_SIZE) == 0)
			continue;
		for (enum direction direction = INBOUND; direction < N_DIRECTIONS && r == 0; direction++) {
			uint32_t key = counter_index(direction, COUNTER_SERVICES + i);

			if (bpf_map_update_elem(fd, &key, zeros, BPF_ANY))
				r = -errno;
		}
	}
	if (fd >= 0)
		close(fd);
	return r ? failure_set(failure, r, "cannot reset counters: %s", strerror(-r)) : 0;
}
