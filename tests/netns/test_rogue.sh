# SPDX-License-Identifier: GPL-2.0-only
# Another program that listens in the passive range is not reachable, and is reported.
TEST=rogue
source "$(dirname "$0")/lib.sh"

rogues() { # EXPRESSION about an event e
	pst_json events | "$PYTHON" -c '
import json, sys
print(sum(1 for e in map(json.loads, sys.stdin) if e["kind"] == "rogue-listener" and eval(sys.argv[1])))' "$1"
}

reported() { # EXPRESSION
	test "$(rogues "$1")" -ge 1
}

world
start_vsftpd
start_helper srv early "$PYTHON" "$HELPERS/serve.py" tcp:30003
check "without postern a rogue listener is reachable" connects a $SRV4 30003
stop "$LAST_PID"
apply_usual
start_helper srv rogue "$PYTHON" "$HELPERS/serve.py" tcp:30005
rogue=$LAST_PID
check "with postern it is not" no_answer a $SRV4 30005
check "nor over IPv6" no_answer a $SRV6 30005
check "it is reported with its pid and port" wait_for 5 reported \
	"e['pid'] == $rogue and e['port'] == 30005"

# A client with a session of its own does not reach it either, and its own transfers go on.
check "A opens a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
check "a client with a session does not reach it" no_answer a $SRV4 30005
ask client passive >/dev/null
check "nor while it has a pinhole" no_answer a $SRV4 30005
check "its own transfer works" equal "$(ask client get file.bin)" "got 200000 $(sum_of "$WORK/ftp/file.bin")"
close_session client

start_helper srv local "$PYTHON" "$HELPERS/serve.py" tcp:30006@127.0.0.1
check "a listener on loopback is no rogue" equal "$(rogues "e['pid'] == $LAST_PID")" 0
start_helper srv outside "$PYTHON" "$HELPERS/serve.py" tcp:31000
check "nor is one outside the range" equal "$(rogues "e['pid'] == $LAST_PID")" 0
check "nor is the FTP server" equal "$(rogues "e.get('process') == 'vsftpd'")" 0
finish
