# SPDX-License-Identifier: GPL-2.0-only
# A server with all its clients in one process, under TLS: its replies are read as it hands them to its TLS library.
TEST=tls
source "$(dirname "$0")/lib.sh"

apply_watch() { # WAYS
	write_policy "$WORK/policy.yaml"
	echo "    watch: [$1]" >>"$WORK/policy.yaml"
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

# Another process with a socket at that port, which has mapped the file as one does a library.
map_library() { # NAME ADDRESS PORT FILE
	start_helper srv "$1" "$PYTHON" -c '
import mmap, socket, sys, time
held = socket.create_server((sys.argv[1], int(sys.argv[2])))
file = open(sys.argv[3], "rb")
mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC)
print("ready", flush=True)
time.sleep(1000)' "$2" "$3" "$4"
}

none_known() { equal "$(entries tls_objects)" 0; }

if ! tells_sends; then
	skip "replies inside TLS" "the kernel has no tracepoint sock_send_length"
	exit 0
fi
world
make_files || die "cannot make the files"
cat "$WORK/key.pem" "$WORK/cert.pem" >"$WORK/both.pem"
start_server
apply_watch socket,reply,tls
check_not "nothing is said against it" grep "warning: watch: tls" "$WORK/apply.log"

check "A logs in" login one a $SRV4
check "B logs in" login two b $SRV4
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

# A server that starts after the policy, with the same library.
stop "$SERVER"
start_server --banner again
check "a new server: A" login one a $SRV6
check "and B" login two b $SRV4
port_a=$(port_of one epsv)
check "A's port is A's" open_for $A6 "$port_a" tls
check "B gets no answer there" no_answer b $SRV6 "$port_a"
check "A's transfer" got "$(ask one get file.bin)"

close_session one
close_session two
stop "$SERVER"

# A library that is replaced: another file of the same name.
library=$(ldconfig -p | awk '$1 == "libssl.so.3" { print $NF; exit }')
mkdir "$WORK/lib"
cp "$library" "$WORK/lib/"
LD_LIBRARY_PATH=$WORK/lib start_server --banner upgraded --files 1
of_tls() { equal "$(pst_json status | json "d['tls']['$1']")" "$2"; }
check "another library: status says that it is not watched" of_tls unwatched 1
check "in words" grep -q "stale: a server uses libssl.so.3" <(pst status)
start srv run "$POSTERN" --instance "$INSTANCE" run "$WORK/policy.yaml"
RUN=$LAST_PID
check "postern run watches it" wait_for 10 of_tls unwatched 0
run_watches() { tail -n 1 <(grep "watch: tls:" "$WORK/run.log") | grep -q "files with a TLS library are watched"; }
check "and looks at what is in use" wait_for 10 run_watches
check "what was found before it stayed is no event" are_stale

# Replaced while it stays: an event for each file, however often it is looked at. Other files show that it was.
copy_library() { mkdir "$WORK/$1" && cp "$library" "$WORK/$1/"; } # FOLDER
free_files() { comm -23 <(seq 0 1023 | sort) <(printf '%s\n' "/proc/$RUN/fd/"* | sed 's|.*/||' | sort) | sort -n; } # numbers
stop "$SERVER"
check "no server runs for a while" wait_for 10 grep -q "tls: 0 files with a TLS library are watched" "$WORK/run.log"
copy_library second
LD_LIBRARY_PATH=$WORK/second start_server --banner second --files 1
upgraded="libssl.so.3 watched python3 $SERVER"
check "a library is replaced while postern run stays: an event" wait_for 10 are_stale "$upgraded"
prlimit --pid "$RUN" --nofile="$(free_files | sed -n 6p)": || die "cannot limit the files of postern run"
copy_library third
map_library third $ALIAS4 21 "$WORK/third/libssl.so.3"
third=$LAST_PID
failed="libssl.so.3 unwatched python3 $third"
check "one that it has too few files to watch: an event" wait_for 10 are_stale "$upgraded" "$failed"
check "status says so, too" of_tls unwatched 1
copy_library fourth
map_library fourth $ALIAS4 990 "$WORK/fourth/libssl.so.3"
fourth=$LAST_PID
failed_too="libssl.so.3 unwatched python3 $fourth"
check "another one: one more, of that" wait_for 10 are_stale "$upgraded" "$failed" "$failed_too"
prlimit --pid "$RUN" --nofile=1024: || die "cannot give postern run its files back"
check "it watches them once it can" wait_for 10 of_tls unwatched 0
check "and says so" wait_for 10 run_watches
check "without another event" are_stale "$upgraded" "$failed" "$failed_too"
run_told() { equal "$(grep -c " tls-stale a server uses libssl.so.3, which " "$WORK/run.log")" "$1"; }
check "its own output has the same" wait_for 5 run_told 3
stop "$third"
stop "$fourth"
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

# The first library that is watched at all is what every server begins with.
close_session one 2>/dev/null
close_session two 2>/dev/null
stop "$SERVER"
before=$(stale_events)
write_policy "$WORK/policy.yaml"
echo "    watch: [socket, tls]" >>"$WORK/policy.yaml"
start srv run "$POSTERN" --instance "$INSTANCE" run "$WORK/policy.yaml"
RUN=$LAST_PID
check "postern run before the server" wait_for 10 grep -q " applied " "$WORK/run.log"
start_server
check "watches it when it comes" wait_for 10 run_watches
check "which is no event" equal "$(stale_events)" "$before"
stop "$RUN"

# Behind a redirect, no socket has the port of the control service.
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
finish
