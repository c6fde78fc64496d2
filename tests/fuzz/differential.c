// SPDX-License-Identifier: GPL-2.0-only
/* Random packets and policies through the real programs and through a model of them that shares nothing with
 * them. Usage: fuzz_differential [--seed N] [--packets N] [--policies N] [--all]
 *
 * Policy number P of seed N is policy 0 of seed N + P: what is reported can be run alone. Exit status 1: they
 * differ, and the report says how. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "differential.h"
#include "names.h"

enum { ALL_COUNTERS = N_DIRECTIONS * N_COUNTERS, NO_VERDICT = 0xffffffff, CLASSES = 256, PROMISES = 65536 };

struct options {
	uint64_t seed;
	uint64_t packets; /* in all */
	uint64_t policies;
	bool all; /* go on after a difference, once of each kind */
};

struct totals_seen {
	uint64_t packets;
	uint64_t runs;
	uint64_t refused; /* that the kernel does not run */
	uint64_t differences;
	uint64_t policies[2]; /* without and with differences */
	uint64_t verdicts[COUNTER_SERVICES + 1];
};

/* One policy at work. */
struct work {
	struct random random;
	uint64_t seed;
	struct policy *policy;
	struct compiled *compiled;
	uint16_t *service_index;
	uint16_t *ftp_index;
	struct model model;
	struct scene scene;
	struct programs *programs;
	uint64_t counts[ALL_COUNTERS]; /* as they have to be */
	bool promised[PROMISES];       /* to hosts that this one's packets were kept from */
};

uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t random_below(struct random *random, uint32_t n)
{
	return (uint32_t)((random_next(random) >> 32) * n >> 32);
}

bool random_chance(struct random *random, unsigned percent)
{
	return random_below(random, 100) < percent;
}

/* Where compile() put the name. */
static uint16_t index_of(const struct compiled *compiled, const char *prefix, const char *name)
{
	char wanted[NAME_SIZE];

	snprintf(wanted, sizeof(wanted), "%s%s", prefix, name);
	for (uint16_t i = 0; i < MAX_SERVICES; i++)
		if (strcmp(compiled->services[i].name, wanted) == 0)
			return i;
	return MAX_SERVICES - 1; /* in no rule */
}

static int work_index(struct work *work)
{
	const struct policy *policy = work->policy;

	work->service_index = calloc(policy->n_services + 1, sizeof(*work->service_index));
	work->ftp_index = calloc(policy->n_ftp + 1, sizeof(*work->ftp_index));
	if (!work->service_index || !work->ftp_index)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_services; i++)
		work->service_index[i] = index_of(work->compiled, "", policy->services[i].name);
	for (size_t i = 0; i < policy->n_ftp; i++)
		work->ftp_index[i] = index_of(work->compiled, "ftp:", policy->ftp[i].name);
	return 0;
}

static void work_free(struct work *work)
{
	programs_free(work->programs);
	compiled_free(work->compiled);
	policy_free(work->policy);
	free(work->service_index);
	free(work->ftp_index);
	free(work);
}

static int work_new(uint64_t seed, struct work **ret)
{
	static const size_t sizes[] = {8, 60, 500, 2000};
	struct work *work = calloc(1, sizeof(*work));
	struct model *model = work ? &work->model : NULL;
	const char *limit = NULL;
	int error;

	if (!work)
		return -ENOMEM;
	work->seed = work->random.state = seed;
	work->policy = random_policy(&work->random);
	error = compile(work->policy, NULL, &work->compiled, &limit);
	if (!error)
		error = work_index(work);
	if (!error) {
		*model = (struct model){.policy = work->policy,
					.service_index = work->service_index,
					.ftp_index = work->ftp_index,
					.max_flows = sizes[random_below(&work->random, LENGTH(sizes))],
					.max_fragment_peers =
						random_chance(&work->random, 50) ? 16 : MODEL_LIST};
		model->user_flows = random_chance(&work->random, 25) ? random_below(&work->random, 40)
								     : MAX_FLOWS_PER_USER;
		scene_fill(&work->scene, &work->random, work->policy);
		scene_fill_state(&work->scene, &work->random, model);
		scene_choose_connections(&work->random, model, work->compiled);
		error = programs_load(work->compiled, model, &work->programs);
	}
	if (!error)
		error = programs_fill_state(work->programs, model);
	if (error) {
		fprintf(stderr, "seed %llu: cannot load the policy: %s%s%s\n", (unsigned long long)seed,
			strerror(-error), limit ? ": " : "", limit ? limit : "");
		work_free(work);
		return error;
	}
	*ret = work;
	return 0;
}

