# SPDX-License-Identifier: GPL-2.0-only
# `explain` says what the packets will meet, and leaves no trace in what is in force; neither does `test`.
TEST=explain
source "$(dirname "$0")/lib.sh"

world
check_not "with nothing in force there is nothing to ask" pst explain inbound tcp/21 --from $A4
start_vsftpd
apply_usual "" "  - {service: gopher, to: $A4}" "  gopher: {tcp: 70, udp: 70}"

# The fields of an explanation, blanks between them.
explained() { # WORDS...
	pst_json explain "$@" | json '" ".join(str(d[k]) for k in ("verdict", "reason", "where"))'
}

equal_explained() { # EXPECTED WORDS...
	local expected=$1
	shift
	equal "$(explained "$@")" "$expected"
}

line_of() { # TEXT: where explain places it
	echo "$WORK/policy.yaml:$(grep -nF "$1" "$WORK/policy.yaml" | cut -d: -f1 | tail -n 1)"
}

implicit=$(line_of "service: ftps-implicit") gopher=$(line_of "service: gopher") passive=$(line_of "passive:")
check "an open port" equal "$(explained inbound tcp/990 --from $B4)" "allow none $implicit"
check "an open port over IPv6" equal "$(explained inbound tcp/990 --from $B6)" "allow none $implicit"
check "a shut port" equal "$(explained inbound tcp/22 --from $B4)" "deny port None"
check "whom the server may call" equal "$(explained outbound tcp/70 --to $A4)" "allow none $gopher"
check "the same with UDP" equal "$(explained outbound udp/70 --to $A4)" "allow none $gopher"
check "whom it may not" equal "$(explained outbound tcp/70 --to $B4)" "deny peer $gopher"
check "an expectation that holds" pst explain inbound tcp/22 --from $B4 --expect deny
pst explain inbound tcp/22 --from $B4 --expect allow >"$WORK/out" 2>&1
check "one that does not exits with 3" equal $? 3

# Nothing of that was a packet; a real one is seen by the same means.
implicit_packets() { pst_json counters | json 'd["inbound"]["services"].get("ftps-implicit", {}).get("packets", 0)'; }
denials() {
	pst_json events | "$PYTHON" -c '
import json, sys
print(sum(1 for e in map(json.loads, sys.stdin) if e["kind"] == "deny" and 22 in e.values()))'
}
check "no service counted it" equal "$(implicit_packets)" 0
check "no deny is in the log" equal "$(denials)" 0
check "no flow was made" none_of flows
check "a real connection" connects b $SRV4 990
check "is counted" test "$(implicit_packets)" -gt 0
check "a real one to a shut port" no_answer b $SRV4 22
check "is in the log" test "$(denials)" -gt 0

# A passive port follows its pinhole, and asking does not use it up.
check "A opens a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
for port in $PASSIVE_MIN $PASSIVE_MAX; do
	check "passive port $port is shut" equal "$(explained inbound tcp/$port --from $A4)" "deny no-pinhole $passive"
done
port=$(ask client passive)
port=${port#port }
check "A's pinhole is open to A" equal "$(explained inbound "tcp/$port" --from $A4)" "allow none $passive"
check "and to the address that A talks to" equal "$(explained inbound "tcp/$port" --from $A4 --at $SRV4)" "allow none $passive"
check "not to another address of the server" equal "$(explained inbound "tcp/$port" --from $A4 --at $ALIAS4)" "deny no-pinhole $passive"
check "nor to B" equal "$(explained inbound "tcp/$port" --from $B4)" "deny no-pinhole $passive"
check "it is open still" equal "$(pinhole_ports)" "$port"
check "A's transfer goes through it" equal "$(ask client get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"
check "then it is shut again" wait_for 5 equal_explained "deny no-pinhole $passive" inbound "tcp/$port" --from $A4
close_session client

# Another policy is judged by itself: beside what is in force, and without a trace.
cat >"$WORK/other.yaml" <<-END
	services: {ssh: {tcp: 22}}
	inbound: [{service: ssh, from: any}]
	tests:
	  - {inbound: tcp/22, from: 192.0.2.1, expect: allow}
	  - {inbound: tcp/21, from: 192.0.2.1, expect: deny}
END
pins() { find /sys/fs/bpf/postern -path "*/$INSTANCE*" | sort; }
folders() { ls /sys/fs/bpf/postern; }
pins_before=$(pins) status_before=$(stable_status)
check "its tests hold" pst test "$WORK/other.yaml"
check "its verdict is its own" pst explain inbound tcp/22 --from $B4 --expect allow "$WORK/other.yaml"
check "and not the one in force" pst explain inbound tcp/21 --from $B4 --expect deny "$WORK/other.yaml"
check "the pins are the same" equal "$(pins)" "$pins_before"
check "none belongs to no instance" equal "$(folders | grep -c '(none)')" 0
check "what is in force is the same" equal "$(stable_status)" "$status_before"
check "the one in force has its verdict" pst explain inbound tcp/21 --from $B4 --expect allow
finish
