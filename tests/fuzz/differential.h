/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the differential fuzzer: a random policy and state, random packets, and the programs. */
#ifndef POSTERN_FUZZ_DIFFERENTIAL_H
#define POSTERN_FUZZ_DIFFERENTIAL_H

#include <arpa/inet.h>
#include <stdio.h>

#include "compile.h"
#include "model.h"
#include "packet.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *random);
/* 0 to n - 1. */
uint32_t random_below(struct random *random, uint32_t n);
bool random_chance(struct random *random, unsigned percent);

/* A valid policy, freed with policy_free(). */
struct policy *random_policy(struct random *random);
/* Appends `any` and others to policy->zones. */
void random_zones(struct policy *policy, struct random *random);
/* In the words of a policy file. */
void policy_print(const struct policy *policy, FILE *stream);

enum { N_HOSTS = 5, N_STRANGERS = 40, N_SCENE_PORTS = 48, N_RECENT = 64, N_SCENE_INTERFACES = 3 };

struct place_of {
	struct model_addr addr;
	char text[INET6_ADDRSTRLEN];
};

/* What packets are made from: near what the policy and the state name. */
struct scene {
	struct place_of hosts[2][N_HOSTS]; /* [is_ipv4] */
	struct place_of strangers[2][N_STRANGERS];
	uint16_t ports[N_SCENE_PORTS];
	struct model_key recent[N_RECENT]; /* what packets were about */
	uint32_t n_recent;
	struct model_key first[N_RECENT]; /* flows that were there before any packet */
	uint32_t n_first;
	struct frame previous;
};

void scene_fill(struct scene *scene, struct random *random, const struct policy *policy);
/* Flows, pinholes and fragment peers, alive and over, at the places of the scene. */
void scene_fill_state(struct scene *scene, struct random *random, struct model *model);
/* Which of its flows are in the map `connections`: some of those that can be there. */
void scene_choose_connections(struct random *random, struct model *model, const struct compiled *compiled);
struct place_of place_of(const struct model_addr *addr);
const struct place_of *scene_host(const struct scene *scene, struct random *random, bool is_ipv4);
const struct place_of *scene_stranger(const struct scene *scene, struct random *random, bool is_ipv4);
uint16_t scene_port(const struct scene *scene, struct random *random);
/* A connection of the state or one like it. */
struct model_key scene_key(struct scene *scene, struct random *random, const struct model *model);

void random_frame(struct frame *ret, enum direction direction, struct scene *scene, struct random *random,
		  const struct model *model);

struct programs;

/* The programs with the policy in their maps. 0 or -errno. */
int programs_load(const struct compiled *compiled, const struct model *model, struct programs **ret);
void programs_free(struct programs *programs);
/* Writes the model's state into the maps. */
int programs_fill_state(const struct programs *programs, const struct model *model);
/* 0 or -errno; -EINVAL where the kernel does not run a frame like this. */
int programs_run(const struct programs *programs, const struct model_sight *sight, const uint8_t *bytes,
		 uint32_t length, uint32_t *ret);
/* Makes the interfaces that packets are run on, in a network namespace of this process alone: their numbers
 * are their indexes. 0 or -errno. */
int programs_make_interfaces(void);
/* Whether the value that a program returned lets the packet pass. */
bool programs_admit(enum direction direction, uint32_t value);
/* Sums over the CPUs of every counter; `ret` has N_DIRECTIONS * N_COUNTERS entries, by
 * counter_index(). */
int programs_counts(const struct programs *programs, uint64_t *ret);
/* The name of a state map that differs from the model, or NULL. */
const char *programs_difference(const struct programs *programs, const struct model *model);

#endif
