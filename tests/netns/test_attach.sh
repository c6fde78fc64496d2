# SPDX-License-Identifier: GPL-2.0-only
# How and where an instance is attached: modes that differ are said, and its own network namespace is the only one.
TEST=attach
source "$(dirname "$0")/lib.sh"

OTHER_HOST=a

elsewhere() { "$POSTERN" --instance "$INSTANCE" --netns "$ID-a" "$@"; }
filters() { on srv tc filter show dev eth0 egress | grep -c 'handle 0x706f7374'; }
egress() { status_field '["interfaces"][0]["egress"]'; }
out_is() { equal "$(on srv "$PYTHON" "$HELPERS/ask.py" connect $A4 9999 0.4 2>&1)" "$1"; }

must_refuse() { # NAME WORDS COMMAND...
	local name=$1 words=$2
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err"
	check "$name: exits 1" equal "$?" 1
	check "$name: says why" grep -q -- "$words" "$WORK/err"
}

world
start_helper a listener "$PYTHON" "$HELPERS/serve.py" tcp:9999
write_policy "$WORK/policy.yaml"
write_policy "$WORK/next.yaml" '' "  - {service: odd, to: $A4}" '  odd: {tcp: 9999}'

say "modes"
check "apply" pst apply "$WORK/policy.yaml"
if equal "$(egress)" tcx >/dev/null; then
	for policy in policy next; do
		must_refuse "clsact over tcx, $policy" 'egress runs in tcx mode' \
			pst apply "$WORK/$policy.yaml" --egress clsact
	done
	check "no filter was made" equal "$(filters)" 0
else
	skip "clsact over tcx" "the kernel has no tcx"
fi
for option in '' --dry-run; do
	# shellcheck disable=SC2086
	must_refuse "generic over native, the same policy $option" 'xdp runs in native mode' \
		pst apply "$WORK/policy.yaml" --xdp generic $option
done
check "the mode that it has is no change" equal \
	"$(pst_json apply "$WORK/policy.yaml" --xdp native | json 'd["changed"]')" False
check "down" pst down
check "apply --egress clsact" pst apply "$WORK/policy.yaml" --egress clsact
for policy in policy next; do
	must_refuse "tcx over clsact, $policy" 'egress runs in clsact mode' pst apply "$WORK/$policy.yaml" --egress tcx
done
check "another policy, however it may be attached" pst apply "$WORK/next.yaml"
check "what it allows goes out" out_is answered
check "there is one filter" equal "$(filters)" 1
check "the first policy with a way back: what it does not allow stays in" \
	unconfirmed "$WORK/policy.yaml" 3 out_is "no answer"
check "it goes back" wait_for 20 out_is answered
check "there is one filter still" equal "$(filters)" 1
check "down" pst down
check "the filter is gone" equal "$(filters)" 0

say "another network namespace"
check "apply" pst apply "$WORK/policy.yaml"
must_refuse "the same policy from elsewhere" 'another network namespace' elsewhere apply "$WORK/policy.yaml"
must_refuse "another policy from elsewhere" 'another network namespace' elsewhere apply "$WORK/next.yaml"
if equal "$(egress)" tcx >/dev/null; then
	check "links can be removed from anywhere" elsewhere down
	check "and are" out_is answered
else
	skip "links can be removed from anywhere" "the kernel has no tcx"
	check "down" pst down
fi
check "apply --egress clsact" pst apply "$WORK/policy.yaml" --egress clsact
must_refuse "down of a filter from elsewhere" 'another network namespace' elsewhere down
check "it still filters" out_is "no answer"
check "status is not misled" equal "$(elsewhere --json status | json 'd["change"]')" none
check "down where it is" pst down
check "the filter is gone" equal "$(filters)" 0

# The other instance's filter has the same handle, at the same ifindex.
check "apply --egress clsact" pst apply "$WORK/policy.yaml" --egress clsact
write_policy "$WORK/other.yaml"
check "another instance in another namespace" other apply --egress clsact "$WORK/other.yaml"
check "the ifindexes are the same" equal "$(ip -n "$ID-srv" -j link show eth0 | json 'd[0]["ifindex"]')" \
	"$(ip -n "$ID-a" -j link show eth0 | json 'd[0]["ifindex"]')"
check "down --force of the other from here" "$POSTERN" --instance "$INSTANCE-other" --netns "$ID-srv" down --force
check "ours still filters" out_is "no answer"
check "ours is still there" equal "$(filters)" 1
on a tc qdisc del dev eth0 clsact

say "what apply says"
{
	echo 'services: {web: {tcp: 443}}'
	echo 'inbound: [{service: web, from: any}]'
	echo "interfaces: [$(seq -s, -f 'e%g' 1 200)]"
} >"$WORK/many.yaml"
pst apply "$WORK/many.yaml" 2>"$WORK/err"
check "too many interfaces: exits 2" equal "$?" 2
check "too many interfaces: one error" equal "$(wc -l <"$WORK/err")" 1
cat "$WORK/err"
warns() { pst_json apply "$WORK/policy.yaml" --dry-run 2>/dev/null | json 'any("ip_unprivileged_port_start" in w for w in d["warnings"])'; }
check "no warning of control ports that take privileges" equal "$(warns)" False
on srv sysctl -qw net.ipv4.ip_unprivileged_port_start=990
check "a warning where any user may listen on one" equal "$(warns)" True
check "down" pst down
finish
