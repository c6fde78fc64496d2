# SPDX-License-Identifier: GPL-2.0-only
# A socket whose connection ended without anybody seeing it, and that connects again: what was remembered of the first one ends
# with it. The programs that see it are taken away meanwhile.
TEST=reconnect
source "$(dirname "$0")/lib.sh"
SOCKETS=/sys/fs/bpf/postern/$INSTANCE/sockets

used() { equal "$(pst_json status | json "d['limits']['connections']['used']")" "$1"; }

world
apply_usual "" "  - {service: dns, to: any}" "  dns: {tcp: 53-54}"
start_helper b echo "$PYTHON" "$HELPERS/serve.py" tcp:53
for family in 4 6; do
	peer=B$family
	peer=${!peer}
	open_session programs srv "$PYTHON" "$HELPERS/programs.py" "$SOCKETS/state_1" "$SOCKETS/state_2" >/dev/null ||
		die "the programs cannot be held"
	# One socket for all; the answer is what connect() says.
	open_session again srv "$PYTHON" -c '
import errno, socket, sys
sock = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET)
print("ready", flush=True)
for port in sys.stdin:
    if not port.strip().isdigit():
        break
    print(errno.errorcode.get(sock.connect_ex((sys.argv[1], int(port))), "connected"), flush=True)
print("bye", flush=True)' "$peer" >/dev/null || die "the socket is not there"

	check "IPv$family: a connection that is refused" equal "$(ask again 54)" ECONNREFUSED
	check "leaves no place" wait_for 5 used 0
	check "the programs are taken away" take_away "$SOCKETS/state_1" "$SOCKETS/state_2"
	check "one that is refused, unseen" equal "$(ask again 54)" ECONNREFUSED
	check "has its place still" used 1
	check "the programs are back" equal "$(ask programs back)" back
	check "the same socket connects" equal "$(ask again 53)" connected
	check "and has one place" used 1
	close_session again >/dev/null
	check "with it, that is free" wait_for 5 used 0
	close_session programs >/dev/null
	pst down >"$WORK/down.log" 2>&1 && pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "cannot begin anew"
done
finish
