# SPDX-License-Identifier: GPL-2.0-only
# Each of the two programs that are told of the same does all of it where the other one is skipped: taken away here.
TEST=twins
source "$(dirname "$0")/lib.sh"
SOCKETS=/sys/fs/bpf/postern/$INSTANCE/sockets
PORT=40000 # that a connection is opened from

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
is() { equal "$(pinholes "$1")" "$2"; } # FIELD N
connections() { pst_json status | json "d['limits']['connections']['used']"; }
none_used() { equal "$(connections)" 0; }
attempt_is_named() { # PORT
	pst_json events --kind deny | "$PYTHON" -c '
import json, sys
sys.exit(not any(e.get("peer_port") == int(sys.argv[1]) and e.get("process") for e in map(json.loads, sys.stdin)))' "$1"
}

# All that sockets tell.
all_is_seen() { # PORT that nothing may go to
	local port before
	before=$(pinholes used)
	check "A logs in" open_session one a "$PYTHON" -B "$HELPERS/ftps.py" --clear $SRV4
	port=$(port_of one epsv)
	check "A's port is open for A" open_for $A4 "$port" socket
	check "A's download" got "$(ask one get file.bin)"
	check "counts as the pinhole's" equal "$(pinholes used)" $((before + 1))
	check "its listener is closed" wait_for 5 none_open
	close_session one >/dev/null
	check "its session is over" wait_for 5 none_of sessions
	check "a connection of the server's" equal "$(ask out open one $B4 53 $PORT)" $PORT
	check "has its place" equal "$(connections)" 1
	check "works" equal "$(ask out talk one)" same
	check "and ends" equal "$(ask out ended one)" ended
	check "with it, its place is free" wait_for 5 none_used
	on srv "$PYTHON" -c 'import socket, sys
socket.socket().connect_ex((sys.argv[1], int(sys.argv[2])))' $B4 "$1" &
	PIDS+=($!)
	check "the process is named whose attempt is denied" wait_for 5 attempt_is_named "$1"
}

# Closes, where one program alone is told of each. It may be skipped, too, but not often.
closes_are_seen() {
	local number
	for number in 1 2 3 4 5; do
		check "connection $number of the server's" equal "$(ask out open "$number" $B4 53 $((PORT + number)))" $((PORT + number))
		check "works" equal "$(ask out talk "$number")" same
		check "ends" equal "$(ask out ended "$number")" ended
	done
	check "places are free again" wait_for 5 at_most_one
}
at_most_one() { test "$(connections)" -le 1; }

world
make_files || die "cannot make the files"
write_policy "$WORK/policy.yaml" "" "  - {service: dns, to: any}" "  dns: {tcp: 53}"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:53
open_session out srv "$PYTHON" "$HELPERS/outward.py" >/dev/null || die "the helper did not start"
attempted=5000
for missing in "" state_1 state_2 "state_1 destroy_1" "state_2 destroy_2"; do
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
	say "without: ${missing:-none}"
	for program in $missing; do take_away "$SOCKETS/$program" || die "cannot take $program away"; done
	all_is_seen $((++attempted))
	[[ $missing ]] || check "nothing was made up for" is repaired 0
	pst down >"$WORK/down.log" 2>&1 || die "down failed: $(cat "$WORK/down.log")"
done
for only in state_1 state_2 destroy_1 destroy_2; do
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
	say "closes: only $only"
	for program in state_1 state_2 destroy_1 destroy_2; do
		[[ $program == "$only" ]] || take_away "$SOCKETS/$program" || die "cannot take $program away"
	done
	closes_are_seen
	pst down >"$WORK/down.log" 2>&1 || die "down failed: $(cat "$WORK/down.log")"
done
finish
