# SPDX-License-Identifier: GPL-2.0-only
# A server with all its clients in one process, under TLS: its replies are read as it hands them to its TLS library.
TEST=tls
source "$(dirname "$0")/lib.sh"

apply_watch() { # [WAYS]: without, by default
	write_policy "$WORK/policy.yaml"
	[[ -z ${1:-} ]] || echo "    watch: [$1]" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

start_server() { # PYFTPD-OPTION...
	start_helper srv "pyftpd$#" "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX --tls "$WORK/both.pem" "$@"
	SERVER=$LAST_PID
}

login() { # NAME HOST ADDRESS
	open_session "$1" "$2" "$PYTHON" -B "$HELPERS/ftps.py" "$3"
}

entries() { bpftool -j map dump pinned "/sys/fs/bpf/postern/$INSTANCE/$1" | json 'len(d)'; }

# The events of libraries that were not watched, a line each.
stale_events() {
	pst_json events --kind tls-stale | "$PYTHON" -c '
import json, sys
for event in map(json.loads, sys.stdin):
    print(event["library"], event["state"], event["process"], event["pid"])'
}
are_stale() { equal "$(stale_events)" "$(printf '%s\n' "$@")"; } # LINE...

AS=() # what makes a process somebody else's

# Another process with a socket at that port, which has mapped the file as one does a library.
map_library() { # NAME ADDRESS PORT FILE
	start_helper srv "$1" "${AS[@]}" "$PYTHON" -c '
import mmap, socket, sys, time
held = socket.create_server((sys.argv[1], int(sys.argv[2])))
file = open(sys.argv[3], "rb")
mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC)
print("ready", flush=True)
time.sleep(1000)' "$2" "$3" "$4"
}

none_known() { equal "$(entries tls_objects)" 0; }

of_tls() { equal "$(pst_json status | json "d['tls']['$1']")" "$2"; } # FIELD VALUE

# The processes of our hosts that have mapped the file.
users_of() { # FILE
	local host pid
	for host in srv a b; do
		for pid in $(ip netns pids "$ID-$host"); do ! grep -qs "$1" "/proc/$pid/maps" || echo "$pid"; done
	done
}

# Those of the processes that stop at SSL_write.
stop_there() { "$PYTHON" "$HELPERS/stops.py" "$LIBRARY" SSL_write "$@"; } # PID...

# A library as map_library() maps one, in a process that has control connections of both clients: it serves several.
serve_both() { # NAME ADDRESS PORT FILE
	start_helper srv "$1" "$PYTHON" -c '
import mmap, socket, sys, time
held = socket.create_server((sys.argv[1], int(sys.argv[2])))
file = open(sys.argv[3], "rb")
mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC)
print("ready", flush=True)
clients = [held.accept() for _ in range(2)]
print("both", flush=True)
time.sleep(1000)' "$2" "$3" "$4"
	local pid=$LAST_PID host
	for host in a b; do
		start $host "$1-$host" "$PYTHON" -c '
import socket, sys, time
held = socket.create_connection((sys.argv[1], int(sys.argv[2])))
time.sleep(1000)' "$2" "$3"
	done
	LAST_PID=$pid
	wait_for 10 grep -q both "$WORK/$1.log" || die "$1 has not both clients: $(cat "$WORK/$1.log")"
}

if ! tells_sends; then
	skip "replies inside TLS" "the kernel has no tracepoint sock_send_length"
	exit 0
fi
world
make_files || die "cannot make the files"
cat "$WORK/key.pem" "$WORK/cert.pem" >"$WORK/both.pem"
LIBRARY=$(realpath "$(ldconfig -p | awk '$1 == "libssl.so.3" { print $NF; exit }')")
start_server
apply_watch
check_not "nothing is said against it" grep "warning: watch: tls" "$WORK/apply.log"
check "it is the default" grep -q "socket,reply,tls" <(pst show)

