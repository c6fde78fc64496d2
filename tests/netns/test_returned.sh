# SPDX-License-Identifier: GPL-2.0-only
# An interface that is made again while `run` stays is filtered as the one before it was, whatever happened in between.
TEST=returned
source "$(dirname "$0")/lib.sh"

PINS=/sys/fs/bpf/postern/$INSTANCE
SIDE4=10.99.1.1 SIDE_B4=10.99.1.3
world
ip -n "$SWITCH" link add br1 type bridge mcast_snooping 0 forward_delay 0 && ip -n "$SWITCH" link set br1 up &&
	ip -n "$SWITCH" link set b-eth0 master br1 && ip -n "$ID-b" addr add $SIDE_B4/24 dev eth0 ||
	die "cannot make the second link"

# A pair whose end in the server comes up under any name, for B always as the same neighbour.
make_side() { # NAME
	ip -n "$SWITCH" link add side type veth peer name "$1" address 02:00:00:99:01:01 netns "$ID-srv" &&
		ip -n "$SWITCH" link set side master br1 up && ip -n "$ID-srv" link set "$1" up &&
		ip -n "$ID-srv" addr add $SIDE4/24 dev "$1"
}
remove_side() { ip -n "$SWITCH" link del side; }
make_spare() { # NAME
	ip -n "$SWITCH" link add spare type veth peer name "$1" netns "$ID-srv" && ip -n "$ID-srv" link set "$1" up
}
rename() { # NAME TO
	ip -n "$ID-srv" link set "$1" down && ip -n "$ID-srv" link set "$1" name "$2" && ip -n "$ID-srv" link set "$2" up
}
ifindex() { ip -n "$ID-srv" -j link show "$1" | json 'd[0]["ifindex"]'; } # NAME
# "+eth0": it is filtered; "-eth0": it is not.
places() { pst_json status | json '" ".join("-+"[i["attached"]] + i["name"] for i in sorted(d["interfaces"], key=lambda i: i["name"]))'; }
places_are() { equal "$(places)" "$1"; }
said() { grep -q -- "$1" "$WORK/run.log"; } # PATTERN
said_times() { equal "$(grep -c -- "$1" "$WORK/run.log")" "$2"; } # PATTERN TIMES
n_applied() { equal "$(pst_json events --kind applied | wc -l)" "$1"; }
xdp_ids() { ip -n "$ID-srv" -d link show "$1" | grep -o 'prog/xdp id [0-9]*'; } # NAME
starts_run() {
	: >"$WORK/notify.log"
	NOTIFY_SOCKET=$WORK/notify start srv run "$POSTERN" --instance "$INSTANCE" run "$WORK/policy.yaml"
	RUN_PID=$LAST_PID
	wait_for 30 grep -q READY=1 "$WORK/notify.log"
}
stop_run() {
	kill "$RUN_PID" && wait "$RUN_PID"
	check "run ends" equal $? 0
}
filters_as_ever() { # WHAT
	check "$1: it is filtered" wait_for 10 places_are "+eth0 +eth1 +eth2"
	check "$1: what the policy admits there is admitted" connects b $SIDE4 8081
	check "$1: what it does not is not" no_answer b $SIDE4 8082
	check "$1: nor is what it admits elsewhere" no_answer b $SIDE4 8083
}

write() { # FILE PORT
	cat >"$1" <<-END
		interfaces: [eth0, eth1, eth2]
		services:
		  side: {tcp: $2}
		  main: {tcp: 8083}
		inbound:
		  - {service: side, from: any, on: eth1}
		  - {service: main, from: any, on: eth0}
	END
}

make_side eth1 && make_spare eth2 || die "cannot make eth1 and eth2"
start_helper srv notify "$PYTHON" "$HELPERS/notify.py" "$WORK/notify"
start_helper srv web "$PYTHON" "$HELPERS/serve.py" tcp:8081 tcp:8082 tcp:8083 tcp:8084
write "$WORK/policy.yaml" 8081
write "$WORK/next.yaml" 8084
check "run" starts_run
filters_as_ever "at first"

