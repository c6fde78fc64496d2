/* SPDX-License-Identifier: GPL-2.0-only */
/* What the benchmark programs share: series of measurements, bare programs, frames, namespaces. */
#ifndef POSTERN_BENCH_H
#define POSTERN_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAX_CASES = 64, MAX_ROUNDS = 101, MAX_FIELDS = 8, LINE_SIZE = 512, FRAME_SIZE = 2048, LOADS = 8 };

/* The link addresses of every veth pair that tests/bench/run makes: the receiver, the sender. */
#define RECEIVER_MAC                                                                                         \
	{                                                                                                    \
		2, 0x70, 0x73, 0x74, 0, 1                                                                    \
	}
#define SENDER_MAC                                                                                           \
	{                                                                                                    \
		2, 0x70, 0x73, 0x74, 0, 2                                                                    \
	}

struct series {
	size_t n;
	double values[MAX_ROUNDS];
};

void series_add(struct series *series, double value);
double series_min(const struct series *series);
double series_median(const struct series *series);
double series_max(const struct series *series);

void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
uint64_t now_ns(void);
long number_of(const char *text);

/* Runs `command` before the first of so many rounds and LOADS - 1 times more, at equal distances: it loads
 * anew what is measured, which is up to 1 % faster or slower with where the kernel has put it. NULL: nothing.
 */
void load_anew(const char *command, long round, long rounds);

/* A line of stdin, split at each '|'; the fields that are missing are "". False at the end. */
struct line {
	char text[LINE_SIZE];
	char *fields[MAX_FIELDS];
};
bool line_read(struct line *ret);

/* Stays on one CPU, before others: what runs beside a benchmark shall not be measured. Returns the CPU. */
int stay_in_front(void);
/* CPU time of this thread. Softirqs that its packets raise are most often served in it. */
double thread_ns(void);

/* File descriptor of a namespace that `ip netns` made. */
int netns_open(const char *name);
int netns_current(void);
void netns_enter(int netns);

/* Programs of one or two instructions. */
int program_xdp(int action);
int program_tc(int action);
int program_redirect(int ifindex);
/* That of a pin, or of NETNS:INTERFACE the XDP program attached there. */
int program_open(const char *where);
/* In the current namespace; the link ends with the process. */
void xdp_attach(int program, const char *interface);
bool xdp_is_attached(const char *interface);

struct frame {
	size_t size;
	uint8_t bytes[FRAME_SIZE];
};
/* "syn|ack|udp SRC SPORT DST DPORT DATA-BYTES", checksums right. */
void frame_build(struct frame *ret, const char *words);

/* Prints a row: a name, min, median and max; then a ratio where it is not 0, and the target that was set and
 * whether the median (or the ratio, where there is one) reaches it. */
void row_print(const char *name, const struct series *series, int decimals, double ratio, const char *target);

/* Prints a row of three figures, and whether the least reaches the target. */
void values_print(const char *name, double least, double median, double bare, const char *target);

#endif