static const char *verdict_name(const struct work *work, uint32_t verdict, char *buf, size_t size)
{
	if (verdict == NO_VERDICT)
		return "nothing known";
	if (verdict < N_REASONS)
		snprintf(buf, size, "deny: %s", reason_name((enum reason)verdict));
	else if (verdict >= COUNTER_SERVICES && verdict < N_COUNTERS)
		snprintf(buf, size, "allow: service %u %s", verdict - COUNTER_SERVICES,
			 work->compiled->services[verdict - COUNTER_SERVICES].name);
	else
		snprintf(buf, size, "allow: counter %u", verdict);
	return buf;
}

static void print_addr(const char *what, const struct model_addr *addr)
{
	struct place_of place = place_of(addr);

	printf("%s%s", what, place.text);
}

static void print_flow(const char *what, const struct model_flow *flow)
{
	print_addr(what, &flow->key.local);
	printf(" %u", flow->key.local_port);
	print_addr(" - ", &flow->key.peer);
	printf(" %u, protocol %u%s%s, control %u, service %u, interface %u\n", flow->key.peer_port,
	       flow->key.protocol, flow->is_over ? ", over" : "",
	       flow->is_foreign ? ", of another policy" : "", flow->control, flow->service, flow->interface);
}

/* Before the packet, but for what it may just have opened. */
static void print_state(const struct model *model)
{
	for (size_t i = 0, n = 0; i < MODEL_FLOW_SLOTS && n < 100; i++)
		if (model->flows[i].is_used && ++n)
			print_flow(model->flows[i].is_connection ? "connection " : "flow ", &model->flows[i]);
	for (size_t i = 0; i < model->n_data_flows; i++)
		print_flow("data flow ", &model->data_flows[i]);
	for (size_t i = 0; i < model->n_pinholes; i++) {
		const struct model_pinhole *pinhole = &model->pinholes[i];

		print_addr("pinhole for ", &pinhole->client);
		if (pinhole->at_any_local)
			printf(" at any address");
		else
			print_addr(" at ", &pinhole->local);
		printf(" %u%s, control %u\n", pinhole->port, pinhole->is_over ? ", over" : "",
		       pinhole->control);
	}
	for (size_t i = 0; i < model->n_fragment_peers; i++) {
		print_addr("fragment peer ", &model->fragment_peers[i].addr);
		printf("%s\n", model->fragment_peers[i].is_over ? ", over" : "");
	}
	for (size_t i = 0; i < model->n_own; i++) {
		print_addr("own address ", &model->own[i]);
		puts("");
	}
	printf("flows %zu of %zu, user may open %zu more\n", model->n_flows, model->max_flows,
	       model->user_flows);
}

struct difference {
	const char *what;
	struct model_sight sight;
	uint64_t packet; /* its number in the policy */
	uint32_t expected;
	uint32_t observed;
	uint32_t value; /* that the program returned */
	const struct frame *frame;
};

static void report(const struct work *work, const struct difference *d)
{
	static const char *const how[] = {"real", "forwarded", "explained"};
	char expected[96], observed[96];

	printf("DIFFERENCE: %s\nseed %llu, packet %llu, %s, %s, interface %u\nexpected: %s\nobserved: %s "
	       "(returned %d)\n",
	       d->what, (unsigned long long)work->seed, (unsigned long long)d->packet,
	       d->sight.direction == INBOUND ? "inbound" : "outbound", how[d->sight.how], d->sight.interface,
	       verdict_name(work, d->expected, expected, sizeof(expected)),
	       verdict_name(work, d->observed, observed, sizeof(observed)), (int)d->value);
	if (d->frame) {
		printf("packet (%u bytes):", d->frame->length);
		for (uint32_t i = 0; i < d->frame->length; i++)
			printf("%s%02x", i == 14 || i == 34 || i == 54 ? " " : "", d->frame->bytes[i]);
		puts("");
	}
	policy_print(work->policy, stdout);
	print_state(&work->model);
	puts("");
	fflush(stdout);
}

