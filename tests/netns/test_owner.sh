# SPDX-License-Identifier: GPL-2.0-only
# Who the server is: by its program, its user or its control group, across restarts and upgrades; nobody else opens a port.
TEST=owner
source "$(dirname "$0")/lib.sh"
CONTROL=10021 # a port where any user may listen
PROGRAM=$WORK/bin/server
CGROUPS=$WORK/cgroup

apply_owner() { # OWNER [LINE of the server...]
	write_policy "$WORK/policy.yaml"
	sed -i "s/tls: required/tls: none/; s/ftps-explicit: {tcp: 21}/ftps-explicit: {tcp: $CONTROL}/" "$WORK/policy.yaml"
	printf '    %s\n' "owner: $1" "${@:2}" >>"$WORK/policy.yaml"
	pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
}

start_server() { # COMMAND... that runs the server, its Python last
	start_helper srv server "$@" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX --port $CONTROL
	SERVER=$LAST_PID
}

login() { # NAME
	open_session "$1" a "$PYTHON" -B "$HELPERS/ftps.py" --clear --port $CONTROL $SRV4
}

refusals() { # REASON
	pst_json events --kind pinhole-refused | grep -c "\"reason\":\"$1\""
}

more_refused() { test "$(refusals owner)" -gt "$1"; } # THAN

# A client logs in and asks for a port.
check_is_owner() { # WHO
	check "$1: A logs in" login one
	port=$(port_of one epsv)
	check "$1: its port opens" open_for $A4 "$port" socket
	check "$1: its transfer" got "$(ask one get file.bin)"
	close_session one
}

check_is_not() { # WHO
	local before port
	before=$(refusals owner)
	check "$1: A logs in" login one
	port=$(port_of one epsv)
	check "$1: no port opens" none_open
	check "$1: it gives no answer" no_answer a $SRV4 "$port"
	check "$1: that is reported" wait_for 5 more_refused "$before"
	close_session one
}

as_user() { echo setpriv "--reuid=$1" --regid=nogroup --clear-groups "$PYTHON"; }


owner_cleanup() {
	local status=$?
	[[ -z ${SERVER:-} ]] || stop "$SERVER"
	rmdir "$CGROUPS/$ID/inner" "$CGROUPS/$ID" 2>/dev/null
	umount "$CGROUPS" 2>/dev/null
	(exit $status)
	cleanup
}

world
trap owner_cleanup EXIT
make_files || die "cannot make the files"
mkdir -p "$WORK/bin" "$CGROUPS" && mount -t cgroup2 none "$CGROUPS" || die "cannot mount control groups"
cp "$(realpath "$PYTHON")" "$PROGRAM" && cp "$PROGRAM" "$WORK/bin/other" || die "cannot copy the program"

# ---- a program ----

apply_owner "{exe: $PROGRAM}"
check_not "it can be told" grep -q "cannot be told" "$WORK/apply.log"
start_server "$PROGRAM"
check_is_owner "the program"
check "A stays" login stays
cp "$PROGRAM" "$WORK/bin/new" && mv "$WORK/bin/new" "$PROGRAM"
check "the program is replaced" grep -q "(deleted)" <(readlink "/proc/$SERVER/exe")
port=$(port_of stays epsv)
check "who runs the old one is the owner still" open_for $A4 "$port" socket
close_session stays
stop "$SERVER"
start_server "$PROGRAM"
check_is_owner "the new program"
stop "$SERVER"
start_server "$WORK/bin/other"
check_is_not "another program"
stop "$SERVER"
# shellcheck disable=SC2016
start_server unshare -m sh -c 'mount --bind "$0" "$1" && exec "$@"' "$WORK/bin/other" "$PROGRAM"
check "another program that poses by a mount" grep -qx "$PROGRAM" <(readlink "/proc/$SERVER/exe")
check_is_not "another program by a mount"
stop "$SERVER"
long=$(printf 'x%.0s' {1..63}) # as long as a name may be
cp "$PROGRAM" "$WORK/bin/$long" && cp "$PROGRAM" "$WORK/bin/${long}y" || die "cannot copy the program"
apply_owner "{exe: $WORK/bin/$long}"
start_server "$WORK/bin/$long"
check_is_owner "the longest name"
stop "$SERVER"
start_server "$WORK/bin/${long}y"
check_is_not "a longer name that begins with it"
stop "$SERVER"
ln -s server "$WORK/bin/link"
apply_owner "{exe: $WORK/bin/link}"
start_server "$PROGRAM"
check_is_owner "by a symbolic link"
stop "$SERVER"

# ---- a user ----

