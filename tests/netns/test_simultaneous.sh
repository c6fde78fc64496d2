# SPDX-License-Identifier: GPL-2.0-only
# A local user's socket that answers a client's SYN to a pinhole with one of its own, as it connects from that port, is not the
# server's: it gets nothing out, neither through the pinhole nor after it.
TEST=simultaneous
source "$(dirname "$0")/lib.sh"

# Logs in, says at which port, begins to connect there, ends the listener, says what it is told.
CLIENT='
import ftplib, socket, sys
ftp = ftplib.FTP(sys.argv[1], timeout=20)
ftp.login("anonymous", "x")
ftp.voidcmd("TYPE I")
port = ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]
print(port, flush=True)
data = socket.socket()
data.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
data.bind((sys.argv[2], int(sys.argv[3])))
data.setblocking(False)
for line in sys.stdin:
    if line == "connect\n":
        print(data.connect_ex((sys.argv[1], port)) != 0, flush=True)
    elif line == "abort\n":
        print(ftp.abort()[:3], flush=True)
    elif line == "listen\n":
        data.settimeout(float(sys.argv[4]))
        try:
            print("told", data.recv(100), flush=True)
        except TimeoutError:
            print("nothing", flush=True)
        except OSError as error:
            print(error, flush=True)
    else:
        print("bye", flush=True)
        break'

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
denied() { pst_json counters | json "sum(d['outbound']['denied'].get(reason, 0) for reason in ('no-pinhole', 'no-flow'))"; }
more_is_denied() { test "$(denied)" -gt "$1"; } # THAN

# The user is there before the server listens.
open_rogue() { # PEER-PORT
	open_session rogue srv setpriv --reuid=nobody --regid=nogroup --clear-groups "$PYTHON" "$WORK/opens_too.py" \
		$SRV4 $PASSIVE_MIN $A4 "$1"
}

client() { open_session one a "$PYTHON" -c "$CLIENT" $SRV4 $A4 "$1" $((4 * SLOW)) >"$WORK/port"; } # PEER-PORT

# The user's socket, then the server's, then the client's SYN.
begin_with() { # PEER-PORT WHEN
	check "$2: a user connects from the port" open_rogue "$1"
	start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN
	SERVER=$LAST_PID
	check "$2: A logs in" client "$1"
	check "$2: the port is open for A" open_for $A4 $PASSIVE_MIN socket
	check "$2: A connects" equal "$(ask one connect)" True
	check "$2: the user's socket answers" equal "$(ask rogue wait)" answers
}

world
make_files || die "cannot make the files"
install -m 644 "$HELPERS/opens_too.py" "$WORK/" && chmod 711 "$WORK" || die "cannot give the helper to nobody"
write_policy "$WORK/policy.yaml"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
printf '    %s\n' "owner: {user: root}" >>"$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"

begin_with 41000 "while the server listens"
before=$(denied)
check "and is closed" equal "$(ask rogue close)" closed
check "its FIN is denied" wait_for 5 more_is_denied "$before"
check "A is told nothing" equal "$(ask one listen)" nothing
check "it did not use the pinhole" equal "$(pinholes used)" 0
check "nor is there a flow of it" none_of flows
close_session one
close_session rogue
stop "$SERVER"

# The server has closed its listener by the time that the socket is closed.
begin_with 41001 "after it has listened"
check "the server is told to listen no longer" equal "$(ask one abort)" 225
check "no pinhole is open" wait_for 1 none_open
before=$(denied)
check "only then is it closed" equal "$(ask rogue close)" closed
check "its FIN is denied again" wait_for 5 more_is_denied "$before"
check "A is told nothing again" equal "$(ask one listen)" nothing
check "no pinhole was used" equal "$(pinholes used)" 0
check "none of it is a flow" none_of flows
close_session one
close_session rogue
stop "$SERVER"

# An earlier connection of A's, of the same addresses and ports, is over, and its flow lingers.
RESET='
import ftplib, socket, struct, sys
ftp = ftplib.FTP(sys.argv[1], timeout=20)
ftp.login("anonymous", "x")
data = socket.socket()
data.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
data.bind((sys.argv[2], int(sys.argv[3])))
data.connect((sys.argv[1], ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername())[1]))
data.close()
ftp.close()'
lingers() { equal "$(pst_json flows | json '" ".join(f["state"] for f in d)')" closing; }
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN
SERVER=$LAST_PID
check "A has a connection, which it resets" on a "$PYTHON" -c "$RESET" $SRV4 $A4 41002
check "it lingers" wait_for 5 lingers
stop "$SERVER"
before=$(denied)
begin_with 41002 "where one lingers"
check "what it answers is denied" wait_for 5 more_is_denied "$before"
check "A is told nothing once more" equal "$(ask one listen)" nothing
check "the pinhole was not used" equal "$(pinholes used)" 1
close_session one
close_session rogue
finish