/* Whether this kind was reported before. */
static bool is_known(const struct difference *d)
{
	static uint32_t known[CLASSES];
	static size_t n;
	uint32_t kind = d->expected * 131 + d->observed * 7 + d->sight.direction * 3 + d->sight.how +
			d->what[0] * 65537u;

	for (size_t i = 0; i < n; i++)
		if (known[i] == kind)
			return true;
	if (n < CLASSES)
		known[n++] = kind;
	return false;
}

static bool differ(const struct work *work, const struct options *options, struct totals_seen *seen,
		   const struct difference *d)
{
	seen->differences++;
	if (!options->all || !is_known(d))
		report(work, d);
	return false;
}

/* The two hosts, whichever of them sends. */
static bool *promise_of(struct work *work, const struct frame *frame)
{
	struct model_packet packet;
	uint32_t hash = 0;

	model_parse(&packet, frame->bytes, frame->length);
	for (unsigned i = 0; i < 16; i++)
		hash = hash * 131 + packet.src.bytes[i] + packet.dst.bytes[i];
	return &work->promised[hash % PROMISES];
}

/* Where the policy rejects what this host tries, the rejection may come back in, once, as an RST or an ICMP
 * error of the other host; whether it does depends on the rate. Then it has a counter of its own. */
static void allow_answer(struct work *work, struct difference *d)
{
	bool *promise = promise_of(work, d->frame);

	if (work->policy->deny[OUTBOUND] != DENY_REJECT || d->sight.how != MODEL_REAL)
		return;
	if (d->sight.direction == OUTBOUND && d->expected >= REASON_PORT && d->expected <= REASON_CUT)
		*promise = true;
	else if (d->sight.direction == INBOUND && *promise && work->policy->mode == MODE_ENFORCE &&
		 (d->expected == REASON_NO_FLOW || d->expected == REASON_CUT ||
		  d->expected == REASON_ICMP_QUOTE) &&
		 programs_admit(d->sight.direction, d->value))
		d->expected = COUNTER_ANSWERS;
}

/* Explained, then real. Returns true where both are as the model has it. */
static bool run_packet(struct work *work, const struct options *options, struct totals_seen *seen,
		       uint64_t number)
{
	struct random *random = &work->random;
	struct difference d = {.packet = number,
			       .sight = {.direction = random_chance(random, 50) ? OUTBOUND : INBOUND,
					 .interface = 1 + random_below(random, N_SCENE_INTERFACES)}};
	bool is_audit = work->policy->mode == MODE_AUDIT;
	struct frame frame;
	uint32_t passes;
	int error;

	random_frame(&frame, d.sight.direction, &work->scene, random, &work->model);
	d.frame = &frame;
	d.sight.how = MODEL_MADE;
	d.expected = model_judge(&work->model, &d.sight, frame.bytes, frame.length);
	error = programs_run(work->programs, &d.sight, frame.bytes, frame.length, &d.observed);
	d.value = d.observed;
	seen->packets++;
	if (error) {
		seen->refused++;
		return true;
	}
	seen->runs += 2;
	seen->verdicts[d.expected < COUNTER_SERVICES ? d.expected : COUNTER_SERVICES]++;
	d.what = "the verdict";
	if (d.expected != d.observed)
		return differ(work, options, seen, &d) || options->all;
	d.sight.how =
		d.sight.direction == OUTBOUND && random_chance(random, 10) ? MODEL_FORWARDED : MODEL_REAL;
	d.expected = model_judge(&work->model, &d.sight, frame.bytes, frame.length);
	d.observed = NO_VERDICT;
	error = programs_run(work->programs, &d.sight, frame.bytes, frame.length, &d.value);
	if (error == -EINVAL && d.expected == REASON_TRUNCATED) {
		seen->refused++;
		return true;
	}
	allow_answer(work, &d);
	passes = is_audit || d.expected >= COUNTER_LINK;
	d.what = error ? "the program cannot be run" : "what passes";
	if (error || programs_admit(d.sight.direction, d.value) != passes)
		return differ(work, options, seen, &d);
	work->counts[counter_index(d.sight.direction, d.expected)]++;
	return true;
}

