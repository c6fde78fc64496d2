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
        except OSError as error:
            print("nothing", flush=True)
    else:
        print("bye", flush=True)
        break'

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
rogue_says() { grep -qx "$1" "$WORK/rogue.log"; } # WORD

# The user is there before the server listens.
start_rogue() { # PEER-PORT DELAY
	start_helper srv rogue setpriv --reuid=nobody --regid=nogroup --clear-groups "$PYTHON" "$WORK/opens_too.py" \
		$SRV4 $PASSIVE_MIN $A4 "$1" "$2"
	ROGUE=$LAST_PID
}

client() { open_session one a "$PYTHON" -c "$CLIENT" $SRV4 $A4 "$1" $((4 * SLOW)) >"$WORK/port"; } # PEER-PORT

world
make_files || die "cannot make the files"
install -m 644 "$HELPERS/opens_too.py" "$WORK/" && chmod 711 "$WORK" || die "cannot give the helper to nobody"
write_policy "$WORK/policy.yaml"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
printf '    %s\n' "owner: {user: root}" >>"$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"

start_rogue 41000 0.1
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN
SERVER=$LAST_PID
check "A logs in" client 41000
check "the port that somebody connects from is open for A" open_for $A4 $PASSIVE_MIN socket
check "A connects" equal "$(ask one connect)" True
check "that socket answers, and is closed" wait_for 5 rogue_says closed
check "A is told nothing" equal "$(ask one listen)" nothing
check "it did not use the pinhole" equal "$(pinholes used)" 0
check "nor is there a flow of it" none_of flows
close_session one
stop "$ROGUE"
stop "$SERVER"

# The server has closed its listener by the time that the socket is closed.
start_rogue 41001 $((2 * SLOW))
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN
SERVER=$LAST_PID
check "A logs in again" client 41001
check "its port is open" open_for $A4 $PASSIVE_MIN socket
check "A connects again" equal "$(ask one connect)" True
check "that socket answers" wait_for 5 rogue_says answers
check "the server is told to listen no longer" equal "$(ask one abort)" 225
check "no pinhole is open" wait_for 1 none_open
check_not "when the socket is not closed yet" rogue_says closed
check "it is closed" wait_for $((4 * SLOW)) rogue_says closed
check "A is told nothing again" equal "$(ask one listen)" nothing
check "no pinhole was used" equal "$(pinholes used)" 0
check "none of it is a flow" none_of flows
finish
