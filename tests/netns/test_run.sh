# SPDX-License-Identifier: GPL-2.0-only
# `run`: a daemon that reports, reloads and reads logs, and that nothing in force depends on.
TEST=run
source "$(dirname "$0")/lib.sh"
LOG=$WORK/logs/vsftpd.log

# Everything that a service of the shipped unit may do: less must not be needed.
BOUNDING=$(sed -n 's/^CapabilityBoundingSet=//p' "$NETNS_DIR/../../user/share/postern.service" | tr 'A-Z' 'a-z' |
	sed 's/cap_//g; s/^/-all,+/; s/ /,+/g')

write_run_policy() { # [LINE...] of the FTP server
	write_policy "$WORK/policy.yaml"
	printf '    %s\n' "$@" >>"$WORK/policy.yaml"
}

start_run() { # NAME ARGUMENT...
	local name=$1
	shift
	NOTIFY_SOCKET=$WORK/notify WATCHDOG_USEC=3000000 start srv "$name" setpriv --bounding-set "$BOUNDING" \
		--no-new-privs "$POSTERN" --instance "$INSTANCE" "$@" run "$WORK/policy.yaml"
	RUN_PID=$LAST_PID
}

told() { grep -qF -- "$1" "$WORK/notify.log"; }        # TEXT
said() { grep -qE -- "$2" "$WORK/$1.log"; }            # NAME PATTERN
n_told() { grep -cF -- "$1" "$WORK/notify.log"; }      # TEXT
told_times() { equal "$(n_told "$1")" "$2"; }          # TEXT TIMES
is_gone() { ! kill -0 "$1" 2>/dev/null; }              # PID
reader_of() { pgrep -P "$1" -x postern-logs; }         # PID
capabilities_of() { sed -n "s/^$2:\t//p" "/proc/$1/status"; }
log_line() { # USER CLIENT PORT
	printf 'Fri Nov 27 12:04:58 2026 [pid 1] [%s] FTP response: Client "%s", "229 Entering Extended Passive Mode (|||%s|)"\n' "$@"
}

world
start_vsftpd
mkdir "$WORK/logs" && chmod 700 "$WORK/logs"
start_helper srv notify "$PYTHON" "$HELPERS/notify.py" "$WORK/notify"

# ---- without a log: starts, reports, ends ----

write_run_policy
start_run plain
check "it says when it is ready" wait_for 30 told READY=1
check "the policy is in force" status_field '["policy"]'
check "it says that it was applied" wait_for 5 said plain ' applied '
check_not "with no more capabilities than the unit grants" equal "$(capabilities_of "$RUN_PID" CapBnd)" "$(capabilities_of self CapBnd)"
check_not "another one does not start beside it" pst run "$WORK/policy.yaml"
check "and says why" grep -q "another 'postern run' of instance '$INSTANCE' is there" <(pst run "$WORK/policy.yaml" 2>&1)
check "no reader of logs runs" test -z "$(reader_of "$RUN_PID")"
check "a transfer works" fetch_explicit
check "its pinhole is reported" wait_for 5 said plain "pinhole-opened ${A4}[: ].* by socket"
check "and its use" wait_for 5 said plain "pinhole-used ${A4}[: ]"
no_answer b $SRV4 2222 >/dev/null 2>&1
check "what is denied is reported" wait_for 5 said plain "deny inbound tcp $B4.*:2222 on eth0: port"
check "it gives signs of life" wait_for 5 told WATCHDOG=1
pst events --kind applied >"$WORK/events.log"
check "others see the same events" grep -q applied "$WORK/events.log"
kill -TERM "$RUN_PID"
wait "$RUN_PID"
check "SIGTERM ends it" equal $? 0
check "it says that it stops" wait_for 5 told STOPPING=1
check "what is in force stays" fetch_explicit
check "nothing of ours runs" none_runs

# ---- a log that comes later, is rotated, and holds more than its server wrote ----

write_run_policy 'watch: [socket, log]' "log: {file: $LOG, format: vsftpd}"
: >"$WORK/notify.log"
start_run logs --json
check "it is ready without the log" wait_for 30 told READY=1
check "it says that the log is missing" wait_for 5 said logs "log ${LOG}: No such file"
reader=$(reader_of "$RUN_PID")
check "a process reads the log" test -n "$reader"
check "as nobody" equal "$(capabilities_of "$reader" Uid)" "65534	65534	65534	65534"
check "with one capability, to read files" equal "$(capabilities_of "$reader" CapEff) $(capabilities_of "$reader" CapPrm)" \
	"0000000000000004 0000000000000004"
check "and no way to others" equal "$(capabilities_of "$reader" CapBnd) $(capabilities_of "$reader" CapAmb) $(capabilities_of "$reader" NoNewPrivs)" \
	"0000000000000000 0000000000000000 1"
