# SPDX-License-Identifier: GPL-2.0-only
# What a client sends on a data connection that is over reaches what is left of it, and nobody else who listens at that port: the
# ACK of a SYN cookie would be a connection there.
TEST=lingering
source "$(dirname "$0")/lib.sh"

# Listens as a user where the server has listened, is connected to by itself (which makes it take cookies), and says who else comes.
ROGUE='
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind((sys.argv[1], int(sys.argv[2])))
listener.listen(8)
own = socket.create_connection(listener.getsockname())
listener.accept()
listener.settimeout(float(sys.argv[3]))
print("ready", flush=True)
for line in sys.stdin:
    if line == "accept\n":
        try:
            print("connected", listener.accept()[1][0], flush=True)
        except TimeoutError:
            print("nobody", flush=True)
    else:
        print("bye", flush=True)
        break'

pinholes() { status_field "[\"pinholes\"][\"$1\"]"; }
was_used() { equal "$(pinholes used)" 1; }
denied() { pst_json counters | json "d['inbound']['denied'].get('no-flow', 0)"; }
more_is_denied() { test "$(denied)" -gt "$1"; } # THAN
lingers() { equal "$(pst_json flows | json '" ".join(f["state"] for f in d)')" closing; }

world
make_files || die "cannot make the files"
on srv sysctl -qw net.ipv4.tcp_syncookies=2 || die "no SYN cookies"
on a nft 'table ip by_hand { chain out { type filter hook output priority 0; tcp flags & rst == rst meta mark != 1 drop; }; }' ||
	die "cannot keep the client's kernel from resetting"
write_policy "$WORK/policy.yaml"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
printf '    %s\n' "owner: {user: root}" >>"$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN

client() { open_session one a "$PYTHON" "$HELPERS/cookie.py" $SRV4 $A4 41000 >"$WORK/port"; }
check "A logs in" client
check "the port is open for A" open_for $A4 $PASSIVE_MIN socket
check "the server answers A's SYN" equal "$(ask one connect)" SYN-ACK
check "A's ACK is sent" equal "$(ask one ack)" ok
check "it uses the pinhole" wait_for 5 was_used
check "A resets the connection" equal "$(ask one reset)" ok
check "which lingers" wait_for 5 lingers
check "A logs out" equal "$(ask one logout)" ok
check "no pinhole is open" wait_for 5 none_open

check "what A sends yet comes in" equal "$(ask one ack)" ok
check "and is answered" equal "$(ask one listen $((5 * SLOW)))" RST

check "a user listens at the port" open_session rogue srv setpriv --reuid=nobody --regid=nogroup --clear-groups \
	"$PYTHON" -c "$ROGUE" $SRV4 $PASSIVE_MIN $((2 * SLOW))
check "the connection lingers still" lingers
before=$(denied)
check "A's ACK is sent once more" equal "$(ask one ack)" ok
check "and is denied" wait_for 5 more_is_denied "$before"
check "nobody comes to the user" equal "$(ask rogue accept)" nobody
check "nothing comes back" equal "$(ask one listen $((1 * SLOW)))" nothing
close_session rogue
close_session one
finish
