# SPDX-License-Identifier: GPL-2.0-only
# Control and data connections whose establishment no program saw are made up for from their traffic, also where the server
# has closed its listener meanwhile, and the replies are read from the first on. The programs that see it are taken away here.
TEST=unseen
source "$(dirname "$0")/lib.sh"
SOCKETS=/sys/fs/bpf/postern/$INSTANCE/sockets

login() { # NAME
	open_session "$1" a "$PYTHON" -B "$HELPERS/ftps.py" --clear $SRV4
}

login_again() { # NAME
	close_session "$1" >/dev/null
	login "$1"
}

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
is() { equal "$(pinholes "$1")" "$2"; } # FIELD N

upload() { # HOST NAME
	on "$1" curl -sS --max-time $((15 * SLOW)) -T "$WORK/ftp/file.bin" "ftp://$SRV4/upload/$2" &&
		cmp "$WORK/ftp/upload/$2" "$WORK/ftp/file.bin"
}

start_server() {
	start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MAX
	SERVER=$LAST_PID
}

# Logs in and opens a data connection, before any command for it.
CONNECTS='
import ftplib, socket, struct, sys
ftp = ftplib.FTP(sys.argv[1], timeout=20)
ftp.login("anonymous", "x")
ftp.voidcmd("TYPE I")
_, port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())
data = socket.create_connection((sys.argv[1], port))'

equal_ports() { equal "$(pinhole_ports)" "$1"; }

world
make_files || die "cannot make the files"
write_policy "$WORK/policy.yaml"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
start_server

check "with all programs: A logs in" login one
port_of one epsv >/dev/null
check "A's download" got "$(ask one get file.bin)"
check "an upload" upload a first.bin
check "nothing was made up for" is repaired 0
before=$(pinholes used)

start_helper srv listens "$PYTHON" "$HELPERS/listens.py" "/sys/fs/bpf/postern/$INSTANCE/listen_programs"
take_away "$SOCKETS/state_1" "$SOCKETS/state_2" || die "cannot take the programs away"
port=$(port_of one epsv)
check "without those that see a connection: A's port is open" open_for $A4 "$port" socket
check "A's download, of a connection that nobody saw" got "$(ask one get file.bin)"
check "counts as the pinhole's" wait_for 5 is used $((before + 1))
check "as it was made up for" is repaired 1
check "it is a flow" equal "$(pst_json flows | json "any(f.get('local_port') == $port or $port in f.values() for f in d)")" True
check "an upload, where the client speaks first" upload a second.bin
check "its session was made up for, too" is repaired 3
check "and used its pinhole" wait_for 5 is used $((before + 2))
check "no SYN was sent again" equal "$(counter_of a TcpExtTCPSynRetrans)" 0

# Several clients of one process, whose control connections nobody saw: only their replies tell them apart.
check "A logs in again, unseen" login_again one
check "and B, unseen" open_session two b "$PYTHON" -B "$HELPERS/ftps.py" --clear $SRV4
made_up=$(pinholes repaired)
port=$(port_of two epsv)
check "B's port is open for B, by its reply" open_for $B4 "$port" reply
check "B's download" got "$(ask two get file.bin)"
port=$(port_of one pasv)
check "A's is open for A, by its reply" open_for $A4 "$port" reply
check "B's connection was made up for" is repaired $((made_up + 1))
close_session two >/dev/null
check "A logs in anew" login_again one

# The server has closed its listener, and gives the same client the same port again, before the first connection says anything.
stop "$SERVER"
close_session one >/dev/null
start_helper srv again "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN
SERVER=$LAST_PID
open_session silent a "$PYTHON" -c "$CONNECTS"'
print(port, flush=True)
for line in sys.stdin:
    ftp.putcmd("RETR file.bin")
    print(sum(iter(lambda: len(data.recv(65536)), 0)), flush=True)' $SRV4 >"$WORK/silent"
check "a connection that says nothing yet" equal "$(cat "$WORK/silent")" $PASSIVE_MIN
check "its listener is closed" wait_for 5 none_open
check "A logs in beside it" login one
check "and is given the same port" equal "$(port_of one epsv)" $PASSIVE_MIN
check "the silent one's transfer" equal "$(ask silent go)" 200000
check "has not used up the other's pinhole" open_for $A4 $PASSIVE_MIN socket
check "whose transfer works, too" got "$(ask one get file.bin)"
stop "$SERVER"
start_server

# One that nobody saw, and that is blocked before either end has sent.
open_session raw a "$PYTHON" -c "$CONNECTS"'
ftp.putcmd("STOR upload/blocked.bin")
print(ftp.getresp()[:3], flush=True)
for line in sys.stdin:
    if line == "quit\n":
        break
    data.sendall(b"x" * 50000) # more than the server keeps before it writes
    print("sent", flush=True)
data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)) # else it sends again, as the user of a later pinhole there
data.close()
print("gone", flush=True)' $SRV4 >"$WORK/raw"
check "a third, whose client waits" grep -qx "1[25]." "$WORK/raw"
sed "s/^interfaces:/zones: {bad: [$A4]}\nblock: [bad]\n&/" "$WORK/policy.yaml" >"$WORK/block.yaml"
check "a policy that blocks it" pst apply "$WORK/block.yaml"
denied() { pst_json counters | json "sum(d['inbound']['denied'].get(reason, 0) for reason in ('blocked', 'no-flow'))"; }
before=$(denied)
check "it sends" equal "$(ask raw go)" sent
# As blocked; on a slow machine the five seconds are over by now, and nothing tells it from any other segment.
is_denied() { test "$(denied)" -gt "$before"; }
check "that is denied" wait_for 5 is_denied
check "and none of it arrives" equal "$(stat -c %s "$WORK/ftp/upload/blocked.bin")" 0
close_session raw
check "the first policy again" pst apply "$WORK/policy.yaml"

check "A logs in again" login_again one
port=$(port_of one epsv)
check "A asks once more" open_for $A4 "$port" socket
other=$port
for ((asked = 0; asked < 50; asked++)); do # the server may choose the same port again
	[[ $other == "$port" ]] || break
	other=$(port_of one epsv)
done
check "and again: its first listener is closed" wait_for 5 equal_ports "$other"
start_helper srv next "$PYTHON" "$HELPERS/serve.py" "tcp:$port"
check "who listens there next gives A no answer" no_answer a $SRV4 "$port"
check "what was opened is used, closed, or still open" equal \
	"$(pst_json status | json "sum(d['pinholes'][end] for end in ('used', 'closed', 'expired', 'open')) - d['pinholes']['opened']")" 0
finish
