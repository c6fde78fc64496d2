# SPDX-License-Identifier: GPL-2.0-only
# The TCP connections that the host opens: each is known while its socket lives, wherever it is remembered; after it only as
# long as something can still come; and its user is charged once for it, where it is a flow.
TEST=connections
source "$(dirname "$0")/lib.sh"

PORT=40000  # that connections are opened from
SHARED=40001 # has the same place
TAKEOVERS=${TAKEOVERS:-100} # some send their SYN again, a second later
TOGETHER=${TOGETHER:-100}

world
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:53-54
cat >"$WORK/policy.yaml" <<-END
	interfaces: [eth0]
	services:
	  own: {tcp: 4321}
	  dns: {tcp: 53-54, udp: 53}
	inbound:
	  - {service: own, from: any}
	outbound:
	  - {service: dns, to: any}
END
sed 's/tcp: 53-54/tcp: 54/' "$WORK/policy.yaml" >"$WORK/narrower.yaml"
open_session out srv "$PYTHON" "$HELPERS/outward.py" >/dev/null || die "the helper did not start"

used() { pst_json status | json "d['limits']['$1']['used']"; }
# States of the flows from a port, as `postern flows` lists them.
states() { pst_json flows | json "' '.join(sorted(f['state'] for f in d if f['local_port'] == $1))"; }
# Flows that a user is charged for; the kernel may not know of the user yet.
charged() { # UID
	bpftool -j map lookup pinned "/sys/fs/bpf/postern/$INSTANCE/users" key $(($1 & 255)) $(($1 >> 8)) 0 0 |
		json "d['formatted']['value'] if d else 0"
}
# How many there are in `connections` and in `flows`, and how many root is charged for.
places() { echo "$(used connections) $(used flows) $(charged 0)"; }
equal_places() { equal "$(places)" "$1 $2 $2"; } # CONNECTIONS FLOWS
equal_states() { equal "$(states "$1")" "$2"; }
charges() { equal "$("$PYTHON" "$HELPERS/charges.py" "/sys/fs/bpf/postern/$INSTANCE")" same; }
denied_without_flow() {
	pst_json counters | json '"%d %d" % tuple(d[way]["denied"].get("no-flow", 0) for way in ("inbound", "outbound"))'
}
talks() { equal "$(ask out talk "$1")" same; }

