# SPDX-License-Identifier: GPL-2.0-only
# What a client sends on a data connection that is over reaches what is left of it, and nobody else who listens at that port: the
# ACK of a SYN cookie would be a connection there.
TEST=lingering
source "$(dirname "$0")/lib.sh"

# Listens as a user where the server has listened, is connected to by itself (which makes it take cookies), and says who else comes.
ROGUE='
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
listener = socket.create_server((sys.argv[1], int(sys.argv[2])), family=family, backlog=8)
own = socket.create_connection(listener.getsockname()[:2])
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
is_used() { equal "$(pinholes used)" "$1"; } # N
denied() { pst_json counters | json "d['inbound']['denied'].get('no-flow', 0)"; }
more_is_denied() { test "$(denied)" -gt "$1"; } # THAN
lingers() { equal "$(pst_json flows | json "[f['state'] for f in d if f['peer'] == '$1']")" "['closing']"; } # CLIENT
client() { open_session one a "$PYTHON" "$HELPERS/cookie.py" "$1" "$2" 41000 >"$WORK/port"; } # SERVER CLIENT

lingering() { # SERVER CLIENT FAMILY
	local server=$1 client=$2 family=$3 used
	used=$(pinholes used)
	check "$family: A logs in" client "$server" "$client"
	check "$family: the port is open for A" open_for "$client" $PASSIVE_MIN socket
	check "$family: the server answers A's SYN" equal "$(ask one connect)" SYN-ACK
	check "$family: A's ACK is sent" equal "$(ask one ack)" ok
	check "$family: it uses the pinhole" wait_for 5 is_used $((used + 1))
	check "$family: A resets the connection" equal "$(ask one reset)" ok
	check "$family: which lingers" wait_for 5 lingers "$client"
	check "$family: A logs out" equal "$(ask one logout)" ok
	check "$family: no pinhole is open" wait_for 5 none_open

	check "$family: what A sends yet comes in" equal "$(ask one ack)" ok
	check "$family: and is answered" equal "$(ask one listen $((5 * SLOW)))" RST
	check "$family: A's segments have options of IP" equal "$(ask one options)" ok
	check "$family: what A sends with them comes in" equal "$(ask one ack)" ok
	check "$family: and is answered, too" equal "$(ask one listen $((5 * SLOW)))" RST

	check "$family: a user listens at the port" open_session rogue srv \
		setpriv --reuid=nobody --regid=nogroup --clear-groups \
		"$PYTHON" -c "$ROGUE" "$server" $PASSIVE_MIN $((2 * SLOW))
	check "$family: the connection lingers still" lingers "$client"
	check "$family: A's ACK is sent once more" equal "$(ask one ack)" ok
	check "$family: and is answered as if nobody listened" equal "$(ask one listen $((5 * SLOW)))" RST
	check "$family: nobody comes to the user" equal "$(ask rogue accept)" nobody
}

# The same client's next connection, of the same addresses and ports, through a pinhole of its own.
again() { # SERVER CLIENT FAMILY
	local server=$1 client=$2 family=$3 used
	used=$(pinholes used)
	check "$family: A logs in again" client "$server" "$client"
	check "$family: the port is open for A again" open_for "$client" $PASSIVE_MIN socket
	check "$family: the server answers A's SYN from the port that it had" equal "$(ask one connect)" SYN-ACK
	check "$family: A's next ACK is sent" equal "$(ask one ack)" ok
	check "$family: it uses that pinhole" wait_for 5 is_used $((used + 1))
	close_session one
}

# Where the program is gone that keeps the segment from the listener.
unlooked() { # CLIENT FAMILY
	local client=$1 family=$2 before
	take_away "/sys/fs/bpf/postern/$INSTANCE/sockets/lookup" || die "cannot take the program away"
	check "$family, not kept from the listener: it lingers still" lingers "$client"
	before=$(denied)
	check "$family, not kept from the listener: A's ACK is sent" equal "$(ask one ack)" ok
	check "$family, not kept from the listener: and is denied" wait_for 5 more_is_denied "$before"
	check "$family, not kept from the listener: nobody comes to the user" equal "$(ask rogue accept)" nobody
	check "$family, not kept from the listener: nothing comes back" equal "$(ask one listen $((1 * SLOW)))" nothing
}

world
make_files || die "cannot make the files"
on srv sysctl -qw net.ipv4.tcp_syncookies=2 || die "no SYN cookies"
on a nft 'table inet by_hand { chain out { type filter hook output priority 0; tcp flags & rst == rst meta mark != 1 drop; }; }' ||
	die "cannot keep the client's kernel from resetting"
write_policy "$WORK/policy.yaml"
sed -i "s/tls: required/tls: none/" "$WORK/policy.yaml"
printf '    %s\n' "owner: {user: root}" >>"$WORK/policy.yaml"
pst apply "$WORK/policy.yaml" >"$WORK/apply.log" 2>&1 || die "apply failed: $(cat "$WORK/apply.log")"
start_helper srv server "$PYTHON" "$HELPERS/pyftpd.py" "$WORK/ftp" $PASSIVE_MIN $PASSIVE_MIN

lingering $SRV4 $A4 IPv4
close_session rogue
close_session one
again $SRV4 $A4 IPv4
lingering $SRV6 $A6 IPv6
unlooked $A6 IPv6
finish
