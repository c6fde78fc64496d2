# SPDX-License-Identifier: GPL-2.0-only
# A server whose log alone is watched: its lines open pinhole after pinhole, and lines that lie open none.
TEST=log_hints
source "$(dirname "$0")/lib.sh"
TRANSFERS=${LOG_TRANSFERS:-30}
LOG=$WORK/logs/vsftpd.log
VSFTPD_MORE="xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file=$LOG"

write_log_policy() { # WAYS
	write_policy "$WORK/policy.yaml"
	printf '    %s\n' "watch: [$1]" "log: {file: $LOG, format: vsftpd}" >>"$WORK/policy.yaml"
}

# As vsftpd writes it, of a client and a port.
log_line() { # CLIENT PORT
	printf '%s [pid 7004] [ftp] FTP response: Client "%s", "229 Entering Extended Passive Mode (|||%s|)"\n' \
		"$(LC_ALL=C date '+%a %b %e %T %Y')" "$1" "$2" >>"$LOG"
}

refusals() { # REASON
	pst_json events --kind pinhole-refused | grep -c "\"reason\":\"$1\",\|\"reason\":\"$1\"}"
}
refused_more() { test "$(refusals "$1")" -gt "$2"; }
origins() { pst_json events --kind pinhole-opened | json_lines 'd["origin"]' | sort | uniq -c | tr -s ' '; }
json_lines() { "$PYTHON" -c 'import json, sys
for line in sys.stdin: d = json.loads(line); print(eval(sys.argv[1]))' "$1"; }

world
mkdir "$WORK/logs" && chmod 700 "$WORK/logs"
start_vsftpd
write_log_policy log
start srv run "$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" run "$WORK/policy.yaml"
RUN_PID=$LAST_PID
reads_log() { pgrep -P "$RUN_PID" -x postern-logs && test -e "/sys/fs/bpf/postern/$INSTANCE/current"; }
check "run reads the log" wait_for 20 reads_log
check "apply says that only run does" grep -qF "ftp vsftpd: its log is read by 'postern run' alone" \
	<(pst apply --dry-run "$WORK/policy.yaml" 2>&1)
check "a first transfer" wait_for 20 fetch a "ftp://$SRV4" file.bin

failed=0 syns=$(counter_of a TcpExtTCPSynRetrans)
for ((number = 0; number < TRANSFERS; number++)); do
	base=ftp://$SRV4
	((number % 2)) && base="ftp://[$SRV6]"
	fetch a "$base" file.bin >"$WORK/fetch.log" 2>&1 || failed=$((failed + 1))
done
check "of $TRANSFERS transfers none fails" equal $failed 0
check "their pinholes were opened by the log" equal "$(origins)" " $((TRANSFERS + 1)) log"
say "SYNs that came before their pinhole, and were sent again: $(($(counter_of a TcpExtTCPSynRetrans) - syns)) of $TRANSFERS"
say "pinholes: $(pst_json events | "$PYTHON" "$HELPERS/lateness.py")"

# Lines that lie. A's listener waits and B would take it.
stop "$RUN_PID"
check "B logs in" open_session two b "$PYTHON" -B "$HELPERS/ftps.py" $SRV4
check "A logs in" open_session one a "$PYTHON" -B "$HELPERS/ftps.py" $SRV4
line=$(ask one passive)
port=${line#port }
check "while nobody reads the log nothing opens" equal "$(pinhole_ports)" ""
start srv again "$POSTERN" --instance "$INSTANCE" --netns "$ID-srv" run "$WORK/policy.yaml"
RUN_PID=$LAST_PID
check "run reads the log again, from its end" wait_for 20 reads_log
before=$(refusals holder)
log_line $B4 "$port"
check "a line that gives A's port to B is refused: another process holds it" wait_for 10 refused_more holder "$before"
before=$(refusals session)
log_line 10.99.0.77 "$port"
check "to somebody without a session: refused" wait_for 10 refused_more session "$before"
before=$(refusals listener)
log_line $A4 $((port == PASSIVE_MAX ? PASSIVE_MIN : PASSIVE_MAX))
check "a port where nobody listens: refused" wait_for 10 refused_more listener "$before"
log_line $A4 22
log_line $A4 990
check "nothing is open" equal "$(pinhole_ports)" ""
log_line $A4 "$port"
is_open() { equal "$(pinhole_ports)" "$port"; }
check "the true line opens A's port" wait_for 10 is_open
check "B gets no answer there" no_answer b $SRV4 "$port"
check "A's transfer" got "$(ask one get file.bin)"
close_session one
close_session two
check "no session is left" wait_for 10 none_of sessions
check "no pinhole is left" none_of pinholes
stop "$RUN_PID"
finish