/* The counters tell the real programs' reasons; the maps, what they remember. */
static bool compare_end(struct work *work, const struct options *options, struct totals_seen *seen)
{
	struct difference d = {.what = "the counters"};
	uint64_t counts[ALL_COUNTERS];
	const char *map = programs_difference(work->programs, &work->model);
	int error = programs_counts(work->programs, counts);

	for (size_t i = 0; i < ALL_COUNTERS && !error; i++) {
		if (counts[i] == work->counts[i])
			continue;
		printf("counter %zu of direction %zu: expected %llu, observed %llu\n", i / N_DIRECTIONS,
		       i % N_DIRECTIONS, (unsigned long long)work->counts[i], (unsigned long long)counts[i]);
		error = -EBADMSG;
	}
	if (error)
		return differ(work, options, seen, &d);
	if (!map)
		return true;
	printf("map %s differs\n", map);
	d.what = "what is remembered";
	return differ(work, options, seen, &d);
}

static int run_policy(uint64_t seed, uint64_t packets, const struct options *options,
		      struct totals_seen *seen)
{
	uint64_t before = seen->differences;
	struct work *work;
	bool same = true;
	int error = work_new(seed, &work);

	if (error)
		return error;
	for (uint64_t i = 0; i < packets && same; i++)
		same = run_packet(work, options, seen, i);
	if (same)
		same = compare_end(work, options, seen);
	work_free(work);
	seen->policies[seen->differences > before]++;
	return same || options->all ? 0 : -EBADMSG;
}

static void print_totals(const struct totals_seen *seen)
{
	for (uint32_t i = 0; i <= COUNTER_SERVICES; i++)
		if (seen->verdicts[i])
			printf("  %-12s %llu\n",
			       i < N_REASONS            ? reason_name((enum reason)i)
			       : i == COUNTER_LINK      ? "link"
			       : i == COUNTER_ICMP      ? "icmp"
			       : i == COUNTER_FRAGMENTS ? "fragments"
			       : i == COUNTER_PING      ? "ping"
							: "services",
			       (unsigned long long)seen->verdicts[i]);
}

static bool parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"seed", required_argument, NULL, 's'},
					      {"packets", required_argument, NULL, 'p'},
					      {"policies", required_argument, NULL, 'n'},
					      {"all", no_argument, NULL, 'a'},
					      {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 's')
			options->seed = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			options->packets = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			options->policies = strtoull(optarg, NULL, 0);
		else if (c == 'a')
			options->all = true;
		else
			return false;
	}
	return optind == argc && options->policies && options->packets;
}

int main(int argc, char **argv)
{
	struct options options = {.seed = 1, .packets = 200000, .policies = 10};
	struct totals_seen seen = {0};
	time_t start = time(NULL), said = start;
	unsigned long long failed;
	int error = 0;

	if (!parse_options(argc, argv, &options)) {
		fprintf(stderr, "Usage: fuzz_differential [--seed N] [--packets N] [--policies N] [--all]\n");
		return 2;
	}
	error = programs_make_interfaces();
	if (error)
		fprintf(stderr, "cannot make interfaces: %s\n", strerror(-error));
	for (uint64_t i = 0; i < options.policies && !error; i++) {
		uint64_t share =
			options.packets / options.policies + (i < options.packets % options.policies);

		error = run_policy(options.seed + i, share, &options, &seen);
		if (time(NULL) >= said + 10) {
			said = time(NULL);
			printf("%llu packets, %llu policies, %lld s\n", (unsigned long long)seen.packets,
			       (unsigned long long)i + 1, (long long)(said - start));
			fflush(stdout);
		}
	}
	print_totals(&seen);
	printf("%llu packets (%llu that the kernel does not run), %llu runs, policies %llu-%llu, %lld s: "
	       "%llu "
	       "differences\n",
	       (unsigned long long)seen.packets, (unsigned long long)seen.refused,
	       (unsigned long long)seen.runs, (unsigned long long)options.seed,
	       (unsigned long long)(options.seed + options.policies - 1), (long long)(time(NULL) - start),
	       (unsigned long long)seen.differences);
	failed = seen.policies[1] + (error && !seen.differences);
	printf("%llu passed, %llu failed, 0 skipped\n", (unsigned long long)seen.policies[0], failed);
	return failed ? 1 : 0;
}
