# SPDX-License-Identifier: GPL-2.0-only
# Whoever dies in the middle of a change leaves nothing that is not said, and nothing that the next apply does not undo.
TEST=transaction
source "$(dirname "$0")/lib.sh"

PINS=/sys/fs/bpf/postern/$INSTANCE

# Dies at the N-th call of a function (KILL_AT=rename: of the name "current"; named: just after that).
cat >"$WORK/die.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die_at(const char *name)
{
	static int calls;
	const char *at = getenv("KILL_AT"), *number = getenv("KILL_CALL");

	if (at && !strcmp(at, name) && ++calls == (number ? atoi(number) : 1))
		kill(getpid(), SIGKILL);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
	int named = strstr(to, "/current") != NULL, r;

	if (named)
		die_at("rename");
	r = real(from, to);
	if (named)
		die_at("named");
	return r;
}

pid_t fork(void)
{
	pid_t (*real)(void) = dlsym(RTLD_NEXT, "fork"), child;

	die_at("fork");
	child = real();
	if (child == 0)
		unsetenv("KILL_AT"); /* it is the one who goes back */
	return child;
}

int bpf_link_update(int link, int program, const void *options)
{
	int (*real)(int, int, const void *) = dlsym(RTLD_NEXT, "bpf_link_update");

	die_at("link");
	return real(link, program, options);
}
END
clang -shared -fPIC -o "$WORK/die.so" "$WORK/die.c" -ldl || die "cannot build the preloaded library"

# Must be killed by itself: a test that lets it run through proves nothing.
killed() { # FUNCTION COMMAND...
	local at=$1
	shift
	KILL_AT=$at LD_PRELOAD=$WORK/die.so ASAN_OPTIONS=verify_asan_link_order=0 \
		"$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" "$@" >"$WORK/killed.log" 2>&1
	equal "$?" 137
}

out_is_open() { equal "$(on srv "$PYTHON" "$HELPERS/ask.py" connect $A4 9999 0.4 2>&1)" answered; }
out_is_shut() { equal "$(on srv "$PYTHON" "$HELPERS/ask.py" connect $A4 9999 0.4 2>&1)" "no answer"; }
says() { grep -q -- "$1" "$WORK/check.log"; }
shows() { equal "$(pst show)" "$1"; }

# The first policy is in force, wholly and alone.
first_is_whole() {
	change_is none && shows "$first" && out_is_shut && fetch_explicit &&
		equal "$(find "$PINS/generation" -mindepth 1 -maxdepth 1 | wc -l)" 1 && test ! -L "$PINS/previous"
}

applies_after_undoing() { # POLICY
	pst_json apply "$1" >"$WORK/apply.out" 2>"$WORK/apply.err" || { cat "$WORK/apply.err" && return 1; }
	grep -q "undone first" "$WORK/apply.err" && equal "$(json 'd["changed"]' <"$WORK/apply.out")" True
}

has_xdp() { ip -n "$ID-srv" -d link show "$1" | grep -q 'prog/xdp'; }

world
plug srv eth1 || die "cannot plug the second interface in"
start_vsftpd
start_helper a listener "$PYTHON" "$HELPERS/serve.py" tcp:9999
write_policy "$WORK/first.yaml"
write_policy "$WORK/next.yaml" '' "  - {service: odd, to: $A4}" '  odd: {tcp: 9999}'
sed -i 's/30000-30010/31000-31010/' "$WORK/next.yaml"
sed 's/\[eth0\]/[eth0, eth1]/' "$WORK/first.yaml" >"$WORK/first-two.yaml"
sed 's/\[eth0\]/[eth0, eth1]/' "$WORK/next.yaml" >"$WORK/next-two.yaml"

say "the first apply dies"
check "killed before its name" killed rename apply "$WORK/first.yaml"
check "the interface is shut" has_xdp eth0
check_not "status: nothing is in force" pst status
check "and says that an apply was interrupted" grep -q interrupted <(pst status 2>&1)
check_not "a dry run does not repair that" pst apply "$WORK/first.yaml" --dry-run
check "the next apply cleans up first" applies_after_undoing "$WORK/first.yaml"
first=$(pst show)
check "and is in force" first_is_whole
check "down" pst down
check "killed before its name again" killed rename apply "$WORK/first.yaml" --confirm $((60 * SLOW))
check "down cleans up too" pst down
check "nothing is attached" fails has_xdp eth0
check "nothing is pinned" test ! -e "$PINS"
check "no process is left" wait_for 3 none_runs

say "a later one dies"
check "apply" pst apply "$WORK/first.yaml"
for at in "link 1" "link 2" "rename 1"; do
	read -r function KILL_CALL <<<"$at"
	export KILL_CALL
	check "killed at $at" killed "$function" apply "$WORK/next.yaml"
	unset KILL_CALL
	check "$at: status says so" change_is interrupted
	check "$at: in words too" grep -q 'WARNING: a change was interrupted' <(pst status)
	check "$at: an apply of what is shown is no no-op" applies_after_undoing "$WORK/first.yaml"
	check "$at: the first policy is whole" first_is_whole
	check "$at: an identical apply is a no-op then" equal \
		"$(pst_json apply "$WORK/first.yaml" | json 'd["changed"]')" False