holds_ours() { readlink "/proc/$reader/fd/"* | grep -E 'bpf|signalfd'; }
check_not "it holds no map, no program, no signals" holds_ours
check_not "it has no network" equal "$(readlink "/proc/$reader/ns/net")" "$(readlink "/proc/$RUN_PID/ns/net")"
check "events are objects" wait_for 5 said logs '^\{"time":"[^"]*","kind":"applied"'

log_line ftp $A4 $PASSIVE_MIN >"$LOG"
chmod 600 "$LOG"
check "the log is read once it is there" wait_for 5 told "1 of 1 logs read, 1 hints"
mv "$LOG" "$LOG.1"
log_line ftp $A4 $PASSIVE_MIN >>"$LOG.1"
check "after a rename the old file is still read" wait_for 5 told "1 of 1 logs read, 2 hints"
log_line ftp ::ffff:$A4 $PASSIVE_MIN >>"$LOG"
check "and the new one" wait_for 5 told "1 of 1 logs read, 3 hints"
: >"$LOG"
log_line ftp $A6 $PASSIVE_MIN >>"$LOG"
check "so is one that was truncated" wait_for 5 told "1 of 1 logs read, 4 hints"
log_line "$(printf 'a] FTP response: Client "%s", "229 Entering Extended Passive Mode (|||%s|)"' $B4 $PASSIVE_MIN)" $A4 $PASSIVE_MIN >>"$LOG"
head -c 5000 /dev/zero >>"$LOG"
echo >>"$LOG"
log_line ftp $A4 $PASSIVE_MIN >>"$LOG"
check "a forged line is no hint, a long one none either" wait_for 5 told "1 of 1 logs read, 5 hints"
check "long lines are told of" wait_for 65 said logs "1 lines were too long"
check "no hint opened anything" none_of pinholes
check_not "none that claims to have" told "[1-9] pinholes opened"
chmod 666 "$LOG"
log_line ftp $B4 $PASSIVE_MIN >>"$LOG"
check "what everybody may write is not believed" wait_for 5 said logs "everybody may write to it"
chmod 600 "$LOG"
check "until it is mended" wait_for 5 said logs "log ${LOG}: is read"


# 444 is landlock_create_ruleset: what version there is.
if "$PYTHON" -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'; then
	log_line ftp $B4 $PASSIVE_MIN >"$WORK/elsewhere"
	mv "$LOG" "$LOG.2"
	ln -s "$WORK/elsewhere" "$LOG"
	check "no file outside of the log's folder can be read" wait_for 5 said logs "log ${LOG}: Permission denied"
	rm "$LOG"
	mv "$LOG.2" "$LOG"
else
	skip "no file outside of the log's folder can be read" "this kernel has no Landlock"
fi
kill -KILL "$reader"
has_another_reader() {
	local other
	other=$(reader_of "$RUN_PID")
	[[ -n $other && $other != "$reader" ]]
}
check "the reader is started again when it dies" wait_for 10 has_another_reader
check "which is said" said logs "reader of logs has ended: it is started again"
check "a transfer still works" fetch_explicit

# ---- SIGHUP ----

write_run_policy 'ttl: 7s' 'watch: [socket, log]' "log: {file: $LOG, format: vsftpd}"
sed -i '/ttl: .*30/d' "$WORK/policy.yaml"
generation=$(readlink "/sys/fs/bpf/postern/$INSTANCE/current")
reader=$(reader_of "$RUN_PID")
: >"$WORK/notify.log"
kill -HUP "$RUN_PID"
check "SIGHUP reloads" wait_for 30 told "RELOADING=1 | MONOTONIC_USEC="
check "it is ready again" wait_for 30 told READY=1
check_not "another policy is in force" equal "$(readlink "/sys/fs/bpf/postern/$INSTANCE/current")" "$generation"
shows_ttl() { pst show | grep -q ' 7s '; }
check "the changed one" shows_ttl
check "the same process goes on reading the log" equal "$(reader_of "$RUN_PID")" "$reader"

generation=$(readlink "/sys/fs/bpf/postern/$INSTANCE/current")
cp "$WORK/policy.yaml" "$WORK/right.yaml"
echo 'nonsense: 1' >>"$WORK/policy.yaml"
: >"$WORK/notify.log"
kill -HUP "$RUN_PID"
check "a wrong policy is told" wait_for 30 said logs "policy.yaml:[0-9]+:1: error: unknown key 'nonsense'"
check "it goes on" wait_for 30 told READY=1
check "with the old one" equal "$(readlink "/sys/fs/bpf/postern/$INSTANCE/current")" "$generation"
cp "$WORK/right.yaml" "$WORK/policy.yaml"

# Somebody else applies another policy: its logs are followed.
write_run_policy
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1
has_no_reader() { [[ -z $(reader_of "$RUN_PID") ]]; }
check "a policy that another process applies is taken over" wait_for 5 has_no_reader
cp "$WORK/right.yaml" "$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1
check "and again" wait_for 5 reader_of "$RUN_PID"

# ---- the real server's own log ----

