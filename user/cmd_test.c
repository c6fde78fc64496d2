// SPDX-License-Identifier: GPL-2.0-only
// `postern test`: a policy's own tests.
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "command.h"
#include "judge.h"
#include "options.h"
#include "output.h"

struct tested {
	const struct policy_test *test;
	struct explain_question question;
	struct explanation explanation;
	bool held;
};

struct results {
	struct tested *tested;
	size_t n;
	size_t n_failed;
};

static void results_clear(struct results *results)
{
	for (size_t i = 0; i < results->n; i++)
		explanation_clear(&results->tested[i].explanation);
	free(results->tested);
}

static const char *expected_word(const struct policy_test *test)
{
	return test->expect_allow ? "allow" : "deny";
}

static int run_test(const struct judge *judge, const struct policy_test *test, struct results *results,
		    struct failure *failure)
{
	struct tested *tested = &results->tested[results->n];
	int r;

	*tested = (struct tested){
		.test = test,
		.question = {.direction = test->direction,
			     .transport = test->transport,
			     .port = test->port,
			     .peer = test->peer,
			     .local = test->scope.has_at ? test->scope.at : explain_local(&test->peer),
			     .names_local = test->scope.has_at,
			     .on = test->scope.on},
	};
	r = judge_ask(judge, &tested->question, &tested->explanation, failure);
	if (r)
		return r;
	tested->held = tested->explanation.is_allowed == test->expect_allow;
	results->n_failed += !tested->held;
	results->n++;
	return 0;
}

static int run_tests(const struct policy *policy, struct results *results, struct failure *failure)
{
	struct judge *judge CLEANUP(judge_cleanup) = NULL;
	int r;

	if (!policy->n_tests)
		return 0;
	results->tested = calloc(policy->n_tests, sizeof(*results->tested));
	if (!results->tested)
		return failure_set(failure, -ENOMEM, "out of memory");
	r = judge_load(policy, &judge, failure);
	for (size_t i = 0; r == 0 && i < policy->n_tests; i++)
		r = run_test(judge, &policy->tests[i], results, failure);
	return r;
}

static void print_text(const struct results *results, const char *path)
{
	for (size_t i = 0; i < results->n; i++) {
		const struct tested *tested = &results->tested[i];
		CLEANUP_FREE char *where = explain_format_place(&tested->test->place);
		const char *note = explain_format_dependence(&tested->explanation);
		char question[EXPLAIN_TEXT_SIZE], verdict[EXPLAIN_TEXT_SIZE];

		explain_format_question(&tested->question, question);
		explain_format_verdict(&tested->explanation, verdict);
		if (tested->held)
			printf("ok %s: %s: %s\n", where ? where : path, question, verdict);
		else
			printf("FAILED %s: %s: expected %s, got %s%s%s\n", where ? where : path, question,
			       expected_word(tested->test), verdict, note ? "; " : "", note ? note : "");
	}
	if (results->n)
		printf("%s: %zu passed, %zu failed\n", path, results->n - results->n_failed,
		       results->n_failed);
	else
		printf("%s: no tests\n", path);
}

static int print_json(const struct results *results)
{
	json_t *tests = json_array();

	for (size_t i = 0; i < results->n; i++) {
		const struct tested *tested = &results->tested[i];
		CLEANUP_FREE char *where = explain_format_place(&tested->test->place);
		char question[EXPLAIN_TEXT_SIZE];

		json_array_append_new(tests,
				      json_pack("{s:b, s:s, s:s?, s:s, s:o}", "ok", tested->held, "question",
						explain_format_question(&tested->question, question), "test",
						where, "expect", expected_word(tested->test), "explanation",
						explain_json(&tested->explanation)));
	}
	return json_print(json_pack("{s:I, s:I, s:o}", "passed", (json_int_t)(results->n - results->n_failed),
				    "failed", (json_int_t)results->n_failed, "tests", tests),
			  0);
}

static int run(const struct context *context, int argc, char **argv)
{
	struct option_reader reader = {.command = &cmd_test, .argc = argc, .argv = argv};
	struct loaded loaded CLEANUP(loaded_clear) = {0};
	struct results results CLEANUP(results_clear) = {0};
	struct failure failure = {""};
	char buf[POLICY_PATH_SIZE];
	const char *path = NULL;
	int option, status, r;

	while ((option = option_next(&reader)) != OPTION_END) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (path)
			return option_extra(&cmd_test, reader.value);
		path = reader.value;
	}
	path = path ? path : policy_default_path(context, buf);
	status = policy_from_file(path, NULL, &loaded);
	if (status == EXIT_USAGE)
		diags_print(loaded.diags, stderr);
	if (status)
		return status;
	r = run_tests(loaded.policy, &results, &failure);
	if (r) {
		fprintf(stderr, "postern: %s\n", failure.text);
		return r == -E2BIG ? EXIT_USAGE : EXIT_FAILED;
	}
	status = EXIT_DONE;
	if (context->json)
		status = print_json(&results);
	else
		print_text(&results, path);
	return status == EXIT_DONE && results.n_failed ? EXIT_NOT_HELD : status;
}

const struct command cmd_test = {
	.name = "test",
	.synopsis = "[POLICY]",
	.summary = "run a policy's own tests through the kernel's verdict",
	.details = "What is in force is not touched. Exits with 3 where a test does not hold.",
	.needs_root = true,
	.run = run,
};