done
check "killed before the name, and the same policy applied again" killed rename apply "$WORK/next.yaml"
check "takes effect" applies_after_undoing "$WORK/next.yaml"
check "wholly" out_is_open
check "back to the first" pst apply "$WORK/first.yaml"

leaving() { pst_json apply "$WORK/first.yaml" "$@" 2>/dev/null | json '" ".join(w for w in d["warnings"] if "filtered" in w)'; }
left() { echo "warning: eth1 $1 filtered: it is not among the interfaces of the policy"; }
check "a policy for two interfaces" pst apply "$WORK/first-two.yaml"
check "a dry run of one that drops the second says so" equal "$(leaving --dry-run)" "$(left 'would no longer be')"
check "the second is still shut" has_xdp eth1
check "so does an apply" equal "$(leaving)" "$(left 'is no longer')"
check "the second is open" fails has_xdp eth1
check "that is said once" equal "$(leaving)" ""
check "the policy for two interfaces" pst apply "$WORK/first-two.yaml"
check "killed after the name of one that drops the second" killed named apply "$WORK/first.yaml"
check "the second is still shut" has_xdp eth1
check "status says so" change_is interrupted
check "the same policy, applied again, is no no-op" applies_after_undoing "$WORK/first.yaml"
check "the second is open" fails has_xdp eth1
check "the first policy is whole" first_is_whole

say "a change with a way back dies"
check "killed before the process that goes back" killed fork apply "$WORK/next.yaml" --confirm $((60 * SLOW))
check "status says so" change_is interrupted
check "the next apply undoes it first" applies_after_undoing "$WORK/first.yaml"
check "the first policy is whole" first_is_whole
check "killed when that process runs already" killed rename apply "$WORK/next.yaml" --confirm $((60 * SLOW))
check_not "it runs" none_runs
check "status says so" change_is interrupted
check_not "what never was in force cannot be confirmed" pst confirm
check "the first policy is whole" first_is_whole
check "no process is left" wait_for 3 none_runs
check "killed when that process runs already, left alone" killed rename apply "$WORK/next.yaml" --confirm $((1 * SLOW))
check "it goes back" wait_for 20 first_is_whole
check "no process is left" wait_for 3 none_runs

say "the process that goes back dies"
lose_guard() {
	check "apply --confirm" pst apply "$WORK/next.yaml" --confirm $((60 * SLOW))
	check "status says that it waits" change_is waiting
	check_not "a process waits" none_runs
	for pid in $(our_pids); do kill -9 "$pid"; done
	check "killed" wait_for 3 none_runs
	check "status says so" change_is unguarded
}
lose_guard
check "the next apply undoes the change first" applies_after_undoing "$WORK/first.yaml"
check "the first policy is whole" first_is_whole
lose_guard
check "confirm keeps it all the same" equal "$(pst_json confirm | json 'd["confirmed"]')" True
check "it is whole" change_is none
check "it is in force" out_is_open
check "the first policy" pst apply "$WORK/first.yaml"

say "what the process that goes back keeps open"
exec {extra}>"$WORK/extra"
check "apply --confirm, with another file open" pst apply "$WORK/next.yaml" --confirm $((60 * SLOW))
exec {extra}>&-
guard=$(our_pids)
find "/proc/$guard/fd" -type l -printf '%l\n' | sort | uniq -c >"$WORK/fds"
check "nothing of the caller's" equal "$(grep -cvE '/dev/null|timerfd|inotify|/sys/fs/bpf/postern/'"$INSTANCE"'$' "$WORK/fds")" 0
check "but what it needs" grep -q timerfd "$WORK/fds"
check "confirm" pst confirm
check "it ends" wait_for 3 none_runs

say "an interface goes away while a change waits"
check "the first policy, for two interfaces" pst apply "$WORK/first-two.yaml"
check "apply --confirm: it is in force" unconfirmed "$WORK/next-two.yaml" 5 out_is_open
ip -n "$ID-srv" link del eth1
check "it goes back on the other interface" wait_for 20 out_is_shut
check "no process is left" wait_for 3 none_runs
check "it is whole" change_is none
check "transfers work" fetch_explicit
check "status says that the interface is gone" grep -q 'eth1: .*WARNING' <(pst status)
check "the first policy for one interface" pst apply "$WORK/first.yaml"
check "is whole" first_is_whole

say "several at once"
pids=()
for policy in first next first next first next; do
	pst apply "$WORK/$policy.yaml" >>"$WORK/at-once.log" 2>&1 &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
check "none fails" equal "$failed" 0
check "what is in force is whole" change_is none
check "only one is kept" equal "$(find "$PINS/generation" -mindepth 1 -maxdepth 1 | wc -l)" 1
check "the first policy" pst apply "$WORK/first.yaml"
check "is whole" first_is_whole
check "down in JSON" equal "$(pst_json down | json 'd["down"]')" True
finish