apply_owner "{user: ftp}"
# shellcheck disable=SC2046
start_server $(as_user ftp)
check_is_owner "the user"
stop "$SERVER"
# shellcheck disable=SC2046
start_server $(as_user nobody)
check_is_not "another user"
stop "$SERVER"
start_server "$PYTHON"
check_is_not "root"
stop "$SERVER"

# A server that sends no reply yet, and another process, which answers a client of its own with the port.
# shellcheck disable=SC2046
start_helper srv files $(as_user ftp) -c '
import socket, sys, time
held = [open("/dev/null") for _ in range(600)]
control = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
client = control.accept()[0]
data = socket.create_server(("", int(sys.argv[3])))
while True:
    held.append(data.accept())' $SRV4 $CONTROL $PASSIVE_MIN
SERVER=$LAST_PID
# shellcheck disable=SC2046
open_session liar srv $(as_user nobody) -c '
import socket, sys
control = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
client = control.accept()[0]
for line in sys.stdin:
    client.sendall(b"229 x (|||%s|)\r\n" % line.strip().encode())
    print("sent", flush=True)' $ALIAS4 $CONTROL >/dev/null
open_session accomplice b "$PYTHON" "$HELPERS/talk.py" $ALIAS4 $CONTROL >/dev/null
check "an owner with many files: A connects" open_session one a "$PYTHON" "$HELPERS/talk.py" $SRV4 $CONTROL
check "its port opens" wait_for 5 open_for $A4 $PASSIVE_MIN socket
check "another process names it to its own client" equal "$(ask liar $PASSIVE_MIN)" sent
check "who does not get it" no_answer b $SRV4 $PASSIVE_MIN
check "A does" connects a $SRV4 $PASSIVE_MIN
stop "$SERVER"
close_session one
close_session accomplice

# ---- a control group ----

apply_owner "{cgroup: /$ID}"
for round in "the group" "the group, made again"; do
	mkdir "$CGROUPS/$ID" || die "cannot make a control group"
	mapfile -t command < <(printf '%s\n' sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$CGROUPS/$ID" "$PYTHON")
	start_server "${command[@]}"
	check_is_owner "$round"
	stop "$SERVER"
	check "$round ends" wait_for 5 rmdir "$CGROUPS/$ID"
done
mkdir -p "$CGROUPS/$ID/inner" || die "cannot make a control group"
command[3]=$CGROUPS/$ID/inner
start_server "${command[@]}"
check_is_owner "a group within"
stop "$SERVER"
start_server "$PYTHON"
check_is_not "outside of the group"
apply_owner "{cgroup: /$ID/inner/server}"
check_is_not "above the group"
stop "$SERVER"

# ---- who cannot be told ----

apply_owner "{user: $ID}"
check "an unknown user: apply warns" grep -q "its owner cannot be told, so no passive port opens: user '$ID': there is none" "$WORK/apply.log"
check "status warns" grep -q "WARNING: the owner of ftp vsftpd could not be told" <(pst status)
check "and says so to programs" equal "$(status_field '["ownerless_servers"]')" "['vsftpd']"
start_server "$PYTHON"
check_is_not "nobody"
stop "$SERVER"
apply_owner "{exe: $WORK/later/server}"
check "a missing folder: apply warns" grep -q "its owner cannot be told" "$WORK/apply.log"
mkdir "$WORK/later" && cp "$PROGRAM" "$WORK/later/server"
apply_owner "{exe: $WORK/later/server}"
check "the same policy, once it is there" equal "$(status_field '["ownerless_servers"]')" "[]"
start_server "$WORK/later/server"
check_is_owner "the program that came later"
check "and once more nothing changes" grep -q "nothing changed" <(pst apply "$WORK/policy.yaml" 2>&1)
stop "$SERVER"

check "apply warns of a program that any user may run, on a port where any may listen" \
	grep -q "any local user may run $WORK/later/server" "$WORK/apply.log"
chmod o-x "$WORK/later/server"
apply_owner "{exe: $WORK/later/server}" "active: on"
check_not "but not of one that only some may" grep -q "any local user may run" "$WORK/apply.log"
apply_owner "{exe: $WORK/later/gone}"
check "and of one that is not there" grep -q "its owner $WORK/later/gone is not there" "$WORK/apply.log"

# ---- what else an owner decides ----

apply_owner "{user: ftp}" "watch: [reply]"
start_server "$PYTHON"
check "by replies: A logs in" login one
port=$(port_of one epsv)
check "the reply of who is not the owner opens nothing" none_open
close_session one
stop "$SERVER"
# shellcheck disable=SC2046
start_server $(as_user ftp)
check "the owner: A logs in" login one
port=$(port_of one epsv)
check "its reply does" open_for $A4 "$port" reply
close_session one
finish