check "A logs in" login one a $SRV4
check "B logs in" login two b $SRV4
mapfile -t users < <(users_of "$LIBRARY")
check "the clients use the same library" test ${#users[@]} -ge 3
check "the server stops at its library's writes, no other program does" equal "$(stop_there "${users[@]}")" "$SERVER"
for verb in epsv pasv; do
	port_a=$(port_of one $verb) port_b=$(port_of two $verb)
	check "$verb: A's port is A's, by the reply inside TLS" open_for $A4 "$port_a" tls
	check "B's is B's" open_for $B4 "$port_b" tls
	check "B gets no answer at A's" no_answer b $SRV4 "$port_a"
	check "nor A at B's" no_answer a $SRV4 "$port_b"
	check "A's transfer" got "$(ask one get file.bin)"
	check "B's transfer" got "$(ask two get file.bin)"
done
check "no pinhole is left" wait_for 5 none_open

# Text that looks like a reply. B's listener waits, A would take it.
port_b=$(port_of two epsv)
lie() { # WHAT TEXT
	check "$1: answered" equal "$(ask one send "SITE SAY $2")" sent
	ask one reply >"$WORK/lie"
	check "$1: opens nothing for A" none_for_a
}
lie "a line of several" "211-Status~229 x (|||$PASSIVE_MIN|)~211 End"
lie "the first line of several" "229-x (|||$PASSIVE_MIN|)~229 End"
lie "the text of an error" "500 229 x (|||$PASSIVE_MIN|)"
lie "a port below 1024" "227 x (10,99,0,1,3,255)"
lie "an octet above 255" "227 x (10,99,0,1,117,999)"
lie "B's port" "229 x (|||$port_b|)"
check "B's port is still B's" open_for $B4 "$port_b" tls
check "B's transfer works" got "$(ask two get file.bin)"

# A file whose text is a reply leaves by the same library.
port_b=$(port_of two epsv)
printf '229 x (|||%s|)\r\n' "$PASSIVE_MIN" >"$WORK/ftp/reply.txt"
port_a=$(port_of one epsv)
check "a file with a reply in it" ask one get reply.txt
check "opens nothing for A" none_for_a
check "B's is untouched" got "$(ask two get file.bin)"

check "as many objects as sessions" equal "$(entries tls_objects)" 2
check "no thread is left in a write" equal "$(entries tls_writes)" 0
close_session one
close_session two
check "objects go with their sessions" wait_for 5 none_known

# A server that starts after the policy, and nobody has looked since.
stop "$SERVER"
start_server --banner again
check "a new server: status says that it is not watched" of_tls unwatched 1
check "which is no warning while it has no client" of_tls stale False
check "a new server: A" login one a $SRV6
check "and B" login two b $SRV4
check "it is, as it has several" of_tls stale True
check "in words" grep -q "stale: process $SERVER serves several clients and uses libssl.so.3" <(pst status)
port_a=$(port_of one epsv)
check "A's port opens for nobody" none_open
check "status says that it waits" grep -q "1 listeners wait for a reply" <(pst status)
apply_watch
check "apply looks again" of_tls stale False
check "and says so, though nothing else has changed" grep -q "TLS librar.* of server processes .* watched from now on" "$WORK/apply.log"
check "both are known from their next replies" equal "$(ask one send NOOP) $(ask one reply) $(ask two send NOOP) $(ask two reply)" \
	"sent 200 I successfully did nothing'. sent 200 I successfully did nothing'."
check "the old server is forgotten" equal "$(compgen -G "/sys/fs/bpf/postern/$INSTANCE/tls/*/SSL_write" | wc -l)" 1
port_a=$(port_of one epsv)
check "A's port is A's" open_for $A6 "$port_a" tls
check "B gets no answer there" no_answer b $SRV6 "$port_a"
check "A's transfer" got "$(ask one get file.bin)"
close_session one
close_session two
stop "$SERVER"

# postern run looks itself.
start srv run "$POSTERN" --instance "$INSTANCE" run "$WORK/policy.yaml"
RUN=$LAST_PID
run_said() { # PATTERN: in its last words about libraries
	tail -n 3 "$WORK/run.log"
	tail -n 1 <(grep "watch: tls:" "$WORK/run.log") | grep "$1"
}
run_watches() { run_said "tls: [1-9][0-9]* TLS librar.* watched"; }
watches_none() { run_said "tls: 0 TLS libraries"; }
start_server
check "postern run watches a server that starts" wait_for 10 run_watches
check "as status says" of_tls unwatched 0
stop "$SERVER"
check "and no longer once it has ended" wait_for 20 watches_none
mkdir "$WORK/lib" && cp "$LIBRARY" "$WORK/lib/libssl.so.3" || die "cannot copy the library"
LD_LIBRARY_PATH=$WORK/lib start_server --banner upgraded --files 1
check "and one whose library was replaced" wait_for 10 run_watches
check "none of that is an event" are_stale

# It cannot look, or has too few files to watch: an event for each library, however often it looks.
kill -STOP "$RUN"
serve_both second $ALIAS4 21 "$WORK/lib/libssl.so.3"
second=$LAST_PID
kill -CONT "$RUN"
late="libssl.so.3 watched python3 $second"
check "one that served several clients until it looked: an event" wait_for 10 are_stale "$late"
free_files() { comm -23 <(seq 0 1023 | sort) <(printf '%s\n' "/proc/$RUN/fd/"* | sed 's|.*/||' | sort) | sort -n; } # numbers
prlimit --pid "$RUN" --nofile="$(free_files | sed -n 6p)": || die "cannot limit the files of postern run"
serve_both third $ALIAS4 990 "$WORK/lib/libssl.so.3"
third=$LAST_PID
failed="libssl.so.3 unwatched python3 $third"
check "one that it has too few files to watch: an event" wait_for 10 are_stale "$late" "$failed"
check "status says so, too" of_tls stale True
prlimit --pid "$RUN" --nofile=1024: || die "cannot give postern run its files back"
check "it watches them once it can" wait_for 10 of_tls unwatched 0
check "and says so" wait_for 10 run_watches
check "without another event" are_stale "$late" "$failed"
run_told() { equal "$(grep -c " tls-stale a server of several clients uses libssl.so.3, which " "$WORK/run.log")" "$1"; }
check "its own output has the same" wait_for 5 run_told 2
stop "$second"
stop "$third"
stop "$RUN"
check "A logs in" login one a $SRV4
check "and B" login two b $SRV4
port_a=$(port_of one pasv)
check "A's port is A's" open_for $A4 "$port_a" tls
check "B gets no answer there" no_answer b $SRV4 "$port_a"
check "A's transfer" got "$(ask one get file.bin)"

apply_watch socket,reply
check "without tls nothing is watched" test ! -e "/sys/fs/bpf/postern/$INSTANCE/tls"
port_a=$(port_of one epsv)
check "and nothing opens" none_open

# Behind a redirect, no socket has the port of the control service.
close_session one
close_session two
stop "$SERVER"
write_policy "$WORK/policy.yaml"
printf '    %s\n' "watch: [socket, tls]" "sockets: [921]" >>"$WORK/policy.yaml"
pst down >"$WORK/down.log" 2>&1 || die "down failed"
on srv nft "add table ip $ID; add chain ip $ID prerouting { type nat hook prerouting priority dstnat; }; add rule ip $ID prerouting tcp dport 21 redirect to :921" ||
	die "cannot redirect"
echo "no library" >"$WORK/libssl.so.3"
map_library no-library $ALIAS4 921 "$WORK/libssl.so.3"
start_server --port 921
check "behind a redirect" pst apply "$WORK/policy.yaml"
check "the libraries are found" test "$(status_field '["tls"]["watched"]')" -ge 1
check "A logs in" login one a $SRV4
check "and B" login two b $SRV4
port=$(port_of one epsv)
check "A's port is A's" open_for $A4 "$port" tls
check "A's transfer" got "$(ask one get file.bin)"
close_session one
close_session two
stop "$SERVER"

# Others than the owner are not looked at: they can hold what they like.
start_server
on srv sysctl -qw net.ipv4.ip_unprivileged_port_start=0 || die "cannot let everybody listen"
chmod 755 "$WORK" "$WORK/lib" || die "cannot let everybody read"
map_library_as() { # USER NAME ADDRESS PORT FILE
	AS=(setpriv --reuid="$1" --regid=nogroup --clear-groups)
	map_library "${@:2}"
	AS=()
}
map_library_as nobody stranger $ALIAS4 21 "$WORK/lib/libssl.so.3"
stranger=$LAST_PID
pst down >"$WORK/down.log" 2>&1 || die "down failed"
on srv nft delete table ip "$ID" || die "cannot end the redirect"
write_policy "$WORK/policy.yaml"
cp "$WORK/policy.yaml" "$WORK/anybody.yaml"
echo "    owner: {user: root}" >>"$WORK/policy.yaml"
watched_pids() { ls "/sys/fs/bpf/postern/$INSTANCE/tls" | sed -n 's/^\([0-9]*\)_.*/\1/p' | sort -n | paste -sd' '; }
check "with an owner" pst apply "$WORK/policy.yaml"
check "its processes alone are watched" equal "$(watched_pids)" "$SERVER"
check "without" pst apply "$WORK/anybody.yaml"
check "every one that listens there" equal "$(watched_pids)" "$(printf '%s\n' "$SERVER" "$stranger" | sort -n | paste -sd' ')"

# A change of the policy that goes back takes nothing away.
echo "    watch: [socket]" >>"$WORK/anybody.yaml"
check "a change without tls, unconfirmed" pst apply "$WORK/anybody.yaml" --confirm $((2 * SLOW))
check "goes back" wait_for 10 change_is none
check "and what was watched still is" of_tls unwatched 0

# What is not worth looking into, and what an attempt that was killed has left.
stop "$stranger"
truncate -s 1G "$WORK/libssl.so.huge"
map_library_as nobody huge $ALIAS4 21 "$WORK/libssl.so.huge"
mkdir "/sys/fs/bpf/postern/$INSTANCE/tls/making" || die "cannot leave a folder behind"
apply_watch socket,tls
check "a huge library is not read" grep -q "cannot watch /proc/.*: it is too large" "$WORK/apply.log"
check "a use that was not finished is removed" test ! -e "/sys/fs/bpf/postern/$INSTANCE/tls/making"
stop "$LAST_PID"
stop "$SERVER"

# A server with a process for each session: it holds no two clients, but its listener may, for all that is known.
start_vsftpd
apply_watch
check "a process for each session: what listens is watched" equal "$(compgen -G "/sys/fs/bpf/postern/$INSTANCE/tls/*/SSL_write" | wc -l)" 2
check "A logs in" login one a $SRV4
check "and B" login two b $SRV4
port_a=$(port_of one epsv)
check "A's port is A's, by its process" open_for $A4 "$port_a" socket
ask one get file.bin >"$WORK/answer"
children_of() { pgrep -P "$(IFS=,; echo "$*")"; } # PID...
mapfile -t listeners < <(pgrep -f "^vsftpd $WORK/" -P $$)
mapfile -t sessions < <(children_of "${listeners[@]}")
# Each session has some processes, of which not all need write: what has written stops no more.
writes_freely() { # PID
	local tree
	mapfile -t tree < <(echo "$1" && children_of "$1")
	test ${#tree[@]} -ge 2 -a "$(stop_there "${tree[@]}" | wc -w)" -lt ${#tree[@]}
}
check "which has processes of its own for two sessions" test ${#sessions[@]} -eq 2
for session in "${sessions[@]}"; do check "what has written there stops no more" writes_freely "$session"; done
check "and no program was run for them" equal "$(entries tls_objects) $(entries tls_others)" "0 0"
finish