for family in 4 6; do
	srv=SRV$family peer=B$family
	srv=${!srv} peer=${!peer}
	check "IPv$family: a policy" pst apply "$WORK/policy.yaml"

	check "a connection" equal "$(ask out open one "$peer" 53 $PORT)" $PORT
	check "it is open" equal_states $PORT open
	check "it is among the connections, and charged to nobody" equal_places 1 0
	check "it works" talks one
	check "the peer ends it" equal "$(ask out ended one)" ended
	check "nothing is left of it" wait_for 5 equal_places 0 0
	check "nothing is listed" equal_states $PORT ""

	check "one from a port that has a service" equal "$(ask out open two "$peer" 53 4321)" 4321
	check "it is a flow" equal_places 0 1
	check "it works" talks two
	check "the peer ends it" equal "$(ask out ended two)" ended
	check "it lingers" wait_for 5 equal_states 4321 closing
	check "its user is charged" charges
	check "all is taken down" pst down
	check "and put up" pst apply "$WORK/policy.yaml"

	# The SYN is answered only once the route back is there: by then it was sent again.
	on b ip route add blackhole "$srv"
	check "one that nobody answers" equal "$(ask out begin three "$peer" 53 $PORT)" $PORT
	check "it has its place" equal_places 1 0
	on b ip route del blackhole "$srv"
	check "it works once its SYN was sent again" wait_for 20 talks three
	check "it has its place still" equal_places 1 0
	check "the policy changes, and cuts it" pst apply "$WORK/narrower.yaml"
	check_not "it works no longer" talks three
	check "it is reset" equal "$(ask out reset three)" reset
	check "and lingers" equal_states $PORT closing
	check "its user is charged" charges
	check "all is taken down" pst down
	check "and put up" pst apply "$WORK/policy.yaml"

	check "one more from that port" equal "$(ask out open four "$peer" 53 $PORT)" $PORT
	check "a second one from the same port" equal "$(ask out open five "$peer" 54 $PORT)" $PORT
	check "both are open" equal_states $PORT "open open"
	check "one has the place, one is a flow" equal_places 1 1
	check "the first works" talks four
	check "the second works" talks five
	check "the first is closed from here" equal "$(ask out close four)" closed
	check "it lingers" wait_for 5 equal_states $PORT "closing open"
	check "both are flows now" equal_places 0 2
	check "the second works still" talks five
	check "the peer ends the second" equal "$(ask out ended five)" ended
	check "it lingers, too" wait_for 5 equal_states $PORT "closing closing"
	check "both are charged" charges

	check "one more from that port" equal "$(ask out open seven "$peer" 53 $PORT)" $PORT
	check "one from the port that has the same place" equal "$(ask out open eight "$peer" 53 $SHARED)" $SHARED
	check "one has the place" equal "$(used connections)" 1
	check "the other is a flow" equal_states $SHARED open
	check "the first works" talks seven
	check "the second works" talks eight
	check "the peer ends the first" equal "$(ask out ended seven)" ended
	check "the second works still" talks eight
	check "one more has the place now" equal "$(ask out open nine "$peer" 54 $SHARED)" $SHARED
	check "both work" talks eight
	check "and the newer one" talks nine
	check "the peer ends one" equal "$(ask out ended eight)" ended
	check "and the other" equal "$(ask out ended nine)" ended
	check "their user is charged" charges
	check "all is taken down" pst down
	check "and put up" pst apply "$WORK/policy.yaml"

	check "one has a place" equal "$(ask out open eleven "$peer" 54 $SHARED)" $SHARED
	on b ip route add blackhole "$srv"
	check "one that nobody answers finds it taken" equal "$(ask out begin twelve "$peer" 53 $PORT)" $PORT
	check "it is a flow" equal_places 1 1
	check "the first is closed" equal "$(ask out reset eleven)" reset
	on b ip route del blackhole "$srv"
	check "the other one works once its SYN was sent again" wait_for 20 talks twelve
	check "it is a flow still, and nothing else" equal_states $PORT open
	check "the peer ends it" equal "$(ask out ended twelve)" ended

	# Then the kernel closes with a RST, where the FIN is not acknowledged yet.
	unread=0
	for _ in {1..30}; do
		ask out open six "$peer" 53 0 >"$WORK/six.log"
		[[ $(ask out unread six) == unread ]] && unread=$((unread + 1))
	done
	check "30 are closed with data that was not read" equal $unread 30
	check "no segment of theirs is denied" equal "$(denied_without_flow)" "0 0"
	check "nor is anybody charged for what is not there" charges
	check "all is taken down" pst down
done

# What the close of a port's last owner meets, where the next one's entry is written in that moment.
PLACE="pinned /sys/fs/bpf/postern/$INSTANCE/connections key $((PORT / 2 % 256)) $((PORT / 2 / 256 % 16)) 0 0"
# shellcheck disable=SC2086
place() { bpftool -j map lookup $PLACE | json '" ".join(d["value"])'; }
check "a policy once more" pst apply "$WORK/policy.yaml"
check "a connection" equal "$(ask out open ten $B4 53 $PORT)" $PORT
whole=$(place)
half="0x02 0x00 0x00 0x00 ${whole#* * * * }"
# shellcheck disable=SC2086
check "its entry is made a half written one" bpftool map update $PLACE value $half
check "its socket is closed at once" equal "$(ask out reset ten)" reset
check "the entry is left alone" equal "$(place)" "$half"
check "nothing lingers" equal_states $PORT ""
check "all is taken down" pst down
close_session out

check "one more policy" pst apply "$WORK/policy.yaml"
check "one user closes a connection" on srv "$PYTHON" "$HELPERS/reset_as.py" 2001 $B4 53 $PORT
check "that one is charged" equal "$(charged 2001) $(charged 2002)" "1 0"
check "another user does the same" on srv "$PYTHON" "$HELPERS/reset_as.py" 2002 $B4 53 $PORT
check "the other one is charged now" equal "$(charged 2001) $(charged 2002)" "0 1"
check "for what is there" charges
taken=$(on srv "$PYTHON" "$HELPERS/takeover.py" $B4 53 $PORT $TAKEOVERS)
say "of $TAKEOVERS connections that one user closed, $taken were another's at once"
check "most were" test "$taken" -ge $((TAKEOVERS / 2))
check "each of the two is charged for what is there" charges

check "processes send on a socket at once, when its flow is over" equal \
	"$(on srv "$PYTHON" "$HELPERS/udp_together.py" "/sys/fs/bpf/postern/$INSTANCE" $B4 53 "$TOGETHER")" "done"
check "its flow is charged once" charges
finish
