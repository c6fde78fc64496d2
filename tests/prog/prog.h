/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs frames through the real filter programs, attached to nothing, under a small policy. */
#ifndef POSTERN_TESTS_PROG_H
#define POSTERN_TESTS_PROG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "packet.h"
#include "prog_zones.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The policy that every test starts from. */
enum service {
	HTTPS,    /* in, tcp 443 from any */
	CONTROL,  /* in, tcp 21 from any */
	BACKUP,   /* in, tcp 9000 from office */
	INTERNAL, /* in, tcp 990 from office: a second control service */
	LOGS,     /* in, udp 514 from any */
	TIME,     /* in, udp 123 from office */
	DATA,     /* in, tcp 3000-3003: passive ports */
	WEB,      /* out, tcp 8443 to any */
	MAIL,     /* out, tcp 25 to relay */
	DNS,      /* out, udp and tcp 53 to office */
	RADIUS,   /* out, udp 1812 to any */
	N_SERVICES
};

enum peer_set { PEERS_ANY, PEERS_OFFICE, PEERS_RELAY, PEERS_NONE };

/* Indexes of the arrays below. */
enum family { V4, V6, N_FAMILIES };

extern const char *const host[N_FAMILIES];     /* this host */
extern const char *const host_too[N_FAMILIES]; /* another address of this host */
extern const char *const stranger[N_FAMILIES]; /* in no zone */
extern const char *const stranger_too[N_FAMILIES];
extern const char *const office[N_FAMILIES]; /* in `office` alone */
extern const char *const relay[N_FAMILIES];  /* in `office` and `relay` */

enum { PASSIVE_FIRST = 3000, PASSIVE_LAST = 3003, GENERATION = 7 };

struct prog;

/* Runs the tests of a program as cmocka does; where the kernel refuses bpf(), skips them all and says so. */
int prog_main(struct CMUnitTest *tests, size_t n, CMFixtureFunction setup, CMFixtureFunction teardown);
/* Loads the programs as policy `generation`, with no rules. Where `state_of` is given, the two share
 * what outlives a policy. Whatever fails here fails the test. */
struct prog *prog_load(uint32_t generation, const struct prog *state_of);
/* The same with other prefixes than those of the small policy, and more of enum generation_flag. */
struct prog *prog_load_as(uint32_t generation, uint32_t flags, const struct prog *state_of,
			  const struct prog_prefix *prefixes, size_t n);
struct prog *prog_load_zones(uint32_t generation, const struct prog *state_of,
			     const struct prog_prefix *prefixes, size_t n);
/* With no rules and no prefixes, told beforehand that the TCP port is closed. */
struct prog *prog_load_closed(uint32_t generation, uint16_t port);
/* The same, for a policy whose rules hold at one place only; see prog_narrow(). */
struct prog *prog_load_narrowed(uint32_t generation, const struct prog *state_of);
/* The programs as the policy that comes after, with no rules: the two share what outlives a policy. Loaded
 * once; freed with `prog`. */
struct prog *prog_next(struct prog *prog);
void prog_free(struct prog *prog);
/* Whether the kernel hands frames in several buffers to the ingress program. */
bool prog_takes_frags(const struct prog *prog);
/* The file descriptor of a map. */
int prog_map(const struct prog *prog, const char *name);

void prog_fill_policy(const struct prog *prog);
void prog_open_port(const struct prog *prog, enum direction direction, enum transport transport,
		    uint16_t port, enum service service, enum peer_set peers);
void prog_close_port(const struct prog *prog, enum direction direction, enum transport transport,
		     uint16_t port);
/* A passive port of the service DATA, and of no other. */
void prog_make_passive(const struct prog *prog, uint16_t port);

/* A rule for the port that holds on one interface (0: on all) and at one address of ours (NULL: at all),
 * beside those it has. */
void prog_narrow(const struct prog *prog, enum direction direction, enum transport transport, uint16_t port,
		 enum service service, enum peer_set peers, uint32_t ifindex, const char *at);

/* Two interfaces in a network namespace of this test alone, for prog_place(). */
enum { IFINDEX_ONE = 2, IFINDEX_TWO = 3 };
void prog_make_interfaces(void);
/* Where frames come in and leave from now on; 0: wherever the kernel's test runs are, the loopback. */
void prog_place(struct prog *prog, uint32_t ifindex);

/* cmocka's, for a group: *state becomes a struct prog with the policy above. Verifying the programs takes
 * most of the time that the tests take, so they are loaded once. Whatever fails in them fails the tests. */
int prog_setup(void **state);
int prog_teardown(void **state);
/* cmocka's, before a test: as if they had just been loaded, whatever the tests before have left in the maps.
 */
int prog_reset(void **state);

/* Whether the frame is admitted. */
bool prog_run(const struct prog *prog, enum direction direction, const struct frame *frame);
/* What ingress returns: an XDP action. */
uint32_t prog_action(const struct prog *prog, const struct frame *frame);
/* As if it came in at interface `ingress_ifindex` and leaves here. */
bool prog_run_forwarded(const struct prog *prog, const struct frame *frame, uint32_t ingress_ifindex);
/* The verdict as explain has it: a counter. */
uint32_t prog_explain(const struct prog *prog, enum direction direction, const struct frame *frame);

/* Counters of one direction that tests look at: reasons, link, ICMP, fragments and the services above. */
enum { COUNTERS_SEEN = COUNTER_SERVICES + N_SERVICES };
struct counts {
	struct counter_value values[N_DIRECTIONS][COUNTERS_SEEN];
};
void prog_counts(const struct prog *prog, struct counts *ret);

/* What a counter is called, for messages. */
const char *prog_counter_name(uint32_t counter);

/* Fails unless explain and then the real program give the verdict that belongs to `counter`, and unless
 * just that counter went up, by this one frame. */
#define expect_counter(prog, direction, frame, counter, ...)                                                 \
	prog_expect(prog, direction, frame, counter, __FILE__, __LINE__, __VA_ARGS__)
#define expect_service(prog, direction, frame, service, ...)                                                 \
	prog_expect(prog, direction, frame, COUNTER_SERVICES + (service), __FILE__, __LINE__, __VA_ARGS__)
void prog_expect(const struct prog *prog, enum direction direction, const struct frame *frame,
		 uint32_t counter, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

#endif