kill -TERM "$RUN_PID"
wait "$RUN_PID"
write_vsftpd_conf logged 2121 NO
printf '%s\n' log_ftp_protocol=YES xferlog_enable=YES "vsftpd_log_file=$WORK/logs/real.log" >>"$WORK/logged.conf"
start srv vsftpd-logged vsftpd "$WORK/logged.conf"
wait_for 10 listens srv 2121 || die "vsftpd does not listen on 2121"
write_run_policy 'watch: [socket, log]' "log: {file: $WORK/logs/real.log, format: vsftpd}"
: >"$WORK/notify.log"
start_run real
check "it is ready for the server's own log" wait_for 30 told READY=1
fetch_logged() { on srv curl -sS --max-time $((15 * SLOW)) --ssl-reqd --insecure "$@" -o "$WORK/got/srv.bin" "ftp://127.0.0.1:2121/small.bin"; }
check "a transfer" fetch_logged
check "its reply is a hint" wait_for 5 told "1 of 1 logs read, 1 hints"
forged="a] FTP response: Client \"$B4\", \"229 Entering Extended Passive Mode (|||$PASSIVE_MIN|)"
on srv bash -c 'exec 3<>/dev/tcp/127.0.0.1/2121 && printf "USER %s\r\nQUIT\r\n" "$1" >&3 && cat <&3' _ "$forged" >/dev/null 2>&1
check "a user name that looks like a reply is in the log" grep -qF "[$forged] FTP response: Client" "$WORK/logs/real.log"
check "a transfer with PASV" fetch_logged --disable-epsv
check "is the second hint, and nothing else is one" wait_for 5 told "1 of 1 logs read, 2 hints"

# ---- the journal as a log, on a host that has none ----

write_run_policy 'watch: [socket, log]' 'log: {journal: vsftpd.service, format: vsftpd}'
kill -HUP "$RUN_PID"
if compgen -G '/run/log/journal/*/*' >/dev/null || compgen -G '/var/log/journal/*/*' >/dev/null; then
	check "the journal is read" wait_for 30 told "1 of 1 logs read, 2 hints"
else
	check "that there is no journal is said" wait_for 30 said real "log vsftpd.service: this host has no systemd journal"
fi

# ---- kill -9 ----

check "a session" open_session client a "$PYTHON" "$HELPERS/ftps.py" $SRV4
reader=$(reader_of "$RUN_PID")
kill -KILL "$RUN_PID"
wait "$RUN_PID" 2>/dev/null
check "after kill -9 the reader ends too" wait_for 5 is_gone "$reader"
check "nothing of ours runs any more" none_runs
ask client passive >/dev/null
check "the session's pinhole opens" equal "$(count_of pinholes)" 1
close_session client
check "and closes" wait_for 5 none_of pinholes
check "transfers work" fetch_explicit
check "the passive range stays shut" no_answer b $SRV4 $PASSIVE_MIN

# ---- the systemd journal, played by a helper ----

if [[ -d /run/systemd ]]; then
	: >"$WORK/notify.log"
	NOTIFY_SOCKET=$WORK/notify start srv journal unshare -m --propagation private "$PYTHON" "$HELPERS/journal.py" \
		"$POSTERN" --instance "$INSTANCE" run "$WORK/policy.yaml"
	check "it starts beside a journal" wait_for 30 told READY=1
	check "a transfer" fetch_explicit
	check "an event has fields there" wait_for 5 said journal \
		"^journal: MESSAGE=pinhole-opened ${A4}[: ].* \| PRIORITY=6 \| POSTERN_INSTANCE=$INSTANCE \| SYSLOG_IDENTIFIER=postern \| POSTERN_KIND=pinhole-opened \| POSTERN_CLIENT=$A4 "
	kill -TERM $(pgrep -P "$LAST_PID" -x postern)
	wait "$LAST_PID"
else
	skip "an event has fields in the journal" "there is no /run/systemd"
fi

# ---- what cannot start, and down ----

echo 'nonsense: 1' >>"$WORK/policy.yaml"
pst run "$WORK/policy.yaml" >"$WORK/wrong.log" 2>&1
check "a wrong policy ends it at once" equal $? 2
cp "$WORK/right.yaml" "$WORK/policy.yaml"
: >"$WORK/notify.log"
start_run last
check "it starts over what is in force" wait_for 30 told READY=1
pst down >"$WORK/down.log" 2>&1
wait "$RUN_PID"
check "it ends when the instance is taken down" equal $? 0
check "which it reports" said last ' down$'

# ---- SIGHUP while it starts ----

begun() { compgen -G "/sys/fs/bpf/postern/$INSTANCE/*"; }
: >"$WORK/notify.log"
start_run early
check "it has begun its first apply" wait_for 10 begun
kill -HUP "$RUN_PID"
check "a SIGHUP then does not end it" wait_for 30 told READY=1
check "and is not forgotten" wait_for 10 told RELOADING=1
kill -TERM "$RUN_PID"
wait "$RUN_PID"
check "SIGTERM does" equal $? 0
finish
