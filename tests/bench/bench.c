// SPDX-License-Identifier: GPL-2.0-only
// Series of measurements, and what else the benchmark programs share.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

long number_of(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < 0)
		die("not a number: %s", text);
	return value;
}

void load_anew(const char *command, long round, long rounds)
{
	bool is_first = round == 0 || round * LOADS / rounds != (round - 1) * LOADS / rounds;

	if (command && is_first && system(command) != 0)
		die("failed: %s", command);
}

void series_add(struct series *series, double value)
{
	if (series->n == MAX_ROUNDS)
		die("more than %d rounds", MAX_ROUNDS);
	series->values[series->n++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that `part` of all are below. */
static double series_quantile(const struct series *series, double part)
{
	struct series sorted = *series;

	if (!sorted.n)
		return 0;
	qsort(sorted.values, sorted.n, sizeof(sorted.values[0]), compare);
	return sorted.values[(size_t)(part * (sorted.n - 1) + 0.5)];
}

double series_min(const struct series *series)
{
	return series_quantile(series, 0);
}

double series_median(const struct series *series)
{
	return series_quantile(series, 0.5);
}

double series_max(const struct series *series)
{
	return series_quantile(series, 1);
}

bool line_read(struct line *ret)
{
	size_t n = 0;

	if (!fgets(ret->text, sizeof(ret->text), stdin))
		return false;
	ret->text[strcspn(ret->text, "\n")] = '\0';
	for (char *rest = ret->text, *field; n < MAX_FIELDS && (field = strsep(&rest, "|"));)
		ret->fields[n++] = field;
	while (n < MAX_FIELDS)
		ret->fields[n++] = ret->text + strlen(ret->text);
	return true;
}

int stay_in_front(void)
{
	cpu_set_t cpus;
	long last = -1;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		die("sched_getaffinity: %s", strerror(errno));
	for (long cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus))
			last = cpu;
	}
	CPU_ZERO(&cpus);
	CPU_SET(last, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || setpriority(PRIO_PROCESS, 0, -20))
		die("cannot stay on CPU %ld: %s", last, strerror(errno));
	return last;
}

double thread_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static int open_or_die(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

int netns_open(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	return open_or_die(path);
}

int netns_current(void)
{
	return open_or_die("/proc/self/ns/net");
}

void netns_enter(int netns)
{
	if (setns(netns, CLONE_NEWNET))
		die("setns: %s", strerror(errno));
}

/* "<=10" or ">=0.92". */
static bool target_is_met(const char *target, double value)
{
	double bound = atof(target + 2);

	return *target == '<' ? value <= bound : value >= bound;
}

void values_print(const char *name, double least, double median, double bare, const char *target)
{
	printf("  %-52s %9.1f %9.1f %9.1f", name, least, median, bare);
	if (*target)
		printf("  %s%s", target, target_is_met(target, least) ? "" : " MISSED");
	putchar('\n');
	fflush(stdout);
}

void row_print(const char *name, const struct series *series, int decimals, double ratio, const char *target)
{
	double median = series_median(series);

	printf("  %-52s %9.*f %9.*f %9.*f", name, decimals, series_min(series), decimals, median, decimals,
	       series_max(series));
	if (ratio != 0)
		printf("  %6.3f", ratio);
	if (*target)
		printf("  %s%s", target, target_is_met(target, ratio != 0 ? ratio : median) ? "" : " MISSED");
	putchar('\n');
	fflush(stdout);
}