say "made again"
old=$(ifindex eth1)
remove_side
check "status says that it is gone" wait_for 5 places_are "+eth0 -eth1 +eth2"
make_side eth1
check_not "it is another one" equal "$(ifindex eth1)" "$old"
filters_as_ever "made again"
check "run says so" wait_for 5 said "postern run: eth1 was made again: it is filtered"
check "the event log, too" wait_for 5 n_applied 2
check_not "nothing is left of the one before" compgen -G "$PINS/links/*_$old"
check "eth0 is as it was" connects a $SRV4 8083
check "the same policy is no change" equal "$(pst_json apply "$WORK/policy.yaml" | json 'd["changed"]')" False

say "renamed, and another one under its name"
rename eth1 wan && ip -n "$ID-srv" link set wan down && ip -n "$ID-srv" addr del $SIDE4/24 dev wan &&
	ip -n "$SWITCH" link set side down && ip -n "$SWITCH" link set side name old && ip -n "$SWITCH" link set old up ||
	die "cannot rename eth1"
wan=$(ifindex wan)
for time in first second third; do
	make_side eth1
	check "both are filtered, the $time time" wait_for 10 places_are "+eth0 +eth1 +eth1 +eth2"
	check "what the policy admits at eth1 is admitted" connects b $SIDE4 8081
	[[ $time == third ]] || remove_side
done
ip -n "$ID-srv" link set eth1 down && ip -n "$ID-srv" link set wan up && ip -n "$ID-srv" addr add $SIDE4/24 dev wan ||
	die "cannot take the renamed one"
check "what the policy admits at eth1 is not admitted at the renamed one" no_answer b $SIDE4 8081
ip -n "$SWITCH" link del old
remove_side
make_side eth1
filters_as_ever "without the renamed one"
check_not "nothing is left of it" compgen -G "$PINS/links/*_$wan"

say "under somebody else's program"
remove_side && ip -n "$SWITCH" link del spare || die "cannot remove eth1 and eth2"
check "they are gone" wait_for 5 places_are "+eth0 -eth1 -eth2"
make_spare other && attach_other_xdp srv other && rename other eth2 ||
	die "cannot make eth2 under a program"
make_side eth1
check "another one is filtered" wait_for 10 places_are "+eth0 +eth1 -eth2"
check "run says why this one is not" wait_for 10 said "not filtered: eth2: another XDP program is attached to it"
check "that program stays" test -n "$(xdp_ids eth2)"
ip -n "$ID-srv" link set dev eth2 xdp off
filters_as_ever "without it"
check "run has said it once" said_times 'another XDP program' 1

# A link goes without a message about its interface.
ip -n "$SWITCH" link del spare
make_spare other
write_policy "$WORK/other.yaml"
other apply "$WORK/other.yaml" -i other >/dev/null || die "cannot put another instance in force"
rename other eth2 || die "cannot make eth2 under another instance"
check "run says that another instance filters it" wait_for 10 said_times 'another XDP program' 2
other down >/dev/null
filters_as_ever "without the other instance"

say "while a change waits"
check "a change with a way back" pst apply "$WORK/next.yaml" --confirm $((15 * SLOW))
check "is in force" connects b $SIDE4 8084
remove_side
make_side eth1
check "made again it is filtered" wait_for 10 places_are "+eth0 +eth1 +eth2"
check "by that change" connects b $SIDE4 8084
check "that is not what was before" no_answer b $SIDE4 8081
stop_run
check "without run the change goes back" wait_for $((20 * SLOW)) change_is none
filters_as_ever "after that"
check "run" starts_run

say "an interface that cannot be filtered any more"
remove_side
make_side other && ip -n "$ID-srv" link add bridge type bridge && ip -n "$ID-srv" link set other master bridge &&
	rename other eth1 || die "cannot make a member"
check "run says what to list instead" wait_for 10 said "not filtered: eth1 is a member of the bridge bridge"
ip -n "$ID-srv" link set eth1 nomaster
filters_as_ever "a member no longer"
stop_run
check "down" pst down

say "with a filter in the place of a tcx link"
check "apply --egress clsact" pst apply "$WORK/policy.yaml" --egress clsact
check "run" starts_run
remove_side
check "status says that it is gone" wait_for 5 places_are "+eth0 -eth1 +eth2"
make_side eth1
filters_as_ever "made again"
check "by a filter" equal "$(pst_json status | json '[i["egress"] for i in d["interfaces"] if i["name"] == "eth1"]')" "['clsact']"
stop_run
finish
